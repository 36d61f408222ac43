//! Random edits of statements: what they become is mostly nonsense, and where our parser takes it, PostgreSQL's must.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tidewire_syntax::{SyntaxKind, SyntaxNode, parse};

use crate::rewrite::tokens;

/// A statement after one to three edits.
pub fn edited(statements: Vec<String>) -> impl Strategy<Value = String> {
    let edits = vec(edit(&statements), 1..4);
    (select(statements), edits, any::<bool>())
        .prop_map(|(statement, edits, tight)| apply(&statement, &edits, tight))
}

/// A change of a statement; places are taken modulo the length.
#[derive(Clone, Debug)]
enum Edit {
    Remove(usize),
    Insert(usize, String),
    Replace(usize, String),
    Repeat(usize, usize, usize),
    Splice(usize, usize, Vec<String>),
    /// Puts a part of another statement in the place of a part of the same kind.
    Graft(usize, SyntaxKind, String),
}

/// The edited statement; `tight` leaves out every blank that does not part two words.
fn apply(statement: &str, edits: &[Edit], tight: bool) -> String {
    let mut statement = statement.to_string();
    for edit in edits {
        if let Edit::Graft(at, kind, new) = edit {
            let places: Vec<_> = parts(&statement)
                .into_iter()
                .filter(|(other, _)| other == kind)
                .collect();
            if !places.is_empty() {
                let (_, range) = places[at % places.len()].clone();
                statement.replace_range(range, new);
            }
        }
    }
    joined(&reworded(&statement, edits), tight)
}

fn joined(words: &[String], tight: bool) -> String {
    let mut text = String::new();
    for word in words {
        let parts_words = |end: Option<char>| {
            end.is_some_and(|end| end.is_alphanumeric() || "_'\":.$".contains(end))
        };
        if !tight || (parts_words(text.chars().last()) && parts_words(word.chars().next())) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

fn reworded(statement: &str, edits: &[Edit]) -> Vec<String> {
    let mut words: Vec<String> = words(statement);
    for edit in edits {
        let place = |at: &usize| at % words.len().max(1);
        match edit {
            Edit::Remove(at) if !words.is_empty() => {
                words.remove(place(at));
            }
            Edit::Insert(at, word) => words.insert(place(at), word.clone()),
            Edit::Replace(at, word) if !words.is_empty() => {
                let at = place(at);
                words[at] = word.clone();
            }
            Edit::Repeat(from, to, at) => {
                let (from, to) = (place(from).min(place(to)), place(from).max(place(to)));
                let piece = words[from..to].to_vec();
                let at = place(at);
                words.splice(at..at, piece);
            }
            Edit::Splice(from, length, piece) => {
                let from = place(from);
                let to = (from + length).min(words.len());
                words.splice(from..to, piece.iter().cloned());
            }
            _ => {}
        }
    }
    words
}

/// The parts of a statement that the tree knows, with their places.
fn parts(statement: &str) -> Vec<(SyntaxKind, Range<usize>)> {
    const BEFORE: &str = "service s { command c() { ";
    let parsed = parse(&format!("{BEFORE}{statement}; }} }}"));
    let within = |node: &SyntaxNode| {
        let range = node.text_range();
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        (start >= BEFORE.len() && end <= BEFORE.len() + statement.len())
            .then(|| (node.kind(), start - BEFORE.len()..end - BEFORE.len()))
    };
    parsed
        .syntax()
        .descendants()
        .filter_map(|node| within(&node))
        .collect()
}

/// The tokens that are neither blank nor comment.
fn words(statement: &str) -> Vec<String> {
    let all = tokens(statement).into_iter();
    all.filter(|(kind, _)| !kind.is_trivia())
        .map(|(_, text)| text)
        .collect()
}

/// Words and signs that may turn up anywhere, beside those of the repository's statements.
fn vocabulary(statements: &[String]) -> Vec<String> {
    let mut all: Vec<String> = statements
        .iter()
        .flat_map(|one| tokens(one))
        .filter(|(kind, _)| {
            !kind.is_trivia() && !matches!(kind, SyntaxKind::String | SyntaxKind::Unknown)
        })
        .map(|(_, text)| text.to_ascii_lowercase())
        .collect();
    all.sort();
    all.dedup();
    all
}

fn edit(statements: &[String]) -> impl Strategy<Value = Edit> + use<> {
    let (words, pieces) = (vocabulary(statements), pieces(statements));
    let mut grafts: Vec<(SyntaxKind, String)> = Vec::new();
    for statement in statements {
        let parts = parts(statement).into_iter();
        grafts.extend(parts.map(|(kind, range)| (kind, statement[range].to_string())));
    }
    grafts.sort();
    grafts.dedup();
    let place = 0..1_000_usize;
    let word = select(words);
    prop_oneof![
        3 => (place.clone(), select(grafts))
            .prop_map(|(at, (kind, new))| Edit::Graft(at, kind, new)),
        1 => place.clone().prop_map(Edit::Remove),
        1 => (place.clone(), word.clone()).prop_map(|(at, word)| Edit::Insert(at, word)),
        1 => (place.clone(), word).prop_map(|(at, word)| Edit::Replace(at, word)),
        1 => (place.clone(), place.clone(), place.clone()).prop_map(|(a, b, c)| Edit::Repeat(a, b, c)),
        1 => (place, 0..6_usize, select(pieces)).prop_map(|(at, length, piece)| Edit::Splice(at, length, piece)),
    ]
}

/// Stretches of statements, to be put into others.
fn pieces(statements: &[String]) -> Vec<Vec<String>> {
    let mut pieces = Vec::new();
    for statement in statements {
        let words = words(statement);
        for length in [2, 3, 5] {
            pieces.extend(words.chunks(length).map(<[String]>::to_vec));
        }
    }
    pieces.sort();
    pieces.dedup();
    pieces
}
