//! `cargo xtask shots`: pictures of the release in `target/shots`, for eyes to judge, and the README's picture.

use crate::tools::{node_tool, system};
use crate::{process, project};
use anyhow::{Result, ensure};

/// Takes the pictures.
///
/// # Errors
/// When there is no release, or the page does not open.
pub(crate) fn run() -> Result<()> {
    ensure!(
        project::dist().join("index.html").is_file(),
        "there is no release in dist/: run `cargo xtask dist` first"
    );
    node_tool::browser_test_packages()?;
    let chromium = system::chromium()?;
    let mut command = node_tool::node(&["tests/e2e/shots.mjs"])?;
    process::run(command.env("TIDEWIRE_CHROMIUM", chromium.browser))
}
