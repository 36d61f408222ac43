//! The reference of the language and the README keep their word: what they show as a scenario runs, what they show
//! as a part parses, and what they call wrong is refused with the message that stands behind it.

use tidewire_engine::Choices;
use tidewire_session::protocol::Outcome;
use tidewire_session::simulation::Simulation;
use tidewire_session::source::load;

const REFERENCE: &str = include_str!("../../../docs/language.md");
const README: &str = include_str!("../../../README.md");

/// A fenced block of a page.
struct Block<'a> {
    /// Behind the opening fence: `tide`, `tide part`, `tide wrong`.
    mark: &'a str,
    /// Of its first line, counted from 1.
    line: usize,
    text: String,
    /// The quotation behind it, if there is one.
    quotation: Option<&'a str>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(mark) => {
                open = true;
                blocks.push(Block {
                    mark,
                    line: index + 2,
                    text: String::new(),
                    quotation: None,
                });
            }
            None => {
                let Some(block) = blocks.last_mut() else {
                    continue;
                };
                if open {
                    block.text += line;
                    block.text.push('\n');
                } else if let Some(quotation) = line.strip_prefix("> ") {
                    block.quotation.get_or_insert(quotation);
                }
            }
        }
    }
    blocks
}

fn marked<'a>(page: &'a str, mark: &str) -> Vec<Block<'a>> {
    let mut found = blocks(page);
    found.retain(|block| block.mark == mark);
    assert!(!found.is_empty(), "the page has no block marked `{mark}`");
    found
}

/// What is wrong and what one does about it, as the reference quotes them.
fn messages(diagnostics: &[tidewire_syntax::Diagnostic]) -> Vec<String> {
    let words = |found: &tidewire_syntax::Diagnostic| {
        let hint = found.hint.as_deref().unwrap_or_default();
        format!("{}: {} / {hint}", found.code, found.message)
    };
    diagnostics.iter().map(words).collect()
}

/// Runs a text to its end with every choice 0.
fn run(text: &str, line: usize, seed: u64) -> Outcome {
    let loaded = load(text, None);
    let loaded = loaded.unwrap_or_else(|wrong| {
        panic!(
            "the scenario in line {line} has errors: {:?}",
            messages(&wrong)
        )
    });
    let mut simulation = Simulation::new(loaded.program, seed, Choices::Canonical);
    while simulation.advance(1_000) {}
    simulation.outcome()
}

#[test]
fn scenarios_of_the_reference_run_to_their_end() {
    for block in marked(REFERENCE, "tide") {
        let outcome = run(&block.text, block.line, 1);
        assert_eq!(
            outcome.verdict, "quiet",
            "the scenario in line {}",
            block.line
        );
        assert!(
            outcome.metrics.requests.succeeded > 0,
            "the scenario in line {} does nothing",
            block.line
        );
    }
}

#[test]
fn parts_of_the_reference_parse() {
    for block in marked(REFERENCE, "tide part") {
        let parse = tidewire_syntax::parse(&block.text);
        let found = messages(parse.diagnostics());
        assert!(
            found.is_empty(),
            "the part in line {}: {found:?}",
            block.line
        );
    }
}

#[test]
fn what_the_reference_calls_wrong_is_refused_with_its_message() {
    for block in marked(REFERENCE, "tide wrong") {
        let line = block.line;
        let message = block.quotation;
        let message = message.unwrap_or_else(|| panic!("no message behind line {line}"));
        match load(&block.text, None) {
            Ok(_) => panic!("line {line} is accepted"),
            Err(wrong) => {
                let found = messages(&wrong);
                let said = found.iter().any(|one| one.contains(message));
                assert!(said, "line {line} says {found:?} instead of {message:?}");
            }
        }
    }
}

#[test]
fn the_scenario_of_the_readme_shows_a_broken_rule() {
    for block in marked(README, "tide") {
        for seed in 1..=20 {
            let outcome = run(&block.text, block.line, seed);
            assert_eq!(outcome.verdict, "quiet");
            let broken = outcome
                .invariants
                .iter()
                .any(|rule| rule.held == Some(false));
            assert!(broken, "seed {seed} breaks no rule");
        }
    }
}
