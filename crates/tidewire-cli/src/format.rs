//! `tidewire fmt`: formats a scenario in place.

use anyhow::Context as _;

use crate::arguments::FormatArguments;
use crate::{BAD_INPUT, BROKEN, HOLDS, diagnostics};

pub(crate) fn format(arguments: &FormatArguments) -> anyhow::Result<u8> {
    let path = &arguments.file;
    let Some(text) = crate::source::read(path)? else {
        return Ok(BAD_INPUT);
    };
    let Some(formatted) = tidewire_syntax::format(&text) else {
        let parse = tidewire_syntax::parse(&text);
        diagnostics::print(path, &text, parse.diagnostics())?;
        return Ok(BAD_INPUT);
    };
    if formatted == text {
        return Ok(HOLDS);
    }
    if arguments.check {
        println!("{}: not formatted", path.display());
        return Ok(BROKEN);
    }
    std::fs::write(path, formatted)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(HOLDS)
}
