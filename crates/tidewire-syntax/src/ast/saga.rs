//! Sagas: transactions of several services, each with what undoes it.

use super::{Field, Step};
use crate::{Name, Span};

/// A saga that its service orchestrates. Called like a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Saga {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Field>,
    /// `state DB`: where it writes down how far it is.
    pub state: Name,
    /// Its steps in order.
    pub steps: Vec<SagaStep>,
}

/// A step of a saga.
#[derive(Clone, Debug, PartialEq)]
pub struct SagaStep {
    /// Its name.
    pub name: Name,
    /// What becomes of the saga when it fails.
    pub kind: SagaStepKind,
    /// `do { … }`
    pub action: Vec<Step>,
    /// `undo { … }`
    pub undo: Option<Vec<Step>>,
    /// Where it stands.
    pub span: Span,
}

/// What becomes of a saga when one of its steps fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SagaStepKind {
    /// It and the steps before it are undone.
    Compensatable,
    /// `pivot`: the same; once it is done, there is only forward.
    Pivot,
    /// `retriable`: it is repeated.
    Retriable,
}

impl Saga {
    /// What it does and undoes, in order of the text.
    pub fn bodies(&self) -> Vec<&[Step]> {
        let mut bodies: Vec<&[Step]> = Vec::new();
        for step in &self.steps {
            bodies.push(&step.action);
            bodies.extend(step.undo.as_deref());
        }
        bodies
    }
}
