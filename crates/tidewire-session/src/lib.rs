//! The application without a screen: documents and their edits, runs, the playhead, view models.
//!
//! Two owners that never share memory: [`document`] on the page (text, edits, undo, diagnostics, geometry)
//! and `run` in the worker (program, state, trace, checkpoints). Only [`protocol`] crosses between them.
//! [`view`] holds the plain data that a screen draws; nothing flows back from a view into a state.

pub mod anomalies;
mod condition;
pub mod document;
mod encode;
pub mod gallery;
pub mod layout;
pub mod legend;
pub mod lesson;
mod metrics;
pub mod model;
pub mod outcome;
pub mod protocol;
pub mod recording;
pub mod run;
pub mod simulation;
pub mod sorted;
pub mod source;
pub mod store_view;
pub mod transport;
pub mod view;
pub mod wire;
mod words;

pub use tidewire_syntax::{Severity, Span, sort};
