//! Queues: a message is held by one consumer until it is acknowledged, and then it is gone. What comes back
//! goes to its old place, marked as redelivered; what came back too often is a dead letter.

use std::sync::Arc;

use tidewire_scenario::{BrokerKind, TopicId};
use tidewire_store::hash::StableHasher;

use crate::action::Pending;
use crate::consumer::pause_us;
use crate::draw::{Draws, Purpose, key};
use crate::fingerprint::Part;
use crate::message::Content;
use crate::network::{Envelope, POLL_AFTER_US, Travel};
use crate::observation::{Fact, MessageKind, Settlement};
use crate::schedule::Ticket;
use crate::step::Step;

/// What stands in a queue. Messages are kept as records of a partition; this says which of them are still there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// The first that was never delivered; all behind it stand in the queue.
    pub(crate) next: u32,
    /// Delivered before and not settled, in order of publishing.
    pub(crate) open: Vec<Open>,
    /// Counts deliveries: consumers take turns.
    pub(crate) turn: u32,
}

/// A message that was delivered and is not settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) offset: u32,
    /// How often it was delivered.
    pub(crate) deliveries: u32,
    pub(crate) place: Place,
    /// When the queue takes it back.
    pub(crate) timer: Option<Ticket>,
}

/// Where such a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the queue again.
    Queued,
    /// With this consumer.
    Held(u32),
    /// Set aside until its pause is over.
    Resting,
}

impl Queue {
    /// Mixes everything that may still matter into a state's hash.
    pub(crate) fn hash(&self, h: &mut StableHasher) {
        h.word((u64::from(self.next) << 32) | u64::from(self.turn));
        for open in &self.open {
            h.word((u64::from(open.offset) << 32) | u64::from(open.deliveries));
            h.word(match open.place {
                Place::Queued => 0,
                Place::Resting => 1,
                Place::Held(cursor) => 2 + u64::from(cursor),
            });
        }
    }

    fn find(&self, offset: u32) -> Result<usize, usize> {
        self.open.binary_search_by_key(&offset, |open| open.offset)
    }

    fn held_by(&self, cursor: u32) -> usize {
        let held = self
            .open
            .iter()
            .filter(|open| open.place == Place::Held(cursor));
        held.count()
    }
}

impl Step<'_> {
    /// Delivers messages in the order of the queue for as long as a consumer may take one.
    pub(crate) fn serve(&mut self, topic: TopicId) {
        let index = self.setup.partition(topic, 0) as usize;
        let mut at = 0;
        loop {
            let queue = &self.state.queues[topic.index()];
            let again = queue.open[at..]
                .iter()
                .position(|open| open.place == Place::Queued);
            let offset = match again {
                Some(place) => {
                    at += place + 1;
                    queue.open[at - 1].offset
                }
                None => queue.next,
            };
            let Some(record) = self.state.partitions[index].get(offset as usize) else {
                return;
            };
            let event = record.event;
            let groups = &self.setup.program.topics[topic.index()].groups;
            let handles = |group: u32| {
                let handlers = &groups[group as usize].handlers;
                handlers.iter().any(|(of, _)| *of == event)
            };
            let consumer = self.free_consumer(topic, handles);
            if again.is_none() {
                // Nobody is free for the next one; one that nobody handles waits aside and blocks no other.
                if consumer.is_none() && (0..groups.len() as u32).any(handles) {
                    return;
                }
                self.touch(Part::Turn(topic.0));
                let queue = &mut self.state.queues[topic.index()];
                queue.next += 1;
                queue.open.push(Open {
                    offset,
                    deliveries: 0,
                    place: Place::Queued,
                    timer: None,
                });
                at = queue.open.len();
            }
            if let Some(consumer) = consumer {
                self.hand_out(topic, offset, consumer);
            }
        }
    }

    /// The consumer whose turn it is among those that run, handle the event and hold less than their prefetch.
    fn free_consumer(&self, topic: TopicId, handles: impl Fn(u32) -> bool) -> Option<u32> {
        let consumers = self.setup.consumers(topic);
        let number = consumers.len() as u32;
        let queue = &self.state.queues[topic.index()];
        let prefetch = self.setup.program.topics[topic.index()].queue.prefetch as usize;
        let in_turn = (0..number).map(|step| consumers.start + (queue.turn + step) % number);
        in_turn.into_iter().find(|cursor| {
            handles(self.setup.cursors[*cursor as usize].group)
                && self.consumer_is_up(*cursor)
                && queue.held_by(*cursor) < prefetch
        })
    }

    fn hand_out(&mut self, topic: TopicId, offset: u32, cursor: u32) {
        let setup = self.setup;
        let settings = setup.program.topics[topic.index()].queue;
        let visibility = settings.visibility_us;
        let timer = visibility.map(|us| self.schedule(us, Pending::Return(topic, offset)));
        self.touch(Part::Turn(topic.0));
        let queue = &mut self.state.queues[topic.index()];
        // The one behind the taker begins the next round.
        queue.turn =
            (cursor - setup.consumers(topic).start + 1) % setup.consumers(topic).len() as u32;
        let Some(open) = self.open_mut(topic, offset) else {
            return;
        };
        open.deliveries += 1;
        open.place = Place::Held(cursor);
        open.timer = timer;
        let deliveries = open.deliveries;
        self.send_message(cursor, offset, deliveries);
    }

    /// Sends a consumer of a queue or a subject a message.
    pub(crate) fn send_message(&mut self, cursor: u32, offset: u32, deliveries: u32) {
        let setup = self.setup;
        let spec = setup.cursors[cursor as usize];
        let partition = setup.partition(spec.topic, 0) as usize;
        let Some(record) = self.state.partitions[partition].get(offset as usize) else {
            return;
        };
        let record = Arc::clone(record);
        let epoch = self.state.cursors[cursor as usize].epoch;
        let broker =
            &setup.program.brokers[setup.program.topics[spec.topic.index()].broker.index()];
        let words = [cursor, epoch, offset, deliveries].map(u64::from);
        let travel_key = key(&words) ^ setup.seed;
        let envelope = Envelope {
            from: broker.node,
            to: setup.program.services[spec.service.index()].node,
            kind: MessageKind::Event,
            label: &setup.program.events[record.event.index()].name,
        };
        let travel = Travel {
            key: travel_key,
            purpose: Purpose::Travel,
            ordinal: 0,
            before_us: Draws::new(travel_key, Purpose::Service, 0).delay(broker.latency),
        };
        let (request, cause) = (self.request, self.cause);
        self.request = record.request;
        self.cause = Some(record.appended);
        let content = Content::Record {
            cursor,
            epoch,
            offset,
        };
        self.send(envelope, travel, content);
        (self.request, self.cause) = (request, cause);
    }

    /// A message of a queue reaches its consumer.
    pub(crate) fn take_message(&mut self, cursor: u32, epoch: u32, offset: u32) {
        let topic = self.setup.cursors[cursor as usize].topic;
        if self.state.cursors[cursor as usize].epoch != epoch {
            return;
        }
        let queue = &self.state.queues[topic.index()];
        let Some(open) = queue.find(offset).ok().map(|place| queue.open[place]) else {
            return;
        };
        if open.place == Place::Held(cursor) {
            self.process(cursor, offset, open.deliveries, open.deliveries > 1);
        }
    }

    /// A consumer acknowledges a message, or gives it back.
    pub(crate) fn send_settlement(
        &mut self,
        (cursor, epoch): (u32, u32),
        offset: u32,
        attempt: u32,
        done: bool,
    ) {
        let setup = self.setup;
        let spec = setup.cursors[cursor as usize];
        let topic = &setup.program.topics[spec.topic.index()];
        let envelope = Envelope {
            from: setup.program.services[spec.service.index()].node,
            to: setup.program.brokers[topic.broker.index()].node,
            kind: MessageKind::Acknowledgement,
            label: &topic.name,
        };
        let words = [cursor, epoch, offset, attempt].map(u64::from);
        let travel = Travel {
            key: key(&words) ^ setup.seed,
            purpose: Purpose::Return,
            ordinal: u32::from(done),
            before_us: 0,
        };
        let content = Content::Settle {
            cursor,
            epoch,
            offset,
            attempt,
            done,
        };
        self.send(envelope, travel, content);
    }

    /// A queue takes an acknowledgement or a message back, unless it gave the message to somebody else meanwhile.
    pub(crate) fn take_settlement(
        &mut self,
        (cursor, epoch): (u32, u32),
        offset: u32,
        attempt: u32,
        done: bool,
    ) {
        let topic = self.setup.cursors[cursor as usize].topic;
        let current = self.state.cursors[cursor as usize].epoch == epoch;
        let Some(open) = self.open_mut(topic, offset) else {
            return;
        };
        if !current || open.place != Place::Held(cursor) || open.deliveries != attempt {
            return;
        }
        if done {
            self.close_message(topic, offset, Settlement::Acknowledged);
        } else {
            self.give_up(topic, offset, true);
        }
        self.serve(topic);
    }

    /// A consumer gave a message back or lost it: it stands in the queue again, or rests, or was tried too often.
    fn give_up(&mut self, topic: TopicId, offset: u32, rests: bool) {
        let failing = self.setup.program.topics[topic.index()].queue.failing;
        let Some(open) = self.open_mut(topic, offset) else {
            return;
        };
        let (timer, deliveries) = (open.timer.take(), open.deliveries);
        if let Some(timer) = timer {
            self.unschedule(timer);
        }
        if failing.attempts.is_some_and(|limit| deliveries >= limit) {
            self.close_message(topic, offset, Settlement::DeadLettered);
            return;
        }
        let timer = rests.then(|| {
            let pause = pause_us(&failing, deliveries);
            self.schedule(pause, Pending::Return(topic, offset))
        });
        if let Some(open) = self.open_mut(topic, offset) {
            open.place = if rests { Place::Resting } else { Place::Queued };
            open.timer = timer;
        }
        self.emit(|| Fact::Settled {
            topic,
            partition: 0,
            offset,
            settlement: Settlement::Returned,
        });
    }

    /// A message leaves its queue.
    fn close_message(&mut self, topic: TopicId, offset: u32, settlement: Settlement) {
        self.touch(Part::Turn(topic.0));
        let queue = &mut self.state.queues[topic.index()];
        let Ok(place) = queue.find(offset) else {
            return;
        };
        if let Some(timer) = queue.open.remove(place).timer {
            self.unschedule(timer);
        }
        if settlement != Settlement::Acknowledged {
            let to = self.setup.program.topics[topic.index()]
                .queue
                .failing
                .dead_letter;
            return self.bury(topic, (0, offset), to);
        }
        self.emit(|| Fact::Settled {
            topic,
            partition: 0,
            offset,
            settlement,
        });
        self.state.effects += 1;
    }

    /// Moves a message to the dead letters, or drops it if there are none. It keeps its message id.
    pub(crate) fn bury(
        &mut self,
        topic: TopicId,
        (partition, offset): (u32, u32),
        to: Option<TopicId>,
    ) {
        let settlement = match to {
            Some(_) => Settlement::DeadLettered,
            None => Settlement::Dropped,
        };
        self.emit(|| Fact::Settled {
            topic,
            partition,
            offset,
            settlement,
        });
        self.state.effects += 1;
        let index = self.setup.partition(topic, partition) as usize;
        let record = self.state.partitions[index].get(offset as usize).cloned();
        if let (Some(to), Some(record)) = (to, record) {
            let partition = self.partition_for(to, &record);
            self.append(to, partition, record);
        }
    }

    /// A pause or a visibility timeout is over, or a consumer was silent for too long.
    pub(crate) fn take_back(&mut self, topic: TopicId, offset: u32) {
        let Some(open) = self.open_mut(topic, offset) else {
            return;
        };
        open.timer = None;
        match open.place {
            Place::Held(_) => self.give_up(topic, offset, false),
            Place::Resting => open.place = Place::Queued,
            Place::Queued => {}
        }
        self.serve(topic);
    }

    /// A delivery or an acknowledgement was lost: the broker takes the message back when it notices the silence.
    pub(crate) fn return_later(&mut self, cursor: u32, offset: u32) {
        let topic = self.setup.cursors[cursor as usize].topic;
        let Some(open) = self.open_mut(topic, offset) else {
            return;
        };
        if open.place != Place::Held(cursor) || open.timer.is_some() {
            return;
        }
        let timer = self.schedule(POLL_AFTER_US, Pending::Return(topic, offset));
        if let Some(open) = self.open_mut(topic, offset) {
            open.timer = Some(timer);
        }
    }

    /// A consumer goes down: what it held stands in the queue again.
    pub(crate) fn leave_queue(&mut self, cursor: u32) {
        let topic = self.setup.cursors[cursor as usize].topic;
        self.cursor_mut(cursor).epoch += 1;
        let queue = &self.state.queues[topic.index()];
        let held = queue
            .open
            .iter()
            .filter(|open| open.place == Place::Held(cursor));
        for offset in held.map(|open| open.offset).collect::<Vec<_>>() {
            self.give_up(topic, offset, false);
        }
        if self.kind_of_cursor(cursor) == BrokerKind::Queue {
            self.serve(topic);
        }
    }

    /// What kind of broker a consumer reads.
    pub(crate) fn kind_of_cursor(&self, cursor: u32) -> BrokerKind {
        self.setup
            .kind_of(self.setup.cursors[cursor as usize].topic)
    }

    /// A delivered message of a queue, to change.
    pub(crate) fn open_mut(&mut self, topic: TopicId, offset: u32) -> Option<&mut Open> {
        self.touch(Part::Turn(topic.0));
        let queue = &mut self.state.queues[topic.index()];
        let place = queue.find(offset).ok()?;
        queue.open.get_mut(place)
    }
}
