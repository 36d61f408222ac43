//! Statements that are written anywhere in the repository: scenarios, documents, cases, string literals of tests.
//!
//! Nothing is marked for it. Whatever stretch of a file our parser takes as a statement counts as one, so a new
//! test or a new page is asked about from its first day.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tidewire_syntax::parse;

use crate::is_accepted;

/// The folders that are read, below the repository's root.
const FOLDERS: [&str; 5] = ["crates", "docs", "gallery", "tests", "web"];
const EXTENSIONS: [&str; 7] = ["rs", "md", "tide", "txt", "json", "toml", "spec"];
/// Folders with other people's files.
const SKIPPED: [&str; 3] = ["target", "node_modules", "corpus"];

/// Every statement of the repository, once, in order.
///
/// # Errors
/// When a file cannot be read.
pub fn statements() -> std::io::Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        from_text(&text, &mut found);
        for literal in literals(&text) {
            from_text(&literal, &mut found);
        }
    }
    Ok(found.into_iter().collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() {
            if !SKIPPED.contains(&name.unwrap_or_default()) {
                collect(&path, files)?;
            }
        } else if let Some(extension) = path.extension().and_then(|one| one.to_str())
            && EXTENSIONS.contains(&extension)
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Statements of a text: the whole, its lines, what stands behind `session: `, what `;` parts, and what a scenario
/// holds.
fn from_text(text: &str, found: &mut BTreeSet<String>) {
    let mut candidate = |text: &str| {
        let text = text.trim();
        if !text.is_empty() && is_accepted(text) {
            found.insert(text.to_string());
        }
    };
    text.split(';').for_each(&mut candidate);
    for line in text.lines() {
        candidate(line);
        if let Some((_, behind)) = line.split_once(": ") {
            behind.split(';').for_each(&mut candidate);
        }
    }
    let parsed = parse(text);
    for node in parsed.syntax().descendants() {
        candidate(&node.text().to_string());
    }
}

/// String literals as Rust and JSON write them.
fn literals(text: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        let raw = rest[..at].len() - rest[..at].trim_end_matches('#').len();
        let is_raw = rest[..at - raw].ends_with('r');
        rest = &rest[at + 1..];
        let end = match is_raw {
            true => rest.find(&format!("\"{}", "#".repeat(raw))),
            false => closing_quote(rest),
        };
        let Some(end) = end else { break };
        let inner = &rest[..end];
        literals.push(match is_raw {
            true => inner.to_string(),
            false => unescape(inner),
        });
        rest = &rest[end + 1..];
    }
    literals
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// Escapes undone: `\n`, `\"`, `\\`, and a line's end that a backslash hides together with the indentation behind.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\n') => while characters.next_if(|next| next.is_whitespace()).is_some() {},
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_and_undone() {
        let text = r##"a("select \"x\" \
                      from t", r#"select "y""#, "b")"##;
        assert_eq!(literals(text), ["select \"x\" from t", "select \"y\"", "b"]);
    }

    #[test]
    fn statements_are_found_wherever_they_stand() {
        let mut found = BTreeSet::new();
        from_text(
            "a: commit\nservice s { command c() { select 1; let x = 2; } }\nupdate t\n set a = 1; nonsense",
            &mut found,
        );
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert!(
            found.contains(&"commit") && found.contains(&"select 1"),
            "{found:?}"
        );
    }
}
