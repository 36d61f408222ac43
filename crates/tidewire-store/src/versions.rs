//! Row versions and who sees which. Only data: who may make a new version is in `locks`, how one is made in
//! `heap`.
//!
//! As in PostgreSQL, every change makes a new version and a snapshot decides which one a reader gets
//! (`src/backend/access/heap/heapam_visibility.c`). Unlike there, versions of one row hang together, so the
//! chain that `t_ctid` makes is the row itself, and a version carries the sequence number of its commit, so a
//! snapshot is one number.

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::LockStrength;

use crate::heap_space::Position;
use crate::shared::Shared;
use crate::{Row, TransactionId};

/// Who made or deleted a version: a committed transaction's place in commit order, or one in flight and its
/// command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

const IN_FLIGHT: u64 = 1 << 63;

impl Stamp {
    /// By the transaction that committed as number `sequence`.
    pub(crate) fn committed(sequence: u64) -> Self {
        Self(sequence & !IN_FLIGHT)
    }

    /// By a transaction in flight, in its command of this number.
    pub(crate) fn in_flight(transaction: TransactionId, command: u32) -> Self {
        Self(IN_FLIGHT | (u64::from(transaction.0) & 0x7fff_ffff) << 32 | u64::from(command))
    }

    /// The transaction, if in flight.
    pub(crate) fn transaction(self) -> Option<TransactionId> {
        (self.0 & IN_FLIGHT != 0).then_some(TransactionId((self.0 >> 32) as u32 & 0x7fff_ffff))
    }

    /// The command of the transaction in flight; 0 when committed.
    pub(crate) fn command(self) -> u32 {
        if self.0 & IN_FLIGHT != 0 {
            self.0 as u32
        } else {
            0
        }
    }

    /// The place in commit order, if committed.
    pub(crate) fn sequence(self) -> Option<u64> {
        (self.0 & IN_FLIGHT == 0).then_some(self.0)
    }
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.transaction() {
            Some(transaction) => write!(f, "T-{}.{}", transaction.0, self.command()),
            None => write!(f, "#{}", self.0),
        }
    }
}

/// What a statement sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Transactions up to this place in commit order.
    pub(crate) snapshot: u64,
    /// Its own transaction.
    pub(crate) transaction: Option<TransactionId>,
    /// Own changes by commands before this one.
    pub(crate) command: u32,
}

impl View {
    /// Everything committed, nothing in flight.
    pub(crate) const COMMITTED: View = View {
        snapshot: u64::MAX,
        transaction: None,
        command: 0,
    };

    /// Is what this stamp did visible?
    #[inline]
    pub(crate) fn sees(&self, stamp: Stamp) -> bool {
        match stamp.transaction() {
            None => stamp.0 <= self.snapshot,
            owner => owner == self.transaction && stamp.command() < self.command,
        }
    }
}

/// One version.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// Its values.
    pub(crate) row: Row,
    /// Its place in the heap; sequential scans go in this order.
    pub(crate) position: Position,
    /// Who made it.
    pub(crate) created: Stamp,
}

/// A logical row: its newest version, and what only rows in use have.
#[derive(Clone, Debug)]
pub(crate) struct RowEntry {
    /// The newest version, perhaps in flight.
    pub(crate) newest: Version,
    /// `None` for a quiet row: one committed version that every snapshot sees, not locked.
    pub(crate) busy: Option<Shared<Busy>>,
}

/// What a row in use has beside its newest version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy {
    /// Older versions that someone may still need, newest first.
    pub(crate) older: SmallVec<[Version; 1]>,
    /// Who deleted it.
    pub(crate) deleted: Option<Stamp>,
    /// Locks held, one per transaction, in order of arrival.
    pub(crate) locks: SmallVec<[RowLock; 1]>,
}

/// A lock that a transaction holds on a row until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowLock {
    /// Who.
    pub(crate) transaction: TransactionId,
    /// How strong.
    pub(crate) strength: LockStrength,
}

/// What a transaction finds when it turns to a row that its snapshot showed it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Current<'a> {
    /// This version is the newest that is committed or its own.
    Version(&'a Version),
    /// Deleted, by itself or by a committed transaction.
    Deleted,
}

impl Busy {
    /// Adds a lock, or strengthens that of the same transaction.
    pub(crate) fn lock(&mut self, lock: RowLock) {
        let mut locks = self.locks.iter_mut();
        match locks.find(|held| held.transaction == lock.transaction) {
            Some(held) => held.strength = lock.strength,
            None => self.locks.push(lock),
        }
    }
}

impl RowEntry {
    /// The version that a view sees.
    #[inline]
    pub(crate) fn visible(&self, view: &View) -> Option<&Version> {
        let Some(busy) = &self.busy else {
            return view.sees(self.newest.created).then_some(&self.newest);
        };
        if busy.deleted.is_some_and(|deleted| view.sees(deleted)) {
            return None;
        }
        self.versions().find(|version| view.sees(version.created))
    }

    /// All versions, newest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Version> {
        let older = self.busy.iter().flat_map(|busy| busy.older.iter());
        std::iter::once(&self.newest).chain(older)
    }

    /// The newest version that is committed or made by `transaction`.
    pub(crate) fn current(&self, transaction: TransactionId) -> Option<Current<'_>> {
        let mine = |stamp: Stamp| stamp.transaction().is_none_or(|owner| owner == transaction);
        if self.deleted().is_some_and(mine) {
            return Some(Current::Deleted);
        }
        self.versions()
            .find(|version| mine(version.created))
            .map(Current::Version)
    }

    /// Who deleted it, if anyone.
    pub(crate) fn deleted(&self) -> Option<Stamp> {
        self.busy.as_ref().and_then(|busy| busy.deleted)
    }

    /// Locks held on it.
    pub(crate) fn locks(&self) -> &[RowLock] {
        self.busy.as_ref().map_or(&[], |busy| &busy.locks)
    }

    /// What only rows in use have, made when there is none yet.
    pub(crate) fn busy_mut(&mut self) -> &mut Busy {
        Shared::make_mut(self.busy.get_or_insert_default())
    }
}
