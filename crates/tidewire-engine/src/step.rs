//! One transition: the state it changes, what it may look up, and where its observations go.
//!
//! The methods of [`Step`] are spread over the modules by what they are about; here is the frame.

use smallvec::SmallVec;
use tidewire_scenario::DatabaseId;
use tidewire_store::ConnectionId;

use crate::action::{Action, Due, Pending};
use crate::choice::Chooser;
use crate::fingerprint::Part;
use crate::observation::{Fact, Observation, RecordedStatement, RequestKey, StoreRecord};
use crate::schedule::Ticket;
use crate::setup::Setup;
use crate::state::{Cursor, DatabaseState, Instance, Phase, Pool, State};
use crate::trace::Sink;
use crate::work::{Work, WorkRef};

/// One transition while it is under way.
pub(crate) struct Step<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) setup: &'a Setup,
    pub(crate) chooser: &'a mut Chooser,
    sink: &'a mut dyn Sink,
    /// Whether the sink wants facts at all.
    pub(crate) tracing: bool,
    /// The observation behind what is happening.
    pub(crate) cause: Option<u32>,
    /// The request behind what is happening.
    pub(crate) request: Option<RequestKey>,
    /// The connection whose statement committed last.
    pub(crate) committer: Option<ConnectionId>,
    /// Works that go on before the action ends.
    pub(crate) ready: SmallVec<[u32; 8]>,
    /// Stores whose committed rows or schema changed.
    pub(crate) changed: SmallVec<[DatabaseId; 2]>,
    dirty: SmallVec<[Part; 16]>,
    hashing: bool,
}

impl State {
    /// The one transition function: applies an accepted action and tells the sink what happened.
    ///
    /// An action that is not enabled in this state changes nothing but the count of events.
    pub fn next(
        &mut self,
        setup: &Setup,
        action: Action,
        chooser: &mut Chooser,
        sink: &mut dyn Sink,
    ) {
        let first = self.events == 0;
        let recording = sink.wants_records();
        if recording != self.recording {
            self.record(recording);
        }
        let mut step = Step {
            tracing: sink.wants_facts(),
            hashing: self.fingerprint.is_some(),
            state: self,
            setup,
            chooser,
            sink,
            cause: None,
            request: None,
            committer: None,
            ready: SmallVec::new(),
            changed: SmallVec::new(),
            dirty: SmallVec::new(),
        };
        if first {
            step.judge_all();
        }
        step.apply(action);
        step.settle_hash();
        if recording {
            step.take_records();
        }
        self.events += 1;
    }

    fn record(&mut self, on: bool) {
        self.recording = on;
        for database in &mut self.databases {
            database.store.record(on);
        }
    }

    /// Everything that may happen next, the earliest first: at most `limit` actions of the schedule within
    /// `window_us` of the earliest, none behind a fault that must happen exactly at its time.
    pub fn enabled(&self, setup: &Setup, limit: usize, window_us: u64) -> Vec<Action> {
        if let Some(action) = self.forced(setup) {
            return vec![action];
        }
        if matches!(self.phase, Phase::Ended(_)) {
            return Vec::new();
        }
        let entries = self.schedule.candidates(limit, window_us);
        entries
            .iter()
            .map(|entry| Action::Happen(Due(entry.ticket())))
            .collect()
    }

    /// The action that goes next when nobody chooses; `None` after the end.
    pub fn earliest(&self, setup: &Setup) -> Option<Action> {
        if let Some(action) = self.forced(setup) {
            return Some(action);
        }
        if matches!(self.phase, Phase::Ended(_)) {
            return None;
        }
        let entry = self.schedule.first()?;
        Some(Action::Happen(Due(entry.ticket())))
    }

    /// When an action may happen: its time, or now if that has passed.
    pub fn due_us(&self, action: Action) -> u64 {
        match action {
            Action::Happen(Due(ticket)) => self
                .schedule
                .get(ticket)
                .map_or(self.now_us, |(at, _)| at.max(self.now_us)),
            _ => self.now_us,
        }
    }
}

impl Step<'_> {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Happen(Due(ticket)) => {
                let Some((at, pending)) = self.unschedule(ticket) else {
                    return;
                };
                self.state.now_us = self.state.now_us.max(at);
                self.happen(pending);
            }
            Action::Heal => self.heal(),
            Action::End(verdict) => self.end(verdict),
        }
        // The list grows while works go on: one that ends lets another begin.
        let mut next = 0;
        while let Some(slot) = self.ready.get(next).copied() {
            next += 1;
            self.go_on(slot);
        }
        self.judge_changed();
    }

    fn happen(&mut self, pending: Pending) {
        if !self.state.pauses.is_empty() && self.stands_still(pending) {
            return self.park(pending);
        }
        match pending {
            Pending::Deliver(message) => self.deliver(message),
            Pending::Wake(work) => self.wake(work),
            Pending::Timeout(work) => self.time_out(work),
            Pending::RequestDue(client, ordinal) => self.begin_request(client, ordinal),
            Pending::Tick(periodic) => self.tick(periodic),
            Pending::Unblock(database) => self.unblock(database),
            Pending::DeadlockCheck(database, connection) => {
                self.check_deadlock(database, connection);
            }
            Pending::LockTimeout(database, connection) => self.end_wait(database, connection),
            Pending::StatementTimeout(database, connection) => {
                self.end_statement(database, connection);
            }
            Pending::Close(database, connection) => self.close(database, connection),
            Pending::Discard(pool) => self.give_back(pool, None),
            Pending::Poll(cursor) => self.poll(cursor),
            Pending::Redeliver(cursor) => self.redeliver(cursor),
            Pending::Return(topic, offset) => self.take_back(topic, offset),
            Pending::FaultBegins(fault) => self.begin_fault(fault),
            Pending::FaultEnds(fault) => self.end_fault(fault),
            Pending::InvariantDue(invariant) => self.invariant_due(invariant),
        }
    }

    /// Records a fact, caused by what is happening, and says at which index of the trace.
    #[inline]
    pub(crate) fn emit(&mut self, fact: impl FnOnce() -> Fact) -> u32 {
        let index = self.state.observations;
        self.state.observations += 1;
        if self.tracing {
            self.sink.observe(Observation {
                at_us: self.state.now_us,
                event: self.state.events,
                cause: self.cause,
                request: self.request,
                fact: fact(),
            });
        }
        index
    }

    /// Records a fact that causes what follows.
    #[inline]
    pub(crate) fn chain(&mut self, fact: impl FnOnce() -> Fact) -> u32 {
        let index = self.emit(fact);
        self.cause = Some(index);
        index
    }

    /// Passes on what a store has recorded; the statement is the one that it has just carried out.
    pub(crate) fn pass_records(
        &mut self,
        database: DatabaseId,
        statement: Option<RecordedStatement>,
    ) {
        let at_us = self.state.now_us;
        let store = &mut self.state.databases[database.index()].store;
        for recorded in store.take_recorded() {
            self.sink.record(StoreRecord {
                database,
                at_us,
                statement,
                recorded,
            });
        }
    }

    /// Passes on what is left: ends of transactions.
    fn take_records(&mut self) {
        for database in 0..self.state.databases.len() as u32 {
            self.pass_records(DatabaseId(database), None);
        }
    }

    /// Adds to the schedule, `delay_us` from now.
    pub(crate) fn schedule(&mut self, delay_us: u64, pending: Pending) -> Ticket {
        let at = self.state.now_us.saturating_add(delay_us);
        let ticket = self.state.schedule.add(at, pending);
        if self.hashing {
            self.hash_scheduled(ticket, at, pending);
        }
        ticket
    }

    /// Takes something out of the schedule.
    pub(crate) fn unschedule(&mut self, ticket: Ticket) -> Option<(u64, Pending)> {
        let taken = self.state.schedule.take(ticket);
        if let Some((at, _)) = taken
            && self.hashing
        {
            self.forget_scheduled(ticket, at);
        }
        taken
    }

    /// The work, if it still lives.
    pub(crate) fn work(&self, reference: WorkRef) -> Option<&Work> {
        let work = self.state.works.get(reference.slot)?;
        (work.id == reference.id).then_some(work)
    }

    /// A living work, to change.
    #[inline]
    pub(crate) fn work_mut(&mut self, slot: u32) -> Option<&mut Work> {
        self.touch(Part::Work(slot));
        self.state.works.get_mut(slot)
    }

    /// A store, to change.
    pub(crate) fn database_mut(&mut self, database: DatabaseId) -> &mut DatabaseState {
        self.touch(Part::Database(database.0));
        &mut self.state.databases[database.index()]
    }

    /// An instance, to change.
    pub(crate) fn instance_mut(&mut self, instance: u32) -> &mut Instance {
        self.touch(Part::Instance(instance));
        &mut self.state.instances[instance as usize]
    }

    /// A pool, to change.
    pub(crate) fn pool_mut(&mut self, pool: u32) -> &mut Pool {
        self.touch(Part::Pool(pool));
        &mut self.state.pools[pool as usize]
    }

    /// A consumer's cursor, to change.
    pub(crate) fn cursor_mut(&mut self, cursor: u32) -> &mut Cursor {
        self.touch(Part::Cursor(cursor));
        &mut self.state.cursors[cursor as usize]
    }

    /// Remembers that a part of the state changes, so that its hash is taken again.
    #[inline]
    pub(crate) fn touch(&mut self, part: Part) {
        if self.hashing && !self.dirty.contains(&part) {
            self.dirty.push(part);
        }
    }

    fn settle_hash(&mut self) {
        if !self.hashing {
            return;
        }
        let dirty = std::mem::take(&mut self.dirty);
        self.state.take_hashes(self.setup, &dirty);
    }
}
