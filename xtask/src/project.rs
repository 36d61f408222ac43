//! Where things are in this repository.

use std::path::{Path, PathBuf};

/// The Rust target of the page.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The root folder of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The built page.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// The folder of the tests that drive a real browser.
pub(crate) fn browser_tests() -> PathBuf {
    root().join("tests/e2e")
}
