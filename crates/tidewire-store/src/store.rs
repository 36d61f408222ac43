//! The public face of a store: connections, plans in, progress out.
//!
//! Contract only for now: signatures that the engine codes against.

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::sql::{Expression, IsolationLevel, Select, Statement};

use crate::{PlanError, Row, SqlError, Type, Value};

/// Exact decimal: `digits / 10^scale`, at most 38 digits; division scale as in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeric {
    /// All digits, without the point.
    pub digits: i128,
    /// Digits behind the point.
    pub scale: u8,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    };
}
id!(
    /// A table of one store; never used again after a drop.
    TableId
);
id!(
    /// A connection of one store.
    ConnectionId
);
id!(
    /// A transaction of one store, numbered from 1 in order of its first write or, for display, its begin.
    TransactionId
);
id!(
    /// A logical row of one table; stays the same over its versions.
    RowId
);

/// Finds what a `:name` stands for while a statement is planned.
pub trait Parameters {
    /// The slot and, where known, the type of `:name` or `:name.field`.
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)>;
}

/// No parameters at all.
impl Parameters for () {
    fn resolve(&self, _: &Name, _: Option<&Name>) -> Option<(u32, Option<Type>)> {
        None
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub data_type: Type,
}

/// What a finished statement answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The command tag: `SELECT 2`, `INSERT 0 1`, `UPDATE 1`, `COMMIT`, `ROLLBACK`.
    pub tag: CommandTag,
    /// Rows of a query or of `RETURNING`.
    pub rows: Vec<Row>,
}

/// A command tag as PostgreSQL sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CommandTag {
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Release,
    CreateTable,
    AlterTable,
    Insert(u64),
    Update(u64),
    Delete(u64),
    Select(u64),
}

/// How far a statement came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done(Completion),
    /// It waits for another transaction; [`Store::ready`] says when it may go on by [`Store::resume`].
    Blocked,
    /// It failed; an explicit transaction answers 25P02 from now on.
    Failed(SqlError),
}

/// One version of a row that a statement or transaction read or wrote, for the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: TableId,
    /// The row.
    pub row: RowId,
    /// Before; `None` for an insert.
    pub before: Option<Row>,
    /// After; `None` for a delete.
    pub after: Option<Row>,
}

/// Who waits for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The one that waits.
    pub waiter: ConnectionId,
    /// Those it waits for.
    pub holders: Vec<ConnectionId>,
    /// What for.
    pub table: Option<TableId>,
    /// The row, if it waits for a row.
    pub row: Option<RowId>,
}

/* Signatures, implemented by the store's modules:

pub struct Catalog;                      // tables, columns (with ids that survive a rename), constraints, defaults, version
impl Catalog {
    pub fn version(&self) -> u32;
    pub fn tables(&self) -> impl Iterator<Item = &Table>;      // in order of creation
    pub fn table(&self, name: &str) -> Option<&Table>;
}
pub struct Table { pub id: TableId, pub name: Arc<str>, pub columns: Vec<Column>, .. }
pub struct Column { pub name: Arc<str>, pub data_type: Type, pub not_null: bool, .. }

pub struct Plan;                         // immutable, shared by Arc; closures or a compact tree
impl Plan {
    pub fn columns(&self) -> &[ResultColumn];       // of the rows it answers; empty for none
    pub fn reads(&self) -> &[TableId];  pub fn writes(&self) -> &[TableId];
    pub fn kind(&self) -> ...           // point / index / scan for the Data tab; transaction control
    pub fn is_read_only(&self) -> bool;
}
pub fn plan(statement: &Statement, catalog: &Catalog, parameters: &dyn Parameters) -> Result<Plan, PlanError>;

pub struct Scalar;                       // a compiled expression over parameter slots, without tables
impl Scalar {
    pub fn plan(expression: &Expression, parameters: &dyn Parameters) -> Result<Scalar, PlanError>;
    pub fn data_type(&self) -> Option<Type>;
    pub fn evaluate(&self, slots: &[Value], now_us: i64) -> Result<Value, SqlError>;
    pub fn constant(value: Value) -> Scalar;
}

#[derive(Clone)] pub struct Store;       // clone = fork
impl Store {
    pub fn new(default_isolation: IsolationLevel) -> Store;
    pub fn catalog(&self) -> &Catalog;
    pub fn connect(&mut self) -> ConnectionId;
    pub fn disconnect(&mut self, connection: ConnectionId);    // rolls back what is open
    pub fn execute(&mut self, connection: ConnectionId, plan: &Arc<Plan>, slots: &[Value], now_us: i64) -> Progress;
    pub fn resume(&mut self, connection: ConnectionId, now_us: i64) -> Progress;
    pub fn ready(&self) -> Vec<ConnectionId>;                  // waiters that may go on, in order of arrival; choice 0 is the first
    pub fn waits(&self) -> Vec<Wait>;
    pub fn deadlock(&self) -> Option<Vec<ConnectionId>>;       // a cycle of waiters, in order of arrival; empty of choice
    pub fn cancel(&mut self, connection: ConnectionId, error: SqlError) -> Progress;  // ends a waiting statement: 40P01, 55P03, 57014
    pub fn in_transaction(&self, connection: ConnectionId) -> bool;
    pub fn transaction(&self, connection: ConnectionId) -> Option<TransactionId>;   // for labels: T-72
    pub fn take_changes(&mut self) -> Vec<RowChange>;          // rows written by the last execute/resume (uncommitted ones too)
    pub fn take_committed(&mut self) -> Vec<RowChange>;        // net changes of the transactions committed by the last execute/resume
    pub fn table_version(&self, table: TableId) -> u64;        // grows with each commit that changed the table
    pub fn rows(&self, table: TableId, read: ReadAs) -> Vec<(RowId, Row, Option<TransactionId> /* writer, if not committed */)>; // Committed, or as a transaction sees it
    pub fn hash(&self) -> u128;                                // canonical, kept incrementally
    pub fn migrate(&mut self, statement: &Statement, now_us: i64) -> Result<(), SqlError>;  // DDL from a fault: outside any session, waits for nobody
}

/// A query over several stores' committed rows, for invariants.
pub struct AcrossQuery;
impl AcrossQuery {
    pub fn plan(query: &Select, stores: &[(&str, &Catalog)]) -> Result<AcrossQuery, PlanError>;
    pub fn columns(&self) -> &[ResultColumn];
    pub fn reads(&self) -> &[(usize, TableId)];
    /// Err when a column it reads was dropped: cannot be judged. Columns bind by id and survive a rename.
    pub fn run(&self, stores: &[&Store], now_us: i64) -> Result<Vec<Row>, SqlError>;
}
*/

#[allow(dead_code)]
fn _names_in_use(_: &Expression, _: &Select, _: &Statement, _: IsolationLevel, _: &PlanError) {}
