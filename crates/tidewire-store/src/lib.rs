//! The data engine: values, catalog, plans, versioned rows, transactions, locks.
//!
//! A statement runs, blocks or fails. There is no clock and no randomness here: `now`, who of several
//! waiters goes first and which transaction a deadlock costs are arguments. A [`Store`] is a plain value:
//! cloning it forks it, cheaply.

mod access;
mod aggregate;
mod answer;
mod bind;
mod bind_query;
mod bind_write;
mod cast;
mod catalog;
mod conflicts;
mod constraints;
mod control;
mod datetime;
mod ending;
mod error;
mod execution;
mod expression;
mod foreign_key_reads;
mod foreign_keys;
mod function;
pub mod hash;
mod heap;
mod heap_space;
mod ids;
mod index;
mod index_builder;
mod insert;
mod json;
mod leaf_pages;
mod locks;
mod lookup;
mod migrate;
mod modify;
mod news;
mod numeric;
mod pages;
mod plan;
mod predicate;
mod predicate_locks;
mod query;
mod query_plan;
mod reads;
mod recording;
mod rows;
mod safe_snapshot;
mod schema;
mod scope;
mod select_lock;
mod serializable;
mod serializable_access;
mod serializable_hash;
mod session;
mod state_hash;
mod store;
mod table_builder;
mod transaction;
mod typing;
mod value;
mod versions;
mod views;
mod waiting;

pub use answer::{CommandTag, Completion, Notice, Progress, ReadAs, RowChange, VisibleRow, Wait};
pub use catalog::{Catalog, Check, Column, ForeignKey, Index, Table};
pub use error::{PlanError, SqlError, SqlState};
pub use ids::{ColumnId, ConnectionId, RowId, SequenceId, TableId, TransactionId};
pub use numeric::Numeric;
pub use plan::{AcrossQuery, Control, Parameters, Plan, PlanKind, ResultColumn, Scalar, plan};
pub use predicate::Predicate;
pub use recording::{Footprint, Recorded, VersionKey, VersionNumber, VersionWrite};
pub use store::Store;
pub use value::{Row, Type, Value};
pub use views::{Author, HeldLock, LockMode, LockTarget, RowVersion};
