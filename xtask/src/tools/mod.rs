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
    installed_in(&folder()?, name, version, proof, install)
}

fn installed_in(
    all: &Path,
    name: &str,
    version: &str,
    proof: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, empty.
    fn fresh(test: &str) -> PathBuf {
        let folder = crate::project::root().join("target/xtask-tests").join(test);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn write_program(folder: &Path) -> Result<()> {
        Ok(fs::write(folder.join("program"), "")?)
    }

    #[test]
    fn a_finished_installation_is_used_again() {
        let all = fresh("used_again");
        let first = installed_in(&all, "tool", "1", "program", write_program).unwrap();
        let again = |_: &Path| -> Result<()> { panic!("installed twice") };
        assert_eq!(first, all.join("tool-1"));
        assert_eq!(
            installed_in(&all, "tool", "1", "program", again).unwrap(),
            first
        );
    }

    #[test]
    fn a_folder_without_the_program_is_not_a_finished_installation() {
        let all = fresh("unfinished");
        fs::create_dir_all(all.join("tool-1/half")).unwrap();
        let folder = installed_in(&all, "tool", "1", "program", write_program).unwrap();
        assert!(folder.join("program").is_file() && !folder.join("half").exists());
    }

    #[test]
    fn a_failed_installation_leaves_nothing() {
        let all = fresh("failed");
        let error = installed_in(&all, "tool", "1", "program", |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "cannot install tool 1");
        assert_eq!(fs::read_dir(&all).unwrap().count(), 0);
    }
}
