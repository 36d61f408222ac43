//! `cargo xtask test`: everything that must hold before a change lands, in the order of what fails fastest.

use crate::project::WASM_TARGET;
use crate::tools::{cargo_tool, node_tool, rust, system};
use crate::{conformance, dist, process, project, tidy};
use anyhow::{Context, Result, bail};
use std::time::Instant;

/// One thing that is checked.
struct Step {
    name: &'static str,
    purpose: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: [Step; 11] = [
    Step {
        name: "format",
        purpose: "rustfmt has nothing to change",
        run: format,
    },
    Step {
        name: "tidy",
        purpose: "the repository keeps its own rules",
        run: tidy::run,
    },
    Step {
        name: "clippy",
        purpose: "no warning in native code",
        run: clippy,
    },
    Step {
        name: "clippy-wasm",
        purpose: "no warning in the page",
        run: clippy_wasm,
    },
    Step {
        name: "native",
        purpose: "unit, property and gallery tests",
        run: native,
    },
    Step {
        name: "grammar",
        purpose: "PostgreSQL's own parser takes what ours takes",
        run: grammar,
    },
    Step {
        name: "conformance",
        purpose: "random interleavings end as on PostgreSQL",
        run: conformance::step,
    },
    Step {
        name: "wasm",
        purpose: "tests in a headless browser",
        run: wasm,
    },
    Step {
        name: "dist",
        purpose: "the release builds",
        run: dist::run,
    },
    Step {
        name: "size",
        purpose: "the release is within its budget",
        run: dist::check_size,
    },
    Step {
        name: "browser",
        purpose: "what a person does, over the release",
        run: browser,
    },
];

/// Runs every step, or only the one named, up to the first that fails.
///
/// # Errors
/// When a step fails, or there is none of that name.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_none_or(|name| name == step.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no such step; there are: {}", names.join(", "));
    }
    let begin = Instant::now();
    for (index, step) in chosen.iter().enumerate() {
        let Step { name, purpose, run } = step;
        eprintln!("\n== {}/{} {name}: {purpose}", index + 1, chosen.len());
        let begin = Instant::now();
        run().with_context(|| {
            format!("step `{name}` failed; `cargo xtask test --only {name}` runs it alone")
        })?;
        eprintln!("== {name}: {:.1} s", begin.elapsed().as_secs_f64());
    }
    eprintln!("\nall passed in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

fn format() -> Result<()> {
    rust::checking_components()?;
    process::run(&mut process::cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    rust::checking_components()?;
    let mut command = process::cargo(&["clippy", "--workspace", "--exclude", "tidewire-web"]);
    process::run(command.args(["--all-targets", "--locked", "--", "-D", "warnings"]))
}

/// The crates that the page depends on are checked with it, as the page compiles them.
fn clippy_wasm() -> Result<()> {
    rust::wasm_target()?;
    let mut command = process::cargo(&["clippy", "--package", "tidewire-web", "--all-targets"]);
    process::run(command.args(["--locked", "--target", WASM_TARGET, "--", "-D", "warnings"]))
}

fn native() -> Result<()> {
    process::run(&mut process::cargo(&["test", "--locked"]))
}

/// A workspace of its own, so that nothing else needs what libpg_query is built with.
fn grammar() -> Result<()> {
    let build = system::parser_build()?;
    let manifest = "tests/postgres-grammar/Cargo.toml";
    process::run(&mut process::cargo(&[
        "fmt",
        "--check",
        "--manifest-path",
        manifest,
    ]))?;
    let folder = project::root().join("target/postgres-grammar");
    for arguments in [
        &["clippy", "--all-targets", "--locked"][..],
        &["test", "--locked"],
    ] {
        let mut command = process::cargo(arguments);
        command.args(["--manifest-path", manifest, "--target-dir"]);
        command.arg(&folder);
        if arguments[0] == "clippy" {
            command.args(["--", "-D", "warnings"]);
        }
        command.env("PROTOC", &build.protoc);
        command.env("BINDGEN_EXTRA_CLANG_ARGS", &build.clang_arguments);
        process::run(&mut command)?;
    }
    Ok(())
}

fn wasm() -> Result<()> {
    rust::wasm_target()?;
    let chromium = system::chromium()?;
    let runner = cargo_tool::wasm_bindgen()?.join("wasm-bindgen-test-runner");
    let mut command = process::cargo(&[
        "test",
        "--locked",
        "--package",
        "tidewire-web",
        "--target",
        WASM_TARGET,
    ]);
    // The browser's flags stand in web/webdriver.json, which the runner reads.
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    command.env("CHROMEDRIVER", chromium.driver);
    process::run(&mut command)
}

fn browser() -> Result<()> {
    node_tool::browser_test_packages()?;
    let chromium = system::chromium()?;
    let mut command =
        node_tool::node(&["--test", "--test-concurrency=1", "--test-timeout=180000"])?;
    command.current_dir(project::browser_tests());
    command.env("TIDEWIRE_CHROMIUM", chromium.browser);
    command.args(test_files()?);
    process::run(&mut command)
}

/// The files named `*.test.mjs`, in order.
fn test_files() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(project::browser_tests())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") {
            names.push(name);
        }
    }
    if names.is_empty() {
        bail!("tests/e2e holds no *.test.mjs");
    }
    names.sort();
    Ok(names)
}
