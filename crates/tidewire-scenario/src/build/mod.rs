//! From merged blocks to a program: one pass per kind of block, each in its own module.
//!
//! Nodes are declared first, so that blocks may name each other in any order; then events, topics and
//! databases, which statements are planned against; then the signatures of handlers; then their bodies.

pub(crate) mod quantities;

mod clients;
mod databases;
mod event_store;
mod faults;
mod groups;
mod handler;
mod invariants;
mod lesson;
mod messages;
mod names;
mod relays;
mod sagas;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use tidewire_syntax::ast::ItemKind;
use tidewire_syntax::{Diagnostic, Name, Severity, Span};

use crate::effective::{Block, Effective};
use crate::limits;
use crate::outline::Outline;
use crate::report::{Report, unknown};
use crate::{
    BrokerId, ClientId, DatabaseId, EventId, HandlerId, Node, NodeId, NodeKind, Program, ServiceId,
    TopicId,
};

use services::Signature;

/// What a build begins with.
pub(crate) struct Input<'a> {
    /// The whole text.
    pub(crate) source: &'a str,
    /// The blocks that count.
    pub(crate) effective: &'a Effective,
    /// Their nodes and wires.
    pub(crate) outline: &'a Outline,
    /// Names of all designs.
    pub(crate) designs: &'a [String],
    /// Lower-case names of the nodes of all designs: a layout may place what another design has.
    pub(crate) all_nodes: &'a BTreeSet<String>,
}

/// A program under construction.
pub(crate) struct Builder<'a> {
    source: &'a str,
    blocks: &'a [Block],
    all_nodes: &'a BTreeSet<String>,
    report: Report,
    program: Program,
    nodes: BTreeMap<String, NodeId>,
    topics: BTreeMap<String, TopicId>,
    events: BTreeMap<String, EventId>,
    commands: BTreeMap<(ServiceId, String), HandlerId>,
    signatures: Vec<Signature<'a>>,
    /// Databases whose schema has errors: statements against them are not judged.
    damaged: BTreeSet<DatabaseId>,
}

/// Builds the program of one design. It may be run only if the report holds no error.
pub(crate) fn build(input: &Input<'_>) -> (Program, Report) {
    let mut builder = Builder {
        source: input.source,
        blocks: &input.effective.blocks,
        all_nodes: input.all_nodes,
        report: Report::default(),
        program: empty_program(input),
        nodes: BTreeMap::new(),
        topics: BTreeMap::new(),
        events: BTreeMap::new(),
        commands: BTreeMap::new(),
        signatures: Vec::new(),
        damaged: BTreeSet::new(),
    };
    builder.declare_nodes(input.outline);
    builder.texts();
    builder.events();
    builder.brokers();
    builder.databases();
    builder.services();
    builder.relays();
    builder.clients();
    builder.groups();
    builder.handlers();
    builder.invariants();
    builder.lesson();
    builder.faults();
    builder.explore();
    builder.layout();
    (builder.program, builder.report)
}

fn empty_program(input: &Input<'_>) -> Program {
    Program {
        title: "Untitled".to_owned(),
        about: String::new(),
        designs: input.designs.to_vec(),
        design: input.effective.design,
        nodes: Vec::new(),
        databases: Vec::new(),
        brokers: Vec::new(),
        topics: Vec::new(),
        events: Vec::new(),
        services: Vec::new(),
        handlers: Vec::new(),
        statements: Vec::new(),
        folds: Vec::new(),
        clients: Vec::new(),
        invariants: Vec::new(),
        lesson: None,
        explore: Vec::new(),
        faults: Vec::new(),
        wires: input.outline.wires.clone(),
    }
}

impl<'a> Builder<'a> {
    /// The blocks of this kind with their nodes' kinds, in order.
    fn blocks_with_nodes(&self) -> Vec<(NodeId, NodeKind, &'a Block)> {
        let blocks = self.blocks.iter().filter(|block| is_node(block));
        (0..)
            .map(NodeId)
            .zip(&self.program.nodes)
            .zip(blocks)
            .map(|((id, node), block)| (id, node.kind, block))
            .collect()
    }

    fn declare_nodes(&mut self, outline: &Outline) {
        let blocks: Vec<&'a Block> = self.blocks.iter().filter(|block| is_node(block)).collect();
        let (mut databases, mut brokers, mut services, mut clients) = (0, 0, 0, 0);
        let next = |counter: &mut u32| {
            *counter += 1;
            *counter - 1
        };
        for ((id, node), block) in (0..).map(NodeId).zip(&outline.nodes).zip(blocks) {
            let kind = match &block.item.kind {
                ItemKind::Database(_) => NodeKind::Database(DatabaseId(next(&mut databases))),
                ItemKind::Broker(_) => NodeKind::Broker(BrokerId(next(&mut brokers))),
                ItemKind::Service(_) => NodeKind::Service(ServiceId(next(&mut services))),
                ItemKind::Relay(_) => NodeKind::Relay(ServiceId(next(&mut services))),
                _ => NodeKind::Client(ClientId(next(&mut clients))),
            };
            self.program.nodes.push(Node {
                name: node.name.clone(),
                kind,
                span: node.span,
                position: node.position,
            });
            self.declare_node(id, block);
        }
        let span = self
            .program
            .nodes
            .last()
            .map_or(Span::default(), |node| node.span);
        let number = self.program.nodes.len();
        limits::count(&mut self.report, "nodes", span, number, limits::NODES);
    }

    fn declare_node(&mut self, id: NodeId, block: &Block) {
        let Some(name) = crate::effective::item_name(&block.item.kind) else {
            return;
        };
        if let Some(earlier) = self.nodes.get(&name.key()) {
            let what = crate::outline::PartKind::from(self.program.nodes[earlier.index()].kind);
            self.report.error(
                "duplicate-name",
                name.span,
                format!("{name} is the name of {} already", what.with_article()),
                "nodes share one set of names: give this one another",
            );
        } else {
            self.nodes.insert(name.key(), id);
        }
    }

    fn texts(&mut self) {
        for block in self.blocks {
            match &block.item.kind {
                ItemKind::Scenario(text) => self.program.title.clone_from(&text.value),
                ItemKind::About(text) => self.program.about.clone_from(&text.value),
                _ => {}
            }
        }
    }

    fn layout(&mut self) {
        for block in self.blocks {
            let ItemKind::Layout(positions) = &block.item.kind else {
                continue;
            };
            for position in positions {
                let name = &position.node;
                if !self.all_nodes.contains(&name.key()) {
                    let finding = unknown_anywhere("node", name, self.all_nodes);
                    self.report.push(finding);
                }
            }
        }
    }
}

/// A warning that no design has a node of this name.
fn unknown_anywhere(what: &str, name: &Name, all_nodes: &BTreeSet<String>) -> Diagnostic {
    let known = all_nodes.iter().map(String::as_str);
    Diagnostic {
        severity: Severity::Warning,
        ..unknown("unknown-name", what, name, "", known)
    }
}

fn is_node(block: &Block) -> bool {
    matches!(
        block.item.kind,
        ItemKind::Database(_)
            | ItemKind::Broker(_)
            | ItemKind::Service(_)
            | ItemKind::Relay(_)
            | ItemKind::Client(_)
    )
}
