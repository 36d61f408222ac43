//! The project's own commands: `cargo xtask <command>`. Each command is a module; what several need stands in
//! `project` (where things are), `process` (running other programs), `tools` (getting those programs) and
//! `page_build` (calling trunk).
//!
//! Nothing here is shipped, and nothing here is a rule of the domain.

mod bench;
mod bless;
mod conformance;
mod deny;
mod dist;
mod fuzz;
mod page_build;
mod page_hook;
mod policy;
mod process;
mod project;
mod serve;
mod shots;
mod test;
mod tidy;
mod tools;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use tidewire_conformance::Level;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build the page and serve it on this machine
    Serve {
        /// The port; the first free one from 8080 on when omitted
        #[arg(long)]
        port: Option<u16>,
        /// Serve the optimised build
        #[arg(long)]
        release: bool,
        /// Do not open a browser window
        #[arg(long)]
        no_open: bool,
    },
    /// Check everything that must hold before a change lands
    Test {
        /// Run only the step of this name
        #[arg(long, value_name = "STEP")]
        only: Option<String>,
    },
    /// Build the release into dist/ and print its sizes
    Dist,
    /// Check the release in dist/ against its budget
    Size,
    /// Measure every figure of docs/performance.md
    Bench {
        /// Measure only this part: native, postgres, wasm or page
        #[arg(long, value_name = "PART")]
        only: Option<String>,
    },
    /// Fuzz the parser, the compiler and the execution of statements
    Fuzz {
        /// Only this target: parser, compile or execution
        target: Option<String>,
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Compare random interleavings with a private PostgreSQL 15, step by step
    Conformance {
        /// How many are drawn; each is played at each level
        #[arg(long, default_value_t = 300)]
        cases: u64,
        /// The number of the first one
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// Which are drawn
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this level, as "repeatable read"; may be given several times
        #[arg(long, value_parser = level)]
        level: Vec<Level>,
        /// Only from this world of the grammar
        #[arg(long)]
        world: Option<String>,
        /// Servers at work at once
        #[arg(long, default_value_t = 4)]
        jobs: u64,
        /// Stop after so many differences
        #[arg(long, default_value_t = 1)]
        differences: usize,
        /// Play the cases of this file instead
        #[arg(long, value_name = "FILE")]
        replay: Option<PathBuf>,
    },
    /// Accept what the project now prints as what its tests expect
    Bless,
    /// Check the rules that no compiler knows
    Tidy,
    /// Check licences and sources of the dependencies with cargo-deny
    Deny {
        /// Ask for security advisories as well, which needs a network
        #[arg(long)]
        advisories: bool,
    },
    /// Take pictures of the release in dist/
    Shots,
    /// Finish the page that trunk has built (trunk calls this as its post_build hook)
    #[command(hide = true)]
    PageHook,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve {
            port,
            release,
            no_open,
        } => serve::run(port, release, !no_open && serve::has_desktop()),
        Command::Test { only } => test::run(only.as_deref()),
        Command::Dist => dist::run(),
        Command::Size => dist::check_size(),
        Command::Bench { only } => bench::run(only.as_deref()),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Command::Conformance {
            cases,
            first,
            seed,
            level,
            world,
            jobs,
            differences,
            replay,
        } => match replay {
            Some(file) => conformance::replay(&file, &level),
            None => conformance::run(&conformance::Selection {
                first,
                cases,
                seed,
                levels: level,
                world,
                jobs,
                differences,
            }),
        },
        Command::Bless => bless::run(),
        Command::Tidy => tidy::run(),
        Command::Deny { advisories } => deny::run(advisories),
        Command::Shots => shots::run(),
        Command::PageHook => page_hook::run(),
    }
}

fn level(name: &str) -> Result<Level, String> {
    let names = Level::ALL.map(Level::name).join(", ");
    Level::of(name).ok_or_else(|| format!("there is no such level; there are: {names}"))
}
