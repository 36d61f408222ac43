//! Messages travel: sending, arrival, loss, refusal. What they do on arrival is with the receivers.

use std::sync::Arc;

use tidewire_scenario::{BrokerKind, NodeId};
use tidewire_store::SqlError;

use crate::action::Pending;
use crate::draw::{Draws, HOP, Purpose, key};
use crate::message::{Content, Message};
use crate::observation::{DeliveryId, Fact, MessageKind};
use crate::step::Step;
use crate::work::Failure;

/// A consumer that hears nothing asks again after this long.
pub(crate) const POLL_AFTER_US: u64 = 500_000;

/// Who sends what to whom.
#[derive(Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) kind: MessageKind,
    pub(crate) label: &'a Arc<str>,
}

/// How long a message takes: time at the sender, then one hop drawn for this key and ordinal.
#[derive(Clone, Copy)]
pub(crate) struct Travel {
    pub(crate) key: u64,
    pub(crate) purpose: Purpose,
    pub(crate) ordinal: u32,
    pub(crate) before_us: u64,
}

impl Step<'_> {
    /// Sends a message and says in which slot it travels.
    pub(crate) fn send(&mut self, envelope: Envelope<'_>, travel: Travel, content: Content) -> u32 {
        let hop = Draws::new(travel.key, travel.purpose, u64::from(travel.ordinal)).delay(HOP);
        let delay_us = travel.before_us.saturating_add(hop);
        let lineage = key(&[travel.key, travel.purpose as u64, u64::from(travel.ordinal)]);
        if !self.state.strikes.is_empty() {
            return self.send_struck(&envelope, (delay_us, lineage), content);
        }
        self.launch(&envelope, (delay_us, lineage), false, content)
    }

    /// Lets a message leave that arrives so much later; one that is doomed is lost on its way.
    pub(crate) fn launch(
        &mut self,
        envelope: &Envelope<'_>,
        (delay_us, lineage): (u64, u64),
        doomed: bool,
        content: Content,
    ) -> u32 {
        let Envelope {
            from,
            to,
            kind,
            label,
        } = *envelope;
        let delivery = DeliveryId(self.state.deliveries);
        self.state.deliveries += 1;
        let arrives_us = self.state.now_us.saturating_add(delay_us);
        let sent = self.emit(|| Fact::Sent {
            delivery,
            kind,
            from,
            to,
            arrives_us,
            label: Arc::clone(label),
        });
        let slot = self.state.messages.insert(Message {
            delivery,
            from,
            to,
            request: self.request,
            lineage,
            sent,
            arrival: crate::schedule::Ticket::default(),
            doomed: doomed || self.state.is_closed(from, to),
            content,
        });
        let arrival = self.schedule(delay_us, Pending::Deliver(slot));
        if let Some(message) = self.state.messages.get_mut(slot) {
            message.arrival = arrival;
        }
        slot
    }

    /// A message reaches the place where its receiver should be.
    pub(crate) fn deliver(&mut self, slot: u32) {
        let Some(message) = self.state.messages.remove(slot) else {
            return;
        };
        self.request = message.request;
        self.cause = Some(message.sent);
        if message.doomed || self.state.is_closed(message.from, message.to) {
            self.lose(message);
        } else if !self.listens(&message) {
            self.refuse(message);
        } else {
            let delivery = message.delivery;
            self.chain(|| Fact::Delivered(delivery));
            self.receive(message);
        }
    }

    fn receive(&mut self, message: Message) {
        match message.content {
            Content::Call(call) => self.accept_call(message.from, message.to, *call),
            Content::Reply {
                caller,
                effect,
                result,
            } => self.take_reply(caller, effect, result),
            Content::Statement(statement) => self.take_statement(statement),
            Content::Answer {
                work,
                effect,
                result,
                link,
                in_transaction,
            } => self.take_answer(work, effect, result, link, in_transaction),
            Content::Cleanup {
                database,
                pool,
                link,
                identity,
            } => self.clean_up(database, pool, link, identity),
            Content::Cleaned { pool, link } => self.give_back(pool, link),
            Content::Publish {
                producer,
                effect,
                identity,
                topic,
                record,
            } => self.accept_record(producer, effect, identity, topic, record),
            Content::Published {
                producer,
                effect,
                result,
            } => self.take_acknowledgement(producer, effect, result),
            Content::Record {
                cursor,
                epoch,
                offset,
            } => self.take_record(cursor, epoch, offset),
            Content::Offset {
                cursor,
                epoch,
                commit,
                fetch,
                dead,
            } => self.take_offset(cursor, epoch, (commit, dead), fetch),
            Content::Settle {
                cursor,
                epoch,
                offset,
                attempt,
                done,
            } => self.take_settlement((cursor, epoch), offset, attempt, done),
        }
    }

    /// Nobody is told that a message was lost; some notice the silence.
    pub(crate) fn lose(&mut self, message: Message) {
        let delivery = message.delivery;
        self.chain(|| Fact::Lost(delivery));
        match message.content {
            Content::Record { cursor, offset, .. } | Content::Settle { cursor, offset, .. }
                if self.kind_of_cursor(cursor) != BrokerKind::Log =>
            {
                self.return_later(cursor, offset);
            }
            Content::Record { cursor, epoch, .. } | Content::Offset { cursor, epoch, .. } => {
                self.poll_later(cursor, epoch);
            }
            Content::Cleanup { pool, .. } | Content::Cleaned { pool, .. } => {
                self.discard_later(pool);
            }
            Content::Statement(statement) => {
                self.statement_arrived(statement.sender, statement.effect)
            }
            _ => {}
        }
    }

    /// The machine is there, but nothing listens: the sender hears so after one more hop.
    fn refuse(&mut self, message: Message) {
        let delivery = message.delivery;
        let (from, to) = (message.to, message.from);
        match message.content {
            Content::Call(call) => {
                self.chain(|| Fact::Lost(delivery));
                let label = Arc::clone(&self.setup.program.handlers[call.handler.index()].name);
                let content = Content::Reply {
                    caller: call.caller,
                    effect: call.effect,
                    result: Err(Failure::unavailable()),
                };
                self.send_refusal(from, to, &label, call.identity, content);
            }
            Content::Statement(statement) => {
                self.chain(|| Fact::Lost(delivery));
                let error =
                    SqlError::new(b"08001", "connection refused: the database is not running");
                let text = &self.setup.program.statements[statement.sql.statement.index()].text;
                let content = Content::Answer {
                    work: statement.sender,
                    effect: statement.effect,
                    result: Err(error),
                    link: None,
                    in_transaction: false,
                };
                self.send_refusal(from, to, text, statement.identity, content);
            }
            Content::Publish {
                producer,
                effect,
                identity,
                ref record,
                ..
            } => {
                self.chain(|| Fact::Lost(delivery));
                let label = &self.setup.program.events[record.event.index()].name;
                let content = Content::Published {
                    producer,
                    effect,
                    result: Err(Failure::unavailable()),
                };
                self.send_refusal(from, to, label, identity, content);
            }
            _ => self.lose(message),
        }
    }

    /// Tells a sender that its message was refused, or that its receiver went down.
    pub(crate) fn send_refusal(
        &mut self,
        from: NodeId,
        to: NodeId,
        label: &Arc<str>,
        key: u64,
        content: Content,
    ) {
        let envelope = Envelope {
            from,
            to,
            kind: MessageKind::Failure,
            label,
        };
        let travel = Travel {
            key,
            purpose: Purpose::Return,
            ordinal: u32::MAX,
            before_us: 0,
        };
        self.send(envelope, travel, content);
    }

    /// A consumer will notice the silence and ask again.
    pub(crate) fn poll_later(&mut self, cursor: u32, epoch: u32) {
        if self.state.cursors[cursor as usize].epoch == epoch {
            self.schedule(POLL_AFTER_US, Pending::Poll(cursor));
        }
    }

    /// A pool will give up a connection whose clean-up never came back.
    pub(crate) fn discard_later(&mut self, pool: u32) {
        let service = self.setup.pools[pool as usize].service;
        let timeout = self.setup.program.services[service.index()].timeout_us;
        self.schedule(timeout, Pending::Discard(pool));
    }
}
