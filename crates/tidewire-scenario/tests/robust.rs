//! Laws over broken texts: nothing panics, every finding has its place, and its fix can be applied.

mod common;

use common::{SHOP, compiled};
use proptest::prelude::*;
use tidewire_syntax::apply;

const TEXTS: [&str; 3] = [
    SHOP,
    include_str!("../../../gallery/dual-write/scenario.tide"),
    include_str!("../../../gallery/shared-database/scenario.tide"),
];

/// Words of a text, with the white space behind them.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// A text in which some words are dropped, doubled or swapped with others.
fn damaged() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            0..3,
        ),
        1..6,
    );
    (0..TEXTS.len(), edits).prop_map(|(which, edits)| {
        let mut words = words(TEXTS[which]);
        for (at, other, kind) in edits {
            let (at, other) = (at.index(words.len()), other.index(words.len()));
            match kind {
                0 => drop(words.remove(at)),
                1 => words.insert(at, words[other]),
                _ => words.swap(at, other),
            }
        }
        words.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_texts_are_refused_in_words(text in damaged()) {
        let compiled = compiled(&text);
        let explains = compiled.diagnostics.iter().any(|finding| finding.severity == tidewire_syntax::Severity::Error);
        prop_assert!(compiled.program.is_some() || explains);
        for finding in &compiled.diagnostics {
            let (start, end) = (finding.span.start as usize, finding.span.end as usize);
            prop_assert!(text.get(start..end).is_some(), "{finding:?} stands outside the text");
            prop_assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{finding:?}");
            if let Some(fix) = &finding.fix {
                prop_assert_ne!(&apply(&text, &fix.edits), &text, "{:?} changes nothing", finding);
            }
        }
    }
}
