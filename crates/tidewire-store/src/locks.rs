//! Which locks exclude which, who waits for what, and for whom.
//!
//! Source of the rules: PostgreSQL 15 manual 13.3.2 (row-level locks) and `heapam.c`: a waiter for a row
//! first takes the row's place in a queue (the "tuple lock"), so later ones wait for it and not for the
//! holder; a locker that conflicts with no holder passes the queue. A waiter for a unique key waits for the
//! transactions that hold it in flight.

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{LockStrength, TableLockMode};

use crate::heap::Heap;
use crate::heavyweight::Object;
use crate::index::IndexKey;
use crate::versions::RowEntry;
use crate::{Index, RowId, TableId, TransactionId};

/// Do locks of these strengths exclude each other? (manual, table 13.3)
pub(crate) fn conflict(left: LockStrength, right: LockStrength) -> bool {
    use LockStrength::{KeyShare, NoKeyUpdate, Share, Update};
    match left {
        KeyShare => right == Update,
        Share => matches!(right, NoKeyUpdate | Update),
        NoKeyUpdate => right != KeyShare,
        Update => true,
    }
}

/// What a statement waits for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// A lock on a row.
    Row {
        table: TableId,
        row: RowId,
        strength: LockStrength,
    },
    /// To know whether a unique key is taken.
    Key {
        table: TableId,
        number: usize,
        index: Box<Index>,
        key: IndexKey,
    },
    /// A lock on a table, or an advisory lock.
    Object { object: Object, mode: TableLockMode },
    /// To know whether its snapshot is safe: a DEFERRABLE transaction. Nobody holds that.
    SafeSnapshot,
}

impl Wanted {
    /// The table.
    pub(crate) fn table(&self) -> Option<TableId> {
        match self {
            Wanted::Row { table, .. } | Wanted::Key { table, .. } => Some(*table),
            Wanted::Object { object, .. } => match object {
                Object::Table(table) => Some(*table),
                Object::Advisory(_) => None,
            },
            Wanted::SafeSnapshot => None,
        }
    }

    /// The row, if it is one.
    pub(crate) fn row(&self) -> Option<RowId> {
        match self {
            Wanted::Row { row, .. } => Some(*row),
            _ => None,
        }
    }

    /// Is this wait in the same queue as another? Those for rows and keys are all in one.
    pub(crate) fn same_queue(&self, other: &Wanted) -> bool {
        match (self, other) {
            (Wanted::Object { object, .. }, Wanted::Object { object: other, .. }) => {
                object == other
            }
            (Wanted::Object { .. }, _) | (_, Wanted::Object { .. }) => false,
            _ => true,
        }
    }

    /// Transactions that stand in the way of `me`, each once.
    pub(crate) fn holders(&self, heap: &Heap, me: TransactionId) -> Holders {
        match self {
            Wanted::Row { row, strength, .. } => heap
                .entry(*row)
                .map_or_else(Holders::new, |entry| row_holders(entry, me, *strength)),
            Wanted::Key {
                number, index, key, ..
            } => key_holders(heap, *number, index, key, me),
            // Asked of the store, since any connection may hold it.
            Wanted::Object { .. } | Wanted::SafeSnapshot => Holders::new(),
        }
    }
}

/// Transactions, each once, in order of arrival.
pub(crate) type Holders = SmallVec<[TransactionId; 2]>;

/// Does anybody hold a lock on this row that excludes `strength` for `me`?
pub(crate) fn is_held(entry: &RowEntry, me: TransactionId, strength: LockStrength) -> bool {
    let mut locks = entry.locks().iter();
    locks.any(|lock| lock.transaction != me && conflict(lock.strength, strength))
}

/// Who holds a lock on this row that excludes `strength` for `me`.
pub(crate) fn row_holders(entry: &RowEntry, me: TransactionId, strength: LockStrength) -> Holders {
    entry
        .locks()
        .iter()
        .filter(|lock| lock.transaction != me && conflict(lock.strength, strength))
        .map(|lock| lock.transaction)
        .collect()
}

/// Who, other than `me`, has in flight a row with this key, or its change or deletion.
pub(crate) fn key_holders(
    heap: &Heap,
    number: usize,
    index: &Index,
    key: &IndexKey,
    me: TransactionId,
) -> Holders {
    let mut holders = Holders::new();
    let mut note = |transaction: Option<TransactionId>| {
        if let Some(transaction) = transaction
            && transaction != me
            && !holders.contains(&transaction)
        {
            holders.push(transaction);
        }
    };
    for row in heap.candidates(number, key) {
        let Some(entry) = heap.entry(*row) else {
            continue;
        };
        let deleted = entry.deleted();
        if deleted.is_some_and(|stamp| stamp.transaction().is_none_or(|owner| owner == me)) {
            continue;
        }
        let Some(mut at) = entry
            .versions()
            .position(|version| index.has_key(&version.row, key))
        else {
            continue;
        };
        // A committed or own version above one with the key means that the key is gone from this row.
        if entry
            .versions()
            .take(at)
            .any(|newer| newer.created.transaction().is_none_or(|owner| owner == me))
        {
            continue;
        }
        note(deleted.and_then(|stamp| stamp.transaction()));
        for version in entry.versions() {
            note(version.created.transaction());
            if at == 0 {
                break;
            }
            at -= 1;
        }
    }
    holders
}
