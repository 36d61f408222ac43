//! `cargo xtask deny`: licences, sources and bans of every dependency, by deny.toml. Apart from `test`, whose first
//! run then need not build the tool. Advisories need a network, so only the hosted workflow asks for them.

use crate::process;
use crate::tools::cargo_tool;
use anyhow::Result;

/// Runs cargo-deny.
///
/// # Errors
/// When it cannot be installed, or it objects to a dependency.
pub(crate) fn run(advisories: bool) -> Result<()> {
    let program = cargo_tool::cargo_deny()?.join("cargo-deny");
    let mut command = process::command(program, &["--workspace", "--all-features", "check"]);
    command.args(["bans", "licenses", "sources"]);
    if advisories {
        command.arg("advisories");
    }
    process::run(&mut command)
}
