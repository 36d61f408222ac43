//! `tidewire isolation`: sessions against each other, as PostgreSQL's isolation tester plays them, or compared
//! with the outcomes that PostgreSQL gave.

use std::io::Write as _;

use anyhow::Context as _;
use tidewire_conformance::sessions::Refusal;
use tidewire_conformance::spec::{self, Stream, Transcript};
use tidewire_conformance::{Case, Level, Verdict, cases, judge};

use crate::arguments::IsolationArguments;
use crate::{BROKEN, HOLDS, case_anomalies};

pub(crate) fn isolation(arguments: &IsolationArguments) -> anyhow::Result<u8> {
    let path = &arguments.file;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let is_specification = match path.extension().and_then(|extension| extension.to_str()) {
        Some("spec") => true,
        Some("json") => false,
        _ => !text.trim_start().starts_with(['{', '[']),
    };
    if is_specification {
        specification(&text)
    } else {
        compare(&text, &arguments.level, arguments.anomalies)
    }
}

fn specification(text: &str) -> anyhow::Result<u8> {
    let specification = match spec::parse(text) {
        Ok(specification) => specification,
        Err(error) => {
            eprintln!("{error}");
            return Ok(BROKEN);
        }
    };
    let played = spec::play(&specification, &mut Terminal);
    std::io::stdout().flush()?;
    let Ok(refused) = played else {
        return Ok(BROKEN);
    };
    let Some(first) = refused.first() else {
        return Ok(HOLDS);
    };
    let Refusal { statement, reason } = first;
    eprintln!(
        "error: {} statements lie outside the SQL that is understood here; the first is\n  {statement}\n  {reason}",
        refused.len()
    );
    Ok(BROKEN)
}

/// Prints at once. A closed pipe ends the output, not the run.
struct Terminal;

impl Transcript for Terminal {
    fn print(&mut self, stream: Stream, text: &str) {
        let _ = match stream {
            Stream::Output => std::io::stdout().write_all(text.as_bytes()),
            Stream::Error => {
                let _ = std::io::stdout().flush();
                std::io::stderr().write_all(text.as_bytes())
            }
        };
    }
}

/// A line for each case and level.
fn compare(text: &str, levels: &[Level], anomalies: bool) -> anyhow::Result<u8> {
    let cases = match cases::read(text) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(BROKEN);
        }
    };
    let levels = if levels.is_empty() {
        &Level::ALL
    } else {
        levels
    };
    let mut code = HOLDS;
    let mut out = std::io::stdout().lock();
    for case in cases {
        match case {
            Err(error) => {
                writeln!(out, "{error}")?;
                code = BROKEN;
            }
            Ok(case) => {
                for level in levels {
                    if anomalies {
                        if !case_anomalies::write(&mut out, &case, *level)? {
                            code = BROKEN;
                        }
                        continue;
                    }
                    let Some((line, same)) = line(&case, *level) else {
                        continue;
                    };
                    writeln!(out, "{}, {}{line}", case.id, level.name())?;
                    if !same {
                        code = BROKEN;
                    }
                }
            }
        }
    }
    Ok(code)
}

/// What stands behind the name of the case and level, and whether it is well; nothing where nothing was measured.
fn line(case: &Case, level: Level) -> Option<(String, bool)> {
    Some(match judge(case, level) {
        Verdict::Unmeasured => return None,
        Verdict::Same { beyond: 0 } => (": ok".to_string(), true),
        Verdict::Same { beyond } => (
            format!(" ({beyond} more possible than were seen): ok"),
            true,
        ),
        Verdict::Differs(difference) => (format!(": {difference}"), false),
        Verdict::Outside(refused) => {
            let statement: Vec<&str> = refused.statement.split_whitespace().collect();
            let (place, statement) = (&refused.place, statement.join(" "));
            (
                format!(": {place}: {statement}: refused: {}", refused.reason),
                false,
            )
        }
    })
}
