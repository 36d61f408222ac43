//! Tools that npm installs: wasm-opt, and what the browser tests import.

use super::installed;
use crate::{process, project};
use anyhow::{Result, ensure};
use std::fs;
use std::path::PathBuf;

/// The npm package that holds wasm-opt.
const BINARYEN_VERSION: &str = "132.0.0";

/// The program `wasm-opt`.
pub(crate) fn wasm_opt() -> Result<PathBuf> {
    const PROGRAM: &str = "node_modules/binaryen/bin/wasm-opt";
    let folder = installed("binaryen", BINARYEN_VERSION, PROGRAM, |partial| {
        eprintln!(
            "Installing binaryen {BINARYEN_VERSION} with npm: its wasm-opt makes the page smaller."
        );
        let package = format!("binaryen@{BINARYEN_VERSION}");
        let mut command = npm(&["install", "--ignore-scripts", "--no-save", &package])?;
        process::run(command.arg("--prefix").arg(partial))
    })?;
    Ok(folder.join(PROGRAM))
}

/// Installs what `tests/e2e/package-lock.json` names, unless that very file has been installed already.
pub(crate) fn browser_test_packages() -> Result<()> {
    let folder = project::browser_tests();
    let wanted = fs::read(folder.join("package-lock.json"))?;
    let mark = folder.join("node_modules/.installed-lock");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    process::run(npm(&["ci", "--ignore-scripts"])?.current_dir(&folder))?;
    Ok(fs::write(mark, wanted)?)
}

/// `node` with these arguments.
pub(crate) fn node(arguments: &[&str]) -> Result<std::process::Command> {
    ensure!(
        process::on_path("node"),
        "node is not on PATH: install Node.js 20 or newer"
    );
    Ok(process::command("node", arguments))
}

fn npm(arguments: &[&str]) -> Result<std::process::Command> {
    ensure!(
        process::on_path("npm"),
        "npm is not on PATH: install Node.js 20 or newer with npm"
    );
    let mut command = process::command("npm", arguments);
    command.args(["--no-audit", "--no-fund"]);
    Ok(command)
}
