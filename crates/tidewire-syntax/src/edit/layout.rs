//! Where nodes stand on the canvas.

use super::Edits;
use super::place::{insert_member, insertion, items, node, same, written};
use crate::ast::{Item, ItemKind, Position};
use crate::sort;
use crate::{Parse, Span, SyntaxKind, TextEdit};

/// Sets the left and top edges of nodes, in pixels. An entry that exists is changed (one of the design before a
/// common one); others are added to the layout of the design, else to the common one, else to a new one at
/// the end of the text.
pub fn set_positions(parse: &Parse, moves: &[(&str, i32, i32)], design: Option<usize>) -> Edits {
    let mut layouts: Vec<(Option<usize>, &Item, &Vec<Position>)> = items(parse)
        .into_iter()
        .filter(|(at, _)| at.is_none() || *at == design)
        .filter_map(|(at, item)| match &item.kind {
            ItemKind::Layout(positions) => Some((at, item, positions)),
            _ => None,
        })
        .collect();
    sort::sort_by_key(&mut layouts, |(at, ..)| at.is_none());
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (name, x, y) in moves {
        let entry = layouts
            .iter()
            .flat_map(|(_, _, positions)| positions.iter())
            .find(|position| same(&position.node, name));
        match entry {
            Some(entry) if (entry.x, entry.y) == (*x, *y) => {}
            Some(entry) => edits.extend(moved(parse, entry, *x, *y)),
            None => missing.push(format!("{} {x} {y};", written(name))),
        }
    }
    if !missing.is_empty() {
        let body = layouts
            .first()
            .and_then(|(_, item, _)| super::place::body(parse, item.span));
        let added = body.and_then(|body| insert_member(parse, &body, &missing.join("\n"), None));
        edits.push(added.unwrap_or_else(|| new_layout(parse, &missing)));
    }
    Ok(super::place::tidy(edits))
}

/// Replaces those of the two numbers that change.
fn moved(parse: &Parse, entry: &Position, x: i32, y: i32) -> Vec<TextEdit> {
    let Some(node) = node(parse, entry.span, SyntaxKind::Position) else {
        return Vec::new();
    };
    let mut edits = Vec::new();
    let mut wanted = [(entry.x, x), (entry.y, y)].into_iter();
    let mut minus = None;
    for token in node.children_with_tokens() {
        let span = Span::new(
            token.text_range().start().into(),
            token.text_range().end().into(),
        );
        match token.kind() {
            SyntaxKind::Minus => minus = Some(span),
            SyntaxKind::Integer => {
                let sign = minus.take();
                if let Some((_, to)) = wanted.next().filter(|(from, to)| from != to) {
                    edits.extend(number(sign, span, to));
                }
            }
            _ => {}
        }
    }
    edits
}

/// Replaces one number; its sign may stand apart from it.
fn number(sign: Option<Span>, digits: Span, to: i32) -> Vec<TextEdit> {
    let new_sign = if to < 0 { "-" } else { "" };
    let replace = |span, text| TextEdit { span, text };
    match sign {
        Some(sign) => vec![
            replace(sign, new_sign.to_string()),
            replace(digits, to.unsigned_abs().to_string()),
        ],
        None => vec![replace(digits, to.to_string())],
    }
}

fn new_layout(parse: &Parse, entries: &[String]) -> TextEdit {
    let text = parse.text();
    let end = text.trim_end().len() as u32;
    let gap = if end == 0 { "" } else { "\n\n" };
    let close = if text.trim_end().len() == text.len() {
        "\n"
    } else {
        ""
    };
    let entries = entries.join("\n  ");
    insertion(end, format!("{gap}layout {{\n  {entries}\n}}{close}"))
}
