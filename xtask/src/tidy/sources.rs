//! Rules about the text of one file.

use super::Problem;

/// A Rust file that is longer holds more than one thing.
const MOST_LINES: usize = 600;

/// Words that belong to one machine or to no reader, in two halves so that this file may name them.
const FOREIGN: [(&str, &str); 7] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("shared/", "design"),
    ("registry.", "npmjs.org"),
    ("index.", "crates.io"),
    ("crates.io", "-index"),
];

/// Cargo writes where each package comes from; this is the line it writes everywhere.
const LOCK_FILE: &str = "Cargo.lock";
const LOCK_SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io";

const CHECKED_FOR_SPACE: [&str; 12] = [
    "rs", "toml", "md", "js", "mjs", "css", "html", "json", "tide", "yml", "txt", "sql",
];

pub(super) fn problems(file: &str, text: &str) -> Vec<Problem> {
    let mut problems = foreign_words(file, text);
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    if CHECKED_FOR_SPACE.contains(&extension) {
        problems.extend(trailing_space(file, text));
    }
    if extension == "rs" {
        problems.extend(rust_shape(file, text));
        if file.starts_with("web/") {
            problems.extend(style_attributes(file, text));
        }
    }
    problems
}

fn foreign_words(file: &str, text: &str) -> Vec<Problem> {
    let words: Vec<String> = FOREIGN
        .iter()
        .map(|(one, two)| format!("{one}{two}"))
        .collect();
    let mut problems = Vec::new();
    for (line, content) in numbered(text) {
        if file.ends_with(LOCK_FILE) && content.starts_with(LOCK_SOURCE) {
            continue;
        }
        for word in words.iter().filter(|word| content.contains(word.as_str())) {
            let message = format!("`{word}` has no meaning on another machine, or to a reader");
            problems.push(Problem::new(file, line, message));
        }
    }
    problems
}

fn trailing_space(file: &str, text: &str) -> Vec<Problem> {
    let with_space = numbered(text).filter(|(_, content)| content.ends_with([' ', '\t']));
    with_space
        .map(|(line, _)| Problem::new(file, line, "space at the end of the line"))
        .collect()
}

fn rust_shape(file: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        let message = "must begin with `//!`: what belongs here, and where its opposite belongs";
        problems.push(Problem::new(file, 1, message));
    }
    let count = text.lines().count();
    if count > MOST_LINES {
        let message =
            format!("{count} lines; a Rust file has at most {MOST_LINES}: divide it by subject");
        problems.push(Problem::new(file, 0, message));
    }
    problems
}

/// The policy drops the attribute without a word, so nobody would notice on the page.
fn style_attributes(file: &str, text: &str) -> Vec<Problem> {
    let code = numbered(text).filter(|(_, content)| !content.trim_start().starts_with("//"));
    let styled = code.filter(|(_, content)| {
        content.contains(" style=") || content.trim_start().starts_with("style=")
    });
    styled
        .map(|(line, _)| {
            let message =
                "the policy drops `style=`: use a class, an SVG attribute or `set_property`";
            Problem::new(file, line, message)
        })
        .collect()
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(file: &str, text: &str) -> Vec<String> {
        problems(file, text)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_file_that_keeps_the_rules_has_no_problem() {
        assert_eq!(
            messages("crates/a/src/lib.rs", "//! Fine.\nfn one() {}\n"),
            [""; 0]
        );
    }

    #[test]
    fn foreign_words_are_found_except_where_cargo_writes_them() {
        let index = format!("{}{}", FOREIGN[6].0, FOREIGN[6].1);
        let line = format!("source = \"registry+https://github.com/rust-lang/{index}\"\n");
        assert!(messages("Cargo.lock", &line).is_empty());
        assert_eq!(messages("README.md", &line).len(), 1);
        let path = format!("see {}{}notes", FOREIGN[0].0, FOREIGN[0].1);
        assert_eq!(messages("docs/a.md", &path).len(), 1);
    }

    #[test]
    fn shape_and_space_are_checked() {
        assert!(messages("a.rs", "fn one() {}\n")[0].starts_with("a.rs:1: must begin with"));
        assert_eq!(
            messages("a.md", "one \ntwo\n"),
            ["a.md:1: space at the end of the line"]
        );
        let long = format!("//! Long.\n{}", "fn f() {}\n".repeat(MOST_LINES));
        assert!(messages("a.rs", &long)[0].starts_with("a.rs: 601 lines"));
    }

    #[test]
    fn inline_styles_are_refused_in_the_page_only() {
        let text = "//! Style.\n// style=\"x\" in a comment\nhtml! { <p style=\"x\" /> }\n";
        assert_eq!(messages("web/src/a.rs", text).len(), 1);
        assert!(messages("crates/a/src/a.rs", text).is_empty());
    }
}
