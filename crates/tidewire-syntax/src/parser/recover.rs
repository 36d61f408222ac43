//! What the parser says when something is missing, and where it goes on afterwards.

use super::{Failed, MAX_DIAGNOSTICS, Parsed, Parser};
use crate::words::suggest;
use crate::{Diagnostic, Span, SyntaxKind, TextEdit};

/// Words that begin a block. Where a member or a step should stand, they tell of a missing `}`.
pub(super) const BLOCK_WORDS: &[&str] = &[
    "scenario",
    "about",
    "event",
    "database",
    "broker",
    "service",
    "projection",
    "gateway",
    "external",
    "relay",
    "client",
    "invariant",
    "fault",
    "explore",
    "design",
    "lesson",
    "layout",
];

/// Words that, first on a line, almost surely begin a new step or member. Words that also begin a line in the
/// middle of a statement (`select`, `on`, `for`) are left out.
const FRESH_STARTS: &[&str] = &[
    "insert", "update", "delete", "create", "alter", "begin", "commit", "call", "publish",
    "append", "load", "let", "if", "require", "reply", "wait", "command", "query", "topic",
    "think",
];

impl Parser<'_> {
    /// Keeps a diagnostic; of several at one place the first is kept.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let known = |one: &Diagnostic| one.span.start == diagnostic.span.start;
        if self.diagnostics.len() < MAX_DIAGNOSTICS && !self.diagnostics.iter().any(known) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The next token as messages name it.
    pub(super) fn found(&self) -> String {
        match self.kind() {
            SyntaxKind::End => "the end of the text".to_string(),
            _ => {
                // A text of several lines is named by its first.
                let text = self.nth_text(0);
                let line = text.split(['\n', '\r']).next().unwrap_or(text);
                let end = line.char_indices().nth(24).map_or(line.len(), |(at, _)| at);
                let more = if end < text.len() { "…" } else { "" };
                format!("`{}{more}`", &line[..end])
            }
        }
    }

    /// The place of the next token; at the end of the text, behind the last one.
    pub(super) fn found_span(&self) -> Span {
        match self.kind() {
            SyntaxKind::End => Span::new(self.last_end(), self.last_end()),
            _ => self.span(),
        }
    }

    /// Reports that something else was expected.
    pub(super) fn fail<T>(&mut self, expected: &str) -> Parsed<T> {
        Err(self.say_expected(expected))
    }

    // What returns `Failed` is kept apart from what is generic, so that there is one copy of it.

    fn say_expected(&mut self, expected: &str) -> Failed {
        let message = format!("expected {expected}, found {}", self.found());
        self.report(Diagnostic::error("syntax", self.found_span(), message));
        Failed
    }

    /// Reports something with a hint at the next token.
    pub(super) fn fail_hint<T>(&mut self, message: String, hint: impl Into<String>) -> Parsed<T> {
        Err(self.say_hint(message, hint.into()))
    }

    fn say_hint(&mut self, message: String, hint: String) -> Failed {
        self.report(Diagnostic::error("syntax", self.found_span(), message).hint(hint));
        Failed
    }

    /// Reports what PostgreSQL says in these words, at the next token.
    pub(super) fn fail_rule<T>(&mut self, message: &str, hint: &str) -> Parsed<T> {
        let mut diagnostic = Diagnostic::error("sql-42601", self.found_span(), message);
        if !hint.is_empty() {
            diagnostic = diagnostic.hint(hint);
        }
        self.report(diagnostic);
        Err(Failed)
    }

    /// Reports that one of some words was expected, with the nearest one as a fix.
    pub(super) fn unknown_word<T>(&mut self, expected: &str, words: &[&str]) -> Parsed<T> {
        Err(self.say_words(expected, words))
    }

    fn say_words(&mut self, expected: &str, words: &[&str]) -> Failed {
        let message = format!("expected {expected}, found {}", self.found());
        let mut diagnostic = Diagnostic::error("syntax", self.found_span(), message);
        let near = match self.kind() {
            SyntaxKind::Word => suggest(self.nth_text(0), words.iter().copied()),
            _ => None,
        };
        // The right word in the wrong company: what stands behind it is the matter.
        let near = near.filter(|word| !self.at_word(word));
        if let Some(word) = near {
            let edit = TextEdit {
                span: self.span(),
                text: word.to_string(),
            };
            diagnostic = diagnostic
                .hint(format!("did you mean `{word}`?"))
                .fix(format!("Change to `{word}`"), vec![edit]);
        } else if words.len() > 1 {
            diagnostic = diagnostic.hint(format!("one of: {}", words.join(", ")));
        }
        self.report(diagnostic);
        Failed
    }

    /// Refuses what PostgreSQL has and the language does not, at the next token.
    pub(super) fn unsupported<T>(&mut self, what: &str, hint: &str) -> Parsed<T> {
        self.report_unsupported(self.found_span(), what, hint);
        Err(Failed)
    }

    pub(super) fn report_unsupported(&mut self, span: Span, what: &str, hint: &str) {
        let message = format!("PostgreSQL has {what}, Tidewire does not");
        let mut diagnostic = Diagnostic::error("not-supported", span, message);
        if !hint.is_empty() {
            diagnostic = diagnostic.hint(hint);
        }
        self.report(diagnostic);
    }

    /// Refuses a part of the language that is reserved for later.
    pub(super) fn not_yet<T>(&mut self, what: &str) -> Parsed<T> {
        Err(self.say_not_yet(what))
    }

    fn say_not_yet(&mut self, what: &str) -> Failed {
        let message = format!("{what} is not part of the language yet");
        self.report(Diagnostic::error(
            "not-supported",
            self.found_span(),
            message,
        ));
        Failed
    }

    /// Takes the `;` behind a step or member. One that is missing at the end of a line is reported and
    /// taken as written.
    pub(super) fn semicolon(&mut self) -> Parsed<()> {
        if self.eat(SyntaxKind::Semicolon) {
            return Ok(());
        }
        let ends = matches!(self.kind(), SyntaxKind::CloseBrace | SyntaxKind::End);
        if !ends && !self.first_on_line() {
            return self.fail("`;`");
        }
        let end = Span::new(self.last_end(), self.last_end());
        let edit = TextEdit {
            span: end,
            text: ";".to_string(),
        };
        self.report(
            Diagnostic::error(
                "syntax",
                end,
                format!("expected `;`, found {}", self.found()),
            )
            .hint("every step and every line of a block ends in `;`")
            .fix("Insert `;`", vec![edit]),
        );
        Ok(())
    }

    /// Skips to where the next member can begin, in an `Error` node: behind a `;` or a whole `{ … }`, before
    /// the `}` of the list, before a line that begins a block.
    /// `before` is where the broken member began: its first token never counts as the next beginning.
    pub(super) fn recover(&mut self, before: usize) {
        let mut first = self.at == before;
        let over = matches!(self.kind(), SyntaxKind::CloseBrace | SyntaxKind::End);
        if over || (!first && self.starts_afresh(0)) {
            return;
        }
        self.start_node(SyntaxKind::Error);
        let mut open = 0_u32;
        loop {
            match self.kind() {
                SyntaxKind::End => break,
                SyntaxKind::CloseBrace if open == 0 => break,
                SyntaxKind::CloseBrace => {
                    open -= 1;
                    self.bump();
                    if open == 0 {
                        self.eat(SyntaxKind::Semicolon);
                        break;
                    }
                }
                SyntaxKind::OpenBrace => {
                    open += 1;
                    self.bump();
                }
                SyntaxKind::Semicolon if open == 0 => {
                    self.bump();
                    break;
                }
                SyntaxKind::Word if !first && self.starts_afresh(open) => break,
                _ => self.bump(),
            }
            first = false;
        }
        self.finish_node();
    }

    /// Whether the next word begins a new member, seen from the middle of one that is broken.
    fn starts_afresh(&self, open: u32) -> bool {
        let column_zero = self.text[..self.start() as usize].ends_with('\n');
        let block = self.one_of(BLOCK_WORDS).is_some();
        match open {
            0 => self.first_on_line() && (block || self.one_of(FRESH_STARTS).is_some()),
            _ => column_zero && block,
        }
    }

    /// `{ member member … }`. Each member that fails is skipped; a block word in the place of a member means
    /// that the `}` is missing, unless the members are `blocks`.
    pub(super) fn braced(
        &mut self,
        blocks: bool,
        member: &mut dyn FnMut(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        if !self.at(SyntaxKind::OpenBrace) {
            return self.fail("`{`");
        }
        let (opening, before) = (self.span(), self.at);
        self.start_node(SyntaxKind::Body);
        let result = self.nested(|parser| {
            parser.bump();
            parser.members(opening, blocks, member);
            Ok(())
        });
        if result.is_err() {
            self.recover(before);
        }
        self.finish_node();
        result
    }

    fn members(
        &mut self,
        opening: Span,
        blocks: bool,
        member: &mut dyn FnMut(&mut Self) -> Parsed<()>,
    ) {
        loop {
            match self.kind() {
                SyntaxKind::CloseBrace => return self.bump(),
                SyntaxKind::End => return self.missing_brace(opening),
                SyntaxKind::Semicolon => {
                    self.bump();
                    continue;
                }
                _ => {}
            }
            let before = self.at;
            if self.at_foreign_block(blocks) {
                return self.missing_brace(opening);
            }
            if member(self).is_err() {
                self.recover(before);
            }
            if self.at == before {
                self.node(SyntaxKind::Error, |parser| parser.bump());
            }
        }
    }

    /// A block word, first on its line, that is followed by something that a block begins with. In a design
    /// only another design is foreign.
    fn at_foreign_block(&self, blocks: bool) -> bool {
        let foreign = match blocks {
            true => self.at_word("design") || self.at_word("scenario"),
            false => self.one_of(BLOCK_WORDS).is_some(),
        };
        let name = [SyntaxKind::Word, SyntaxKind::String, SyntaxKind::QuotedWord];
        foreign && self.first_on_line() && name.contains(&self.nth(1))
    }

    fn missing_brace(&mut self, opening: Span) {
        let end = Span::new(self.last_end(), self.last_end());
        let edit = TextEdit {
            span: end,
            text: "\n}".to_string(),
        };
        self.report(
            Diagnostic::error("syntax", opening, "this `{` has no closing `}`")
                .fix("Insert `}`", vec![edit]),
        );
    }
}
