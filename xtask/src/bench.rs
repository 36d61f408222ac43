//! `cargo xtask bench`: every figure of docs/performance.md, measured anew.
//!
//! A figure comes from one of two places: the native program `tidewire-bench` (an example of the crate that it
//! measures is not enough, since a figure goes through several crates), and a page in headless Chromium, which runs
//! the same measures as Wasm and the time to the first moving token. Both print one line of JSON for a figure.

use crate::tools::{node_tool, system};
use crate::{dist, page_build, process};
use anyhow::{Context, Result};
use serde::Deserialize;

/// One measured figure.
#[derive(Deserialize)]
struct Figure {
    /// What was measured, as in docs/performance.md.
    name: String,
    /// Where: "native" or "wasm".
    place: String,
    value: f64,
    unit: String,
    /// What the project wants; absent where a figure is only watched.
    goal: Option<String>,
}

/// Measures and prints a table.
///
/// # Errors
/// When a build fails or a measure cannot be taken; never because a figure is below its goal, which depends on the
/// machine.
pub(crate) fn run() -> Result<()> {
    let mut figures = native()?;
    page_build::release()?;
    figures.extend(in_browser()?);
    println!(
        "{:<56} {:<7} {:>14} {:<9} goal",
        "figure", "place", "value", "unit"
    );
    for Figure {
        name,
        place,
        value,
        unit,
        goal,
    } in &figures
    {
        let goal = goal.as_deref().unwrap_or("-");
        println!("{name:<56} {place:<7} {value:>14.2} {unit:<9} {goal}");
    }
    println!();
    dist::check_size()
}

fn native() -> Result<Vec<Figure>> {
    let mut command =
        process::cargo(&["run", "--release", "--quiet", "--package", "tidewire-bench"]);
    read(&process::output(&mut command)?)
}

fn in_browser() -> Result<Vec<Figure>> {
    node_tool::browser_test_packages()?;
    let chromium = system::chromium()?;
    let mut command = node_tool::node(&["tests/e2e/bench.mjs"])?;
    read(&process::output(
        command.env("TIDEWIRE_CHROMIUM", chromium.browser),
    )?)
}

fn read(lines: &str) -> Result<Vec<Figure>> {
    let figure =
        |line: &str| serde_json::from_str(line).with_context(|| format!("not a figure: {line}"));
    lines.lines().map(figure).collect()
}
