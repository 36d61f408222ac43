//! `append … to stream … expecting …`: one statement that checks the version and inserts, or changes nothing.

use std::fmt::Write;

use tidewire_store::Type;
use tidewire_syntax::ast::{Append, AppendedEvent, Expecting};
use tidewire_syntax::{Diagnostic, Span};

use super::frame::{Binding, Frame};
use super::generated::{Hidden, quoted};
use crate::report::list;
use crate::{DatabaseId, HandlerTrigger, Instruction, SlotId};

/// The failure of an append whose stream has gone on meanwhile; EventStoreDB's name for it.
const CONFLICT: &str = "WrongExpectedVersion";

impl Frame<'_, '_> {
    /// Lowers an append.
    pub(super) fn append(&mut self, append: &Append, span: Span) {
        let Some(database) = self.event_store(span) else {
            self.is_poisoned = true;
            return;
        };
        if self.trigger == (HandlerTrigger::Command { read_only: true }) {
            self.builder.report.push(
                Diagnostic::error("query-writes", span, "a query promises to write nothing")
                    .hint("write command instead of query, or move the append into a command"),
            );
        }
        self.warn_outside_transaction(database, span);
        if self.append_values(append, database, span).is_none() {
            self.is_poisoned = true;
        }
    }

    fn append_values(&mut self, append: &Append, database: DatabaseId, span: Span) -> Option<()> {
        let stream = self.value_as(&append.stream, Type::Text, "the name of a stream")?;
        let stream = self.hold(stream, Type::Text, append.stream.span);
        let expected = match &append.expecting {
            Expecting::Any => "true".to_owned(),
            Expecting::NoStream => "head.version = 0".to_owned(),
            Expecting::Version(version) => {
                let scalar = self.value_as(version, Type::BigInt, "a version")?;
                let version = self.hold(scalar, Type::BigInt, version.span);
                format!("head.version = {}", version.text)
            }
        };
        let id = match &append.id {
            Some(id) => Some(self.hold_text(id)?),
            None => None,
        };
        let ids = ids(id.as_ref(), append.events.len());
        let mut rows = String::new();
        for (ordinal, (event, id)) in append.events.iter().zip(&ids).enumerate() {
            let data = self.data_of(event, span)?;
            let name = quoted(self.event_name(event));
            let comma = if ordinal > 0 { ", " } else { "" };
            // The formatting of a String cannot fail.
            let _ = write!(rows, "{comma}({ordinal}, {name}, {data}, {id})");
        }
        let is_new = match id {
            Some(_) => format!(
                "not exists (select 1 from events where event_id = {})",
                ids[0]
            ),
            None => "true".to_owned(),
        };
        let text = format!(
            "with head as (
               select coalesce(max(case when stream = {stream} then version end), 0) as version,
                 coalesce(max(position) + 1, 0) as position
               from events)
             insert into events (position, stream, version, event, data, event_id, at)
             select head.position + n.ordinal, {stream}, head.version + n.ordinal + 1, n.event, n.data, n.id, :now
             from head cross join (values {rows}) as n (ordinal, event, data, id)
             where {expected} and {is_new}
             returning version, position",
            stream = stream.text,
        );
        let names: Vec<&str> = append.events.iter().map(|it| self.event_name(it)).collect();
        let words = format!("append {}", list(&names, ""));
        let (insert, _) = self.generated(&text, database, words, span)?;
        let version = self.bind_quietly("version", Type::Integer);
        let position = self.bind_quietly("position", Type::BigInt);
        let cursor = self.cursors;
        self.cursors += 1;
        self.emit(Instruction::OpenCursor(insert, cursor), span);
        let (turn, done, behind) = (self.label(), self.label(), self.label());
        self.mark(turn);
        let outputs = vec![version, position];
        self.emit(
            Instruction::NextRow {
                cursor,
                outputs: outputs.clone(),
                done,
            },
            span,
        );
        self.emit(Instruction::Jump(turn), span);
        self.mark(done);
        let nothing = self.generated_scalar(":row_count = 0", span)?;
        self.emit(Instruction::Unless(nothing, behind), span);
        if id.is_some() {
            self.find_earlier(&ids, outputs, database, span)?;
            let unknown = self.generated_scalar(":version is null", span)?;
            self.emit(Instruction::Unless(unknown, behind), span);
        }
        self.emit(Instruction::Abort(CONFLICT.into()), span);
        self.mark(behind);
        Some(())
    }

    /// Nothing was inserted: because the id is known, or because of the version.
    fn find_earlier(
        &mut self,
        ids: &[String],
        outputs: Vec<SlotId>,
        database: DatabaseId,
        span: Span,
    ) -> Option<()> {
        let ids = ids.join(", ");
        let text = format!(
            "select max(version) as version, max(position) as position from events where event_id in ({ids})"
        );
        let words = "read the events of this id".to_owned();
        let (earlier, _) = self.generated(&text, database, words, span)?;
        self.send(earlier, outputs, span);
        Some(())
    }

    fn event_name<'e>(&self, event: &'e AppendedEvent) -> &'e str {
        event.event.as_str()
    }

    /// The jsonb of an event, as SQL.
    fn data_of(&mut self, appended: &AppendedEvent, span: Span) -> Option<String> {
        let event = self.builder.event(&appended.event)?;
        let declared = self.builder.program.events[event.index()].fields.clone();
        let whose = appended.event.as_str();
        let values = self.arguments(whose, "field", &appended.arguments, &declared, span)?;
        let mut pairs = Vec::new();
        for ((name, data_type), scalar) in declared.iter().zip(values) {
            let value = self.hold(scalar, *data_type, span);
            pairs.push((&**name, value));
        }
        Some(object(&pairs))
    }

    /// The one event store that the service reaches.
    pub(super) fn event_store(&mut self, span: Span) -> Option<DatabaseId> {
        let stores: Vec<DatabaseId> = self.service.map_or(Vec::new(), |service| {
            let service = &self.builder.program.services[service.index()];
            let reach = service.owns.iter().chain(&service.uses).copied();
            reach
                .filter(|id| self.builder.is_event_store(*id))
                .collect()
        });
        let (message, hint) = match stores.as_slice() {
            [only] => return Some(*only),
            [] => (
                "no event store is reached from here".to_owned(),
                "declare one, database shop_events events; and write service … owns shop_events",
            ),
            [first, second, ..] => (
                format!(
                    "this could go to {} or {}",
                    self.builder.database_name(*first),
                    self.builder.database_name(*second)
                ),
                "give each event store a service of its own",
            ),
        };
        self.builder
            .report
            .error("no-event-store", span, message, hint);
        None
    }

    /// Binds a name that a step always binds: nobody is told that it hides an earlier one.
    pub(super) fn bind_quietly(&mut self, name: &str, data_type: Type) -> SlotId {
        let slot = self.slot(name.into());
        self.scope.push(Binding {
            name: name.into(),
            field: None,
            slot,
            data_type: Some(data_type),
            place: None,
            shadows: false,
        });
        slot
    }
}

/// `jsonb_build_object(…)` of names and values.
pub(super) fn object(pairs: &[(&str, Hidden)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}, {}", quoted(name), value.text))
        .collect();
    match pairs.is_empty() {
        true => "cast('{}' as jsonb)".to_owned(),
        false => format!("jsonb_build_object({})", pairs.join(", ")),
    }
}

/// The ids of the events of one append, as SQL: the id itself, or one made of it for each of several.
fn ids(id: Option<&Hidden>, number: usize) -> Vec<String> {
    match id {
        None => vec!["cast(null as text)".to_owned(); number],
        Some(id) if number == 1 => vec![id.text.clone()],
        Some(id) => (1..=number)
            .map(|ordinal| format!("{} || '/{ordinal}'", id.text))
            .collect(),
    }
}
