//! Two-phase commit: PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/access/transam/twophase.c` and `PrepareTransaction` of
//! `xact.c`. A prepared transaction belongs to no connection: it outlives disconnects, keeps its locks, and
//! whoever waits for it waits for nobody who could be asked.

use std::sync::Arc;

use crate::control::{done, failed};
use crate::transaction::{Prepared, Transaction};
use crate::{CommandTag, ConnectionId, Progress, SqlError, Store, TransactionId};

/// Prepared transactions that one store keeps (`max_prepared_transactions`, which is 0 unless it is set).
const MAX_PREPARED: usize = 100;

impl Store {
    /// The prepared transactions in the order in which they were prepared, with the names they were given.
    pub fn prepared(&self) -> impl Iterator<Item = (&str, TransactionId)> {
        let prepared = self.prepared.iter();
        prepared.map(|prepared| (&*prepared.gid, prepared.transaction.id))
    }

    /// PREPARE TRANSACTION: the connection has no transaction afterwards. An error rolls it back.
    pub(crate) fn prepare_transaction(
        &mut self,
        connection: ConnectionId,
        mut transaction: Box<Transaction>,
        gid: &Arc<str>,
    ) -> Progress {
        let place = self.connections.get(connection.0 as usize);
        let session = place.and_then(|place| place.session.as_ref());
        let both_kinds = transaction.rare.as_ref().is_some_and(|rare| {
            let held = |key| session.is_some_and(|it| it.advisory.iter().any(|h| h.key == key));
            rare.advisory.iter().any(|(key, _)| held(*key))
        });
        let refused = if self.prepared.iter().any(|it| it.gid == *gid) {
            let message = format!("transaction identifier \"{gid}\" is already in use");
            Some(SqlError::new(b"42710", message))
        } else if both_kinds {
            Some(SqlError::new(
                b"0A000",
                "cannot PREPARE while holding both session-level and transaction-level locks on the same object",
            ))
        } else if self.prepared.len() >= MAX_PREPARED {
            Some(SqlError::new(
                b"53200",
                "maximum number of prepared transactions reached",
            ))
        } else {
            self.check_serializable(&transaction).err()
        };
        if let Some(error) = refused {
            self.roll_back(transaction);
            return failed(error);
        }
        self.assume_written(transaction.id);
        self.end_settings(&transaction);
        transaction.savepoints.clear();
        transaction.snapshot = None;
        transaction.connection = ConnectionId::PREPARED;
        if let Some(rare) = &mut transaction.rare {
            rare.settings = None;
        }
        self.prepared.push(Prepared {
            gid: gid.clone(),
            transaction,
        });
        done(CommandTag::Other("PREPARE TRANSACTION"))
    }

    /// COMMIT PREPARED (`commits`) and ROLLBACK PREPARED, outside any transaction.
    pub(crate) fn end_prepared(&mut self, gid: &str, commits: bool) -> Progress {
        let Some(at) = self.prepared.iter().position(|it| &*it.gid == gid) else {
            return failed(SqlError::new(
                b"42704",
                format!("prepared transaction with identifier \"{gid}\" does not exist"),
            ));
        };
        let transaction = self.prepared.remove(at).transaction;
        if commits {
            self.commit(transaction);
            return done(CommandTag::Other("COMMIT PREPARED"));
        }
        self.roll_back(transaction);
        done(CommandTag::Other("ROLLBACK PREPARED"))
    }
}
