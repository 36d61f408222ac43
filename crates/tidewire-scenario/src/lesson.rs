//! The lesson of a program: a question about its run. It is data for a page; no run depends on it.

use std::sync::Arc;

use tidewire_store::AcrossQuery;

use crate::{DatabaseId, InvariantId, NodeId};

/// A question about the run, whose answers the run judges. All texts are on one line.
#[derive(Debug)]
pub struct Lesson {
    /// The seed that a page begins with.
    pub seed: Option<u32>,
    /// The run waits here for an answer.
    pub at_us: u64,
    /// When the answers are judged: behind the last event until then; the end of the run when `None`.
    pub until_us: Option<u64>,
    /// What is asked.
    pub question: Arc<str>,
    /// What may be answered: 2 to 4.
    pub answers: Vec<Answer>,
    /// What to look at, in order of the text.
    pub highlights: Vec<Highlight>,
    /// Why it is so.
    pub explanation: Arc<str>,
}

/// An answer of a [`Lesson`].
#[derive(Debug)]
pub struct Answer {
    /// What is answered.
    pub text: Arc<str>,
    /// When it is right.
    pub condition: Condition,
}

/// When an [`Answer`] is right.
#[derive(Debug)]
pub enum Condition {
    /// The run has broken the invariant.
    Breaks(InvariantId),
    /// The run has not broken the invariant.
    Holds(InvariantId),
    /// The query returns rows; stores in the order in which it numbers them.
    Rows(AcrossQuery, Vec<DatabaseId>),
    /// The query returns none.
    NoRows(AcrossQuery, Vec<DatabaseId>),
    /// None of the others is; at most one answer has it.
    Otherwise,
}

/// Something to look at.
#[derive(Debug)]
pub struct Highlight {
    /// The nodes that the design has.
    pub nodes: Vec<NodeId>,
    /// When.
    pub at_us: u64,
    /// What is seen there.
    pub note: Arc<str>,
}
