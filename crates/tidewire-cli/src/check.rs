//! `tidewire check`: what is wrong with a scenario, in all of its designs.

use tidewire_session::source;

use crate::arguments::CheckArguments;
use crate::{BAD_INPUT, HOLDS, diagnostics};

pub(crate) fn check(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let Some(text) = crate::source::read(&arguments.file)? else {
        return Ok(BAD_INPUT);
    };
    let findings = source::findings(&text);
    diagnostics::print(&arguments.file, &text, &findings)?;
    if diagnostics::any_error(&findings) {
        return Ok(BAD_INPUT);
    }
    let path = arguments.file.display();
    match findings.len() {
        0 => println!("{path}: nothing to complain about"),
        1 => println!("{path}: it runs; 1 finding"),
        count => println!("{path}: it runs; {count} findings"),
    }
    Ok(HOLDS)
}
