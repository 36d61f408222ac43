//! What the Rust toolchain itself lacks: the Wasm target and the components that check.

use crate::process;
use crate::project::WASM_TARGET;
use anyhow::{Result, ensure};
use std::path::Path;

/// Makes sure that the page can be compiled.
pub(crate) fn wasm_target() -> Result<()> {
    let mut print = process::command(
        "rustc",
        &["--print", "target-libdir", "--target", WASM_TARGET],
    );
    if process::output(&mut print).is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(());
    }
    eprintln!("Adding the Rust target {WASM_TARGET}.");
    rustup(&["target", "add", WASM_TARGET])
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub(crate) fn checking_components() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !process::succeeds(&mut process::cargo(&[command, "--version"])) {
            rustup(&["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(arguments: &[&str]) -> Result<()> {
    ensure!(
        process::on_path("rustup"),
        "rustup is not on PATH: run `rustup {}` where it is, or add it to your toolchain by hand",
        arguments.join(" ")
    );
    process::run(&mut process::command("rustup", arguments))
}
