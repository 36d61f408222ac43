//! Files that must say the same: ARCHITECTURE.md and the crates there are, Trunk.toml and the policy, lock files
//! and their freedom from addresses.

use super::Problem;
use crate::policy::{self, Served};
use crate::project;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const TRUNK: &str = "Trunk.toml";
const NPM_LOCK: &str = "tests/e2e/package-lock.json";

pub(super) fn problems(metadata: &Value) -> Result<Vec<Problem>> {
    let read = |file: &str| {
        let path = project::root().join(file);
        std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))
    };
    let mut problems = crate_list(&read(ARCHITECTURE)?, &crate_folders(metadata)?);
    problems.extend(trunk_policy(&read(TRUNK)?)?);
    problems.extend(npm_addresses(&read(NPM_LOCK)?)?);
    Ok(problems)
}

/// The folder of each crate, seen from the root.
fn crate_folders(metadata: &Value) -> Result<BTreeSet<String>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    let folder = |package: &Value| -> Result<String> {
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        let folder = Path::new(manifest)
            .parent()
            .context("a manifest without a folder")?;
        let inside = folder
            .strip_prefix(project::root())
            .context("a crate outside the repository")?;
        Ok(inside.to_string_lossy().into_owned())
    };
    packages.iter().map(folder).collect()
}

/// ARCHITECTURE.md names the folder of every crate in a list entry or a table row: "- `crates/<name>` ...".
fn crate_list(text: &str, folders: &BTreeSet<String>) -> Vec<Problem> {
    let entries = text.lines().enumerate().filter_map(|(index, line)| {
        let entry = line
            .strip_prefix("- `")
            .or_else(|| line.strip_prefix("| `"))?;
        let (folder, _) = entry.split_once('`')?;
        Some((index + 1, folder.trim_end_matches('/').to_owned()))
    });
    let entries: Vec<(usize, String)> = entries.collect();
    let missing = folders
        .iter()
        .filter(|folder| !entries.iter().any(|(_, entry)| entry == *folder));
    let missing = missing.map(|folder| {
        Problem::new(
            ARCHITECTURE,
            0,
            format!("the list of crates lacks an entry for `{folder}`"),
        )
    });
    let gone = entries
        .iter()
        .filter(|(_, entry)| entry.starts_with("crates/") && !folders.contains(entry));
    let gone = gone.map(|(line, entry)| {
        Problem::new(ARCHITECTURE, *line, format!("there is no crate `{entry}`"))
    });
    missing.chain(gone).collect()
}

fn trunk_policy(text: &str) -> Result<Vec<Problem>> {
    let trunk: toml::Table = toml::from_str(text).context("Trunk.toml is not TOML")?;
    let header = trunk
        .get("serve")
        .and_then(|serve| serve.get("headers")?.get("Content-Security-Policy"));
    let wanted = policy::for_header(Served::WithReload);
    if header.and_then(toml::Value::as_str) == Some(wanted.as_str()) {
        return Ok(Vec::new());
    }
    let message =
        format!("the header differs from web/content-security-policy.txt; it should be: {wanted}");
    Ok(vec![Problem::new(TRUNK, 0, message)])
}

/// A lock file with addresses would send everybody to the mirror of the one who wrote it.
fn npm_addresses(text: &str) -> Result<Vec<Problem>> {
    let lock: Value = serde_json::from_str(text).context("the npm lock file is not JSON")?;
    let packages = lock["packages"].as_object().into_iter().flatten();
    let with_address = packages.filter(|(_, package)| !package["resolved"].is_null());
    Ok(with_address
        .map(|(name, _)| {
            let message = format!(
                "{name} has an address (`resolved`): npm install again with this folder's .npmrc"
            );
            Problem::new(NPM_LOCK, 0, message)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_crates_is_compared_both_ways() {
        let folders = BTreeSet::from(["crates/one".to_owned(), "web".to_owned()]);
        let text = "- `web/`: the page\n- `crates/two`: gone\n";
        let found: Vec<String> = crate_list(text, &folders)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md: the list of crates lacks an entry for `crates/one`",
                "ARCHITECTURE.md:2: there is no crate `crates/two`",
            ]
        );
        assert!(crate_list("| `crates/one` | a |\n| `web` | b |\n", &folders).is_empty());
    }

    #[test]
    fn a_lock_file_holds_no_address() {
        let lock = r#"{"packages": {"": {}, "node_modules/a": {"resolved": "x"}}}"#;
        assert_eq!(npm_addresses(lock).unwrap().len(), 1);
    }

    #[test]
    fn a_policy_of_its_own_is_seen() {
        assert_eq!(
            trunk_policy("[serve.headers]\nContent-Security-Policy = \"default-src *\"")
                .unwrap()
                .len(),
            1
        );
    }
}
