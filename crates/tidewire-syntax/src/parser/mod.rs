//! Recursive descent: one pass makes the lossless tree and the typed tree together, so that they cannot
//! disagree. A function that cannot go on reports a diagnostic and returns [`Failed`]; the list that it
//! stands in recovers (see `recover`) and goes on with its next member.
//!
//! What a name means is none of the parser's business.

mod alter;
mod atom;
mod block;
mod cache;
mod client;
mod definition;
mod expression;
mod failing;
mod fault;
mod from;
mod index;
mod left_out;
mod lesson;
mod name;
mod prepare;
mod projection;
mod query;
mod recover;
mod saga;
mod select;
mod sequence;
mod service;
mod statement;
mod step;
mod store;
mod stream;
mod transaction;
mod type_name;
mod window;
mod write;

pub use type_name::type_names;

use logos::Logos;
use rowan::{GreenNode, GreenNodeBuilder, Language};

use crate::kind::{Tide, block_comment_end};
use crate::sort;
use crate::{Diagnostic, Span, SyntaxKind, ast};

/// A diagnostic was reported; the caller recovers.
pub(crate) struct Failed;

/// What a parsing function returns.
pub(crate) type Parsed<T> = Result<T, Failed>;

/// How deep blocks and expressions may nest. It bounds the parser's stack and that of everybody behind it.
pub const MAX_NESTING: u32 = 64;

/// Errors after which no more are collected.
const MAX_DIAGNOSTICS: usize = 100;

#[derive(Clone, Copy)]
struct Token {
    kind: SyntaxKind,
    span: Span,
}

/// The parser's place in the text and what it has made so far.
pub(crate) struct Parser<'t> {
    text: &'t str,
    /// Every token, blanks and comments included.
    tokens: Vec<Token>,
    /// Indices into `tokens` of those that are neither blank nor comment.
    significant: Vec<u32>,
    /// Next entry of `significant`.
    at: usize,
    /// Tokens that are in the tree already.
    emitted: usize,
    builder: GreenNodeBuilder<'static>,
    diagnostics: Vec<Diagnostic>,
    /// Open blocks, parentheses and operands.
    depth: u32,
    /// Height of the highest expression since it was last set to 0.
    height: u32,
}

/// What parsing gives.
pub(crate) struct Output<T> {
    pub(crate) green: GreenNode,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) value: T,
}

impl<'t> Parser<'t> {
    /// Parses a text with one of the entry functions; what it leaves over is an error.
    pub(crate) fn run<T>(text: &'t str, entry: impl FnOnce(&mut Self) -> T) -> Output<T> {
        let mut parser = Self::new(text);
        parser
            .builder
            .start_node(Tide::kind_to_raw(SyntaxKind::File));
        let value = entry(&mut parser);
        if parser.kind() != SyntaxKind::End {
            let _ = parser.fail::<()>("the end of the text");
            while parser.kind() != SyntaxKind::End {
                parser.bump();
            }
        }
        parser.flush_trivia();
        parser.builder.finish_node();
        sort::sort_by_key(&mut parser.diagnostics, |one| {
            (one.span.start, one.span.end)
        });
        Output {
            green: parser.builder.finish(),
            diagnostics: parser.diagnostics,
            value,
        }
    }

    fn new(text: &'t str) -> Self {
        let mut parser = Self {
            text,
            tokens: Vec::with_capacity(text.len() / 3),
            significant: Vec::with_capacity(text.len() / 6),
            at: 0,
            emitted: 0,
            builder: GreenNodeBuilder::new(),
            diagnostics: Vec::new(),
            depth: 0,
            height: 0,
        };
        for (kind, range) in SyntaxKind::lexer(text).spanned() {
            let span = Span::new(range.start as u32, range.end as u32);
            let kind = parser.check_token(kind.unwrap_or(SyntaxKind::Unknown), span);
            if !kind.is_trivia() {
                parser.significant.push(parser.tokens.len() as u32);
            }
            parser.tokens.push(Token { kind, span });
        }
        parser
    }

    /// Reports what is wrong with a token in itself and gives the kind that it was meant to be.
    fn check_token(&mut self, kind: SyntaxKind, span: Span) -> SyntaxKind {
        let opening = Span::new(span.start, span.start + 1);
        match kind {
            SyntaxKind::OpenString => {
                self.report(
                    Diagnostic::error("unterminated", opening, "this string has no closing `'`")
                        .hint("a quote within a string is written twice: 'it''s'"),
                );
                SyntaxKind::String
            }
            SyntaxKind::OpenQuotedWord => {
                let message = "this quoted identifier has no closing `\"`";
                self.report(Diagnostic::error("unterminated", opening, message));
                SyntaxKind::QuotedWord
            }
            SyntaxKind::BlockComment if block_comment_end(&span.text(self.text)[2..]).is_none() => {
                self.report(
                    Diagnostic::error("unterminated", opening, "this comment has no closing `*/`")
                        .hint("comments nest: every `/*` needs its own `*/`"),
                );
                kind
            }
            SyntaxKind::JunkNumber => {
                self.report(
                    Diagnostic::error("junk-number", span, "a word runs into this number")
                        .hint("durations end in us, ms, s, m or h, ordinals in st, nd, rd or th"),
                );
                SyntaxKind::Unknown
            }
            kind => kind,
        }
    }

    // Looking.

    fn token(&self, ahead: usize) -> Token {
        match self.significant.get(self.at + ahead) {
            Some(&index) => self.tokens[index as usize],
            None => {
                let end = self.text.len() as u32;
                Token {
                    kind: SyntaxKind::End,
                    span: Span::new(end, end),
                }
            }
        }
    }

    /// The kind of the next token that is neither blank nor comment.
    fn kind(&self) -> SyntaxKind {
        self.token(0).kind
    }

    fn nth(&self, ahead: usize) -> SyntaxKind {
        self.token(ahead).kind
    }

    fn at(&self, kind: SyntaxKind) -> bool {
        self.kind() == kind
    }

    /// The text of the token at a distance.
    fn nth_text(&self, ahead: usize) -> &'t str {
        self.token(ahead).span.text(self.text)
    }

    fn nth_word(&self, ahead: usize, word: &str) -> bool {
        let token = self.token(ahead);
        token.kind == SyntaxKind::Word && token.span.text(self.text).eq_ignore_ascii_case(word)
    }

    fn at_word(&self, word: &str) -> bool {
        self.nth_word(0, word)
    }

    fn at_words(&self, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(ahead, word)| self.nth_word(ahead, word))
    }

    /// The entry of a list that the next token is.
    fn one_of<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.at_word(word))
    }

    /// Where the next token begins.
    fn start(&self) -> u32 {
        self.token(0).span.start
    }

    fn span(&self) -> Span {
        self.token(0).span
    }

    /// Where the last token that was taken ends.
    fn last_end(&self) -> u32 {
        match self.at.checked_sub(1) {
            Some(before) => self.tokens[self.significant[before] as usize].span.end,
            None => 0,
        }
    }

    /// From a place to the end of the last token that was taken.
    fn since(&self, start: u32) -> Span {
        Span::new(start, self.last_end().max(start))
    }

    /// Whether the next token is the first on its line.
    fn first_on_line(&self) -> bool {
        let gap = Span::new(self.last_end(), self.start());
        self.at == 0 || gap.text(self.text).contains('\n')
    }

    // Taking.

    /// Puts the blanks and comments before the next token into the tree.
    fn flush_trivia(&mut self) {
        let until = match self.significant.get(self.at) {
            Some(&index) => index as usize,
            None => self.tokens.len(),
        };
        self.emit_until(until);
    }

    fn emit_until(&mut self, until: usize) {
        while self.emitted < until {
            let token = self.tokens[self.emitted];
            self.builder
                .token(Tide::kind_to_raw(token.kind), token.span.text(self.text));
            self.emitted += 1;
        }
    }

    fn bump_as(&mut self, kind: SyntaxKind) {
        if let Some(&index) = self.significant.get(self.at) {
            self.emit_until(index as usize);
            self.builder
                .token(Tide::kind_to_raw(kind), self.nth_text(0));
            self.emitted = index as usize + 1;
            self.at += 1;
        }
    }

    fn bump(&mut self) {
        self.bump_as(self.kind());
    }

    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    /// Takes a word as a keyword.
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump_as(SyntaxKind::Keyword);
        }
        found
    }

    /// Takes several words as keywords, all or none.
    fn eat_words(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            words.iter().for_each(|_| self.bump_as(SyntaxKind::Keyword));
        }
        found
    }

    fn expect(&mut self, kind: SyntaxKind, written: &str) -> Parsed<()> {
        if self.eat(kind) {
            Ok(())
        } else {
            self.fail(written)
        }
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) {
            return Ok(());
        }
        self.unknown_word(&format!("`{word}`"), &[word])
    }

    // Making nodes.

    fn start_node(&mut self, kind: SyntaxKind) {
        self.flush_trivia();
        self.builder.start_node(Tide::kind_to_raw(kind));
    }

    /// Begins a node around what was taken since a checkpoint.
    fn start_node_at(&mut self, checkpoint: rowan::Checkpoint, kind: SyntaxKind) {
        self.builder
            .start_node_at(checkpoint, Tide::kind_to_raw(kind));
    }

    fn finish_node(&mut self) {
        self.builder.finish_node();
    }

    /// Runs a function within a node, which is closed whatever happens.
    fn node<T>(&mut self, kind: SyntaxKind, parse: impl FnOnce(&mut Self) -> T) -> T {
        self.start_node(kind);
        let value = parse(self);
        self.finish_node();
        value
    }

    /// One level deeper, or a diagnostic at the limit.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return self.too_deep();
        }
        self.depth += 1;
        let value = parse(self);
        self.depth -= 1;
        value
    }

    fn too_deep<T>(&mut self) -> Parsed<T> {
        let message = format!("this is nested deeper than {MAX_NESTING} levels");
        let hint = "split it: long chains of OR become IN (…), deep expressions become `let` steps";
        self.report(Diagnostic::error("too-deep", self.span(), message).hint(hint));
        Err(Failed)
    }

    /// Entry: a scenario.
    pub(crate) fn file(&mut self) -> ast::File {
        ast::File {
            items: self.items(false),
        }
    }
}
