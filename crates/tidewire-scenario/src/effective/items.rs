//! Merging whole blocks: which block of a design meets which of the common part.

use tidewire_syntax::ast::{Item, ItemKind, Position};
use tidewire_syntax::{Diagnostic, Name, TextEdit};

use super::members;
use super::{Block, Origin};
use crate::report::Report;

/// Adds a block of the common part.
pub(super) fn take_common(blocks: &mut Vec<Block>, item: &Item, report: &mut Report) {
    match &item.kind {
        ItemKind::Design(_) => return,
        ItemKind::Without(name) => {
            report.error(
                "misplaced",
                item.span,
                format!("'without {name}' stands outside a design"),
                "it takes a common block out of a design: move it into one, or delete the block itself",
            );
            return;
        }
        _ => {}
    }
    if let Some(earlier) = blocks.iter().find(|block| is_same(&block.item.kind, item)) {
        report.push(repeated(&earlier.item.kind, item));
        return;
    }
    let mut item = item.clone();
    members::clean(&mut item.kind, report);
    blocks.push(Block {
        origin: Origin {
            common: Some(item.span),
            design: None,
        },
        item,
    });
}

/// Merges a block of a design into those that count so far.
pub(super) fn take_from_design(blocks: &mut Vec<Block>, item: &Item, report: &mut Report) {
    match &item.kind {
        ItemKind::Client(_) | ItemKind::Invariant(_) => {
            report.error(
                "misplaced",
                item.span,
                "clients and invariants stand outside the designs",
                "move it out of the design: the same workload and the same rules are what makes a comparison fair",
            );
            return;
        }
        ItemKind::Design(_) => {
            report.error(
                "misplaced",
                item.span,
                "a design stands inside another",
                "write designs side by side",
            );
            return;
        }
        ItemKind::Without(name) => return take_out(blocks, name, report),
        ItemKind::Layout(positions) if merge_layout(blocks, positions) => return,
        _ => {}
    }
    let met = blocks
        .iter_mut()
        .find(|block| is_same(&block.item.kind, item));
    match met {
        Some(block) if block.origin.design.is_some() => {
            report.push(repeated(&block.item.kind, item));
        }
        Some(block) => {
            block.origin.design = Some(item.span);
            members::merge(&mut block.item.kind, &item.kind, report);
        }
        None => {
            let mut item = item.clone();
            members::clean(&mut item.kind, report);
            blocks.push(Block {
                origin: Origin {
                    common: None,
                    design: Some(item.span),
                },
                item,
            });
        }
    }
}

fn take_out(blocks: &mut Vec<Block>, name: &Name, report: &mut Report) {
    let key = name.key();
    let before = blocks.len();
    blocks.retain(|block| item_name(&block.item.kind).is_none_or(|name| name.key() != key));
    if blocks.len() == before {
        let known = blocks
            .iter()
            .filter_map(|block| item_name(&block.item.kind));
        let known: Vec<&str> = known.map(Name::as_str).collect();
        report.unknown("common block", name, known);
    }
}

/// Lays a design's positions over the common ones; answers whether there was a layout to lay them over.
fn merge_layout(blocks: &mut [Block], positions: &[Position]) -> bool {
    for block in blocks {
        if let ItemKind::Layout(common) = &mut block.item.kind {
            for position in positions {
                let key = position.node.key();
                common.retain(|old| old.node.key() != key);
                common.push(position.clone());
            }
            return true;
        }
    }
    false
}

/// Whether both say the same thing, so that the later one repeats or replaces the earlier.
fn is_same(kind: &ItemKind, item: &Item) -> bool {
    match (kind, &item.kind) {
        (ItemKind::Scenario(_), ItemKind::Scenario(_))
        | (ItemKind::About(_), ItemKind::About(_))
        | (ItemKind::Explore(_), ItemKind::Explore(_))
        | (ItemKind::Lesson(_), ItemKind::Lesson(_)) => true,
        (ItemKind::Invariant(a), ItemKind::Invariant(b)) => a.sentence.value == b.sentence.value,
        (a, b) => {
            std::mem::discriminant(a) == std::mem::discriminant(b)
                && item_name(a)
                    .zip(item_name(b))
                    .is_some_and(|(a, b)| a.key() == b.key())
        }
    }
}

fn repeated(earlier: &ItemKind, item: &Item) -> Diagnostic {
    let what = match earlier {
        ItemKind::Scenario(_) => "the title".to_owned(),
        ItemKind::About(_) => "the description".to_owned(),
        ItemKind::Explore(_) => "the budget of the search".to_owned(),
        ItemKind::Lesson(_) => "the lesson".to_owned(),
        ItemKind::Invariant(invariant) => format!("the invariant '{}'", invariant.sentence.value),
        other => item_name(other).map_or_else(|| "this".to_owned(), ToString::to_string),
    };
    let place = item_name(&item.kind).map_or(item.span, |name| name.span);
    let removal = TextEdit {
        span: item.span,
        text: String::new(),
    };
    Diagnostic::error("duplicate-name", place, format!("{what} is written twice"))
        .hint("keep one of them, or give the other a name of its own")
        .fix("Remove the second one", vec![removal])
}

/// The name by which a block is referred to.
pub(crate) fn item_name(kind: &ItemKind) -> Option<&Name> {
    match kind {
        ItemKind::Event(block) => Some(&block.name),
        ItemKind::Database(block) => Some(&block.name),
        ItemKind::Broker(block) => Some(&block.name),
        ItemKind::Service(block) => Some(&block.name),
        ItemKind::Relay(block) => Some(&block.name),
        ItemKind::Client(block) => Some(&block.name),
        _ => None,
    }
}
