//! What the numbers in trace records stand for: names of nodes, topics and invariants of one program.
//!
//! It is all that a [`Recording`](crate::recording::Recording) knows of a program.

use std::sync::Arc;

use tidewire_scenario::{
    BrokerKind, DatabaseKind, InvariantMode, Load, NodeId, NodeKind, PartKind, Program, Topic,
    Wire, WireKind,
};
use tidewire_syntax::ast::ServiceRole;

use crate::layout::SketchWire;
use crate::view::{Glyph, NodeShape, WireStyle};

/// Names by index, as a program has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legend {
    /// In order of the program's nodes.
    pub nodes: Vec<LegendNode>,
    /// In order of the program's topics.
    pub topics: Vec<LegendTopic>,
    /// In order of the program's invariants.
    pub invariants: Vec<LegendInvariant>,
    /// From and to of the canvas's wires, in their order.
    pub wires: Vec<(u32, u32)>,
}

/// A node by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendNode {
    /// Its name.
    pub name: Arc<str>,
    /// How it is drawn.
    pub shape: NodeShape,
    /// The second line when nothing runs.
    pub caption: String,
}

/// A topic by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendTopic {
    /// Its name.
    pub name: Arc<str>,
    /// What its broker does with what is published.
    pub kind: BrokerKind,
    /// Node index of its broker.
    pub broker: u32,
    /// How many partitions it has.
    pub partitions: u32,
    /// Names of the consumer groups, in the topic's order, with the node that reads.
    pub groups: Vec<(Arc<str>, u32)>,
    /// Per group the events that it handles, as `Appended` records number them; it passes over all others.
    pub reads: Vec<Vec<u8>>,
}

/// An invariant by its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendInvariant {
    /// The sentence.
    pub sentence: Arc<str>,
    /// `always`, `finally`, `within 2s`
    pub mode: String,
    /// Node indices of the stores that it reads.
    pub stores: Vec<u32>,
}

impl Legend {
    /// The legend of a program.
    pub fn of(program: &Program) -> Self {
        let is_relay =
            |node: NodeId| matches!(program.nodes[node.index()].kind, NodeKind::Relay(_));
        Self {
            nodes: program
                .nodes
                .iter()
                .map(|node| LegendNode {
                    name: node.name.clone(),
                    shape: shape(PartKind::from(node.kind)),
                    caption: caption(program, node.kind),
                })
                .collect(),
            topics: program
                .topics
                .iter()
                .map(|topic| legend_topic(program, topic))
                .collect(),
            invariants: program
                .invariants
                .iter()
                .map(|invariant| LegendInvariant {
                    sentence: invariant.sentence.clone(),
                    mode: mode_words(invariant.mode),
                    stores: invariant
                        .databases
                        .iter()
                        .map(|database| program.databases[database.index()].node.0)
                        .collect(),
                })
                .collect(),
            wires: drawn_wires(&program.wires, is_relay)
                .iter()
                .map(|wire| (wire.from as u32, wire.to as u32))
                .collect(),
        }
    }
}

fn legend_topic(program: &Program, topic: &Topic) -> LegendTopic {
    let groups = topic.groups.iter().map(|group| {
        let service = &program.services[group.service.index()];
        (group.name.clone(), service.node.0)
    });
    LegendTopic {
        name: topic.name.clone(),
        kind: program.brokers[topic.broker.index()].kind,
        broker: program.brokers[topic.broker.index()].node.0,
        partitions: topic.partitions,
        groups: groups.collect(),
        reads: topic
            .groups
            .iter()
            .map(|group| {
                group
                    .handlers
                    .iter()
                    .map(|(event, _)| event_number(event.0))
                    .collect()
            })
            .collect(),
    }
}

/// The number of an event in a record's detail.
pub(crate) fn event_number(event: u32) -> u8 {
    u8::try_from(event).unwrap_or(u8::MAX)
}

fn caption(program: &Program, kind: NodeKind) -> String {
    match kind {
        NodeKind::Database(id) => match program.databases[id.index()].kind {
            DatabaseKind::Relational => Glyph::Relational.caption().into(),
            DatabaseKind::Events => Glyph::Events.caption().into(),
        },
        NodeKind::Broker(id) => match program.brokers[id.index()].kind {
            BrokerKind::Log => Glyph::Log.caption().into(),
            BrokerKind::Queue => Glyph::Queue.caption().into(),
            BrokerKind::PubSub => Glyph::PubSub.caption().into(),
        },
        NodeKind::Service(id) => role_caption(program.services[id.index()].role).into(),
        NodeKind::Relay(_) => "relay".into(),
        NodeKind::Client(id) => match program.clients[id.index()].load {
            Load::Closed { users, .. } => users_caption(users),
            Load::Open { gap_us, .. } => rate_caption(1_000_000_000_000 / gap_us.max(1)),
        },
    }
}

/// What a service says of itself when nothing runs.
pub(crate) fn role_caption(role: ServiceRole) -> &'static str {
    match role {
        ServiceRole::Service => "idle",
        ServiceRole::Gateway => "gateway",
        ServiceRole::External => "external party",
        ServiceRole::Projection { .. } => "projection",
    }
}

/// `4 users`
pub(crate) fn users_caption(users: u32) -> String {
    match users {
        1 => "1 user".into(),
        users => format!("{users} users"),
    }
}

/// `80/s`, from millionths of a request per second.
pub(crate) fn rate_caption(micros_per_second: u64) -> String {
    let whole = micros_per_second / 1_000_000;
    match micros_per_second % 1_000_000 / 100_000 {
        0 => format!("{whole}/s"),
        tenth => format!("{whole}.{tenth}/s"),
    }
}

/// How a part is drawn.
pub(crate) fn shape(kind: PartKind) -> NodeShape {
    match kind {
        PartKind::Database => NodeShape::Store,
        PartKind::Broker => NodeShape::Broker,
        PartKind::Service => NodeShape::Service,
        PartKind::Relay => NodeShape::Relay,
        PartKind::Client => NodeShape::Client,
    }
}

/// Wires as they are drawn: those that look the same once, none from a node to itself.
pub(crate) fn drawn_wires(wires: &[Wire], is_relay: impl Fn(NodeId) -> bool) -> Vec<SketchWire> {
    let mut drawn: Vec<SketchWire> = Vec::new();
    for wire in wires {
        let style = match wire.kind {
            WireKind::Uses if is_relay(wire.from) => WireStyle::Feed,
            WireKind::Call | WireKind::Owns | WireKind::Uses => WireStyle::Call,
            WireKind::Publish | WireKind::Consume => WireStyle::Event,
        };
        let wire = SketchWire {
            from: wire.from.index(),
            to: wire.to.index(),
            style,
        };
        if !drawn.contains(&wire) && wire.from != wire.to {
            drawn.push(wire);
        }
    }
    drawn
}

/// `always`, `finally`, `within 2s`: as the language writes it.
pub fn mode_words(mode: InvariantMode) -> String {
    match mode {
        InvariantMode::Always => "always".into(),
        InvariantMode::Finally => "finally".into(),
        InvariantMode::Within(us) if us.is_multiple_of(1_000_000) => {
            format!("within {}s", us / 1_000_000)
        }
        InvariantMode::Within(us) if us.is_multiple_of(1_000) => format!("within {}ms", us / 1_000),
        InvariantMode::Within(us) => format!("within {us}us"),
    }
}
