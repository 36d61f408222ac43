//! Statements about the session or its transaction: SET and its kin, two-phase commit, and what keeps a database
//! in order.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{Maintenance, SessionStatement};

use crate::control::{done, failed, outside, within_block};
use crate::store::in_failed_transaction;
use crate::transaction::Transaction;
use crate::{
    CommandTag, Completion, ConnectionId, Progress, ResultColumn, SqlError, Store, Type, Value,
};

/// Columns of what a statement about the session answers.
pub(crate) fn columns(statement: &SessionStatement) -> Vec<ResultColumn> {
    match statement {
        SessionStatement::Show(name) => vec![ResultColumn {
            name: match name.as_str() {
                "timezone" => "TimeZone".into(),
                "datestyle" => "DateStyle".into(),
                name => name.into(),
            },
            data_type: Type::Text,
        }],
        _ => Vec::new(),
    }
}

impl Store {
    /// Carries out a statement about the session or its transaction.
    pub(crate) fn execute_session(
        &mut self,
        connection: ConnectionId,
        transaction: Option<Box<Transaction>>,
        statement: &SessionStatement,
    ) -> Progress {
        let Some(mut transaction) = transaction else {
            return self.session_alone(connection, statement);
        };
        if let SessionStatement::PrepareTransaction(gid) = statement {
            if transaction.failed {
                self.roll_back(transaction);
                return done(CommandTag::Rollback);
            }
            return self.prepare_transaction(connection, transaction, gid);
        }
        if transaction.failed {
            self.keep(connection, transaction);
            return failed(in_failed_transaction());
        }
        match self.session_step(connection, Some(&mut transaction), statement) {
            Ok(completion) => {
                self.keep(connection, transaction);
                Progress::Done(completion)
            }
            Err(error) => self.fail(connection, transaction, error),
        }
    }

    fn session_alone(
        &mut self,
        connection: ConnectionId,
        statement: &SessionStatement,
    ) -> Progress {
        match statement {
            SessionStatement::PrepareTransaction(_) => {
                self.warn(b"25P01", "there is no transaction in progress");
                return done(CommandTag::Rollback);
            }
            SessionStatement::CommitPrepared(gid) => return self.end_prepared(gid, true),
            SessionStatement::RollbackPrepared(gid) => return self.end_prepared(gid, false),
            SessionStatement::SetTransaction(_) => {
                self.warn(b"25P01", &outside("SET TRANSACTION").message);
                return done(CommandTag::Other("SET"));
            }
            SessionStatement::Set(set) if set.local => {
                self.warn(b"25P01", &outside("SET LOCAL").message);
                return done(CommandTag::Other("SET"));
            }
            _ => {}
        }
        match self.session_step(connection, None, statement) {
            Ok(completion) => Progress::Done(completion),
            Err(error) => failed(error),
        }
    }

    /// What is the same within a transaction and outside.
    fn session_step(
        &mut self,
        connection: ConnectionId,
        transaction: Option<&mut Transaction>,
        statement: &SessionStatement,
    ) -> Result<Completion, SqlError> {
        let tag = match statement {
            SessionStatement::SetTransaction(modes) => {
                if let Some(transaction) = transaction {
                    transaction.set_modes(modes)?;
                }
                "SET"
            }
            SessionStatement::SetCharacteristics(modes) => {
                self.set_characteristics(connection, transaction, modes)?;
                "SET"
            }
            SessionStatement::Set(set) => {
                let (name, value) = (set.name.as_str(), set.value.as_deref());
                self.set_parameter(connection, transaction, name, value, set.local)?;
                "SET"
            }
            SessionStatement::Reset(Some(name)) => {
                self.set_parameter(connection, transaction, name.as_str(), None, false)?;
                "RESET"
            }
            SessionStatement::Reset(None) => {
                self.reset_parameters(connection, transaction)?;
                "RESET"
            }
            SessionStatement::Show(name) => {
                let transaction = transaction.as_deref();
                let value = self.parameter(connection, transaction, name.as_str())?;
                return Ok(Completion {
                    tag: CommandTag::Other("SHOW"),
                    rows: vec![Arc::from([Value::Text(value)])],
                });
            }
            SessionStatement::Prepare(written) => {
                self.prepare_statement(connection, written)?;
                "PREPARE"
            }
            SessionStatement::Deallocate(name) => {
                self.deallocate(connection, name.as_ref())?;
                match name {
                    Some(_) => "DEALLOCATE",
                    None => "DEALLOCATE ALL",
                }
            }
            SessionStatement::CommitPrepared(_) => {
                return Err(within(transaction.is_some(), "COMMIT PREPARED"));
            }
            SessionStatement::RollbackPrepared(_) => {
                return Err(within(transaction.is_some(), "ROLLBACK PREPARED"));
            }
            SessionStatement::Maintain(Maintenance::Vacuum(_)) if transaction.is_some() => {
                return Err(within(true, "VACUUM"));
            }
            SessionStatement::Maintain(Maintenance::DiscardAll) => {
                if transaction.is_some() {
                    return Err(within(true, "DISCARD ALL"));
                }
                if let Some(place) = self.connection_mut(connection) {
                    place.session = None;
                    place.defaults = Default::default();
                }
                "DISCARD ALL"
            }
            SessionStatement::Maintain(Maintenance::Checkpoint) => "CHECKPOINT",
            SessionStatement::Maintain(Maintenance::Vacuum(_)) => "VACUUM",
            SessionStatement::Maintain(Maintenance::Analyze(_)) => "ANALYZE",
            SessionStatement::Maintain(Maintenance::Reindex(_)) => "REINDEX",
            SessionStatement::PrepareTransaction(_)
            | SessionStatement::Execute(_)
            | SessionStatement::LockTable(_) => {
                return Err(within(false, "this statement"));
            }
        };
        Ok(Completion {
            tag: CommandTag::Other(tag),
            rows: Vec::new(),
        })
    }
}

/// For a statement that came by a way that there is not.
fn within(block: bool, what: &str) -> SqlError {
    match block {
        true => within_block(what),
        false => SqlError::new(b"0A000", format!("{what} cannot be carried out here")),
    }
}
