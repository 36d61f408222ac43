//! Plays scripts of `session: statement` lines against a store and prints what came of each.

#![allow(dead_code, unreachable_pub)]

use std::fmt::Write;
use std::sync::Arc;

use tidewire_store::{ConnectionId, Plan, Progress, SqlError, Store, plan};
use tidewire_syntax::ast::sql::IsolationLevel;

/// Sessions over one store, named by their first use.
#[derive(Clone)]
pub struct Script {
    pub store: Store,
    names: Vec<String>,
    plans: Vec<Option<Arc<Plan>>>,
}

impl Script {
    pub fn new() -> Self {
        Script {
            store: Store::new(IsolationLevel::ReadCommitted),
            names: Vec::new(),
            plans: Vec::new(),
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
                self.store.connect()
            }
        }
    }

    /// Issues one statement and says what came of it.
    pub fn issue(&mut self, session: &str, sql: &str) -> String {
        let connection = self.connection(session);
        let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
        let Some(statement) = statement else {
            return format!("ERROR not parsed: {}", diagnostics[0].message);
        };
        let plan = match plan(&statement, self.store.catalog(), &()) {
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
        self.text(connection, progress)
    }

    fn text(&self, connection: ConnectionId, progress: Progress) -> String {
        match progress {
            Progress::Blocked => {
                let waits = self.store.waits();
                let wait = waits.iter().find(|wait| wait.waiter == connection).unwrap();
                let holders: Vec<&str> = wait
                    .holders
                    .iter()
                    .map(|h| self.names[h.0 as usize].as_str())
                    .collect();
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

    /// Lets every waiter whose wait is over go on, the first first.
    pub fn settle(&mut self, out: &mut String) {
        while let Some(connection) = self.store.ready().first().copied() {
            let progress = self.store.resume(connection, 0);
            let text = self.text(connection, progress);
            let _ = writeln!(
                out,
                "  {} goes on: {text}",
                self.names[connection.0 as usize]
            );
        }
        if let Some(circle) = self.store.deadlock() {
            let names: Vec<&str> = circle
                .iter()
                .map(|c| self.names[c.0 as usize].as_str())
                .collect();
            let _ = writeln!(out, "  deadlock of {}", names.join(", "));
            let victim = *circle.last().unwrap();
            let progress = self.store.cancel(victim, SqlError::deadlock());
            let text = self.text(victim, progress);
            let _ = writeln!(
                out,
                "  {} is the victim: {text}",
                self.names[victim.0 as usize]
            );
            self.settle(out);
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
