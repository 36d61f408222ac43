//! Names in permutations become steps; what `check_testspec` of the tester refuses is refused in its words.

use std::collections::BTreeMap;

use super::model::{Blocker, Permutation, PermutationStep, Specification, Step, StepId};
use super::parse::{NamedBlocker, NamedPermutation, NamedStep, SpecificationError};

/// Steps by name.
pub(super) struct Names(BTreeMap<String, StepId>);

impl Names {
    pub(super) fn new(steps: &[Step]) -> Result<Names, SpecificationError> {
        let mut names = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            if names.insert(step.name.clone(), StepId(at)).is_some() {
                let message = format!("duplicate step name: {}", step.name);
                return Err(SpecificationError::new(message));
            }
        }
        Ok(Names(names))
    }
}

pub(super) fn permutations(
    specification: &Specification,
    names: &Names,
    permutations: Vec<NamedPermutation>,
) -> Result<Vec<Permutation>, SpecificationError> {
    let link = |named: NamedPermutation| {
        let steps = named.iter().map(|step| {
            names.0.get(&step.name).copied().ok_or_else(|| {
                let message = format!("undefined step \"{}\" specified in permutation", step.name);
                SpecificationError::new(message)
            })
        });
        let steps = steps.collect::<Result<Vec<StepId>, _>>()?;
        let linked = named.iter().zip(&steps).map(|(named, step)| {
            let blockers = named.blockers.iter();
            let blockers = blockers
                .map(|blocker| link_blocker(specification, names, &steps, named, *step, blocker));
            Ok(PermutationStep {
                step: *step,
                blockers: blockers.collect::<Result<_, _>>()?,
            })
        });
        Ok(Permutation {
            steps: linked.collect::<Result<_, _>>()?,
        })
    };
    permutations.into_iter().map(link).collect()
}

/// A blocking step must be one of the same permutation and of another session.
fn link_blocker(
    specification: &Specification,
    names: &Names,
    steps: &[StepId],
    named: &NamedStep,
    step: StepId,
    blocker: &NamedBlocker,
) -> Result<Blocker, SpecificationError> {
    let other = match blocker {
        NamedBlocker::Once => return Ok(Blocker::Once),
        NamedBlocker::Step(other) | NamedBlocker::Notices(other, _) => other,
    };
    let found = names
        .0
        .get(other)
        .copied()
        .filter(|found| steps.contains(found));
    let Some(found) = found else {
        return Err(SpecificationError::new(format!(
            "undefined blocking step \"{other}\" referenced in permutation step \"{}\"",
            named.name
        )));
    };
    if specification.step(found).session == specification.step(step).session {
        return Err(SpecificationError::new(format!(
            "permutation step \"{}\" cannot block on its own session",
            named.name
        )));
    }
    Ok(match blocker {
        NamedBlocker::Notices(_, count) => Blocker::Notices(found, *count),
        _ => Blocker::Step(found),
    })
}

/// Steps that no permutation names, by name. None when all interleavings are played.
pub fn unused_steps(specification: &Specification) -> Vec<&str> {
    if specification.permutations.is_empty() {
        return Vec::new();
    }
    let used = |step: StepId| {
        let mut steps = specification.permutations.iter().flat_map(|p| &p.steps);
        steps.any(|used| used.step == step)
    };
    let steps = specification.steps.iter().enumerate();
    let unused = steps.filter(|(at, _)| !used(StepId(*at)));
    let mut names: Vec<&str> = unused.map(|(_, step)| step.name.as_str()).collect();
    names.sort_unstable();
    names
}
