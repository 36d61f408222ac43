//! `cargo xtask dist` and `cargo xtask size`: the release, and what it weighs.

use crate::bench::figure::{Figure, Goal};
use crate::tools::node_tool;
use crate::{page_build, process, project};
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What the page should weigh in all, brotli-compressed, before anything is shown: 350 KB. Not reached yet.
const PAGE_GOAL_BYTES: u64 = 350_000;

/// What it may weigh today: what it weighed once the language knew queues, caches, sagas, event stores and projections and
/// the page asked the lessons' questions. A ratchet: it goes down until it is the goal, and went up by a hundredth for
/// all of that, with the data engine compiled for size. docs/performance.md tells the parts.
const PAGE_BUDGET_BYTES: u64 = 880_000;

/// The bytes of one file of the release, as it is and as a server sends it.
#[derive(Deserialize, Debug, Clone)]
struct Weight {
    file: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Builds the release and prints what it weighs.
///
/// # Errors
/// When the build fails.
pub(crate) fn run() -> Result<()> {
    page_build::release()?;
    print(&weigh()?);
    Ok(())
}

/// Prints what the release in `dist/` weighs, and fails when that is too much.
///
/// # Errors
/// When there is no release, or it is over its budget.
pub(crate) fn check_size() -> Result<()> {
    let weights = weigh()?;
    print(&weights);
    let page = page_total(&weights).brotli;
    if page > PAGE_BUDGET_BYTES {
        bail!("the page is {page} bytes with brotli: the budget is {PAGE_BUDGET_BYTES}");
    }
    println!(
        "within the budget of {PAGE_BUDGET_BYTES} bytes with brotli; the goal is {PAGE_GOAL_BYTES}"
    );
    Ok(())
}

/// What the page weighs, as figures.
///
/// # Errors
/// When there is no release.
pub(crate) fn figures() -> Result<Vec<Figure>> {
    let page = page_total(&weigh()?);
    let figure = |name: &str, bytes: u64, goal: Option<Goal>| Figure {
        name: format!("page: {name}"),
        place: "page".to_owned(),
        value: bytes as f64,
        unit: "bytes".to_owned(),
        goal,
    };
    let goal = Goal::AtMost(PAGE_GOAL_BYTES as f64);
    Ok(vec![
        figure("raw", page.raw, None),
        figure("gzip", page.gzip, None),
        figure("brotli", page.brotli, Some(goal)),
    ])
}

/// node compresses, since it can do both and is needed anyway.
fn weigh() -> Result<Vec<Weight>> {
    let dist = project::dist();
    if !dist.join("index.html").is_file() {
        bail!("there is no release in dist/: run `cargo xtask dist` first");
    }
    let mut command = node_tool::node(&["tests/e2e/support/weigh.mjs"])?;
    let text = process::output(command.arg(&dist))?;
    serde_json::from_str(&text).context("weigh.mjs did not print what it should")
}

/// Everything that is fetched before the page is there. Other files (pictures, fonts) come when they are asked for.
fn page_total(weights: &[Weight]) -> Weight {
    let of_page = |file: &str| {
        [".html", ".js", ".css", ".wasm"]
            .iter()
            .any(|end| file.ends_with(end))
    };
    let none = Weight {
        file: "page in all".to_owned(),
        raw: 0,
        gzip: 0,
        brotli: 0,
    };
    let of_page = weights.iter().filter(|weight| of_page(&weight.file));
    of_page.fold(none, |sum, weight| Weight {
        raw: sum.raw + weight.raw,
        gzip: sum.gzip + weight.gzip,
        brotli: sum.brotli + weight.brotli,
        ..sum
    })
}

fn print(weights: &[Weight]) {
    println!(
        "{:<44} {:>10} {:>10} {:>10}",
        "file (bytes)", "raw", "gzip", "brotli"
    );
    for weight in weights.iter().chain([&page_total(weights)]) {
        let Weight {
            file,
            raw,
            gzip,
            brotli,
        } = weight;
        println!("{file:<44} {raw:>10} {gzip:>10} {brotli:>10}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_fetched_before_it_shows() {
        let weight = |file: &str| Weight {
            file: file.to_owned(),
            raw: 30,
            gzip: 20,
            brotli: 10,
        };
        let files = [
            weight("index.html"),
            weight("a.wasm"),
            weight("picture.png"),
        ];
        let total = page_total(&files);
        assert_eq!((total.raw, total.gzip, total.brotli), (60, 40, 20));
    }
}
