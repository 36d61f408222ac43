//! Tools that cargo installs: trunk, the wasm-bindgen command, cargo-deny, cargo-fuzz.

use super::installed;
use crate::process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// trunk builds and serves the page. 0.21.14 is the newest that Rust 1.95 compiles.
const TRUNK_VERSION: &str = "0.21.14";
const CARGO_DENY_VERSION: &str = "0.20.2";
const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// A program in a cargo package.
struct CargoTool<'a> {
    package: &'a str,
    version: &'a str,
    program: &'a str,
    /// With the versions of its own lock file, or with the newest that fit.
    locked: bool,
    /// Minutes on two cores, measured.
    minutes: u32,
    purpose: &'a str,
}

/// The folder of `trunk`.
pub(crate) fn trunk() -> Result<PathBuf> {
    folder_of(&CargoTool {
        package: "trunk",
        version: TRUNK_VERSION,
        program: "trunk",
        locked: true,
        minutes: 10,
        purpose: "it builds and serves the page",
    })
}

/// The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`, of exactly the version in Cargo.lock.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    let lock = std::fs::read_to_string(crate::project::root().join("Cargo.lock"))?;
    let version = locked_version(&lock, "wasm-bindgen")?;
    folder_of(&CargoTool {
        package: "wasm-bindgen-cli",
        version: &version,
        program: "wasm-bindgen",
        // Its lock file can name versions that are no longer there.
        locked: false,
        minutes: 3,
        purpose: "it joins the compiled module to the browser",
    })
}

/// The folder of `cargo-deny`.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    folder_of(&CargoTool {
        package: "cargo-deny",
        version: CARGO_DENY_VERSION,
        program: "cargo-deny",
        locked: true,
        minutes: 6,
        purpose: "it checks the licences and sources of dependencies",
    })
}

/// The folder of `cargo-fuzz`.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    folder_of(&CargoTool {
        package: "cargo-fuzz",
        version: CARGO_FUZZ_VERSION,
        program: "cargo-fuzz",
        locked: true,
        minutes: 2,
        purpose: "it looks for inputs that break a law",
    })
}

fn folder_of(tool: &CargoTool) -> Result<PathBuf> {
    let proof = format!("bin/{}", tool.program);
    let folder = installed(tool.package, tool.version, &proof, |partial| {
        if with_binstall(tool, partial) {
            return Ok(());
        }
        from_source(tool, partial)
    })?;
    Ok(folder.join("bin"))
}

/// Tries a ready-made program; any failure means that it has to be compiled.
fn with_binstall(tool: &CargoTool, root: &Path) -> bool {
    if !process::on_path("cargo-binstall") {
        return false;
    }
    let (package, version) = (tool.package, tool.version);
    eprintln!(
        "Fetching {package} {version} with cargo-binstall: {}.",
        tool.purpose
    );
    let mut command = process::command("cargo-binstall", &["--no-confirm"]);
    command.args(["--disable-strategies", "compile", "--root"]);
    command.arg(root).arg(format!("{package}@{version}"));
    process::run(&mut command).is_ok() && root.join("bin").join(tool.program).is_file()
}

fn from_source(tool: &CargoTool, root: &Path) -> Result<()> {
    let (package, version, minutes) = (tool.package, tool.version, tool.minutes);
    eprintln!(
        "Building {package} {version} from source, since {}. This takes about {minutes} minutes on two cores, \
         once on this machine.",
        tool.purpose
    );
    let mut command = process::cargo(&["install", package, "--version", version, "--root"]);
    command.arg(root);
    // Not in the repository: its settings are not for other people's programs.
    command.current_dir(root);
    if tool.locked {
        command.arg("--locked");
    }
    process::run(&mut command)
}

/// The version of `package` in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: toml::Table = toml::from_str(lock).context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let found = packages
        .into_iter()
        .flatten()
        .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package));
    let version = found.and_then(|entry| entry.get("version")?.as_str());
    let version = version.with_context(|| format!("Cargo.lock does not hold {package}"))?;
    Ok(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn the_version_is_that_of_exactly_this_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.5\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").unwrap(), "0.2.5");
        assert!(locked_version(lock, "wasm").is_err());
    }
}
