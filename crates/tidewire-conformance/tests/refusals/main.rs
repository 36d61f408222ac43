//! Bad SQL: PostgreSQL's message and SQLSTATE where it refuses a statement, and where the statement lies outside our
//! subset, a message that names what is missing.
//!
//! `refusals.txt` holds statements, each with what PostgreSQL 15.18 was measured to say over the tables of
//! docs/sql.md, and with what is said here, which `cargo xtask bless` writes anew.

use std::fmt::Write as _;

use expect_test::expect_file;
use tidewire_conformance::sessions::{Answer, Sessions};

const FILE: &str = include_str!("refusals.txt");
const PAGE: &str = include_str!("../../../../docs/sql.md");

/// A statement with what PostgreSQL says of it: `accepted`, or SQLSTATE and message.
struct Refusal<'a> {
    statement: &'a str,
    postgresql: &'a str,
}

fn refusals() -> impl Iterator<Item = Refusal<'static>> {
    let lines: Vec<&str> = FILE.lines().collect();
    let pairs: Vec<Refusal<'_>> = lines
        .windows(2)
        .filter_map(|pair| {
            Some(Refusal {
                statement: pair[0],
                postgresql: pair[1].strip_prefix("  postgresql: ")?,
            })
        })
        .collect();
    pairs.into_iter()
}

/// SQLSTATE and message here, and the detail behind them.
fn here(statement: &str) -> (String, Option<String>) {
    let mut sessions = Sessions::new();
    let session = sessions.open();
    let setup = PAGE.split("```sql setup\n").nth(1).unwrap_or_default();
    let setup = setup.split("```").next().unwrap_or_default();
    sessions.send(session, setup);
    sessions.take(session);
    sessions.send(session, statement);
    match sessions.take(session).last() {
        Some(Answer::Failed(failure)) => {
            let error = &failure.error;
            let words = format!("{} {}", error.state.as_str(), error.message);
            (words, error.detail.clone())
        }
        _ => ("accepted".to_string(), None),
    }
}

#[test]
fn the_file_says_what_is_said_here() {
    let mut out = String::new();
    for line in FILE.lines() {
        if line.starts_with("  here: ") || line.starts_with("  hint: ") {
            continue;
        }
        let _ = writeln!(out, "{line}");
        let Some(refusal) = refusals().find(|one| one.statement == line) else {
            continue;
        };
        let _ = writeln!(out, "  postgresql: {}", refusal.postgresql);
        let (words, detail) = here(refusal.statement);
        let same = words == refusal.postgresql;
        let _ = writeln!(out, "  here: {}", if same { "the same" } else { &words });
        if let Some(detail) = detail.filter(|_| !same) {
            let _ = writeln!(out, "  hint: {detail}");
        }
    }
    // Each second line was written with its statement.
    let mut kept = String::new();
    let mut before = "";
    for line in out.lines() {
        let twice = line.starts_with("  postgresql: ") && before.starts_with("  ");
        if !twice {
            let _ = writeln!(kept, "{line}");
        }
        before = line;
    }
    expect_file!["refusals.txt"].assert_eq(&kept);
}

#[test]
fn what_postgresql_refuses_is_refused_alike_and_the_rest_is_called_our_limit() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for Refusal {
        statement,
        postgresql,
    } in refusals()
    {
        count += 1;
        let (words, _) = here(statement);
        let limit = words.starts_with("0A000 ");
        let parses = !postgresql.starts_with("42601 ");
        let right = words == postgresql || (limit && parses);
        if !right {
            wrong.push(format!(
                "{statement}\n  PostgreSQL: {postgresql}\n  here:       {words}"
            ));
        }
    }
    assert!(count > 200, "only {count} statements");
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
