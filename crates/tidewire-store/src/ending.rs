//! How transactions begin and end: BEGIN to RELEASE, commit, rollback, errors.

use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::IsolationLevel;

use crate::plan::Operation;
use crate::store::in_failed_transaction;
use crate::transaction::{Savepoint, Transaction, Undo, UndoKind};
use crate::versions::Stamp;
use crate::{
    CommandTag, Completion, ConnectionId, Plan, Progress, RowChange, RowId, SqlError, Store,
    TableId, TransactionId,
};

impl Store {
    /// The connection's transaction, taken out of it, or a new one for a single statement.
    pub(crate) fn open_transaction(
        &mut self,
        connection: ConnectionId,
        now_us: i64,
    ) -> Result<Transaction, SqlError> {
        let open = self
            .connection(connection)
            .is_some_and(|c| c.transaction.is_some());
        if open
            && let Some(place) = self.connection_mut(connection)
            && let Some(transaction) = place.transaction.take()
        {
            return Ok(transaction);
        }
        self.begin(self.default_isolation, false, now_us)
    }

    fn begin(
        &mut self,
        isolation: IsolationLevel,
        explicit: bool,
        now_us: i64,
    ) -> Result<Transaction, SqlError> {
        if isolation == IsolationLevel::Serializable {
            return Err(SqlError::new(
                b"0A000",
                "isolation level serializable is not supported by this store yet",
            )
            .with_detail("Use repeatable read; a weaker level is not put in its place silently."));
        }
        self.next_transaction += 1;
        Ok(Transaction {
            id: TransactionId(self.next_transaction),
            explicit,
            isolation,
            started_us: now_us,
            snapshot: None,
            command: 0,
            failed: false,
            savepoints: Vec::new(),
            undo: Vec::new(),
        })
    }

    /// Puts a transaction back into its connection.
    pub(crate) fn keep(&mut self, connection: ConnectionId, transaction: Transaction) {
        if let Some(place) = self.connection_mut(connection) {
            place.transaction = Some(transaction);
        }
    }

    /// Ends a statement with an error: its transaction is undone up to the last savepoint and answers 25P02
    /// from now on; one of a single statement is gone.
    pub(crate) fn fail(
        &mut self,
        connection: ConnectionId,
        mut transaction: Transaction,
        error: SqlError,
    ) -> Progress {
        if transaction.explicit {
            let mark = transaction.last_mark();
            transaction.failed = true;
            self.undo_to(&mut transaction, mark);
            self.keep(connection, transaction);
        } else {
            self.roll_back(transaction);
        }
        self.changes.clear();
        Progress::Failed(error)
    }

    /// A statement that cannot be planned fails like one that was carried out: its transaction answers 25P02 from
    /// now on. Gives the error that the client gets, which is 25P02 already if the transaction had failed before;
    /// only the grammar is asked even then (`exec_simple_query` in PostgreSQL's `postgres.c`).
    pub fn refuse(&mut self, connection: ConnectionId, error: SqlError) -> SqlError {
        let place = self.connection_mut(connection);
        let Some(transaction) = place.and_then(|place| place.transaction.take()) else {
            return error;
        };
        let error = if transaction.failed && error.state.as_str() != "42601" {
            in_failed_transaction()
        } else {
            error
        };
        self.fail(connection, transaction, error.clone());
        error
    }

    /// BEGIN, COMMIT, ROLLBACK, savepoints, and changes of the schema.
    pub(crate) fn execute_control(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        now_us: i64,
    ) -> Progress {
        let transaction = self
            .connection_mut(connection)
            .and_then(|c| c.transaction.take());
        let outcome = match (&plan.operation, transaction) {
            (Operation::Begin(level), None) => {
                let level = level.unwrap_or(self.default_isolation);
                self.begin(level, true, now_us).map(|transaction| {
                    self.keep(connection, transaction);
                    CommandTag::Begin
                })
            }
            // PostgreSQL warns here and goes on.
            (Operation::Begin(_), Some(transaction)) => {
                let failed = transaction.failed;
                self.keep(connection, transaction);
                if failed {
                    Err(in_failed_transaction())
                } else {
                    Ok(CommandTag::Begin)
                }
            }
            (Operation::Commit, Some(transaction)) if !transaction.failed => {
                self.commit(transaction);
                Ok(CommandTag::Commit)
            }
            (Operation::Commit | Operation::Rollback, Some(transaction)) => {
                self.roll_back(transaction);
                Ok(CommandTag::Rollback)
            }
            (Operation::Commit, None) => Ok(CommandTag::Commit),
            (Operation::Rollback, None) => Ok(CommandTag::Rollback),
            (Operation::Schema, transaction) => {
                return self.execute_schema(connection, plan, transaction, now_us);
            }
            (operation, Some(transaction)) => {
                return self.savepoint(connection, transaction, operation);
            }
            (Operation::Savepoint(_), None) => Err(outside("SAVEPOINT")),
            (Operation::Release(_), None) => Err(outside("RELEASE SAVEPOINT")),
            (_, None) => Err(outside("ROLLBACK TO SAVEPOINT")),
        };
        match outcome {
            Ok(tag) => done(tag),
            Err(error) => Progress::Failed(error),
        }
    }

    fn execute_schema(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        transaction: Option<Transaction>,
        now_us: i64,
    ) -> Progress {
        use tidewire_syntax::ast::sql::Statement;
        if let Some(transaction) = transaction {
            if transaction.failed {
                self.keep(connection, transaction);
                return Progress::Failed(in_failed_transaction());
            }
            let error = SqlError::new(
                b"25001",
                "the schema cannot be changed inside a transaction block in this store",
            );
            return self.fail(connection, transaction, error);
        }
        let tag = match &*plan.statement {
            Statement::CreateTable(_) => CommandTag::CreateTable,
            _ => CommandTag::AlterTable,
        };
        match self.migrate(&plan.statement, now_us) {
            Ok(()) => done(tag),
            Err(error) => Progress::Failed(error),
        }
    }

    fn savepoint(
        &mut self,
        connection: ConnectionId,
        mut transaction: Transaction,
        operation: &Operation,
    ) -> Progress {
        let place = |transaction: &Transaction, name: &Arc<str>| {
            let at = transaction
                .savepoints
                .iter()
                .rposition(|savepoint| savepoint.name == *name);
            at.ok_or_else(|| {
                SqlError::new(b"3B001", format!("savepoint \"{name}\" does not exist"))
            })
        };
        let outcome = match operation {
            Operation::RollbackTo(name) => place(&transaction, name).map(|at| {
                let mark = transaction.savepoints[at].mark;
                transaction.savepoints.truncate(at + 1);
                transaction.failed = false;
                self.undo_to(&mut transaction, mark);
                CommandTag::Rollback
            }),
            _ if transaction.failed => {
                self.keep(connection, transaction);
                return Progress::Failed(in_failed_transaction());
            }
            Operation::Savepoint(name) => {
                transaction.savepoints.push(Savepoint {
                    name: name.clone(),
                    mark: transaction.undo.len(),
                });
                Ok(CommandTag::Savepoint)
            }
            Operation::Release(name) => place(&transaction, name).map(|at| {
                transaction.savepoints.truncate(at);
                CommandTag::Release
            }),
            _ => Ok(CommandTag::Rollback),
        };
        match outcome {
            Ok(tag) => {
                self.keep(connection, transaction);
                done(tag)
            }
            Err(error) => self.fail(connection, transaction, error),
        }
    }

    /// Makes everything that a transaction did visible, as one.
    pub(crate) fn commit(&mut self, transaction: Transaction) {
        let kept_snapshot = transaction.snapshot.is_some();
        if transaction.undo.is_empty() && !kept_snapshot && self.lingering.is_empty() {
            return;
        }
        let is_change = |undo: &Undo| !matches!(undo.kind, UndoKind::Lock(_));
        if transaction.undo.iter().any(is_change) {
            self.sequence += 1;
        }
        let stamp = Stamp::committed(self.sequence);
        let snapshots = self.open_snapshots(&[]);
        let mut changed: SmallVec<[TableId; 4]> = SmallVec::new();
        for (table, row) in touched(&transaction.undo) {
            let at = table.0 as usize;
            let Some(definition) = self.catalog.tables.get(at) else {
                continue;
            };
            let heap = Arc::make_mut(&mut self.heaps[at]);
            let commit = heap.commit(row, transaction.id, stamp, &definition.indexes, &snapshots);
            if !commit.quiet {
                self.lingering.push((table, row));
            }
            if let Some((before, after)) = commit.change {
                self.committed.push(RowChange {
                    table,
                    row,
                    before,
                    after,
                });
                if !changed.contains(&table) {
                    changed.push(table);
                    heap.version += 1;
                }
            }
        }
        self.sweep(&snapshots, kept_snapshot);
    }

    /// Undoes everything that a transaction did.
    pub(crate) fn roll_back(&mut self, mut transaction: Transaction) {
        transaction.savepoints.clear();
        let kept_snapshot = transaction.snapshot.is_some();
        transaction.snapshot = None;
        self.undo_to(&mut transaction, 0);
        if kept_snapshot {
            self.settle(&[], &[], true);
        }
    }

    /// Undoes what was done since a mark, the last first.
    pub(crate) fn undo_to(&mut self, transaction: &mut Transaction, mark: usize) {
        let undone = transaction.undo.split_off(mark.min(transaction.undo.len()));
        for undo in undone.iter().rev() {
            self.undo(transaction.id, *undo);
        }
        let own: SmallVec<[u64; 1]> = transaction.snapshot.into_iter().collect();
        self.settle(&touched(&undone), &own, false);
    }

    fn undo(&mut self, id: TransactionId, undo: Undo) {
        let Some(table) = self.catalog.tables.get(undo.table.0 as usize).cloned() else {
            return;
        };
        let heap = Arc::make_mut(&mut self.heaps[undo.table.0 as usize]);
        match undo.kind {
            UndoKind::Version => heap.pop_version(undo.row, &table.indexes),
            UndoKind::Delete => {
                if let Some(entry) = heap.touch(undo.row) {
                    entry.busy_mut().deleted = None;
                }
            }
            UndoKind::Lock(before) => {
                if let Some(entry) = heap.touch(undo.row) {
                    let locks = &mut entry.busy_mut().locks;
                    match before {
                        None => locks.retain(|lock| lock.transaction != id),
                        Some(strength) => locks
                            .iter_mut()
                            .filter(|lock| lock.transaction == id)
                            .for_each(|lock| lock.strength = strength),
                    }
                }
            }
        }
    }

    /// Snapshots that someone may still read by, `own` among them.
    fn open_snapshots(&self, own: &[u64]) -> SmallVec<[u64; 4]> {
        let mut snapshots: SmallVec<[u64; 4]> = SmallVec::from_slice(own);
        for connection in &self.connections {
            let kept = connection.transaction.as_ref().and_then(|t| t.snapshot);
            let waiting = connection.suspended.as_ref();
            let waiting = waiting.map(|suspended| suspended.execution.view.snapshot);
            snapshots.extend(kept.into_iter().chain(waiting));
        }
        snapshots
    }

    /// Forgets versions of these rows that nobody needs; of lingering ones too when a snapshot is gone.
    fn settle(&mut self, rows: &[(TableId, RowId)], own: &[u64], snapshot_gone: bool) {
        let snapshots = self.open_snapshots(own);
        for (table, row) in rows {
            if !self.settle_row(*table, *row, &snapshots) {
                self.lingering.push((*table, *row));
            }
        }
        self.sweep(&snapshots, snapshot_gone);
    }

    /// Looks at lingering rows again when that may help.
    fn sweep(&mut self, snapshots: &[u64], snapshot_gone: bool) {
        /// From here on, rows that were noted twice are looked for.
        const MANY: usize = 256;
        if self.lingering.is_empty() {
            return;
        }
        if snapshot_gone || snapshots.is_empty() {
            let mut lingering = std::mem::take(&mut self.lingering);
            lingering.retain(|(table, row)| !self.settle_row(*table, *row, snapshots));
            self.lingering = lingering;
        }
        if self.lingering.len() > MANY {
            self.lingering.sort_unstable();
            self.lingering.dedup();
        }
    }

    fn settle_row(&mut self, table: TableId, row: RowId, snapshots: &[u64]) -> bool {
        let at = table.0 as usize;
        match self.catalog.tables.get(at) {
            Some(definition) => {
                let heap = Arc::make_mut(&mut self.heaps[at]);
                heap.settle(row, &definition.indexes, snapshots)
            }
            None => true,
        }
    }
}

/// The rows of an undo log, each once, in order.
fn touched(undo: &[Undo]) -> SmallVec<[(TableId, RowId); 4]> {
    let mut rows: SmallVec<[(TableId, RowId); 4]> =
        undo.iter().map(|undo| (undo.table, undo.row)).collect();
    if rows.len() <= 2 {
        rows.dedup();
        return rows;
    }
    let mut seen = rustc_hash::FxHashSet::default();
    rows.retain(|row| seen.insert(*row));
    rows
}

fn done(tag: CommandTag) -> Progress {
    Progress::Done(Completion {
        tag,
        rows: Vec::new(),
    })
}

fn outside(what: &str) -> SqlError {
    SqlError::new(
        b"25P01",
        format!("{what} can only be used in transaction blocks"),
    )
}
