//! `tidewire isolation` as people run it: what it prints where, its exit codes, bad input.

use std::path::PathBuf;
use std::process::{Command, Output};

fn isolation(name: &str, content: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("the test's folder can be written");
    let command = Command::new(env!("CARGO_BIN_EXE_tidewire"))
        .arg("isolation")
        .arg(&path)
        .args(arguments)
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = command.expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    (status.code(), text(stdout), text(stderr))
}

const SPECIFICATION: &str = "
setup { create table t (id int primary key, v int); insert into t values (1, 0); }
teardown { drop table t; }
session a
setup { begin; }
step lock { update t set v = 1; }
step commit { commit; }
session b
step wait { update t set v = v + 10 returning v; }
permutation lock wait commit
";

#[test]
fn a_specification_is_printed_as_the_tester_prints_it() {
    let (code, out, error) = isolation("plain.spec", SPECIFICATION, &[]);
    assert_eq!(
        out,
        "Parsed test spec with 2 sessions

starting permutation: lock wait commit
step lock: update t set v = 1;
step wait: update t set v = v + 10 returning v; <waiting ...>
step commit: commit;
step wait: <... completed>
 v
--
11
(1 row)

"
    );
    assert_eq!((code, error.as_str()), (Some(0), ""));
}

#[test]
fn a_specification_outside_our_sql_says_so() {
    let text = SPECIFICATION.replace("update t set v = 1", "listen news");
    let (code, _, error) = isolation("outside.spec", &text, &[]);
    assert_eq!(code, Some(1));
    assert!(error.contains("lie outside the SQL"), "{error}");
    let (code, out, error) = isolation("broken.spec", "session s\nstep a {", &[]);
    let line = "unterminated sql block at line 2\n";
    assert_eq!((code, out.as_str(), error.as_str()), (Some(1), "", line));
}

/// A case with what PostgreSQL is said to have answered to its one step.
fn case(step: &str, outcome: &str) -> String {
    format!(
        r#"{{"cases": [{{"id": "one", "unknown": 1, "sessions": ["A"],
            "setup": "create table t (id int primary key, price numeric(8, 2), at timestamptz, doc jsonb)",
            "steps": [{{"s": "A", "sql": "{step}"}}], "final": ["select * from t"],
            "postgres": {{"read committed": {{"steps": [{outcome}], "final": {{"select * from t": []}}}}}}}}]}}"#
    )
}

#[test]
fn a_case_that_is_the_same_ends_in_ok() {
    let step =
        "select 1.50 as price, null as nothing, true as yes, '2000-01-01'::timestamptz as at";
    let outcome = r#"{"i": 0, "outcome": "ok", "tag": "SELECT 1", "columns": ["price", "nothing", "yes", "at"],
        "rows": [[1.5, null, true, "2000-01-01T00:00:00+00:00"]]}"#;
    let (code, out, error) = isolation("same.json", &case(step, outcome), &[]);
    assert_eq!(out, "one, read committed: ok\n", "{error}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_case_that_differs_names_the_step_and_both_outcomes() {
    let outcome =
        r#"{"i": 0, "outcome": "ok", "tag": "SELECT 1", "columns": ["a"], "rows": [[2]]}"#;
    let (code, out, _) = isolation("other.json", &case("select 1 as a", outcome), &[]);
    assert_eq!(
        out,
        "one, read committed: step 0, A: select 1 as a: PostgreSQL: SELECT 1 (a) [[2]]; here: SELECT 1 (a) [[1]]\n"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_case_that_cannot_be_played_names_case_and_step() {
    let outcome = r#"{"i": 0, "outcome": "ok", "tag": "LISTEN"}"#;
    let (code, out, _) = isolation("refused.json", &case("listen\\n  news", outcome), &[]);
    assert!(
        out.starts_with("one, read committed: step 0, A: listen news: refused: "),
        "{out}"
    );
    assert_eq!((code, out.lines().count()), (Some(1), 1));
}

#[test]
fn what_holds_no_cases_is_refused() {
    for (text, expected) in [
        ("{", "this is not JSON"),
        ("{}", "there is no list of cases"),
        ("[3]", "case 1: "),
        (r#"[{"id": "x", "steps": 5}]"#, "case x: "),
    ] {
        let (code, out, error) = isolation("bad.json", text, &[]);
        assert!(
            format!("{out}{error}").contains(expected),
            "{text}: {out}{error}"
        );
        assert_eq!(code, Some(1), "{text}");
    }
    let (code, _, error) = isolation("bad.json", "[]", &["--level", "weak"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("there is no such level"), "{error}");
}
