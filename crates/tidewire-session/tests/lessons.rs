//! The run judges a lesson's answers: at its end or at an earlier instant, by invariants and by rows.

use tidewire_engine::Choices;
use tidewire_session::document::Document;
use tidewire_session::protocol::Outcome;
use tidewire_session::simulation::Simulation;
use tidewire_session::source;

const COUNTER: &str = "\
database d relational {
  latency 1ms;
  create table counters (value int not null);
  insert into counters values (0);
}
service s owns d { command Add() { update counters set value = value + 1; reply (); } }
client c users 1 requests 3 { think 10ms; call s.Add(); }
invariant 'It stays small' always no rows select value from d.counters where value > 2;
invariant 'It ends at 3' finally no rows select value from d.counters where value <> 3;
";

fn outcome(lesson: &str) -> Outcome {
    let loaded = source::load(&format!("{COUNTER}{lesson}"), None);
    let loaded = loaded.unwrap_or_else(|findings| panic!("{findings:?}"));
    let mut simulation = Simulation::new(loaded.program, 1, Choices::Canonical);
    while simulation.advance(u32::MAX) {}
    simulation.outcome()
}

fn right(lesson: &str) -> Vec<Option<bool>> {
    let answers = outcome(lesson).answers.expect("there is a lesson");
    answers.iter().map(|answer| answer.right).collect()
}

#[test]
fn the_end_of_the_run_decides() {
    let lesson = "lesson { predict 'q' {
      answer 'small' when holds 'It stays small';
      answer 'large' when breaks 'It stays small';
      answer 'three' when rows select value from d.counters where value = 3;
      answer 'not three' when no rows select value from d.counters where value = 3;
    } explain 'e'; }";
    assert_eq!(
        right(lesson),
        [Some(false), Some(true), Some(true), Some(false)]
    );
    let answers = outcome(lesson).answers.expect("there is a lesson");
    assert_eq!(answers[2].rows, [[("value".to_owned(), "3".to_owned())]]);
    assert!(answers[0].rows.is_empty());
}

#[test]
fn an_earlier_instant_may_decide() {
    let lesson = |until: &str| {
        right(&format!(
            "lesson {{ at 1ms {until}; predict 'q' {{
              answer 'two' when rows select value from d.counters where value = 2;
              answer 'three' when breaks 'It stays small';
              answer 'something else';
            }} explain 'e'; }}"
        ))
    };
    let at_end = lesson("");
    assert_eq!(at_end, [Some(false), Some(true), Some(false)]);
    // Three requests, each after a pause of 10 ms and some travel: 25 ms is between the second and the third.
    assert_eq!(lesson("until 27ms"), [Some(true), Some(false), Some(false)]);
    assert_eq!(lesson("until 5ms"), [Some(false), Some(false), Some(true)]);
    assert_eq!(lesson("until 10s"), at_end, "behind the end is the end");
}

#[test]
fn an_answer_without_condition_is_right_when_no_other_is() {
    let lesson = "lesson { predict 'q' {
      answer 'neither';
      answer 'four' when rows select value from d.counters where value = 4;
      answer 'it is off' when breaks 'It ends at 3';
    } explain 'e'; }";
    assert_eq!(right(lesson), [Some(true), Some(false), Some(false)]);
}

#[test]
fn a_lesson_changes_nothing_in_the_run() {
    let lesson = "lesson { at 5ms; predict 'q' { answer 'a'; answer 'b' when holds 'It ends at 3'; } explain 'e'; }";
    let (with, without) = (outcome(lesson), outcome(""));
    assert_eq!(with.trace_hash, without.trace_hash);
    assert_eq!(without.answers, None);
    assert!(with.answers.is_some());
}

#[test]
fn of_a_run_that_was_cut_short_nothing_is_known() {
    let text = "\
database d relational { create table t (a int); }
service s owns d { every 1ms { insert into t values (1); } }
client c requests 1 { wait 1ms; }
lesson { at 1ms until 5ms; predict 'q' {
  answer 'rows' when rows select a from d.t;
  answer 'none';
} explain 'e'; }";
    let run = |text: &str| {
        let loaded = source::load(text, None).unwrap_or_else(|findings| panic!("{findings:?}"));
        let mut simulation = Simulation::new(loaded.program, 1, Choices::Canonical);
        while simulation.advance(u32::MAX) {}
        let outcome = simulation.outcome();
        assert_ne!(outcome.verdict, "quiet");
        let answers = outcome.answers.expect("there is a lesson");
        answers
            .iter()
            .map(|answer| answer.right)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        run(text),
        [Some(true), Some(false)],
        "an instant before the end is known"
    );
    assert_eq!(run(&text.replace(" until 5ms", "")), [None, None]);
}

#[test]
fn a_document_shows_the_lesson_of_its_design() {
    let text = "\
service s { command A() { reply (); } }
client c requests 1 { call s.A(); }
design 'one' { service t { } }
design 'two' { lesson { at 3ms; explain 'second'; } }
lesson { seed 9; at 2ms; predict 'q' { answer 'a'; answer 'b' when rows select 1; }
  highlight s, t at 1ms 'n'; explain 'first'; }";
    let mut document = Document::open(text);
    let lesson = document.lesson().expect("there is a lesson").clone();
    assert_eq!(
        (lesson.seed, lesson.at_us, &*lesson.explanation),
        (Some(9), 2_000, "first")
    );
    let names: Vec<&str> = lesson.highlights[0]
        .nodes
        .iter()
        .map(|node| &*document.canvas().nodes[*node as usize].name)
        .collect();
    assert_eq!(names, ["s", "t"]);
    document.select_design("two").expect("it is there");
    let lesson = document.lesson().expect("there is a lesson");
    assert_eq!((lesson.at_us, &*lesson.explanation), (3_000, "second"));
    assert_eq!(lesson.highlights[0].nodes.len(), 1, "this design has no t");
}
