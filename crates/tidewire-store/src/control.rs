//! How transactions begin and end: BEGIN to RELEASE, their modes, errors. What becomes of rows is in `ending`.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/access/transam/xact.c`; of the modes: `check_XactIsoLevel`
//! and its neighbours in `src/backend/commands/variable.c`.

use std::sync::Arc;

use tidewire_syntax::ast::sql::TransactionModes;

use crate::heavyweight::TableModes;
use crate::plan::Operation;
use crate::store::in_failed_transaction;
use crate::transaction::{Defaults, Savepoint, Transaction};
use crate::{
    CommandTag, Completion, ConnectionId, Notice, Plan, Progress, SqlError, SqlState, Store,
    TransactionId,
};

impl Store {
    /// The connection's transaction, taken out of it, or a new one for a single statement.
    pub(crate) fn open_transaction(
        &mut self,
        connection: ConnectionId,
        now_us: i64,
    ) -> Result<Box<Transaction>, SqlError> {
        let mut defaults = Defaults::default();
        if let Some(place) = self.connection(connection) {
            defaults = place.defaults;
            if place.transaction.is_some()
                && let Some(place) = self.connection_mut(connection)
                && let Some(transaction) = place.transaction.take()
            {
                return Ok(transaction);
            }
        }
        self.begin(connection, defaults, false, now_us)
    }

    fn begin(
        &mut self,
        connection: ConnectionId,
        modes: Defaults,
        explicit: bool,
        now_us: i64,
    ) -> Result<Box<Transaction>, SqlError> {
        let isolation = modes.isolation.unwrap_or(self.default_isolation);
        self.next_transaction += 1;
        Ok(Box::new(Transaction {
            id: TransactionId(self.next_transaction),
            connection,
            explicit,
            isolation,
            read_only: modes.read_only,
            deferrable: modes.deferrable,
            started_us: now_us,
            snapshot: None,
            command: 0,
            failed: false,
            savepoints: Vec::new(),
            tables: TableModes::default(),
            strong: false,
            arrival: None,
            rare: None,
            undo: Default::default(),
            redefined: Vec::new(),
            first_write: None,
        }))
    }

    /// Puts a transaction back into its connection.
    pub(crate) fn keep(&mut self, connection: ConnectionId, transaction: Box<Transaction>) {
        if let Some(place) = self.connection_mut(connection) {
            place.transaction = Some(transaction);
        }
    }

    /// Ends a statement with an error: its transaction is undone up to the last savepoint and answers 25P02
    /// from now on; one of a single statement is gone.
    pub(crate) fn fail(
        &mut self,
        connection: ConnectionId,
        mut transaction: Box<Transaction>,
        error: SqlError,
    ) -> Progress {
        if transaction.explicit {
            let mark = transaction.last_mark();
            transaction.failed = true;
            self.undo_to(&mut transaction, mark);
            if transaction.savepoints.is_empty() {
                self.leave(transaction.id, false, None);
                transaction.first_write = None;
            }
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

    /// Tells something beside an answer.
    pub(crate) fn warn(&mut self, state: &[u8; 5], message: &str) {
        self.notices.push(Notice {
            severity: "WARNING",
            state: SqlState(*state),
            message: message.to_string(),
        });
    }

    /// The same, of something that is no reason to worry.
    pub(crate) fn notice(&mut self, message: String) {
        self.notices.push(Notice {
            severity: "NOTICE",
            state: SqlState(*b"00000"),
            message,
        });
    }

    /// BEGIN, COMMIT, ROLLBACK, savepoints, statements about the session, and changes of the schema.
    pub(crate) fn execute_control(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        now_us: i64,
    ) -> Progress {
        let transaction = self
            .connection_mut(connection)
            .and_then(|c| c.transaction.take());
        match (&plan.operation, transaction) {
            (Operation::Begin(modes), None) => self.begin_block(connection, modes, now_us),
            (Operation::Begin(modes), Some(transaction)) => {
                self.begin_again(connection, transaction, modes)
            }
            (Operation::Commit { chain } | Operation::Rollback { chain }, Some(transaction)) => {
                let commits = matches!(plan.operation, Operation::Commit { .. });
                self.end_block(connection, transaction, commits, *chain, now_us)
            }
            (Operation::Commit { chain: true }, None) => failed(outside("COMMIT AND CHAIN")),
            (Operation::Rollback { chain: true }, None) => failed(outside("ROLLBACK AND CHAIN")),
            (Operation::Commit { .. }, None) => {
                self.warn(b"25P01", "there is no transaction in progress");
                done(CommandTag::Commit)
            }
            (Operation::Rollback { .. }, None) => {
                self.warn(b"25P01", "there is no transaction in progress");
                done(CommandTag::Rollback)
            }
            (Operation::Sequence(statement), transaction) => {
                self.execute_sequence(connection, transaction, statement)
            }
            (Operation::Session(statement), transaction) => {
                self.execute_session(connection, transaction, statement)
            }
            (operation, Some(transaction)) => self.savepoint(connection, transaction, operation),
            (Operation::Savepoint(_), None) => failed(outside("SAVEPOINT")),
            (Operation::Release(_), None) => failed(outside("RELEASE SAVEPOINT")),
            (_, None) => failed(outside("ROLLBACK TO SAVEPOINT")),
        }
    }

    fn begin_block(
        &mut self,
        connection: ConnectionId,
        modes: &TransactionModes,
        now_us: i64,
    ) -> Progress {
        let defaults = self.connection(connection).map(|place| place.defaults);
        let modes = defaults.unwrap_or_default().with(modes);
        match self.begin(connection, modes, true, now_us) {
            Ok(transaction) => {
                self.keep(connection, transaction);
                done(CommandTag::Begin)
            }
            Err(error) => failed(error),
        }
    }

    /// BEGIN inside a transaction: a warning, and its modes are set as SET TRANSACTION does.
    fn begin_again(
        &mut self,
        connection: ConnectionId,
        mut transaction: Box<Transaction>,
        modes: &TransactionModes,
    ) -> Progress {
        if transaction.failed {
            self.keep(connection, transaction);
            return failed(in_failed_transaction());
        }
        self.warn(b"25001", "there is already a transaction in progress");
        match transaction.set_modes(modes) {
            Ok(()) => {
                self.keep(connection, transaction);
                done(CommandTag::Begin)
            }
            Err(error) => self.fail(connection, transaction, error),
        }
    }

    /// COMMIT and ROLLBACK of a block; a failed one is rolled back either way.
    fn end_block(
        &mut self,
        connection: ConnectionId,
        transaction: Box<Transaction>,
        commits: bool,
        chain: bool,
        now_us: i64,
    ) -> Progress {
        let modes = Defaults {
            isolation: Some(transaction.isolation),
            read_only: transaction.read_only,
            deferrable: transaction.deferrable,
        };
        let tag = if commits && !transaction.failed {
            if let Err(error) = self.check_serializable(&transaction) {
                self.roll_back(transaction);
                return failed(error);
            }
            self.commit(transaction);
            CommandTag::Commit
        } else {
            self.roll_back(transaction);
            CommandTag::Rollback
        };
        if chain && let Ok(next) = self.begin(connection, modes, true, now_us) {
            self.keep(connection, next);
        }
        done(tag)
    }

    fn savepoint(
        &mut self,
        connection: ConnectionId,
        mut transaction: Box<Transaction>,
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
                transaction.read_only = transaction.savepoints[at].read_only;
                transaction.savepoints.truncate(at + 1);
                transaction.failed = false;
                self.undo_to(&mut transaction, mark);
                CommandTag::Rollback
            }),
            _ if transaction.failed => {
                self.keep(connection, transaction);
                return failed(in_failed_transaction());
            }
            Operation::Savepoint(name) => {
                let place = self.connections.get(connection.0 as usize);
                let session = place.and_then(|place| place.session.as_ref());
                let settings = session.map(|session| session.settings.clone());
                transaction.savepoints.push(Savepoint {
                    name: name.clone(),
                    mark: transaction.undo.len(),
                    read_only: transaction.read_only,
                    tables: transaction.tables.clone(),
                    advisory: transaction
                        .rare
                        .as_ref()
                        .map_or(0, |rare| rare.advisory.len()),
                    settings,
                });
                Ok(CommandTag::Savepoint)
            }
            Operation::Release(name) => place(&transaction, name).map(|at| {
                transaction.read_only = transaction.savepoints[at].read_only;
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
}

impl Defaults {
    /// These modes where BEGIN names others.
    pub(crate) fn with(self, modes: &TransactionModes) -> Defaults {
        Defaults {
            isolation: modes.isolation.or(self.isolation),
            read_only: modes.read_only.unwrap_or(self.read_only),
            deferrable: modes.deferrable.unwrap_or(self.deferrable),
        }
    }
}

impl Transaction {
    /// SET TRANSACTION: what may still be set depends on whether it has run a query (25001).
    pub(crate) fn set_modes(&mut self, modes: &TransactionModes) -> Result<(), SqlError> {
        let queried = self.command > 0;
        let inner = self.savepoints.last();
        let too_late = |message: &str| Err(SqlError::new(b"25001", message));
        if let Some(level) = modes.isolation
            && level != self.isolation
        {
            if queried {
                return too_late("SET TRANSACTION ISOLATION LEVEL must be called before any query");
            }
            if inner.is_some() {
                return too_late(
                    "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction",
                );
            }
            self.isolation = level;
        }
        if let Some(read_only) = modes.read_only {
            if self.read_only && !read_only {
                if inner.is_some_and(|savepoint| savepoint.read_only) {
                    return too_late(
                        "cannot set transaction read-write mode inside a read-only transaction",
                    );
                }
                if queried {
                    return too_late("transaction read-write mode must be set before any query");
                }
            }
            self.read_only = read_only;
        }
        if let Some(deferrable) = modes.deferrable {
            if inner.is_some() {
                return too_late(
                    "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction",
                );
            }
            if queried {
                return too_late(
                    "SET TRANSACTION [NOT] DEFERRABLE must be called before any query",
                );
            }
            self.deferrable = deferrable;
        }
        Ok(())
    }
}

/// A finished command without rows.
pub(crate) fn done(tag: CommandTag) -> Progress {
    Progress::Done(Completion {
        tag,
        rows: Vec::new(),
    })
}

pub(crate) fn failed(error: SqlError) -> Progress {
    Progress::Failed(error)
}

/// 25P01
pub(crate) fn outside(what: &str) -> SqlError {
    SqlError::new(
        b"25P01",
        format!("{what} can only be used in transaction blocks"),
    )
}

/// 25001
pub(crate) fn within_block(what: &str) -> SqlError {
    SqlError::new(
        b"25001",
        format!("{what} cannot run inside a transaction block"),
    )
}
