//! The `tidewire` command: the only native input and output. It holds no rule of the domain; what a text means
//! and how a run ended is asked from `tidewire-session`.

mod arguments;
mod case_anomalies;
mod check;
mod diagnostics;
mod format;
mod isolation;
mod report;
mod run;
mod source;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;

/// All invariants hold, or there was nothing to judge.
const HOLDS: u8 = 0;
/// An invariant is broken, or a text is not formatted.
const BROKEN: u8 = 1;
/// Bad input, or a run that never got quiet.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Fmt(arguments) => format::format(&arguments),
        Command::Isolation(arguments) => isolation::isolation(&arguments),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(BAD_INPUT)
        }
    }
}
