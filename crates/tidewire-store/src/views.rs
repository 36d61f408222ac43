//! What a store shows of itself beside rows: locks held and wanted, as `pg_locks` tells them, and the versions of
//! rows. Nothing here changes anything.

use tidewire_syntax::ast::sql::{LockStrength, TableLockMode};

use crate::heavyweight::{AdvisoryKey, Object};
use crate::locks::Wanted;
use crate::transaction::Transaction;
use crate::versions::Stamp;
use crate::{ConnectionId, Row, RowId, Store, TableId, TransactionId, Value};

/// What can be locked.
#[derive(Clone, Debug, PartialEq)]
pub enum LockTarget {
    /// A table.
    Table(TableId),
    /// A row.
    Row(TableId, RowId),
    /// A key of a unique index that is in flight: whoever wants it waits for its owner.
    Key {
        /// The table.
        table: TableId,
        /// Which of its indexes.
        index: usize,
        /// The values of its columns.
        values: Vec<Value>,
    },
    /// An advisory lock.
    Advisory(AdvisoryKey),
}

/// How it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// A mode of a table or, SHARE or EXCLUSIVE, of an advisory lock.
    Table(TableLockMode),
    /// A strength of a row.
    Row(LockStrength),
    /// To know what becomes of a key.
    Key,
}

/// A lock that is held or waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldLock {
    /// The transaction; advisory locks of a session may have none.
    pub transaction: Option<TransactionId>,
    /// Its connection; a prepared transaction has none.
    pub connection: Option<ConnectionId>,
    /// What is locked.
    pub target: LockTarget,
    /// How.
    pub mode: LockMode,
    /// Held; false when it is waited for.
    pub granted: bool,
}

/// Who made or ended a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A transaction in flight.
    InFlight(TransactionId),
    /// A committed one, by its place in the order of commits that changed rows; 0 before the first.
    Committed(u64),
}

impl Author {
    pub(crate) fn of(stamp: Stamp) -> Author {
        match stamp.transaction() {
            Some(transaction) => Author::InFlight(transaction),
            None => Author::Committed(stamp.sequence().unwrap_or(0)),
        }
    }
}

/// One version of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowVersion {
    /// The row.
    pub row: RowId,
    /// Its values; a column's value stands at [`crate::Column::slot`].
    pub values: Row,
    /// Who made it.
    pub created: Author,
    /// Who replaced or deleted it, if anyone.
    pub ended: Option<Author>,
    /// It was ended by a delete, not by a newer version.
    pub deleted: bool,
}

impl Store {
    /// All locks, those of each connection together: held ones in the order in which they were taken, then the
    /// one that is waited for.
    pub fn locks(&self) -> Vec<HeldLock> {
        let mut locks = Vec::new();
        for (at, place) in self.connections.iter().enumerate() {
            let connection = Some(ConnectionId(at as u32));
            let transaction = place.transaction.as_ref().map(|it| it.id);
            let note = |locks: &mut Vec<HeldLock>, target, mode, granted| {
                locks.push(HeldLock {
                    transaction,
                    connection,
                    target,
                    mode,
                    granted,
                });
            };
            for held in place.session.iter().flat_map(|it| &it.advisory) {
                let target = LockTarget::Advisory(held.key);
                note(&mut locks, target, LockMode::Table(held.mode), true);
            }
            if let Some(transaction) = &place.transaction {
                self.locks_of(transaction, connection, &mut locks);
            }
            let wanted = place.suspended.as_ref();
            if let Some((target, mode)) = wanted.and_then(|suspended| suspended.wanted.shown()) {
                note(&mut locks, target, mode, false);
            }
        }
        for prepared in &self.prepared {
            self.locks_of(&prepared.transaction, None, &mut locks);
        }
        locks
    }

    fn locks_of(
        &self,
        transaction: &Transaction,
        connection: Option<ConnectionId>,
        locks: &mut Vec<HeldLock>,
    ) {
        let mut note = |target, mode| {
            locks.push(HeldLock {
                transaction: Some(transaction.id),
                connection,
                target,
                mode,
                granted: true,
            });
        };
        for (table, modes) in transaction.tables.iter() {
            for mode in modes.iter() {
                note(LockTarget::Table(table), LockMode::Table(mode));
            }
        }
        for (key, mode) in transaction.rare.iter().flat_map(|rare| &rare.advisory) {
            note(LockTarget::Advisory(*key), LockMode::Table(*mode));
        }
        for (table, row) in crate::ending::touched(&transaction.undo) {
            let entry = self.heaps.get(table.0 as usize).and_then(|h| h.entry(row));
            let held = entry.and_then(|entry| {
                let mut locks = entry.locks().iter();
                locks.find(|lock| lock.transaction == transaction.id)
            });
            if let Some(held) = held {
                note(LockTarget::Row(table, row), LockMode::Row(held.strength));
            }
        }
    }

    /// Every version that is kept of the rows of a table, rows in order of their ids, each newest first.
    pub fn versions(&self, table: TableId) -> Vec<RowVersion> {
        let mut shown = Vec::new();
        let Some(heap) = self.heaps.get(table.0 as usize) else {
            return shown;
        };
        heap.entries(&mut |row, entry| {
            let mut ended = entry.deleted().map(Author::of);
            let mut deleted = ended.is_some();
            for version in entry.versions() {
                let created = Author::of(version.created);
                shown.push(RowVersion {
                    row,
                    values: version.row.clone(),
                    created,
                    ended,
                    deleted,
                });
                ended = Some(created);
                deleted = false;
            }
        });
        shown
    }
}

impl Object {
    fn shown(self) -> LockTarget {
        match self {
            Object::Table(table) => LockTarget::Table(table),
            Object::Advisory(key) => LockTarget::Advisory(key),
        }
    }
}

impl Wanted {
    fn shown(&self) -> Option<(LockTarget, LockMode)> {
        Some(match self {
            Wanted::Row {
                table,
                row,
                strength,
            } => (LockTarget::Row(*table, *row), LockMode::Row(*strength)),
            Wanted::Key {
                table, number, key, ..
            } => {
                let target = LockTarget::Key {
                    table: *table,
                    index: *number,
                    values: key.values().to_vec(),
                };
                (target, LockMode::Key)
            }
            Wanted::Object { object, mode } => (object.shown(), LockMode::Table(*mode)),
            Wanted::SafeSnapshot => return None,
        })
    }
}
