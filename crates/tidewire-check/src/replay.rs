//! Replaying a choice log: which of the actions of each state is taken. It clamps, and what is missing is 0.

use crate::model::{Expectation, Model};

/// Where a replay led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<S> {
    /// The last state.
    pub state: S,
    /// Actions taken.
    pub steps: usize,
    /// Choices taken where there was more than one action, without the zeros at the end.
    pub choices: Vec<u32>,
    /// Why it stopped.
    pub stop: Stop,
}

/// Why a replay stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing can happen any more.
    Over,
    /// The bound on the number of steps was reached.
    Bound,
    /// A property is broken; its index in [`Model::properties`].
    Broken(usize),
}

/// Follows a log from the beginning for at most `bound` steps, and stops at the first broken property.
///
/// A state with a single action asks for no choice. A choice that is too large is clamped; after the end of
/// the log every choice is 0. An action that turns out not to be possible leaves the state as it is and counts
/// as a step, so a replay always ends.
pub fn replay<M: Model>(model: &M, log: &[u32], bound: usize) -> Replay<M::State> {
    let properties = model.properties();
    let mut state = model.init();
    let mut log = log.iter();
    let mut choices = Vec::new();
    let mut actions = Vec::new();
    let mut steps = 0;
    let stop = loop {
        actions.clear();
        model.actions(&state, &mut actions);
        let over = actions.is_empty();
        let broken = properties.iter().position(|property| {
            let judged = over || property.expectation == Expectation::Always;
            judged && !(property.holds)(model, &state)
        });
        if let Some(index) = broken {
            break Stop::Broken(index);
        }
        if over {
            break Stop::Over;
        }
        if steps == bound {
            break Stop::Bound;
        }
        let mut choice = 0;
        if actions.len() > 1 {
            let last = u32::try_from(actions.len() - 1).unwrap_or(u32::MAX);
            choice = log.next().copied().unwrap_or(0).min(last);
            choices.push(choice);
        }
        if let Some(next) = model.next(&state, &actions[choice as usize]) {
            state = next;
        }
        steps += 1;
    };
    while choices.last() == Some(&0) {
        choices.pop();
    }
    Replay {
        state,
        steps,
        choices,
        stop,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Property;

    /// Two processes that each read a counter and then write what they read plus one.
    struct LostUpdate;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Counter {
        value: u32,
        read: [Option<u32>; 2],
        done: [bool; 2],
    }

    impl Model for LostUpdate {
        type State = Counter;
        type Action = usize;

        fn init(&self) -> Counter {
            Counter {
                value: 0,
                read: [None; 2],
                done: [false; 2],
            }
        }

        fn actions(&self, state: &Counter, actions: &mut Vec<usize>) {
            actions.extend((0..2).filter(|process| !state.done[*process]));
        }

        fn next(&self, state: &Counter, process: &usize) -> Option<Counter> {
            let mut next = state.clone();
            match state.read[*process] {
                None => next.read[*process] = Some(state.value),
                Some(read) => {
                    next.value = read + 1;
                    next.done[*process] = true;
                }
            }
            Some(next)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property {
                name: "both updates count",
                expectation: Expectation::Finally,
                holds: |_, state| state.value == 2,
            }]
        }
    }

    #[test]
    fn the_canonical_run_is_serial_and_one_switch_loses_an_update() {
        let serial = replay(&LostUpdate, &[], 100);
        assert_eq!((serial.stop, serial.steps), (Stop::Over, 4));
        assert_eq!(serial.choices, []);
        let switched = replay(&LostUpdate, &[0, 1], 100);
        assert_eq!(switched.stop, Stop::Broken(0));
        assert_eq!(switched.state.value, 1);
    }

    #[test]
    fn a_bound_ends_it() {
        let cut = replay(&LostUpdate, &[], 3);
        assert_eq!((cut.stop, cut.steps), (Stop::Bound, 3));
    }

    proptest! {
        #[test]
        fn replaying_what_was_taken_gives_the_same(log in proptest::collection::vec(0u32..5, 0..8)) {
            let first = replay(&LostUpdate, &log, 100);
            prop_assert_eq!(replay(&LostUpdate, &first.choices, 100), first);
        }
    }
}
