//! Plays a case: steps in order, waits as they come, and at every fork the choice that a list tells.
//!
//! Time passes as it did where the cases were measured: after each step the sessions that wait are given
//! [`PATIENCE_US`], with a `deadlock_timeout` of [`DEADLOCK_TIMEOUT_US`] on the server. Steps whose session still
//! waits at their turn are put off and sent as soon as it does not.

use std::collections::BTreeMap;

use tidewire_store::Catalog;

use crate::cases::{Case, Final, Level, Outcome, Recorded, StepOutcome};
use crate::cells;
use crate::sessions::{Answer, Blocker, Failure, Refusal, SessionId, Sessions};

/// How long a session that waits is given after each step, in virtual microseconds.
pub const PATIENCE_US: i64 = 320_000;
/// When a session that waits looks for a deadlock, in virtual microseconds.
pub const DEADLOCK_TIMEOUT_US: i64 = 200_000;

/// A played case.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What came of it.
    pub recorded: Recorded,
    /// How many waiters could have gone on at each fork, and which did.
    pub forks: Vec<(usize, usize)>,
    /// The first statement that lies outside our SQL.
    pub refused: Option<Refused>,
}

/// A statement that lies outside our SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {statement}: {reason}")]
pub struct Refused {
    /// The step, if it is one; what stands before or behind the steps has none.
    pub step: Option<usize>,
    /// The step and its session, or `setup`.
    pub place: String,
    /// The statement.
    pub statement: String,
    /// What stands in the way.
    pub reason: String,
}

/// Plays a case at a level. Behind the end of `choices`, the first waiter goes on.
///
/// # Errors
/// When a statement before the steps fails: then there is nothing to compare.
pub fn run(case: &Case, level: Level, choices: &[usize]) -> Result<Ran, Refused> {
    let mut player = Player::prepared(case, level, choices)?;
    player.play()?;
    Ok(player.finish())
}

/// Plays a case and keeps what its statements read and wrote, in order; the steps that did it beside it.
///
/// # Errors
/// As [`run`].
pub fn record(case: &Case, level: Level, choices: &[usize]) -> Result<Played, Refused> {
    let mut player = Player::prepared(case, level, choices)?;
    player.server.record();
    player.log = Some(Vec::new());
    player.play()?;
    let (log, catalog) = (player.log.take(), player.server.catalog().clone());
    Ok(Played {
        ran: player.finish(),
        log: log.unwrap_or_default(),
        catalog,
    })
}

/// A played case with what its statements read and wrote.
#[derive(Clone, Debug)]
pub struct Played {
    /// What came of it.
    pub ran: Ran,
    /// What the store recorded, with the step that it came of.
    pub log: Vec<(usize, tidewire_store::Recorded)>,
    /// What existed at the end.
    pub catalog: Catalog,
}

impl<'c> Player<'c> {
    /// Everything before the steps is done.
    fn prepared(case: &'c Case, level: Level, choices: &'c [usize]) -> Result<Self, Refused> {
        let mut player = Player {
            case,
            level,
            choices,
            server: Sessions::new(),
            sessions: BTreeMap::new(),
            outcomes: vec![None; case.steps.len()],
            waiting: BTreeMap::new(),
            deferred: Vec::new(),
            forks: Vec::new(),
            refused: None,
            log: None,
        };
        player.server.set_deadlock_timeout(DEADLOCK_TIMEOUT_US);
        let setup = player.server.open();
        for sql in &case.setup {
            player.prepare(setup, "setup", sql)?;
        }
        for name in &case.sessions {
            player.open(name)?;
        }
        Ok(player)
    }

    /// The steps, in order.
    fn play(&mut self) -> Result<(), Refused> {
        for step in 0..self.case.steps.len() {
            let session = self.session(&self.case.steps[step].session)?;
            if self.waiting.contains_key(&session) {
                self.deferred.push(step);
            } else {
                self.issue(step, None)?;
                self.settle(step)?;
            }
        }
        Ok(())
    }

    /// Keeps what was recorded: by the step that waited on the connection, or else by `step`.
    fn keep_recorded(&mut self, step: usize) {
        let Some(log) = &mut self.log else {
            return;
        };
        for recorded in self.server.take_recorded() {
            let waited = match &recorded {
                tidewire_store::Recorded::Statement(footprint) => {
                    let session = self.server.on_connection(footprint.connection);
                    session.and_then(|session| self.waiting.get(&session))
                }
                // A statement that is its own transaction ends it.
                _ => log
                    .last()
                    .map(|(last, _)| last)
                    .filter(|last| self.waiting.values().any(|waiting| waiting == *last)),
            };
            log.push((waited.copied().unwrap_or(step), recorded));
        }
    }
}

struct Player<'c> {
    case: &'c Case,
    level: Level,
    choices: &'c [usize],
    server: Sessions,
    sessions: BTreeMap<&'c str, SessionId>,
    outcomes: Vec<Option<StepOutcome>>,
    /// Sessions whose statement is under way, and in which step.
    waiting: BTreeMap<SessionId, usize>,
    /// Steps whose session waited at their turn.
    deferred: Vec<usize>,
    forks: Vec<(usize, usize)>,
    refused: Option<Refused>,
    /// What the store recorded, if that is wanted.
    log: Option<Vec<(usize, tidewire_store::Recorded)>>,
}

impl<'c> Player<'c> {
    /// A statement that must succeed before the steps.
    fn prepare(&mut self, session: SessionId, place: &str, sql: &str) -> Result<(), Refused> {
        let sql = sql.replace("$LEVEL", self.level.name());
        self.server.send(session, &sql);
        let reason = if self.server.is_busy(session) {
            "it waits".to_string()
        } else if let Some(Answer::Failed(failure)) = self.server.take(session).pop() {
            let reason = failure.outside.map(|refusal| refusal.reason);
            reason.unwrap_or_else(|| failure.error.to_string())
        } else {
            return Ok(());
        };
        Err(Refused {
            step: None,
            place: place.to_string(),
            statement: sql,
            reason,
        })
    }

    fn open(&mut self, name: &'c str) -> Result<SessionId, Refused> {
        let session = self.server.open();
        self.sessions.insert(name, session);
        self.initialise(session, name)
    }

    fn initialise(&mut self, session: SessionId, name: &str) -> Result<SessionId, Refused> {
        for sql in &self.case.session_init {
            self.prepare(session, &format!("session_init of {name}"), sql)?;
        }
        Ok(session)
    }

    /// The session of this name; one that the case does not list is opened when it first speaks.
    fn session(&mut self, name: &'c str) -> Result<SessionId, Refused> {
        match self.sessions.get(name) {
            Some(session) => Ok(*session),
            None => self.open(name),
        }
    }

    fn issue(&mut self, step: usize, deferred_to_after: Option<usize>) -> Result<(), Refused> {
        let case = self.case;
        let name = &case.steps[step].session;
        let session = self.session(name)?;
        let sql = case.steps[step].sql.replace("$LEVEL", self.level.name());
        let outcome = if sql.trim() == "!disconnect" {
            self.server.reconnect(session);
            self.keep_recorded(step);
            self.initialise(session, name)?;
            Outcome::done("DISCONNECT".to_string())
        } else {
            self.server.send(session, &sql);
            self.keep_recorded(step);
            match self.server.is_busy(session) {
                true => {
                    self.waiting.insert(session, step);
                    Outcome::Blocks {
                        blocked_by: self.blocked_by(session),
                        resolves_after: None,
                        then: None,
                    }
                }
                false => self.outcome(session, Some(step)),
            }
        };
        self.outcomes[step] = Some(StepOutcome {
            i: step,
            outcome,
            deferred_to_after,
        });
        Ok(())
    }

    fn blocked_by(&self, session: SessionId) -> Vec<String> {
        let name = |blocker| match blocker {
            Blocker::Prepared => "prepared-xact".to_string(),
            Blocker::Session(other) => {
                let found = self.sessions.iter().find(|(_, session)| **session == other);
                found.map_or("?", |(name, _)| name).to_string()
            }
        };
        let mut names: Vec<String> = self
            .server
            .blocked_by(session)
            .into_iter()
            .map(name)
            .collect();
        names.sort();
        names
    }

    /// What the statement of a step came to: the last answer, as a driver gives it.
    fn outcome(&mut self, session: SessionId, step: Option<usize>) -> Outcome {
        let answers = self.server.take(session);
        let answers = answers
            .into_iter()
            .filter(|answer| !matches!(answer, Answer::Notice(_)));
        match answers.last() {
            None | Some(Answer::Notice(_)) => Outcome::done(String::new()),
            Some(Answer::Command { tag }) => Outcome::done(tag),
            Some(Answer::Rows { columns, rows, tag }) => {
                let rows: Vec<Vec<_>> = rows
                    .iter()
                    .map(|row| {
                        let cells = row.iter().zip(&columns);
                        cells
                            .map(|(value, column)| cells::json(value, column.data_type))
                            .collect()
                    })
                    .collect();
                Outcome::Ok {
                    tag,
                    columns: Some(
                        columns
                            .iter()
                            .map(|column| column.name.to_string())
                            .collect(),
                    ),
                    rows: Some(cells::sorted(&rows)),
                }
            }
            Some(Answer::Failed(failure)) => self.failed(failure, step),
        }
    }

    fn failed(&mut self, failure: Failure, step: Option<usize>) -> Outcome {
        let Failure { error, outside } = failure;
        if let Some(Refusal { statement, reason }) = outside
            && self.refused.is_none()
        {
            let place = match step {
                Some(step) => format!("step {step}, {}", self.case.steps[step].session),
                None => "at the end".to_string(),
            };
            self.refused = Some(Refused {
                step,
                place,
                statement,
                reason,
            });
        }
        Outcome::Error {
            sqlstate: error.state.as_str().to_string(),
            message: error.message,
        }
    }

    /// Lets everything happen that follows from the step that was issued last.
    fn settle(&mut self, issued: usize) -> Result<(), Refused> {
        loop {
            self.resolve(issued);
            let ready = self.server.ready();
            if !ready.is_empty() {
                let wanted = self.choices.get(self.forks.len()).copied().unwrap_or(0);
                let chosen = wanted.min(ready.len() - 1);
                self.forks.push((ready.len(), chosen));
                self.server.resume(ready[chosen]);
                self.keep_recorded(issued);
                continue;
            }
            let until_us = self.server.now_us().saturating_add(PATIENCE_US);
            if !self.waiting.is_empty() && self.server.pass_time(until_us) {
                self.keep_recorded(issued);
                continue;
            }
            let sessions = &self.sessions;
            let next = self.deferred.iter().position(|step| {
                let session = sessions.get(self.case.steps[*step].session.as_str());
                session.is_some_and(|session| !self.waiting.contains_key(session))
            });
            let Some(next) = next else {
                return Ok(());
            };
            let step = self.deferred.remove(next);
            self.issue(step, Some(issued))?;
        }
    }

    /// Writes down which waits are over.
    fn resolve(&mut self, issued: usize) {
        let over: Vec<(SessionId, usize)> = self
            .waiting
            .iter()
            .filter(|(session, _)| !self.server.is_busy(**session))
            .map(|(session, step)| (*session, *step))
            .collect();
        for (session, step) in over {
            self.waiting.remove(&session);
            let outcome = self.outcome(session, Some(step));
            if let Some(waited) = &mut self.outcomes[step]
                && let Outcome::Blocks {
                    resolves_after,
                    then,
                    ..
                } = &mut waited.outcome
            {
                *resolves_after = Some(issued);
                *then = Some(Box::new(outcome));
            }
        }
    }

    fn finish(mut self) -> Ran {
        let observer = self.server.open();
        let mut final_rows = BTreeMap::new();
        for sql in &self.case.final_queries {
            self.server
                .send(observer, &sql.replace("$LEVEL", self.level.name()));
            let outcome = if self.server.is_busy(observer) {
                let blocked_by = self.blocked_by(observer);
                self.server.reconnect(observer);
                Outcome::Blocks {
                    blocked_by,
                    resolves_after: None,
                    then: None,
                }
            } else {
                self.outcome(observer, None)
            };
            let rows = match outcome {
                Outcome::Ok {
                    rows: Some(rows), ..
                } => Final::Rows(rows),
                other => Final::Other(other),
            };
            final_rows.insert(sql.clone(), rows);
        }
        Ran {
            recorded: Recorded {
                steps: self.outcomes.into_iter().flatten().collect(),
                final_rows,
            },
            forks: self.forks,
            refused: self.refused,
        }
    }
}
