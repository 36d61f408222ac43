//! `load stream … fold { … }`: the events of a stream, one after the other, through a pure function. The same code
//! answers for a view what the state was behind each event; see [`crate::fold`].

use tidewire_store::Type;
use tidewire_syntax::ast::sql::{BinaryOperator, Expression, ExpressionKind, Literal};
use tidewire_syntax::ast::{FoldCase, LoadStream, Step, StepKind};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::frame::{Binding, Frame};
use super::generated::{Hidden, quoted};
use super::stream::object;
use crate::types::{is_untyped, spelling};
use crate::{DatabaseId, EventId, Fold, Instruction, Label, SlotId};

/// A value of the state.
struct Part {
    name: Name,
    value: Hidden,
    data_type: Type,
}

impl Frame<'_, '_> {
    /// Lowers a load.
    pub(super) fn load(&mut self, load: &LoadStream, span: Span) {
        let Some(database) = self.event_store(span) else {
            self.is_poisoned = true;
            return;
        };
        if self.load_stream(load, database, span).is_none() {
            self.is_poisoned = true;
        }
    }

    fn load_stream(&mut self, load: &LoadStream, database: DatabaseId, span: Span) -> Option<()> {
        let stream = self.value_as(&load.stream, Type::Text, "the name of a stream")?;
        let stream = self.hold(stream, Type::Text, load.stream.span);
        let initial = self.position();
        let state = self.first_values(load)?;
        let initial = (initial, self.position());
        let zero = self.generated_scalar("0", span)?;
        let version = self.hold(zero, Type::Integer, span);
        if load.snapshot.is_some() {
            self.read_snapshot(&state, &version, &stream, database, span)?;
        }
        let text = format!(
            "select version, event, data from events where stream = {} and version > {} order by version",
            stream.text, version.text
        );
        let (events, _) = self.generated(&text, database, "read stream".to_owned(), span)?;
        let cursor = self.cursors;
        self.cursors += 1;
        self.emit(Instruction::OpenCursor(events, cursor), span);
        let count = self.generated_scalar(":row_count", span)?;
        let read = self.hold(count, Type::BigInt, span);
        let (turn, done) = (self.label(), self.label());
        let (event, data) = (self.hidden(Type::Text), self.hidden(Type::Jsonb));
        self.mark(turn);
        let outputs = vec![version.slot, event.slot, data.slot];
        let row = Instruction::NextRow {
            cursor,
            outputs,
            done,
        };
        self.emit(row, span);
        let next = self.position();
        let cases = self.cases(load, &state, (&event, &data))?;
        let next = (next, self.position());
        self.emit(Instruction::Jump(turn), span);
        self.mark(done);
        if let Some(every) = load.snapshot {
            let place = (&stream, &version, database);
            self.write_snapshot(every, &state, &read, place, span)?;
        }
        self.builder.program.folds.push(Fold {
            database,
            handler: self.id,
            prefix: prefix(&load.stream).into(),
            state: state
                .iter()
                .map(|part| (part.name.text.clone(), part.value.slot, part.data_type))
                .collect(),
            initial,
            next,
            event: (event.slot, data.slot),
            cases,
            span,
        });
        self.bind_state(load, &state, version.slot);
        Some(())
    }

    /// The state becomes visible behind the load.
    fn bind_state(&mut self, load: &LoadStream, state: &[Part], version: SlotId) {
        let version = (
            Name::new("version", load.stream.span),
            version,
            Type::Integer,
        );
        let parts = state
            .iter()
            .map(|part| (part.name.clone(), part.value.slot, part.data_type));
        for (name, slot, data_type) in parts.chain([version]) {
            let (name, field) = match &load.into {
                Some(into) => (into.text.clone(), Some(name.text)),
                None => (name.text, None),
            };
            self.scope.push(Binding {
                name,
                field,
                slot,
                data_type: Some(data_type),
                place: None,
                shadows: false,
            });
        }
    }

    /// What the state is before the first event. Nothing of the handler counts: a fold depends on events alone.
    fn first_values(&mut self, load: &LoadStream) -> Option<Vec<Part>> {
        let outside = std::mem::take(&mut self.scope);
        let mut state: Vec<Part> = Vec::new();
        for (name, written) in &load.state {
            if state.iter().any(|part| part.name.key() == name.key()) {
                self.builder.report.error(
                    "duplicate-name",
                    name.span,
                    format!("{name} is written twice"),
                    "give each part of the state its own name",
                );
                continue;
            }
            let begins = self.position();
            let Some(planned) = self.value(written) else {
                continue;
            };
            self.check_pure(begins, written.span);
            let is_text = is_untyped(written)
                && !matches!(written.kind, ExpressionKind::Literal(Literal::Null));
            let data_type = if is_text {
                Some(Type::Text)
            } else {
                planned.data_type
            };
            let is_null = matches!(written.kind, ExpressionKind::Literal(Literal::Null));
            let Some(data_type) = data_type.filter(|_| !is_null) else {
                self.builder.report.error(
                    "type-mismatch",
                    written.span,
                    format!("the type of {name} is not known"),
                    "say it: cast(null as int)",
                );
                continue;
            };
            let value = self.hold(planned.scalar, data_type, written.span);
            state.push(Part {
                name: name.clone(),
                value,
                data_type,
            });
        }
        let hidden = std::mem::replace(&mut self.scope, outside);
        self.scope.extend(hidden);
        (state.len() == load.state.len()).then_some(state)
    }

    fn cases(
        &mut self,
        load: &LoadStream,
        state: &[Part],
        row: (&Hidden, &Hidden),
    ) -> Option<Vec<EventId>> {
        let mut cases = Vec::new();
        let end = self.label();
        for case in &load.cases {
            let event = self.builder.event(&case.event)?;
            if cases.contains(&event) {
                self.builder.report.error(
                    "duplicate-name",
                    case.event.span,
                    format!("the fold has {} twice", case.event),
                    "put both into one",
                );
                continue;
            }
            cases.push(event);
            self.case(case, event, state, row, end)?;
        }
        self.mark(end);
        Some(cases)
    }

    fn case(
        &mut self,
        case: &FoldCase,
        event: EventId,
        state: &[Part],
        row: (&Hidden, &Hidden),
        end: Label,
    ) -> Option<()> {
        let name = self.builder.program.events[event.index()].name.clone();
        let fields = self.builder.program.events[event.index()].fields.clone();
        let begins = self.position();
        let other = self.label();
        let condition = format!("{} = {}", row.0.text, quoted(&name));
        let is_it = self.generated_scalar(&condition, case.span)?;
        self.emit(Instruction::Unless(is_it, other), case.span);
        let mut bound = Vec::new();
        for (field, data_type) in &fields {
            if state
                .iter()
                .any(|part| part.name.as_str().eq_ignore_ascii_case(field))
            {
                self.builder.report.error(
                    "duplicate-name",
                    case.event.span,
                    format!("{field} is a part of the state and a field of {name}"),
                    "give the part of the state another name",
                );
            }
            let text = format!(
                "cast({} ->> {} as {})",
                row.1.text,
                quoted(field),
                spelling(*data_type)
            );
            let scalar = self.generated_scalar(&text, case.span)?;
            let value = self.hold(scalar, *data_type, case.span);
            bound.push((field.clone(), value.slot, *data_type));
        }
        let outside = std::mem::take(&mut self.scope);
        let parts = state.iter();
        let parts = parts.map(|part| (part.name.text.clone(), part.value.slot, part.data_type));
        self.scope = parts.chain(bound).map(visible).collect();
        self.pure_steps(&case.body, state);
        self.scope = outside;
        self.check_pure(begins, case.span);
        self.emit(Instruction::Jump(end), case.span);
        self.mark(other);
        Some(())
    }

    /// `let` and `if`.
    fn pure_steps(&mut self, steps: &[Step], state: &[Part]) {
        for step in steps {
            match &step.kind {
                StepKind::Let(name, value) => {
                    let part = state.iter().find(|part| part.name.key() == name.key());
                    let Some(part) = part else {
                        self.bind_value(name, value, step.span);
                        continue;
                    };
                    if let Some(scalar) = self.value_as(value, part.data_type, name.as_str()) {
                        self.emit(Instruction::Set(part.value.slot, scalar), step.span);
                    }
                }
                StepKind::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    let (behind_then, behind_all) = (self.label(), self.label());
                    if let Some(scalar) = self.condition(condition) {
                        self.emit(Instruction::Unless(scalar, behind_then), condition.span);
                    }
                    let outside = self.scope.len();
                    self.pure_steps(then, state);
                    self.scope.truncate(outside);
                    self.emit(Instruction::Jump(behind_all), step.span);
                    self.mark(behind_then);
                    self.pure_steps(otherwise, state);
                    self.scope.truncate(outside);
                    self.mark(behind_all);
                }
                _ => self.refuse_effect(step.span),
            }
        }
    }

    /// Draws and queries are effects too.
    fn check_pure(&mut self, begins: Label, span: Span) {
        if !self.only_computes_since(begins) {
            self.refuse_effect(span);
        }
    }

    fn refuse_effect(&mut self, span: Span) {
        self.builder.report.push(
            Diagnostic::error(
                "fold-computes",
                span,
                "a fold only computes: it runs again whenever the stream is loaded",
            )
            .hint("write let and if here, from the state and the event; what has effects stands behind the load"),
        );
    }

    /// Goes on from the last snapshot of these names, if there is one.
    fn read_snapshot(
        &mut self,
        state: &[Part],
        version: &Hidden,
        stream: &Hidden,
        database: DatabaseId,
        span: Span,
    ) -> Option<()> {
        let text = format!(
            "select version, state from snapshots where stream = {} and fold = {}",
            stream.text,
            quoted(&key(state))
        );
        let (read, _) = self.generated(&text, database, "read snapshot".to_owned(), span)?;
        let (at, kept) = (self.hidden(Type::Integer), self.hidden(Type::Jsonb));
        self.send(read, vec![at.slot, kept.slot], span);
        let none = self.label();
        let found = self.generated_scalar(&format!("{} is not null", at.text), span)?;
        self.emit(Instruction::Unless(found, none), span);
        let copy = self.generated_scalar(&at.text, span)?;
        self.emit(Instruction::Set(version.slot, copy), span);
        for part in state {
            let text = format!(
                "cast({} ->> {} as {})",
                kept.text,
                quoted(part.name.as_str()),
                spelling(part.data_type)
            );
            let scalar = self.generated_scalar(&text, span)?;
            self.emit(Instruction::Set(part.value.slot, scalar), span);
        }
        self.mark(none);
        Some(())
    }

    /// Keeps the state when so many events had to be read; an older snapshot never replaces a newer one.
    fn write_snapshot(
        &mut self,
        every: u32,
        state: &[Part],
        read: &Hidden,
        place: (&Hidden, &Hidden, DatabaseId),
        span: Span,
    ) -> Option<()> {
        let (stream, version, database) = place;
        let behind = self.label();
        let is_due = self.generated_scalar(&format!("{} >= {every}", read.text), span)?;
        self.emit(Instruction::Unless(is_due, behind), span);
        let pairs: Vec<(&str, Hidden)> = state
            .iter()
            .map(|part| (part.name.as_str(), part.value.clone()))
            .collect();
        let text = format!(
            "insert into snapshots (stream, fold, version, state) values ({}, {}, {}, {})
             on conflict (stream, fold) do update set version = excluded.version, state = excluded.state
             where snapshots.version < excluded.version",
            stream.text,
            quoted(&key(state)),
            version.text,
            object(&pairs)
        );
        let (keep, _) = self.generated(&text, database, "write snapshot".to_owned(), span)?;
        self.send(keep, Vec::new(), span);
        self.mark(behind);
        Some(())
    }
}

fn visible((name, slot, data_type): (std::sync::Arc<str>, SlotId, Type)) -> Binding {
    Binding {
        name,
        field: None,
        slot,
        data_type: Some(data_type),
        place: None,
        shadows: false,
    }
}

/// Snapshots are of one shape of the state: the names of its parts.
fn key(state: &[Part]) -> String {
    let names: Vec<&str> = state.iter().map(|part| part.name.as_str()).collect();
    names.join(", ")
}

/// The text that a stream's name begins with: `order-` of `'order-' || :id`.
fn prefix(stream: &Expression) -> &str {
    match &stream.kind {
        ExpressionKind::Literal(Literal::String(text)) => text,
        ExpressionKind::Binary(BinaryOperator::Concatenate, left, _) => prefix(left),
        _ => "",
    }
}
