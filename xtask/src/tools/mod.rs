//! The programs that build and test the project, each at the version that the project wants, in the user's cache
//! folder: `<tools folder>/<name>-<version>/`. Another clone finds them there.
//!
//! An installation is made in a folder of its own and renamed when it is complete, so that one that was interrupted
//! is never taken for a finished one. Programs that the system's package manager gives stand in `system`.

pub(crate) mod cargo_tool;
pub(crate) mod node_tool;
pub(crate) mod rust;
pub(crate) mod system;

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Sets the tools folder; without it, a folder in the user's cache.
const FOLDER_VARIABLE: &str = "TIDEWIRE_TOOLS";

/// The folder that holds every tool.
///
/// # Errors
/// When neither the variable nor a home folder is set.
pub(crate) fn folder() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let cache = match set("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => {
            let home = set("HOME").with_context(|| {
                format!("HOME is not set: set {FOLDER_VARIABLE} to a folder for the build tools")
            })?;
            Path::new(&home).join(".cache")
        }
    };
    Ok(cache.join("tidewire/tools"))
}

/// Gives the folder `<name>-<version>`, in which the file `proof` stands once the tool is installed; `install` is
/// called with an empty folder when it is missing.
fn installed(
    name: &str,
    version: &str,
    proof: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let all = folder()?;
    let finished = all.join(format!("{name}-{version}"));
    if finished.join(proof).is_file() {
        return Ok(finished);
    }
    let partial = all.join(format!(".{name}-{version}.{}", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    let outcome = install(&partial).and_then(|()| take_place(&partial, &finished, proof));
    if outcome.is_err() {
        // What is left of a failed installation is of no use; the error says what matters.
        let _ = fs::remove_dir_all(&partial);
    }
    outcome.with_context(|| format!("cannot install {name} {version}"))?;
    Ok(finished)
}

fn take_place(partial: &Path, finished: &Path, proof: &str) -> Result<()> {
    anyhow::ensure!(
        partial.join(proof).is_file(),
        "the installation has no {proof}"
    );
    if finished.join(proof).is_file() {
        // Somebody else was faster; theirs is the same version.
        return Ok(fs::remove_dir_all(partial)?);
    }
    if finished.exists() {
        fs::remove_dir_all(finished)?;
    }
    fs::rename(partial, finished)
        .with_context(|| format!("cannot rename to {}", finished.display()))
}
