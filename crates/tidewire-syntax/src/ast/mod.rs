//! The typed tree: what was written, with spans, before any name has a meaning.
//!
//! It is made together with the lossless tree; what did not parse is left out and has a diagnostic. [`sql`] is the
//! one form of statements and expressions: the store plans it, the steps of services are made of it, and so
//! are guards and invariants.

pub mod block;
mod expression;
pub mod lesson;
mod query;
mod saga;
mod schema;
mod session;
pub mod sql;
pub mod step;
pub mod stream;

pub use block::*;
pub use lesson::*;
pub use saga::*;
pub use step::*;
pub use stream::*;
