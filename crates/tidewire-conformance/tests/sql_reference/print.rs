//! Answers as the page shows them: tables with aligned columns, tags, errors with SQLSTATE.

use tidewire_conformance::sessions::{Answer, Blocker, SessionId};
use tidewire_store::{ResultColumn, Row, Type};

pub(crate) fn blocker(blocker: &Blocker, names: &[(String, SessionId)]) -> String {
    match blocker {
        Blocker::Prepared => "a prepared transaction".to_string(),
        Blocker::Session(session) => {
            let found = names.iter().find(|(_, other)| other == session);
            found.map_or_else(|| "?".to_string(), |(name, _)| name.clone())
        }
    }
}

pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Rows { columns, rows, .. } => table(columns, rows),
        Answer::Command { tag } => tag.clone(),
        Answer::Notice(notice) => format!("{}: {}", notice.severity, notice.message),
        Answer::Failed(failure) => {
            let error = &failure.error;
            let mut text = format!("ERROR {}: {}", error.state.as_str(), error.message);
            if let Some(detail) = &error.detail {
                let label = match error.state.as_str() {
                    "0A000" => "HINT",
                    _ => "DETAIL",
                };
                text += &format!("\n{label}: {detail}");
            }
            text
        }
    }
}

fn table(columns: &[ResultColumn], rows: &[Row]) -> String {
    if rows.is_empty() {
        return "(0 rows)".to_string();
    }
    let mut cells: Vec<Vec<String>> =
        vec![columns.iter().map(|one| one.name.to_string()).collect()];
    for row in rows {
        let row = row.iter().zip(columns);
        cells.push(
            row.map(|(value, column)| {
                let text = value.render(column.data_type);
                text.unwrap_or_else(|| "null".to_string())
            })
            .collect(),
        );
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            cells
                .iter()
                .map(|row| row[at].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut lines: Vec<String> = Vec::new();
    for (at, row) in cells.iter().enumerate() {
        lines.push(line(row, columns, &widths));
        if at == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(rules.join("-+-"));
        }
    }
    lines.join("\n")
}

fn line(row: &[String], columns: &[ResultColumn], widths: &[usize]) -> String {
    let cells = row.iter().zip(columns).zip(widths);
    let cells: Vec<String> = cells
        .map(|((cell, column), width)| match column.data_type {
            Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_) => {
                format!("{cell:>width$}")
            }
            _ => format!("{cell:<width$}"),
        })
        .collect();
    cells.join(" | ").trim_end().to_string()
}
