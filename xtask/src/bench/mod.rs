//! `cargo xtask bench`: every figure of docs/performance.md, measured anew.
//!
//! Four places are measured: the native program `tidewire-bench`, a private PostgreSQL where there is a figure to
//! compare, the same measures as Wasm in headless Chromium (`web/examples/bench.rs`), and the release as a visitor
//! meets it. Each figure is one line of JSON.

pub(crate) mod figure;
mod machine;
mod postgres;
mod table;

use crate::project::WASM_TARGET;
use crate::tools::{cargo_tool, node_tool, rust, system};
use crate::{dist, page_build, page_hook, process, project};
use anyhow::{Context, Result, bail};
use figure::Figure;
use std::fs;
use std::path::PathBuf;

/// What can be measured alone.
const PARTS: [&str; 4] = ["native", "postgres", "wasm", "page"];

/// Measures everything, or one part, and prints a table; the figures are kept in `target/bench/figures.jsonl`.
///
/// # Errors
/// When a build fails or a measure cannot be taken; never because a figure misses its goal, which depends on the
/// machine.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    if only.is_some_and(|name| !PARTS.contains(&name)) {
        bail!("there is no such part; there are: {}", PARTS.join(", "));
    }
    let wanted = |part: &str| only.is_none_or(|name| name == part);
    let mut figures = Vec::new();
    if wanted("native") {
        eprintln!("Measuring natively.");
        figures.extend(native()?);
    }
    if wanted("postgres") {
        eprintln!("Measuring the same interleavings on a private PostgreSQL.");
        figures.extend(postgres::figures()?);
    }
    if wanted("wasm") {
        eprintln!("Measuring as Wasm in headless Chromium.");
        figures.extend(wasm()?);
    }
    if wanted("page") {
        eprintln!("Measuring the release in headless Chromium.");
        figures.extend(page()?);
    }
    let machine = machine::describe(wanted("wasm") || wanted("page"))?;
    keep(&machine, &figures)?;
    println!("{machine}\n\n{}", table::of(&figures));
    Ok(())
}

fn native() -> Result<Vec<Figure>> {
    let mut command = process::cargo(&["run", "--release", "--quiet", "--locked"]);
    let command = command.args(["--package", "tidewire-bench"]);
    figure::read(&process::output(command)?)
}

fn wasm() -> Result<Vec<Figure>> {
    let folder = build_for_browser()?;
    figure::read(&in_browser("wasm", &folder)?)
}

fn page() -> Result<Vec<Figure>> {
    page_build::release()?;
    let mut figures = figure::read(&in_browser("page", &project::dist())?)?;
    figures.extend(dist::figures()?);
    Ok(figures)
}

/// Compiles the measures as the page is compiled, into a folder of their own.
fn build_for_browser() -> Result<PathBuf> {
    rust::wasm_target()?;
    let mut command =
        process::cargo(&["build", "--quiet", "--locked", "--profile", "wasm-release"]);
    command.args(["--target", WASM_TARGET]);
    command.args(["--package", "tidewire-web", "--example", "bench"]);
    process::run(&mut command)?;

    let folder = project::root().join("target/bench-page");
    let module = format!("target/{WASM_TARGET}/wasm-release/examples/bench.wasm");
    let bindgen = cargo_tool::wasm_bindgen()?.join("wasm-bindgen");
    let mut command = process::command(bindgen, &["--target", "web", "--no-typescript"]);
    process::run(command.arg("--out-dir").arg(&folder).arg(module))?;
    let module = folder.join("bench_bg.wasm");
    page_hook::make_smaller(&node_tool::wasm_opt()?, &module, &module)?;
    let html = "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>Figures</title>";
    fs::write(folder.join("index.html"), html)?;
    Ok(folder)
}

/// Runs one part of `tests/e2e/bench.mjs` over a folder.
fn in_browser(part: &str, folder: &std::path::Path) -> Result<String> {
    node_tool::browser_test_packages()?;
    let chromium = system::chromium()?;
    let mut command = node_tool::node(&["tests/e2e/bench.mjs", part])?;
    command.arg(folder);
    process::output(command.env("TIDEWIRE_CHROMIUM", chromium.browser))
}

/// Keeps the figures for whoever compares: the machine, then one line for each.
fn keep(machine: &str, figures: &[Figure]) -> Result<()> {
    let folder = project::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let mut text = serde_json::json!({ "machine": machine }).to_string() + "\n";
    for figure in figures {
        text += &serde_json::to_string(figure)?;
        text.push('\n');
    }
    let file = folder.join("figures.jsonl");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}
