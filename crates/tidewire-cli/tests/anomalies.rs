//! Anomalies of the measured cases: the committed table, and that it agrees with what PostgreSQL was seen to allow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/isolation")
}

/// What is said of each `case, level`.
fn lines(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, rest) = line.split_once(": ").expect("a name before a colon");
            (name.to_owned(), rest.to_owned())
        })
        .collect()
}

fn table() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder().join("anomalies.txt"));
    lines(&text.expect("the table is there"))
}

#[test]
fn cases_have_the_anomalies_of_the_table() {
    let outside = std::fs::read_to_string(folder().join("outside.txt")).expect("the list is there");
    let played = Command::new(env!("CARGO_BIN_EXE_tidewire"))
        .arg("isolation")
        .arg(folder().join("cases.json"))
        .arg("--anomalies")
        .output()
        .expect("the command starts");
    let said = lines(&String::from_utf8(played.stdout).expect("text"));
    let mut table = table();
    for (name, line) in said {
        let expected = table.remove(&name);
        let case = name.split(", ").next().unwrap_or_default();
        if line.starts_with("not played") && outside.contains(case) {
            continue;
        }
        assert_eq!(Some(line), expected, "{name}");
    }
    assert_eq!(table, BTreeMap::new(), "in the table and not played");
}

/// Names that show what a case is about.
fn fitting(anomaly: &str) -> &'static [&'static str] {
    match anomaly {
        "G0" => &["G0"],
        "G1a" => &["G1a"],
        "G1b" => &["G1b"],
        "G1c" => &["G1c"],
        // A transaction vanishes when part of what it wrote is seen and part is not: dependencies alone.
        "OTV" => &["G0", "G1c"],
        // A condition that is judged before and after.
        "PMP" | "G-single" => &["G-single", "lost update"],
        "P4" | "EPQ" => &["lost update"],
        "G2-item" => &["G2-item"],
        "G2" | "SSI" => &["G2-item", "G2"],
        _ => &[],
    }
}

/// Measured anomalies that are no circle of dependencies, and why.
const NO_CIRCLE: [(&str, &str); 1] = [(
    "sequence-gap-visibility",
    "what the poller concludes from the numbers that it saw is its own: T2, T3, T1, T3 is a serial order",
)];

#[test]
fn what_was_measured_has_a_circle_and_what_was_prevented_has_none() {
    let text = std::fs::read_to_string(folder().join("cases.json")).expect("the cases are there");
    let cases: Json = serde_json::from_str(&text).expect("JSON");
    let table = table();
    let (mut observed, mut prevented, mut excepted) = (0, 0, 0);
    for case in cases["cases"].as_array().expect("a list") {
        let id = case["id"].as_str().expect("a name");
        let fitting = fitting(case["anomaly"].as_str().expect("a name"));
        for (level, measured) in case["postgres"].as_object().expect("levels") {
            let name = format!("{id}, {level}");
            let line = &table[&name];
            let shown = fitting
                .iter()
                .any(|wanted| line.contains(&format!("{wanted} (")));
            match measured["anomaly_observed"].as_bool() {
                None => {}
                Some(true) if NO_CIRCLE.iter().any(|(known, _)| *known == id) => {
                    assert_eq!(line, "none", "{name}");
                    excepted += 1;
                }
                Some(true) => {
                    assert!(shown, "{name}: seen, but {line}");
                    observed += 1;
                }
                Some(false) => {
                    assert!(!shown, "{name}: prevented, but {line}");
                    prevented += 1;
                }
            }
        }
    }
    assert_eq!((observed, prevented, excepted), (16, 38, 3));
}

#[test]
fn no_case_has_an_anomaly_that_its_level_forbids() {
    for (name, line) in table() {
        assert!(!line.contains("NOT PERMITTED"), "{name}: {line}");
        assert!(
            !name.ends_with("serializable") || line == "none",
            "{name}: {line}"
        );
        let forbidden = ["lost update", "G-single", "G-nonadjacent", "G1", "G0"];
        let snapshot = name.ends_with("repeatable read");
        assert!(
            !snapshot || !forbidden.iter().any(|it| line.starts_with(it)),
            "{name}: {line}"
        );
    }
}
