//! Nothing of the language is missing from the page: each form of the syntax tree, each type, each function.
//!
//! What there is, is read from the definitions themselves, so that whoever adds a form is told to show it.

use std::collections::BTreeSet;

use tidewire_syntax::ast::sql::Statement;

use crate::{PAGE, examples};

/// The definitions of the tree of SQL.
const TREE: [(&str, &str); 4] = [
    (
        "sql",
        include_str!("../../../tidewire-syntax/src/ast/sql.rs"),
    ),
    (
        "query",
        include_str!("../../../tidewire-syntax/src/ast/query.rs"),
    ),
    (
        "session",
        include_str!("../../../tidewire-syntax/src/ast/session.rs"),
    ),
    (
        "expression",
        include_str!("../../../tidewire-syntax/src/ast/expression.rs"),
    ),
];

/// Forms that no single statement of an example shows, with the reason.
const ELSEWHERE: [(&str, &str); 1] = [(
    "ExpressionKind::Parameter",
    "`:name` has a value in a scenario only; docs/language.md shows it",
)];

/// Each enum of a file with its variants.
fn variants(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut within: Option<String> = None;
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("pub enum ") {
            within = rest.split([' ', '<']).next().map(str::to_string);
        } else if line == "}" {
            within = None;
        } else if let (Some(name), Some(variant)) = (&within, line.strip_prefix("    "))
            && variant.starts_with(|first: char| first.is_ascii_uppercase())
        {
            let end = variant.find(|c: char| !c.is_alphanumeric());
            let variant = &variant[..end.unwrap_or(variant.len())];
            found.push((name.clone(), variant.to_string()));
        }
    }
    found
}

/// What the statements of the page become, printed, and split into words.
fn shown() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for statement in page_statements() {
        let printed = format!("{statement:?}");
        let parts = printed.split(|c: char| !c.is_alphanumeric());
        words.extend(parts.filter(|word| !word.is_empty()).map(str::to_string));
    }
    words
}

/// Every statement of the page that our parser takes.
fn page_statements() -> Vec<Statement> {
    let mut texts: Vec<String> = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in PAGE.lines() {
        match (&mut block, line) {
            (Some(lines), "```") => {
                texts.extend(examples::statements(lines));
                block = None;
            }
            (Some(lines), line) => lines.push(line),
            (None, line) if line.starts_with("```sql") => block = Some(Vec::new()),
            (None, line) if line.starts_with("| `") => {
                let hidden = line.replace("\\|", "\u{1}");
                let cell = hidden.split('|').nth(1).unwrap_or_default();
                let cell = cell.trim().trim_matches('`').replace('\u{1}', "|");
                texts.push(format!("select {cell}"));
                texts.push(cell);
            }
            (None, _) => {}
        }
    }
    let without_name = |text: &String| match text.split_once(": ") {
        Some((name, sql)) if name.len() == 1 => sql.to_string(),
        _ => text.clone(),
    };
    let parsed = texts.iter().map(without_name);
    parsed
        .filter_map(|sql| tidewire_syntax::parse_statement(&sql).0)
        .collect()
}

#[test]
fn every_form_of_the_tree_has_an_example() {
    let shown = shown();
    let mut missing = Vec::new();
    let mut count = 0;
    for (_, source) in TREE {
        for (name, variant) in variants(source) {
            count += 1;
            let form = format!("{name}::{variant}");
            let elsewhere = ELSEWHERE.iter().any(|(other, _)| *other == form);
            if !elsewhere && !shown.contains(&variant) {
                missing.push(form);
            }
        }
    }
    assert!(
        count > 60,
        "only {count} forms were found in the definitions"
    );
    assert!(
        missing.is_empty(),
        "docs/sql.md has no example of: {}",
        missing.join(", ")
    );
}

#[test]
fn every_function_is_named() {
    let missing: Vec<&str> = tidewire_store::FUNCTIONS
        .iter()
        .copied()
        .filter(|name| !PAGE.contains(&format!("{name}(")) && !PAGE.contains(&format!("`{name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/sql.md does not name: {}",
        missing.join(", ")
    );
}

#[test]
fn every_written_type_is_named() {
    let missing: Vec<&str> = tidewire_syntax::type_names()
        .filter(|name| !PAGE.contains(&format!("`{name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/sql.md does not name: {}",
        missing.join(", ")
    );
}
