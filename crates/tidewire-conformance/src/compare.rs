//! Compares what a case gave here with what it gave there, and names the first step that differs.

use std::fmt;

use crate::cases::{Case, Level, Outcome, Recorded};
use crate::run::{explore, run};
use crate::session::Outside;

/// How a case did at a level.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As PostgreSQL: the same outcome; of a case with several, each of them and nothing else is possible,
    /// or more is, which may be PostgreSQL's too.
    Same,
    /// Not the same.
    Differs(Box<Difference>),
    /// It cannot be played here.
    Outside(Outside),
}

/// The first place where outcomes differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The step and its session and statement, or a query of the observer.
    pub place: String,
    /// What PostgreSQL gave.
    pub expected: String,
    /// What we gave.
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n  PostgreSQL: {}\n  here:       {}",
            self.place, self.expected, self.actual
        )
    }
}

/// Judges a case at a level.
pub fn judge(case: &Case, level: Level) -> Verdict {
    let Some(measured) = case.postgres.get(level.name()) else {
        return Verdict::Same;
    };
    let ran = match run(case, level, &[]) {
        Ok(ran) => ran,
        Err(outside) => return Verdict::Outside(outside),
    };
    let outcomes = measured.outcomes();
    if case.deterministic {
        let differences: Vec<Difference> = outcomes
            .iter()
            .filter_map(|expected| difference(case, expected, &ran.recorded))
            .collect();
        return match differences.into_iter().next() {
            None => Verdict::Same,
            Some(first) => Verdict::Differs(Box::new(first)),
        };
    }
    let runs = match explore(case, level) {
        Ok(runs) => runs,
        Err(outside) => return Verdict::Outside(outside),
    };
    for expected in outcomes {
        let reached = runs
            .iter()
            .any(|ran| difference(case, expected, &ran.recorded).is_none());
        if !reached && let Some(first) = difference(case, expected, &ran.recorded) {
            return Verdict::Differs(Box::new(first));
        }
    }
    Verdict::Same
}

/// The first difference between two outcomes of a case.
pub fn difference(case: &Case, expected: &Recorded, actual: &Recorded) -> Option<Difference> {
    for step in 0..case.steps.len() {
        let wanted = expected.steps.iter().find(|outcome| outcome.i == step);
        let given = actual.steps.iter().find(|outcome| outcome.i == step);
        if wanted == given {
            continue;
        }
        let Step { session, sql } = &case.steps[step];
        return Some(Difference {
            place: format!("step {step}, {session}: {sql}"),
            expected: text(wanted.map(|w| (&w.outcome, w.deferred_to_after))),
            actual: text(given.map(|g| (&g.outcome, g.deferred_to_after))),
        });
    }
    for (query, rows) in &expected.final_rows {
        let mut wanted = rows.clone();
        crate::session::sort(&mut wanted);
        let given = actual.final_rows.get(query);
        if given != Some(&wanted) {
            return Some(Difference {
                place: format!("at the end: {query}"),
                expected: format!("{wanted:?}"),
                actual: format!("{given:?}"),
            });
        }
    }
    None
}

use crate::cases::Step;

fn text(outcome: Option<(&Outcome, Option<usize>)>) -> String {
    match outcome {
        None => "nothing".to_string(),
        Some((outcome, None)) => outcome.to_string(),
        Some((outcome, Some(step))) => format!("after step {step}: {outcome}"),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Ok {
                tag, rows: None, ..
            } => f.write_str(tag),
            Outcome::Ok {
                tag,
                rows: Some(rows),
                ..
            } => {
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| serde_json::Value::Array(row.clone()).to_string())
                    .collect();
                write!(f, "{tag} {}", rows.join(" "))
            }
            Outcome::Error { sqlstate, message } => write!(f, "{sqlstate} {message}"),
            Outcome::Blocks {
                blocked_by,
                resolves_after,
                then,
            } => {
                write!(f, "waits for {}", blocked_by.join(", "))?;
                match (resolves_after, then) {
                    (Some(step), Some(then)) => write!(f, " until step {step}, then {then}"),
                    _ => f.write_str(" for ever"),
                }
            }
        }
    }
}
