//! The project's own commands: `cargo xtask <command>`. Each command is a module; what several need stands in
//! `project` (where things are), `process` (running other programs) and `tools` (getting those programs).
//!
//! Nothing here is shipped, and nothing here is a rule of the domain.

mod page_hook;
mod policy;
mod process;
mod project;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Finish the page that trunk has built (trunk calls this as its post_build hook)
    #[command(hide = true)]
    PageHook,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::PageHook => page_hook::run(),
    }
}
