//! "Give this service its own database": the text of a new design.

use super::block::unlisted;
use super::place::{
    blocks, body, design, effective, end_of_line, erase_lines, indented, insert_member, insertion,
    items, moved, same, span_of, written,
};
use super::rename::check_name;
use super::tables::tables;
use super::{EditError, Edits};
use crate::ast::sql::Statement;
use crate::ast::{
    Database, DatabaseMember, FaultKind, Item, ItemKind, Member, Relay, Service, Step, StepKind,
};
use crate::sort;
use crate::{Name, Parse, Span, TextEdit, apply};

/// What is split off, decided by the caller.
#[derive(Clone, Copy, Debug)]
pub struct Split<'a> {
    /// The design that the new one begins as a copy of; `None` for the common part.
    pub base: Option<usize>,
    /// The sentence that names the new design.
    pub design: &'a str,
    /// The service that gets a database of its own.
    pub service: &'a str,
    /// The database that its tables are in.
    pub source: &'a str,
    /// The name of the new database.
    pub target: &'a str,
    /// The tables that move, with their rows.
    pub tables: &'a [&'a str],
    /// Where the new database stands on the canvas.
    pub position: Option<(i32, i32)>,
}

/// Writes a design like the base in which the service owns a new database that holds the tables; the source
/// loses them, and the service no longer reaches it. Relays and migrations of these tables follow them.
/// Statements stay as they are: which of them now reach across is for the diagnostics to say.
pub fn split_database(parse: &Parse, split: &Split<'_>) -> Edits {
    if !parse.diagnostics().is_empty() {
        return Err(EditError::TextHasErrors);
    }
    check_name(parse, None, split.target)?;
    effective(parse, split.source, split.base)?;
    effective(parse, split.service, split.base)?;
    let copied = Copied::new(parse, split)?;
    let title = split.design.replace('\'', "''");
    let gap = if copied.text.is_empty() { "\n" } else { "\n\n" };
    let more = copied.more.join("\n\n");
    let text = format!("design '{title}' {{{}{gap}{more}\n}}", copied.text);
    Ok(vec![placed(parse, &text)])
}

/// Puts the new design behind the last one, else behind the common part, before a lesson and a layout at the end.
fn placed(parse: &Parse, text: &str) -> TextEdit {
    let file = &parse.file().items;
    let is_layout = |item: &&Item| matches!(item.kind, ItemKind::Lesson(_) | ItemKind::Layout(_));
    let is_design = |item: &&Item| matches!(item.kind, ItemKind::Design(_));
    let last = file
        .iter()
        .rfind(is_design)
        .or_else(|| file.iter().rfind(|it| !is_layout(it)));
    match last {
        Some(last) => insertion(
            end_of_line(parse.text(), last.span.end),
            format!("\n\n{text}"),
        ),
        None => insertion(0, format!("{text}\n\n")),
    }
}

/// The base design's own text with the changes made in it, and the blocks that have to be added.
struct Copied {
    text: String,
    more: Vec<String>,
}

impl Copied {
    fn new(parse: &Parse, split: &Split<'_>) -> Result<Self, EditError> {
        let mut writer = Writer {
            parse,
            split,
            edits: Vec::new(),
            more: Vec::new(),
        };
        writer.source();
        writer.target();
        writer.service();
        writer.followers();
        writer.position();
        let mut text = String::new();
        if let Some(index) = split.base {
            let (item, _) = design(parse, index)?;
            let body = body(parse, item.span).ok_or(EditError::UnknownDesign)?;
            text = inner(parse, span_of(&body), &writer.edits);
        }
        Ok(Self {
            text,
            more: writer.more,
        })
    }
}

/// The text behind the opening brace of the base, with edits. A comment may stand there; everything else begins
/// on a line of its own.
fn inner(parse: &Parse, body: Span, edits: &[TextEdit]) -> String {
    let inner = Span::new(body.start + 1, body.end.saturating_sub(1));
    let local: Vec<TextEdit> = edits
        .iter()
        .filter_map(|edit| {
            let start = edit.span.start.checked_sub(inner.start)?;
            let end = edit.span.end.checked_sub(inner.start)?;
            let span = Span::new(start, end);
            let text = edit.text.clone();
            Some(TextEdit { span, text })
        })
        .collect();
    let text = apply(inner.text(parse.text()), &super::place::tidy(local));
    let text = text.trim_end();
    let first = text.split('\n').next().unwrap_or("").trim();
    match first.is_empty() || first.starts_with("--") {
        true => text.to_string(),
        false => format!("\n  {}", text.trim_start()),
    }
}

struct Writer<'p, 's> {
    parse: &'p Parse,
    split: &'s Split<'s>,
    /// Edits within the base design's text.
    edits: Vec<TextEdit>,
    /// Blocks to add, with their indentation.
    more: Vec<String>,
}

impl<'p> Writer<'p, '_> {
    fn is_moving(&self, table: &Name) -> bool {
        self.split.tables.iter().any(|moving| same(table, moving))
    }

    /// Whether a statement touches moving tables only.
    fn moves(&self, statement: &Statement) -> bool {
        let first = tables(statement)
            .first()
            .map(|table| self.is_moving(&table.table));
        first.unwrap_or(false)
    }

    /// The blocks of a node: the common one first, whether each is in the base design.
    fn blocks(&self, node: &str) -> Vec<(bool, &'p Item)> {
        let mut found = blocks(self.parse, node);
        found.retain(|(at, _)| at.is_none() || *at == self.split.base);
        sort::sort_by_key(&mut found, |(at, _)| at.is_some());
        found
            .into_iter()
            .map(|(at, item)| (at.is_some(), item))
            .collect()
    }

    fn databases(&self) -> Vec<(bool, &'p Item, &'p Database)> {
        let found = self.blocks(self.split.source).into_iter();
        found
            .filter_map(|(own, item)| match &item.kind {
                ItemKind::Database(database) => Some((own, item, database)),
                _ => None,
            })
            .collect()
    }

    /// Takes the tables out of the source.
    fn source(&mut self) {
        let mut common = Vec::new();
        for (own, _, database) in self.databases() {
            for member in &database.members {
                let DatabaseMember::Statement(statement) = &member.kind else {
                    continue;
                };
                match statement {
                    _ if !self.moves(statement) => {}
                    _ if own => self.edits.push(erase_lines(self.parse.text(), member.span)),
                    Statement::CreateTable(create) => {
                        common.push(format!("without {};", written(&create.name.table.text)));
                    }
                    _ => {}
                }
            }
        }
        if common.is_empty() {
            return;
        }
        let own = self.databases().into_iter().find(|(own, ..)| *own);
        let body = own.and_then(|(_, item, _)| body(self.parse, item.span));
        match body.and_then(|it| insert_member(self.parse, &it, &common.join("\n"), None)) {
            Some(edit) => self.edits.push(edit),
            None => {
                let name = written(self.split.source);
                self.more.push(block(&format!("database {name}"), &common));
            }
        }
    }

    /// Writes the new database: settings of the source, the tables and their rows.
    fn target(&mut self) {
        let mut members = Vec::new();
        let mut kind = None;
        let databases = self.databases();
        for (own, _, database) in &databases {
            kind = database.kind.as_ref().or(kind);
            for member in &database.members {
                let goes = match &member.kind {
                    DatabaseMember::Statement(statement) => self.moves(statement),
                    DatabaseMember::Without(_) => false,
                    setting => *own || !overridden(setting, &databases),
                };
                if goes {
                    members.push(self.member(member, *own));
                }
            }
        }
        let kind = kind.map_or("relational", |kind| kind.as_str());
        let name = written(self.split.target);
        self.more
            .push(block(&format!("database {name} {kind}"), &members));
    }

    /// A member as text whose further lines fit a body within a design.
    fn member(&self, member: &Member<DatabaseMember>, own: bool) -> String {
        // A common block stands one level higher than one within a design.
        moved(self.parse, member.span, if own { "" } else { "  " })
    }

    /// Gives the service the new database instead of the source.
    fn service(&mut self) {
        let found: Vec<(bool, &Item, &Service)> = self
            .blocks(self.split.service)
            .into_iter()
            .filter_map(|(own, item)| match &item.kind {
                ItemKind::Service(service) => Some((own, item, service)),
                _ => None,
            })
            .collect();
        let common = found
            .iter()
            .find(|(own, ..)| !own)
            .map(|(_, _, service)| *service);
        let own = found.iter().find(|(own, ..)| *own);
        let listed = |list: fn(&Service) -> &Vec<Name>| {
            let own = own
                .map(|(_, _, service)| list(service))
                .filter(|it| !it.is_empty());
            own.or(common.map(list)).cloned().unwrap_or_default()
        };
        let others = |names: Vec<Name>| -> Vec<String> {
            let others = names.iter().filter(|name| !same(name, self.split.source));
            others.map(|name| written(&name.text)).collect()
        };
        let mut owns = others(listed(|service| &service.owns));
        owns.push(written(self.split.target));
        let uses = others(listed(|service| &service.uses));
        let mut header = format!(" owns {}", owns.join(", "));
        if !uses.is_empty() {
            header += &format!(" uses {}", uses.join(", "));
        }
        let inherits = uses.is_empty()
            && common.is_some_and(|it| it.uses.iter().any(|name| same(name, self.split.source)));
        let without: Vec<String> = inherits
            .then(|| format!("without {};", written(self.split.source)))
            .into_iter()
            .collect();
        match own {
            Some((_, item, service)) => self.change_service(item, service, header, &without),
            None => {
                let name = written(self.split.service);
                let word = common.map_or("service", |service| service.role.word());
                self.more
                    .push(block(&format!("{word} {name}{header}"), &without));
            }
        }
    }

    fn change_service(
        &mut self,
        item: &'p Item,
        service: &'p Service,
        header: String,
        without: &[String],
    ) {
        self.edits
            .extend(unlisted(self.parse, item, service, &|_| true));
        self.edits.push(insertion(service.name.span.end, header));
        let body = body(self.parse, item.span);
        if let (Some(member), Some(body)) = (without.first(), body) {
            self.edits
                .extend(insert_member(self.parse, &body, member, None));
        }
        for member in &service.members {
            for steps in member.kind.bodies() {
                self.redirect(steps);
            }
        }
    }

    /// `begin in source` becomes `begin in target`.
    fn redirect(&mut self, steps: &[Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Sql {
                    database: Some(name),
                    ..
                } if same(name, self.split.source) => self.rename(name),
                kind => kind.parts().into_iter().for_each(|it| self.redirect(it)),
            }
        }
    }

    fn rename(&mut self, name: &Name) {
        self.edits.push(TextEdit {
            span: name.span,
            text: written(self.split.target),
        });
    }

    /// Relays and migrations follow their tables.
    fn followers(&mut self) {
        for (at, item) in items(self.parse) {
            let own = at.is_some();
            if own && at != self.split.base {
                continue;
            }
            let followed = match &item.kind {
                ItemKind::Relay(relay) => self.relay_source(relay),
                ItemKind::Fault(fault) if own => match &fault.kind {
                    FaultKind::Migrate(name, statements) => {
                        let all = statements.iter().all(|it| self.moves(it));
                        (same(name, self.split.source) && all).then_some(name)
                    }
                    _ => None,
                },
                _ => None,
            };
            let Some(name) = followed else { continue };
            if own {
                self.rename(name);
            } else if !self.replaced(item) {
                let edit = TextEdit {
                    span: Span::new(
                        name.span.start - item.span.start,
                        name.span.end - item.span.start,
                    ),
                    text: written(self.split.target),
                };
                let text = apply(item.span.text(self.parse.text()), &[edit]);
                self.more.push(format!("  {}", indented(&text, "  ")));
            }
        }
    }

    /// The name of the source in a relay of a moving table.
    fn relay_source<'r>(&self, relay: &'r Relay) -> Option<&'r Name> {
        let database = relay.table.database.as_ref()?;
        (same(database, self.split.source) && self.is_moving(&relay.table.table))
            .then_some(database)
    }

    /// Whether the base design has a block of its own in the place of a common one.
    fn replaced(&self, item: &Item) -> bool {
        let name = super::place::node_name(&item.kind);
        name.is_some_and(|name| self.blocks(&name.text).iter().any(|(own, _)| *own))
    }

    fn position(&mut self) {
        let Some((x, y)) = self.split.position else {
            return;
        };
        let entry = format!("{} {x} {y};", written(self.split.target));
        let own_layout = items(self.parse).into_iter().find(|(at, item)| {
            at.is_some() && *at == self.split.base && matches!(item.kind, ItemKind::Layout(_))
        });
        let body = own_layout.and_then(|(_, item)| body(self.parse, item.span));
        match body.and_then(|it| insert_member(self.parse, &it, &entry, None)) {
            Some(edit) => self.edits.push(edit),
            None => self.more.push(block("layout", &[entry])),
        }
    }
}

/// Whether a later block says the same setting again.
fn overridden(setting: &DatabaseMember, databases: &[(bool, &Item, &Database)]) -> bool {
    let same_kind = |other: &Member<DatabaseMember>| {
        std::mem::discriminant(&other.kind) == std::mem::discriminant(setting)
    };
    databases
        .iter()
        .any(|(own, _, database)| *own && database.members.iter().any(same_kind))
}

/// A block within a design.
fn block(header: &str, members: &[String]) -> String {
    if members.is_empty() {
        return format!("  {header} {{}}");
    }
    let members: String = members
        .iter()
        .map(|member| format!("    {member}\n"))
        .collect();
    format!("  {header} {{\n{}  }}", members)
}
