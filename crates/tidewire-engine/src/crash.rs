//! Crashes and restarts: what a process forgets, what a store keeps, who hears of it.

use tidewire_scenario::{DatabaseId, NodeId, NodeKind, Place, ServiceId};
use tidewire_store::SqlError;
use tidewire_syntax::sort;

use crate::choice::ChoiceKind;
use crate::draw::key;
use crate::fingerprint::Part;
use crate::message::{Content, Message};
use crate::observation::Fact;
use crate::state::{Pool, State};
use crate::step::Step;
use crate::work::Link;

/// Whether an instance is the one that is meant, or all are.
pub(crate) fn is(only: Option<u32>, instance: u32) -> bool {
    only.is_none_or(|only| only == instance)
}

impl Step<'_> {
    /// A node, or one instance of it, goes down; it may be down already.
    pub(crate) fn take_down(&mut self, place: Place) {
        let Place { node, instance } = place;
        if !State::has_process(self.setup, node) {
            return;
        }
        self.end_pauses(place);
        if let (Some(instance), Some(service)) = (instance, self.setup.service_at(node)) {
            return self.take_instance_down(service, node, instance);
        }
        self.touch(Part::Network);
        self.state.down[node.index()] += 1;
        if self.state.down[node.index()] > 1 {
            return;
        }
        self.chain(|| Fact::Crashed(node));
        match self.setup.program.nodes[node.index()].kind {
            NodeKind::Database(database) => self.crash_database(database, node),
            NodeKind::Service(service) | NodeKind::Relay(service) => {
                self.crash_service(service, node, None);
            }
            // A log keeps its records and offsets; requests under way are refused on arrival.
            NodeKind::Broker(_) | NodeKind::Client(_) => {}
        }
    }

    fn take_instance_down(&mut self, service: ServiceId, node: NodeId, instance: u32) {
        let index = self.setup.instance(service, instance);
        let was_up = self.state.instance_is_up(self.setup, service, instance);
        self.instance_mut(index).down += 1;
        if was_up {
            self.chain(|| Fact::InstanceCrashed { node, instance });
            self.crash_service(service, node, Some(instance));
        }
    }

    fn bring_instance_up(&mut self, service: ServiceId, node: NodeId, instance: u32) {
        let index = self.setup.instance(service, instance);
        let state = self.instance_mut(index);
        state.down = state.down.saturating_sub(1);
        if self.state.instance_is_up(self.setup, service, instance) {
            self.chain(|| Fact::InstanceRestarted { node, instance });
            self.begin_service(service, Some(instance));
        }
    }

    /// One reason less for a node, or an instance of it, to be down.
    pub(crate) fn bring_up(&mut self, place: Place) {
        let Place { node, instance } = place;
        if let (Some(instance), Some(service)) = (instance, self.setup.service_at(node)) {
            return self.bring_instance_up(service, node, instance);
        }
        self.touch(Part::Network);
        let down = &mut self.state.down[node.index()];
        *down = down.saturating_sub(1);
        if *down > 0 {
            return;
        }
        self.chain(|| Fact::Restarted(node));
        if let Some(service) = self.setup.service_at(node) {
            self.begin_service(service, None);
        }
    }

    /// A service, or one instance of it, begins with an empty memory.
    fn begin_service(&mut self, service: ServiceId, only: Option<u32>) {
        self.join_groups(service, only);
        let setup = self.setup;
        for (index, periodic) in (0..).zip(&setup.periodics) {
            let here = periodic.service == service && is(only, periodic.instance);
            if here && self.state.instance_is_up(setup, service, periodic.instance) {
                self.schedule_tick(index);
            }
        }
    }

    /// The memory of a service, or of one instance, is lost: works, queues, pools, memberships. Its connections
    /// close at the stores after a hop, behind whatever it had sent.
    fn crash_service(&mut self, service: ServiceId, node: NodeId, only: Option<u32>) {
        let crash = self.cause;
        let last_arrival_us = self.lose_statements_from(node, only);
        let doomed: Vec<u32> = (self.state.works.iter())
            .filter(|(_, work)| work.node == node)
            .filter(|(_, work)| work.place.is_none_or(|(_, instance)| is(only, instance)))
            .map(|(slot, _)| slot)
            .collect();
        for slot in doomed {
            self.cause = crash;
            self.vanish(slot);
        }
        (self.cause, self.request) = (crash, None);
        self.close_connections_of(service, only, last_arrival_us);
        let setup = self.setup;
        for (index, pool) in (0..).zip(&setup.pools) {
            if pool.service == service && is(only, pool.instance) {
                *self.pool_mut(index) = Pool::default();
            }
        }
        for (index, (owner, ordinal)) in (0..).zip(&setup.instances) {
            if *owner == service && is(only, *ordinal) {
                let instance = self.instance_mut(index);
                instance.running = 0;
                instance.queue.clear();
                instance.caches.clear();
                instance.flights.clear();
            }
        }
        self.cancel_ticks(service, only);
        self.leave_groups(service, only);
    }

    /// Each statement that a crashed service had sent may arrive or not. How long until the last one arrives.
    fn lose_statements_from(&mut self, node: NodeId, only: Option<u32>) -> u64 {
        let mut last_us = 0;
        let sent_here = |message: &Message| {
            let Content::Statement(statement) = &message.content else {
                return false;
            };
            let place = self.work(statement.sender).and_then(|work| work.place);
            message.from == node && place.is_none_or(|(_, instance)| is(only, instance))
        };
        for slot in self.statements_under_way(sent_here) {
            if self.chooser.choose(ChoiceKind::InFlightFromCrashed, 2) == 1 {
                self.lose_now(slot);
            } else if let Some(message) = self.state.messages.get(slot) {
                let arrival = self.state.schedule.get(message.arrival);
                let at = arrival.map_or(0, |(at, _)| at);
                last_us = last_us.max(at.saturating_sub(self.state.now_us) + 1);
            }
        }
        last_us
    }

    fn statements_under_way(&self, concerns: impl Fn(&Message) -> bool) -> Vec<u32> {
        let mut found: Vec<_> = (self.state.messages.iter())
            .filter(|(_, message)| matches!(message.content, Content::Statement(_)))
            .filter(|(_, message)| concerns(message))
            .map(|(slot, message)| (message.delivery, slot))
            .collect();
        sort::sort(&mut found);
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    fn lose_now(&mut self, slot: u32) {
        let Some(message) = self.state.messages.get(slot) else {
            return;
        };
        let (arrival, request) = (message.arrival, message.request);
        self.unschedule(arrival);
        if let Some(message) = self.state.messages.remove(slot) {
            let context = (self.request, self.cause);
            self.request = request;
            self.lose(message);
            (self.request, self.cause) = context;
        }
    }

    fn close_connections_of(&mut self, service: ServiceId, only: Option<u32>, at_least_us: u64) {
        let setup = self.setup;
        for index in 0..self.state.databases.len() {
            let database = DatabaseId(index as u32);
            let state = &self.state.databases[index];
            let epoch = state.epoch;
            let connections: Vec<_> = (state.sessions.iter())
                .filter(|(_, session)| {
                    let pool = &setup.pools[session.pool as usize];
                    pool.service == service && is(only, pool.instance)
                })
                .map(|(connection, _)| *connection)
                .collect();
            for connection in connections {
                let link = Link { connection, epoch };
                let key = key(&[setup.seed, u64::from(service.0), u64::from(database.0)]);
                self.close_later(database, link, key, at_least_us);
            }
        }
    }

    /// A store goes down: open transactions are gone, what was committed stays. A statement on its way may
    /// have acted just before.
    fn crash_database(&mut self, database: DatabaseId, node: NodeId) {
        let crash = self.cause;
        for slot in self.statements_under_way(|message| message.to == node) {
            if self.chooser.choose(ChoiceKind::InFlightToCrashed, 2) == 1 {
                self.deliver_before_crash(slot, node);
            }
        }
        (self.cause, self.request) = (crash, None);
        self.fail_open_statements(database);
        let sessions: Vec<_> = (self.state.databases[database.index()].sessions.iter())
            .map(|(connection, session)| (*connection, session.last.request))
            .collect();
        for (connection, request) in sessions {
            (self.cause, self.request) = (crash, request);
            self.disconnect(database, connection);
        }
        let state = self.database_mut(database);
        state.epoch += 1;
        state.blocked = 0;
        if let Some(unblock) = state.unblock.take() {
            self.unschedule(unblock);
        }
    }

    fn deliver_before_crash(&mut self, slot: u32, node: NodeId) {
        let Some(message) = self.state.messages.get(slot) else {
            return;
        };
        let arrival = message.arrival;
        self.unschedule(arrival);
        // It acts while the store is still up.
        self.state.down[node.index()] -= 1;
        self.deliver(slot);
        self.state.down[node.index()] += 1;
    }

    /// Statements that wait at a crashing store are answered by its end.
    fn fail_open_statements(&mut self, database: DatabaseId) {
        let crash = self.cause;
        let waiting: Vec<_> = (self.state.databases[database.index()].sessions.iter())
            .filter(|(_, session)| session.blocked)
            .map(|(connection, session)| (*connection, session.last))
            .collect();
        for (connection, running) in waiting {
            let transaction = self.transaction(database, connection);
            let error = SqlError::new(
                b"57P01",
                "terminating connection due to administrator command",
            );
            let (state, message) = (error.state, error.message.as_str().into());
            (self.cause, self.request) = (crash, running.request);
            self.chain(|| Fact::StatementFailed {
                database,
                transaction,
                statement: running.sql.statement,
                work: running.sender.id,
                state,
                message,
            });
            self.send_answer(database, running, Err(error), None);
        }
    }
}
