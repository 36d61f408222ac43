//! Each specification prints here what PostgreSQL's isolation tester printed for it, except those that are listed
//! as outside, each with its reason.

use std::path::{Path, PathBuf};

use tidewire_conformance::spec;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/isolation/specs")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".spec").map(str::to_string)
        })
        .collect();
    names.sort();
    names
}

/// Lines `name: reason`.
fn outside() -> Vec<(String, String)> {
    let text = read("outside.txt");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines = lines.map(|line| {
        let (name, reason) = line.split_once(": ").unwrap();
        (name.to_string(), reason.to_string())
    });
    lines.collect()
}

fn printed(name: &str) -> String {
    let mut transcript = String::new();
    match spec::parse(&read(&format!("{name}.spec"))) {
        Err(error) => transcript.push_str(&format!("{error}\n")),
        Ok(specification) => {
            let _ = spec::play(&specification, &mut transcript);
        }
    }
    transcript
}

/// The first line that differs, with what was expected and what came.
fn difference(expected: &str, printed: &str) -> Option<String> {
    if expected == printed {
        return None;
    }
    let (mut expected, mut printed) = (expected.lines(), printed.lines());
    for number in 1.. {
        let (wanted, given) = (expected.next(), printed.next());
        if wanted != given || wanted.is_none() {
            let text = |line: Option<&str>| line.unwrap_or("(the end)").to_string();
            return Some(format!("line {number}: {} / {}", text(wanted), text(given)));
        }
    }
    None
}

#[test]
fn specifications_print_what_the_tester_prints() {
    let outside = outside();
    let mut wrong = Vec::new();
    let names = names();
    for name in &names {
        let listed = outside.iter().any(|(listed, _)| listed == name);
        let difference = difference(&read(&format!("{name}.out")), &printed(name));
        match difference {
            Some(difference) if !listed => wrong.push(format!("{name}, {difference}")),
            None if listed => {
                wrong.push(format!("{name}: is the same now; take it off outside.txt"))
            }
            _ => {}
        }
    }
    for (name, _) in &outside {
        assert!(names.contains(name), "there is no specification {name}");
    }
    assert!(
        names.len() >= 12,
        "there are {} specifications",
        names.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_specification_is_refused_with_its_line() {
    let cases = [
        ("", "syntax error: a session is expected at line 1"),
        ("session s step a { select 1; }", ""),
        ("session s", "syntax error: `step` is expected at line 1"),
        ("session s\nstep a {", "unterminated sql block at line 2"),
        (
            "session \"s\n",
            "unexpected newline in quoted identifier at line 1",
        ),
        ("session s step a { } step a { }", "duplicate step name: a"),
        (
            "session s step a { } permutation b",
            "undefined step \"b\" specified in permutation",
        ),
        (
            "session s step a { } step b { } permutation a(b) b",
            "permutation step \"a\" cannot block on its own session",
        ),
        (
            "session s step a { }\nsession t step b { } permutation a(b)",
            "undefined blocking step \"b\" referenced in permutation step \"a\"",
        ),
        (
            "session s step a { }\n\npermutation a(",
            "syntax error: `*` or a step's name is expected at line 3",
        ),
        (
            "session s;",
            "syntax error: unexpected character \";\" at line 1",
        ),
    ];
    for (text, expected) in cases {
        let message = spec::parse(text)
            .err()
            .map_or(String::new(), |error| error.to_string());
        assert_eq!(message, expected, "{text}");
    }
}

#[test]
fn steps_that_hold_each_other_back_end() {
    let text = "session s step a { } step c { } session t step b { } permutation a(*, b) b(a)";
    let mut transcript = String::new();
    let specification = spec::parse(text).unwrap();
    assert!(spec::play(&specification, &mut transcript).is_err());
    assert!(
        transcript.ends_with("failed to complete permutation due to mutually-blocking steps\n"),
        "{transcript}"
    );
}
