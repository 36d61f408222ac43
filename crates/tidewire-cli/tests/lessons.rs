//! The question of every lesson has one right answer in each design, under the seed that the page begins with, and what
//! it points at is there.

use std::path::{Path, PathBuf};

use tidewire_engine::Choices;
use tidewire_session::protocol::Outcome;
use tidewire_session::simulation::Simulation;
use tidewire_session::source;

fn scenarios() -> Vec<PathBuf> {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gallery");
    let entries = std::fs::read_dir(&gallery).expect("there is a gallery");
    let folders = entries.map(|entry| entry.expect("it can be read").path());
    let mut scenarios: Vec<PathBuf> = folders
        .map(|folder| folder.join("scenario.tide"))
        .filter(|path| path.is_file())
        .collect();
    scenarios.sort();
    scenarios
}

/// What is not in order with the lesson of one design.
fn complaints(text: &str, design: &str) -> Vec<String> {
    let loaded = match source::load(text, Some(design)) {
        Ok(loaded) => loaded,
        Err(findings) => return vec![format!("{findings:?}")],
    };
    let Some(lesson) = &loaded.program.lesson else {
        return Vec::new();
    };
    let seed = u64::from(lesson.seed.unwrap_or(1));
    let mut simulation = Simulation::new(loaded.program.clone(), seed, Choices::Canonical);
    while simulation.advance(u32::MAX) {}
    let outcome: Outcome = simulation.outcome();
    let answers = outcome.answers.unwrap_or_default();
    let right = answers.iter().filter(|answer| answer.right == Some(true));
    let right: Vec<&str> = right.map(|answer| answer.text.as_str()).collect();
    let mut complaints = Vec::new();
    if right.len() != 1 {
        complaints.push(format!("right answers: {right:?}"));
    }
    let end = outcome.virtual_time_us;
    let highlights = lesson.highlights.iter().map(|highlight| highlight.at_us);
    let instants = highlights.chain([lesson.at_us]).chain(lesson.until_us);
    let late: Vec<u64> = instants.filter(|at_us| *at_us > end).collect();
    if !late.is_empty() {
        complaints.push(format!("{late:?} µs are behind the end at {end}"));
    }
    let nowhere = |highlight: &&tidewire_scenario::Highlight| highlight.nodes.is_empty();
    if let Some(highlight) = lesson.highlights.iter().find(nowhere) {
        complaints.push(format!("'{}' is nowhere", highlight.note));
    }
    complaints
}

#[test]
fn every_question_has_one_right_answer_in_each_design() {
    let (mut complained, mut asked) = (Vec::new(), 0);
    for path in scenarios() {
        let text = std::fs::read_to_string(&path).expect("the scenario can be read");
        let parse = tidewire_syntax::parse(&text);
        asked += usize::from(text.contains("\nlesson {"));
        for design in tidewire_scenario::design_names(parse.file()) {
            let found = complaints(&text, &design);
            let place = path.display();
            complained.extend(
                found
                    .iter()
                    .map(|words| format!("{place}, {design}: {words}")),
            );
        }
    }
    assert!(asked > 0, "no scenario asks a question");
    assert!(complained.is_empty(), "{}", complained.join("\n"));
}
