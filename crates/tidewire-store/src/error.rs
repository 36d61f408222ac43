//! Errors with PostgreSQL's SQLSTATE and, where a user would search for it, its wording.

use tidewire_syntax::Span;

/// A five-character code of PostgreSQL's appendix A.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SqlState(pub [u8; 5]);

impl SqlState {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XX000")
    }
}

impl std::fmt::Debug for SqlState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({})", state.as_str())]
pub struct SqlError {
    /// The code.
    pub state: SqlState,
    /// PostgreSQL's primary message.
    pub message: String,
    /// Its detail or hint, if any.
    pub detail: Option<String>,
}

impl SqlError {
    /// An error without detail.
    pub fn new(state: &[u8; 5], message: impl Into<String>) -> Self {
        Self {
            state: SqlState(*state),
            message: message.into(),
            detail: None,
        }
    }

    /// With a detail line.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// 40P01, for the victim of a deadlock.
    pub fn deadlock() -> Self {
        Self::new(b"40P01", "deadlock detected")
    }

    /// 55P03, for a wait that outlived `lock_timeout`.
    pub fn lock_timeout() -> Self {
        Self::new(b"55P03", "canceling statement due to lock timeout")
    }

    /// 57014, for a statement that outlived `statement_timeout`.
    pub fn statement_timeout() -> Self {
        Self::new(b"57014", "canceling statement due to statement timeout")
    }
}

/// Why a statement cannot be planned, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The error that the statement would fail with.
    pub error: SqlError,
    /// The place in the text.
    pub span: Span,
    /// What one does about it.
    pub hint: Option<String>,
}
