//! `tidewire isolation FILE.json --anomalies`: which case has which anomaly at which level.

use std::io::Write;

use tidewire_conformance::{Case, Level, record};
use tidewire_session::anomalies::report::{AnomalyEntry, AnomalyReport, report};
use tidewire_session::anomalies::{HistoryBuilder, Names, StatementName};

/// A line for a case and level; true when all anomalies are permitted and the case could be played.
pub(crate) fn write(out: &mut impl Write, case: &Case, level: Level) -> std::io::Result<bool> {
    write!(out, "{}, {}: ", case.id, level.name())?;
    let played = match record(case, level, &[]) {
        Ok(played) => played,
        Err(refused) => {
            writeln!(out, "not played: {refused}")?;
            return Ok(false);
        }
    };
    let mut builder = HistoryBuilder::new();
    let mut statements = Vec::new();
    for (step, recorded) in played.log {
        let step = &case.steps[step];
        builder.add(recorded, Some(statements.len() as u32));
        statements.push(StatementName {
            at_us: None,
            who: step.session.clone(),
            text: step.sql.replace("$LEVEL", level.name()),
            record: None,
        });
    }
    let names = Names {
        database: "",
        catalog: &played.catalog,
        statements: &statements,
        prefix: "",
    };
    let found = report(&builder.finish(), names);
    writeln!(out, "{}", line(&found))?;
    Ok(found.anomalies.iter().all(|entry| entry.permitted))
}

fn line(report: &AnomalyReport) -> String {
    if report.anomalies.is_empty() {
        return "none".to_owned();
    }
    let entries: Vec<String> = report.anomalies.iter().map(entry).collect();
    entries.join("; ")
}

/// `lost update (T2 rw test (id 1), T1 ww test (id 1))`: who stands in which dependency on the next.
fn entry(entry: &AnomalyEntry) -> String {
    let who = |number: u32| {
        let mut all = entry.transactions.iter();
        all.find(|it| it.number == number)
            .map_or("?", |it| it.who.as_str())
    };
    let edges: Vec<String> = entry
        .dependencies
        .iter()
        .map(|edge| {
            let by = if edge.predicate {
                "by a condition "
            } else {
                ""
            };
            format!("{} {} {by}{}", who(edge.from), edge.kind, edge.row)
        })
        .collect();
    let permitted = if entry.permitted {
        ""
    } else {
        " NOT PERMITTED"
    };
    format!("{} ({}){permitted}", entry.name, edges.join(", "))
}
