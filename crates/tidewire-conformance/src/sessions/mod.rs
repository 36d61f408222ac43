//! Sessions over one store, as a server offers them: a simple query goes in, its answers come out, and time
//! passes only when told. What the statements do is the store's alone.
//!
//! `split` and `simple_query` carry a query out, `waits` and `timers` know who waits and until when.

mod simple_query;
mod split;
mod timers;
mod waits;

use std::collections::VecDeque;
use std::sync::Arc;

use tidewire_store::{
    Catalog, ConnectionId, Notice, Plan, Recorded, ResultColumn, Row, SqlError, Store,
};
use tidewire_syntax::ast::sql::{IsolationLevel, Statement};

use timers::{Timeouts, Waiting};

/// A session of a [`Sessions`], by order of its opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub usize);

/// What became of one statement of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It answered rows, perhaps none.
    Rows {
        /// Names and types of the columns.
        columns: Vec<ResultColumn>,
        /// The rows in the order in which they came.
        rows: Vec<Row>,
        /// The command tag.
        tag: String,
    },
    /// It was carried out.
    Command {
        /// The command tag.
        tag: String,
    },
    /// It failed, and what stands behind it in the query was not looked at.
    Failed(Failure),
    /// Told before the answer that follows.
    Notice(Notice),
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The error that the client gets.
    pub error: SqlError,
    /// What was refused, if it may be our limit and not PostgreSQL's answer.
    pub outside: Option<Refusal>,
}

/// A statement that lies, or may lie, outside our SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The statement.
    pub statement: String,
    /// What stands in the way, in our words.
    pub reason: String,
}

/// Who holds up a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocker {
    /// Another session.
    Session(SessionId),
    /// A prepared transaction, which belongs to no session.
    Prepared,
}

/// Sessions over one store.
#[derive(Clone, Debug)]
pub struct Sessions {
    store: Store,
    now_us: i64,
    sessions: Vec<Session>,
    /// What sessions start with.
    timeouts: Timeouts,
}

#[derive(Clone, Debug)]
struct Session {
    connection: ConnectionId,
    /// The query under way.
    query: Option<Query>,
}

/// A simple query under way, or done and not yet asked for.
#[derive(Clone, Debug)]
struct Query {
    /// What is still to be done, each with its text.
    statements: VecDeque<(Arc<Statement>, String)>,
    /// Several statements share a transaction unless they say otherwise.
    several: bool,
    /// That transaction is open.
    implicit: bool,
    /// The plan of the statement that waits, for its columns.
    plan: Option<Arc<Plan>>,
    waiting: Option<Waiting>,
    answers: Vec<Answer>,
}

impl Sessions {
    /// An empty store without sessions.
    pub fn new() -> Self {
        Sessions {
            store: Store::new(IsolationLevel::ReadCommitted),
            now_us: 0,
            sessions: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }

    /// Sets the server's `deadlock_timeout`, in microseconds.
    pub fn set_deadlock_timeout(&mut self, after_us: i64) {
        self.timeouts.deadlock_us = after_us;
    }

    /// The store behind them.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens a session.
    pub fn open(&mut self) -> SessionId {
        let connection = self.store.connect();
        self.sessions.push(Session {
            connection,
            query: None,
        });
        SessionId(self.sessions.len() - 1)
    }

    /// The client vanishes and comes back: what is open is rolled back.
    pub fn reconnect(&mut self, session: SessionId) {
        let place = &mut self.sessions[session.0];
        self.store.disconnect(place.connection);
        place.connection = self.store.connect();
        place.query = None;
    }

    /// Records from here on what statements read and wrote.
    pub fn record(&mut self) {
        self.store.record(true);
    }

    /// What was recorded since the last call.
    pub fn take_recorded(&mut self) -> Vec<Recorded> {
        self.store.take_recorded()
    }

    /// What exists now.
    pub fn catalog(&self) -> &Catalog {
        self.store.catalog()
    }

    /// The session that has this connection.
    pub fn on_connection(&self, connection: ConnectionId) -> Option<SessionId> {
        let mut sessions = self.sessions.iter();
        let found = sessions.position(|session| session.connection == connection);
        found.map(SessionId)
    }

    /// Does its query wait?
    pub fn is_busy(&self, session: SessionId) -> bool {
        self.waiting(session).is_some()
    }

    fn waiting(&self, session: SessionId) -> Option<Waiting> {
        self.sessions[session.0].query.as_ref()?.waiting
    }

    /// The answers of the query, once it is done; none when none was sent.
    pub fn take(&mut self, session: SessionId) -> Vec<Answer> {
        if self.is_busy(session) {
            return Vec::new();
        }
        let query = self.sessions[session.0].query.take();
        query.map_or_else(Vec::new, |query| query.answers)
    }

    /// Notices that a client has got by the time at which it has the first answer of the query under way: those
    /// before it and right behind it. The others stay between the answers.
    pub fn take_notices(&mut self, session: SessionId) -> Vec<Notice> {
        let mut notices = Vec::new();
        let Some(query) = &mut self.sessions[session.0].query else {
            return notices;
        };
        let (mut at, mut answers) = (0, 0);
        while let Some(answer) = query.answers.get(at) {
            match answer {
                Answer::Notice(notice) => {
                    notices.push(notice.clone());
                    query.answers.remove(at);
                }
                _ if answers == 0 => (at, answers) = (at + 1, 1),
                _ => break,
            }
        }
        notices
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self::new()
    }
}
