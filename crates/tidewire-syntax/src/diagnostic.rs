//! What is wrong with a text, where, and what one does about it.

use crate::Span;
use crate::sort;

/// How serious a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It runs, and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A replacement of the text under `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// The replacement.
    pub text: String,
}

/// A remedy that can be applied with one click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a button says it: `Rename to 'orders'`.
    pub title: String,
    /// Edits that do not overlap, in ascending order.
    pub edits: Vec<TextEdit>,
}

/// One finding about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable and searchable: `syntax`, `not-supported` (PostgreSQL has it, the language has not), `sql-42601` (the
    /// message and the SQLSTATE are PostgreSQL's own), `unknown-name`, `type-mismatch`, `foreign-table`, …
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// Where it is.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What one does about it.
    pub hint: Option<String>,
    /// The hint as an edit.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error without a hint.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            message: message.into(),
            hint: None,
            fix: None,
        }
    }

    /// A warning without a hint.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a fix.
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<TextEdit>) -> Self {
        self.fix = Some(Fix {
            title: title.into(),
            edits,
        });
        self
    }
}

/// Applies edits that do not overlap to a text. Edits that do not fit are left out.
pub fn apply(source: &str, edits: &[TextEdit]) -> String {
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    sort::sort_by_key(&mut sorted, |edit| (edit.span.start, edit.span.end));
    let mut result = String::with_capacity(source.len());
    let mut at = 0;
    for edit in sorted {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let fits = at <= start && start <= end;
        if let Some(kept) = source
            .get(at..start)
            .filter(|_| fits && source.is_char_boundary(end.min(source.len())))
        {
            result.push_str(kept);
            result.push_str(&edit.text);
            at = end.min(source.len());
        }
    }
    result.push_str(&source[at..]);
    result
}
