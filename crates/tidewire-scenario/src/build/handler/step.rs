//! One step after the other: branches, loops, failures, replies, pauses.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{Expression, Query, Statement};
use tidewire_syntax::ast::{Argument, Delay, Failure, Step, StepKind};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::super::quantities;
use super::frame::Frame;
use crate::{HandlerTrigger, Instruction};

impl Frame<'_, '_> {
    /// The whole body.
    pub(super) fn body(&mut self, steps: &[Step]) {
        self.steps(steps);
        self.check_left_open();
    }

    /// Steps in a scope of their own: what they bind ends with them.
    pub(super) fn block(&mut self, steps: &[Step]) {
        let outside = self.scope.len();
        self.steps(steps);
        self.scope.truncate(outside);
    }

    pub(super) fn steps(&mut self, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            self.step(step, &steps[at + 1..]);
        }
    }

    /// `rest` are the steps behind it in the same block.
    pub(super) fn step(&mut self, step: &Step, rest: &[Step]) {
        let span = step.span;
        let behind = self.mute(&step.kind, span);
        match &step.kind {
            StepKind::Sql {
                statement,
                into,
                database,
            } => self.sql(statement, into.as_ref(), database.as_ref(), span, rest),
            StepKind::Call(call) => self.call(call, span),
            StepKind::Publish(publish) => self.publish(publish, span),
            StepKind::Append(append) => self.append(append, span),
            StepKind::LoadStream(load) => self.load(load, span),
            StepKind::Let(name, value) => self.bind_value(name, value, span),
            StepKind::If {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise, span),
            StepKind::ForEach { row, query, body } => self.for_each(row, query, body, span),
            StepKind::SingleFlight { key, body } => self.single_flight(key, body, span),
            StepKind::Get { entry, into } => self.get_entry(entry, into.as_ref(), span),
            StepKind::Put { entry, fields, ttl } => self.put_entry(entry, fields, *ttl, span),
            StepKind::DeleteEntry(entry) => self.delete_entry(entry, span),
            StepKind::Require(condition, failure) => self.require(condition, failure, span),
            StepKind::Fail(failure) => {
                self.throw(failure, span);
                self.flow.has_ended = true;
            }
            StepKind::Reply(fields) => self.reply(fields, span),
            StepKind::Wait(delay) => self.wait(delay, span),
            StepKind::Group(body) => self.steps(body),
            StepKind::Guarded { body, handlers } => self.guarded(body, handlers, rest, span),
            StepKind::Retry { retry, codes, body } => self.retry_unit(retry, codes, body, span),
            StepKind::Parallel(branches) => self.parallel(branches, span),
        }
        if let Some(behind) = behind {
            self.mark(behind);
        }
    }

    fn sql(
        &mut self,
        statement: &Statement,
        into: Option<&Name>,
        database: Option<&Name>,
        span: Span,
        rest: &[Step],
    ) {
        match statement {
            Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Query(_) => {
                let sent = self.data_statement(statement.clone(), database, span);
                if let Some((id, columns)) = sent {
                    self.check_kind_of(id, statement, span);
                    let outputs = self.bind_columns(&columns, into, span);
                    self.send(id, outputs, span);
                }
            }
            Statement::CreateTable(_)
            | Statement::AlterTable(_)
            | Statement::DropTable(_)
            | Statement::Truncate(_)
            | Statement::Sequence(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_) => {
                self.builder.report.error(
                    "misplaced",
                    span,
                    "a service does not change the schema while it runs",
                    "describe the schema in the database block; a change during the run is a fault: fault migrate db at 1s { … }",
                );
            }
            control => self.control(control, database, span, rest),
        }
    }

    pub(super) fn bind_value(&mut self, name: &Name, value: &Expression, span: Span) {
        let planned = self.value(value);
        let data_type = planned.as_ref().and_then(|planned| planned.data_type);
        let slot = self.bind(name.text.clone(), None, data_type, name.span);
        if let Some(planned) = planned {
            self.emit(Instruction::Set(slot, planned.scalar), span);
        }
    }

    fn branch(&mut self, condition: &Expression, then: &[Step], otherwise: &[Step], span: Span) {
        let scalar = self.condition(condition);
        let (behind_then, behind_all) = (self.label(), self.label());
        if let Some(scalar) = scalar {
            self.emit(Instruction::Unless(scalar, behind_then), condition.span);
        }
        let before = self.flow.clone();
        self.block(then);
        if !otherwise.is_empty() {
            self.emit(Instruction::Jump(behind_all), span);
        }
        self.mark(behind_then);
        let after_then = std::mem::replace(&mut self.flow, before);
        self.block(otherwise);
        self.mark(behind_all);
        self.join(after_then, span);
    }

    fn for_each(&mut self, row: &Name, query: &Query, body: &[Step], span: Span) {
        let statement = Statement::Query(Box::new(query.clone()));
        let Some((id, columns)) = self.data_statement(statement, None, query.span) else {
            self.is_poisoned = true;
            return;
        };
        let cursor = self.cursors;
        self.cursors += 1;
        self.emit(Instruction::OpenCursor(id, cursor), query.span);
        let (turn, done) = (self.label(), self.label());
        self.mark(turn);
        let outside = self.scope.len();
        let outputs = columns
            .iter()
            .map(|(name, data_type)| {
                self.bind(
                    row.text.clone(),
                    Some(name.clone()),
                    Some(*data_type),
                    row.span,
                )
            })
            .collect();
        self.emit(
            Instruction::NextRow {
                cursor,
                outputs,
                done,
            },
            row.span,
        );
        let before = self.flow.clone();
        self.block(body);
        self.emit(Instruction::Jump(turn), span);
        self.mark(done);
        self.scope.truncate(outside);
        self.join(before, span);
    }

    fn require(&mut self, condition: &Expression, failure: &Failure, span: Span) {
        let Some(scalar) = self.condition(condition) else {
            return;
        };
        let (otherwise, behind) = (self.label(), self.label());
        self.emit(Instruction::Unless(scalar, otherwise), condition.span);
        self.emit(Instruction::Jump(behind), span);
        self.mark(otherwise);
        self.throw(failure, span);
        self.mark(behind);
    }

    fn throw(&mut self, failure: &Failure, span: Span) {
        let message = match &failure.message {
            Some(message) => match self.value(message) {
                Some(planned) => Some(planned.scalar),
                None => return,
            },
            None => None,
        };
        self.emit(Instruction::Fail(failure.name.text.clone(), message), span);
    }

    fn reply(&mut self, fields: &[Argument], span: Span) {
        if self.is_resumed_saga() {
            return; // whoever called it is gone
        }
        if !matches!(self.trigger, HandlerTrigger::Command { .. }) {
            self.builder.report.error(
                "misplaced",
                span,
                "nobody waits for a reply here",
                "only commands and queries reply; publish an event to tell others",
            );
            return;
        }
        if self.refuse_reply_in_flight(span) || self.refuse_reply_in_branch(span) {
            return;
        }
        let mut values: Vec<(Arc<str>, _)> = Vec::new();
        for field in fields {
            let name = &field.name;
            if values
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name.as_str()))
            {
                self.builder.report.error(
                    "duplicate-name",
                    name.span,
                    format!("{name} is written twice"),
                    "give each its own name",
                );
                continue;
            }
            if let Some(planned) = self.value(&field.value) {
                self.learn_reply(name, planned.data_type);
                values.push((name.text.clone(), planned.scalar));
            }
        }
        self.emit(Instruction::Reply(values), span);
    }

    /// The first reply that knows the type of a field decides it.
    fn learn_reply(&mut self, name: &Name, data_type: Option<tidewire_store::Type>) {
        let known = self
            .replies
            .iter_mut()
            .find(|(field, _)| field.eq_ignore_ascii_case(name.as_str()));
        if let Some((_, known)) = known {
            *known = known.or(data_type);
        }
    }

    fn wait(&mut self, delay: &Delay, span: Span) {
        let delay = quantities::delay(&mut self.builder.report, delay);
        self.warn_in_transaction(|open| {
            Diagnostic::warning(
                "work-in-transaction",
                span,
                format!("the transaction on {open} keeps its locks while this waits"),
            )
            .hint("commit first, then wait")
        });
        self.emit(Instruction::Wait(delay), span);
    }
}
