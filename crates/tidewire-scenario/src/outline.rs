//! Nodes and wires of a design by name alone: what a canvas can draw even while the scenario does not compile.
//!
//! A [`crate::Program`] has the same nodes in the same order and the same wires.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidewire_syntax::Span;
use tidewire_syntax::ast::{self, ItemKind, ServiceMember, ServiceRole, Step, StepKind};

use crate::effective::{Block, Effective, Origin};
use crate::{NodeId, NodeKind, Wire, WireKind};

/// What a node on the canvas is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// A store.
    Database,
    /// A broker.
    Broker,
    /// A service.
    Service,
    /// An outbox relay.
    Relay,
    /// A workload.
    Client,
}

impl From<NodeKind> for PartKind {
    fn from(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Database(_) => Self::Database,
            NodeKind::Broker(_) => Self::Broker,
            NodeKind::Service(_) => Self::Service,
            NodeKind::Relay(_) => Self::Relay,
            NodeKind::Client(_) => Self::Client,
        }
    }
}

impl PartKind {
    /// The word for it, with its article: `a database`.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Database => "a database",
            Self::Broker => "a broker",
            Self::Service => "a service",
            Self::Relay => "a relay",
            Self::Client => "a client",
        }
    }
}

/// A node by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineNode {
    /// As written.
    pub name: Arc<str>,
    /// What it is.
    pub kind: PartKind,
    /// What a service is to the others.
    pub role: ServiceRole,
    /// Of its (first) block.
    pub span: Span,
    /// Where it is written.
    pub origin: Origin,
    /// From `layout`, in pixels.
    pub position: Option<(i32, i32)>,
}

/// What a canvas draws of a design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// In order of the text; [`NodeId`] is the index.
    pub nodes: Vec<OutlineNode>,
    /// Sorted, each once.
    pub wires: Vec<Wire>,
}

impl Outline {
    /// The outline of a design's merged blocks. Names that mean nothing draw nothing.
    pub fn of(effective: &Effective) -> Self {
        let mut nodes: Vec<OutlineNode> = effective.blocks.iter().filter_map(node).collect();
        for block in &effective.blocks {
            if let ItemKind::Layout(positions) = &block.item.kind {
                place(&mut nodes, positions);
            }
        }
        let mut wiring = Wiring::new(&nodes, effective);
        for block in &effective.blocks {
            wiring.block(&block.item.kind);
        }
        let wires = wiring.wires.into_iter().collect();
        Self { nodes, wires }
    }

    /// The node of this name, without regard to case.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        let at = self
            .nodes
            .iter()
            .position(|node| node.name.eq_ignore_ascii_case(name))?;
        u32::try_from(at).ok().map(NodeId)
    }
}

fn node(block: &Block) -> Option<OutlineNode> {
    let (name, kind) = match &block.item.kind {
        ItemKind::Database(node) => (&node.name, PartKind::Database),
        ItemKind::Broker(node) => (&node.name, PartKind::Broker),
        ItemKind::Service(node) => (&node.name, PartKind::Service),
        ItemKind::Relay(node) => (&node.name, PartKind::Relay),
        ItemKind::Client(node) => (&node.name, PartKind::Client),
        _ => return None,
    };
    let role = match &block.item.kind {
        ItemKind::Service(service) => service.role,
        _ => ServiceRole::default(),
    };
    Some(OutlineNode {
        name: name.text.clone(),
        kind,
        role,
        span: block.item.span,
        origin: block.origin,
        position: None,
    })
}

fn place(nodes: &mut [OutlineNode], positions: &[ast::Position]) {
    for position in positions {
        let name = position.node.as_str();
        let named = nodes
            .iter_mut()
            .find(|node| node.name.eq_ignore_ascii_case(name));
        if let Some(node) = named {
            node.position = Some((position.x, position.y));
        }
    }
}

/// Finds out who talks to whom.
struct Wiring {
    nodes: BTreeMap<String, (NodeId, PartKind)>,
    topics: BTreeMap<String, NodeId>,
    wires: BTreeSet<Wire>,
}

impl Wiring {
    fn new(nodes: &[OutlineNode], effective: &Effective) -> Self {
        let mut by_name = BTreeMap::new();
        for (id, node) in (0..).map(NodeId).zip(nodes) {
            by_name
                .entry(node.name.to_ascii_lowercase())
                .or_insert((id, node.kind));
        }
        let mut topics = BTreeMap::new();
        for block in &effective.blocks {
            let ItemKind::Broker(broker) = &block.item.kind else {
                continue;
            };
            let Some(&(id, PartKind::Broker)) = by_name.get(&broker.name.key()) else {
                continue;
            };
            for member in &broker.members {
                if let Some(name) = member.kind.channel() {
                    topics.entry(name.key()).or_insert(id);
                }
            }
        }
        Self {
            nodes: by_name,
            topics,
            wires: BTreeSet::new(),
        }
    }

    fn find(&self, name: &str, kind: PartKind) -> Option<NodeId> {
        let &(id, found) = self.nodes.get(name)?;
        (found == kind).then_some(id)
    }

    fn draw(&mut self, from: Option<NodeId>, to: Option<NodeId>, kind: WireKind) {
        if let (Some(from), Some(to)) = (from, to) {
            self.wires.insert(Wire { from, to, kind });
        }
    }

    fn block(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Service(service) => self.service(service),
            ItemKind::Client(client) => {
                let from = self.find(&client.name.key(), PartKind::Client);
                self.steps(from, &client.body);
            }
            ItemKind::Relay(relay) => {
                let from = self.find(&relay.name.key(), PartKind::Relay);
                if let Some(database) = &relay.table.database {
                    let to = self.find(&database.key(), PartKind::Database);
                    self.draw(from, to, WireKind::Uses);
                }
                let mut brokers = BTreeSet::new();
                match &relay.broker {
                    Some(name) => brokers.extend(self.find(&name.key(), PartKind::Broker)),
                    // Which topics it serves is written in the rows, so it is drawn to every broker.
                    None => brokers.extend(self.topics.values().copied()),
                }
                for broker in brokers {
                    self.draw(from, Some(broker), WireKind::Publish);
                }
            }
            _ => {}
        }
    }

    fn service(&mut self, service: &ast::Service) {
        let from = self.find(&service.name.key(), PartKind::Service);
        for (databases, kind) in [
            (&service.owns, WireKind::Owns),
            (&service.uses, WireKind::Uses),
        ] {
            for database in databases {
                let to = self.find(&database.key(), PartKind::Database);
                self.draw(from, to, kind);
            }
        }
        for member in &service.members {
            if let ServiceMember::Subscription(on) = &member.kind {
                let broker = self.topics.get(&on.topic.key()).copied();
                self.draw(broker, from, WireKind::Consume);
            }
            for body in member.kind.bodies() {
                self.steps(from, body);
            }
        }
    }

    fn steps(&mut self, from: Option<NodeId>, steps: &[Step]) {
        each_step(steps, &mut |step| match &step.kind {
            StepKind::Call(call) => {
                let to = self.find(&call.service.key(), PartKind::Service);
                self.draw(from, to, WireKind::Call);
            }
            StepKind::Publish(publish) => {
                let to = self.topics.get(&publish.topic.key()).copied();
                self.draw(from, to, WireKind::Publish);
            }
            _ => {}
        });
    }
}

/// Visits steps and the steps inside them, in order of the text.
pub(crate) fn each_step<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        for part in step.kind.parts() {
            each_step(part, visit);
        }
    }
}
