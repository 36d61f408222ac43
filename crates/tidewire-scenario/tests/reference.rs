//! The language reference keeps its word: every example of `docs/language.md` is read by the compiler.
//!
//! Blocks marked `tide` compile without a finding, blocks marked `tide part` parse, and blocks marked
//! `tide wrong` are refused with the message quoted behind them.

mod common;

use common::{compiled, render};
use tidewire_syntax::parse;

const REFERENCE: &str = include_str!("../../../docs/language.md");

/// An example of the reference.
struct Example {
    /// What stands behind the opening fence.
    mark: String,
    text: String,
    /// The quotation behind it, on one line.
    quoted: String,
}

fn examples() -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_inside = false;
    for line in REFERENCE.lines() {
        match line.strip_prefix("```") {
            Some(_) if is_inside => is_inside = false,
            Some(mark) => {
                is_inside = true;
                examples.push(Example {
                    mark: mark.trim().to_owned(),
                    text: String::new(),
                    quoted: String::new(),
                });
            }
            None => {
                let Some(example) = examples.last_mut() else {
                    continue;
                };
                if is_inside {
                    example.text += line;
                    example.text.push('\n');
                } else if let Some(words) = line.strip_prefix("> ") {
                    let gap = if example.quoted.is_empty() { "" } else { " " };
                    example.quoted += &format!("{gap}{}", words.trim());
                }
            }
        }
    }
    examples.retain(|example| example.mark.starts_with("tide"));
    examples
}

#[test]
fn every_example_does_what_the_reference_says() {
    let examples = examples();
    assert!(
        examples.len() >= 8,
        "only {} examples were found",
        examples.len()
    );
    for Example { mark, text, quoted } in examples {
        match mark.as_str() {
            "tide" => {
                let compiled = compiled(&text);
                assert_eq!(render(&text, &compiled.diagnostics), "", "{text}");
                assert!(compiled.program.is_some(), "{text}");
            }
            "tide part" => {
                let parse = parse(&text);
                assert_eq!(render(&text, parse.diagnostics()), "", "{text}");
            }
            "tide wrong" => {
                let compiled = compiled(&text);
                let found = render(&text, &compiled.diagnostics);
                assert!(!quoted.is_empty(), "no message is quoted behind\n{text}");
                assert!(
                    found.contains(&quoted),
                    "{text}\nquoted: {quoted}\nfound: {found}"
                );
                assert!(compiled.program.is_none(), "{text}");
            }
            other => panic!("what is a block marked `{other}`?"),
        }
    }
}
