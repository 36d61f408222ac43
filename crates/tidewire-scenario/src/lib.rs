//! From text to meaning: a validated program with names resolved to dense ids, or diagnostics that say why not.
//!
//! This is the one place where text becomes meaning. What a statement does is decided in `tidewire-store`,
//! what a program does in `tidewire-engine`.

mod program;

pub use program::*;
