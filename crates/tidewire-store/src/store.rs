//! The public face of a store: connections, plans in, progress out.
//!
//! How statements go on is in `execution` and the modules it names, how transactions end in `control`, who
//! waits for whom in `waiting`, the hash of it all in `state_hash`.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{IsolationLevel, SessionStatement};

use crate::conflicts::Serializable;
use crate::execution::{Execution, Step};
use crate::heap::Heap;
use crate::locks::Wanted;
use crate::news::News;
use crate::plan::Operation;
use crate::query::{Cache, ROW_BUDGET, Run, Source};
use crate::reads::{ReadCollector, Wants};
use crate::recording::{Footprint, Recorder};
use crate::redefinition::Published;
use crate::shared::Shared;
use crate::transaction::{Connection, Prepared, Suspended, Transaction};
use crate::versions::View;
use crate::{
    Author, Catalog, Completion, ConnectionId, Notice, Plan, Progress, ReadAs, RowChange, RowId,
    SqlError, TableId, TransactionId, Value, VisibleRow,
};

/// A relational store as a plain value: cloning it forks it, cheaply.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) catalog: Arc<Catalog>,
    /// What those see who changed nothing, while an open transaction changed the schema.
    pub(crate) published: Option<Box<Published>>,
    pub(crate) heaps: SmallVec<[Shared<Heap>; 4]>,
    /// The last number of each sequence.
    pub(crate) sequences: Vec<i64>,
    pub(crate) connections: SmallVec<[Shared<Connection>; 4]>,
    /// Commits that changed rows, so far.
    pub(crate) sequence: u64,
    pub(crate) next_transaction: u32,
    pub(crate) next_arrival: u64,
    /// Rows with versions that an open snapshot may need, and that no open transaction has touched.
    pub(crate) lingering: Vec<(TableId, RowId)>,
    pub(crate) changes: News,
    pub(crate) committed: News,
    pub(crate) notices: Vec<Notice>,
    /// In which transaction the last statement acted; no part of the state.
    pub(crate) acted: TransactionId,
    /// What statements read and wrote, while that is recorded.
    pub(crate) recorder: Option<Box<Recorder>>,
    pub(crate) default_isolation: IsolationLevel,
    /// First writes of transactions so far.
    pub(crate) first_writes: u64,
    /// Sums for the hash are kept up to date.
    pub(crate) keeps_hash: bool,
    /// Serializable transactions that matter, if there are any.
    pub(crate) serializable: Option<Shared<Serializable>>,
    /// Transactions that hold or want a strong lock on a table.
    pub(crate) strong: u32,
    pub(crate) prepared: Vec<Prepared>,
}

impl Store {
    /// An empty store whose transactions have this level unless `BEGIN` says otherwise.
    pub fn new(default_isolation: IsolationLevel) -> Store {
        Store {
            catalog: Arc::default(),
            published: None,
            heaps: SmallVec::new(),
            sequences: Vec::new(),
            connections: SmallVec::new(),
            sequence: 0,
            next_transaction: 0,
            next_arrival: 0,
            lingering: Vec::new(),
            changes: News::default(),
            committed: News::default(),
            notices: Vec::new(),
            acted: TransactionId(0),
            recorder: None,
            default_isolation,
            first_writes: 0,
            keeps_hash: false,
            serializable: None,
            strong: 0,
            prepared: Vec::new(),
        }
    }

    /// What exists now.
    pub fn catalog(&self) -> &Catalog {
        self.catalog_in(None)
    }

    /// The level of transactions that do not name one.
    pub fn default_isolation(&self) -> IsolationLevel {
        self.default_isolation
    }

    pub(crate) fn heaps(&self) -> &[Shared<Heap>] {
        &self.heaps
    }

    /// Opens a connection. Ids of closed ones are used again, the lowest first, so that states which differ
    /// only in how often clients came back are equal.
    pub fn connect(&mut self) -> ConnectionId {
        let free = self
            .connections
            .iter()
            .position(|connection| connection.closed);
        match free {
            Some(at) => {
                self.connections[at] = Shared::default();
                ConnectionId(at as u32)
            }
            None => {
                self.connections.push(Shared::default());
                ConnectionId(self.connections.len() as u32 - 1)
            }
        }
    }

    /// Ends a connection; what is open is rolled back.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.changes.clear();
        self.committed.clear();
        let Some(place) = self.connection_mut(connection) else {
            return;
        };
        place.closed = true;
        place.suspended = None;
        if let Some(transaction) = place.transaction.take() {
            self.roll_back(transaction);
        }
    }

    pub(crate) fn connection(&self, connection: ConnectionId) -> Option<&Connection> {
        let found = self.connections.get(connection.0 as usize)?;
        (!found.closed).then_some(found.as_ref())
    }

    pub(crate) fn connection_mut(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        let found = Shared::make_mut(self.connections.get_mut(connection.0 as usize)?);
        (!found.closed).then_some(found)
    }

    /// Runs a statement until it is done, blocks or fails. `slots` holds its parameters; `now_us` is virtual
    /// microseconds and what `now()` answers in a transaction that begins here.
    pub fn execute(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        slots: &[Value],
        now_us: i64,
    ) -> Progress {
        self.changes.clear();
        self.committed.clear();
        self.notices.clear();
        self.acted = TransactionId(0);
        match self.connection(connection) {
            None => return Progress::Failed(SqlError::new(b"08003", "connection does not exist")),
            Some(place) if place.suspended.is_some() => {
                return Progress::Failed(SqlError::new(
                    b"55000",
                    "another statement of this connection is still waiting",
                ));
            }
            Some(_) => {}
        }
        match &plan.operation {
            Operation::Select(_)
            | Operation::Insert(_)
            | Operation::Update(_)
            | Operation::Delete(_) => self.execute_rows(connection, plan, slots, now_us),
            Operation::Schema | Operation::Session(SessionStatement::LockTable(_)) => {
                self.execute_on_tables(connection, plan, now_us)
            }
            // Of named tables it may have to wait for.
            Operation::Session(SessionStatement::Maintain(_)) if !plan.locks.is_empty() => {
                self.execute_on_tables(connection, plan, now_us)
            }
            Operation::Session(SessionStatement::Execute(execute)) => {
                self.execute_prepared(connection, execute, now_us)
            }
            _ => self.execute_control(connection, plan, now_us),
        }
    }

    fn execute_rows(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        slots: &[Value],
        now_us: i64,
    ) -> Progress {
        let mut transaction = match self.open_transaction(connection, now_us) {
            Ok(transaction) => transaction,
            Err(error) => return Progress::Failed(error),
        };
        self.acted = transaction.id;
        if transaction.failed {
            self.keep(connection, transaction);
            return Progress::Failed(in_failed_transaction());
        }
        let plan = match self.current_plan(&transaction, plan) {
            Ok(plan) => plan,
            Err(error) => return self.fail(connection, transaction, error),
        };
        let enters =
            transaction.snapshot.is_none() && transaction.isolation == IsolationLevel::Serializable;
        if enters {
            self.enter(&transaction);
        }
        let view = transaction.next_view(self.sequence);
        let started_us = transaction.started_us;
        let mut execution = Execution::new(plan, slots, started_us, view, ROW_BUDGET);
        execution.wants_safe_snapshot = enters && transaction.read_only && transaction.deferrable;
        execution.reads = ReadCollector::new(self.wants_reads(&transaction), || {
            Footprint::new(connection, &transaction, view.snapshot)
        });
        execution.scans = self.scans(connection);
        self.go_on(connection, transaction, execution)
    }

    /// Goes on with a statement that blocked. It may block again.
    pub fn resume(&mut self, connection: ConnectionId, now_us: i64) -> Progress {
        // Kept in the signature: expiries belong to the caller, `now()` to the transaction.
        let _ = now_us;
        self.changes.clear();
        self.committed.clear();
        let Some(place) = self.connection_mut(connection) else {
            return Progress::Failed(SqlError::new(b"08003", "connection does not exist"));
        };
        match (place.suspended.take(), place.transaction.take()) {
            (Some(suspended), Some(mut transaction)) => {
                self.acted = transaction.id;
                let (arrival, wanted) = (suspended.arrival, suspended.wanted);
                transaction.arrival = matches!(wanted, Wanted::Object { .. }).then_some(arrival);
                let progress = self.go_on(connection, transaction, *suspended.execution);
                // Who waits again for the same keeps its place.
                if let Some(place) = self.connection_mut(connection)
                    && let Some(suspended) = &mut place.suspended
                    && suspended.wanted.same_queue(&wanted)
                {
                    suspended.arrival = arrival;
                }
                progress
            }
            (suspended, transaction) => {
                place.suspended = suspended;
                place.transaction = transaction;
                Progress::Failed(SqlError::new(
                    b"55000",
                    "no statement of this connection waits",
                ))
            }
        }
    }

    /// What is to be noted of the reads of a statement in this transaction.
    fn wants_reads(&self, transaction: &Transaction) -> Wants {
        Wants {
            accesses: transaction.isolation == IsolationLevel::Serializable,
            versions: self.recorder.is_some(),
        }
    }

    pub(crate) fn go_on(
        &mut self,
        connection: ConnectionId,
        mut transaction: Box<Transaction>,
        mut execution: Execution,
    ) -> Progress {
        let stepped = self.step(&mut transaction, &mut execution);
        self.keep_writes(&mut execution);
        let followed = self.follow_reads(&transaction, &mut execution);
        match followed.and(stepped) {
            Err(error) => self.fail(connection, transaction, error),
            Ok(Step::Blocked(wanted)) => {
                let arrival = match self.arrive(&transaction, &wanted) {
                    Ok(arrival) => arrival,
                    Err(error) => return self.fail(connection, transaction, error),
                };
                if let Some(place) = self.connection_mut(connection) {
                    place.transaction = Some(transaction);
                    place.suspended = Some(Suspended {
                        execution: Box::new(execution),
                        wanted,
                        arrival,
                    });
                }
                Progress::Blocked
            }
            Ok(Step::Done) => {
                self.tell_footprint(&mut execution);
                if transaction.explicit {
                    self.keep(connection, transaction);
                } else if let Err(error) = self.check_serializable(&transaction) {
                    return self.fail(connection, transaction, error);
                } else {
                    self.commit(transaction);
                }
                Progress::Done(Completion {
                    tag: execution.tag(),
                    rows: execution.answered,
                })
            }
        }
    }

    fn step(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
    ) -> Result<Step, SqlError> {
        if execution.wants_safe_snapshot && !self.has_safe_snapshot(transaction, execution) {
            return Ok(Step::Blocked(Wanted::SafeSnapshot));
        }
        if let blocked @ Step::Blocked(_) = self.lock_tables(transaction, execution)? {
            return Ok(blocked);
        }
        let plan = execution.plan.clone();
        // Only the executor looks (`ExecCheckXactReadOnly`): tables are locked and a snapshot is taken by then.
        if transaction.read_only
            && let Some(command) = plan.writing_command()
        {
            return Err(read_only(command));
        }
        let step = loop {
            let mut cache = Cache::default();
            let step = if matches!(plan.operation, Operation::Schema) {
                self.redefine(transaction, &plan.statement, execution.now_us)
                    .map(|()| Step::Done)
            } else if plan.parts.is_empty() {
                self.step_operation(transaction, execution, &plan.operation, &mut cache)
            } else {
                self.step_parts(transaction, execution, &mut cache)
            };
            match step {
                Ok(step) => break step,
                Err(error) => match self.perform(transaction, execution) {
                    None => return Err(error),
                    Some(Ok(Step::Done)) => {}
                    Some(stopped) => return stopped,
                },
            }
        };
        if let Step::Blocked(_) = step {
            return Ok(step);
        }
        self.step_checks(transaction, execution)
    }

    /// Goes on with a query, INSERT, UPDATE or DELETE until it is done or blocks.
    pub(crate) fn step_operation(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        operation: &Operation,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        match operation {
            Operation::Select(query) => match &query.locking {
                Some(locking) => self.step_lock(transaction, execution, query, locking, cache),
                None => {
                    execution.answered =
                        self.with_run(execution, cache, |run| query.rows(None, run))?;
                    Ok(Step::Done)
                }
            },
            Operation::Insert(plan) => self.step_insert(transaction, execution, plan, cache),
            Operation::Update(plan) => self.step_update(transaction, execution, plan, cache),
            Operation::Delete(plan) => self.step_delete(transaction, execution, plan, cache),
            _ => Ok(Step::Done),
        }
    }

    /// Evaluates something as a statement sees the store.
    #[inline]
    pub(crate) fn with_run<T>(
        &self,
        execution: &mut Execution,
        cache: &mut Cache,
        evaluate: impl FnOnce(&Run<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let sources = [Source {
            heaps: &self.heaps,
            view: execution.view,
        }];
        let mut run = Run::new(
            &execution.slots,
            execution.now_us,
            &sources,
            execution.budget,
        );
        run.take_cache(cache);
        run.scans = execution.scans;
        if let Some(parts) = &execution.parts {
            run.results = &parts.results;
        }
        if let Some(reads) = execution.reads.take() {
            run.collect(reads);
        }
        if let Some(mut replay) = execution.replay.take() {
            replay.rewind();
            run.replay = RefCell::new(Some(replay));
        }
        let outcome = evaluate(&run);
        let budget = run.budget.get();
        execution.reads = run.reads.take();
        execution.replay = run.replay.take();
        if outcome.is_ok()
            && let Some(replay) = &mut execution.replay
            && replay.finish()
        {
            execution.replay = None;
        }
        *cache = run.into_cache();
        execution.budget = budget;
        outcome
    }

    /// An explicit transaction is open, failed or not.
    pub fn in_transaction(&self, connection: ConnectionId) -> bool {
        let transaction = self
            .connection(connection)
            .and_then(|c| c.transaction.as_ref());
        transaction.is_some_and(|transaction| transaction.explicit)
    }

    /// The open transaction, for labels: T-72. A statement that waits outside a transaction has one too.
    pub fn transaction(&self, connection: ConnectionId) -> Option<TransactionId> {
        let transaction = self.connection(connection)?.transaction.as_ref()?;
        Some(transaction.id)
    }

    /// The transaction in which the last `execute` or `resume` read or wrote rows, over already if it was that
    /// statement's own; 0 when it did neither.
    pub fn acted(&self) -> TransactionId {
        self.acted
    }

    /// Commits that changed rows, so far: what [`crate::Author::Committed`] counts.
    pub fn commits(&self) -> u64 {
        self.sequence
    }

    /// Rows written by the last `execute`, `resume` or `migrate`, in order, uncommitted ones too.
    pub fn take_changes(&mut self) -> Vec<RowChange> {
        std::mem::take(&mut self.changes).into_vec()
    }

    /// What the last `execute` has to tell beside its answer.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Net changes of the transaction that the last `execute` or `resume` committed.
    pub fn take_committed(&mut self) -> Vec<RowChange> {
        std::mem::take(&mut self.committed).into_vec()
    }

    /// Grows with each commit that changed the table.
    pub fn table_version(&self, table: TableId) -> u64 {
        self.heaps
            .get(table.0 as usize)
            .map_or(0, |heap| heap.version)
    }

    /// The rows of a table in heap order.
    pub fn rows(&self, table: TableId, read: ReadAs) -> Vec<VisibleRow> {
        let view = match read {
            ReadAs::Committed => View::COMMITTED,
            ReadAs::Connection(connection) => self.next_statement_view(connection),
        };
        let mut rows = Vec::new();
        let Some(heap) = self.heaps.get(table.0 as usize) else {
            return rows;
        };
        heap.scan(&view, &mut |id, values| {
            let version = heap.entry(id).and_then(|entry| entry.visible(&view));
            rows.push(VisibleRow {
                id,
                values: values.clone(),
                created: version
                    .map_or(Author::Committed(0), |version| Author::of(version.created)),
            });
            ControlFlow::Continue(())
        });
        rows
    }

    fn next_statement_view(&self, connection: ConnectionId) -> View {
        let transaction = self
            .connection(connection)
            .and_then(|c| c.transaction.as_ref());
        match transaction {
            Some(transaction) => View {
                snapshot: match transaction.snapshot {
                    Some(snapshot) if transaction.keeps_snapshot() => snapshot,
                    _ => self.sequence,
                },
                transaction: Some(transaction.id),
                command: u32::MAX,
            },
            None => View::COMMITTED,
        }
    }
}

/// 25006
pub(crate) fn read_only(command: &str) -> SqlError {
    SqlError::new(
        b"25006",
        format!("cannot execute {command} in a read-only transaction"),
    )
}

/// 25P02
pub(crate) fn in_failed_transaction() -> SqlError {
    SqlError::new(
        b"25P02",
        "current transaction is aborted, commands ignored until end of transaction block",
    )
}
