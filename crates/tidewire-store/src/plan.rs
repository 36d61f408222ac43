//! Statements made ready to run: names bound to slots, types checked, access paths chosen.

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::sql::{Expression, Select, Statement};

use crate::{Catalog, PlanError, Row, SqlError, Store, TableId, Type, Value};

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

/// What a plan does, for the Data tab and for whoever follows transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// Reads no table: `SELECT 1`, `INSERT … VALUES`.
    Constant,
    /// Every table is found by equality on a unique key.
    Point,
    /// At least one table is read from end to end.
    Scan,
    /// `BEGIN`, `COMMIT`, `ROLLBACK` and savepoints.
    Control(Control),
    /// `CREATE TABLE`, `ALTER TABLE`.
    Schema,
}

/// Transaction control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `BEGIN`
    Begin,
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
    /// `SAVEPOINT`
    Savepoint,
    /// `ROLLBACK TO`
    RollbackTo,
    /// `RELEASE`
    Release,
}

/// A statement made ready to run against one version of a catalog. Immutable; share it by [`Arc`].
#[derive(Clone, Debug)]
pub struct Plan {
    kind: PlanKind,
    columns: Vec<ResultColumn>,
    reads: Vec<TableId>,
    writes: Vec<TableId>,
    catalog_version: u32,
}

impl Plan {
    /// Columns of the rows that it answers; empty when it answers none.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    /// Tables that it reads, subqueries included, without repetition.
    pub fn reads(&self) -> &[TableId] {
        &self.reads
    }

    /// Tables that it writes itself; foreign keys may carry changes further.
    pub fn writes(&self) -> &[TableId] {
        &self.writes
    }

    /// What it does and how it finds its rows.
    pub fn kind(&self) -> PlanKind {
        self.kind
    }

    /// Neither writes nor locks rows nor draws from a sequence.
    pub fn is_read_only(&self) -> bool {
        self.writes.is_empty()
    }

    /// The version of the catalog that it was made for.
    pub fn catalog_version(&self) -> u32 {
        self.catalog_version
    }
}

/// Binds a statement to a catalog.
///
/// Errors carry the SQLSTATE that PostgreSQL would answer (42P01, 42703, 42702, 42883, 42804, 42803 …), the
/// place in the text and, where one is known, a remedy.
pub fn plan(
    statement: &Statement,
    catalog: &Catalog,
    parameters: &dyn Parameters,
) -> Result<Plan, PlanError> {
    let _ = (statement, catalog, parameters);
    Err(PlanError {
        error: SqlError::new(b"0A000", "statements cannot be planned yet"),
        span: Default::default(),
        hint: None,
    })
}

/// A compiled expression over parameter slots, without tables: guards, arguments, `let`.
#[derive(Clone, Debug)]
pub struct Scalar {
    constant: Value,
}

impl Scalar {
    /// Binds an expression. Columns and subqueries are refused.
    pub fn plan(expression: &Expression, parameters: &dyn Parameters) -> Result<Scalar, PlanError> {
        let _ = parameters;
        Err(PlanError {
            error: SqlError::new(b"0A000", "expressions cannot be planned yet"),
            span: expression.span,
            hint: None,
        })
    }

    /// The type of what it gives; `None` for a bare `'text'`, `NULL` or a parameter of unknown type.
    pub fn data_type(&self) -> Option<Type> {
        None
    }

    /// Its value. `slots` holds the parameters, `now_us` virtual microseconds.
    pub fn evaluate(&self, slots: &[Value], now_us: i64) -> Result<Value, SqlError> {
        let _ = (slots, now_us);
        Ok(self.constant.clone())
    }

    /// Always this value.
    pub fn constant(value: Value) -> Scalar {
        Scalar { constant: value }
    }
}

/// A query over several stores' committed rows, for invariants.
#[derive(Clone, Debug)]
pub struct AcrossQuery {
    columns: Vec<ResultColumn>,
    reads: Vec<(usize, TableId)>,
}

impl AcrossQuery {
    /// Binds a query to the catalogs of several stores, which `database.table` names. A table without
    /// database is looked up in all and must be found in one only.
    pub fn plan(query: &Select, stores: &[(&str, &Catalog)]) -> Result<AcrossQuery, PlanError> {
        let _ = stores;
        Err(PlanError {
            error: SqlError::new(b"0A000", "invariants cannot be planned yet"),
            span: query.span,
            hint: None,
        })
    }

    /// Columns of its rows.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    /// What it reads: index of the store in `stores`, and the table.
    pub fn reads(&self) -> &[(usize, TableId)] {
        &self.reads
    }

    /// Its rows over committed rows. `stores` in the order given to [`AcrossQuery::plan`]. Columns bind by id
    /// and survive a rename; an error says that a column is gone, so the query cannot be judged.
    pub fn run(&self, stores: &[&Store], now_us: i64) -> Result<Vec<Row>, SqlError> {
        let _ = (stores, now_us);
        Ok(Vec::new())
    }
}
