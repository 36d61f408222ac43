//! A simple query from its text to its answers: parsed as a whole, its statements carried out one after the other
//! (`exec_simple_query` in PostgreSQL's `postgres.c`), several of them in one transaction (`xact.c`,
//! `TBLOCK_IMPLICIT_INPROGRESS`).

use std::collections::VecDeque;
use std::sync::Arc;

use tidewire_store::{
    CommandTag, Completion, ConnectionId, Control, Notice, Plan, PlanKind, Progress, ResultColumn,
    SqlError, SqlState, plan,
};
use tidewire_syntax::ast::sql::Statement;

use super::split::split;
use super::timers::Waiting;
use super::{Answer, Failure, Query, Refusal, SessionId, Sessions};

impl Sessions {
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

    /// Keeps what a statement came to; answers whether the query goes on.
    pub(super) fn note(
        &mut self,
        session: SessionId,
        plan: &Arc<Plan>,
        progress: Progress,
        statement_us: i64,
    ) -> bool {
        let connection = self.sessions[session.0].connection;
        let Some(query) = &mut self.sessions[session.0].query else {
            return false;
        };
        match progress {
            Progress::Done(completion) => {
                let columns = self.store.columns(connection, plan);
                query.answers.push(answer(columns, completion));
            }
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

    pub(super) fn carry_on(&mut self, session: SessionId) {
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
        let plan = match plan(statement, self.store.catalog_of(connection), &()) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => {
                let error = self.store.refuse(connection, failure.into());
                let outside = limit(&error, text);
                self.failed(session, Failure { error, outside });
                return true;
            }
        };
        let warnings = self.implicit_block(session, connection, &plan);
        let progress = self.store.execute(connection, &plan, &[], self.now_us);
        self.notice(session, warnings);
        if let Progress::Failed(error) = progress {
            let outside = limit(&error, text);
            self.failed(session, Failure { error, outside });
            return true;
        }
        self.note(session, &plan, progress, self.now_us)
    }

    /// Several statements in one query share a transaction, which `BEGIN` makes an explicit one and `COMMIT` ends
    /// with a warning (`xact.c`, `TBLOCK_IMPLICIT_INPROGRESS`). Gives what to do with the store's own warnings.
    fn implicit_block(
        &mut self,
        session: SessionId,
        connection: ConnectionId,
        plan: &Arc<Plan>,
    ) -> Warnings {
        let Some(query) = &mut self.sessions[session.0].query else {
            return Warnings::Keep;
        };
        match plan.kind() {
            PlanKind::Control(Control::Begin) => match std::mem::take(&mut query.implicit) {
                true => Warnings::Drop,
                false => Warnings::Keep,
            },
            PlanKind::Control(Control::Commit | Control::Rollback) => {
                match std::mem::take(&mut query.implicit) {
                    true => Warnings::NoTransaction,
                    false => Warnings::Keep,
                }
            }
            _ => {
                if query.several && !self.store.in_transaction(connection) {
                    query.implicit = true;
                    self.control(connection, "begin");
                }
                Warnings::Keep
            }
        }
    }

    /// Takes over what the store tells beside an answer.
    fn notice(&mut self, session: SessionId, warnings: Warnings) {
        let told = self.store.take_notices();
        let Some(query) = &mut self.sessions[session.0].query else {
            return;
        };
        match warnings {
            Warnings::Keep => query.answers.extend(told.into_iter().map(Answer::Notice)),
            Warnings::Drop => {}
            Warnings::NoTransaction => query.answers.push(Answer::Notice(Notice {
                severity: "WARNING",
                state: SqlState(*b"25P01"),
                message: "there is no transaction in progress".to_string(),
            })),
        }
    }

    fn control(&mut self, connection: ConnectionId, text: &str) -> Option<Progress> {
        let statement = parse(text).ok()?;
        let plan = plan(&statement, self.store.catalog_of(connection), &()).ok()?;
        Some(
            self.store
                .execute(connection, &Arc::new(plan), &[], self.now_us),
        )
    }
}

/// What to do with the warnings of a statement in or outside an implicit block.
#[derive(Clone, Copy)]
enum Warnings {
    Keep,
    /// The block is not the client's, so `BEGIN` is its first.
    Drop,
    /// The block is not the client's, so there is none to end.
    NoTransaction,
}

/// Our refusals have the code of features that are not supported; PostgreSQL has a few of its own.
fn limit(error: &SqlError, statement: String) -> Option<Refusal> {
    let reason = error.message.clone();
    (error.state.as_str() == "0A000").then_some(Refusal { statement, reason })
}

fn parse(text: &str) -> Result<Arc<Statement>, Failure> {
    let (statement, diagnostics) = tidewire_syntax::parse_statement(text);
    statement.map(Arc::new).ok_or_else(|| {
        let first = diagnostics.first().map(|first| first.message.clone());
        Failure {
            error: SqlError::refused(text, &diagnostics),
            outside: Some(Refusal {
                statement: text.to_string(),
                reason: first.unwrap_or_else(|| "not a statement".to_string()),
            }),
        }
    })
}

fn answer(columns: &[ResultColumn], completion: Completion) -> Answer {
    let tag = completion.tag.to_string();
    if columns.is_empty() && !matches!(completion.tag, CommandTag::Select(_)) {
        return Answer::Command { tag };
    }
    Answer::Rows {
        columns: columns.to_vec(),
        rows: completion.rows,
        tag,
    }
}
