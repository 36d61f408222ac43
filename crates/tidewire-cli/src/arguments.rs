//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tidewire_conformance::Level;

/// Runs scenarios of services and their data, and judges their invariants.
#[derive(Debug, Parser)]
#[command(name = "tidewire", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a scenario and says which invariants hold.
    ///
    /// Exit code 0: all hold. 1: one is broken. 2: bad input, or a run that never got quiet.
    Run(RunArguments),
    /// Says what is wrong with a scenario, in all of its designs.
    Check(CheckArguments),
    /// Formats a scenario in place.
    Fmt(FormatArguments),
    /// Plays sessions against each other.
    ///
    /// A specification of PostgreSQL's isolation tester (`.spec`): prints what that tool prints. Exit code 0: played
    /// to its end. 1: it could not be, or statements in it lie outside the SQL that is understood here.
    ///
    /// Measured cases (`.json`, as tests/isolation/cases.json): one line for each case and level, which ends in
    /// `ok` or names the first step that differs, with both outcomes. Exit code 0: all are as measured. 1: not all.
    Isolation(IsolationArguments),
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The scenario.
    pub(crate) file: PathBuf,
    /// The design to run; the first when left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) design: Option<String>,
    /// The seed of all draws: arguments, think times, latencies.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Prints one JSON object instead of words.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws every choice from this stream instead of taking the canonical one.
    #[arg(long, value_name = "STREAM")]
    pub(crate) shuffle: Option<u64>,
    /// Replays a choice log, as a shuffled run prints it.
    #[arg(
        long,
        value_name = "LOG",
        conflicts_with = "shuffle",
        allow_hyphen_values = true
    )]
    pub(crate) choices: Option<String>,
    /// Prints every observation, one a line, on standard error.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Names what no serial execution of the transactions could have given: lost updates, write skew, …
    #[arg(long)]
    pub(crate) anomalies: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// The scenario.
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct FormatArguments {
    /// The scenario.
    pub(crate) file: PathBuf,
    /// Changes nothing; exit code 1 when the text is not formatted.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct IsolationArguments {
    /// The specification or the file of cases.
    pub(crate) file: PathBuf,
    /// Only this level of measured cases, as `"repeatable read"`; may be given several times.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) level: Vec<Level>,
    /// Names the anomalies of measured cases as they end here, instead of comparing outcomes: one line for each case
    /// and level. Exit code 1: one is not permitted at its level.
    #[arg(long)]
    pub(crate) anomalies: bool,
}

fn level(name: &str) -> Result<Level, String> {
    Level::of(name).ok_or_else(|| {
        let names = Level::ALL.map(Level::name).join(", ");
        format!("there is no such level; there are: {names}")
    })
}
