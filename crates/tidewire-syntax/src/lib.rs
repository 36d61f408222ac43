//! The scenario language (`.tide`): text ⇄ lossless tree ⇄ typed tree, diagnostics, formatter, text edits.
//!
//! Parsing never fails and never panics; the lossless tree holds every byte of the text. This crate knows
//! nothing of engines: what a name means is decided in `tidewire-scenario`.

pub mod ast;
mod diagnostic;
mod span;

pub use diagnostic::{Diagnostic, Fix, Severity, TextEdit, apply};
pub use span::{LineColumn, Name, Span};
