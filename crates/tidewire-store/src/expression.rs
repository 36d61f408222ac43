//! Expressions, compiled.

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr;
