//! Limits of a run, and what one is told when one of them ends it.

use crate::observation::Verdict;

/// How far a run may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Accepted actions.
    pub events: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { events: 200_000 }
    }
}

/// A sentence for people that says what a verdict means and what one does about it.
pub fn explain(verdict: Verdict, limits: Limits) -> String {
    match verdict {
        Verdict::Quiet => "The workload is done and nothing is left to do.".to_string(),
        Verdict::NeverQuiet => format!(
            "still busy {} s of virtual time after the workload ended: something is retried for ever, or a \
             periodic handler always finds work. Look at the last messages; a record that always fails blocks \
             its partition.",
            crate::fault::DRAIN_US / 1_000_000
        ),
        Verdict::EventLimit => format!(
            "stopped after {} events, the limit of a run. Give it fewer requests, a lower rate or a shorter \
             duration, or a longer period for `every`.",
            limits.events
        ),
    }
}
