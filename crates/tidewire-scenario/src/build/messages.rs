//! Event types, brokers and their topics.

use tidewire_store::Type;
use tidewire_syntax::ast::sql::TypeKind;
use tidewire_syntax::ast::{self, BrokerMember, Field, ItemKind};
use tidewire_syntax::{Name, Span};

use super::{Builder, quantities};
use crate::limits;
use crate::{
    Broker, BrokerId, BrokerKind, EventId, EventType, NodeId, NodeKind, Topic, TopicId, defaults,
};

/// Kinds of brokers that the language knows; only the first exists so far.
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
            (&KINDS, 1),
            span,
        );
        let mut latency = defaults::BROKER_LATENCY;
        let mut topics = Vec::new();
        for member in &broker.members {
            match &member.kind {
                BrokerMember::Latency(written) => {
                    latency = quantities::delay(&mut self.report, written);
                }
                BrokerMember::Topic { name, partitions } => {
                    topics.extend(self.declare_topic(id, name, *partitions, member.span));
                }
                BrokerMember::Without(_) => {}
            }
        }
        self.program.brokers.push(Broker {
            node,
            name: broker.name.text.clone(),
            kind: BrokerKind::Log,
            topics,
            latency,
        });
    }

    fn declare_topic(
        &mut self,
        broker: BrokerId,
        name: &Name,
        partitions: Option<u32>,
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
            groups: Vec::new(),
        });
        Some(id)
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
