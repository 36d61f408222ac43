//! `tidewire isolation`: sessions against each other, as PostgreSQL's isolation tester plays them.

use std::io::Write as _;

use anyhow::Context as _;
use tidewire_conformance::spec::{self, Stream, Transcript};

use crate::arguments::IsolationArguments;
use crate::{BROKEN, HOLDS};

pub(crate) fn isolation(arguments: &IsolationArguments) -> anyhow::Result<u8> {
    let path = &arguments.file;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let specification = match spec::parse(&text) {
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
    let (statement, reason) = (
        first.outside.as_deref().unwrap_or_default(),
        &first.error.message,
    );
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
