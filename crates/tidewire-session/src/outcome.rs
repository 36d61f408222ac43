//! How a run ended, in the same words and numbers for the command and the page.

use tidewire_engine::{Limits, Verdict, explain};

use crate::protocol::Outcome;

/// What an outcome comes to, as the command's exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// All invariants hold.
    Holds,
    /// One is broken, or cannot be judged although the run got quiet.
    Broken,
    /// The run never got quiet, so that nothing can be said of its end.
    Unjudged,
}

impl Judgement {
    /// Judges an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        if outcome.verdict != verdict_words(Verdict::Quiet) {
            Self::Unjudged
        } else if outcome
            .invariants
            .iter()
            .all(|invariant| invariant.held == Some(true))
        {
            Self::Holds
        } else {
            Self::Broken
        }
    }
}

/// The words for a verdict, as they stand in [`Outcome::verdict`].
pub fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Quiet => "quiet",
        Verdict::NeverQuiet => "never quiet",
        Verdict::EventLimit => "event limit",
    }
}

/// What one does about a run that was cut short; `None` for one that got quiet.
pub fn advice(outcome: &Outcome) -> Option<String> {
    let cut_short = [Verdict::NeverQuiet, Verdict::EventLimit];
    let verdict = cut_short
        .into_iter()
        .find(|verdict| verdict_words(*verdict) == outcome.verdict)?;
    Some(explain(verdict, Limits::default()))
}
