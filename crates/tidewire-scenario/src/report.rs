//! Collecting diagnostics, and the sentences that many checks share.

use tidewire_store::{PlanError, SqlError};
use tidewire_syntax::{Diagnostic, Name, Severity, Span, TextEdit, suggest};

/// Names listed in a hint before the rest is left out.
const LISTED: usize = 8;

/// Diagnostics in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Adds one.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds an error with a hint.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span, message).hint(hint));
    }

    /// Adds a warning with a hint.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(Diagnostic::warning(code, span, message).hint(hint));
    }

    /// Says that a name means nothing, with the nearest known one as a fix or else what there is.
    pub(crate) fn unknown<'n>(
        &mut self,
        what: &str,
        name: &Name,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        self.push(unknown("unknown-name", what, name, "", known));
    }

    /// Says why a statement cannot be planned.
    pub(crate) fn plan_error(&mut self, error: &PlanError) {
        self.push(from_plan_error(error));
    }
}

/// Whether one of them is an error.
pub(crate) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// The diagnostic for a name that means nothing. `prefix` is what stands before the name in the text (`:`).
pub(crate) fn unknown<'n>(
    code: &'static str,
    what: &str,
    name: &Name,
    prefix: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let diagnostic =
        Diagnostic::error(code, name.span, format!("no {what} named `{prefix}{name}`"));
    if let Some(meant) = suggest(name.as_str(), known.iter().copied()) {
        let edit = TextEdit {
            span: name.span,
            text: meant.to_owned(),
        };
        return diagnostic
            .hint(format!("did you mean `{prefix}{meant}`?"))
            .fix(format!("Change to `{prefix}{meant}`"), vec![edit]);
    }
    match known.len() {
        0 => diagnostic.hint(format!("there is no {what} here at all")),
        _ => diagnostic.hint(format!("known here: {}", list(&known, prefix))),
    }
}

/// `a, b, c and 4 more`
pub(crate) fn list(names: &[&str], prefix: &str) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("{prefix}{name}"))
        .collect();
    let rest = names.len().saturating_sub(LISTED);
    match rest {
        0 => shown.join(", "),
        _ => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// What a planner's error says in our terms, with the SQLSTATE that a user would search for.
pub(crate) fn from_plan_error(error: &PlanError) -> Diagnostic {
    let mut diagnostic = from_sql_error(&error.error, error.span);
    if error.hint.is_some() {
        diagnostic.hint.clone_from(&error.hint);
    }
    diagnostic
}

/// What a statement's error says in our terms.
pub(crate) fn from_sql_error(error: &SqlError, span: Span) -> Diagnostic {
    let code = match error.state.as_str() {
        "42P01" => "unknown-table",
        "42703" => "unknown-column",
        "42702" => "ambiguous-column",
        "42P07" | "42701" | "42710" => "duplicate-name",
        "42804" | "42883" | "42846" | "22P02" => "type-mismatch",
        "0A000" => "not-yet",
        state if state.starts_with("23") => "constraint",
        _ => "sql",
    };
    let mut diagnostic = Diagnostic::error(code, span, error.to_string());
    diagnostic.hint.clone_from(&error.detail);
    diagnostic
}
