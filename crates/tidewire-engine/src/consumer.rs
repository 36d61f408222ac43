//! Consumer groups: a partition is read by one instance of a service, one record after the other; what is
//! committed is the next to read. Committing after processing gives duplicates, before gives loss.

use std::sync::Arc;

use tidewire_scenario::{BrokerKind, Failing, NodeId, ServiceId};
use tidewire_store::Value;

use crate::action::Pending;
use crate::crash::is;
use crate::draw::{Draws, Purpose, key};
use crate::interpret::set;
use crate::message::Content;
use crate::network::{Envelope, Travel};
use crate::observation::{Fact, MessageKind};
use crate::service::Start;
use crate::step::Step;
use crate::work::Origin;
use tidewire_scenario::implicit;

/// The longest pause between two attempts.
const MAX_RETRY_US: u64 = 10_000_000;

/// Pause before the attempt behind this one: it doubles.
pub(crate) fn pause_us(failing: &Failing, attempt: u32) -> u64 {
    let pause = failing
        .backoff_us
        .saturating_mul(1 << (attempt.max(1) - 1).min(20));
    pause.min(MAX_RETRY_US)
}

impl Step<'_> {
    /// Sends the record that a consumer waits for, if it is there. Events that the group has no handler for
    /// are passed over.
    pub(crate) fn send_next(&mut self, index: u32) {
        let setup = self.setup;
        let spec = setup.cursors[index as usize];
        let Some(mut offset) = self.state.cursors[index as usize].fetch else {
            return;
        };
        let topic = &setup.program.topics[spec.topic.index()];
        let group = &topic.groups[spec.group as usize];
        let records = &self.state.partitions[setup.partition(spec.topic, spec.partition) as usize];
        let wanted = loop {
            match records.get(offset as usize) {
                Some(record)
                    if group
                        .handlers
                        .iter()
                        .any(|(event, _)| *event == record.event) =>
                {
                    break Some(Arc::clone(record));
                }
                Some(_) => offset += 1,
                None => break None,
            }
        };
        let Some(record) = wanted else {
            self.cursor_mut(index).fetch = Some(offset);
            return;
        };
        let cursor = self.cursor_mut(index);
        cursor.fetch = None;
        let epoch = cursor.epoch;
        let travel_key = key(&[u64::from(index), u64::from(epoch), u64::from(offset)]);
        let broker = &setup.program.brokers[topic.broker.index()];
        let before_us =
            Draws::new(travel_key ^ setup.seed, Purpose::Service, 0).delay(broker.latency);
        let envelope = Envelope {
            from: broker.node,
            to: setup.program.services[spec.service.index()].node,
            kind: MessageKind::Event,
            label: &setup.program.events[record.event.index()].name,
        };
        let travel = Travel {
            key: travel_key ^ setup.seed,
            purpose: Purpose::Travel,
            ordinal: 0,
            before_us,
        };
        let (request, cause) = (self.request, self.cause);
        self.request = record.request;
        self.cause = Some(record.appended);
        let content = Content::Record {
            cursor: index,
            epoch,
            offset,
        };
        self.send(envelope, travel, content);
        (self.request, self.cause) = (request, cause);
    }

    /// A record reaches its consumer.
    pub(crate) fn take_record(&mut self, index: u32, epoch: u32, offset: u32) {
        let spec = self.setup.cursors[index as usize];
        match self.setup.kind_of(spec.topic) {
            BrokerKind::Queue => return self.take_message(index, epoch, offset),
            BrokerKind::PubSub => return self.hear(index, epoch, offset),
            BrokerKind::Log => {}
        }
        let group = &self.setup.program.topics[spec.topic.index()].groups[spec.group as usize];
        let cursor = self.cursor_mut(index);
        if cursor.epoch != epoch || cursor.processing.is_some() || offset < cursor.position {
            return;
        }
        cursor.position = offset + 1;
        cursor.processing = Some((offset, 1));
        let redelivered = offset < cursor.sent;
        cursor.sent = cursor.sent.max(offset + 1);
        if group.commit_before {
            self.send_offset(index, Some(offset + 1), None);
        }
        self.process(index, offset, 1, redelivered);
    }

    /// Starts the handler of a record.
    pub(crate) fn process(&mut self, index: u32, offset: u32, attempt: u32, redelivered: bool) {
        let setup = self.setup;
        let spec = setup.cursors[index as usize];
        let epoch = self.state.cursors[index as usize].epoch;
        let partition = setup.partition(spec.topic, spec.partition);
        let Some(record) = self.state.partitions[partition as usize].get(offset as usize) else {
            return;
        };
        let record = Arc::clone(record);
        let group = &setup.program.topics[spec.topic.index()].groups[spec.group as usize];
        let of_event = group
            .handlers
            .iter()
            .find(|(event, _)| *event == record.event);
        let Some((_, handler)) = of_event else {
            return;
        };
        self.request = record.request;
        let mut identity = tidewire_store::hash::StableHasher::default();
        identity.word(setup.handler_keys[handler.index()]);
        identity.bytes(record.message.as_bytes());
        identity.word((u64::from(epoch) << 32) | u64::from(attempt));
        let request_id = record.request.map_or(Value::Null, |request| {
            let name = &setup.program.clients[request.client.index()].name;
            Value::Text(Arc::from(format!(
                "{name}-{}",
                u64::from(request.ordinal) + 1
            )))
        });
        let slot = self.create_work(Start {
            handler: *handler,
            place: Some((spec.service, spec.instance)),
            origin: Origin::Record {
                cursor: index,
                epoch,
                offset,
                attempt,
            },
            request: record.request,
            identity: identity.finish() as u64,
            request_id,
            attempt,
        });
        let fields = &setup.fields[handler.index()];
        let parameters = &setup.program.handlers[handler.index()].parameters;
        if let Some(work) = self.state.works.get_mut(slot) {
            set(
                work,
                implicit::MESSAGE_ID,
                Value::Text(Arc::clone(&record.message)),
            );
            set(
                work,
                implicit::PARTITION,
                Value::Integer(spec.partition.into()),
            );
            set(work, implicit::OFFSET, Value::Integer(offset.into()));
            set(
                work,
                implicit::REDELIVERED,
                Value::Boolean(redelivered || attempt > 1),
            );
            for ((parameter, _, _), field) in parameters.iter().zip(fields) {
                let value = field.and_then(|field| record.fields.get(field)).cloned();
                set(work, *parameter, value.unwrap_or_default());
            }
        }
        self.enqueue(slot);
    }

    /// The handler of a record ended. After a failure it is tried again, as often as the group says, and blocks
    /// its partition meanwhile; a record whose offset was committed before is lost instead.
    pub(crate) fn end_record(
        &mut self,
        (index, epoch): (u32, u32),
        offset: u32,
        attempt: u32,
        failed: bool,
    ) {
        let spec = self.setup.cursors[index as usize];
        match self.setup.kind_of(spec.topic) {
            BrokerKind::Queue => {
                return self.send_settlement((index, epoch), offset, attempt, !failed);
            }
            BrokerKind::PubSub => return,
            BrokerKind::Log => {}
        }
        let group = &self.setup.program.topics[spec.topic.index()].groups[spec.group as usize];
        let cursor = self.cursor_mut(index);
        if cursor.epoch != epoch {
            return;
        }
        let Some((_, attempts)) = cursor.processing else {
            return;
        };
        let last = group
            .failing
            .attempts
            .is_some_and(|limit| attempts >= limit);
        if failed && !group.commit_before && !last {
            cursor.processing = Some((offset, attempts.saturating_add(1)));
            let pause = pause_us(&group.failing, attempts);
            let retry = self.schedule(pause, Pending::Redeliver(index));
            self.cursor_mut(index).retry = Some(retry);
            return;
        }
        cursor.processing = None;
        cursor.dead = failed && !group.commit_before;
        let commit = (!group.commit_before).then_some(offset + 1);
        self.send_offset(index, commit, Some(offset + 1));
    }

    /// A failed record is tried again.
    pub(crate) fn redeliver(&mut self, index: u32) {
        let spec = self.setup.cursors[index as usize];
        let up = self.consumer_is_up(index);
        let cursor = self.cursor_mut(index);
        cursor.retry = None;
        if let (Some((offset, attempt)), true) = (cursor.processing, up) {
            let partition = self.setup.partition(spec.topic, spec.partition);
            let record = self.state.partitions[partition as usize].get(offset as usize);
            self.cause = record.map(|record| record.appended);
            self.process(index, offset, attempt, true);
        }
    }

    /// A consumer commits an offset, asks for the next record, or both.
    pub(crate) fn send_offset(&mut self, index: u32, commit: Option<u32>, fetch: Option<u32>) {
        let setup = self.setup;
        let spec = setup.cursors[index as usize];
        let topic = &setup.program.topics[spec.topic.index()];
        let cursor = self.cursor_mut(index);
        if commit.is_some() {
            cursor.unconfirmed = commit;
        }
        let dead = cursor.dead && commit.is_some();
        let epoch = cursor.epoch;
        let position = u64::from(cursor.position);
        let (from, to): (NodeId, NodeId) = (
            setup.program.services[spec.service.index()].node,
            setup.program.brokers[topic.broker.index()].node,
        );
        let envelope = Envelope {
            from,
            to,
            kind: MessageKind::Acknowledgement,
            label: &topic.name,
        };
        let travel = Travel {
            key: key(&[setup.seed, u64::from(index), u64::from(epoch), position]),
            purpose: Purpose::Return,
            ordinal: u32::from(fetch.is_some()),
            before_us: 0,
        };
        let content = Content::Offset {
            cursor: index,
            epoch,
            commit,
            fetch,
            dead,
        };
        self.send(envelope, travel, content);
    }

    /// A broker takes an offset, a request for the next record, or both; not from a former member.
    pub(crate) fn take_offset(
        &mut self,
        index: u32,
        epoch: u32,
        (commit, dead): (Option<u32>, bool),
        fetch: Option<u32>,
    ) {
        let spec = self.setup.cursors[index as usize];
        let cursor = self.cursor_mut(index);
        if cursor.epoch != epoch {
            return;
        }
        if let Some(offset) = commit.filter(|offset| *offset > cursor.committed) {
            cursor.committed = offset;
            self.emit(|| Fact::OffsetCommitted {
                topic: spec.topic,
                partition: spec.partition,
                group: spec.group,
                offset,
            });
            self.state.effects += 1;
            if dead {
                let group =
                    &self.setup.program.topics[spec.topic.index()].groups[spec.group as usize];
                let to = group.failing.dead_letter;
                self.bury(spec.topic, (spec.partition, offset - 1), to);
            }
        }
        let cursor = self.cursor_mut(index);
        if cursor.unconfirmed <= Some(cursor.committed) {
            cursor.unconfirmed = None;
            cursor.dead = false;
        }
        if fetch.is_some() {
            // A repeated request may arrive behind a newer one.
            cursor.fetch = cursor.fetch.max(fetch);
            self.send_next(index);
        }
    }

    /// A consumer has heard nothing for a while: it commits again what was not confirmed, and asks again.
    pub(crate) fn poll(&mut self, index: u32) {
        let cursor = &self.state.cursors[index as usize];
        if !self.consumer_is_up(index) || cursor.fetch.is_some() {
            return;
        }
        let (commit, position) = (cursor.unconfirmed, cursor.position);
        let fetch = cursor.processing.is_none().then_some(position);
        if commit.is_some() || fetch.is_some() {
            self.send_offset(index, commit, fetch);
        }
    }

    /// The consumers of a crashed service leave their groups; what they had not committed will come again.
    pub(crate) fn leave_groups(&mut self, service: ServiceId, only: Option<u32>) {
        for index in self.cursors_of(service, only) {
            if self.kind_of_cursor(index) != BrokerKind::Log {
                self.leave_queue(index);
                continue;
            }
            let cursor = self.cursor_mut(index);
            cursor.epoch += 1;
            cursor.dead = false;
            cursor.fetch = None;
            cursor.processing = None;
            cursor.unconfirmed = None;
            cursor.position = cursor.committed;
            if let Some(retry) = cursor.retry.take() {
                self.unschedule(retry);
            }
        }
    }

    /// The consumers of a restarted service read from what was committed.
    pub(crate) fn join_groups(&mut self, service: ServiceId, only: Option<u32>) {
        for index in self.cursors_of(service, only) {
            if !self.consumer_is_up(index) {
                continue;
            }
            match self.kind_of_cursor(index) {
                BrokerKind::Queue => {
                    self.serve(self.setup.cursors[index as usize].topic);
                    continue;
                }
                BrokerKind::PubSub => continue,
                BrokerKind::Log => {}
            }
            let cursor = self.cursor_mut(index);
            cursor.position = cursor.committed;
            let position = cursor.position;
            self.send_offset(index, None, Some(position));
        }
    }

    /// Whether the instance that reads a partition runs.
    pub(crate) fn consumer_is_up(&self, index: u32) -> bool {
        let spec = self.setup.cursors[index as usize];
        self.state
            .instance_is_up(self.setup, spec.service, spec.instance)
    }

    fn cursors_of(&self, service: ServiceId, only: Option<u32>) -> Vec<u32> {
        let cursors = (0u32..).zip(&self.setup.cursors);
        cursors
            .filter(|(_, spec)| spec.service == service && is(only, spec.instance))
            .map(|(index, _)| index)
            .collect()
    }
}
