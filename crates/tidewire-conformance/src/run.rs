//! Plays a case: steps in order, waits as they come, and at every fork the choice that a list tells.

use std::collections::BTreeMap;

use crate::cases::{Case, Level, Outcome, Recorded, StepOutcome};
use crate::session::{Came, Outside, Sessions, sort};

/// Outcomes that [`explore`] looks at before it gives up.
const MAX_RUNS: usize = 10_000;

/// A played case.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What came of it.
    pub recorded: Recorded,
    /// How many waiters could have gone on at each fork, and which did.
    pub forks: Vec<(usize, usize)>,
}

/// Plays a case at a level. Behind the end of `choices`, the first waiter goes on.
pub fn run(case: &Case, level: Level, choices: &[usize]) -> Result<Ran, Outside> {
    let mut sessions = Sessions::new(&case.sessions);
    for sql in &case.setup {
        sessions.issue("setup", sql)?;
    }
    for session in &case.sessions {
        for sql in case.session_init.iter().flatten() {
            sessions.issue(session, sql)?;
        }
    }
    let mut player = Player {
        case,
        level,
        choices,
        sessions,
        outcomes: vec![None; case.steps.len()],
        waiting: BTreeMap::new(),
        deferred: Vec::new(),
        forks: Vec::new(),
    };
    for step in 0..case.steps.len() {
        let session = &case.steps[step].session;
        if player.waiting.contains_key(session) {
            player.deferred.push(step);
        } else {
            player.issue(step, None)?;
            player.settle(step)?;
        }
    }
    player.finish()
}

struct Player<'c> {
    case: &'c Case,
    level: Level,
    choices: &'c [usize],
    sessions: Sessions,
    outcomes: Vec<Option<StepOutcome>>,
    /// Sessions that wait, and in which step.
    waiting: BTreeMap<String, usize>,
    /// Steps whose session waited at their turn.
    deferred: Vec<usize>,
    forks: Vec<(usize, usize)>,
}

impl Player<'_> {
    fn issue(&mut self, step: usize, deferred_to_after: Option<usize>) -> Result<(), Outside> {
        let session = &self.case.steps[step].session;
        let sql = self.case.steps[step]
            .sql
            .replace("$LEVEL", self.level.name());
        let outcome = match self.sessions.issue(session, &sql)? {
            Came::Ended(outcome) => outcome,
            Came::Waits(blocked_by) => {
                self.waiting.insert(session.clone(), step);
                Outcome::Blocks {
                    blocked_by,
                    resolves_after: None,
                    then: None,
                }
            }
        };
        self.outcomes[step] = Some(StepOutcome {
            i: step,
            outcome,
            deferred_to_after,
        });
        Ok(())
    }

    /// Lets everything happen that follows from the step that was issued last.
    fn settle(&mut self, issued: usize) -> Result<(), Outside> {
        loop {
            if let Some((victim, came)) = self.sessions.break_deadlock() {
                self.resolve(&victim, came, issued);
                continue;
            }
            let ready = self.sessions.ready();
            if !ready.is_empty() {
                let wanted = self.choices.get(self.forks.len()).copied().unwrap_or(0);
                let chosen = wanted.min(ready.len() - 1);
                self.forks.push((ready.len(), chosen));
                let came = self.sessions.resume(&ready[chosen]);
                self.resolve(&ready[chosen], came, issued);
                continue;
            }
            let next = self
                .deferred
                .iter()
                .position(|step| !self.waiting.contains_key(&self.case.steps[*step].session));
            let Some(next) = next else {
                return Ok(());
            };
            let step = self.deferred.remove(next);
            self.issue(step, Some(issued))?;
        }
    }

    fn resolve(&mut self, session: &str, came: Came, issued: usize) {
        let Came::Ended(outcome) = came else {
            return;
        };
        let Some(step) = self.waiting.remove(session) else {
            return;
        };
        if let Some(StepOutcome {
            outcome:
                Outcome::Blocks {
                    resolves_after,
                    then,
                    ..
                },
            ..
        }) = &mut self.outcomes[step]
        {
            *resolves_after = Some(issued);
            *then = Some(Box::new(outcome));
        }
    }

    fn finish(mut self) -> Result<Ran, Outside> {
        let mut final_rows = BTreeMap::new();
        for sql in &self.case.final_queries {
            let mut rows = match self.sessions.issue("observer", sql)? {
                Came::Ended(Outcome::Ok { rows, .. }) => rows.unwrap_or_default(),
                _ => Vec::new(),
            };
            sort(&mut rows);
            final_rows.insert(sql.clone(), rows);
        }
        Ok(Ran {
            recorded: Recorded {
                steps: self.outcomes.into_iter().flatten().collect(),
                final_rows,
            },
            forks: self.forks,
        })
    }
}

/// Plays a case under every list of choices.
pub fn explore(case: &Case, level: Level) -> Result<Vec<Ran>, Outside> {
    let mut runs: Vec<Ran> = Vec::new();
    let mut choices: Vec<usize> = Vec::new();
    while runs.len() < MAX_RUNS {
        let ran = run(case, level, &choices)?;
        let mut next: Vec<(usize, usize)> = ran.forks.clone();
        runs.push(ran);
        // The next list in order: the last fork with a choice left takes it.
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
    Ok(runs)
}
