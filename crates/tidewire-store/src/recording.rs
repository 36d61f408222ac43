//! What transactions read and wrote, version by version, for whoever follows dependencies between them.
//!
//! Switched on by [`Store::record`], else nothing is kept. A store hands out what it recorded by
//! [`Store::take_recorded`] and knows nothing of what is made of it. Only statements that succeeded count: what
//! a failed one read it did not tell anybody. Checks of constraints are not reads; cascades are writes.

use std::sync::Arc;

use tidewire_syntax::ast::sql::IsolationLevel;

use crate::execution::Execution;
use crate::predicate::Predicate;
use crate::reads::ReadCollector;
use crate::transaction::Transaction;
use crate::versions::{Current, Version};
use crate::{ConnectionId, Row, RowId, Store, TableId, TransactionId};

/// Versions that one statement may be recorded to read; more are left out.
const MAX_READS: usize = 20_000;
/// Conditions that one statement may be recorded to read by; those of further look-ups are left out.
const MAX_PREDICATES: u32 = 1_000;

/// Tells the versions of one row apart; never used again in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionNumber(pub u64);

/// One version of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionKey {
    /// The table.
    pub table: TableId,
    /// The row.
    pub row: RowId,
    /// Which of its versions; `None`: the row is deleted.
    pub version: Option<VersionNumber>,
}

/// A version that a statement made, with the one that it replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionWrite {
    /// The table.
    pub table: TableId,
    /// The row.
    pub row: RowId,
    /// What was there; `None` for an insert. The statement has read it.
    pub before: Option<(VersionNumber, Row)>,
    /// What is there; `None` for a delete.
    pub after: Option<(VersionNumber, Row)>,
}

/// What a statement that succeeded read and wrote.
#[derive(Clone, Debug)]
pub struct Footprint {
    /// On which connection.
    pub connection: ConnectionId,
    /// In which transaction.
    pub transaction: TransactionId,
    /// The level of the transaction.
    pub isolation: IsolationLevel,
    /// What it saw: commits up to this one, see [`Recorded::Committed`], and its own transaction's writes.
    pub snapshot: u64,
    /// Versions that fulfilled its conditions, but for those that it wrote over.
    pub reads: Vec<VersionKey>,
    /// The conditions themselves.
    pub predicates: Vec<Arc<Predicate>>,
    /// Rows that it looked at again after a wait, or that its snapshot does not show: the version that it saw
    /// there in place of the snapshot's (EvalPlanQual).
    pub looked_again: Vec<VersionKey>,
    /// Rows that were in the way of a row to be inserted (ON CONFLICT). It went by their being there, not by
    /// what is in them: PostgreSQL's predicate locks do not count them as read either.
    pub met: Vec<VersionKey>,
    /// In order.
    pub writes: Vec<VersionWrite>,
    /// Reads beyond the limits are left out.
    pub cut: bool,
    /// Look-ups whose conditions were noted, equal ones counted.
    lookups: u32,
}

/// Something that a store recorded.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// A statement succeeded.
    Statement(Box<Footprint>),
    /// Writes were undone while their transaction goes on. A deletion that was undone has no version.
    Undone(TransactionId, Vec<VersionKey>),
    /// A transaction committed as number `sequence`; one that wrote nothing has the number of the last that did.
    Committed {
        /// Which.
        transaction: TransactionId,
        /// Its place in commit order.
        sequence: u64,
    },
    /// A transaction was rolled back.
    RolledBack(TransactionId),
}

/// Collects what is recorded until it is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    recorded: Vec<Recorded>,
    /// Writes of the statement under way.
    writes: Vec<VersionWrite>,
}

impl Version {
    /// Its name within the table.
    pub(crate) fn number(&self) -> VersionNumber {
        VersionNumber(self.position.number())
    }
}

impl Footprint {
    pub(crate) fn new(connection: ConnectionId, transaction: &Transaction, snapshot: u64) -> Self {
        Self {
            connection,
            transaction: transaction.id,
            isolation: transaction.isolation,
            snapshot,
            reads: Vec::new(),
            predicates: Vec::new(),
            looked_again: Vec::new(),
            met: Vec::new(),
            writes: Vec::new(),
            cut: false,
            lookups: 0,
        }
    }

    pub(crate) fn note_read(&mut self, read: VersionKey) {
        if self.reads.len() >= MAX_READS {
            self.cut = true;
        } else if self.reads.last() != Some(&read) {
            self.reads.push(read);
        }
    }

    /// Whether there is room for one more condition.
    pub(crate) fn has_room(&mut self) -> bool {
        self.lookups = self.lookups.saturating_add(1);
        self.cut |= self.lookups > MAX_PREDICATES;
        self.lookups <= MAX_PREDICATES
    }

    pub(crate) fn note_predicate(&mut self, predicate: Predicate) {
        if !self.predicates.iter().any(|known| **known == predicate) {
            self.predicates.push(Arc::new(predicate));
        }
    }
}

impl Store {
    /// Records from here on what statements read and write, or stops and forgets what was recorded. Outcomes are
    /// the same either way.
    pub fn record(&mut self, on: bool) {
        if on != self.recorder.is_some() {
            self.recorder = on.then(Box::default);
        }
    }

    /// Whether it records.
    pub fn is_recording(&self) -> bool {
        self.recorder.is_some()
    }

    /// What was recorded since the last call, in order.
    pub fn take_recorded(&mut self) -> Vec<Recorded> {
        let recorder = self.recorder.as_mut();
        recorder.map_or_else(Vec::new, |recorder| std::mem::take(&mut recorder.recorded))
    }

    pub(crate) fn tell(&mut self, recorded: impl FnOnce() -> Recorded) {
        if let Some(recorder) = &mut self.recorder {
            recorder.recorded.push(recorded());
        }
    }

    /// A row has got its newest version, or was deleted.
    pub(crate) fn note_write(&mut self, table: TableId, row: RowId) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        let heap = self.heaps.get(table.0 as usize);
        let Some(entry) = heap.and_then(|heap| heap.entry(row)) else {
            return;
        };
        let version = |version: &Version| (version.number(), version.row.clone());
        let mut versions = entry.versions();
        let after = versions.next().filter(|_| entry.deleted().is_none());
        let before = after.map_or(Some(&entry.newest), |_| versions.next());
        recorder.writes.push(VersionWrite {
            table,
            row,
            before: before.map(version),
            after: after.map(version),
        });
    }

    /// A version or a deletion is about to be undone.
    pub(crate) fn note_undone(
        &mut self,
        transaction: TransactionId,
        table: TableId,
        row: RowId,
        deletion: bool,
    ) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        let heap = self.heaps.get(table.0 as usize);
        let Some(entry) = heap.and_then(|heap| heap.entry(row)) else {
            return;
        };
        let undone = VersionKey {
            table,
            row,
            version: (!deletion).then(|| entry.newest.number()),
        };
        match recorder.recorded.last_mut() {
            Some(Recorded::Undone(last, all)) if *last == transaction => all.push(undone),
            _ => recorder
                .recorded
                .push(Recorded::Undone(transaction, vec![undone])),
        }
    }

    /// A row that a statement looked at again: it sees this in place of what its snapshot shows. With `read` it
    /// also goes by what it found.
    pub(crate) fn note_again(
        &self,
        transaction: &Transaction,
        execution: &mut Execution,
        (table, row): (TableId, RowId),
        read: bool,
    ) {
        let Some(footprint) = footprint(&mut execution.reads) else {
            return;
        };
        let seen = self.current_version(transaction, (table, row));
        footprint.looked_again.push(seen);
        if read {
            footprint.note_read(seen);
        }
    }

    /// A row in the way of one to be inserted.
    pub(crate) fn note_met(
        &self,
        transaction: &Transaction,
        execution: &mut Execution,
        row: (TableId, RowId),
    ) {
        if let Some(footprint) = footprint(&mut execution.reads) {
            footprint.met.push(self.current_version(transaction, row));
        }
    }

    /// The version that is committed or the transaction's own.
    fn current_version(
        &self,
        transaction: &Transaction,
        (table, row): (TableId, RowId),
    ) -> VersionKey {
        let heap = self.heaps.get(table.0 as usize);
        let entry = heap.and_then(|heap| heap.entry(row));
        let version = match entry.and_then(|entry| entry.current(transaction.id)) {
            Some(Current::Version(version)) => Some(version.number()),
            Some(Current::Deleted) | None => None,
        };
        VersionKey {
            table,
            row,
            version,
        }
    }

    /// A row that a statement goes by as its snapshot shows it.
    pub(crate) fn note_seen(&self, execution: &mut Execution, (table, row): (TableId, RowId)) {
        let view = execution.view;
        let heap = self.heaps.get(table.0 as usize);
        let version = heap
            .and_then(|heap| heap.entry(row))
            .and_then(|entry| entry.visible(&view))
            .map(Version::number);
        if let (Some(footprint), Some(_)) = (footprint(&mut execution.reads), version) {
            footprint.note_read(VersionKey {
                table,
                row,
                version,
            });
        }
    }

    /// Gives what was written since to the statement under way.
    pub(crate) fn keep_writes(&mut self, execution: &mut Execution) {
        if let Some(recorder) = &mut self.recorder {
            let mut writes = std::mem::take(&mut recorder.writes);
            if let Some(footprint) = footprint(&mut execution.reads) {
                footprint.writes.append(&mut writes);
            }
        }
    }

    /// A statement succeeded: what it read and wrote is recorded.
    pub(crate) fn tell_footprint(&mut self, execution: &mut Execution) {
        let reads = execution.reads.as_mut();
        if let Some(footprint) = reads.and_then(|reads| reads.footprint.take()) {
            self.tell(|| Recorded::Statement(footprint));
        }
    }
}

fn footprint(reads: &mut Option<Box<ReadCollector>>) -> Option<&mut Footprint> {
    reads.as_mut()?.footprint.as_deref_mut()
}
