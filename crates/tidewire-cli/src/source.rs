//! Reading a scenario file.

use std::path::Path;

use anyhow::Context as _;

use crate::diagnostics;

/// The text of a file; `None` when it was refused and the reason is printed.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    match tidewire_syntax::from_bytes(&bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(diagnostic) => {
            let text = String::from_utf8_lossy(&bytes);
            diagnostics::print(path, &text, &[*diagnostic])?;
            Ok(None)
        }
    }
}
