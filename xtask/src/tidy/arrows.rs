//! Which crate may use which: an arrow that is not declared here is an error, so that the crates stay what
//! ARCHITECTURE.md draws.

use super::Problem;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// Each crate and what it may use of ours, through other crates or not.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("tidewire-syntax", &[]),
    ("tidewire-store", &["tidewire-syntax"]),
    ("tidewire-scenario", &["tidewire-syntax", "tidewire-store"]),
    (
        "tidewire-engine",
        &["tidewire-syntax", "tidewire-store", "tidewire-scenario"],
    ),
    ("tidewire-check", &[]),
    (
        "tidewire-session",
        &[
            "tidewire-syntax",
            "tidewire-store",
            "tidewire-scenario",
            "tidewire-engine",
            "tidewire-check",
        ],
    ),
    (
        "tidewire-conformance",
        &["tidewire-syntax", "tidewire-store", "tidewire-scenario"],
    ),
    (
        "tidewire-cli",
        &[
            "tidewire-syntax",
            "tidewire-store",
            "tidewire-scenario",
            "tidewire-engine",
            "tidewire-check",
            "tidewire-session",
            "tidewire-conformance",
        ],
    ),
    (
        "tidewire-bench",
        &[
            "tidewire-syntax",
            "tidewire-store",
            "tidewire-scenario",
            "tidewire-engine",
            "tidewire-session",
            "tidewire-conformance",
        ],
    ),
    ("tidewire-web", &["tidewire-session"]),
    ("xtask", &["tidewire-conformance"]),
];

/// The crates that may use what only a browser has.
const KNOWS_A_BROWSER: &str = "tidewire-web";
const BROWSER_CRATES: [&str; 6] = [
    "yew",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "gloo-",
];

pub(super) fn problems(metadata: &Value) -> Result<Vec<Problem>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    let mut problems = Vec::new();
    for package in packages {
        let name = package["name"]
            .as_str()
            .context("a package without a name")?;
        let used = normal_dependencies(package);
        match MAY_USE.iter().find(|(declared, _)| *declared == name) {
            Some((_, allowed)) => problems.extend(undeclared(name, &used, allowed)),
            None => problems.push(Problem::new(
                "xtask/src/tidy/arrows.rs",
                0,
                format!("crate {name} is not in the list of who may use whom"),
            )),
        }
        problems.extend(browser_use(name, &used));
    }
    Ok(problems)
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array();
    let normal = dependencies
        .into_iter()
        .flatten()
        .filter(|one| one["kind"].is_null());
    normal
        .filter_map(|one| one["name"].as_str())
        .map(str::to_owned)
        .collect()
}

fn undeclared(name: &str, used: &BTreeSet<String>, allowed: &[&str]) -> Vec<Problem> {
    let ours = used.iter().filter(|other| other.starts_with("tidewire-"));
    ours.filter(|other| !allowed.contains(&other.as_str()))
        .map(|other| {
            Problem::new(
                &manifest(name),
                0,
                format!("{name} must not depend on {other}"),
            )
        })
        .collect()
}

fn browser_use(name: &str, used: &BTreeSet<String>) -> Vec<Problem> {
    if name == KNOWS_A_BROWSER {
        return Vec::new();
    }
    let of_browser = |other: &&String| BROWSER_CRATES.iter().any(|one| other.starts_with(one));
    used.iter()
        .filter(of_browser)
        .map(|other| {
            let message = format!(
                "{name} must not depend on {other}: only {KNOWS_A_BROWSER} knows a browser"
            );
            Problem::new(&manifest(name), 0, message)
        })
        .collect()
}

fn manifest(name: &str) -> String {
    match name {
        "xtask" => "xtask/Cargo.toml".to_owned(),
        "tidewire-web" => "web/Cargo.toml".to_owned(),
        name => format!("crates/{name}/Cargo.toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::problems;
    use serde_json::json;

    fn package(name: &str, uses: &[&str]) -> serde_json::Value {
        let dependencies: Vec<_> = uses
            .iter()
            .map(|one| json!({"name": one, "kind": null}))
            .collect();
        json!({"packages": [{"name": name, "dependencies": dependencies}]})
    }

    #[test]
    fn an_arrow_against_the_direction_is_named() {
        let found = problems(&package("tidewire-store", &["tidewire-engine"])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "crates/tidewire-store/Cargo.toml: tidewire-store must not depend on tidewire-engine"
        );
    }

    #[test]
    fn only_the_page_knows_a_browser() {
        assert!(
            problems(&package("tidewire-web", &["yew", "gloo-file"]))
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            problems(&package("tidewire-session", &["gloo-file"]))
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_new_crate_must_be_declared() {
        assert_eq!(problems(&package("tidewire-new", &[])).unwrap().len(), 1);
    }
}
