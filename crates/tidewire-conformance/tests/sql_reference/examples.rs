//! One example: a database of its own, sessions by name, statements in, answers out.

use std::fmt;

use tidewire_conformance::sessions::{Answer, SessionId, Sessions};

use crate::print;

/// How long an example lets time pass behind each statement: beyond every timer.
const PATIENCE_US: i64 = 60_000_000;

/// What became of a statement.
pub(crate) enum Played {
    /// A table.
    Rows(String),
    /// A tag, an error, a wait.
    Words(String),
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Played::Rows(text) | Played::Words(text) => f.write_str(text),
        }
    }
}

/// A database with its sessions.
pub(crate) struct Example {
    sessions: Sessions,
    names: Vec<(String, SessionId)>,
}

impl Example {
    /// A database after these statements.
    pub(crate) fn new(setup: &[String]) -> Self {
        let mut example = Example {
            sessions: Sessions::new(),
            names: Vec::new(),
        };
        for sql in setup {
            let answer = example.one(sql).to_string();
            assert!(!answer.starts_with("ERROR"), "{sql}\n{answer}");
        }
        example
    }

    fn session(&mut self, name: &str) -> SessionId {
        let known = self.names.iter().find(|(other, _)| other == name);
        if let Some((_, session)) = known {
            return *session;
        }
        let session = self.sessions.open();
        self.names.push((name.to_string(), session));
        session
    }

    /// One statement in one session.
    pub(crate) fn one(&mut self, sql: &str) -> Played {
        self.issue("a", sql)
    }

    fn issue(&mut self, name: &str, sql: &str) -> Played {
        let session = self.session(name);
        self.sessions.send(session, sql);
        self.came(session)
    }

    fn came(&mut self, session: SessionId) -> Played {
        if self.sessions.is_busy(session) {
            let holders = self.sessions.blocked_by(session);
            let holders = holders
                .iter()
                .map(|holder| print::blocker(holder, &self.names));
            let holders: Vec<String> = holders.collect();
            return Played::Words(format!("waits for {}", holders.join(", ")));
        }
        let mut words = String::new();
        for notice in self.sessions.take_notices(session) {
            words += &format!("{}: {}\n", notice.severity, notice.message);
        }
        let answers = self.sessions.take(session);
        for answer in &answers {
            words += &print::answer(answer);
            words.push('\n');
        }
        let words = words.trim_end().to_string();
        match answers.last() {
            Some(Answer::Rows { .. }) => Played::Rows(words),
            _ => Played::Words(words),
        }
    }

    /// A block with each answer behind its statement.
    pub(crate) fn block(&mut self, lines: &[&str], several: bool) -> String {
        let mut out = String::new();
        let mut statement = String::new();
        let mut answered = false;
        for line in lines {
            if line.trim().is_empty() {
                answered = false;
                out.push('\n');
                continue;
            }
            if statement.is_empty() && line.starts_with("--") {
                if !answered {
                    out += &format!("{line}\n");
                }
                continue;
            }
            out += &format!("{line}\n");
            statement += line;
            statement.push('\n');
            if line.trim_end().ends_with(';') {
                for line in self.statement(&statement, several).lines() {
                    out += format!("-- {line}").trim_end();
                    out.push('\n');
                }
                statement.clear();
                answered = true;
            }
        }
        assert!(
            statement.is_empty(),
            "an example lacks its `;`: {statement}"
        );
        out
    }

    /// Its answer, and those of others that could go on because of it.
    fn statement(&mut self, text: &str, several: bool) -> String {
        let (name, sql) = match text.split_once(": ").filter(|_| several) {
            Some((name, sql)) => (name.to_string(), sql),
            None => ("a".to_string(), text),
        };
        let mut out = self
            .issue(&name, sql.trim_end().trim_end_matches(';'))
            .to_string();
        out.push('\n');
        // A wait that only time ends, by a timeout or as the victim of a deadlock, ends here.
        let waiting: Vec<(String, SessionId)> = self.waiting();
        self.sessions.settle();
        while self.waiting().len() == waiting.len() {
            if !self
                .sessions
                .wait_until(self.sessions.now_us() + PATIENCE_US)
            {
                break;
            }
        }
        for (name, session) in waiting {
            if !self.sessions.is_busy(session) {
                let came = self.came(session).to_string();
                for line in came.lines() {
                    out += &format!("{name}: {line}\n");
                }
            }
        }
        out
    }

    fn waiting(&self) -> Vec<(String, SessionId)> {
        let all = self.names.iter();
        all.filter(|(_, session)| self.sessions.is_busy(*session))
            .cloned()
            .collect()
    }
}

/// The statements of a block of one session.
pub(crate) fn statements(lines: &[&str]) -> Vec<String> {
    let code: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !line.starts_with("--"))
        .collect();
    let text = code.join("\n");
    let all = text
        .split(";\n")
        .map(|one| one.trim().trim_end_matches(';').to_string());
    all.filter(|one| !one.is_empty()).collect()
}
