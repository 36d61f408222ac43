//! The code of a saga: a state machine over its row. The row says what is done next before it is done, so
//! whoever finds the row goes on where it stands; a step that was under way is repeated.
//!
//! Source of the rules: H. Garcia-Molina, K. Salem, *Sagas* (SIGMOD 1987); compensatable, pivot and retriable after
//! C. Richardson, *Microservices Patterns* (2018), 4.3.

use std::sync::Arc;

use tidewire_store::{Scalar, Type};
use tidewire_syntax::ast::{Saga, SagaStep, SagaStepKind, Step};
use tidewire_syntax::{Name, Span, parse_expression};

use super::frame::Frame;
use super::saga_rows::Rows;
use crate::{DatabaseId, Delay, Instruction, Label, SlotId, defaults};

/// What stands in a row's `status`.
const RUNNING: &str = "running";
const COMPENSATING: &str = "compensating";
const COMPENSATED: &str = "compensated";
const DONE: &str = "done";
const STUCK: &str = "stuck";

// Names of ours have two underscores, lest a name in the text hide them.

/// Labels of a saga under construction.
struct Machine<'s> {
    saga: &'s Saga,
    rows: Rows,
    /// Where each step is done, and where it is undone.
    done: Vec<Label>,
    undone: Vec<Label>,
    /// Where it has ended in each way.
    finished: Label,
    compensated: Label,
    stuck: Label,
    /// The attempts of what is under way, and the name of its last failure.
    attempt: (Name, SlotId),
    failure: (Name, SlotId),
    /// Whether that was an answer, and not the machinery's.
    answered: (Name, SlotId),
}

impl Machine<'_> {
    fn caught(&self) -> (SlotId, SlotId) {
        (self.failure.1, self.answered.1)
    }
}

impl Frame<'_, '_> {
    /// Lowers a new saga: its row, its steps, and what its caller learns.
    pub(super) fn saga(&mut self, saga: &Saga, database: DatabaseId) {
        let rows = Rows::of(self, saga, database);
        let machine = self.machine(saga, rows);
        let parameters: Vec<_> = self.own_bindings(0);
        let Some(first) = saga.steps.first() else {
            return;
        };
        let text = machine
            .rows
            .insert(RUNNING, first.name.as_str(), &parameters);
        let Some((id, columns)) = self.row_statement(&machine.rows, &text) else {
            return;
        };
        let outputs = self.bind_columns(&columns, Some(&machine.rows.row), saga.name.span);
        self.send(id, outputs, saga.name.span);
        self.steps_of(&machine, &parameters);
        let span = saga.name.span;
        self.mark(machine.compensated);
        self.emit(Instruction::Fail("Compensated".into(), None), span);
        self.mark(machine.stuck);
        self.emit(Instruction::Fail("Stuck".into(), None), span);
        self.mark(machine.finished);
    }

    /// Lowers what a starting process does with the sagas that it finds unfinished, one after the other.
    pub(super) fn resume(&mut self, saga: &Saga, database: DatabaseId) {
        let span = saga.name.span;
        let rows = Rows::of(self, saga, database);
        let machine = self.machine(saga, rows);
        let parameters: Vec<_> = self.own_bindings(0);
        // Those that begin from now on are in good hands.
        let (begun, slot) = self.bind_hidden("saga__begun".to_owned(), Some(Type::Timestamp));
        if let Some(now) = self.scalar_of(":now") {
            self.emit(Instruction::Set(slot, now), span);
        }
        let text = machine.rows.unfinished(&[RUNNING, COMPENSATING], &begun);
        let Some((look, columns)) = self.row_statement(&machine.rows, &text) else {
            return;
        };
        let cursor = self.cursors;
        self.cursors += 1;
        self.insisting(&machine, |frame| {
            frame.emit(Instruction::OpenCursor(look, cursor), span);
        });
        let (turn, take_up, done) = (self.label(), self.label(), self.label());
        self.mark(turn);
        let outputs = self.bind_columns(&columns, Some(&machine.rows.row), span);
        self.emit(
            Instruction::NextRow {
                cursor,
                outputs,
                done,
            },
            span,
        );
        self.emit(Instruction::Jump(take_up), span);
        let values = self.steps_of(&machine, &parameters);
        for end in [machine.finished, machine.compensated, machine.stuck] {
            self.mark(end);
        }
        self.emit(Instruction::Jump(turn), span);
        self.mark(take_up);
        self.take_up(&machine, &values);
        self.emit(Instruction::Jump(turn), span);
        self.mark(done);
    }

    fn machine<'s>(&mut self, saga: &'s Saga, rows: Rows) -> Machine<'s> {
        Machine {
            rows,
            done: saga.steps.iter().map(|_| self.label()).collect(),
            undone: saga.steps.iter().map(|_| self.label()).collect(),
            finished: self.label(),
            compensated: self.label(),
            stuck: self.label(),
            attempt: self.bind_hidden("saga__attempts".to_owned(), Some(Type::Integer)),
            failure: self.bind_hidden("saga__failure".to_owned(), Some(Type::Text)),
            answered: self.bind_hidden("saga__answered".to_owned(), Some(Type::Boolean)),
            saga,
        }
    }

    /// Reads a row's values back and goes to where it stands.
    fn take_up(&mut self, machine: &Machine<'_>, values: &[Value]) {
        let text = machine.rows.select(values);
        let Some((id, columns)) = self.row_statement(&machine.rows, &text) else {
            return;
        };
        let span = machine.saga.name.span;
        let (status, status_slot) = self.bind_hidden("saga__status".to_owned(), Some(Type::Text));
        let (step, step_slot) = self.bind_hidden("saga__step".to_owned(), Some(Type::Text));
        let mut outputs = vec![status_slot, step_slot];
        outputs.extend(values.iter().map(|value| value.slot));
        debug_assert_eq!(outputs.len(), columns.len());
        self.insisting(machine, |frame| frame.send(id, outputs, span));
        let ways = [(RUNNING, &machine.done), (COMPENSATING, &machine.undone)];
        for (found, labels) in ways {
            for (one, label) in machine.saga.steps.iter().zip(labels) {
                let text = format!(":{status} = '{found}' and :{step} = {}", quoted(&one.name));
                let Some(here) = self.scalar_of(&text) else {
                    return;
                };
                let behind = self.label();
                self.emit(Instruction::Unless(here, behind), span);
                self.emit(Instruction::Jump(*label), span);
                self.mark(behind);
            }
        }
    }

    /// Lowers what all steps do and undo; gives all values that the row keeps.
    fn steps_of(&mut self, machine: &Machine<'_>, parameters: &[Value]) -> Vec<Value> {
        let mut values = parameters.to_vec();
        for at in 0..machine.saga.steps.len() {
            values.extend(self.do_step(machine, at));
        }
        for at in (0..machine.saga.steps.len()).rev() {
            self.undo_step(machine, at);
        }
        values
    }

    fn do_step(&mut self, machine: &Machine<'_>, at: usize) -> Vec<Value> {
        let step = &machine.saga.steps[at];
        let (again, failed) = (
            self.begin_part(machine, machine.done[at], step.span),
            self.label(),
        );
        let outside = self.scope.len();
        self.catching(machine.caught(), failed, |frame| {
            frame.part(&step.action, step);
        });
        let values = self.own_bindings(outside);
        let next = machine.saga.steps.get(at + 1);
        let status = if next.is_some() { RUNNING } else { DONE };
        let text = machine
            .rows
            .update(status, next.map(|next| &next.name), &values, None);
        self.write_down(machine, &text);
        let onward = machine.done.get(at + 1).copied();
        self.emit(
            Instruction::Jump(onward.unwrap_or(machine.finished)),
            step.span,
        );
        self.mark(failed);
        match step.kind {
            SagaStepKind::Compensatable => self.turn_back(machine, at),
            SagaStepKind::Retriable => self.repeat(machine, again, step.span),
            SagaStepKind::Pivot => {
                // Only who was asked can say no. Any other failure leaves this attempt, or an earlier one whose
                // process is gone, in doubt.
                let unclear = self.label();
                if let Some(answered) = self.scalar_of(&format!(":{}", machine.answered.0)) {
                    self.emit(Instruction::Unless(answered, unclear), step.span);
                }
                self.turn_back(machine, at);
                self.mark(unclear);
                self.repeat(machine, again, step.span);
            }
        }
        values
    }

    fn undo_step(&mut self, machine: &Machine<'_>, at: usize) {
        let step = &machine.saga.steps[at];
        if step.kind == SagaStepKind::Retriable {
            self.mark(machine.undone[at]);
            return;
        }
        let again = self.begin_part(machine, machine.undone[at], step.span);
        let failed = self.label();
        if let Some(undo) = step.undo.as_ref().filter(|undo| !undo.is_empty()) {
            self.catching(machine.caught(), failed, |frame| {
                let outside = frame.scope.len();
                frame.part(undo, step);
                frame.scope.truncate(outside);
            });
        }
        let before = at.checked_sub(1);
        let name = before.map(|at| &machine.saga.steps[at].name);
        let status = if before.is_some() {
            COMPENSATING
        } else {
            COMPENSATED
        };
        let text = machine.rows.update(status, name, &[], None);
        self.write_down(machine, &text);
        let back = before.map_or(machine.compensated, |at| machine.undone[at]);
        self.emit(Instruction::Jump(back), step.span);
        self.mark(failed);
        self.repeat(machine, again, step.span);
    }

    /// The first attempt begins at `entry`; gives where the next ones do.
    fn begin_part(&mut self, machine: &Machine<'_>, entry: Label, span: Span) -> Label {
        self.mark(entry);
        self.count(machine, 1, span);
        let again = self.label();
        self.mark(again);
        again
    }

    fn count(&mut self, machine: &Machine<'_>, attempt: usize, span: Span) {
        if let Some(value) = self.scalar_of(&attempt.to_string()) {
            self.emit(Instruction::Set(machine.attempt.1, value), span);
        }
    }

    /// What is written in a step. It ends the transactions that it begins.
    fn part(&mut self, steps: &[Step], step: &SagaStep) {
        self.steps(steps);
        if !self.flow.open.is_empty() && !self.flow.has_ended {
            let message = format!("the step {} leaves a transaction open", step.name);
            let hint = "each step of a saga is a transaction of its own: write commit";
            self.builder
                .report
                .error("saga-steps", step.name.span, message, hint);
        }
        self.flow.open.clear();
        self.flow.has_ended = false;
    }

    /// From here on the saga undoes what it did, this step included: a failure does not say that nothing happened.
    fn turn_back(&mut self, machine: &Machine<'_>, at: usize) {
        let name = &machine.saga.steps[at].name;
        let failure = Some(&machine.failure.0);
        let text = machine.rows.update(COMPENSATING, Some(name), &[], failure);
        self.write_down(machine, &text);
        self.emit(Instruction::Jump(machine.undone[at]), name.span);
    }

    /// Tries again after a pause; after the last attempt the saga is stuck.
    fn repeat(&mut self, machine: &Machine<'_>, again: Label, span: Span) {
        self.pauses(machine, again, span);
        let failure = Some(&machine.failure.0);
        let text = machine.rows.status(STUCK, failure);
        self.write_down(machine, &text);
        self.emit(Instruction::Jump(machine.stuck), span);
    }

    fn pauses(&mut self, machine: &Machine<'_>, again: Label, span: Span) {
        for (attempt, pause_us) in (1..).zip(defaults::SAGA_PAUSES_US) {
            let text = format!(":{} = {attempt}", machine.attempt.0);
            let Some(now) = self.scalar_of(&text) else {
                return;
            };
            let behind = self.label();
            self.emit(Instruction::Unless(now, behind), span);
            self.emit(Instruction::Wait(Delay::Fixed(pause_us)), span);
            self.count(machine, attempt + 1, span);
            self.emit(Instruction::Jump(again), span);
            self.mark(behind);
        }
    }

    /// Changes the row. A saga that cannot write down what comes next must not do it.
    fn write_down(&mut self, machine: &Machine<'_>, text: &str) {
        self.insisting(machine, |frame| {
            if let Some((id, _)) = frame.row_statement(&machine.rows, text) {
                frame.send(id, Vec::new(), machine.saga.name.span);
            }
        });
    }

    /// Lowers what is repeated until it works, with the longest pause in the end: the database is away.
    fn insisting(&mut self, machine: &Machine<'_>, code: impl FnOnce(&mut Self)) {
        let span = machine.saga.name.span;
        let (again, failed, behind) = (self.label(), self.label(), self.label());
        self.count(machine, 1, span);
        self.mark(again);
        let (_, cause) = self.bind_hidden("saga__cause".to_owned(), Some(Type::Text));
        self.catching((cause, machine.answered.1), failed, code);
        self.emit(Instruction::Jump(behind), span);
        self.mark(failed);
        self.pauses(machine, again, span);
        let last = defaults::SAGA_PAUSES_US.last().copied().unwrap_or_default();
        self.emit(Instruction::Wait(Delay::Fixed(last)), span);
        self.emit(Instruction::Jump(again), span);
        self.mark(behind);
    }

    fn row_statement(
        &mut self,
        rows: &Rows,
        text: &str,
    ) -> Option<(crate::StatementId, super::data::Columns)> {
        let (tree, _) = tidewire_syntax::parse_statement(text);
        let sent = self.data_statement(tree?, Some(&rows.database), rows.row.span)?;
        self.reword(sent.0, text.to_owned());
        Some(sent)
    }

    fn scalar_of(&mut self, text: &str) -> Option<Scalar> {
        let (tree, _) = parse_expression(text);
        self.value(&tree?).map(|planned| planned.scalar)
    }

    /// What was bound in the text since a place in the scope; of one name, the last.
    fn own_bindings(&self, from: usize) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        let bound = self.scope[from.min(self.scope.len())..].iter();
        for binding in bound.filter(|binding| binding.place.is_some()) {
            let shown = match &binding.field {
                Some(field) => format!("{}.{field}", binding.name),
                None => binding.name.to_string(),
            };
            values.retain(|value| !value.name.eq_ignore_ascii_case(&shown));
            values.push(Value {
                name: shown.into(),
                slot: binding.slot,
                data_type: binding.data_type,
            });
        }
        values
    }
}

/// A value that a saga's row keeps.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// `payment_id`, `r.payment_id`
    pub(super) name: Arc<str>,
    pub(super) slot: SlotId,
    pub(super) data_type: Option<Type>,
}

fn quoted(name: &Name) -> String {
    super::saga_rows::literal(name.as_str())
}
