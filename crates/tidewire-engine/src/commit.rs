//! What follows from what a statement did: facts for the trace, rows that became visible, faults that waited.

use tidewire_scenario::DatabaseId;
use tidewire_store::{CommandTag, ConnectionId, TransactionId};

use crate::observation::{Fact, RecordedStatement};
use crate::state::Running;
use crate::step::Step;

impl Step<'_> {
    /// The transaction of a statement that is over: the open one, the one that it ended, or its own.
    pub(crate) fn transaction_of_last(
        &self,
        database: DatabaseId,
        connection: ConnectionId,
    ) -> TransactionId {
        match self.transaction(database, connection) {
            TransactionId(0) => self.state.databases[database.index()].store.acted(),
            transaction => transaction,
        }
    }

    /// The transaction of a connection, open or last seen; 0 when it has none.
    pub(crate) fn transaction(
        &self,
        database: DatabaseId,
        connection: ConnectionId,
    ) -> TransactionId {
        let state = &self.state.databases[database.index()];
        let seen = state
            .session(connection)
            .and_then(|session| session.transaction);
        let open = state.store.transaction(connection);
        open.or(seen).unwrap_or(TransactionId(0))
    }

    /// Tells the trace about a finished statement and lets its commit have its effects.
    pub(crate) fn record_done(
        &mut self,
        database: DatabaseId,
        connection: ConnectionId,
        running: Running,
        tag: CommandTag,
    ) {
        let transaction = self.transaction_of_last(database, connection);
        let state = self.database_mut(database);
        let committed = state.store.take_committed();
        let changes = state.store.take_changes();
        let explicit = state.store.in_transaction(connection);
        let open = state.store.transaction(connection);
        let session = state.session_mut(connection);
        let seen = session.as_ref().and_then(|session| session.transaction);
        if let Some(session) = session {
            session.transaction = open.filter(|_| explicit);
        }
        let work = running.sender.id;
        let autocommitted = !explicit && !committed.is_empty() && tag != CommandTag::Commit;
        if (explicit && seen != open) || autocommitted {
            self.emit(|| Fact::TransactionBegan {
                database,
                transaction,
                work,
            });
        }
        self.committer = Some(connection);
        let index = self.state.observations;
        self.note_authors(database, &changes, index);
        let done = self.chain(|| Fact::StatementDone {
            database,
            transaction,
            statement: running.sql.statement,
            work,
            tag,
            changes,
        });
        if self.state.recording {
            let pool = self.state.databases[database.index()].session(connection);
            let pool = pool.and_then(|session| self.setup.pools.get(session.pool as usize));
            let statement = pool.map(|pool| RecordedStatement {
                statement: running.sql.statement,
                node: pool.node,
                observation: done,
            });
            self.pass_records(database, statement);
        }
        if tag == CommandTag::Rollback {
            self.roll_back(database, transaction);
        } else if tag == CommandTag::Commit || autocommitted {
            self.commit(database, transaction, committed);
        } else if !explicit {
            self.released(database, done);
        }
    }

    fn commit(
        &mut self,
        database: DatabaseId,
        transaction: TransactionId,
        changes: Vec<tidewire_store::RowChange>,
    ) {
        let lasting = !changes.is_empty();
        let index = self.chain(|| Fact::Committed {
            database,
            transaction,
            changes,
        });
        self.released(database, index);
        if lasting {
            self.state.effects += 1;
            if !self.changed.contains(&database) {
                self.changed.push(database);
            }
        }
        self.trigger_after_commit(database);
    }

    /// A transaction's changes are undone.
    pub(crate) fn roll_back(&mut self, database: DatabaseId, transaction: TransactionId) {
        let index = self.chain(|| Fact::RolledBack {
            database,
            transaction,
        });
        self.released(database, index);
    }
}
