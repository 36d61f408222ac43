//! What catches the failure of a part of a handler's code, and what runs beside the rest of it.

use std::sync::Arc;

use crate::{DatabaseId, Label, SlotId};

/// Catches failures of the instructions from `from` up to before `to`. Of those around an instruction the
/// first in the handler's list that fits counts: inner ones stand before outer ones.
#[derive(Debug)]
pub struct Catch {
    /// First instruction.
    pub from: Label,
    /// Behind the last one.
    pub to: Label,
    /// Names of failures, without regard to case; `None` is every failure that `then` takes.
    pub codes: Option<Vec<Arc<str>>>,
    /// Stores whose transaction was open before and goes on. What is open elsewhere is rolled back.
    pub keeps: Vec<DatabaseId>,
    /// Slots that the part may have bound, from the first up to before the last: they become null. `None` keeps
    /// what was bound.
    pub clears: Option<(SlotId, SlotId)>,
    /// What happens then.
    pub then: CatchThen,
}

/// What happens when a [`Catch`] catches.
#[derive(Debug)]
pub enum CatchThen {
    /// The handler goes on.
    Handle {
        /// Where.
        target: Label,
        /// Gets the failure's name; text.
        failure: SlotId,
        /// Gets whether somebody said it with `fail`; boolean.
        answered: Option<SlotId>,
    },
    /// The part runs again from its beginning, after a pause. Without codes, failures that a scenario says
    /// with `fail` are answers and are not caught.
    Again {
        /// Counts the attempts, from 1.
        attempt: SlotId,
        /// Attempts after the first.
        times: u32,
        /// The pauses.
        backoff: Backoff,
    },
}

/// Pauses before retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the first retry, in microseconds; doubled every time.
    pub first_us: u64,
    /// No longer than this.
    pub most_us: u64,
    /// Drawn between nothing and that length: the "full jitter" of AWS's architecture blog.
    pub jitter: bool,
}

/// A branch of `parallel` in the code: instructions up to its [`crate::Instruction::EndBranch`].
#[derive(Debug)]
pub struct Branch {
    /// Its first instruction.
    pub start: Label,
    /// Slots that it may bind, from the first up to before the last.
    pub binds: (SlotId, SlotId),
}
