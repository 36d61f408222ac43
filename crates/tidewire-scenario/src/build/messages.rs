//! Event types, brokers and their topics.

use tidewire_store::Type;
use tidewire_syntax::ast::sql::TypeKind;
use tidewire_syntax::ast::{self, BrokerMember, Field, ItemKind};
use tidewire_syntax::{Name, Span};

use super::{Builder, quantities};
use crate::limits;
use crate::{
    Broker, BrokerId, BrokerKind, EventId, EventType, Failing, NodeId, NodeKind, QueueSettings,
    Topic, TopicId, defaults,
};

/// Kinds of brokers that the language knows.
const KINDS: [&str; 3] = ["log", "queue", "pubsub"];

impl Builder<'_> {
    /// Declares the event types.
    pub(super) fn events(&mut self) {
        for block in self.blocks {
            let ItemKind::Event(event) = &block.item.kind else {
                continue;
            };
            let fields = self.fields(&event.fields);
            let id = EventId(self.program.events.len() as u32);
            self.events.insert(event.name.key(), id);
            self.program.events.push(EventType {
                name: event.name.text.clone(),
                fields: fields
                    .into_iter()
                    .map(|(name, data_type)| (name.text, data_type))
                    .collect(),
            });
        }
    }

    /// Fields of an event or parameters of a command, each name once.
    pub(super) fn fields(&mut self, written: &[Field]) -> Vec<(Name, Type)> {
        let mut fields: Vec<(Name, Type)> = Vec::new();
        for field in written {
            if matches!(field.data_type.kind, TypeKind::Serial | TypeKind::BigSerial) {
                self.report.error(
                    "type-mismatch",
                    field.data_type.span,
                    "serial is for columns: it numbers rows by itself",
                    "write int or bigint",
                );
            }
            if fields
                .iter()
                .any(|(name, _)| name.key() == field.name.key())
            {
                self.report.error(
                    "duplicate-name",
                    field.name.span,
                    format!("{} is written twice", field.name),
                    "give each its own name",
                );
                continue;
            }
            fields.push((field.name.clone(), Type::of(field.data_type.kind)));
        }
        fields
    }

    /// Builds the brokers with their topics.
    pub(super) fn brokers(&mut self) {
        for (node, kind, block) in self.blocks_with_nodes() {
            if let (NodeKind::Broker(id), ItemKind::Broker(broker)) = (kind, &block.item.kind) {
                self.broker(node, id, broker, block.item.span);
            }
        }
        self.dead_letters();
        let number = self.program.topics.len();
        let span = self
            .program
            .nodes
            .first()
            .map_or(Span::default(), |node| node.span);
        limits::count(&mut self.report, "topics", span, number, limits::TOPICS);
    }

    fn broker(&mut self, node: NodeId, id: BrokerId, broker: &ast::Broker, span: Span) {
        self.check_kind(
            "broker",
            &broker.name,
            broker.kind.as_ref(),
            (&KINDS, 3),
            span,
        );
        let kind = match broker.kind.as_ref().map(Name::key).as_deref() {
            Some("queue") => BrokerKind::Queue,
            Some("pubsub") => BrokerKind::PubSub,
            _ => BrokerKind::Log,
        };
        let mut latency = defaults::BROKER_LATENCY;
        let mut topics = Vec::new();
        for member in &broker.members {
            match &member.kind {
                BrokerMember::Latency(written) => {
                    latency = quantities::delay(&mut self.report, written);
                }
                BrokerMember::Topic { name, partitions } => {
                    self.check_member(broker, kind, BrokerKind::Log, member.span);
                    let queue = self.queue_settings(None);
                    topics.extend(self.declare_topic(id, name, (*partitions, queue), member.span));
                }
                BrokerMember::Queue(queue) => {
                    self.check_member(broker, kind, BrokerKind::Queue, member.span);
                    let settings = self.queue_settings(Some(queue));
                    topics.extend(self.declare_topic(
                        id,
                        &queue.name,
                        (None, settings),
                        member.span,
                    ));
                }
                BrokerMember::Subject(name) => {
                    self.check_member(broker, kind, BrokerKind::PubSub, member.span);
                    let queue = self.queue_settings(None);
                    topics.extend(self.declare_topic(id, name, (None, queue), member.span));
                }
                BrokerMember::Without(_) => {}
            }
        }
        self.program.brokers.push(Broker {
            node,
            name: broker.name.text.clone(),
            kind,
            topics,
            latency,
        });
    }

    fn declare_topic(
        &mut self,
        broker: BrokerId,
        name: &Name,
        (partitions, queue): (Option<u32>, QueueSettings),
        span: Span,
    ) -> Option<TopicId> {
        let partitions = limits::within(
            &mut self.report,
            "the number of partitions",
            span,
            partitions.unwrap_or(1),
            limits::PARTITIONS,
        );
        if self.topics.contains_key(&name.key()) {
            self.report.error(
                "duplicate-name",
                name.span,
                format!("{name} is the name of another broker's topic already"),
                "topics of all brokers share one set of names: give this one another",
            );
            return None;
        }
        let id = TopicId(self.program.topics.len() as u32);
        self.topics.insert(name.key(), id);
        self.program.topics.push(Topic {
            broker,
            name: name.text.clone(),
            partitions,
            queue,
            groups: Vec::new(),
        });
        Some(id)
    }

    /// A log has topics, a queue broker queues, pub/sub subjects.
    fn check_member(
        &mut self,
        broker: &ast::Broker,
        kind: BrokerKind,
        wanted: BrokerKind,
        span: Span,
    ) {
        let member = |kind| match kind {
            BrokerKind::Log => ("log", "topic"),
            BrokerKind::Queue => ("queue", "queue"),
            BrokerKind::PubSub => ("pubsub", "subject"),
        };
        let ((word, own), (_, other)) = (member(kind), member(wanted));
        if kind != wanted {
            self.report.error(
                "wrong-broker",
                span,
                format!("{}, a broker of kind {word}, has no {other}", broker.name),
                format!("write {own} NAME; here, or declare another broker"),
            );
        }
    }

    fn queue_settings(&mut self, written: Option<&ast::Queue>) -> QueueSettings {
        let default = ast::Failing::default();
        let failing = self.failing(written.map_or(&default, |queue| &queue.failing));
        let prefetch = written.and_then(|queue| queue.prefetch);
        let span = written.map_or(Span::default(), |queue| queue.name.span);
        let visibility = written.and_then(|queue| queue.visibility);
        QueueSettings {
            prefetch: limits::within(
                &mut self.report,
                "prefetch",
                span,
                prefetch.unwrap_or(defaults::PREFETCH),
                limits::PREFETCH,
            ),
            visibility_us: visibility
                .map(|written| quantities::period(&mut self.report, "visibility", written)),
            failing: Failing {
                attempts: failing.attempts.or(Some(defaults::QUEUE_ATTEMPTS)),
                ..failing
            },
        }
    }

    /// What becomes of a message whose handler fails; its dead letters are resolved apart.
    pub(super) fn failing(&mut self, written: &ast::Failing) -> Failing {
        let span = written.dead_letter.as_ref().map(|name| name.span);
        let span = span.or(written.backoff.map(|backoff| backoff.span));
        let attempts = written.attempts.map(|attempts| {
            limits::within(
                &mut self.report,
                "the number of attempts",
                span.unwrap_or_default(),
                attempts,
                limits::ATTEMPTS,
            )
        });
        Failing {
            attempts,
            backoff_us: written
                .backoff
                .map_or(defaults::REDELIVERY_BACKOFF_US, |backoff| {
                    quantities::duration(&mut self.report, backoff)
                }),
            dead_letter: None,
        }
    }

    /// Finds the queues for dead letters, now that all are declared.
    fn dead_letters(&mut self) {
        for block in self.blocks {
            let ItemKind::Broker(broker) = &block.item.kind else {
                continue;
            };
            for member in &broker.members {
                if let BrokerMember::Queue(queue) = &member.kind
                    && let Some(id) = self.topics.get(&queue.name.key()).copied()
                    && let Some(name) = &queue.failing.dead_letter
                {
                    self.program.topics[id.index()].queue.failing.dead_letter =
                        self.dead_letter(id, name);
                }
            }
        }
    }

    /// Where the dead letters of a topic or queue go: another one of the same broker.
    pub(super) fn dead_letter(&mut self, of: TopicId, name: &Name) -> Option<TopicId> {
        let to = self.topic(name)?;
        let topics = &self.program.topics;
        if to == of || topics[to.index()].broker != topics[of.index()].broker {
            let of = topics[of.index()].name.clone();
            self.report.error(
                "dead-letter",
                name.span,
                format!("dead letters of {of} cannot go to {name}"),
                "name another topic or queue of the same broker",
            );
            return None;
        }
        Some(to)
    }

    /// Checks the kind of a database or broker. `kinds` begins with those that exist.
    pub(super) fn check_kind(
        &mut self,
        what: &str,
        name: &Name,
        kind: Option<&Name>,
        (kinds, ready): (&[&str], usize),
        span: Span,
    ) {
        let exists = kinds[0];
        let Some(kind) = kind else {
            self.report.error(
                "missing-kind",
                name.span.to(Span::new(span.start, name.span.end)),
                format!("{what} {name} has no kind"),
                format!("write {what} {name} {exists} {{ … }}"),
            );
            return;
        };
        let key = kind.key();
        if kinds[..ready].contains(&key.as_str()) {
            return;
        }
        if kinds.contains(&key.as_str()) {
            self.report.error(
                "not-yet",
                kind.span,
                format!("a {what} of kind {key} is not simulated yet: this is a limit of Tidewire"),
                match ready {
                    1 => format!("the only kind now is {exists}"),
                    _ => format!("the kinds now are {}", kinds[..ready].join(", ")),
                },
            );
        }
        // Any other word is the parser's to report.
    }
}
