//! The data engine: values, catalog, plans, versioned rows, transactions, locks.
//!
//! A statement runs, blocks or fails. There is no clock and no randomness here: `now`, who of several
//! waiters goes first and which transaction a deadlock costs are arguments. A [`Store`] is a plain value:
//! cloning it forks it, cheaply.

mod answer;
mod catalog;
mod error;
mod expression;
pub mod hash;
mod ids;
mod numeric;
mod plan;
mod store;
mod value;

pub use answer::{CommandTag, Completion, Progress, ReadAs, RowChange, VisibleRow, Wait};
pub use catalog::{Catalog, Check, Column, ForeignKey, Index, Table};
pub use error::{PlanError, SqlError, SqlState};
pub use ids::{ColumnId, ConnectionId, RowId, SequenceId, TableId, TransactionId};
pub use numeric::Numeric;
pub use plan::{AcrossQuery, Control, Parameters, Plan, PlanKind, ResultColumn, Scalar, plan};
pub use store::Store;
pub use value::{Row, Type, Value};
