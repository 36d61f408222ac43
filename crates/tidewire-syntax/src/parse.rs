//! The doors of the parser: a text in, a lossless tree, a typed tree and diagnostics out.

use rowan::{GreenNode, GreenNodeBuilder, Language};

use crate::ast::sql::{Expression, Statement};
use crate::kind::Tide;
use crate::parser::Parser;
use crate::{Diagnostic, Span, SyntaxKind, SyntaxNode, ast};

/// The longest source that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 256 * 1024;

/// A parsed text. Cloning it copies the text and the typed tree.
#[derive(Clone, Debug)]
pub struct Parse {
    text: String,
    green: GreenNode,
    file: ast::File,
    diagnostics: Vec<Diagnostic>,
}

impl Parse {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of the lossless tree: its text is the text that was parsed.
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// The typed tree. What did not parse is left out.
    pub fn file(&self) -> &ast::File {
        &self.file
    }

    /// What is wrong, by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Parses a scenario. Never fails: what is wrong is in the diagnostics.
pub fn parse(text: &str) -> Parse {
    if let Some(diagnostic) = too_long(text.len()) {
        return Parse {
            text: text.to_string(),
            green: unread(text),
            file: ast::File::default(),
            diagnostics: vec![diagnostic],
        };
    }
    let output = Parser::run(text, |parser| parser.file());
    Parse {
        text: text.to_string(),
        green: output.green,
        file: output.value,
        diagnostics: output.diagnostics,
    }
}

/// Parses one SQL statement, with or without its `;`.
pub fn parse_statement(text: &str) -> (Option<Statement>, Vec<Diagnostic>) {
    lone(text, |parser| parser.lone_statement().ok())
}

/// Parses SQL statements separated by `;`. What did not parse is left out.
pub fn parse_statements(text: &str) -> (Vec<Statement>, Vec<Diagnostic>) {
    match too_long(text.len()) {
        Some(diagnostic) => (Vec::new(), vec![diagnostic]),
        None => {
            let output = Parser::run(text, |parser| parser.statements());
            (output.value, output.diagnostics)
        }
    }
}

/// Parses one SQL expression.
pub fn parse_expression(text: &str) -> (Option<Expression>, Vec<Diagnostic>) {
    lone(text, |parser| parser.expression().ok())
}

/// An entry whose value counts only when nothing is wrong.
fn lone<T>(
    text: &str,
    entry: impl FnOnce(&mut Parser<'_>) -> Option<T>,
) -> (Option<T>, Vec<Diagnostic>) {
    if let Some(diagnostic) = too_long(text.len()) {
        return (None, vec![diagnostic]);
    }
    let output = Parser::run(text, entry);
    let value = output.value.filter(|_| output.diagnostics.is_empty());
    (value, output.diagnostics)
}

/// The text of a file, or why it is refused: not UTF-8, or longer than [`MAX_SOURCE_BYTES`].
pub fn from_bytes(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    if let Some(diagnostic) = too_long(bytes.len()) {
        return Err(Box::new(diagnostic));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let message =
            format!("this is not UTF-8: line {line}, byte {at} of the file begins no character");
        let place = Span::new(at as u32, at as u32);
        Box::new(Diagnostic::error("not-utf8", place, message).hint("save the file as UTF-8"))
    })
}

fn too_long(length: usize) -> Option<Diagnostic> {
    let limit = MAX_SOURCE_BYTES as u32;
    (length > MAX_SOURCE_BYTES).then(|| {
        let message = format!(
            "this source has {length} bytes; the limit is {} KiB",
            MAX_SOURCE_BYTES / 1024
        );
        let span = Span::new(limit, u32::try_from(length).unwrap_or(u32::MAX));
        Diagnostic::error("too-long", span, message)
            .hint("shorten it: rows are better made by INSERT … SELECT than written out")
    })
}

/// A tree that holds a text as one token.
fn unread(text: &str) -> GreenNode {
    let mut builder = GreenNodeBuilder::new();
    builder.start_node(Tide::kind_to_raw(SyntaxKind::File));
    builder.token(Tide::kind_to_raw(SyntaxKind::Unknown), text);
    builder.finish_node();
    builder.finish()
}
