//! The timed driver: the earliest action goes next, unless a choice says otherwise, until the run is over.

use std::sync::Arc;

use tidewire_scenario::{InvariantId, InvariantMode, Program};

use crate::action::Action;
use crate::choice::{ChoiceKind, ChoiceLog, Choices, Chooser};
use crate::limits::Limits;
use crate::observation::{InvariantState, Verdict};
use crate::setup::Setup;
use crate::state::{Phase, State};
use crate::trace::{Sink, Trace};

/// The choice of the next actor is among this many at most …
const MAX_CANDIDATES: usize = 6;
/// … and among those that are due this soon after the earliest, in microseconds. So nothing is ever late by
/// more than that, unless everything is.
const WINDOW_US: u64 = 5_000;

/// A run: a program, a seed, and where its choices come from. Cloning it forks it.
#[derive(Clone, Debug)]
pub struct Run {
    setup: Arc<Setup>,
    state: State,
    chooser: Chooser,
    limits: Limits,
}

impl Run {
    /// A run at time 0.
    pub fn new(program: Arc<Program>, seed: u64, choices: Choices) -> Self {
        Self::with_limits(program, seed, choices, Limits::default())
    }

    /// A run at time 0 with limits of its own.
    pub fn with_limits(program: Arc<Program>, seed: u64, choices: Choices, limits: Limits) -> Self {
        let setup = Arc::new(Setup::new(program, seed));
        Run {
            state: State::initial(&setup),
            chooser: Chooser::new(choices, seed),
            setup,
            limits,
        }
    }

    /// What the run looks up.
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// From now on the state's hash is kept up to date with every action.
    pub fn keep_hash(&mut self) {
        self.state.keep_hash(&self.setup);
    }

    /// Accepts the next action and says when it happened, in virtual microseconds; `None` when the run is over.
    pub fn step(&mut self, sink: &mut dyn Sink) -> Option<u64> {
        let action = self.choose_action()?;
        self.state
            .next(&self.setup, action, &mut self.chooser, sink);
        Some(self.state.now_us())
    }

    fn choose_action(&mut self) -> Option<Action> {
        let verdict = self.state.verdict();
        if verdict.is_none() && self.state.events() >= self.limits.events {
            return Some(Action::End(Verdict::EventLimit));
        }
        if self.chooser.is_canonical() {
            return self.state.earliest(&self.setup);
        }
        let enabled = self.state.enabled(&self.setup, MAX_CANDIDATES, WINDOW_US);
        let options = enabled.len() as u32;
        let choice = self.chooser.choose(ChoiceKind::NextActor, options);
        enabled.get(choice as usize).copied()
    }

    /// Goes on until the run is over.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Verdict {
        while self.step(sink).is_some() {}
        self.state.verdict().unwrap_or(Verdict::Quiet)
    }

    /// The choices taken so far.
    pub fn choices(&self) -> ChoiceLog {
        self.chooser.log()
    }

    /// What came out so far; `trace_hash` is that of the sink that saw the run from its beginning.
    pub fn outcome(&self, trace_hash: u128) -> Outcome {
        let invariants = 0..self.setup.program.invariants.len() as u32;
        Outcome {
            trace_hash,
            events: self.state.events(),
            virtual_time_us: self.state.now_us(),
            verdict: self.state.verdict(),
            invariants: invariants.map(|id| self.judged(InvariantId(id))).collect(),
            choices: self.choices(),
        }
    }

    fn judged(&self, id: InvariantId) -> InvariantOutcome {
        let invariant = &self.setup.program.invariants[id.index()];
        let status = &self.state.invariants[id.index()];
        let quiet = self.state.phase == Phase::Ended(Verdict::Quiet);
        let decided = quiet || invariant.mode != InvariantMode::Finally;
        let held = match status.state {
            _ if status.violated_at_us.is_some() => Some(false),
            InvariantState::CannotBeJudged => None,
            _ if !decided => None,
            // A run that was cut short shows no violation, which is not the same as holding.
            _ => quiet.then_some(true),
        };
        let columns = invariant.query.columns();
        let rows = status.evidence.iter().map(|row| {
            let parts = columns.iter().zip(row.iter());
            parts
                .map(|(column, value)| (Arc::clone(&column.name), value.to_string()))
                .collect()
        });
        InvariantOutcome {
            id,
            held,
            violated_at_us: status.violated_at_us,
            rows: rows.collect(),
        }
    }
}

/// Runs a program to its end and keeps the whole trace.
pub fn run(program: Arc<Program>, seed: u64, choices: Choices) -> (Outcome, Trace) {
    let mut run = Run::new(program, seed, choices);
    let mut trace = Trace::default();
    run.finish(&mut trace);
    (run.outcome(trace.hash()), trace)
}

impl State {
    /// The action that must go next whatever the schedule says, if there is one.
    pub(crate) fn forced(&self, setup: &Setup) -> Option<Action> {
        let next = self.schedule.first();
        match self.phase {
            Phase::Ended(_) => None,
            Phase::Working => {
                let expected = self.faults.iter().any(|fault| fault.expected);
                let done = self.requests_done() && !expected;
                // What a pause holds back, or nobody waits for, does not keep a workload going.
                let stuck = next.is_none_or(|entry| entry.at_us == u64::MAX);
                (done || stuck).then_some(Action::Heal)
            }
            Phase::Draining { until_us } => match next {
                None => Some(Action::End(Verdict::Quiet)),
                Some(_) if self.is_quiet(setup) => Some(Action::End(Verdict::Quiet)),
                Some(entry) if entry.at_us > until_us => Some(Action::End(Verdict::NeverQuiet)),
                Some(_) => None,
            },
        }
    }

    /// No message, retry or transaction is pending, and each periodic handler had one whole period in which
    /// nothing lasting happened.
    fn is_quiet(&self, setup: &Setup) -> bool {
        self.schedule.only_background()
            && self.works.len() == 0
            && self.messages.len() == 0
            && (setup.periodics.iter())
                .zip(&self.periodics)
                .all(|(spec, periodic)| match spec.period_us {
                    Some(_) => periodic.idle_at == Some(self.effects),
                    None => periodic.due.is_none(),
                })
    }
}

/// How a run ended, or stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of the whole trace.
    pub trace_hash: u128,
    /// Accepted actions.
    pub events: u32,
    /// When the last of them happened.
    pub virtual_time_us: u64,
    /// `None` while it is not over.
    pub verdict: Option<Verdict>,
    /// In order of the text.
    pub invariants: Vec<InvariantOutcome>,
    /// The choices that were taken; replaying them gives the same trace.
    pub choices: ChoiceLog,
}

/// What became of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvariantOutcome {
    /// Which.
    pub id: InvariantId,
    /// `None`: it cannot be judged, or the run never got quiet.
    pub held: Option<bool>,
    /// When it was broken first; it stays broken even if its rows went away.
    pub violated_at_us: Option<u64>,
    /// The rows that broke it first, at most 20: name of the column and value as text.
    pub rows: Vec<Vec<(Arc<str>, String)>>,
}
