//! Every isolation case gives here what it gave on PostgreSQL, except those that are listed as outside, each
//! with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tidewire_conformance::{Case, Level, Verdict, cases, judge};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/isolation")
}

fn read() -> Vec<Case> {
    read_file("cases.json")
}

fn read_file(name: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    cases::read(&text)
        .unwrap()
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

/// Lines `case, level: reason`; `*` for every case or every level.
fn outside() -> BTreeMap<(String, String), String> {
    let text = std::fs::read_to_string(folder().join("outside.txt")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (case, rest) = line.split_once(", ").unwrap();
            let (level, reason) = rest.split_once(": ").unwrap();
            ((case.to_string(), level.to_string()), reason.to_string())
        })
        .collect()
}

#[test]
fn cases_end_as_on_postgresql() {
    let (cases, outside) = (read(), outside());
    let mut wrong = Vec::new();
    let mut passed = 0;
    for case in &cases {
        for level in Level::ALL {
            let listed = [level.name(), "*"]
                .iter()
                .any(|name| outside.contains_key(&(case.id.clone(), name.to_string())));
            let name = format!("{}, {}", case.id, level.name());
            match (judge(case, level), listed) {
                (Verdict::Same { .. }, false) => passed += 1,
                (Verdict::Same { .. }, true) => {
                    wrong.push(format!("{name}: passes now; take it off outside.txt"));
                }
                (Verdict::Differs(difference), false) => {
                    wrong.push(format!("{name}: {difference}"));
                }
                (Verdict::Outside(reason), false) => {
                    wrong.push(format!("{name}: outside: {reason}"));
                }
                (Verdict::Unmeasured, false) => wrong.push(format!("{name}: not measured")),
                (_, true) => {}
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{passed} passed, {} did not\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Interleavings drawn at random, each with the outcome that PostgreSQL gave.
#[test]
fn generated_interleavings_can_end_as_on_postgresql() {
    let cases = read_file("generated.json");
    let mut wrong = Vec::new();
    for case in &cases {
        for level in [Level::ReadCommitted, Level::RepeatableRead] {
            match judge(case, level) {
                Verdict::Same { .. } => {}
                other => wrong.push(format!("{}, {}: {other:?}", case.id, level.name())),
            }
        }
    }
    assert!(cases.len() > 50, "the file holds {} cases", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_names_cases_that_exist() {
    let cases = read();
    for (case, level) in outside().keys() {
        assert!(
            cases.iter().any(|other| other.id == *case),
            "there is no case {case}"
        );
        let known = Level::ALL.iter().any(|other| other.name() == level);
        assert!(level == "*" || known, "there is no level {level}");
    }
}
