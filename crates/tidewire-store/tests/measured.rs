//! Sessions as PostgreSQL 15.18 played them. Each file holds statements that prepare the store, a line `---`, and
//! what the server answered to each `session: statement`; the same statements must give the same text here.

mod support;

use std::fmt::Write;

use support::Script;

/// Plays the statements of a file again and compares.
fn check(text: &str) {
    let (head, expected) = text.split_once("\n---\n").expect("a line ---");
    let setup: Vec<&str> = head.lines().filter(|l| !l.starts_with("--")).collect();
    let mut script = Script::with(&setup.join("\n"));
    let mut actual = String::new();
    for line in expected
        .lines()
        .filter(|line| line.contains(": ") && !line.starts_with(' '))
    {
        let (session, sql) = line.split_once(": ").expect("session: statement");
        if sql == "!disconnect" {
            let _ = writeln!(actual, "{line}");
            script.disconnect(session);
            script.settle_as_server(&mut actual);
            continue;
        }
        let answer = script.issue_as_server(session, sql);
        let _ = writeln!(
            actual,
            "{session}: {sql}\n  {}",
            answer.replace('\n', "\n  ")
        );
        script.settle_as_server(&mut actual);
    }
    // A column without a text leaves blanks at the end of its line, which no file here holds.
    let actual: String = actual
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if actual != expected {
        let first = actual
            .lines()
            .zip(expected.lines())
            .position(|(actual, expected)| actual != expected)
            .unwrap_or(0);
        let from = |text: &str| -> String {
            let lines = text.lines().skip(first.saturating_sub(6)).take(14);
            lines.collect::<Vec<_>>().join("\n")
        };
        panic!(
            "here:\n{}\n\nPostgreSQL:\n{}",
            from(&actual),
            from(expected)
        );
    }
}

macro_rules! measured {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(include_str!(concat!("measured/", stringify!($name), ".txt")));
        }
    )*};
}

measured! {
    modes
    table_locks
    table_deadlocks
    settings
    two_phase
    schema
    character
    sequences
    advisory
    soft_deadlock
}
