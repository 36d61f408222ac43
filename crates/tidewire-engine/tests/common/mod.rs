//! What the tests share: compiling a text, running it, asking its trace.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::panic,
    reason = "a text that does not compile is a mistake in the test"
)]

use std::sync::Arc;

use tidewire_engine::{Choices, Fact, Observation, Outcome, Run, Trace, run};
use tidewire_scenario::{DatabaseId, Program, compile};
use tidewire_store::ReadAs;

/// Compiles a scenario that must be right.
pub(crate) fn program(text: &str) -> Arc<Program> {
    let compiled = compile(&tidewire_syntax::parse(text), None);
    match compiled.program {
        Some(program) => Arc::new(program),
        None => panic!("{:#?}", compiled.diagnostics),
    }
}

/// A canonical run with seed 1.
pub(crate) fn canonical(text: &str) -> (Outcome, Trace) {
    run(program(text), 1, Choices::Canonical)
}

/// Runs to the end and keeps the run for questions about its state.
pub(crate) fn finished(text: &str, seed: u64, choices: Choices) -> (Run, Trace) {
    let mut run = Run::new(program(text), seed, choices);
    let mut trace = Trace::default();
    run.finish(&mut trace);
    (run, trace)
}

/// Names of the failures of all requests, in order of their ends; `ok` for those that went well.
pub(crate) fn ends(trace: &Trace) -> Vec<String> {
    facts(trace, |fact| match fact {
        Fact::RequestEnded { failure: None } => Some("ok".to_string()),
        Fact::RequestEnded {
            failure: Some(name),
        } => Some(name.to_string()),
        _ => None,
    })
}

/// What a question answers for each fact, where it answers.
pub(crate) fn facts<T>(trace: &Trace, question: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
    let observations = trace.observations().iter();
    observations
        .filter_map(|observation| question(&observation.fact))
        .collect()
}

/// The observations that a question picks.
pub(crate) fn observed(trace: &Trace, question: impl Fn(&Fact) -> bool) -> Vec<&Observation> {
    let observations = trace.observations().iter();
    observations
        .filter(|observation| question(&observation.fact))
        .collect()
}

/// Committed rows of a table as text, one line each, sorted.
pub(crate) fn rows(run: &Run, database: u32, table: &str) -> Vec<String> {
    let store = run.state().store(DatabaseId(database));
    let Some(table) = store.catalog().table(table) else {
        panic!("no table {table}");
    };
    let mut rows: Vec<String> = store
        .rows(table.id, ReadAs::Committed)
        .iter()
        .map(|row| {
            let values: Vec<String> = row.values.iter().map(ToString::to_string).collect();
            values.join(" ")
        })
        .collect();
    rows.sort();
    rows
}
