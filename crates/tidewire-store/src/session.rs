//! Statements about the session or its transaction: SET and its kin.

use tidewire_syntax::ast::sql::SessionStatement;

use crate::control::{done, failed};
use crate::store::in_failed_transaction;
use crate::transaction::Transaction;
use crate::{CommandTag, ConnectionId, Progress, ResultColumn, SqlError, Store};

/// Columns of what a statement about the session answers.
pub(crate) fn columns(_statement: &SessionStatement) -> Vec<ResultColumn> {
    Vec::new()
}

impl Store {
    /// Carries out a statement about the session or its transaction.
    pub(crate) fn execute_session(
        &mut self,
        connection: ConnectionId,
        transaction: Option<Transaction>,
        statement: &SessionStatement,
    ) -> Progress {
        if let Some(transaction) = transaction {
            if transaction.failed {
                self.keep(connection, transaction);
                return failed(in_failed_transaction());
            }
            return self.session_in_block(connection, transaction, statement);
        }
        match statement {
            SessionStatement::SetTransaction(_) => {
                let message = "SET TRANSACTION can only be used in transaction blocks";
                self.warn(b"25P01", message);
                done(CommandTag::Other("SET"))
            }
            SessionStatement::SetCharacteristics(modes) => {
                if let Some(place) = self.connection_mut(connection) {
                    place.defaults = place.defaults.with(modes);
                }
                done(CommandTag::Other("SET"))
            }
            _ => failed(not_yet()),
        }
    }

    fn session_in_block(
        &mut self,
        connection: ConnectionId,
        mut transaction: Transaction,
        statement: &SessionStatement,
    ) -> Progress {
        let outcome = match statement {
            SessionStatement::SetTransaction(modes) => transaction.set_modes(modes),
            _ => Err(not_yet()),
        };
        match outcome {
            Ok(()) => {
                self.keep(connection, transaction);
                done(CommandTag::Other("SET"))
            }
            Err(error) => self.fail(connection, transaction, error),
        }
    }
}

fn not_yet() -> SqlError {
    SqlError::new(b"0A000", "this statement is not supported by this store")
}
