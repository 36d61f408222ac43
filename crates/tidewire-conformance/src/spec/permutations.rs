//! All interleavings of the sessions' steps, in the order in which the tester makes them: the next step of the
//! first session that has one comes first.

use std::ops::ControlFlow;

use super::model::{Permutation, PermutationStep, Specification, StepId};

/// Calls `play` with each permutation that is written, or else with each interleaving, until it breaks.
pub(super) fn each<B>(
    specification: &Specification,
    mut play: impl FnMut(&Permutation) -> ControlFlow<B>,
) -> ControlFlow<B> {
    if !specification.permutations.is_empty() {
        return specification.permutations.iter().try_for_each(play);
    }
    let mut piles: Vec<Vec<StepId>> = vec![Vec::new(); specification.sessions.len()];
    for (at, step) in specification.steps.iter().enumerate().rev() {
        piles[step.session].push(StepId(at));
    }
    interleave(&mut piles, &mut Permutation::default(), &mut play)
}

/// Takes a step from each pile in turn; recursion is as deep as there are steps.
fn interleave<B>(
    piles: &mut [Vec<StepId>],
    begun: &mut Permutation,
    play: &mut impl FnMut(&Permutation) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut found = false;
    for pile in 0..piles.len() {
        let Some(step) = piles[pile].pop() else {
            continue;
        };
        found = true;
        begun.steps.push(PermutationStep {
            step,
            blockers: Vec::new(),
        });
        let flow = interleave(piles, begun, play);
        begun.steps.pop();
        piles[pile].push(step);
        flow?;
    }
    if found {
        ControlFlow::Continue(())
    } else {
        play(begun)
    }
}
