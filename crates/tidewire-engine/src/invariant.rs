//! Judging invariants over committed rows at one instant: again only when what they read has changed.

use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_scenario::{DatabaseId, InvariantId, InvariantMode};
use tidewire_store::{AcrossQuery, Row, Store};

use crate::action::Pending;
use crate::fingerprint::Part;
use crate::interpret::clock;
use crate::observation::{Fact, InvariantState, Verdict};
use crate::schedule::Ticket;
use crate::setup::Setup;
use crate::state::{Phase, State};
use crate::step::Step;

/// Rows of evidence that are kept.
const MAX_EVIDENCE: usize = 20;

/// What is known about an invariant.
#[derive(Clone, Debug)]
pub(crate) struct InvariantStatus {
    /// What its query says now.
    pub(crate) state: InvariantState,
    /// When it was broken first; it stays broken in the outcome.
    pub(crate) violated_at_us: Option<u64>,
    /// The rows that broke it first.
    pub(crate) evidence: Arc<[Row]>,
    /// Sum of the versions of what it reads when it was judged last.
    seen: Option<u64>,
    /// When `within` runs out.
    due: Option<Ticket>,
}

impl Default for InvariantStatus {
    fn default() -> Self {
        Self {
            state: InvariantState::Holds,
            violated_at_us: None,
            evidence: Arc::default(),
            seen: None,
            due: None,
        }
    }
}

impl State {
    /// Grows whenever something changes that the invariant reads.
    fn version_read(&self, setup: &Setup, id: InvariantId) -> u64 {
        let invariant = &setup.program.invariants[id.index()];
        let mut version = 0_u64;
        for database in &invariant.databases {
            version += u64::from(self.store(*database).catalog().version());
        }
        for (index, table) in invariant.query.reads() {
            if let Some(database) = invariant.databases.get(*index) {
                version += self.store(*database).table_version(*table);
            }
        }
        version
    }

    /// The rows that an invariant's query returns now; an error when it cannot be judged.
    fn evidence(&self, setup: &Setup, id: InvariantId) -> Result<Vec<Row>, ()> {
        let invariant = &setup.program.invariants[id.index()];
        self.ask(&invariant.query, &invariant.databases).ok_or(())
    }

    /// The committed rows that a query over several stores returns now; `None` when it fails. `databases` in the
    /// order in which the query numbers them.
    pub fn ask(&self, query: &AcrossQuery, databases: &[DatabaseId]) -> Option<Vec<Row>> {
        let stores: SmallVec<[&Store; 4]> = databases
            .iter()
            .map(|database| self.store(*database))
            .collect();
        query.run(&stores, clock(self.now_us)).ok()
    }
}

impl Step<'_> {
    /// Judges all but `finally` at the beginning.
    pub(crate) fn judge_all(&mut self) {
        for index in 0..self.setup.program.invariants.len() {
            self.judge_if_running(InvariantId(index as u32));
        }
    }

    /// Judges what reads from a store that changed.
    pub(crate) fn judge_changed(&mut self) {
        let setup = self.setup;
        let changed = std::mem::take(&mut self.changed);
        for database in changed {
            for id in &setup.readers[database.index()] {
                self.judge_if_running(*id);
            }
        }
    }

    fn judge_if_running(&mut self, id: InvariantId) {
        if self.setup.program.invariants[id.index()].mode == InvariantMode::Finally {
            return;
        }
        let version = self.state.version_read(self.setup, id);
        let status = &mut self.state.invariants[id.index()];
        if status.seen.replace(version) != Some(version) {
            self.judge(id, false);
        }
    }

    fn judge(&mut self, id: InvariantId, at_end: bool) {
        let mode = self.setup.program.invariants[id.index()].mode;
        let (found, rows) = match self.state.evidence(self.setup, id) {
            Err(()) => (InvariantState::CannotBeJudged, Vec::new()),
            Ok(rows) if rows.is_empty() => (InvariantState::Holds, rows),
            Ok(rows) => match mode {
                InvariantMode::Within(_) if !at_end => (InvariantState::Pending, rows),
                _ => (InvariantState::Violated, rows),
            },
        };
        let before = self.state.invariants[id.index()].state;
        if let (InvariantMode::Within(limit), InvariantState::Pending) = (mode, found) {
            if matches!(before, InvariantState::Pending | InvariantState::Violated) {
                return;
            }
            let due = self.schedule(limit, Pending::InvariantDue(id));
            self.state.invariants[id.index()].due = Some(due);
        } else if let Some(due) = self.state.invariants[id.index()].due.take() {
            self.unschedule(due);
        }
        if found != before {
            self.set_invariant(id, found, rows);
        }
    }

    fn set_invariant(&mut self, id: InvariantId, state: InvariantState, rows: Vec<Row>) {
        self.touch(Part::Invariant(id.0));
        let now_us = self.state.now_us;
        let setup = self.setup;
        let shown = if self.tracing {
            let rows = rows.iter().take(MAX_EVIDENCE);
            rows.map(|row| text_of(setup, id, row)).collect()
        } else {
            Vec::new()
        };
        self.emit(|| Fact::InvariantChanged {
            invariant: id,
            state,
            evidence: shown,
        });
        let status = &mut self.state.invariants[id.index()];
        status.state = state;
        if state == InvariantState::Violated && status.violated_at_us.is_none() {
            status.violated_at_us = Some(now_us);
            status.evidence = rows.into_iter().take(MAX_EVIDENCE).collect();
        }
    }

    /// A `within` invariant has been broken for as long as it may.
    pub(crate) fn invariant_due(&mut self, id: InvariantId) {
        self.state.invariants[id.index()].due = None;
        if let Ok(rows) = self.state.evidence(self.setup, id)
            && !rows.is_empty()
        {
            self.set_invariant(id, InvariantState::Violated, rows);
        }
    }

    /// The run ends. Nothing will change any more, so what is still broken stays so; a run that never got
    /// quiet says nothing about `finally`.
    pub(crate) fn end(&mut self, verdict: Verdict) {
        self.touch(Part::Phase);
        for index in 0..self.setup.program.invariants.len() {
            let id = InvariantId(index as u32);
            let finally = self.setup.program.invariants[index].mode == InvariantMode::Finally;
            let pending = self.state.invariants[index].state == InvariantState::Pending;
            if verdict == Verdict::Quiet && (finally || pending) {
                self.judge(id, true);
            }
        }
        self.state.phase = Phase::Ended(verdict);
        self.emit(|| Fact::Ended(verdict));
    }
}

/// A row of evidence as text: `sku mug, on_hand -1`.
fn text_of(setup: &Setup, id: InvariantId, row: &Row) -> Arc<str> {
    let columns = setup.program.invariants[id.index()].query.columns();
    let parts = columns.iter().zip(row.iter());
    let parts: Vec<String> = parts
        .map(|(column, value)| format!("{} {value}", column.name))
        .collect();
    Arc::from(parts.join(", "))
}
