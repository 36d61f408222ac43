//! Sessions by name over one store: SQL text in, outcomes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use tidewire_store::{
    CommandTag, Completion, ConnectionId, Plan, Progress, Store, Type, Value, plan,
};
use tidewire_syntax::ast::sql::IsolationLevel;

use crate::cases::Outcome;

/// Why a case cannot be played here: SQL outside the language, or a refusal in our own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{statement}: {reason}")]
pub struct Outside {
    /// The statement.
    pub statement: String,
    /// What stands in the way.
    pub reason: String,
}

/// Sessions over one store.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The store.
    pub store: Store,
    connections: BTreeMap<String, ConnectionId>,
    /// Plans of statements that wait, for their columns.
    waiting: BTreeMap<ConnectionId, Arc<Plan>>,
}

/// How far a statement came.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// To its end.
    Ended(Outcome),
    /// It waits for these sessions.
    Waits(Vec<String>),
}

impl Sessions {
    /// An empty store and these sessions.
    pub fn new(names: &[String]) -> Self {
        let mut sessions = Sessions {
            store: Store::new(IsolationLevel::ReadCommitted),
            connections: BTreeMap::new(),
            waiting: BTreeMap::new(),
        };
        for name in names {
            let connection = sessions.store.connect();
            sessions.connections.insert(name.clone(), connection);
        }
        sessions
    }

    /// Issues a statement; `!disconnect` ends the session and opens it again.
    pub fn issue(&mut self, session: &str, sql: &str) -> Result<Came, Outside> {
        let connection = self.connection(session);
        if sql == "!disconnect" {
            self.store.disconnect(connection);
            let again = self.store.connect();
            self.connections.insert(session.to_string(), again);
            return Ok(Came::Ended(Outcome::Ok {
                tag: "DISCONNECT".to_string(),
                columns: None,
                rows: None,
            }));
        }
        let outside = |reason: String| Outside {
            statement: sql.to_string(),
            reason,
        };
        let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
        let Some(statement) = statement else {
            let first = diagnostics.first().map(|d| d.message.clone());
            return Err(outside(first.unwrap_or_else(|| "not parsed".to_string())));
        };
        let plan = match plan(&statement, self.store.catalog(), &()) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => return Err(outside(failure.error.to_string())),
        };
        match self.store.execute(connection, &plan, &[], 0) {
            Progress::Failed(error) if error.state.as_str() == "0A000" => {
                Err(outside(error.to_string()))
            }
            progress => Ok(self.came(connection, plan, progress)),
        }
    }

    fn connection(&mut self, session: &str) -> ConnectionId {
        if let Some(connection) = self.connections.get(session) {
            return *connection;
        }
        let connection = self.store.connect();
        self.connections.insert(session.to_string(), connection);
        connection
    }

    fn came(&mut self, connection: ConnectionId, plan: Arc<Plan>, progress: Progress) -> Came {
        match progress {
            Progress::Done(completion) => Came::Ended(answered(&plan, &completion)),
            Progress::Failed(error) => Came::Ended(Outcome::Error {
                sqlstate: error.state.as_str().to_string(),
                message: error.message,
            }),
            Progress::Blocked => {
                self.waiting.insert(connection, plan);
                Came::Waits(self.waits_for(connection))
            }
        }
    }

    fn waits_for(&self, connection: ConnectionId) -> Vec<String> {
        let waits = self.store.waits();
        let holders = waits.iter().find(|wait| wait.waiter == connection);
        let mut names: Vec<String> = holders
            .iter()
            .flat_map(|wait| &wait.holders)
            .map(|holder| self.name(*holder))
            .collect();
        names.sort();
        names
    }

    fn name(&self, connection: ConnectionId) -> String {
        let found = self
            .connections
            .iter()
            .find(|(_, other)| **other == connection);
        found.map_or_else(|| "?".to_string(), |(name, _)| name.clone())
    }

    /// Sessions whose wait is over, in order of arrival.
    pub fn ready(&self) -> Vec<String> {
        self.store
            .ready()
            .into_iter()
            .map(|connection| self.name(connection))
            .collect()
    }

    /// Lets one of them go on.
    pub fn resume(&mut self, session: &str) -> Came {
        let connection = self.connection(session);
        let progress = self.store.resume(connection, 0);
        self.after_wait(connection, progress)
    }

    /// Ends the waits that stand in a circle: the one that came last finds the circle first, since every
    /// earlier one looked before it was closed. Gives the victim and its outcome.
    pub fn break_deadlock(&mut self) -> Option<(String, Came)> {
        let victim = self.store.deadlock()?.last().copied()?;
        let error = tidewire_store::SqlError::deadlock();
        let progress = self.store.cancel(victim, error);
        let came = self.after_wait(victim, progress);
        Some((self.name(victim), came))
    }

    fn after_wait(&mut self, connection: ConnectionId, progress: Progress) -> Came {
        match self.waiting.remove(&connection) {
            Some(plan) => self.came(connection, plan, progress),
            None => Came::Waits(Vec::new()),
        }
    }
}

fn answered(plan: &Plan, completion: &Completion) -> Outcome {
    let tag = tag_text(completion.tag);
    if plan.columns().is_empty() {
        return Outcome::Ok {
            tag,
            columns: None,
            rows: None,
        };
    }
    let columns = plan
        .columns()
        .iter()
        .map(|column| column.name.to_string())
        .collect();
    let mut rows: Vec<Vec<Json>> = completion
        .rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(plan.columns());
            cells
                .map(|(value, column)| json(value, column.data_type))
                .collect()
        })
        .collect();
    sort(&mut rows);
    Outcome::Ok {
        tag,
        columns: Some(columns),
        rows: Some(rows),
    }
}

/// Rows as a multiset: SQL promises no order unless one is written.
pub fn sort(rows: &mut [Vec<Json>]) {
    rows.sort_by_key(|row| Json::Array(row.clone()).to_string());
}

fn json(value: &Value, data_type: Type) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Numeric(number) => match number.to_string().parse::<i64>() {
            Ok(whole) => Json::from(whole),
            Err(_) => Json::String(number.to_string()),
        },
        other => Json::String(other.render(data_type).unwrap_or_default()),
    }
}

/// The tag as the protocol sends it.
pub fn tag_text(tag: CommandTag) -> String {
    tag.to_string()
}
