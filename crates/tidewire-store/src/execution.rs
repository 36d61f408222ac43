//! A statement under way: everything it needs to go on after a wait. How it goes on is in `select_lock`,
//! `modify`, `insert` and `foreign_keys`.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{Maintenance, SessionStatement};

use crate::effects::Replay;
use crate::foreign_keys::Check;
use crate::hash::{StableHash, StableHasher};
use crate::locks::Wanted;
use crate::parts::Parts;
use crate::plan_choice::Scans;
use crate::query::SortKeys;
use crate::reads::ReadCollector;
use crate::versions::View;
use crate::{CommandTag, Plan, Row, RowId, SqlError, TableId, Value};

/// A statement under way.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) plan: Arc<Plan>,
    pub(crate) slots: SmallVec<[Value; 4]>,
    pub(crate) now_us: i64,
    pub(crate) view: View,
    /// Rows that it may still visit.
    pub(crate) budget: u64,
    /// It begins with a wait for a safe snapshot.
    pub(crate) wants_safe_snapshot: bool,
    /// What it has read, if that is to be noted.
    pub(crate) reads: Option<Box<ReadCollector>>,
    /// Tables locked so far, of those of the plan.
    pub(crate) entered: usize,
    /// It waited for one of them.
    pub(crate) entered_late: bool,
    /// Kinds of scan that the session allows.
    pub(crate) scans: Scans,
    /// Calls of functions with effects in the evaluation under way.
    pub(crate) replay: Option<Box<Replay>>,
    pub(crate) work: Work,
    /// A version that is in the heap and not yet in all indexes.
    pub(crate) placing: Option<Placing>,
    /// Foreign keys to be looked after when the rows are done.
    pub(crate) checks: VecDeque<Check>,
    /// What the check under way sees: it keeps its snapshot while it waits.
    pub(crate) check_snapshot: Option<u64>,
    pub(crate) answered: Vec<Row>,
    pub(crate) count: u64,
    /// Of a statement of several parts.
    pub(crate) parts: Option<Box<Parts>>,
}

/// How far the rows of a statement are.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Nothing done yet.
    Fresh,
    /// SELECT … FOR …: joined rows to be locked.
    Lock { targets: Vec<LockTarget>, at: usize },
    /// UPDATE and DELETE: rows found by the snapshot.
    Modify {
        targets: SmallVec<[RowId; 4]>,
        /// The rows of FROM that each was found with; empty without FROM.
        partners: Vec<Partners>,
        at: usize,
        /// Finding further rows failed; so does the statement when it gets there.
        failure: Option<SqlError>,
    },
    /// INSERT: rows to go in, made one by one.
    Insert {
        source: Vec<Row>,
        at: usize,
        /// The row that waits to go in.
        row: Option<Row>,
    },
}

/// The rows of FROM or USING that a row was found with.
pub(crate) type Partners = SmallVec<[Row; 2]>;

/// A joined row to be locked.
#[derive(Clone, Debug)]
pub(crate) struct LockTarget {
    pub(crate) keys: SortKeys,
    pub(crate) rows: SmallVec<[Row; 2]>,
    pub(crate) ids: SmallVec<[RowId; 2]>,
    /// Locked so far, of the relations to be locked.
    pub(crate) locked: usize,
    /// Some row was exchanged for a newer version.
    pub(crate) changed: bool,
}

/// A version that is in the heap and not yet in all indexes.
#[derive(Clone, Debug)]
pub(crate) struct Placing {
    pub(crate) table: TableId,
    pub(crate) row: RowId,
    /// The version before, for an update.
    pub(crate) before: Option<Row>,
    /// The next index.
    pub(crate) index: usize,
}

/// How a part of a statement ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Done,
    Blocked(Wanted),
}

impl Execution {
    pub(crate) fn new(
        plan: Arc<Plan>,
        slots: &[Value],
        now_us: i64,
        view: View,
        budget: u64,
    ) -> Self {
        let parts = Parts::new(&plan);
        Self {
            plan,
            slots: slots.iter().cloned().collect(),
            now_us,
            view,
            budget,
            wants_safe_snapshot: false,
            reads: None,
            entered: 0,
            entered_late: false,
            scans: Scans::default(),
            replay: None,
            work: Work::Fresh,
            placing: None,
            checks: VecDeque::new(),
            check_snapshot: None,
            answered: Vec::new(),
            count: 0,
            parts,
        }
    }

    /// The tag of the finished statement.
    pub(crate) fn tag(&self) -> CommandTag {
        use crate::plan::Operation;
        match self.plan.operation {
            Operation::Insert(_) => CommandTag::Insert(self.count),
            Operation::Update(_) => CommandTag::Update(self.count),
            Operation::Delete(_) => CommandTag::Delete(self.count),
            Operation::Session(SessionStatement::Maintain(Maintenance::Vacuum(_))) => {
                CommandTag::Other("VACUUM")
            }
            Operation::Session(SessionStatement::Maintain(_)) => CommandTag::Other("ANALYZE"),
            Operation::Session(_) => CommandTag::Other("LOCK TABLE"),
            Operation::Schema => crate::redefinition::tag(&self.plan.statement),
            _ => CommandTag::Select(self.answered.len() as u64),
        }
    }
}

impl StableHash for Execution {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        let fingerprint = self.plan.fingerprint();
        hasher.word(fingerprint as u64);
        hasher.word((fingerprint >> 64) as u64);
        self.slots.stable_hash(hasher);
        hasher.word(u64::from(self.wants_safe_snapshot));
        hasher.word(self.count);
        hasher.word(self.entered as u64);
        if let Some(replay) = &self.replay {
            replay.stable_hash(hasher);
        }
        hasher.word(self.checks.len() as u64);
        hasher.word(
            self.placing
                .as_ref()
                .map_or(0, |placing| placing.index as u64 + 1),
        );
        match &self.work {
            Work::Fresh => hasher.word(0),
            Work::Lock { targets, at } => {
                hasher.word(1);
                for target in targets.iter().skip(*at) {
                    hasher.word(target.locked as u64);
                    for row in &target.rows {
                        row.stable_hash(hasher);
                    }
                }
            }
            // What is still to be done follows from the snapshot; how much, from the count.
            Work::Modify { targets, at, .. } => {
                hasher.word(2);
                hasher.word((targets.len() - at) as u64);
            }
            Work::Insert { source, at, row } => {
                hasher.word(3);
                hasher.word(*at as u64);
                for row in source.iter().skip(*at).chain(row) {
                    row.stable_hash(hasher);
                }
            }
        }
        for row in &self.answered {
            row.stable_hash(hasher);
        }
        if let Some(parts) = &self.parts {
            parts.stable_hash(hasher);
        }
    }
}
