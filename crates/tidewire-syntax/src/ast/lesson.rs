//! The lesson block: one question about the run, what may be answered, and what to look at.

use super::block::{Member, Text};
use super::sql::Query;
use super::step::Duration;
use crate::Name;

/// A lesson. In a design it merges by member into the common one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lesson {
    /// Members in order.
    pub members: Vec<Member<LessonMember>>,
}

/// A member of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub enum LessonMember {
    /// `seed 4;` that a page begins with
    Seed(u32),
    /// `at 45ms [until 60ms];` the run waits here for an answer, which the rows at `until` decide
    At(Duration, Option<Duration>),
    /// `predict 'question' { answer …; }`
    Predict(Predict),
    /// `highlight node, … at 40ms 'note';`
    Highlight(Highlight),
    /// `explain 'text';`
    Explain(Text),
    /// `without explain;`
    Without(Name),
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Predict {
    /// What is asked.
    pub question: Text,
    /// What may be answered.
    pub answers: Vec<Answer>,
}

/// An answer, and when it is right.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is answered.
    pub text: Text,
    /// Without it the answer is right when no other is.
    pub condition: Option<AnswerCondition>,
}

/// When an [`Answer`] is right.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerCondition {
    /// `when breaks 'sentence'`
    Breaks(Text),
    /// `when holds 'sentence'`
    Holds(Text),
    /// `when rows SELECT …`
    Rows(Box<Query>),
    /// `when no rows SELECT …`
    NoRows(Box<Query>),
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    /// The nodes.
    pub nodes: Vec<Name>,
    /// The instant.
    pub at: Duration,
    /// What is seen there.
    pub note: Text,
}
