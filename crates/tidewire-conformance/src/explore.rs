//! Plays a case under every list of choices.

use crate::cases::{Case, Level};
use crate::run::{Ran, Refused, run};

/// Runs that are made before the rest is given up.
const MAX_RUNS: usize = 10_000;

/// The outcomes that a case can have, each once; the canonical one first.
///
/// # Errors
/// As [`run`].
pub fn explore(case: &Case, level: Level) -> Result<Vec<Ran>, Refused> {
    let mut outcomes: Vec<Ran> = Vec::new();
    let mut choices: Vec<usize> = Vec::new();
    for _ in 0..MAX_RUNS {
        let ran = run(case, level, &choices)?;
        // The next list in order: the last fork with a choice left takes it.
        let mut next: Vec<(usize, usize)> = ran.forks.clone();
        if !outcomes.iter().any(|other| other.recorded == ran.recorded) {
            outcomes.push(ran);
        }
        while next
            .last()
            .is_some_and(|(width, chosen)| chosen + 1 >= *width)
        {
            next.pop();
        }
        let Some(last) = next.last_mut() else {
            break;
        };
        last.1 += 1;
        choices = next.into_iter().map(|(_, chosen)| chosen).collect();
    }
    Ok(outcomes)
}
