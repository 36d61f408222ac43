//! Sessions over one store, as a server offers them: a simple query goes in, its answers come out, and time
//! passes only when told. Rules of simple queries are those of `exec_simple_query` in PostgreSQL's
//! `postgres.c`; what the statements do is the store's alone.

use std::collections::VecDeque;
use std::sync::Arc;

use tidewire_store::{
    CommandTag, Completion, ConnectionId, Control, Plan, PlanKind, Progress, ResultColumn, Row,
    SqlError, Store, plan,
};
use tidewire_syntax::ast::sql::{IsolationLevel, Statement};

use crate::split::split;
use crate::timers::{Timeouts, Timer, Waiting};

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
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The error that the client gets.
    pub error: SqlError,
    /// The refused statement, if it is our limit and not PostgreSQL's answer.
    pub outside: Option<String>,
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
    /// Notices not yet asked for.
    notices: Vec<Notice>,
}

/// A message beside the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `WARNING`, `NOTICE`
    pub severity: &'static str,
    /// The primary message.
    pub message: String,
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

    /// Opens a session.
    pub fn open(&mut self) -> SessionId {
        let connection = self.store.connect();
        self.sessions.push(Session {
            connection,
            query: None,
            notices: Vec::new(),
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

    /// Sends a simple query and carries it on until it is done or waits. Nothing else moves. A session that
    /// still waits ignores it.
    pub fn send(&mut self, session: SessionId, text: &str) {
        if self.is_busy(session) {
            return;
        }
        let mut query = Query {
            statements: VecDeque::new(),
            several: false,
            implicit: false,
            plan: None,
            waiting: None,
            answers: Vec::new(),
        };
        // All is parsed before anything is carried out.
        for part in split(text) {
            match parse(part) {
                Ok(statement) => query.statements.push_back((statement, part.to_string())),
                Err(failure) => {
                    query.statements.clear();
                    let connection = self.sessions[session.0].connection;
                    self.store.refuse(connection, failure.error.clone());
                    query.answers.push(Answer::Failed(failure));
                    break;
                }
            }
        }
        query.several = query.statements.len() > 1;
        self.sessions[session.0].query = Some(query);
        self.carry_on(session);
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

    /// Notices of the session since they were asked for last.
    pub fn take_notices(&mut self, session: SessionId) -> Vec<Notice> {
        std::mem::take(&mut self.sessions[session.0].notices)
    }

    /// Whom a session waits for, each once, in order; empty also when it waits for nobody in particular.
    pub fn blocked_by(&self, session: SessionId) -> Vec<Blocker> {
        let connection = self.sessions[session.0].connection;
        let waits = self.store.waits();
        let mut blockers: Vec<Blocker> = waits
            .iter()
            .filter(|wait| wait.waiter == connection)
            .flat_map(|wait| &wait.holders)
            .map(|holder| {
                self.session_of(*holder)
                    .map_or(Blocker::Prepared, Blocker::Session)
            })
            .collect();
        blockers.sort();
        blockers.dedup();
        blockers
    }

    fn session_of(&self, connection: ConnectionId) -> Option<SessionId> {
        let found = self
            .sessions
            .iter()
            .position(|other| other.connection == connection);
        found.map(SessionId)
    }

    /// Sessions whose wait is over, in order of arrival. [`Sessions::resume`] one, then ask again.
    pub fn ready(&self) -> Vec<SessionId> {
        let ready = self.store.ready();
        ready
            .into_iter()
            .filter_map(|connection| self.session_of(connection))
            .collect()
    }

    /// Lets one of the ready sessions go on.
    pub fn resume(&mut self, session: SessionId) {
        let connection = self.sessions[session.0].connection;
        let progress = self.store.resume(connection, self.now_us);
        self.after_wait(session, progress);
    }

    /// Lets everything happen that can without time passing, whoever came first going first.
    pub fn settle(&mut self) {
        while let Some(first) = self.ready().first() {
            self.resume(*first);
        }
    }

    /// Lets time pass up to the next timer that is due by then, and everything happen that follows; answers
    /// whether there was one. Otherwise the time is `until_us` then, unless that is for ever.
    pub fn wait_until(&mut self, until_us: i64) -> bool {
        if self.due().is_none() && until_us == i64::MAX {
            return false;
        }
        let fired = self.pass_time(until_us);
        self.settle();
        fired
    }

    /// When the first timer is due. Time does not pass by itself.
    pub fn next_timer(&self) -> Option<i64> {
        self.due().map(|(at, ..)| at)
    }

    fn due(&self) -> Option<(i64, Timer, SessionId)> {
        let sessions = (0..self.sessions.len()).map(SessionId);
        let timers = sessions.filter_map(|session| {
            let (at, timer) = self.waiting(session)?.next(&self.timeouts(session))?;
            Some((at, timer, session))
        });
        timers.min()
    }

    fn timeouts(&self, _session: SessionId) -> Timeouts {
        self.timeouts
    }

    /// What time it is, in virtual microseconds.
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Lets time pass up to the first timer that is due by then, and fires it, or else up to then. Answers
    /// whether a timer fired; its effects on others are still to be settled.
    pub fn pass_time(&mut self, until_us: i64) -> bool {
        match self.due().filter(|(at, ..)| *at <= until_us) {
            Some((at, timer, session)) => {
                self.now_us = self.now_us.max(at);
                self.fire(session, timer);
                true
            }
            None => {
                self.now_us = self.now_us.max(until_us);
                false
            }
        }
    }

    fn fire(&mut self, session: SessionId, timer: Timer) {
        let error = match timer {
            Timer::Lock => SqlError::lock_timeout(),
            Timer::Statement => SqlError::statement_timeout(),
            Timer::Deadlock => {
                if let Some(query) = &mut self.sessions[session.0].query
                    && let Some(waiting) = &mut query.waiting
                {
                    waiting.looked = true;
                }
                if !self.waits_for_itself(session) {
                    return;
                }
                SqlError::deadlock()
            }
        };
        self.cancel(session, error);
    }

    /// Ends the wait of a session with an error.
    pub fn cancel(&mut self, session: SessionId, error: SqlError) {
        let connection = self.sessions[session.0].connection;
        let progress = self.store.cancel(connection, error);
        self.after_wait(session, progress);
    }

    /// Does it stand in a circle of waits?
    fn waits_for_itself(&self, session: SessionId) -> bool {
        let waits = self.store.waits();
        let connection = self.sessions[session.0].connection;
        let mut seen = vec![connection];
        let mut at = 0;
        while at < seen.len() {
            let next = waits.iter().filter(|wait| wait.waiter == seen[at]);
            let holders: Vec<ConnectionId> =
                next.flat_map(|wait| wait.holders.iter().copied()).collect();
            for holder in holders {
                if holder == connection {
                    return true;
                }
                if !seen.contains(&holder) {
                    seen.push(holder);
                }
            }
            at += 1;
        }
        false
    }

    fn after_wait(&mut self, session: SessionId, progress: Progress) {
        let Some(query) = &mut self.sessions[session.0].query else {
            return;
        };
        let (Some(plan), Some(waiting)) = (query.plan.take(), query.waiting.take()) else {
            return;
        };
        if self.note(session, &plan, progress, waiting.statement_us) {
            self.carry_on(session);
        }
    }

    /// Keeps what a statement came to; answers whether the query goes on.
    fn note(
        &mut self,
        session: SessionId,
        plan: &Arc<Plan>,
        progress: Progress,
        statement_us: i64,
    ) -> bool {
        let Some(query) = &mut self.sessions[session.0].query else {
            return false;
        };
        match progress {
            Progress::Done(completion) => query.answers.push(answer(plan, completion)),
            Progress::Blocked => {
                query.plan = Some(plan.clone());
                let since_us = self.now_us;
                query.waiting = Some(Waiting {
                    statement_us,
                    since_us,
                    looked: false,
                });
                return false;
            }
            Progress::Failed(error) => self.failed(
                session,
                Failure {
                    error,
                    outside: None,
                },
            ),
        }
        true
    }

    fn failed(&mut self, session: SessionId, failure: Failure) {
        let connection = self.sessions[session.0].connection;
        if let Some(query) = &mut self.sessions[session.0].query {
            query.statements.clear();
            query.answers.push(Answer::Failed(failure));
            if std::mem::take(&mut query.implicit) {
                self.control(connection, "rollback");
            }
        }
    }

    fn carry_on(&mut self, session: SessionId) {
        while let Some((statement, text)) = self.next_statement(session) {
            if !self.start(session, &statement, text) {
                return;
            }
        }
        let connection = self.sessions[session.0].connection;
        let query = self.sessions[session.0].query.as_mut();
        if query.is_some_and(|query| std::mem::take(&mut query.implicit))
            && let Some(Progress::Failed(error)) = self.control(connection, "commit")
        {
            // The commit belongs to the last statement, whose success is then never reported.
            if let Some(query) = &mut self.sessions[session.0].query {
                query.answers.pop();
            }
            self.failed(
                session,
                Failure {
                    error,
                    outside: None,
                },
            );
        }
    }

    fn next_statement(&mut self, session: SessionId) -> Option<(Arc<Statement>, String)> {
        self.sessions[session.0]
            .query
            .as_mut()?
            .statements
            .pop_front()
    }

    /// Starts a statement; answers whether the query goes on.
    fn start(&mut self, session: SessionId, statement: &Arc<Statement>, text: String) -> bool {
        let connection = self.sessions[session.0].connection;
        let plan = match plan(statement, self.store.catalog(), &()) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => {
                let error = self.store.refuse(connection, failure.into());
                let outside = is_limit(&error).then_some(text);
                self.failed(session, Failure { error, outside });
                return true;
            }
        };
        self.warn(session, &plan);
        self.implicit_block(session, connection, &plan);
        let progress = self.store.execute(connection, &plan, &[], self.now_us);
        if let Progress::Failed(error) = &progress
            && is_limit(error)
        {
            let (error, outside) = (error.clone(), Some(text));
            self.failed(session, Failure { error, outside });
            return true;
        }
        self.note(session, &plan, progress, self.now_us)
    }

    /// What PostgreSQL warns of and then does (`xact.c`).
    fn warn(&mut self, session: SessionId, plan: &Plan) {
        let place = &mut self.sessions[session.0];
        let implicit = place.query.as_ref().is_some_and(|query| query.implicit);
        let open = self.store.in_transaction(place.connection) && !implicit;
        let message = match plan.kind() {
            PlanKind::Control(Control::Begin) if open => {
                "there is already a transaction in progress"
            }
            PlanKind::Control(Control::Commit | Control::Rollback) if !open => {
                "there is no transaction in progress"
            }
            _ => return,
        };
        let (severity, message) = ("WARNING", message.to_string());
        place.notices.push(Notice { severity, message });
    }

    /// Several statements in one query share a transaction, which `BEGIN` makes an explicit one.
    fn implicit_block(&mut self, session: SessionId, connection: ConnectionId, plan: &Arc<Plan>) {
        let Some(query) = &mut self.sessions[session.0].query else {
            return;
        };
        match plan.kind() {
            PlanKind::Control(Control::Begin | Control::Commit | Control::Rollback) => {
                query.implicit = false;
            }
            PlanKind::Schema => {}
            _ if query.several && !self.store.in_transaction(connection) => {
                query.implicit = true;
                self.control(connection, "begin");
            }
            _ => {}
        }
    }

    fn control(&mut self, connection: ConnectionId, text: &str) -> Option<Progress> {
        let statement = parse(text).ok()?;
        let plan = plan(&statement, self.store.catalog(), &()).ok()?;
        Some(
            self.store
                .execute(connection, &Arc::new(plan), &[], self.now_us),
        )
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self::new()
    }
}

/// Our refusals have the code of features that are not supported; PostgreSQL has a few of its own.
fn is_limit(error: &SqlError) -> bool {
    error.state.as_str() == "0A000"
}

fn parse(text: &str) -> Result<Arc<Statement>, Failure> {
    let (statement, diagnostics) = tidewire_syntax::parse_statement(text);
    statement.map(Arc::new).ok_or_else(|| {
        let message = diagnostics.into_iter().next().map(|first| first.message);
        let message = message.unwrap_or_else(|| "syntax error".to_string());
        Failure {
            error: SqlError::new(b"42601", message),
            outside: Some(text.to_string()),
        }
    })
}

fn answer(plan: &Plan, completion: Completion) -> Answer {
    let tag = completion.tag.to_string();
    if plan.columns().is_empty() && !matches!(completion.tag, CommandTag::Select(_)) {
        return Answer::Command { tag };
    }
    Answer::Rows {
        columns: plan.columns().to_vec(),
        rows: completion.rows,
        tag,
    }
}
