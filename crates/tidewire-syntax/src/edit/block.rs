//! Adding, copying and deleting blocks.

use super::mention::mentions_of;
use super::place::{
    Placed, blocks, body, design, effective, end_of_line, erase, erase_lines, indent_at, indented,
    insert_member, insertion, items, node_name, same, span_of, tidy, written,
};
use super::rename::check_name;
use super::{EditError, Edits};
use crate::ast::{Item, ItemKind, Service, Trigger};
use crate::{Name, Parse, Span, SyntaxKind, SyntaxNode, TextEdit, apply};

/// A kind of block that the canvas can add, each with something in it to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A client that thinks and asks for nothing yet.
    Client,
    /// A service with one command.
    Service,
    /// A gateway with one command.
    Gateway,
    /// An external party with one command.
    External,
    /// A relational database with one table.
    Database,
    /// An event store.
    EventStore,
    /// A log broker with one topic.
    Broker,
}

impl Part {
    fn template(self, name: &str) -> String {
        let block = written(name);
        match self {
            Part::Client => {
                format!("client {block} users 1 requests 10 {{\n  think 50ms to 200ms;\n}}")
            }
            Part::Service => with_command("service", &block),
            Part::Gateway => with_command("gateway", &block),
            Part::External => with_command("external", &block),
            Part::EventStore => format!("database {block} events {{}}"),
            Part::Database => format!(
                "database {block} relational {{\n  create table items (id int primary key, value int not null);\n}}"
            ),
            Part::Broker => {
                let topic = written(&format!("{name}_events"));
                format!("broker {block} log {{\n  topic {topic};\n}}")
            }
        }
    }
}

/// A service, or what has the members of one, that answers one command.
fn with_command(word: &str, block: &str) -> String {
    format!("{word} {block} {{\n  command Handle(id int) {{\n    reply ();\n  }}\n}}")
}

/// Adds a block behind the last one of the design, or of the common part.
pub fn add_block(parse: &Parse, part: Part, name: &str, design: Option<usize>) -> Edits {
    check_name(parse, None, name)?;
    Ok(vec![append(parse, &part.template(name), design)?])
}

/// Adds a topic to a broker.
pub fn add_topic(parse: &Parse, broker: &str, topic: &str, design: Option<usize>) -> Edits {
    let blocks = effective(parse, broker, design)?;
    let has = |item: &&Item| match &item.kind {
        ItemKind::Broker(broker) => (broker.members.iter())
            .any(|member| member.kind.channel().is_some_and(|name| same(name, topic))),
        _ => false,
    };
    if blocks.iter().any(has) {
        return Err(EditError::NameTaken(topic.to_string()));
    }
    let unknown = || EditError::UnknownNode(broker.to_string());
    let body = body(parse, blocks[0].span).ok_or_else(unknown)?;
    let member = format!("topic {};", written(topic));
    Ok(insert_member(parse, &body, &member, None)
        .into_iter()
        .collect())
}

/// A name that no block has: the stem, or the stem with a number.
pub fn free_name(parse: &Parse, stem: &str) -> String {
    let taken = |name: &str| {
        items(parse).into_iter().any(|(_, item)| match &item.kind {
            ItemKind::Event(event) => same(&event.name, name),
            kind => node_name(kind).is_some_and(|it| same(it, name)),
        })
    };
    let numbered = (2_u32..).map(|number| format!("{stem}_{number}"));
    std::iter::once(stem.to_string())
        .chain(numbered)
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// Writes a block behind the last one of a design or of the common part; lessons and layouts stay last.
pub(super) fn append(
    parse: &Parse,
    template: &str,
    at: Option<usize>,
) -> Result<TextEdit, EditError> {
    let text = parse.text();
    let last = |items: &[Item]| {
        let common = items
            .iter()
            .take_while(|item| !matches!(item.kind, ItemKind::Design(_)));
        common
            .filter(|item| !matches!(item.kind, ItemKind::Lesson(_) | ItemKind::Layout(_)))
            .last()
            .map(|it| it.span.end)
    };
    let Some(index) = at else {
        return Ok(match last(&parse.file().items) {
            Some(end) => insertion(end_of_line(text, end), format!("\n\n{template}")),
            None if text.trim().is_empty() => insertion(0, format!("{template}\n")),
            None => insertion(0, format!("{template}\n\n")),
        });
    };
    let (item, design) = design(parse, index)?;
    if let Some(end) = last(&design.items) {
        let indent = format!("{}  ", indent_at(text, item.span.start));
        let block = indented(template, &indent);
        return Ok(insertion(
            end_of_line(text, end),
            format!("\n\n{indent}{block}"),
        ));
    }
    let body = body(parse, item.span).ok_or(EditError::UnknownDesign)?;
    insert_member(parse, &body, template, None).ok_or(EditError::TextHasErrors)
}

/// Copies a node under a new name: each of its blocks, behind the original.
pub fn duplicate(parse: &Parse, node: &str, name: &str) -> Edits {
    check_name(parse, None, name)?;
    let found = blocks(parse, node);
    if found.is_empty() {
        return Err(EditError::UnknownNode(node.to_string()));
    }
    let copy = |(_, item): Placed<'_>| {
        let start = item.span.start;
        let renamed: Vec<TextEdit> = mentions_of(item, node)
            .into_iter()
            .map(|span| TextEdit {
                span: Span::new(span.start - start, span.end - start),
                text: written(name),
            })
            .collect();
        let block = apply(item.span.text(parse.text()), &renamed);
        let indent = indent_at(parse.text(), start);
        let at = end_of_line(parse.text(), item.span.end);
        insertion(at, format!("\n\n{indent}{block}"))
    };
    Ok(found.into_iter().map(copy).collect())
}

/// Takes nodes out: their blocks in the common part and in all designs, their positions, what they are called
/// in `owns` and `uses`, and the faults that address them. Calls and tables stay as they are; that they lead
/// nowhere now is for the diagnostics to say.
pub fn delete(parse: &Parse, nodes: &[&str]) -> Edits {
    if !parse.diagnostics().is_empty() {
        return Err(EditError::TextHasErrors);
    }
    if let Some(unknown) = nodes.iter().find(|node| blocks(parse, node).is_empty()) {
        return Err(EditError::UnknownNode(unknown.to_string()));
    }
    let gone = |name: &Name| nodes.iter().any(|node| same(name, node));
    let mut edits = Vec::new();
    for (_, item) in items(parse) {
        let own = match &item.kind {
            ItemKind::Without(name) => gone(name),
            kind => node_name(kind).is_some_and(&gone),
        };
        match &item.kind {
            _ if own || addressed(item, &gone) => {
                edits.push(erase_lines(parse.text(), item.span));
            }
            ItemKind::Layout(positions) => {
                let positions = positions.iter().filter(|position| gone(&position.node));
                edits.extend(positions.map(|it| erase_lines(parse.text(), it.span)));
            }
            ItemKind::Service(service) => edits.extend(unlisted(parse, item, service, &gone)),
            _ => {}
        }
    }
    Ok(tidy(edits))
}

/// Whether a block is a fault that is about one of the nodes.
fn addressed(item: &Item, gone: &dyn Fn(&Name) -> bool) -> bool {
    let ItemKind::Fault(fault) = &item.kind else {
        return false;
    };
    let target = fault.kind.nodes().into_iter().any(gone);
    let client = match &fault.trigger {
        Some(Trigger::AfterCommit { client, .. }) => client.as_ref().is_some_and(gone),
        _ => false,
    };
    target || client
}

/// Takes databases out of the header of a service.
pub(super) fn unlisted(
    parse: &Parse,
    item: &Item,
    service: &Service,
    gone: &dyn Fn(&Name) -> bool,
) -> Vec<TextEdit> {
    let Some(node) = super::place::node(parse, item.span, SyntaxKind::Service) else {
        return Vec::new();
    };
    let names = || service.owns.iter().chain(&service.uses);
    let lists = node
        .children()
        .filter(|it| it.kind() == SyntaxKind::StoreList);
    lists
        .flat_map(|list| {
            let span = span_of(&list);
            let inside =
                names().filter(|name| span.start <= name.span.start && name.span.end <= span.end);
            let inside: Vec<(Span, bool)> = inside.map(|name| (name.span, gone(name))).collect();
            from_list(parse, &list, &inside)
        })
        .collect()
}

fn from_list(parse: &Parse, list: &SyntaxNode, names: &[(Span, bool)]) -> Vec<TextEdit> {
    let span = span_of(list);
    if names.iter().all(|(_, gone)| *gone) {
        let before = parse.text()[..span.start as usize].trim_end().len() as u32;
        return erase(parse, Span::new(before, span.end));
    }
    let mut kept_before = false;
    let mut edits = Vec::new();
    for (at, (name, gone)) in names.iter().enumerate() {
        match (gone, kept_before) {
            (false, _) => kept_before = true,
            (true, true) => edits.extend(erase(parse, Span::new(names[at - 1].0.end, name.end))),
            (true, false) => {
                edits.extend(erase(parse, Span::new(name.start, names[at + 1].0.start)))
            }
        }
    }
    edits
}
