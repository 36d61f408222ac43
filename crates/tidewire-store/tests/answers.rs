//! Statements with what PostgreSQL 15.18 answered: names of columns, rows, tags, errors with their SQLSTATE.
//!
//! In `answers/*.txt` a line that begins at the margin is a statement, the indented lines behind it are its
//! answer; null is `∅`. Every file begins with an empty store.

use std::fmt::Write;
use std::sync::Arc;

use tidewire_store::{CommandTag, ConnectionId, Progress, SqlError, Store, plan};
use tidewire_syntax::ast::sql::IsolationLevel;

/// What the store answers, in the form of the files.
fn answer(store: &mut Store, connection: ConnectionId, sql: &str) -> String {
    let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
    let Some(statement) = statement else {
        return format!("  not parsed: {}\n", diagnostics[0].message);
    };
    let plan = match plan(&statement, store.catalog(), &()) {
        Ok(plan) => Arc::new(plan),
        Err(failure) => return refused(&failure.error),
    };
    let progress = store.execute(connection, &plan, &[], 0);
    let completion = match progress {
        Progress::Done(completion) => completion,
        Progress::Failed(error) => return refused(&error),
        Progress::Blocked => return "  blocked\n".to_string(),
    };
    let mut text = String::new();
    let columns = store.columns(connection, &plan);
    if !columns.is_empty() {
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let _ = writeln!(text, "  {}", names.join(" | "));
        for row in &completion.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(columns)
                .map(|(value, column)| value.render(column.data_type).unwrap_or("∅".to_string()))
                .collect();
            let _ = writeln!(text, "  {}", cells.join(" | "));
        }
    }
    if !matches!(completion.tag, CommandTag::Select(_)) {
        let _ = writeln!(text, "  {}", completion.tag);
    }
    text
}

fn refused(error: &SqlError) -> String {
    format!("  ERROR {} {}\n", error.state.as_str(), error.message)
}

/// Plays a file and gives what differs.
fn differences(file: &str) -> String {
    let mut store = Store::new(IsolationLevel::ReadCommitted);
    let connection = store.connect();
    let mut text = String::new();
    let mut lines = file.lines().peekable();
    while let Some(sql) = lines.next() {
        if sql.trim().is_empty() || sql.starts_with("--") {
            continue;
        }
        let mut expected = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            let _ = writeln!(expected, "{line}");
        }
        let found = answer(&mut store, connection, sql);
        if found != expected {
            let _ = writeln!(text, "{sql}\nPostgreSQL\n{expected}here\n{found}");
        }
    }
    text
}

/// One test a file.
macro_rules! answers {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let file = include_str!(concat!("answers/", stringify!($name), ".txt"));
            let differences = differences(file);
            assert!(differences.is_empty(), "\n{differences}");
        }
    )*};
}

answers! { common_tables set_operations joins row_comparisons writes select_clauses windows functions mistakes prepared }
