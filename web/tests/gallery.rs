//! The gallery in Wasm: every lesson runs through the protocol as in the page's worker, with the hash that the
//! native command printed into its `case.toml`.

#![cfg(target_arch = "wasm32")]

use std::sync::Arc;

use serde::Deserialize;
use tidewire_session::document::Document;
use tidewire_session::gallery::CASES;
use tidewire_session::protocol::{FromRun, Outcome, ReadAs, ToRun};
use tidewire_session::recording::Recording;
use tidewire_session::run::{Outgoing, RunHost};
use tidewire_session::wire;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Deserialize)]
struct Expected {
    design: Vec<CaseDesign>,
}

#[derive(Deserialize)]
struct CaseDesign {
    name: String,
    breaks: Vec<String>,
    seed: u64,
    trace_hash: String,
}

/// What came of a run: everything that was said, and the host that can still be asked.
struct Finished {
    host: RunHost,
    recording: Recording,
    outcome: Outcome,
}

/// A message as it crosses: to bytes and back.
fn crossed(message: &ToRun) -> ToRun {
    wire::from_bytes(&wire::to_bytes(message)).expect("the bytes are the message")
}

/// Runs a design to its end, in slices of so many actions.
fn run(text: &str, design: &str, seed: u64, budget: u32) -> Finished {
    let mut document = Document::open(text);
    document
        .select_design(design)
        .expect("the lesson has the design");
    let legend = Arc::clone(&document.runnable().expect("the lesson runs").legend);
    let mut recording = Recording::new(legend);
    let mut host = RunHost::new();
    let start = ToRun::Start {
        generation: 1,
        text: text.to_owned(),
        design: Some(design.to_owned()),
        seed,
        shuffle: None,
    };
    let said = host.handle(crossed(&start));
    assert_eq!(said[0].message, FromRun::Started { generation: 1 });
    let mut outcome = None;
    while outcome.is_none() {
        for Outgoing { message, records } in host.slice(budget) {
            match message {
                FromRun::Chunk {
                    strings,
                    reached_us,
                    ..
                } => recording
                    .push(strings, &records, reached_us)
                    .expect("both sides are of one build"),
                FromRun::Finished { outcome: end, .. } => outcome = Some(end),
                other => panic!("not expected while running: {other:?}"),
            }
        }
    }
    Finished {
        host,
        recording,
        outcome: outcome.expect("the loop ends with it"),
    }
}

#[wasm_bindgen_test]
fn hashes_and_verdicts_are_those_of_the_native_command() {
    for case in CASES {
        let slug = case.slug;
        let expected: Expected = toml::from_str(case.case).expect("a case that reads");
        for design in expected.design {
            let finished = run(case.scenario, &design.name, design.seed, 4096);
            let outcome = finished.outcome;
            assert_eq!(
                outcome.trace_hash, design.trace_hash,
                "{slug}, {}",
                design.name
            );
            let broken: Vec<String> = outcome
                .invariants
                .into_iter()
                .filter(|invariant| invariant.held == Some(false))
                .map(|invariant| invariant.name)
                .collect();
            assert_eq!(broken, design.breaks, "{slug}, {}", design.name);
        }
    }
}

/// Wasm counts in 32 bits: counts and places beyond them are behind everything, as natively.
#[wasm_bindgen_test]
fn what_does_not_fit_into_32_bits_is_behind_everything() {
    const WIDE: &str = "
        database d relational { create table t (name text primary key, value text); insert into t values ('a', 'abcdef'); }
        service s owns d { command C() { reply (); } }
        client c users 1 requests 1 { call s.C(); }
        design 'Only' {}
        invariant 'substring to the end' finally no rows
          select substring(value from 3) as it from d.t where substring(value from 3) <> 'cdef';
        invariant 'a great limit' finally no rows
          select count(*) as rows from (select name from d.t limit 4294967296) as all_rows having count(*) <> 1;
    ";
    let outcome = run(WIDE, "Only", 1, 4096).outcome;
    for invariant in outcome.invariants {
        assert_eq!(invariant.held, Some(true), "{}", invariant.name);
    }
}

/// The scenario of a lesson and the name of its first design.
fn first_lesson() -> (&'static str, String) {
    let text = CASES.first().expect("there are lessons").scenario;
    let design = Document::open(text).designs()[0].clone();
    (text, design)
}

#[wasm_bindgen_test]
fn how_a_run_is_sliced_changes_nothing() {
    let (text, design) = first_lesson();
    let whole = run(text, &design, 3, 1_000_000);
    let sliced = run(text, &design, 3, 37);
    assert_eq!(whole.outcome, sliced.outcome);
    let (end, other) = (whole.recording.reached_us(), sliced.recording.reached_us());
    assert_eq!(end, other);
    for at_us in [0, end / 3, end / 2, end] {
        assert_eq!(whole.recording.frame(at_us), sliced.recording.frame(at_us));
    }
}

#[wasm_bindgen_test]
fn tables_are_answered_for_any_event() {
    let (text, design) = first_lesson();
    let mut finished = run(text, &design, 1, 4096);
    let end = finished.recording.reached_us();
    let event = finished.recording.frame(end / 2).event;
    let question = ToRun::Inspect {
        generation: 1,
        ticket: 9,
        database: 0,
        event,
        read: ReadAs::Committed,
    };
    let said = finished.host.handle(crossed(&question));
    let [
        Outgoing {
            message: FromRun::Tables {
                ticket: 9, store, ..
            },
            ..
        },
    ] = &said[..]
    else {
        panic!("the question is answered: {said:?}");
    };
    assert!(!store.tables.is_empty(), "the store has tables");
}
