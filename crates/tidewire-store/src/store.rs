//! The public face of a store: connections, plans in, progress out.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{IsolationLevel, Statement};

use crate::{
    Catalog, ConnectionId, Plan, Progress, ReadAs, RowChange, SqlError, TableId, TransactionId,
    Value, VisibleRow, Wait,
};

/// A relational store as a plain value: cloning it forks it, cheaply.
#[derive(Clone, Debug)]
pub struct Store {
    catalog: Arc<Catalog>,
    default_isolation: IsolationLevel,
    connections: u32,
}

impl Store {
    /// An empty store whose transactions have this level unless `BEGIN` says otherwise.
    pub fn new(default_isolation: IsolationLevel) -> Store {
        Store {
            catalog: Arc::default(),
            default_isolation,
            connections: 0,
        }
    }

    /// What exists now.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The level of transactions that do not name one.
    pub fn default_isolation(&self) -> IsolationLevel {
        self.default_isolation
    }

    /// Opens a connection.
    pub fn connect(&mut self) -> ConnectionId {
        self.connections += 1;
        ConnectionId(self.connections - 1)
    }

    /// Ends a connection; what is open is rolled back.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        let _ = connection;
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
        let _ = (connection, plan, slots, now_us);
        Progress::Failed(SqlError::new(b"0A000", "statements cannot be run yet"))
    }

    /// Goes on with a statement that blocked. It may block again.
    pub fn resume(&mut self, connection: ConnectionId, now_us: i64) -> Progress {
        let _ = (connection, now_us);
        Progress::Blocked
    }

    /// Waiters that may go on, in order of arrival; choice 0 is the first. Resume one, then ask again.
    pub fn ready(&self) -> Vec<ConnectionId> {
        Vec::new()
    }

    /// Who waits for whom, in order of arrival.
    pub fn waits(&self) -> Vec<Wait> {
        Vec::new()
    }

    /// A cycle of waiters in order of arrival, if there is one. Who is the victim is the caller's choice;
    /// [`Store::cancel`] it with [`SqlError::deadlock`].
    pub fn deadlock(&self) -> Option<Vec<ConnectionId>> {
        None
    }

    /// Ends a waiting statement with this error: 40P01, 55P03, 57014. Without a waiting statement it does
    /// nothing and answers the error.
    pub fn cancel(&mut self, connection: ConnectionId, error: SqlError) -> Progress {
        let _ = connection;
        Progress::Failed(error)
    }

    /// An explicit transaction is open, failed or not.
    pub fn in_transaction(&self, connection: ConnectionId) -> bool {
        let _ = connection;
        false
    }

    /// The open transaction, for labels: T-72.
    pub fn transaction(&self, connection: ConnectionId) -> Option<TransactionId> {
        let _ = connection;
        None
    }

    /// Rows written by the last `execute`, `resume` or `migrate`, in order, uncommitted ones too.
    pub fn take_changes(&mut self) -> Vec<RowChange> {
        Vec::new()
    }

    /// Net changes of the transaction that the last `execute` or `resume` committed.
    pub fn take_committed(&mut self) -> Vec<RowChange> {
        Vec::new()
    }

    /// Grows with each commit that changed the table.
    pub fn table_version(&self, table: TableId) -> u64 {
        let _ = table;
        0
    }

    /// The rows of a table in heap order.
    pub fn rows(&self, table: TableId, read: ReadAs) -> Vec<VisibleRow> {
        let _ = (table, read);
        Vec::new()
    }

    /// Canonical hash of everything that decides what statements will answer, except heap order and the
    /// numbers of rows and transactions. Kept incrementally; equal on every machine.
    pub fn hash(&self) -> u128 {
        0
    }

    /// Changes the schema from outside any session: waits for nobody.
    pub fn migrate(&mut self, statement: &Statement, now_us: i64) -> Result<(), SqlError> {
        let _ = (statement, now_us);
        Err(SqlError::new(b"0A000", "schemas cannot be changed yet"))
    }
}
