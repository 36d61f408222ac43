//! Logs: producing, appending, acknowledging. Consumers and their offsets are in `consumer`.

use std::sync::Arc;

use tidewire_scenario::{BrokerKind, PublishRow, PublishSite, SlotId, TopicId};
use tidewire_store::hash::StableHasher;
use tidewire_store::{SqlError, Value};

use crate::action::Pending;
use crate::choice::ChoiceKind;
use crate::draw::{Draws, Purpose, key};
use crate::fingerprint::Part;
use crate::interpret::{clock, evaluate};
use crate::message::{Content, Record};
use crate::network::{Envelope, Travel};
use crate::observation::{Fact, MessageKind};
use crate::step::Step;
use crate::work::{Failure, Status, Work, WorkRef};

/// Bits of a message id: 12 hexadecimal digits.
const MESSAGE_ID_BITS: u64 = (1 << 48) - 1;

impl<'a> Step<'a> {
    /// `publish E(…) to T`: the message gets an id of its own, every time.
    pub(crate) fn publish(&mut self, slot: u32, site: &'a PublishSite) {
        let now_us = self.clock_of(slot);
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        match record_of(work, site, now_us) {
            Ok(record) => self.send_record(slot, site.topic, record),
            Err(error) => self.fail(slot, Failure::sql(&error)),
        }
    }

    /// A relay publishes what a row says; the row's id stays the message's id, however often it is sent.
    pub(crate) fn publish_row(&mut self, slot: u32, row: &'a PublishRow) {
        let now_us = self.clock_of(slot);
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let text = |slot: SlotId| work.frame.get(slot.index()).map(Value::to_string);
        let (topic, event) = (text(row.topic), text(row.event));
        let topic = setup.topic_named(topic.as_deref().unwrap_or_default());
        let event = setup.event_named(event.as_deref().unwrap_or_default());
        let (Some(topic), Some(event)) = (topic, event) else {
            return self.fail(slot, Failure::technical("UnknownTopicOrEvent"));
        };
        let id = work.frame.get(row.id.index()).cloned().unwrap_or_default();
        let payload = work.frame.get(row.payload.index()).cloned();
        let fields = setup.payloads[event.index()].fields(payload.unwrap_or_default(), now_us);
        let record = fields.map(|fields| Record {
            event,
            fields,
            key: work.frame.get(row.key.index()).and_then(key_text),
            message: Arc::from(id.to_string()),
            request: work.request,
            appended: 0,
        });
        match record {
            Ok(record) => self.send_row(slot, topic, record, &id),
            Err(error) => self.fail(slot, Failure::sql(&error)),
        }
    }

    /// What a relay sends belongs to the request that wrote the row.
    fn send_row(&mut self, slot: u32, topic: TopicId, mut record: Record, id: &Value) {
        let work = self.state.works.get(slot);
        if let Some(author) = work.and_then(|work| self.author(work, id)) {
            record.request = author.request;
            self.request = author.request;
            self.cause = Some(author.inserted);
        }
        self.send_record(slot, topic, record);
    }

    fn send_record(&mut self, slot: u32, topic: TopicId, record: Record) {
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let effect = work.effects;
        work.effects += 1;
        work.status = Status::Publishing { effect };
        let (identity, node, place) = (work.identity, work.node, work.place);
        let producer = work.reference(slot);
        let broker = &setup.program.brokers[setup.program.topics[topic.index()].broker.index()];
        let event = &setup.program.events[record.event.index()];
        let before_us =
            Draws::new(identity, Purpose::Service, u64::from(effect)).delay(broker.latency);
        let envelope = Envelope {
            from: node,
            to: broker.node,
            kind: MessageKind::Event,
            label: &event.name,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Travel,
            ordinal: effect,
            before_us,
        };
        let content = Content::Publish {
            producer,
            effect,
            identity,
            topic,
            record: Arc::new(record),
        };
        self.send(envelope, travel, content);
        let timeout_us = place.map_or(u64::MAX, |(service, _)| {
            setup.program.services[service.index()].timeout_us
        });
        let timer = self.schedule(timeout_us, Pending::Timeout(slot));
        self.set_timer(slot, Some(timer));
    }

    /// A record reaches its broker: it is appended, and the producer hears so.
    pub(crate) fn accept_record(
        &mut self,
        producer: WorkRef,
        effect: u32,
        identity: u64,
        topic: TopicId,
        record: Arc<Record>,
    ) {
        let event = record.event;
        let partition = self.partition_for(topic, &record);
        self.append(topic, partition, record);
        let setup = self.setup;
        let Some(to) = self.work(producer).map(|work| work.node) else {
            return;
        };
        let broker = &setup.program.brokers[setup.program.topics[topic.index()].broker.index()];
        let envelope = Envelope {
            from: broker.node,
            to,
            kind: MessageKind::Acknowledgement,
            label: &setup.program.events[event.index()].name,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Return,
            ordinal: effect,
            before_us: 0,
        };
        let content = Content::Published {
            producer,
            effect,
            result: Ok(()),
        };
        self.send(envelope, travel, content);
    }

    /// By the key's hash; without a key partitions take turns, or chance decides.
    pub(crate) fn partition_for(&mut self, topic: TopicId, record: &Record) -> u32 {
        let partitions = self.setup.program.topics[topic.index()].partitions.max(1);
        match &record.key {
            Some(text) => {
                let mut hasher = StableHasher::default();
                hasher.bytes(text.as_bytes());
                (hasher.finish() % u128::from(partitions)) as u32
            }
            None => {
                let skipped = self
                    .chooser
                    .choose(ChoiceKind::KeylessPartition, partitions);
                let turn = &mut self.state.turns[topic.index()];
                let partition = (*turn + skipped) % partitions;
                *turn = (*turn + 1) % partitions;
                self.touch(Part::Turn(topic.0));
                partition
            }
        }
    }

    pub(crate) fn append(&mut self, topic: TopicId, partition: u32, mut record: Arc<Record>) {
        let index = self.setup.partition(topic, partition);
        self.touch(Part::Partition(index));
        let offset = self.state.partitions[index as usize].len() as u32;
        let event = record.event;
        let (setup, message) = (self.setup, Arc::clone(&record.message));
        let shown = Arc::clone(&record);
        let appended = self.chain(|| Fact::Appended {
            topic,
            partition,
            offset,
            message,
            label: setup.label_of(&shown).into(),
        });
        Arc::make_mut(&mut record).appended = appended;
        self.state.partitions[index as usize].push_back_mut(record);
        self.state.effects += 1;
        self.state.appended[event.index()] += 1;
        self.trigger_after_event(event);
        match setup.kind_of(topic) {
            BrokerKind::Log => {
                for group in 0..setup.program.topics[topic.index()].groups.len() as u32 {
                    self.send_next(setup.cursor(topic, partition, group));
                }
            }
            BrokerKind::Queue => self.serve(topic),
            BrokerKind::PubSub => self.announce(topic, offset),
        }
        self.cause = Some(appended);
    }

    /// A broker's acknowledgement, or refusal, arrives.
    pub(crate) fn take_acknowledgement(
        &mut self,
        producer: WorkRef,
        effect: u32,
        result: Result<(), Failure>,
    ) {
        let waits = self
            .work(producer)
            .is_some_and(|work| work.status == Status::Publishing { effect });
        if !waits {
            return;
        }
        self.set_timer(producer.slot, None);
        let cause = self.cause;
        match result {
            Ok(()) => self.proceed(producer.slot, cause.unwrap_or_default()),
            Err(failure) => self.fail(producer.slot, failure),
        }
    }
}

fn record_of(work: &Work, site: &PublishSite, now_us: u64) -> Result<Record, SqlError> {
    let fields = site.fields.iter();
    let fields = fields
        .map(|scalar| evaluate(work, scalar, now_us))
        .collect::<Result<Vec<_>, _>>()?;
    let key_value = match &site.key {
        Some(scalar) => Some(scalar.evaluate(&work.frame, clock(now_us))?),
        None => None,
    };
    let id = key(&[work.identity, u64::from(work.effects)]) & MESSAGE_ID_BITS;
    Ok(Record {
        event: site.event,
        fields,
        key: key_value.as_ref().and_then(key_text),
        message: Arc::from(format!("{id:012x}")),
        request: work.request,
        appended: 0,
    })
}

/// A key as text; null is no key.
fn key_text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(Arc::clone(text)),
        other => Some(Arc::from(other.to_string())),
    }
}
