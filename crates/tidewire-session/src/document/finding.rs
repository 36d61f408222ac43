//! Diagnostics as a screen shows them: with line, column and the line's text.

use tidewire_syntax::{Diagnostic, LineColumn, Severity, Span};

/// A diagnostic with its place for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagnosticView {
    /// How serious it is.
    pub severity: Severity,
    /// Stable and searchable.
    pub code: &'static str,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Bytes of the text.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What one does about it.
    pub hint: Option<String>,
    /// Title of the fix that one click applies.
    pub fix_title: Option<String>,
    /// The text of the line in which it begins, shortened to 200 characters.
    pub snippet: String,
    /// Name of the node on the canvas whose block holds the place.
    pub node: Option<String>,
}

impl DiagnosticView {
    /// The view of a diagnostic of this text.
    pub fn of(diagnostic: &Diagnostic, source: &str) -> Self {
        let place = LineColumn::of(source, diagnostic.span.start);
        let line = source.lines().nth(place.line as usize - 1).unwrap_or("");
        Self {
            severity: diagnostic.severity,
            code: diagnostic.code,
            line: place.line,
            column: place.column,
            span: diagnostic.span,
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            fix_title: diagnostic.fix.as_ref().map(|fix| fix.title.clone()),
            snippet: line.chars().take(200).collect(),
            node: None,
        }
    }
}
