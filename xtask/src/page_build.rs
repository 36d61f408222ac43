//! Builds the page with trunk, whatever is missing installed first.

use crate::tools::{cargo_tool, node_tool, rust};
use crate::{page_hook, process};
use anyhow::Result;
use std::process::Command;

/// `trunk` with these arguments, and with everything on PATH that it calls.
///
/// # Errors
/// When a tool is missing and cannot be installed.
pub(crate) fn trunk(arguments: &[&str]) -> Result<Command> {
    rust::wasm_target()?;
    let bindgen = cargo_tool::wasm_bindgen()?;
    let trunk = cargo_tool::trunk()?;
    let mut command = process::command(trunk.join("trunk"), arguments);
    command.env("PATH", process::path_with(&[&trunk, &bindgen])?);
    // trunk ends with an error when this variable is set to anything but true or false.
    command.env_remove("NO_COLOR");
    Ok(command)
}

/// Builds the release into `dist/`.
///
/// # Errors
/// When a tool cannot be installed, or the build fails.
pub(crate) fn release() -> Result<()> {
    let mut command = trunk(&["build", "--release"])?;
    command.env(page_hook::WASM_OPT_VARIABLE, node_tool::wasm_opt()?);
    process::run(&mut command)
}
