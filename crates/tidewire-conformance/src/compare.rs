//! Compares what a case gave here with what it gave there, and names the first step that differs.

use std::fmt;

use crate::cases::{Case, Final, Level, Outcome, Recorded, StepOutcome};
use crate::cells;
use crate::explore::explore;
use crate::run::{Ran, Refused, run};

/// How a case did at a level.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was not measured at this level.
    Unmeasured,
    /// As PostgreSQL: the same outcome. Of a case with several, each of them is possible here, and so many that
    /// were not seen there.
    Same {
        /// Outcomes that are possible here and were not seen there.
        beyond: usize,
    },
    /// Not the same.
    Differs(Difference),
    /// It cannot be played here.
    Outside(Refused),
}

/// The first place where outcomes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step and its session and statement, or a query of the observer.
    pub place: String,
    /// What PostgreSQL gave.
    pub expected: String,
    /// What we gave.
    pub actual: String,
    /// The step, if it is one.
    pub step: Option<usize>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            place,
            expected,
            actual,
            ..
        } = self;
        write!(f, "{place}: PostgreSQL: {expected}; here: {actual}")
    }
}

/// Judges a case at a level.
pub fn judge(case: &Case, level: Level) -> Verdict {
    let Some(measured) = case.postgres.get(level.name()) else {
        return Verdict::Unmeasured;
    };
    let outcomes = measured.outcomes();
    let runs = if case.deterministic && outcomes.len() == 1 {
        run(case, level, &[]).map(|ran| vec![ran])
    } else {
        explore(case, level)
    };
    let runs = match runs {
        Ok(runs) => runs,
        Err(refused) => return Verdict::Outside(refused),
    };
    for expected in outcomes {
        let mut differences = Vec::new();
        for ran in &runs {
            match difference(case, expected, &ran.recorded) {
                Some(found) => differences.push((found, ran)),
                None => {
                    differences.clear();
                    break;
                }
            }
        }
        if !differences.is_empty() {
            return nearest(case, differences);
        }
    }
    let seen = |ran: &&Ran| {
        let mut outcomes = outcomes.iter();
        outcomes.any(|expected| difference(case, expected, &ran.recorded).is_none())
    };
    Verdict::Same {
        beyond: runs.iter().filter(|ran| !seen(ran)).count(),
    }
}

/// Of several runs the one that goes along longest tells most.
fn nearest(case: &Case, differences: Vec<(Difference, &Ran)>) -> Verdict {
    let reach = |difference: &Difference| difference.step.unwrap_or(case.steps.len());
    let mut nearest: Option<(Difference, &Ran)> = None;
    for (difference, ran) in differences {
        if nearest
            .as_ref()
            .is_none_or(|(best, _)| reach(&difference) > reach(best))
        {
            nearest = Some((difference, ran));
        }
    }
    match nearest {
        None => Verdict::Same { beyond: 0 },
        // Behind a statement that was refused nothing can be expected.
        Some((difference, ran)) => match &ran.refused {
            Some(refused) if refused.step.is_none_or(|step| step <= reach(&difference)) => {
                Verdict::Outside(refused.clone())
            }
            _ => Verdict::Differs(difference),
        },
    }
}

/// The first difference between two outcomes of a case.
pub fn difference(case: &Case, expected: &Recorded, actual: &Recorded) -> Option<Difference> {
    for (step, issued) in case.steps.iter().enumerate() {
        let wanted = expected.steps.iter().find(|outcome| outcome.i == step);
        let given = actual.steps.iter().find(|outcome| outcome.i == step);
        let same = match (wanted, given) {
            (None, None) => true,
            (Some(wanted), Some(given)) => {
                wanted.deferred_to_after == given.deferred_to_after
                    && same_outcome(&wanted.outcome, &given.outcome)
            }
            _ => false,
        };
        if same {
            continue;
        }
        return Some(Difference {
            place: format!("step {step}, {}: {}", issued.session, one_line(&issued.sql)),
            expected: text(wanted),
            actual: text(given),
            step: Some(step),
        });
    }
    expected.final_rows.iter().find_map(|(query, wanted)| {
        let given = actual.final_rows.get(query);
        let same = match (wanted, given) {
            (Final::Rows(wanted), Some(Final::Rows(given))) => cells::same_rows(wanted, given),
            // That it waits is all that an observer tells.
            (Final::Other(Outcome::Blocks { .. }), Some(Final::Other(Outcome::Blocks { .. }))) => {
                true
            }
            (Final::Other(wanted), Some(Final::Other(given))) => same_outcome(wanted, given),
            _ => false,
        };
        (!same).then(|| Difference {
            place: format!("at the end: {}", one_line(query)),
            expected: final_text(wanted),
            actual: given.map_or_else(|| "nothing".to_string(), final_text),
            step: None,
        })
    })
}

fn same_outcome(wanted: &Outcome, given: &Outcome) -> bool {
    match (wanted, given) {
        (
            Outcome::Ok { tag, columns, rows },
            Outcome::Ok {
                tag: given_tag,
                columns: given_columns,
                rows: given_rows,
            },
        ) => {
            let same_rows = match (rows, given_rows) {
                (Some(rows), Some(given)) => cells::same_rows(rows, given),
                (rows, given) => rows.is_none() && given.is_none(),
            };
            // A measurement may leave out the names, never the rows.
            tag == given_tag && same_rows && (columns.is_none() || columns == given_columns)
        }
        (
            Outcome::Blocks {
                blocked_by,
                resolves_after,
                then,
            },
            Outcome::Blocks {
                blocked_by: given_by,
                resolves_after: given_after,
                then: given_then,
            },
        ) => {
            let same_end = match (then, given_then) {
                (Some(then), Some(given)) => same_outcome(then, given),
                (then, given) => then.is_none() && given.is_none(),
            };
            same_end && resolves_after == given_after && same_names(blocked_by, given_by)
        }
        (wanted, given) => wanted == given,
    }
}

fn same_names(one: &[String], other: &[String]) -> bool {
    let set = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        names
    };
    set(one) == set(other)
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(outcome: Option<&StepOutcome>) -> String {
    match outcome {
        None => "nothing".to_string(),
        Some(StepOutcome {
            outcome,
            deferred_to_after: None,
            ..
        }) => outcome.to_string(),
        Some(StepOutcome {
            outcome,
            deferred_to_after: Some(step),
            ..
        }) => {
            format!("after step {step}: {outcome}")
        }
    }
}

fn final_text(rows: &Final) -> String {
    match rows {
        Final::Rows(rows) => rows_text(rows),
        Final::Other(outcome) => outcome.to_string(),
    }
}

fn rows_text(rows: &[Vec<serde_json::Value>]) -> String {
    let rows = rows
        .iter()
        .map(|row| serde_json::Value::Array(row.clone()).to_string());
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Ok {
                tag, rows: None, ..
            } => f.write_str(tag),
            Outcome::Ok {
                tag,
                columns,
                rows: Some(rows),
            } => {
                let columns = columns.as_deref().unwrap_or_default().join(", ");
                write!(f, "{tag} ({columns}) {}", rows_text(rows))
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
