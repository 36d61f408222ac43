//! Finding places in the text: blocks, bodies, lines. No edit of the canvas is decided here.

use rowan::TextSize;

use super::EditError;
use crate::ast::{Design, Event, Item, ItemKind, Service};
use crate::sort;
use crate::{Name, Parse, Span, SyntaxKind, SyntaxNode, TextEdit, is_reserved};

/// A block with the design that it stands in; `None` is the common part.
pub(super) type Placed<'p> = (Option<usize>, &'p Item);

/// All blocks, those within designs included.
pub(super) fn items(parse: &Parse) -> Vec<Placed<'_>> {
    let mut found = Vec::new();
    let mut designs = 0;
    for item in &parse.file().items {
        found.push((None, item));
        if let ItemKind::Design(design) = &item.kind {
            found.extend(design.items.iter().map(|inner| (Some(designs), inner)));
            designs += 1;
        }
    }
    found
}

/// A design by its index, with its block.
pub(super) fn design(parse: &Parse, index: usize) -> Result<(&Item, &Design), EditError> {
    let designs = parse
        .file()
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Design(design) => Some((item, design)),
            _ => None,
        });
    designs
        .into_iter()
        .nth(index)
        .ok_or(EditError::UnknownDesign)
}

/// The name of a block that is a node of the canvas.
pub(super) fn node_name(kind: &ItemKind) -> Option<&Name> {
    match kind {
        ItemKind::Database(block) => Some(&block.name),
        ItemKind::Broker(block) => Some(&block.name),
        ItemKind::Service(block) => Some(&block.name),
        ItemKind::Relay(block) => Some(&block.name),
        ItemKind::Client(block) => Some(&block.name),
        _ => None,
    }
}

pub(super) fn same(name: &Name, other: &str) -> bool {
    name.text.eq_ignore_ascii_case(other)
}

/// All blocks of a node.
pub(super) fn blocks<'p>(parse: &'p Parse, node: &str) -> Vec<Placed<'p>> {
    let of_node = |placed: &Placed<'_>| node_name(&placed.1.kind).is_some_and(|it| same(it, node));
    items(parse).into_iter().filter(of_node).collect()
}

/// The blocks of a node that count in a design, its own before the common one.
pub(super) fn effective<'p>(
    parse: &'p Parse,
    node: &str,
    design: Option<usize>,
) -> Result<Vec<&'p Item>, EditError> {
    let mut found = blocks(parse, node);
    found.retain(|(at, _)| at.is_none() || *at == design);
    sort::sort_by_key(&mut found, |(at, _)| at.is_none());
    match found.is_empty() {
        true => Err(EditError::UnknownNode(node.to_string())),
        false => Ok(found.into_iter().map(|(_, item)| item).collect()),
    }
}

/// The service among blocks of a node.
pub(super) fn services<'p>(items: &[&'p Item]) -> Vec<(&'p Item, &'p Service)> {
    let service = |item: &&'p Item| match &item.kind {
        ItemKind::Service(service) => Some((*item, service)),
        _ => None,
    };
    items.iter().filter_map(service).collect()
}

/// An event by its name, a design's own before the common one.
pub(super) fn event<'p>(parse: &'p Parse, name: &str, design: Option<usize>) -> Option<&'p Event> {
    let mut found: Vec<_> = items(parse)
        .into_iter()
        .filter(|(at, _)| at.is_none() || *at == design)
        .filter_map(|(at, item)| match &item.kind {
            ItemKind::Event(event) if same(&event.name, name) => Some((at, event)),
            _ => None,
        })
        .collect();
    sort::sort_by_key(&mut found, |(at, _)| at.is_none());
    found.first().map(|(_, event)| *event)
}

/// The outermost node that begins at a place and has a body, or any of a kind.
fn node_at(parse: &Parse, start: u32, wanted: &dyn Fn(&SyntaxNode) -> bool) -> Option<SyntaxNode> {
    let token = parse
        .syntax()
        .token_at_offset(TextSize::from(start))
        .right_biased()?;
    token
        .parent_ancestors()
        .take_while(|node| u32::from(node.text_range().start()) == start)
        .filter(|node| node.kind() != SyntaxKind::File)
        .find(|node| wanted(node))
}

/// The body of a block, a command or a handler.
pub(super) fn body(parse: &Parse, span: Span) -> Option<SyntaxNode> {
    let body = |node: &SyntaxNode| node.children().find(|it| it.kind() == SyntaxKind::Body);
    node_at(parse, span.start, &|node| body(node).is_some()).and_then(|node| body(&node))
}

/// The node of a kind that begins where a span begins.
pub(super) fn node(parse: &Parse, span: Span, kind: SyntaxKind) -> Option<SyntaxNode> {
    node_at(parse, span.start, &|node| node.kind() == kind)
}

pub(super) fn span_of(node: &SyntaxNode) -> Span {
    let range = node.text_range();
    Span::new(range.start().into(), range.end().into())
}

/// A name as it is written: in quotes where it must be.
pub(super) fn written(name: &str) -> String {
    let plain = name.chars().enumerate().all(|(at, c)| {
        c == '_' || c.is_ascii_alphabetic() || !c.is_ascii() || (at > 0 && c.is_ascii_digit())
    });
    match plain && !name.is_empty() && !name.contains('\u{feff}') && !is_reserved(name) {
        true => name.to_string(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

pub(super) fn insertion(at: u32, text: String) -> TextEdit {
    TextEdit {
        span: Span::new(at, at),
        text,
    }
}

/// The blanks that a line begins with.
pub(super) fn indent_at(text: &str, at: u32) -> &str {
    let start = text[..at as usize].rfind('\n').map_or(0, |it| it + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The end of the line behind a place, if nothing but blanks and a comment stand there; else the place itself.
pub(super) fn end_of_line(text: &str, at: u32) -> u32 {
    let rest = text[at as usize..].split('\n').next().unwrap_or("");
    let behind = rest.trim();
    match behind.is_empty() || behind.starts_with("--") {
        true => at + rest.trim_end().len() as u32,
        false => at,
    }
}

/// Moves the lines of a template below the first by an indentation.
pub(super) fn indented(template: &str, indent: &str) -> String {
    let mut result = String::new();
    for (at, line) in template.lines().enumerate() {
        if at > 0 {
            result.push('\n');
        }
        if at > 0 && !line.is_empty() {
            result.push_str(indent);
        }
        result.push_str(line);
    }
    result
}

/// Adds a member to a body, before another one or at the end. The template's lines are relative to its own
/// first one.
pub(super) fn insert_member(
    parse: &Parse,
    body: &SyntaxNode,
    template: &str,
    before: Option<u32>,
) -> Option<TextEdit> {
    let text = parse.text();
    let span = span_of(body);
    // A body whose closing brace is missing has no place for a member.
    let inner = span.text(text).strip_prefix('{')?.strip_suffix('}')?;
    let close = span.end - 1;
    let content_end = span.start + 1 + inner.trim_end().len() as u32;
    let first = body.children().find(|it| it.kind() != SyntaxKind::Error);
    if !inner.contains('\n') {
        if let Some(at) = before {
            return Some(insertion(at, format!("{} ", template.replace('\n', " "))));
        }
        if first.is_some() && !template.contains('\n') {
            return Some(insertion(content_end, format!(" {template}")));
        }
        let outer = indent_at(text, span.start).to_string();
        let member = indented(template, &format!("{outer}  "));
        return Some(TextEdit {
            span: Span::new(content_end, close),
            text: format!("\n{outer}  {member}\n{outer}"),
        });
    }
    let indent = match before.or(first.map(|it| span_of(&it).start)) {
        Some(at) => indent_at(text, at).to_string(),
        None => format!("{}  ", indent_at(text, close)),
    };
    let member = indented(template, &indent);
    match before {
        Some(at) => Some(insertion(at, format!("{member}\n{indent}"))),
        None => Some(insertion(content_end, format!("\n{indent}{member}"))),
    }
}

/// Takes a block or member out with its line, and with one of two empty lines around it.
pub(super) fn erase_lines(text: &str, span: Span) -> TextEdit {
    let (start, end) = (span.start as usize, span.end as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |it| it + 1);
    let rest = &text[end..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let alone_before = text[line_start..start].trim().is_empty();
    let alone_behind = rest[blanks..].is_empty() || rest[blanks..].starts_with('\n');
    let (from, to) = match (alone_before, alone_behind) {
        (true, true) => {
            let to = (end + blanks + 1).min(text.len());
            (with_empty_line(text, line_start, to), to)
        }
        (_, false) => (start, end + blanks),
        (false, true) => (text[..start].trim_end_matches([' ', '\t']).len(), end),
    };
    TextEdit {
        span: Span::new(from as u32, to as u32),
        text: String::new(),
    }
}

/// Where a removal of lines begins so that it leaves no two empty lines, none before a `}` and none at the end.
fn with_empty_line(text: &str, line_start: usize, to: usize) -> usize {
    let before = &text[..line_start];
    let next = text[to..].lines().next().unwrap_or("").trim();
    let surplus = next.is_empty() || next.starts_with('}');
    match surplus && before.ends_with("\n\n") {
        true => line_start - 1,
        false => line_start,
    }
}

/// Takes a stretch out, comments in it excepted.
pub(super) fn erase(parse: &Parse, span: Span) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut keep_blank = false;
    for element in parse.syntax().descendants_with_tokens() {
        let Some(token) = element.into_token() else {
            continue;
        };
        let range = token.text_range();
        let start = u32::from(range.start()).max(span.start);
        let end = u32::from(range.end()).min(span.end);
        // The line end behind a line comment stays with it.
        let kept = token.kind().is_comment() || keep_blank;
        keep_blank = token.kind() == SyntaxKind::LineComment;
        if kept || start >= end {
            continue;
        }
        match edits.last_mut() {
            Some(last) if last.span.end == start => last.span.end = end,
            _ => edits.push(TextEdit {
                span: Span::new(start, end),
                text: String::new(),
            }),
        }
    }
    edits
}

/// Sorts edits and joins removals that overlap.
pub(super) fn tidy(mut edits: Vec<TextEdit>) -> Vec<TextEdit> {
    sort::sort_by_key(&mut edits, |edit| (edit.span.start, edit.span.end));
    let mut result: Vec<TextEdit> = Vec::new();
    for edit in edits {
        match result.last_mut() {
            Some(last)
                if edit.span.start < last.span.end
                    && last.text.is_empty()
                    && edit.text.is_empty() =>
            {
                last.span.end = last.span.end.max(edit.span.end);
            }
            // What stands within a removal goes with it.
            Some(last) if edit.span.start < last.span.end => {}
            _ => result.push(edit),
        }
    }
    result
}

/// A stretch of the text moved to another level: line ends outside of texts and comments get more blanks.
pub(super) fn moved(parse: &Parse, span: Span, deeper: &str) -> String {
    let mut result = String::new();
    for element in parse.syntax().descendants_with_tokens() {
        let Some(token) = element.into_token() else {
            continue;
        };
        let range = token.text_range();
        if u32::from(range.start()) < span.start || u32::from(range.end()) > span.end {
            continue;
        }
        match token.kind() {
            SyntaxKind::Whitespace => {
                result.push_str(&token.text().replace('\n', &format!("\n{deeper}")));
            }
            _ => result.push_str(token.text()),
        }
    }
    result
}
