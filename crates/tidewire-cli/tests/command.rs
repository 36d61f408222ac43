//! The command as people run it: exit codes, what goes to which stream, bad input.

use std::path::PathBuf;
use std::process::{Command, Output};

use expect_test::{Expect, expect};

const HOLDS: &str = "
scenario 'Counter'
database box_db relational { create table boxes (id int primary key, n int not null); insert into boxes values (1, 0); }
service box owns box_db { command Add(n int) { update boxes set n = n + :n where id = 1; reply (); } }
client people users 2 requests 6 { think 1ms to 3ms; call box.Add(n => 1) timeout 1s; }
invariant 'The box is never negative' always no rows select n from boxes where n < 0;
";

/// A file in a folder of the test's own.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("the test's folder can be written");
    path
}

fn tidewire(arguments: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_tidewire"))
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .args(arguments)
        .output();
    command.expect("the command starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn exit_code_0_when_all_invariants_hold() {
    file("holds.tide", HOLDS);
    let output = tidewire(&["run", "holds.tide"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("Counter, seed 1\n"), "{text}");
    assert!(
        text.contains("holds   The box is never negative (always)"),
        "{text}"
    );
    assert!(text.contains("6 requests: 6 succeeded, 0 failed"), "{text}");
    assert!(text.contains("\ntrace hash "), "{text}");
}

#[test]
fn exit_code_1_and_the_rows_when_an_invariant_is_broken() {
    file("broken.tide", HOLDS.replace("where n < 0", "where n > 3"));
    let output = tidewire(&["run", "broken.tide"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.contains("BROKEN  The box is never negative (always), first at "),
        "{text}"
    );
    assert!(text.contains("\n          n 4\n"), "{text}");
}

#[test]
fn the_json_object_is_what_the_reference_says() {
    file("json.tide", HOLDS.replace("where n < 0", "where n > 3"));
    let output = tidewire(&["run", "json.tide", "--json", "--seed", "5"]);
    assert_eq!(output.status.code(), Some(1));
    let value = json(&output);
    let mut keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "events",
            "invariants",
            "metrics",
            "trace_hash",
            "verdict",
            "virtual_time_us"
        ]
    );
    let invariant = &value["invariants"][0];
    assert_eq!(invariant["name"], "The box is never negative");
    assert_eq!(invariant["mode"], "always");
    assert_eq!(invariant["held"], false);
    assert!(invariant["violated_at_us"].as_u64() > Some(0));
    assert_eq!(value["trace_hash"].as_str().map(str::len), Some(32));
    let again = tidewire(&["run", "json.tide", "--json", "--seed", "5"]);
    assert_eq!(json(&again), value);
    let other = tidewire(&["run", "json.tide", "--json", "--seed", "6"]);
    assert_ne!(json(&other)["trace_hash"], value["trace_hash"]);
}

#[test]
fn a_shuffled_run_prints_its_choices_and_they_replay_it() {
    file("shuffle.tide", HOLDS);
    let shuffled = json(&tidewire(&[
        "run",
        "shuffle.tide",
        "--json",
        "--shuffle",
        "3",
    ]));
    let log = shuffled["choices"].as_str().expect("a choice log");
    let replayed = json(&tidewire(&[
        "run",
        "shuffle.tide",
        "--json",
        "--choices",
        log,
    ]));
    assert_eq!(replayed["trace_hash"], shuffled["trace_hash"]);
    let canonical = json(&tidewire(&["run", "shuffle.tide", "--json"]));
    assert_eq!(canonical.get("choices"), None);
    let wrong = tidewire(&["run", "shuffle.tide", "--choices", "0.x.1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("`x` (part 2) is not a choice"),
        "{}",
        stderr(&wrong)
    );
}

fn refused(name: &str, content: impl AsRef<[u8]>, expected: Expect) {
    file(name, content);
    let output = tidewire(&["run", name]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    expected.assert_eq(&stderr(&output));
}

#[test]
fn exit_code_2_and_the_place_for_an_unknown_name() {
    let text = HOLDS.replace("call box.Add", "call bix.Add");
    refused(
        "unknown.tide",
        text,
        expect![[r#"
        [unknown-name] Error: no service named `bix`
           ╭─[ unknown.tide:5:59 ]
           │
         5 │ client people users 2 requests 6 { think 1ms to 3ms; call bix.Add(n => 1) timeout 1s; }
           │                                                           ─┬─
           │                                                            ╰─── here
           │
           │ Help: did you mean `box`?
        ───╯
    "#]],
    );
}

#[test]
fn exit_code_2_and_the_place_for_sql_outside_the_subset() {
    let text = HOLDS.replace("select n from", "select n, array[1] from");
    refused(
        "subset.tide",
        text,
        expect![[r#"
            [not-supported] Error: PostgreSQL has `ARRAY`, Tidewire does not
               ╭─[ subset.tide:6:64 ]
               │
             6 │ invariant 'The box is never negative' always no rows select n, array[1] from boxes where n < 0;
               │                                                                ──┬──
               │                                                                  ╰──── here
               │
               │ Help: use jsonb, a list in IN, or VALUES
            ───╯
        "#]],
    );
}

#[test]
fn exit_code_2_and_the_line_for_bytes_that_are_not_utf_8() {
    refused(
        "bytes.tide",
        b"scenario 'x'\n\xff\xfe",
        expect![[r#"
        [not-utf8] Error: this is not UTF-8: line 2, byte 13 of the file begins no character
           ╭─[ bytes.tide:2:1 ]
           │
         2 │ ��
           │ │
           │ ╰─ here
           │
           │ Help: save the file as UTF-8
        ───╯
    "#]],
    );
}

#[test]
fn exit_code_2_for_a_file_over_the_limit() {
    file("long.tide", " ".repeat(300 * 1024));
    let output = tidewire(&["run", "long.tide"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("256 KiB"), "{}", stderr(&output));
}

#[test]
fn exit_code_2_for_a_file_or_a_design_that_is_not_there() {
    let output = tidewire(&["run", "nowhere.tide"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: nowhere.tide cannot be read"),
        "{}",
        stderr(&output)
    );
    file("design.tide", HOLDS);
    let output = tidewire(&["run", "design.tide", "--design", "Monolith"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("no design named 'Monolith'"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn exit_code_2_and_null_when_a_run_never_gets_quiet() {
    let service = "service box owns box_db {";
    let ticking = format!("{service} every 20ms {{ update boxes set n = n + 1; }}");
    let busy = HOLDS
        .replace(service, &ticking)
        .replace("always no rows", "finally no rows");
    file("busy.tide", busy);
    let output = tidewire(&["run", "busy.tide", "--json"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let value = json(&output);
    assert_eq!(value["verdict"], "never quiet");
    let advice = "a periodic handler always finds work";
    assert!(stderr(&output).contains(advice), "{}", stderr(&output));
    assert_eq!(value["invariants"][0]["held"], serde_json::Value::Null);
}

#[test]
fn check_looks_at_all_designs_and_runs_nothing() {
    file("check.tide", HOLDS);
    let output = tidewire(&["check", "check.tide"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let designs = "design 'A' {}\ndesign 'B' { service box { without Add; } }";
    file("second.tide", format!("{HOLDS}\n{designs}\n"));
    let output = tidewire(&["check", "second.tide"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("in design 'B'"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn fmt_writes_once_and_is_then_content() {
    let path = file("untidy.tide", HOLDS);
    assert_eq!(
        tidewire(&["fmt", "--check", "untidy.tide"]).status.code(),
        Some(1)
    );
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), HOLDS);
    assert_eq!(tidewire(&["fmt", "untidy.tide"]).status.code(), Some(0));
    assert_ne!(std::fs::read_to_string(&path).expect("it is there"), HOLDS);
    assert_eq!(
        tidewire(&["fmt", "--check", "untidy.tide"]).status.code(),
        Some(0)
    );
    file("unreadable.tide", "service {");
    assert_eq!(tidewire(&["fmt", "unreadable.tide"]).status.code(), Some(2));
}

#[test]
fn a_trace_tells_what_caches_and_flights_do() {
    file(
        "cached.tide",
        "service catalog {
          cache prices (price int) capacity 1;
          query Price(sku text) {
            get prices key :sku into p;
            if :row_count = 0 {
              single flight :sku { wait 5ms; put prices key :sku (price => 9) ttl 20ms; }
            }
            delete prices key 'none';
            reply ();
          }
        }
        client people users 3 requests 6 { call catalog.Price(sku => 'mug'); }
        client late users 1 requests 1 {
          think 50ms; call catalog.Price(sku => 'mug'); call catalog.Price(sku => 'lamp');
        }",
    );
    let output = tidewire(&["run", "cached.tide", "--trace"]);
    let trace = stderr(&output);
    for sentence in [
        "catalog misses prices 'mug' in its cache",
        "catalog waits: another work fetches the same",
        "catalog puts prices 'mug' into its cache",
        "catalog goes on with what the other work fetched",
        "catalog finds prices 'mug' in its cache",
        "catalog deletes prices 'none', which its cache does not have",
        "prices 'mug' expires in the cache of catalog",
    ] {
        assert!(
            trace.lines().any(|line| line.ends_with(sentence)),
            "{sentence}\n{trace}"
        );
    }
}

#[test]
fn a_trace_is_one_line_for_each_observation() {
    file("trace.tide", HOLDS);
    let output = tidewire(&["run", "trace.tide", "--trace"]);
    let trace = stderr(&output);
    assert!(
        trace
            .lines()
            .any(|line| line.ends_with("people calls box: Add")),
        "{trace}"
    );
    assert!(
        trace
            .lines()
            .last()
            .is_some_and(|line| line.ends_with("the run is quiet")),
        "{trace}"
    );
}
