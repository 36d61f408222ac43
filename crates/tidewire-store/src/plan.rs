//! Statements made ready to run: names bound to places, types checked, access paths chosen.
//!
//! A plan belongs to one version of a catalog. Against a later one it is bound again, with the parameters it
//! had, and fails as PostgreSQL fails after a migration: 42703, 42P01.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Expression, LockStrength, Maintenance, Query as Written, SequenceStatement, SessionStatement,
    Statement, TableLockMode, TableName, TransactionModes,
};
use tidewire_syntax::{Name, Span};

use crate::bind_write::{DeletePlan, InsertPlan, RowSource, UpdatePlan};
use crate::expression::{Expr, Frame};
use crate::hash::StableHasher;
use crate::parts::Part;
use crate::query::{ROW_BUDGET, Run, Source};
use crate::query_plan::{Access, Query};
use crate::scope::{Binder, Resolved};
use crate::versions::View;
use crate::{Catalog, ColumnId, PlanError, Row, SqlError, Store, TableId, Type, Value};

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

/// The parameters that a plan was made with.
impl Parameters for [Resolved] {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        let field = field.map(|field| &field.text);
        self.iter()
            .find(|known| known.name == name.text && known.field.as_ref() == field)
            .map(|known| (known.slot, known.data_type))
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
    /// `SET`, `SHOW`, `LOCK TABLE`, prepared transactions and the like.
    Session,
}

/// What a plan does, in full.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Select(Query),
    Insert(InsertPlan),
    Update(UpdatePlan),
    Delete(DeletePlan),
    Begin(TransactionModes),
    Commit { chain: bool },
    Rollback { chain: bool },
    Savepoint(Arc<str>),
    RollbackTo(Arc<str>),
    Release(Arc<str>),
    Session(SessionStatement),
    Sequence(SequenceStatement),
    Schema,
}

impl Operation {
    /// The table that it writes.
    fn target(&self) -> Option<TableId> {
        match self {
            Operation::Insert(plan) => Some(plan.table),
            Operation::Update(plan) => Some(plan.table),
            Operation::Delete(plan) => Some(plan.table),
            _ => None,
        }
    }
}

/// A statement made ready to run against one version of a catalog. Immutable; share it by [`Arc`].
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) operation: Operation,
    /// What it carries out beside that.
    pub(crate) parts: Vec<Part>,
    pub(crate) statement: Arc<Statement>,
    kind: PlanKind,
    columns: Vec<ResultColumn>,
    reads: Vec<TableId>,
    writes: Vec<TableId>,
    /// Tables to be locked before it runs, in order.
    pub(crate) locks: Vec<(TableId, TableLockMode)>,
    resolved: Vec<Resolved>,
    catalog_version: u32,
    fingerprint: u128,
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

    /// Neither writes nor locks rows nor changes the schema.
    pub fn is_read_only(&self) -> bool {
        if !self.parts.is_empty() {
            return false;
        }
        match &self.operation {
            Operation::Select(query) => query.locking.is_none(),
            Operation::Insert(_) | Operation::Update(_) | Operation::Delete(_) => false,
            Operation::Schema => false,
            _ => true,
        }
    }

    /// LOCK TABLE … NOWAIT
    pub(crate) fn fails_at_once(&self) -> bool {
        matches!(&self.operation, Operation::Session(SessionStatement::LockTable(lock)) if lock.no_wait)
    }

    /// What a read-only transaction calls the command when it refuses it (`ExecCheckXactReadOnly`).
    pub(crate) fn writing_command(&self) -> Option<&'static str> {
        let changes = |part: &Part| part.operation.target().is_some();
        match &self.operation {
            Operation::Select(_) if self.parts.iter().any(changes) => Some("SELECT"),
            Operation::Select(query) => {
                query
                    .locking
                    .as_ref()
                    .map(|locking| match locking.strength {
                        LockStrength::KeyShare => "SELECT FOR KEY SHARE",
                        LockStrength::Share => "SELECT FOR SHARE",
                        LockStrength::NoKeyUpdate => "SELECT FOR NO KEY UPDATE",
                        LockStrength::Update => "SELECT FOR UPDATE",
                    })
            }
            Operation::Insert(_) => Some("INSERT"),
            Operation::Update(_) => Some("UPDATE"),
            Operation::Delete(_) => Some("DELETE"),
            _ => None,
        }
    }

    /// The version of the catalog that it was made for.
    pub fn catalog_version(&self) -> u32 {
        self.catalog_version
    }

    /// The same statement bound to another version of the catalog. [`Store::execute`] does this by itself;
    /// who keeps plans saves time by keeping the new one.
    pub fn refresh(&self, catalog: &Catalog) -> Result<Plan, PlanError> {
        plan_with(self.statement.clone(), catalog, self.resolved.as_slice())
    }

    /// Its parameters, by slot up to the last one: is it read?
    pub(crate) fn parameters(&self) -> Vec<bool> {
        let mut used = Vec::new();
        for parameter in &self.resolved {
            let slot = parameter.slot as usize;
            used.resize(used.len().max(slot + 1), false);
            used[slot] = true;
        }
        used
    }

    /// Tells statements apart in hashes.
    pub(crate) fn fingerprint(&self) -> u128 {
        self.fingerprint
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
    plan_with(statement.shared(), catalog, parameters)
}

fn plan_with(
    statement: Arc<Statement>,
    catalog: &Catalog,
    parameters: &(impl Parameters + ?Sized),
) -> Result<Plan, PlanError> {
    let stores = [("", catalog)];
    let through = Through(parameters);
    let mut binder = Binder::new(&stores, &through);
    let mut columns = Vec::new();
    let mut writes = Vec::new();
    let mut locks = Vec::new();
    let operation = match &*statement {
        Statement::Query(written) => {
            let query = binder.query(written)?;
            columns.clone_from(&query.columns);
            Operation::Select(query)
        }
        Statement::Insert(insert) => {
            let (plan, answered) = binder.insert(insert)?;
            (columns, writes) = (answered, vec![plan.table]);
            Operation::Insert(plan)
        }
        Statement::Update(update) => {
            let (plan, answered) = binder.update(update)?;
            (columns, writes) = (answered, vec![plan.table]);
            Operation::Update(plan)
        }
        Statement::Delete(delete) => {
            let (plan, answered) = binder.delete(delete)?;
            (columns, writes) = (answered, vec![plan.table]);
            Operation::Delete(plan)
        }
        Statement::CreateTable(_)
        | Statement::AlterTable(_)
        | Statement::DropTable(_)
        | Statement::Truncate(_)
        | Statement::CreateIndex(_)
        | Statement::DropIndex(_) => {
            let change = crate::schema::change(catalog, &statement)?;
            locks = change.locks(catalog, &statement);
            Operation::Schema
        }
        Statement::Sequence(statement) => Operation::Sequence(statement.clone()),
        Statement::Begin(modes) => Operation::Begin(*modes),
        Statement::Commit { chain } => Operation::Commit { chain: *chain },
        Statement::Rollback { chain } => Operation::Rollback { chain: *chain },
        Statement::Savepoint(name) => Operation::Savepoint(name.text.clone()),
        Statement::RollbackTo(name) => Operation::RollbackTo(name.text.clone()),
        Statement::Release(name) => Operation::Release(name.text.clone()),
        Statement::Session(session) => {
            columns = crate::session::columns(session);
            let (tables, mode): (&[TableName], _) = match session {
                SessionStatement::LockTable(lock) => (&lock.tables, lock.mode),
                SessionStatement::Maintain(
                    Maintenance::Vacuum(tables) | Maintenance::Analyze(tables),
                ) => (tables, TableLockMode::ShareUpdateExclusive),
                _ => (&[], TableLockMode::AccessShare),
            };
            for name in tables {
                locks.push((binder.table(name)?.1.id, mode));
            }
            Operation::Session(session.clone())
        }
    };
    let parts = std::mem::take(&mut binder.parts);
    writes.extend(parts.iter().filter_map(|part| part.operation.target()));
    let reads: Vec<TableId> = binder.reads.iter().map(|(_, table)| *table).collect();
    if !matches!(operation, Operation::Schema | Operation::Session(_)) {
        locks = row_locks(&operation, &parts, &reads, &writes);
    }
    let resolved = std::mem::take(&mut binder.resolved);
    Ok(Plan {
        kind: kind(&operation, &parts),
        fingerprint: fingerprint(&statement),
        operation,
        parts,
        statement,
        columns,
        reads,
        writes,
        locks,
        resolved,
        catalog_version: catalog.version(),
    })
}

/// Locks that a statement over rows takes on its tables (manual 13.3.1).
fn row_locks(
    operation: &Operation,
    parts: &[Part],
    reads: &[TableId],
    writes: &[TableId],
) -> Vec<(TableId, TableLockMode)> {
    let mut locks: Vec<(TableId, TableLockMode)> = Vec::new();
    let mut add = |table: TableId, mode| {
        if !locks.iter().any(|(other, _)| *other == table) {
            locks.push((table, mode));
        }
    };
    for table in writes {
        add(*table, TableLockMode::RowExclusive);
    }
    let operations = std::iter::once(operation).chain(parts.iter().map(|part| &part.operation));
    for operation in operations {
        let Operation::Select(query) = operation else {
            continue;
        };
        let Some(locking) = &query.locking else {
            continue;
        };
        for at in &locking.relations {
            if let Some(relation) = query.relations.get(*at) {
                add(relation.table, TableLockMode::RowShare);
            }
        }
    }
    for table in reads {
        add(*table, TableLockMode::AccessShare);
    }
    locks
}

/// Lets a borrowed, perhaps unsized, resolver stand as a `&dyn`.
struct Through<'p, P: ?Sized>(&'p P);

impl<P: Parameters + ?Sized> Parameters for Through<'_, P> {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        self.0.resolve(name, field)
    }
}

impl<P: Parameters + ?Sized> Parameters for &P {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        (**self).resolve(name, field)
    }
}

fn kind(operation: &Operation, parts: &[Part]) -> PlanKind {
    let parts = parts.iter().map(|part| operation_kind(&part.operation));
    parts.fold(operation_kind(operation), |one, other| match (one, other) {
        (PlanKind::Scan, _) | (_, PlanKind::Scan) => PlanKind::Scan,
        (PlanKind::Point, _) | (_, PlanKind::Point) => PlanKind::Point,
        (one, _) => one,
    })
}

fn operation_kind(operation: &Operation) -> PlanKind {
    let control = |control| PlanKind::Control(control);
    match operation {
        Operation::Select(query) => query_kind(query),
        Operation::Update(plan) => query_kind(&plan.target),
        Operation::Delete(plan) => query_kind(&plan.target),
        Operation::Insert(plan) => match &plan.source {
            RowSource::Values(..) => PlanKind::Constant,
            RowSource::Query(query, ..) => query_kind(query),
        },
        Operation::Begin(_) => control(Control::Begin),
        Operation::Commit { .. } => control(Control::Commit),
        Operation::Rollback { .. } => control(Control::Rollback),
        Operation::Savepoint(_) => control(Control::Savepoint),
        Operation::RollbackTo(_) => control(Control::RollbackTo),
        Operation::Release(_) => control(Control::Release),
        Operation::Session(_) => control(Control::Session),
        Operation::Schema | Operation::Sequence(_) => PlanKind::Schema,
    }
}

fn query_kind(query: &Query) -> PlanKind {
    let (mut any, mut scan) = (false, false);
    query.queries(&mut |query| {
        for relation in &query.relations {
            if matches!(relation.access, Access::Derived(_)) {
                continue;
            }
            any = true;
            scan |= !matches!(relation.access, Access::Index { .. });
        }
    });
    match (any, scan) {
        (false, _) => PlanKind::Constant,
        (true, false) => PlanKind::Point,
        (true, true) => PlanKind::Scan,
    }
}

/// The text of the tree, places included, is the same wherever it is made.
fn fingerprint(statement: &Statement) -> u128 {
    let mut hasher = StableHasher::default();
    hasher.bytes(format!("{statement:?}").as_bytes());
    hasher.finish()
}

/// A compiled expression over parameter slots, without tables: guards, arguments, `let`.
#[derive(Clone, Debug)]
pub struct Scalar {
    expr: Expr,
    data_type: Option<Type>,
}

impl Scalar {
    /// Binds an expression. Columns and aggregates are refused; a subquery finds no table.
    pub fn plan(expression: &Expression, parameters: &dyn Parameters) -> Result<Scalar, PlanError> {
        let mut binder = Binder::new(&[], parameters);
        let bound = binder.expression(expression)?;
        Ok(Scalar {
            expr: bound.expr,
            data_type: bound.data_type,
        })
    }

    /// The type of what it gives; `None` for a bare `'text'`, `NULL` or a parameter of unknown type.
    pub fn data_type(&self) -> Option<Type> {
        self.data_type
    }

    /// Its value. `slots` holds the parameters, `now_us` virtual microseconds.
    pub fn evaluate(&self, slots: &[Value], now_us: i64) -> Result<Value, SqlError> {
        let run = Run::new(slots, now_us, &[], ROW_BUDGET);
        self.expr.evaluate(&Frame::of(&run))
    }

    /// Always this value.
    pub fn constant(value: Value) -> Scalar {
        Scalar {
            expr: Expr::Literal(value),
            data_type: None,
        }
    }

    /// The value cast to this type wherever it is evaluated, as an assignment to a column does.
    pub fn cast_to(self, data_type: Type) -> Scalar {
        Scalar {
            expr: Expr::Cast(Box::new(self.expr), data_type, false),
            data_type: Some(data_type),
        }
    }
}

/// A query over several stores' committed rows, for invariants.
#[derive(Clone, Debug)]
pub struct AcrossQuery {
    query: Query,
    reads: Vec<(usize, TableId)>,
    /// Columns it reads, with their names when it was made.
    bound: Vec<(usize, TableId, ColumnId, Arc<str>)>,
}

impl AcrossQuery {
    /// Binds a query to the catalogs of several stores, which `database.table` names. A table without
    /// database is looked up in all and must be found in one only.
    pub fn plan(query: &Written, stores: &[(&str, &Catalog)]) -> Result<AcrossQuery, PlanError> {
        let mut binder = Binder::new(stores, &());
        let bound_query = binder.query(query)?;
        if !binder.parts.is_empty() {
            return Err(PlanError::at(
                SqlError::new(
                    b"0A000",
                    "a query over several databases changes and locks no rows",
                ),
                query.span,
            ));
        }
        if let Some(locking) = &query.locking {
            return Err(PlanError::at(
                SqlError::new(b"0A000", "a query over several databases locks no rows"),
                locking.span,
            ));
        }
        let mut bound = Vec::new();
        for (store, table, column) in &binder.columns {
            let at = *store as usize;
            let name = stores[at].1.table_by_id(*table).and_then(|table| {
                let found = table.columns.iter().find(|c| c.id == *column)?;
                Some(Arc::from(format!("{}.{}", table.name, found.name)))
            });
            let entry = (at, *table, *column, name.unwrap_or_else(|| Arc::from("?")));
            if !bound.contains(&entry) {
                bound.push(entry);
            }
        }
        let reads = binder
            .reads
            .iter()
            .map(|(store, table)| (*store as usize, *table));
        Ok(AcrossQuery {
            reads: reads.collect(),
            query: bound_query,
            bound,
        })
    }

    /// Columns of its rows.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.query.columns
    }

    /// What it reads: index of the store in `stores`, and the table.
    pub fn reads(&self) -> &[(usize, TableId)] {
        &self.reads
    }

    /// Its rows over committed rows. `stores` in the order given to [`AcrossQuery::plan`]. Columns bind by id
    /// and survive a rename; 42703 says that a column is gone, so the query cannot be judged.
    pub fn run(&self, stores: &[&Store], now_us: i64) -> Result<Vec<Row>, SqlError> {
        for (at, table, column, name) in &self.bound {
            let known = stores
                .get(*at)
                .and_then(|store| store.catalog().table_by_id(*table))
                .is_some_and(|table| table.columns.iter().any(|c| c.id == *column));
            if !known {
                return Err(SqlError::new(
                    b"42703",
                    format!("column {name} was dropped, so this cannot be judged"),
                ));
            }
        }
        let sources: Vec<Source<'_>> = stores
            .iter()
            .map(|store| Source {
                heaps: store.heaps(),
                view: View::COMMITTED,
            })
            .collect();
        let run = Run::new(&[], now_us, &sources, ROW_BUDGET);
        self.query.rows(None, &run)
    }
}

/// What a migration fails with, in the words of a statement.
impl From<PlanError> for SqlError {
    fn from(failure: PlanError) -> SqlError {
        let hint = failure.hint;
        let mut error = failure.error;
        if error.detail.is_none() {
            error.detail = hint;
        }
        error
    }
}

#[allow(dead_code)]
const fn _send_and_sync<T: Send + Sync>() {}
const _: () = {
    _send_and_sync::<Plan>();
    _send_and_sync::<Scalar>();
    _send_and_sync::<AcrossQuery>();
    let _ = Span::new;
};
