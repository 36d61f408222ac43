//! From an outline (nodes and wires by name) to the sketch that the layout arranges, with words for people.

use std::sync::Arc;

use tidewire_scenario::{Effective, Outline, OutlineNode, PartKind, WireKind};
use tidewire_syntax::ast::{
    Broker, BrokerMember, Client, Database, DatabaseMember, ItemKind, Load, Service, ServiceMember,
    ServiceRole, sql,
};
use tidewire_syntax::{Diagnostic, Name, Severity, Span};

use crate::layout::{Sketch, SketchNode};
use crate::legend::{drawn_wires, rate_caption, role_caption, shape, users_caption};
use crate::view::{CanvasTopic, Glyph};

/// The sketch of a design. Errors are counted at the nodes in whose blocks they stand.
pub(super) fn sketch(effective: &Effective, outline: &Outline, findings: &[Diagnostic]) -> Sketch {
    let mut topics = 0;
    let blocks = effective.blocks.iter().map(|block| &block.item.kind);
    let words: Vec<Words> = blocks.filter_map(|item| words(item, &mut topics)).collect();
    let nodes = outline
        .nodes
        .iter()
        .zip(words)
        .map(|(node, words)| SketchNode {
            name: node.name.clone(),
            shape: shape(node.kind),
            glyph: words.glyph,
            caption: words.caption,
            position: node.position,
            topics: words.topics,
            contents: words.contents,
            problems: problems(node, findings),
        });
    let mut nodes: Vec<SketchNode> = nodes.collect();
    for wire in &outline.wires {
        // What a projection writes is a read model, whatever keeps it.
        let written = matches!(wire.kind, WireKind::Owns | WireKind::Uses);
        if written && nodes[wire.from.index()].glyph == Glyph::ReadModel {
            nodes[wire.to.index()].glyph = Glyph::ReadModel;
        }
    }
    Sketch {
        nodes,
        wires: drawn_wires(&outline.wires, |node| {
            outline.nodes[node.index()].kind == PartKind::Relay
        }),
        ownership: outline
            .wires
            .iter()
            .filter(|wire| wire.kind == WireKind::Owns)
            .map(|wire| (wire.from.index(), wire.to.index()))
            .collect(),
    }
}

/// Whether a node's blocks hold a place.
pub(super) fn holds(node: &OutlineNode, span: Span) -> bool {
    let inside = |block: Span| block.start <= span.start && span.start < block.end;
    node.origin.common.is_some_and(inside) || node.origin.design.is_some_and(inside)
}

fn problems(node: &OutlineNode, findings: &[Diagnostic]) -> u32 {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors.filter(|finding| holds(node, finding.span)).count() as u32
}

/// What a node says of itself.
#[derive(Default)]
struct Words {
    glyph: Glyph,
    caption: String,
    topics: Vec<CanvasTopic>,
    contents: Vec<String>,
}

/// The words of a block that is a node; topics are numbered over all brokers.
fn words(item: &ItemKind, topics: &mut u32) -> Option<Words> {
    Some(match item {
        ItemKind::Database(database) => database_words(database),
        ItemKind::Broker(broker) => broker_words(broker, topics),
        ItemKind::Service(service) => service_words(service),
        ItemKind::Client(client) => Words {
            caption: client_caption(client),
            ..Words::default()
        },
        ItemKind::Relay(relay) => Words {
            caption: "relay".into(),
            contents: vec![relay.table.table.to_string()],
            ..Words::default()
        },
        _ => return None,
    })
}

fn database_words(database: &Database) -> Words {
    let tables = database
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            DatabaseMember::Statement(sql::Statement::CreateTable(table)) => {
                Some(table.name.table.to_string())
            }
            _ => None,
        });
    let glyph = kind_of(database.kind.as_ref(), Glyph::Relational);
    Words {
        glyph,
        caption: glyph.caption().into(),
        contents: tables.collect(),
        ..Words::default()
    }
}

/// The kind that is written, or the one that counts where none is.
fn kind_of(written: Option<&Name>, unwritten: Glyph) -> Glyph {
    written.map_or(unwritten, |kind| Glyph::of(&kind.key()))
}

fn broker_words(broker: &Broker, topics: &mut u32) -> Words {
    let glyph = kind_of(broker.kind.as_ref(), Glyph::Log);
    let mut words = Words {
        glyph,
        caption: glyph.caption().into(),
        ..Words::default()
    };
    for member in &broker.members {
        if let Some(name) = member.kind.channel() {
            let partitions = match member.kind {
                BrokerMember::Topic { partitions, .. } => partitions,
                _ => None,
            };
            words.contents.push(name.to_string());
            words.topics.push(CanvasTopic {
                name: Arc::clone(&name.text),
                topic: *topics,
                partitions: partitions.unwrap_or(1),
            });
            *topics += 1;
        }
    }
    words
}

fn service_words(service: &Service) -> Words {
    let handlers = service
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            ServiceMember::Command(command) => Some(command.name.to_string()),
            ServiceMember::Saga(saga) => Some(saga.name.to_string()),
            ServiceMember::Subscription(on) => Some(format!("on {}", on.event)),
            _ => None,
        });
    Words {
        glyph: match service.role {
            ServiceRole::Service => Glyph::None,
            ServiceRole::Gateway => Glyph::Gateway,
            ServiceRole::External => Glyph::External,
            ServiceRole::Projection { .. } => Glyph::ReadModel,
        },
        caption: role_caption(service.role).into(),
        contents: handlers.collect(),
        ..Words::default()
    }
}

fn client_caption(client: &Client) -> String {
    match &client.load {
        Load::Requests(_) => users_caption(client.users.unwrap_or(1)),
        Load::Rate {
            micros_per_second, ..
        } => rate_caption(*micros_per_second),
    }
}
