//! Processes that stand still: a long collection of garbage, a suspended machine. Memory, connections and locks stay;
//! what is for them waits, and they wake with old beliefs.
//!
//! Whatever comes due for somebody who stands still is parked at the end of time, and happens when it goes on: messages
//! first, then timers, each in the order in which they came due.

use tidewire_scenario::{FaultId, FaultKind, NodeId, Place};

use crate::action::Pending;
use crate::crash::is;
use crate::fingerprint::Part;
use crate::message::{Content, Message};
use crate::observation::Fact;
use crate::schedule::Ticket;
use crate::step::Step;
use crate::work::WorkRef;

/// When what is parked would happen.
const NEVER_US: u64 = u64::MAX;

impl Step<'_> {
    /// A pause begins or ends.
    pub(crate) fn set_paused(&mut self, fault: FaultId, place: Place, on: bool) {
        self.touch(Part::Network);
        if on {
            self.state.pauses.push(fault);
            self.emit(|| Fact::PauseChanged {
                place,
                paused: true,
            });
            return;
        }
        self.state.pauses.retain(|other| *other != fault);
        self.chain(|| Fact::PauseChanged {
            place,
            paused: false,
        });
        for (ticket, pending) in self.state.schedule.parked() {
            // Clients wait for ever for some things, and never stand still.
            let runner = self.runner_of(pending);
            let parked = runner.is_some_and(|runner| runner.node == place.node);
            if parked && !self.stands_still(pending) {
                self.unschedule(ticket);
                let ticket = self.schedule(0, pending);
                self.keep_ticket(pending, ticket);
            }
        }
    }

    /// Who goes down does not stand still any more: the next process is a new one.
    pub(crate) fn end_pauses(&mut self, place: Place) {
        for fault in self.state.pauses.clone() {
            let FaultKind::Pause(paused) = self.setup.program.faults[fault.index()].kind else {
                continue;
            };
            if paused.node != place.node || (place.instance.is_some() && place != paused) {
                continue;
            }
            if let Some(end) = self.state.faults[fault.index()].end.take() {
                self.unschedule(end);
            }
            self.end_fault(fault);
        }
    }

    /// Whether whoever would have to do this stands still.
    pub(crate) fn stands_still(&self, pending: Pending) -> bool {
        let Some(runner) = self.runner_of(pending) else {
            return false;
        };
        self.state.pauses.iter().any(|fault| {
            let kind = &self.setup.program.faults[fault.index()].kind;
            matches!(kind, FaultKind::Pause(place) if covers(*place, runner))
        })
    }

    /// Keeps something until its runner goes on.
    pub(crate) fn park(&mut self, pending: Pending) {
        let ticket = self.schedule(NEVER_US, pending);
        self.keep_ticket(pending, ticket);
    }

    /// Whose doing something is; `None` if it happens by itself.
    fn runner_of(&self, pending: Pending) -> Option<Place> {
        let setup = self.setup;
        let of_store = |database: tidewire_scenario::DatabaseId| {
            whole(setup.program.databases[database.index()].node)
        };
        match pending {
            Pending::Deliver(slot) => Some(self.receiver(self.state.messages.get(slot)?)),
            Pending::Wake(slot) | Pending::Timeout(slot) => {
                let work = self.state.works.get(slot)?;
                Some(Place {
                    node: work.node,
                    instance: work.place.map(|(_, instance)| instance),
                })
            }
            Pending::Tick(index) => {
                let spec = setup.periodics[index as usize];
                Some(Place {
                    node: setup.program.services[spec.service.index()].node,
                    instance: Some(spec.instance),
                })
            }
            Pending::Unblock(database)
            | Pending::DeadlockCheck(database, _)
            | Pending::LockTimeout(database, _)
            | Pending::StatementTimeout(database, _)
            | Pending::Close(database, _) => Some(of_store(database)),
            Pending::Discard(pool) => Some(self.pool_place(pool)),
            Pending::Poll(cursor) | Pending::Redeliver(cursor) => Some(self.reader(cursor)),
            Pending::Return(topic, _) => {
                let broker = setup.program.topics[topic.index()].broker;
                Some(whole(setup.program.brokers[broker.index()].node))
            }
            Pending::RequestDue(..)
            | Pending::FaultBegins(_)
            | Pending::FaultEnds(_)
            | Pending::InvariantDue(_) => None,
        }
    }

    /// Who takes a message: an instance, where it is for one.
    fn receiver(&self, message: &Message) -> Place {
        let of_work = |reference: &WorkRef| {
            let work = self.work(*reference)?;
            Some(work.place?.1)
        };
        let instance = match &message.content {
            Content::Call(call) => {
                let service = self.setup.service_at(message.to);
                service.and_then(|service| self.instance_for(service, call.identity))
            }
            Content::Reply { caller, .. } => of_work(caller),
            Content::Answer { work, .. } => of_work(work),
            Content::Published { producer, .. } => of_work(producer),
            Content::Cleaned { pool, .. } => self.pool_place(*pool).instance,
            Content::Record { cursor, .. } => self.reader(*cursor).instance,
            Content::Statement(_)
            | Content::Cleanup { .. }
            | Content::Publish { .. }
            | Content::Offset { .. }
            | Content::Settle { .. } => None,
        };
        Place {
            node: message.to,
            instance,
        }
    }

    /// Whether somebody takes a message: its node runs, and the instance that it is for.
    pub(crate) fn listens(&self, message: &Message) -> bool {
        if !self.state.is_up(message.to) {
            return false;
        }
        let Some(service) = self.setup.service_at(message.to) else {
            return true;
        };
        if let Content::Call(call) = &message.content {
            return self.instance_for(service, call.identity).is_some();
        }
        let instance = self.receiver(message).instance;
        instance.is_none_or(|instance| self.state.instance_is_up(self.setup, service, instance))
    }

    fn pool_place(&self, pool: u32) -> Place {
        let spec = self.setup.pools[pool as usize];
        Place {
            node: spec.node,
            instance: Some(spec.instance),
        }
    }

    fn reader(&self, cursor: u32) -> Place {
        let spec = self.setup.cursors[cursor as usize];
        Place {
            node: self.setup.program.services[spec.service.index()].node,
            instance: Some(spec.instance),
        }
    }

    /// Tells whoever may take something out of the schedule where it is now.
    fn keep_ticket(&mut self, pending: Pending, ticket: Ticket) {
        let session = match pending {
            Pending::DeadlockCheck(database, connection)
            | Pending::LockTimeout(database, connection)
            | Pending::StatementTimeout(database, connection) => {
                self.database_mut(database).session_mut(connection)
            }
            _ => None,
        };
        let timers = session.map(|session| &mut session.timers);
        match (pending, timers) {
            (Pending::DeadlockCheck(..), Some(timers)) => timers.deadlock = Some(ticket),
            (Pending::LockTimeout(..), Some(timers)) => timers.lock = Some(ticket),
            (Pending::StatementTimeout(..), Some(timers)) => timers.statement = Some(ticket),
            (Pending::Deliver(slot), _) => {
                if let Some(message) = self.state.messages.get_mut(slot) {
                    message.arrival = ticket;
                }
            }
            (Pending::Wake(slot) | Pending::Timeout(slot), _) => {
                if let Some(work) = self.state.works.get_mut(slot) {
                    work.timer = Some(ticket);
                }
            }
            (Pending::Tick(index), _) => self.state.periodics[index as usize].due = Some(ticket),
            (Pending::Unblock(database), _) => {
                self.database_mut(database).unblock = Some(ticket);
            }
            (Pending::Return(topic, offset), _) => {
                if let Some(open) = self.open_mut(topic, offset) {
                    open.timer = Some(ticket);
                }
            }
            (Pending::Redeliver(cursor), _) => self.cursor_mut(cursor).retry = Some(ticket),
            // Nobody takes these out, or their session is gone.
            (
                Pending::DeadlockCheck(..)
                | Pending::LockTimeout(..)
                | Pending::StatementTimeout(..)
                | Pending::Close(..)
                | Pending::Discard(_)
                | Pending::Poll(_)
                | Pending::RequestDue(..)
                | Pending::FaultBegins(_)
                | Pending::FaultEnds(_)
                | Pending::InvariantDue(_),
                _,
            ) => {}
        }
    }
}

fn whole(node: NodeId) -> Place {
    Place {
        node,
        instance: None,
    }
}

/// Whether a pause of a place makes somebody stand still: the whole node does all, an instance itself.
fn covers(paused: Place, runner: Place) -> bool {
    paused.node == runner.node
        && paused.instance.is_none_or(|only| {
            runner
                .instance
                .is_some_and(|instance| is(Some(only), instance))
        })
}
