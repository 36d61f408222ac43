//! The frame that a handler's code works on: slots, names in scope, labels, open transactions.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidewire_store::Type;
use tidewire_syntax::{Diagnostic, Name, Span};

use super::super::Builder;
use super::super::services::{Body, Signature};
use crate::limits;
use crate::{
    Catch, CatchThen, DatabaseId, Handler, HandlerId, HandlerTrigger, Instruction, Label,
    ServiceId, SlotId, implicit,
};

/// Fields of a handler's replies, with their types where known.
pub(super) type Replies = Vec<(Arc<str>, Option<Type>)>;

/// A value that a name stands for.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) name: Arc<str>,
    pub(super) field: Option<Arc<str>>,
    pub(super) slot: SlotId,
    pub(super) data_type: Option<Type>,
    /// Where it was bound; `None` for implicit values and for those that we add.
    pub(super) place: Option<Span>,
    /// An earlier binding of the same name is hidden by it.
    pub(super) shadows: bool,
}

/// Where control stands: which transactions are open, or that this place is never reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) open: BTreeSet<DatabaseId>,
    pub(super) has_ended: bool,
}

/// A handler under construction.
pub(super) struct Frame<'b, 'a> {
    pub(super) builder: &'b mut Builder<'a>,
    pub(super) id: HandlerId,
    /// `None` in a client.
    pub(super) service: Option<ServiceId>,
    pub(super) trigger: HandlerTrigger,
    pub(super) scope: Vec<Binding>,
    pub(super) flow: Flow,
    /// Something did not compile that may have bound names: unknown names are not reported any more.
    pub(super) is_poisoned: bool,
    /// Publications and calls are left out while `:replaying`.
    pub(super) reactors_off: bool,
    /// Inside `single flight`.
    pub(super) in_flight: bool,
    /// Inside a branch of `parallel`.
    pub(super) in_branch: bool,
    /// Stores whose transaction was ended in the part that may fail.
    pub(super) ended: BTreeSet<DatabaseId>,
    /// What catches failures, inner ones first.
    pub(super) catches: Vec<Catch>,
    pub(super) cursors: u32,
    pub(super) draws: u32,
    pub(super) replies: Replies,
    parameters: Vec<(SlotId, Arc<str>, Type)>,
    slot_names: Vec<Arc<str>>,
    code: Vec<Instruction>,
    spans: Vec<Span>,
    /// Where each label stands, by number.
    labels: Vec<u32>,
}

const IMPLICIT: [(&str, SlotId, Type); implicit::COUNT as usize] = [
    ("row_count", implicit::ROW_COUNT, Type::BigInt),
    ("request_id", implicit::REQUEST_ID, Type::Text),
    ("now", implicit::NOW, Type::Timestamp),
    ("attempt", implicit::ATTEMPT, Type::Integer),
    ("message_id", implicit::MESSAGE_ID, Type::Text),
    ("partition", implicit::PARTITION, Type::Integer),
    ("offset", implicit::OFFSET, Type::BigInt),
    ("redelivered", implicit::REDELIVERED, Type::Boolean),
];

/// Implicit values that only a handler of an event has.
pub(super) const OF_MESSAGES: [&str; 4] = ["message_id", "partition", "offset", "redelivered"];

impl<'b, 'a> Frame<'b, 'a> {
    /// A frame with implicit values and parameters.
    pub(super) fn new(builder: &'b mut Builder<'a>, id: HandlerId) -> Self {
        let signature: &Signature<'a> = &builder.signatures[id.index()];
        let (service, trigger) = (signature.service, signature.trigger);
        let replies = signature.replies.clone();
        let parameters: Vec<(Name, Type)> = signature.parameters.clone();
        let mut frame = Self {
            builder,
            id,
            service,
            trigger,
            scope: Vec::new(),
            flow: Flow::default(),
            is_poisoned: false,
            reactors_off: false,
            in_flight: false,
            in_branch: false,
            ended: BTreeSet::new(),
            catches: Vec::new(),
            cursors: 0,
            draws: 0,
            replies,
            parameters: Vec::new(),
            slot_names: IMPLICIT.iter().map(|(name, ..)| Arc::from(*name)).collect(),
            code: Vec::new(),
            spans: Vec::new(),
            labels: Vec::new(),
        };
        frame.bind_implicit();
        for (name, data_type) in parameters {
            let slot = frame.bind(name.text.clone(), None, Some(data_type), name.span);
            frame.parameters.push((slot, name.text, data_type));
        }
        frame
    }

    /// Whether this takes up a saga that nobody waits for.
    pub(super) fn is_resumed_saga(&self) -> bool {
        let body = self.builder.signatures[self.id.index()].body;
        matches!(body, Body::Resume(..))
    }

    fn bind_implicit(&mut self) {
        let is_event = matches!(self.trigger, HandlerTrigger::Event(..));
        for (name, slot, data_type) in IMPLICIT {
            if is_event || !OF_MESSAGES.contains(&name) {
                self.scope.push(Binding {
                    name: name.into(),
                    field: None,
                    slot,
                    data_type: Some(data_type),
                    place: None,
                    shadows: false,
                });
            }
        }
    }

    /// A new slot.
    pub(super) fn slot(&mut self, name: Arc<str>) -> SlotId {
        let slot = SlotId(self.slot_names.len() as u32);
        self.slot_names.push(name);
        slot
    }

    /// Binds a name to a new slot.
    pub(super) fn bind(
        &mut self,
        name: Arc<str>,
        field: Option<Arc<str>>,
        data_type: Option<Type>,
        place: Span,
    ) -> SlotId {
        let shown = match &field {
            Some(field) => format!("{name}.{field}").into(),
            None => name.clone(),
        };
        let slot = self.slot(shown);
        let shadows = self.scope.iter().any(|earlier| {
            earlier.name.eq_ignore_ascii_case(&name)
                && earlier.field.as_deref().map(str::to_ascii_lowercase)
                    == field.as_deref().map(str::to_ascii_lowercase)
        });
        self.scope.push(Binding {
            name,
            field,
            slot,
            data_type,
            place: Some(place),
            shadows,
        });
        slot
    }

    /// Binds a name that cannot be written, for a value that we compute.
    pub(super) fn bind_hidden(&mut self, name: String, data_type: Option<Type>) -> (Name, SlotId) {
        let name = Name::new(name, Span::default());
        let slot = self.slot(name.text.clone());
        self.scope.push(Binding {
            name: name.text.clone(),
            field: None,
            slot,
            data_type,
            place: None,
            shadows: false,
        });
        (name, slot)
    }

    /// What a name stands for here. Warns, once, when it hides another that may have been meant.
    pub(super) fn find(&mut self, name: &Name, field: Option<&Name>) -> Option<Binding> {
        let binding = self.scope.iter_mut().rev().find(|binding| {
            binding.name.eq_ignore_ascii_case(name.as_str())
                && match (&binding.field, field) {
                    (None, None) => true,
                    (Some(known), Some(asked)) => known.eq_ignore_ascii_case(asked.as_str()),
                    _ => false,
                }
        })?;
        let hides = std::mem::take(&mut binding.shadows);
        let binding = binding.clone();
        if let Some(place) = binding.place.filter(|_| hides && field.is_none()) {
            self.builder.report.push(
                Diagnostic::warning(
                    "shadowed-value",
                    place,
                    format!("this binds :{name} again, and hides the earlier :{name}"),
                )
                .hint(format!("name the row: … into r, then :r.{name}")),
            );
        }
        Some(binding)
    }

    /// Appends an instruction.
    pub(super) fn emit(&mut self, instruction: Instruction, span: Span) {
        self.code.push(instruction);
        self.spans.push(span);
    }

    /// Index of the instruction that comes next.
    pub(super) fn next_instruction(&self) -> usize {
        self.code.len()
    }

    /// Puts another instruction in the place of one.
    pub(super) fn replace(&mut self, at: usize, instruction: Instruction) {
        self.code[at] = instruction;
    }

    /// The place of the next instruction, as it will be in the code.
    pub(super) fn here(&self) -> Label {
        Label(self.code.len() as u32)
    }

    /// The slot that would be made next.
    pub(super) fn next_slot(&self) -> SlotId {
        SlotId(self.slot_names.len() as u32)
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slot_names.len()
    }

    /// Where the next instruction stands: a label of the finished code.
    pub(super) fn position(&self) -> Label {
        Label(self.code.len() as u32)
    }

    /// Whether everything since then computes and has no effect.
    pub(super) fn only_computes_since(&self, begins: Label) -> bool {
        self.code[begins.index()..].iter().all(|instruction| {
            matches!(
                instruction,
                Instruction::Set(..) | Instruction::Unless(..) | Instruction::Jump(_)
            )
        })
    }

    /// A label that stands nowhere yet.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(0);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts the label here.
    pub(super) fn mark(&mut self, label: Label) {
        self.labels[label.index()] = self.code.len() as u32;
    }

    /// Lowers code whose failure goes on at `target`, its name and whether it is an answer in `slots`. Parts
    /// inside it come before it.
    pub(super) fn catching<T>(
        &mut self,
        slots: (SlotId, SlotId),
        target: Label,
        code: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let from = self.here();
        let value = code(self);
        self.catches.push(Catch {
            from,
            to: self.here(),
            codes: None,
            keeps: Vec::new(),
            clears: None,
            then: CatchThen::Handle {
                target,
                failure: slots.0,
                answered: Some(slots.1),
            },
        });
        value
    }

    /// Reports an error after which names may be missing.
    pub(super) fn fail(&mut self, diagnostic: Diagnostic) {
        self.builder.report.push(diagnostic);
        self.is_poisoned = true;
    }

    /// The handler, and the fields of its replies.
    pub(super) fn finish(mut self) -> (Handler, Replies) {
        let signature = &self.builder.signatures[self.id.index()];
        let (name, owner, end) = (signature.name.clone(), signature.owner, signature.span);
        self.emit(Instruction::End, end);
        limits::count(
            &mut self.builder.report,
            "steps of one handler",
            end,
            self.code.len(),
            limits::INSTRUCTIONS,
        );
        for instruction in &mut self.code {
            let label = match instruction {
                Instruction::Unless(_, label)
                | Instruction::Jump(label)
                | Instruction::NextRow { done: label, .. }
                | Instruction::JoinFlight(crate::Flight { end: label, .. }) => label,
                _ => continue,
            };
            *label = Label(self.labels[label.index()]);
        }
        for catch in &mut self.catches {
            if let CatchThen::Handle { target, .. } = &mut catch.then {
                *target = Label(self.labels[target.index()]);
            }
        }
        let handler = Handler {
            name,
            owner,
            trigger: self.trigger,
            parameters: self.parameters,
            slots: self.slot_names.len() as u32,
            slot_names: self.slot_names,
            cursors: self.cursors,
            code: self.code,
            catches: self.catches,
            spans: self.spans,
        };
        (handler, self.replies)
    }
}
