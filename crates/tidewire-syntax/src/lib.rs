//! The scenario language (`.tide`): text ⇄ lossless tree ⇄ typed tree, diagnostics, formatter, text edits.
//!
//! Parsing never fails and never panics; the lossless tree holds every byte of the text. This crate knows
//! nothing of engines: what a name means is decided in `tidewire-scenario`.

pub mod ast;
mod diagnostic;
pub mod edit;
mod format;
mod highlight;
mod kind;
mod parse;
mod parser;
pub mod sort;
mod span;
mod words;

pub use diagnostic::{Diagnostic, Fix, Severity, TextEdit, apply};
pub use format::{LINE_WIDTH, format};
pub use highlight::{TokenClass, highlight};
pub use kind::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken, Tide};
pub use parse::{
    MAX_SOURCE_BYTES, Parse, from_bytes, parse, parse_expression, parse_statement, parse_statements,
};
pub use parser::{MAX_NESTING, type_names};
pub use span::{LineColumn, Name, Span};
pub use words::{is_reserved, suggest};
