//! Plays scripts of `session: statement` lines against a store and prints what came of each.

#![allow(dead_code, unreachable_pub)]

use std::fmt::Write;
use std::sync::Arc;

use tidewire_store::{CommandTag, ConnectionId, Plan, Progress, SqlError, Store, plan};
use tidewire_syntax::ast::sql::IsolationLevel;

/// Sessions over one store, named by their first use.
#[derive(Clone)]
pub struct Script {
    pub store: Store,
    names: Vec<String>,
    plans: Vec<Option<Arc<Plan>>>,
    tags: Vec<Option<CommandTag>>,
}

impl Script {
    pub fn new() -> Self {
        Script {
            store: Store::new(IsolationLevel::ReadCommitted),
            names: Vec::new(),
            plans: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// A store after these statements, which must all be done.
    pub fn with(setup: &str) -> Self {
        let mut script = Self::new();
        for sql in setup.split(';').filter(|sql| !sql.trim().is_empty()) {
            let answer = script.issue("setup", sql);
            assert!(!answer.starts_with("ERROR"), "{sql}: {answer}");
        }
        script
    }

    pub fn connection(&mut self, name: &str) -> ConnectionId {
        match self.names.iter().position(|other| other == name) {
            Some(at) => ConnectionId(at as u32),
            None => {
                self.names.push(name.to_string());
                self.plans.push(None);
                self.tags.push(None);
                self.store.connect()
            }
        }
    }

    /// Ends a session; its name stands for a new one from here on.
    pub fn disconnect(&mut self, name: &str) {
        let connection = self.connection(name);
        self.store.disconnect(connection);
        assert_eq!(self.store.connect(), connection);
    }

    /// Issues one statement and says what came of it.
    pub fn issue(&mut self, session: &str, sql: &str) -> String {
        let connection = self.connection(session);
        let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
        let Some(statement) = statement else {
            return format!("ERROR not parsed: {}", diagnostics[0].message);
        };
        let plan = match plan(&statement, self.store.catalog_of(connection), &()) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => {
                let mut text = error(&failure.error);
                let _ = write!(text, " at «{}»", failure.span.text(sql));
                if let Some(hint) = failure.hint {
                    let _ = write!(text, "\n    HINT {hint}");
                }
                return text;
            }
        };
        let progress = self.store.execute(connection, &plan, &[], 0);
        self.plans[connection.0 as usize] = Some(plan);
        let mut text = self.text(connection, progress);
        for notice in self.store.take_notices() {
            let _ = write!(text, "\n    {} {}", notice.severity, notice.message);
        }
        text
    }

    /// As [`Script::issue`], with command tags as PostgreSQL sends them.
    pub fn issue_as_server(&mut self, session: &str, sql: &str) -> String {
        let connection = self.connection(session);
        let (statement, _) = tidewire_syntax::parse_statement(sql);
        let unplanned = statement.map(|it| plan(&it, self.store.catalog_of(connection), &()));
        if let Some(Err(failure)) = unplanned {
            return error(&self.store.refuse(connection, failure.into()));
        }
        let answer = self.issue(session, sql);
        self.with_server_tag(connection, answer)
    }

    fn with_server_tag(&self, connection: ConnectionId, answer: String) -> String {
        let Some(tag) = self.tags[connection.0 as usize] else {
            return answer;
        };
        answer.replacen(&format!("{tag:?}"), &tag.to_string(), 1)
    }

    fn text(&mut self, connection: ConnectionId, progress: Progress) -> String {
        self.tags[connection.0 as usize] = match &progress {
            Progress::Done(completion) => Some(completion.tag),
            _ => None,
        };
        match progress {
            Progress::Blocked => {
                let waits = self.store.waits();
                let wait = waits.iter().find(|wait| wait.waiter == connection).unwrap();
                let mut holders: Vec<&str> = wait
                    .holders
                    .iter()
                    .map(|h| self.names.get(h.0 as usize).map_or("prepared", |name| name))
                    .collect();
                holders.sort_unstable();
                format!("waits for {}", holders.join(", "))
            }
            Progress::Failed(failure) => error(&failure),
            Progress::Done(completion) => {
                let mut text = format!("{:?}", completion.tag);
                let plan = self.plans[connection.0 as usize].as_ref().unwrap();
                for row in &completion.rows {
                    let cells: Vec<String> = row
                        .iter()
                        .zip(plan.columns())
                        .map(|(value, column)| {
                            value
                                .render(column.data_type)
                                .unwrap_or_else(|| "∅".to_string())
                        })
                        .collect();
                    let _ = write!(text, "\n    {}", cells.join(" | "));
                }
                text
            }
        }
    }

    /// As [`Script::settle`], with command tags as PostgreSQL sends them.
    pub fn settle_as_server(&mut self, out: &mut String) {
        self.go_on(out, true);
    }

    /// Lets every waiter whose wait is over go on, the first first.
    pub fn settle(&mut self, out: &mut String) {
        self.go_on(out, false);
    }

    fn go_on(&mut self, out: &mut String, as_server: bool) {
        while let Some(connection) = self.store.ready().first().copied() {
            let progress = self.store.resume(connection, 0);
            let blocks_again = progress == Progress::Blocked;
            let mut text = self.text(connection, progress);
            if as_server {
                // Nobody sees that a statement which still waits waits for someone else now.
                if blocks_again {
                    continue;
                }
                text = self.with_server_tag(connection, text).replace('\n', "\n  ");
            }
            let name = &self.names[connection.0 as usize];
            let _ = writeln!(out, "  {name} goes on: {text}");
        }
        if let Some(circle) = self.store.deadlock() {
            let victim = *circle.last().unwrap();
            let names: Vec<&str> = circle
                .iter()
                .map(|c| self.names[c.0 as usize].as_str())
                .collect();
            if !as_server {
                let _ = writeln!(out, "  deadlock of {}", names.join(", "));
            }
            let progress = self.store.cancel(victim, SqlError::deadlock());
            let text = self.text(victim, progress);
            let name = &self.names[victim.0 as usize];
            let how = if as_server {
                "goes on"
            } else {
                "is the victim"
            };
            let _ = writeln!(out, "  {name} {how}: {text}");
            self.go_on(out, as_server);
        } else if !self.store.ready().is_empty() {
            // A new order of the queues broke the circle.
            self.go_on(out, as_server);
        }
    }

    /// Plays `session: statement` lines.
    pub fn play(&mut self, script: &str) -> String {
        let mut out = String::new();
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let (session, sql) = line.split_once(": ").unwrap();
            let answer = self.issue(session, sql);
            let _ = writeln!(out, "{session}: {sql}\n  {answer}");
            self.settle(&mut out);
        }
        out
    }
}

fn error(error: &SqlError) -> String {
    let mut text = format!("ERROR {} {}", error.state.as_str(), error.message);
    if let Some(detail) = &error.detail {
        let _ = write!(text, "\n    DETAIL {detail}");
    }
    text
}

/// The answer to one query over an empty store.
pub fn value_of(expression: &str) -> String {
    let answer = Script::new().issue("a", &format!("select {expression}"));
    answer
        .strip_prefix("Select(1)\n    ")
        .map_or(answer.clone(), ToString::to_string)
}
