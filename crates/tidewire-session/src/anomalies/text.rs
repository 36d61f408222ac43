//! Anomalies as lines of text, for the command line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::report::{AnomalyEntry, AnomalyReport, AnomalyStatement};
use tidewire_syntax::sort;

/// Anomalies of one name that are told in full.
const SHOWN: usize = 2;
/// Columns of a line.
const WIDTH: usize = 110;

/// All anomalies in words, those of one name together; the first of each name in full.
pub fn text(report: &AnomalyReport) -> String {
    let mut out = String::new();
    headline(&mut out, report);
    let mut names: Vec<(&str, bool)> = Vec::new();
    for entry in &report.anomalies {
        let name = (entry.name.as_str(), entry.permitted);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // What should not be comes first.
    sort::sort_by_key(&mut names, |(_, permitted)| *permitted);
    for (name, permitted) in names {
        let same = |entry: &&AnomalyEntry| entry.name == name && entry.permitted == permitted;
        let of_name: Vec<&AnomalyEntry> = report.anomalies.iter().filter(same).collect();
        for (at, entry) in of_name.iter().take(SHOWN).enumerate() {
            tell(&mut out, entry, at == 0);
        }
        if of_name.len() > SHOWN {
            let more = of_name.len() - SHOWN;
            let _ = writeln!(out, "  … and {more} more of {name}");
        }
    }
    if report.cut {
        out.push_str(
            "\nThis run is larger than what is looked at: there may be more. Shorten it for the whole picture.\n",
        );
    }
    out
}

fn headline(out: &mut String, report: &AnomalyReport) {
    let transactions = match report.transactions {
        1 => "1 transaction".to_owned(),
        count => format!("{count} transactions"),
    };
    if report.anomalies.is_empty() {
        let _ = writeln!(out, "no anomaly in {transactions}");
        return;
    }
    let mut counts: BTreeMap<(u32, &str), u32> = BTreeMap::new();
    for (at, entry) in report.anomalies.iter().enumerate() {
        let first = report.anomalies.iter().position(|it| it.name == entry.name);
        let key = (first.unwrap_or(at) as u32, entry.name.as_str());
        *counts.entry(key).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|((_, name), count)| format!("{count} {name}"))
        .collect();
    let forbidden = report.anomalies.iter().filter(|it| !it.permitted).count();
    let verdict = match forbidden {
        0 => "permitted at their level".to_owned(),
        count => format!("{count} NOT PERMITTED at their level"),
    };
    let _ = writeln!(
        out,
        "anomalies in {transactions}: {}; {verdict}",
        counts.join(", ")
    );
}

fn tell(out: &mut String, entry: &AnomalyEntry, explain: bool) {
    let common = if entry.common_name == entry.name {
        String::new()
    } else {
        format!(" ({})", entry.common_name)
    };
    let levels = entry.levels.join(" and ");
    let permitted = if entry.permitted {
        format!("permitted at {levels}")
    } else {
        format!("NOT PERMITTED at {levels}: a fault of the store, please report it")
    };
    let _ = writeln!(
        out,
        "\n{}{common} in {}, {permitted}",
        entry.name, entry.database
    );
    if explain {
        let _ = writeln!(out, "  {}", entry.meaning);
    }
    for dependency in &entry.dependencies {
        let _ = writeln!(out, "  {}  {}", dependency.kind, dependency.sentence);
    }
    let who = entry.statements.iter().map(|it| label(it).chars().count());
    let who = who.max().unwrap_or(0);
    for statement in &entry.statements {
        let mut line = String::from("    ");
        if let Some(at) = statement.at_us {
            let _ = write!(line, "{:>8}.{:03} ms  ", at / 1_000, at % 1_000);
        }
        let _ = write!(line, "{:<who$}  ", label(statement));
        let left = WIDTH.saturating_sub(line.chars().count());
        line.push_str(&cut(&statement.text, left));
        let _ = writeln!(out, "{line}");
    }
}

/// `T-72 orders`; without a clock the session alone.
fn label(statement: &AnomalyStatement) -> String {
    match statement.at_us {
        Some(_) => format!("T-{} {}", statement.transaction, statement.who),
        None => statement.who.clone(),
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
