//! Plays a case on a private PostgreSQL, step by step, as [`mod@crate::run`] plays it here.
//!
//! After each step every statement is watched until it is done or waits; who waits is given the time that
//! `deadlock_timeout` needs, so that a circle is broken by the one that closed it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::client::{Client, ClientError, Response, Table};
use super::server::{DEADLOCK_TIMEOUT_MS, PrivateServer, ServerError};
use crate::cases::{Case, Final, Level, Outcome, Recorded, StepOutcome};
use crate::cells;

/// How long a statement that waits is left to wait before the next step.
const PATIENCE: Duration = Duration::from_millis(DEADLOCK_TIMEOUT_MS + 12);
/// What ends the wait of a query that the observer makes behind a lock that nobody gives back.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// How often a statement under way is looked at.
const POLL: Duration = Duration::from_micros(500);
/// How often a case is played again whose waits were not seen.
const RETRIES: usize = 4;
/// After so long, work that neither ends nor waits is given up.
const HOPELESS: Duration = Duration::from_secs(20);

/// A server with connections that are used for one case after the other.
#[derive(Debug)]
pub struct Measurer {
    server: PrivateServer,
    /// Prepares cases, observes their ends, and sees who waits.
    control: Client,
    idle: Vec<Client>,
}

impl Measurer {
    /// Starts a server.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> Result<Self, ServerError> {
        let server = PrivateServer::start()?;
        let control = server.connect()?;
        Ok(Measurer {
            server,
            control,
            idle: Vec::new(),
        })
    }

    fn client(&mut self) -> Result<Client, ClientError> {
        match self.idle.pop() {
            Some(client) => Ok(client),
            None => self.server.connect(),
        }
    }

    /// Takes away what the case before has left.
    fn clear(&mut self) -> Result<(), ClientError> {
        // Whoever was left waiting has nobody to tell, and would go on with its locks.
        self.control.command(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'",
        )?;
        let prepared = self.control.command("select gid from pg_prepared_xacts")?;
        for gid in prepared.rows.into_iter().flatten().flatten() {
            let gid = gid.replace('\'', "''");
            self.control
                .command(&format!("rollback prepared '{gid}'"))?;
        }
        self.control.command("set client_min_messages to error")?;
        self.control
            .command("drop schema public cascade; create schema public")?;
        Ok(())
    }
}

/// Plays a case at a level. A deadlock that was found before the wait was seen says that this machine is busy; then
/// the case is played again.
///
/// # Errors
/// When the server fails, or a statement before the steps does.
pub fn measure(
    measurer: &mut Measurer,
    case: &Case,
    level: Level,
) -> Result<Recorded, ClientError> {
    let missed = |step: &StepOutcome| matches!(&step.outcome, Outcome::Error { sqlstate, .. } if sqlstate == "40P01");
    let mut recorded = play(measurer, case, level)?;
    for _ in 0..RETRIES {
        if !recorded.steps.iter().any(missed) {
            break;
        }
        recorded = play(measurer, case, level)?;
    }
    Ok(recorded)
}

fn play(measurer: &mut Measurer, case: &Case, level: Level) -> Result<Recorded, ClientError> {
    measurer.clear()?;
    for sql in &case.setup {
        measurer
            .control
            .command(&sql.replace("$LEVEL", level.name()))?;
    }
    let mut player = Player {
        case,
        level,
        measurer,
        sessions: BTreeMap::new(),
        outcomes: vec![None; case.steps.len()],
        under_way: BTreeMap::new(),
        waited: BTreeSet::new(),
        deferred: Vec::new(),
    };
    for name in &case.sessions {
        player.open(name)?;
    }
    for step in 0..case.steps.len() {
        if player
            .under_way
            .contains_key(case.steps[step].session.as_str())
        {
            player.deferred.push(step);
        } else {
            player.issue(step, None)?;
            player.settle(step)?;
            player.send_deferred(step)?;
        }
    }
    player.finish()
}

struct Player<'c, 'm> {
    case: &'c Case,
    level: Level,
    measurer: &'m mut Measurer,
    sessions: BTreeMap<&'c str, Client>,
    outcomes: Vec<Option<StepOutcome>>,
    /// Sessions whose statement is under way, and in which step.
    under_way: BTreeMap<&'c str, usize>,
    /// Steps that were seen to wait.
    waited: BTreeSet<usize>,
    deferred: Vec<usize>,
}

impl<'c> Player<'c, '_> {
    fn open(&mut self, name: &'c str) -> Result<(), ClientError> {
        let mut client = self.measurer.client()?;
        for sql in &self.case.session_init {
            client.command(&sql.replace("$LEVEL", self.level.name()))?;
        }
        self.sessions.insert(name, client);
        Ok(())
    }

    fn issue(&mut self, step: usize, deferred_to_after: Option<usize>) -> Result<(), ClientError> {
        let case = self.case;
        let name = case.steps[step].session.as_str();
        let sql = case.steps[step].sql.replace("$LEVEL", self.level.name());
        if sql.trim() == "!disconnect" {
            self.disconnect(name)?;
            let outcome = Outcome::done("DISCONNECT".to_string());
            self.outcomes[step] = Some(StepOutcome {
                i: step,
                outcome,
                deferred_to_after,
            });
            return Ok(());
        }
        if !self.sessions.contains_key(name) {
            self.open(name)?;
        }
        if let Some(client) = self.sessions.get_mut(name) {
            client.send(&sql)?;
        }
        self.under_way.insert(name, step);
        // What comes of it is filled in as it is seen.
        let outcome = Outcome::Blocks {
            blocked_by: Vec::new(),
            resolves_after: None,
            then: None,
        };
        self.outcomes[step] = Some(StepOutcome {
            i: step,
            outcome,
            deferred_to_after,
        });
        Ok(())
    }

    /// The client vanishes; what it held is free when its server process is gone.
    fn disconnect(&mut self, name: &'c str) -> Result<(), ClientError> {
        if let Some(client) = self.sessions.remove(name) {
            let process = client.process();
            drop(client);
            let alive = format!("select 1 from pg_stat_activity where pid = {process}");
            let begun = Instant::now();
            while !self.measurer.control.command(&alive)?.rows.is_empty() {
                if begun.elapsed() > HOPELESS {
                    return Err(ClientError::Silent);
                }
                std::thread::sleep(POLL);
            }
        }
        self.open(name)
    }

    fn send_deferred(&mut self, issued: usize) -> Result<(), ClientError> {
        let case = self.case;
        loop {
            let under_way = &self.under_way;
            let next = self
                .deferred
                .iter()
                .position(|step| !under_way.contains_key(case.steps[*step].session.as_str()));
            let Some(next) = next else {
                return Ok(());
            };
            let step = self.deferred.remove(next);
            self.issue(step, Some(issued))?;
            self.settle(issued)?;
        }
    }

    /// Watches until all that is under way has waited long enough.
    fn settle(&mut self, issued: usize) -> Result<(), ClientError> {
        let begun = Instant::now();
        let mut quiet_since: Option<Instant> = None;
        while !self.under_way.is_empty() {
            if self.collect(issued)? {
                quiet_since = None;
                continue;
            }
            if self.all_wait()? {
                let since = *quiet_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= PATIENCE {
                    return Ok(());
                }
                std::thread::sleep(POLL);
            } else {
                quiet_since = None;
            }
            if begun.elapsed() > HOPELESS {
                let steps = self.under_way.values();
                let statements = steps.map(|step| self.case.steps[*step].sql.as_str());
                return Err(ClientError::Stuck(
                    statements.collect::<Vec<_>>().join("; "),
                ));
            }
        }
        Ok(())
    }

    /// Takes what is done; answers whether anything was.
    fn collect(&mut self, issued: usize) -> Result<bool, ClientError> {
        let mut any = false;
        let names: Vec<&'c str> = self.under_way.keys().copied().collect();
        for name in names {
            let Some(client) = self.sessions.get_mut(name) else {
                continue;
            };
            if client.is_busy(POLL)? {
                continue;
            }
            any = true;
            let ended = outcome(client.responses().pop());
            let Some(step) = self.under_way.remove(name) else {
                continue;
            };
            let Some(StepOutcome { outcome, .. }) = &mut self.outcomes[step] else {
                continue;
            };
            match outcome {
                Outcome::Blocks {
                    resolves_after,
                    then,
                    ..
                } if self.waited.contains(&step) => {
                    *resolves_after = Some(issued);
                    *then = Some(Box::new(ended));
                }
                other => *other = ended,
            }
        }
        Ok(any)
    }

    /// Does everything under way wait? Whom a statement waited for first is written down.
    fn all_wait(&mut self) -> Result<bool, ClientError> {
        let mut all = true;
        let processes: BTreeMap<i32, &'c str> = self
            .sessions
            .iter()
            .map(|(name, client)| (client.process(), *name))
            .collect();
        for (name, step) in &self.under_way {
            let Some(process) = self.sessions.get(name).map(Client::process) else {
                continue;
            };
            let Some(blockers) = blockers(&mut self.measurer.control, process)? else {
                all = false;
                continue;
            };
            if self.waited.insert(*step)
                && let Some(StepOutcome {
                    outcome: Outcome::Blocks { blocked_by, .. },
                    ..
                }) = &mut self.outcomes[*step]
            {
                let name = |id| match processes.get(&id) {
                    Some(name) => (*name).to_string(),
                    None if id == 0 => "prepared-xact".to_string(),
                    None => "?".to_string(),
                };
                *blocked_by = blockers.into_iter().map(name).collect();
                blocked_by.sort();
                blocked_by.dedup();
            }
        }
        Ok(all)
    }

    fn finish(mut self) -> Result<Recorded, ClientError> {
        let mut final_rows = BTreeMap::new();
        let control = &mut self.measurer.control;
        control.command(&format!("set lock_timeout to {}", PATIENCE.as_millis()))?;
        for sql in &self.case.final_queries {
            let response = control.query(&sql.replace("$LEVEL", self.level.name()))?;
            let rows = match outcome(Some(response)) {
                Outcome::Ok {
                    rows: Some(rows), ..
                } => Final::Rows(rows),
                Outcome::Error { sqlstate, .. } if sqlstate == LOCK_NOT_AVAILABLE => {
                    Final::Other(Outcome::Blocks {
                        blocked_by: Vec::new(),
                        resolves_after: None,
                        then: None,
                    })
                }
                other => Final::Other(other),
            };
            final_rows.insert(sql.clone(), rows);
        }
        control.command("reset lock_timeout")?;
        // Who still waits is let go with its connection; the others are used again.
        for (name, mut client) in std::mem::take(&mut self.sessions) {
            if !self.under_way.contains_key(name) {
                client.command("rollback")?;
                client.command("discard all")?;
                self.measurer.idle.push(client);
            }
        }
        Ok(Recorded {
            steps: self.outcomes.into_iter().flatten().collect(),
            final_rows,
        })
    }
}

/// The processes that a process waits for, 0 for a prepared transaction; none at all when it waits for a safe
/// snapshot. `None` when it does not wait.
fn blockers(control: &mut Client, process: i32) -> Result<Option<Vec<i32>>, ClientError> {
    let query = format!(
        "select unnest(pg_blocking_pids({process})) union all \
         select -1 from pg_stat_get_activity({process}) where wait_event = 'SafeSnapshot'"
    );
    let rows = control
        .command(&query)?
        .rows
        .into_iter()
        .flatten()
        .flatten();
    let ids: Vec<i32> = rows.filter_map(|id| id.parse().ok()).collect();
    let blockers = ids.iter().copied().filter(|id| *id >= 0).collect();
    Ok((!ids.is_empty()).then_some(blockers))
}

fn outcome(response: Option<Response>) -> Outcome {
    match response {
        None => Outcome::done(String::new()),
        Some(Response::Failed { sqlstate, message }) => Outcome::Error { sqlstate, message },
        Some(Response::Done { tag, table: None }) => Outcome::done(tag),
        Some(Response::Done {
            tag,
            table: Some(table),
        }) => Outcome::Ok {
            tag,
            columns: Some(table.columns.iter().map(|(name, _)| name.clone()).collect()),
            rows: Some(cells::sorted(&json_rows(table))),
        },
    }
}

fn json_rows(table: Table) -> Vec<Vec<Json>> {
    let columns = table.columns;
    let row = |row: Vec<Option<String>>| {
        let cells = row.into_iter().zip(&columns);
        cells
            .map(|(cell, (_, type_id))| json(cell, *type_id))
            .collect()
    };
    table.rows.into_iter().map(row).collect()
}

/// A value as [`cells::json`] gives it for ours; type ids are those of `pg_type.dat`.
fn json(cell: Option<String>, type_id: u32) -> Json {
    const BOOLEAN: u32 = 16;
    const NUMBERS: [u32; 4] = [20, 21, 23, 1700];
    match cell {
        None => Json::Null,
        Some(text) if type_id == BOOLEAN => Json::Bool(text == "t"),
        Some(text) if NUMBERS.contains(&type_id) => match text.parse::<i64>() {
            Ok(whole) => Json::from(whole),
            Err(_) => Json::String(text),
        },
        Some(text) => Json::String(text),
    }
}
