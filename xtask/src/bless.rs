//! `cargo xtask bless`: writes what the project now prints over what its tests expect: the texts in the code
//! (expect-test) and the trace hashes in `gallery/*/case.toml`. Both are rewritten by the tests that compare them,
//! when this variable is set. Read the difference before you commit it.

use crate::process;
use anyhow::Result;

/// The variable of expect-test; the gallery's test reads it as well.
const UPDATE_VARIABLE: &str = "UPDATE_EXPECT";

/// Updates what is expected.
///
/// # Errors
/// When a test still fails, which is then not about an expected text.
pub(crate) fn run() -> Result<()> {
    process::run(process::cargo(&["test", "--locked", "--no-fail-fast"]).env(UPDATE_VARIABLE, "1"))
}
