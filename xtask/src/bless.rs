//! `cargo xtask bless`: writes what the project now prints over what its tests expect. Read the difference before
//! you commit it.

use crate::process;
use anyhow::Result;

/// Updates the expected texts, then the trace hashes in the gallery.
///
/// # Errors
/// When a test still fails, which is then not about an expected text.
pub(crate) fn run() -> Result<()> {
    process::run(
        process::cargo(&["test", "--workspace", "--exclude", "tidewire-web"])
            .env("UPDATE_EXPECT", "1"),
    )
}
