//! The data engine: values, catalog, plans, versioned rows, transactions, locks.
//!
//! A statement runs, blocks or fails. There is no clock and no randomness here: `now`, who of several
//! waiters goes first and which transaction a deadlock costs are arguments. A [`Store`] is a plain value:
//! cloning it forks it, cheaply.

mod error;
pub mod hash;
mod store;
mod value;

pub use error::{PlanError, SqlError, SqlState};
pub use store::*;
pub use value::{Row, Type, Value};
