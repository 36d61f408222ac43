//! Wires: what a connection drawn on the canvas is in the text.

use super::block::unlisted;
use super::place::{
    body, effective, event, insert_member, insertion, same, services, span_of, written,
};
use super::{EditError, Edits};
use crate::ast::sql::TypeKind;
use crate::ast::{Command, Field, Item, ItemKind, Member, ServiceMember};
use crate::{Name, Parse, SyntaxKind, SyntaxNode};

/// How a service reaches a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `owns`
    Owns,
    /// `uses`
    Uses,
}

/// Where a step is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler<'a> {
    /// The body of a client.
    Client,
    /// A command or query of a service.
    Command(&'a str),
    /// The handler of an event in a service.
    Event(&'a str),
}

/// Lets a service own or use a database. Nothing changes if it does already.
pub fn add_store(
    parse: &Parse,
    service: &str,
    database: &str,
    access: Access,
    design: Option<usize>,
) -> Edits {
    let unknown = || EditError::UnknownNode(service.to_string());
    let items = effective(parse, service, design)?;
    let found = services(&items);
    let (item, first) = *found.first().ok_or_else(unknown)?;
    let node = super::place::node(parse, item.span, SyntaxKind::Service).ok_or_else(unknown)?;
    let (word, own, common): (_, &[Name], &[Name]) = match access {
        Access::Owns => (
            "owns",
            &first.owns,
            found.get(1).map_or(&[], |it| &it.1.owns),
        ),
        Access::Uses => (
            "uses",
            &first.uses,
            found.get(1).map_or(&[], |it| &it.1.uses),
        ),
    };
    // A clause that a design writes replaces the common one.
    let counting = if own.is_empty() { common } else { own };
    if counting.iter().any(|name| same(name, database)) {
        return Ok(Vec::new());
    }
    let edit = match own.last() {
        Some(last) => insertion(last.span.end, format!(", {}", written(database))),
        None => {
            let mut names: Vec<String> = common.iter().map(|name| written(&name.text)).collect();
            names.push(written(database));
            let lists = node
                .children()
                .filter(|it| it.kind() == SyntaxKind::StoreList);
            let behind = match access {
                Access::Owns => first.name.span.end,
                Access::Uses => lists
                    .last()
                    .map_or(first.name.span.end, |it| span_of(&it).end),
            };
            insertion(behind, format!(" {word} {}", names.join(", ")))
        }
    };
    Ok(vec![edit])
}

/// Takes a database out of what a service owns and uses, where that is written.
pub fn remove_store(parse: &Parse, service: &str, database: &str, design: Option<usize>) -> Edits {
    let items = effective(parse, service, design)?;
    let edits = services(&items)
        .into_iter()
        .flat_map(|(item, service)| unlisted(parse, item, service, &|name| same(name, database)));
    Ok(super::place::tidy(edits.collect()))
}

/// Adds a call of a command to a handler. Arguments are values of the same name where the handler has them,
/// else examples of their type.
pub fn add_call(
    parse: &Parse,
    caller: &str,
    handler: Handler<'_>,
    service: &str,
    command: &str,
    design: Option<usize>,
) -> Edits {
    let unknown = || EditError::UnknownMember(service.to_string(), command.to_string());
    let targets = effective(parse, service, design)?;
    let target = commands(&targets)
        .find(|it| same(&it.name, command))
        .ok_or_else(unknown)?;
    let place = find_handler(parse, caller, handler, design)?;
    let arguments = arguments(&target.parameters, &place.values);
    let (service, command) = (written(service), written(command));
    add_step(
        parse,
        &place.body,
        &format!("call {service}.{command}({arguments});"),
    )
}

/// Adds the publication of an event to a handler; its fields as the arguments of [`add_call`].
pub fn add_publish(
    parse: &Parse,
    service: &str,
    handler: Handler<'_>,
    published: &str,
    topic: &str,
    design: Option<usize>,
) -> Edits {
    let unknown = || EditError::UnknownNode(published.to_string());
    let fields = &event(parse, published, design).ok_or_else(unknown)?.fields;
    let place = find_handler(parse, service, handler, design)?;
    let arguments = arguments(fields, &place.values);
    let (published, topic) = (written(published), written(topic));
    add_step(
        parse,
        &place.body,
        &format!("publish {published}({arguments}) to {topic};"),
    )
}

/// Lets a service handle an event: an empty handler to be filled in.
pub fn add_subscription(
    parse: &Parse,
    service: &str,
    event: &str,
    topic: &str,
    design: Option<usize>,
) -> Edits {
    let unknown = || EditError::UnknownNode(service.to_string());
    let items = effective(parse, service, design)?;
    let (item, _) = *services(&items).first().ok_or_else(unknown)?;
    let (event, topic) = (written(event), written(topic));
    let handler = format!("on {event} from {topic} {{\n}}");
    match body(parse, item.span) {
        Some(body) => Ok(insert_member(parse, &body, &handler, None)
            .into_iter()
            .collect()),
        // `service name;` has no body yet.
        None => Ok(bodied(parse, item, &handler).into_iter().collect()),
    }
}

/// Gives a block that ends in `;` a body.
fn bodied(parse: &Parse, item: &Item, member: &str) -> Option<crate::TextEdit> {
    let at = item.span.end.checked_sub(1)?;
    let semicolon = crate::Span::new(at, item.span.end).text(parse.text()) == ";";
    semicolon.then(|| crate::TextEdit {
        span: crate::Span::new(at, at + 1),
        text: format!(" {{\n  {}\n}}", super::place::indented(member, "  ")),
    })
}

fn commands<'p>(items: &[&'p Item]) -> impl Iterator<Item = &'p Command> {
    let members = services(items)
        .into_iter()
        .flat_map(|(_, service)| &service.members);
    members.filter_map(|member| match &member.kind {
        ServiceMember::Command(command) => Some(command),
        _ => None,
    })
}

/// A place for a step.
struct Place {
    body: SyntaxNode,
    /// The values that a step can use there: the handler's parameters or the event's fields.
    values: Vec<Name>,
}

fn find_handler(
    parse: &Parse,
    node: &str,
    handler: Handler<'_>,
    design: Option<usize>,
) -> Result<Place, EditError> {
    let items = effective(parse, node, design)?;
    let (member, name) = match handler {
        Handler::Client => {
            let client = items
                .iter()
                .find(|item| matches!(item.kind, ItemKind::Client(_)));
            let body = client.and_then(|item| body(parse, item.span));
            let body = body.ok_or_else(|| EditError::UnknownNode(node.to_string()))?;
            let values = Vec::new();
            return Ok(Place { body, values });
        }
        Handler::Command(name) | Handler::Event(name) => {
            let fits = |member: &&Member<ServiceMember>| match (&member.kind, handler) {
                (ServiceMember::Command(it), Handler::Command(_)) => same(&it.name, name),
                (ServiceMember::Subscription(it), Handler::Event(_)) => same(&it.event, name),
                _ => false,
            };
            let found = services(&items);
            let mut members = found.iter().flat_map(|(_, service)| &service.members);
            (members.find(fits), name)
        }
    };
    let unknown = || EditError::UnknownMember(node.to_string(), name.to_string());
    let member = member.ok_or_else(unknown)?;
    let fields = match &member.kind {
        ServiceMember::Command(command) => command.parameters.as_slice(),
        _ => event(parse, name, design).map_or(&[][..], |event| &event.fields),
    };
    Ok(Place {
        body: body(parse, member.span).ok_or_else(unknown)?,
        values: fields.iter().map(|field| field.name.clone()).collect(),
    })
}

fn arguments(fields: &[Field], values: &[Name]) -> String {
    let argument = |field: &Field| {
        let name = &field.name;
        match values.iter().any(|value| value == name) {
            true => format!("{} => :{}", written(&name.text), name.text),
            false => format!(
                "{} => {}",
                written(&name.text),
                example(field.data_type.kind)
            ),
        }
    };
    fields.iter().map(argument).collect::<Vec<_>>().join(", ")
}

/// A value of a type, to begin with.
fn example(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::SmallInt
        | TypeKind::Integer
        | TypeKind::BigInt
        | TypeKind::Serial
        | TypeKind::BigSerial
        | TypeKind::Numeric(_) => "1",
        TypeKind::Text | TypeKind::VarChar(_) | TypeKind::Char(_) => "'a'",
        TypeKind::Boolean => "true",
        TypeKind::Date => "current_date",
        TypeKind::Timestamp | TypeKind::TimestampTz => "now()",
        TypeKind::Uuid => "'00000000-0000-0000-0000-000000000001'",
        TypeKind::Json | TypeKind::Jsonb => "'{}'",
    }
}

/// Adds a step at the end of a body, before a last `reply`.
fn add_step(parse: &Parse, body: &SyntaxNode, step: &str) -> Edits {
    let reply = body.last_child().filter(|it| {
        let word = it
            .first_token()
            .filter(|_| it.kind() == SyntaxKind::SimpleStep);
        word.is_some_and(|word| word.text().eq_ignore_ascii_case("reply"))
    });
    let before = reply.map(|it| span_of(&it).start);
    let added = insert_member(parse, body, step, before);
    added.map(|edit| vec![edit]).ok_or(EditError::TextHasErrors)
}
