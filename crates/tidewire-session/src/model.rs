//! A program as a model: the same transition function that runs simulate with, one accepted action at a time.

use std::sync::Arc;

use tidewire_check::{Expectation, Model, Property};
use tidewire_engine::{Action, Choices, Chooser, InvariantState, NoTrace, Setup, State};
use tidewire_scenario::{InvariantId, Program};

/// Actions of a state that are told apart; the others are reached through them.
const CANDIDATES: usize = 6;
/// How much later than the earliest an action may be due and still come first, in microseconds.
const WINDOW_US: u64 = 5_000;

/// A program with a seed, as something that can be explored.
#[derive(Clone, Debug)]
pub struct ProgramModel {
    setup: Arc<Setup>,
}

impl ProgramModel {
    /// The model of a program under a seed.
    pub fn new(program: Arc<Program>, seed: u64) -> Self {
        Self {
            setup: Arc::new(Setup::new(program, seed)),
        }
    }

    fn no_invariant_is_violated(&self, state: &State) -> bool {
        let invariants = 0..self.setup.program.invariants.len() as u32;
        let mut states = invariants.map(|id| state.invariant(InvariantId(id)));
        states.all(|now| now != InvariantState::Violated)
    }
}

impl Model for ProgramModel {
    type State = State;
    type Action = Action;

    fn init(&self) -> State {
        State::initial(&self.setup)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.verdict().is_none() {
            actions.extend(state.enabled(&self.setup, CANDIDATES, WINDOW_US));
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        // Choices inside an action are canonical; exploring them needs a chooser of its own.
        let mut chooser = Chooser::new(Choices::Canonical, self.setup.seed);
        next.next(&self.setup, *action, &mut chooser, &mut NoTrace);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property {
            name: "no invariant is violated",
            // The engine judges `finally` when the run ends, so one property covers all modes.
            expectation: Expectation::Always,
            holds: Self::no_invariant_is_violated,
        }]
    }
}
