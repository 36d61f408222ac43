//! Files that must say the same: ARCHITECTURE.md and the crates there are, Trunk.toml and the policy, lock files
//! and their freedom from addresses.

use super::Problem;
use crate::policy::{self, Served};
use crate::project;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const TRUNK: &str = "Trunk.toml";
const NPM_LOCK: &str = "tests/e2e/package-lock.json";

pub(super) fn problems(metadata: &Value) -> Result<Vec<Problem>> {
    let read = |file: &str| {
        let path = project::root().join(file);
        std::fs::read_to_string(path).with_context(|| format!("cannot read {file}"))
    };
    let mut problems = crate_list(&read(ARCHITECTURE)?, &crate_names(metadata)?);
    problems.extend(trunk_policy(&read(TRUNK)?)?);
    problems.extend(npm_addresses(&read(NPM_LOCK)?)?);
    Ok(problems)
}

/// The name of each crate.
fn crate_names(metadata: &Value) -> Result<BTreeSet<String>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    let name = |package: &Value| package["name"].as_str().map(str::to_owned);
    packages
        .iter()
        .map(name)
        .collect::<Option<_>>()
        .context("a package without a name")
}

/// ARCHITECTURE.md has a table with a row for each crate: "| `<name>` | ...".
fn crate_list(text: &str, names: &BTreeSet<String>) -> Vec<Problem> {
    let rows = text.lines().enumerate().filter_map(|(index, line)| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some((index + 1, name))
    });
    let rows: Vec<(usize, &str)> = rows.collect();
    let missing = names
        .iter()
        .filter(|name| !rows.iter().any(|(_, row)| row == name));
    let missing = missing.map(|name| {
        Problem::new(
            ARCHITECTURE,
            0,
            format!("the table of crates lacks a row for `{name}`"),
        )
    });
    let gone = rows
        .iter()
        .filter(|(_, row)| row.starts_with("tidewire-") && !names.contains(*row));
    let gone = gone
        .map(|(line, row)| Problem::new(ARCHITECTURE, *line, format!("there is no crate `{row}`")));
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
    fn the_table_of_crates_is_compared_both_ways() {
        let names = BTreeSet::from(["tidewire-one".to_owned(), "xtask".to_owned()]);
        let text = "| `xtask` | commands |\n| `tidewire-two` | gone |\n";
        let found: Vec<String> = crate_list(text, &names)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md: the table of crates lacks a row for `tidewire-one`",
                "ARCHITECTURE.md:2: there is no crate `tidewire-two`",
            ]
        );
        assert!(crate_list("| `tidewire-one` | a |\n| `xtask` | b |\n", &names).is_empty());
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
