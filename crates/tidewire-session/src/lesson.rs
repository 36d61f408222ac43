//! The lesson of a program: what a screen shows of it, and which answers a run makes right.
//!
//! Nothing here says what is right: the answers carry queries and invariants, and the run decides.

use std::sync::Arc;

use tidewire_engine::{NoTrace, Run};
use tidewire_scenario::{Answer, Condition, DatabaseId, Lesson, Program};
use tidewire_store::AcrossQuery;

use crate::protocol::AnswerOutcome;

/// Rows that are kept to show why an answer is right.
const MAX_ROWS: usize = 3;

/// A lesson as a screen shows it; which answers are right is in the run's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonView {
    /// The seed that a page begins with.
    pub seed: Option<u32>,
    /// The run waits here for an answer.
    pub at_us: u64,
    /// What is asked.
    pub question: Arc<str>,
    /// What may be answered.
    pub answers: Vec<Arc<str>>,
    /// What to look at, in order of the text.
    pub highlights: Vec<HighlightView>,
    /// Why it is so.
    pub explanation: Arc<str>,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighlightView {
    /// Indices of the canvas's nodes.
    pub nodes: Vec<u32>,
    /// When.
    pub at_us: u64,
    /// What is seen there.
    pub note: Arc<str>,
}

impl LessonView {
    /// The lesson of a program, if it has one.
    pub fn of(program: &Program) -> Option<Self> {
        let lesson = program.lesson.as_ref()?;
        let highlights = lesson.highlights.iter().map(|highlight| HighlightView {
            nodes: highlight.nodes.iter().map(|node| node.0).collect(),
            at_us: highlight.at_us,
            note: Arc::clone(&highlight.note),
        });
        Some(Self {
            seed: lesson.seed,
            at_us: lesson.at_us,
            question: Arc::clone(&lesson.question),
            answers: lesson
                .answers
                .iter()
                .map(|answer| Arc::clone(&answer.text))
                .collect(),
            highlights: highlights.collect(),
            explanation: Arc::clone(&lesson.explanation),
        })
    }
}

/// A run that is over, as the answers see it.
pub(crate) struct Judge<'a> {
    /// At its end.
    pub(crate) run: &'a Run,
    /// The same run at its beginning, to go to an earlier instant.
    pub(crate) beginning: &'a Run,
    /// Whether the run got quiet, so that its end says something.
    pub(crate) quiet: bool,
}

impl Judge<'_> {
    /// What became of each answer of the program's lesson; `None` without a lesson.
    pub(crate) fn answers(&self) -> Option<Vec<AnswerOutcome>> {
        let lesson = self.run.setup().program.lesson.as_ref()?;
        let until_us = lesson
            .until_us
            .filter(|until| *until < self.run.state().now_us());
        let earlier = until_us.map(|until_us| self.state_at(until_us));
        let run = earlier.as_ref().unwrap_or(self.run);
        let decided = self.quiet || earlier.is_some();
        let mut answers: Vec<AnswerOutcome> = lesson
            .answers
            .iter()
            .map(|answer| self.answer(lesson, answer, run).filter_decided(decided))
            .collect();
        otherwise(&lesson.answers, &mut answers);
        Some(answers)
    }

    /// The run behind the last event until a time.
    fn state_at(&self, until_us: u64) -> Run {
        let mut last = self.beginning.clone();
        let mut events = 0;
        while last
            .step(&mut NoTrace)
            .is_some_and(|at_us| at_us <= until_us)
        {
            events += 1;
        }
        let mut run = self.beginning.clone();
        for _ in 0..events {
            run.step(&mut NoTrace);
        }
        run
    }

    fn answer(&self, lesson: &Lesson, answer: &Answer, run: &Run) -> AnswerOutcome {
        let (right, rows) = match &answer.condition {
            Condition::Breaks(id) => (self.breaks(lesson, id.index()), Vec::new()),
            Condition::Holds(id) => (self.breaks(lesson, id.index()).map(|it| !it), Vec::new()),
            Condition::Rows(query, databases) => {
                let rows = rows(run, query, databases);
                (
                    rows.as_ref().map(|rows| !rows.is_empty()),
                    rows.unwrap_or_default(),
                )
            }
            Condition::NoRows(query, databases) => (
                rows(run, query, databases).map(|rows| rows.is_empty()),
                Vec::new(),
            ),
            Condition::Otherwise => (None, Vec::new()),
        };
        AnswerOutcome {
            text: answer.text.to_string(),
            right,
            rows: rows.into_iter().take(MAX_ROWS).collect(),
        }
    }

    /// Whether an invariant is broken when the answers are judged; `None` when nobody knows.
    fn breaks(&self, lesson: &Lesson, invariant: usize) -> Option<bool> {
        let judged = self.run.outcome(0).invariants.into_iter().nth(invariant)?;
        match (judged.violated_at_us, lesson.until_us) {
            (Some(at_us), Some(until_us)) => Some(at_us <= until_us),
            (Some(_), None) => Some(true),
            (None, _) => judged.held.map(|held| !held),
        }
    }
}

impl AnswerOutcome {
    /// Of a run that decides nothing, nothing is known.
    fn filter_decided(self, decided: bool) -> Self {
        Self {
            right: self.right.filter(|_| decided),
            ..self
        }
    }
}

/// An answer without a condition is right when all others are known to be wrong.
fn otherwise(written: &[Answer], answers: &mut [AnswerOutcome]) {
    let is_otherwise = |answer: &Answer| matches!(answer.condition, Condition::Otherwise);
    let Some(at) = written.iter().position(is_otherwise) else {
        return;
    };
    let others = || answers.iter().enumerate().filter(|(index, _)| *index != at);
    let known = others().all(|(_, answer)| answer.right.is_some());
    let right = known.then(|| others().all(|(_, answer)| answer.right == Some(false)));
    answers[at].right = right;
}

/// The rows of a query over committed rows, by column name; `None` when it fails.
fn rows(
    run: &Run,
    query: &AcrossQuery,
    databases: &[DatabaseId],
) -> Option<Vec<Vec<(String, String)>>> {
    let found = run.state().ask(query, databases)?;
    let columns = query.columns();
    let named = found.iter().map(|row| {
        let cells = columns.iter().zip(row.iter());
        cells
            .map(|(column, value)| (column.name.to_string(), value.to_string()))
            .collect()
    });
    Some(named.collect())
}
