//! From text to meaning: a validated program with names resolved to dense ids, or diagnostics that say why not.
//!
//! This is the one place where text becomes meaning. What a statement does is decided in `tidewire-store`,
//! what a program does in `tidewire-engine`.

mod build;
mod compile;
mod connect;
pub mod defaults;
mod delivery;
mod effective;
mod failing;
pub mod fold;
mod lesson;
pub mod limits;
mod memory;
mod outline;
mod program;
mod report;
mod types;
mod walk;

pub use compile::{Compiled, compile};
pub use connect::{Connection, can_connect, connection};
pub use delivery::*;
pub use effective::{Block, Effective, Origin, design_names, effective};
pub use failing::{Backoff, Branch, Catch, CatchThen};
pub use lesson::{Answer, Condition, Highlight, Lesson};
pub use memory::{Cache, CacheAccess, CacheOperation, Flight};
pub use outline::{Outline, OutlineNode, PartKind};
pub use program::*;
