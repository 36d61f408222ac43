//! `cargo xtask fuzz`: libFuzzer on the targets of fuzz/, one after the other. What it finds stands in
//! fuzz/artifacts; the inputs it keeps, in fuzz/corpus.

use crate::tools::cargo_tool;
use crate::{process, project};
use anyhow::{Context, Result, bail};

/// Each target and where inputs to begin with lie.
const TARGETS: [(&str, &[&str]); 3] = [
    (
        "parser",
        &["gallery", "crates/tidewire-syntax/tests/fixtures", "docs"],
    ),
    (
        "compile",
        &["gallery", "crates/tidewire-syntax/tests/fixtures", "docs"],
    ),
    ("execution", &["fuzz/seeds/execution"]),
];

/// Fuzzes a target, or each of them, for so many seconds.
///
/// # Errors
/// When there is no such target, it cannot be built, or it finds something; the message names the input.
pub(crate) fn run(target: Option<&str>, seconds: u32) -> Result<()> {
    let chosen: Vec<_> = TARGETS
        .iter()
        .filter(|(name, _)| target.is_none_or(|wanted| wanted == *name))
        .collect();
    if chosen.is_empty() {
        let names = TARGETS.map(|(name, _)| name);
        bail!("there is no such target; there are: {}", names.join(", "));
    }
    let tool = cargo_tool::cargo_fuzz()?;
    let path = process::path_with(&[&tool])?;
    for (name, seeds) in chosen {
        let corpus = project::root().join("fuzz/corpus").join(name);
        std::fs::create_dir_all(&corpus)
            .with_context(|| format!("cannot create {}", corpus.display()))?;
        // Without a sanitizer the stable compiler will do, and there is no unsafe code of ours to watch.
        let mut command = process::cargo(&["fuzz", "run", "--sanitizer", "none", name]);
        command.arg(&corpus).args(*seeds).arg("--");
        command.arg(format!("-max_total_time={seconds}"));
        command.args(["-timeout=20", "-rss_limit_mb=4000", "-dict=fuzz/words.dict"]);
        process::run(command.env("PATH", &path))
            .with_context(|| format!("target `{name}` found something, or was not built"))?;
    }
    Ok(())
}
