//! What goes wrong: when faults begin and end; closed ways, clocks and migrations. Crashes are in `crash`, what stands
//! still in `pause`, what happens to messages in `strike`, full disks in `disk`.

use tidewire_scenario::{
    DatabaseId, EventId, FaultId, FaultKind, NodeId, NodeKind, Place, Trigger,
};
use tidewire_store::SqlError;

use crate::action::Pending;
use crate::crash::is;
use crate::fingerprint::Part;
use crate::interpret::clock;
use crate::observation::{Fact, RequestKey};
use crate::setup::Setup;
use crate::state::{Phase, State};
use crate::step::Step;

/// After the workload a run has this long to get quiet.
pub(crate) const DRAIN_US: u64 = 30_000_000;

impl State {
    /// Puts the faults with a fixed time into the schedule.
    pub(crate) fn schedule_faults(&mut self, setup: &Setup) {
        for (index, fault) in setup.program.faults.iter().enumerate() {
            if let Trigger::At(at) = fault.trigger {
                let id = FaultId(index as u32);
                self.schedule.add(at, Pending::FaultBegins(id));
                self.faults[index].triggered = true;
                self.faults[index].expected = true;
            }
        }
    }
}

impl Step<'_> {
    /// A fault that was triggered begins at this very instant, before anything else.
    fn trigger(&mut self, fault: FaultId) {
        self.touch(Part::Fault(fault.0));
        let state = &mut self.state.faults[fault.index()];
        if !std::mem::replace(&mut state.triggered, true) {
            state.expected = true;
            self.schedule(0, Pending::FaultBegins(fault));
        }
    }

    fn untriggered(&self) -> Vec<FaultId> {
        if self.state.phase != Phase::Working {
            return Vec::new();
        }
        let faults = (0u32..).zip(&self.state.faults);
        faults
            .filter(|(_, state)| !state.triggered)
            .map(|(index, _)| FaultId(index))
            .collect()
    }

    /// Work for the current request committed at a store.
    pub(crate) fn trigger_after_commit(&mut self, database: DatabaseId) {
        let setup = self.setup;
        let Some(committer) = self.request else {
            return;
        };
        for id in self.untriggered() {
            let fault = &setup.program.faults[id.index()];
            let Trigger::AfterCommit(client, ordinal) = fault.trigger else {
                continue;
            };
            if committer != (RequestKey { client, ordinal }) {
                continue;
            }
            let here = match fault.kind {
                FaultKind::Crash(place) | FaultKind::Restart(place) | FaultKind::Pause(place) => {
                    match setup.program.nodes[place.node.index()].kind {
                        NodeKind::Database(target) => target == database,
                        _ => self.committed_by(place, database),
                    }
                }
                FaultKind::LoseReply { node, .. } => {
                    let instance = None;
                    self.committed_by(Place { node, instance }, database)
                }
                _ => true,
            };
            if here {
                self.trigger(id);
            }
        }
    }

    /// Whether the statement that just committed came from this node.
    fn committed_by(&self, place: Place, database: DatabaseId) -> bool {
        let Some(committer) = self.committer else {
            return false;
        };
        let session = self.state.databases[database.index()].session(committer);
        session.is_some_and(|session| {
            let pool = self.setup.pools[session.pool as usize];
            pool.node == place.node && is(place.instance, pool.instance)
        })
    }

    /// An event was appended.
    pub(crate) fn trigger_after_event(&mut self, event: EventId) {
        let setup = self.setup;
        let count = self.state.appended[event.index()];
        for id in self.untriggered() {
            if setup.program.faults[id.index()].trigger == Trigger::AfterEvent(count, event) {
                self.trigger(id);
            }
        }
    }

    /// A fault begins.
    pub(crate) fn begin_fault(&mut self, id: FaultId) {
        self.touch(Part::Fault(id.0));
        let setup = self.setup;
        let fault = &setup.program.faults[id.index()];
        self.request = None;
        self.chain(|| Fact::FaultInjected(id));
        let lasts = !matches!(fault.kind, FaultKind::Migrate(..) | FaultKind::Restart(_));
        let state = &mut self.state.faults[id.index()];
        state.expected = false;
        state.active = lasts;
        match &fault.kind {
            FaultKind::Migrate(database, statements) => self.migrate(*database, statements),
            FaultKind::Restart(place) => {
                self.take_down(*place);
                self.bring_up(*place);
            }
            _ => self.set_fault(id, true),
        }
        if let (Some(duration), true) = (fault.duration_us, lasts) {
            let end = self.schedule(duration, Pending::FaultEnds(id));
            self.state.faults[id.index()].end = Some(end);
        }
    }

    /// A fault is over.
    pub(crate) fn end_fault(&mut self, id: FaultId) {
        self.touch(Part::Fault(id.0));
        let state = &mut self.state.faults[id.index()];
        state.end = None;
        if !std::mem::replace(&mut state.active, false) {
            return;
        }
        self.set_fault(id, false);
    }

    /// What lasts begins (true) or ends (false).
    fn set_fault(&mut self, id: FaultId, on: bool) {
        match self.setup.program.faults[id.index()].kind {
            FaultKind::Crash(place) if on => self.take_down(place),
            FaultKind::Crash(place) => self.bring_up(place),
            FaultKind::Pause(place) => self.set_paused(id, place, on),
            FaultKind::Partition {
                from,
                to,
                both_ways,
            } => {
                self.set_closed(from, to, on);
                if both_ways {
                    self.set_closed(to, from, on);
                }
            }
            FaultKind::Slow { from, to, by_us } => {
                self.set_striking(id, on);
                let by_us = if on { by_us } else { 0 };
                self.emit(|| Fact::SlowChanged { from, to, by_us });
            }
            FaultKind::Drop { .. } | FaultKind::Duplicate { .. } | FaultKind::LoseReply { .. } => {
                self.set_striking(id, on);
            }
            FaultKind::FillDisk(database) => self.set_full(database, on),
            FaultKind::Skew { node, by_us } => self.set_skewed(node, by_us, on),
            FaultKind::Migrate(..) | FaultKind::Restart(_) => {}
        }
    }

    fn set_skewed(&mut self, node: NodeId, by_us: i64, on: bool) {
        self.touch(Part::Network);
        if on {
            self.state.skews.push((node, by_us));
        } else if let Some(index) = (self.state.skews.iter()).position(|it| *it == (node, by_us)) {
            self.state.skews.remove(index);
        }
        let skews = self.state.skews.iter().filter(|(other, _)| *other == node);
        let by_us = skews.map(|(_, by_us)| *by_us).sum();
        self.emit(|| Fact::ClockChanged { node, by_us });
    }

    /// What the clock of a work's process shows.
    pub(crate) fn clock_of(&self, slot: u32) -> u64 {
        if self.state.skews.is_empty() {
            return self.state.now_us;
        }
        let work = self.state.works.get(slot);
        work.map_or(self.state.now_us, |work| self.state.local_us(work.node))
    }

    /// What a store's clock shows.
    pub(crate) fn database_clock(&self, database: DatabaseId) -> i64 {
        let node = self.setup.program.databases[database.index()].node;
        clock(self.state.local_us(node))
    }

    /// The workload is done: every fault ends, none begins any more.
    pub(crate) fn heal(&mut self) {
        self.cause = Some(self.emit(|| Fact::Healed));
        for index in 0..self.state.faults.len() {
            if let Some(end) = self.state.faults[index].end.take() {
                self.unschedule(end);
            }
            self.end_fault(FaultId(index as u32));
        }
        self.touch(Part::Phase);
        let until_us = self.state.now_us.saturating_add(DRAIN_US);
        self.state.phase = Phase::Draining { until_us };
    }

    fn set_closed(&mut self, from: NodeId, to: NodeId, closed: bool) {
        self.touch(Part::Network);
        let before = self.state.is_closed(from, to);
        if closed {
            self.state.closed.push((from, to));
        } else if let Some(index) = self.state.closed.iter().position(|way| *way == (from, to)) {
            self.state.closed.remove(index);
        }
        if before != self.state.is_closed(from, to) {
            self.emit(|| Fact::PartitionChanged { from, to, closed });
        }
    }

    /// DDL of another team, outside any session.
    fn migrate(
        &mut self,
        database: DatabaseId,
        statements: &[tidewire_syntax::ast::sql::Statement],
    ) {
        let now = self.database_clock(database);
        let store = &mut self.database_mut(database).store;
        let outcome: Result<(), SqlError> = statements
            .iter()
            .try_for_each(|statement| store.migrate(statement, now));
        store.take_changes();
        store.take_committed();
        self.state.effects += 1;
        self.changed.push(database);
        let migrated = self.emit(|| Fact::Migrated {
            database,
            failure: outcome.err().map(|error| error.to_string().into()),
        });
        self.released(database, migrated);
        self.poll_waiters(database);
    }
}
