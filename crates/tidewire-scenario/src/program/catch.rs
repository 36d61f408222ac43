//! Failures that a handler's code takes itself.

use super::{Label, SlotId};

/// Part of a handler's code whose failures do not end it.
#[derive(Clone, Copy, Debug)]
pub struct Catch {
    /// Its first instruction.
    pub from: Label,
    /// Behind its last one.
    pub until: Label,
    /// Where the handler goes on, its open transactions rolled back.
    pub target: Label,
    /// Gets the failure's name; text.
    pub failure: SlotId,
    /// Gets whether somebody said it with `fail`; boolean.
    pub answered: SlotId,
}
