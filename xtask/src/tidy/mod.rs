//! `cargo xtask tidy`: the rules of this repository that no compiler knows. A rule is a function from what is there
//! to the problems it sees: about one file in `sources`, between crates in `arrows`, between files that must agree
//! in `agreement`.

mod agreement;
mod arrows;
mod sources;

use crate::{process, project};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fmt;

/// A rule that is broken, at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    file: String,
    /// Counted from 1; 0 is the whole file.
    line: usize,
    message: String,
}

impl Problem {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Prints every problem.
///
/// # Errors
/// When there is one.
pub(crate) fn run() -> Result<()> {
    let problems = problems()?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    match problems.len() {
        0 => Ok(()),
        count => bail!("{count} problems in the repository's own rules"),
    }
}

fn problems() -> Result<Vec<Problem>> {
    let metadata = metadata()?;
    let mut problems = arrows::problems(&metadata)?;
    problems.extend(agreement::problems(&metadata)?);
    for file in files()? {
        let bytes = match std::fs::read(project::root().join(&file)) {
            Ok(bytes) => bytes,
            // Deleted, and the deletion not yet committed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
        };
        // Pictures are not text.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            problems.extend(sources::problems(&file, text));
        }
    }
    Ok(problems)
}

fn metadata() -> Result<Value> {
    let mut command = process::cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    serde_json::from_str(&process::output(&mut command)?).context("cargo metadata gave no JSON")
}

/// The files that are in the repository or about to be.
fn files() -> Result<Vec<String>> {
    let list = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let text = process::output(&mut process::command("git", &list))?;
    Ok(text
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_keeps_its_own_rules() {
        let problems = super::problems().unwrap();
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
