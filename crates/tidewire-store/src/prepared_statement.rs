//! PREPARE, EXECUTE and DEALLOCATE (`prepare.c`, `plancache.c`): statements that a session keeps, with their
//! plans. After a change of the schema a kept statement is planned again.

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::sql::{ExecuteStatement, PreparedStatement as Written};

use crate::cast::{self, Context};
use crate::hash::{StableHash, StableHasher};
use crate::plan::{Operation, Parameters, Plan};
use crate::store::in_failed_transaction;
use crate::{ConnectionId, Progress, ResultColumn, Scalar, SqlError, Store, Type, Value};

/// Parameters that a statement may have.
const MAX_PARAMETERS: usize = 1000;
/// Statements that a session may keep.
const MAX_PREPARED: usize = 200;

/// A statement that a session keeps.
#[derive(Clone, Debug)]
pub(crate) struct PreparedStatement {
    name: Arc<str>,
    plan: Arc<Plan>,
    /// Types of its parameters, where they were said.
    types: Vec<Option<Type>>,
}

impl StableHash for PreparedStatement {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.bytes(self.name.as_bytes());
        let fingerprint = self.plan.fingerprint();
        hasher.word(fingerprint as u64);
        hasher.word((fingerprint >> 64) as u64);
    }
}

/// Finds `$1`, `$2` and so on.
struct Numbered<'t>(&'t [Option<Type>]);

impl Parameters for Numbered<'_> {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        let number: usize = name.as_str().strip_prefix('$')?.parse().ok()?;
        if number > MAX_PARAMETERS || field.is_some() {
            return None;
        }
        let slot = number.checked_sub(1)?;
        Some((slot as u32, self.0.get(slot).copied().flatten()))
    }
}

impl Store {
    /// Columns of the rows that a plan answers in this connection. Of an EXECUTE they are those of the
    /// statement that it carries out, so ask before it runs.
    pub fn columns<'a>(&'a self, connection: ConnectionId, plan: &'a Plan) -> &'a [ResultColumn] {
        let name = match &plan.operation {
            Operation::Session(tidewire_syntax::ast::sql::SessionStatement::Execute(execute)) => {
                &execute.name
            }
            _ => return plan.columns(),
        };
        self.prepared_statement(connection, name)
            .map_or(&[], |prepared| prepared.plan.columns())
    }

    fn prepared_statement(
        &self,
        connection: ConnectionId,
        name: &Name,
    ) -> Option<&PreparedStatement> {
        let session = self.connection(connection)?.session.as_ref()?;
        session.statements.iter().find(|one| one.name == name.text)
    }

    /// PREPARE
    pub(crate) fn prepare_statement(
        &mut self,
        connection: ConnectionId,
        written: &Written,
    ) -> Result<(), SqlError> {
        if self.prepared_statement(connection, &written.name).is_some() {
            return Err(SqlError::new(
                b"42P05",
                format!("prepared statement \"{}\" already exists", written.name),
            ));
        }
        let types = written.types.iter().map(|of| Some(Type::of(of.kind)));
        let mut types: Vec<Option<Type>> = types.collect();
        let numbered = Numbered(&types);
        let plan = crate::plan(&written.statement, self.catalog_of(connection), &numbered)?;
        let used = plan.parameters();
        if let Some(unknown) = (types.len()..used.len()).find(|slot| !used[*slot]) {
            let number = unknown + 1;
            let message = format!("could not determine data type of parameter ${number}");
            return Err(SqlError::new(b"42P18", message));
        }
        types.resize(types.len().max(used.len()), None);
        let prepared = PreparedStatement {
            name: written.name.text.clone(),
            plan: Arc::new(plan),
            types,
        };
        let Some(place) = self.connection_mut(connection) else {
            return Ok(());
        };
        let session = place.session.get_or_insert_default();
        if session.statements.len() >= MAX_PREPARED {
            return Err(SqlError::new(
                b"54000",
                format!(
                    "a session keeps more than {MAX_PREPARED} prepared statements, the limit of this store"
                ),
            ));
        }
        session.statements.push(prepared);
        Ok(())
    }

    /// DEALLOCATE
    pub(crate) fn deallocate(
        &mut self,
        connection: ConnectionId,
        name: Option<&Name>,
    ) -> Result<(), SqlError> {
        let known = name.is_none_or(|name| self.prepared_statement(connection, name).is_some());
        if !known {
            return Err(missing(name));
        }
        let session = self
            .connection_mut(connection)
            .and_then(|place| place.session.as_mut());
        if let Some(session) = session {
            session
                .statements
                .retain(|one| name.is_some_and(|name| one.name != name.text));
        }
        Ok(())
    }

    /// EXECUTE
    pub(crate) fn execute_prepared(
        &mut self,
        connection: ConnectionId,
        written: &ExecuteStatement,
        now_us: i64,
    ) -> Progress {
        let open = self
            .connection(connection)
            .and_then(|c| c.transaction.as_ref());
        if open.is_some_and(|transaction| transaction.failed) {
            return Progress::Failed(in_failed_transaction());
        }
        match self.plan_to_execute(connection, written, now_us) {
            Ok((plan, values)) => self.execute(connection, &plan, &values, now_us),
            Err(error) => match self.open_transaction(connection, now_us) {
                Ok(transaction) => self.fail(connection, transaction, error),
                Err(error) => Progress::Failed(error),
            },
        }
    }

    /// The plan of a kept statement against the catalog as it is now, and its values.
    fn plan_to_execute(
        &mut self,
        connection: ConnectionId,
        written: &ExecuteStatement,
        now_us: i64,
    ) -> Result<(Arc<Plan>, Vec<Value>), SqlError> {
        let Some(prepared) = self.prepared_statement(connection, &written.name).cloned() else {
            return Err(missing(Some(&written.name)));
        };
        let (wanted, given) = (prepared.types.len(), written.arguments.len());
        if wanted != given {
            let name = &written.name;
            return Err(SqlError::new(
                b"42601",
                format!("wrong number of parameters for prepared statement \"{name}\""),
            )
            .with_detail(format!("Expected {wanted} parameters but got {given}.")));
        }
        let mut values = Vec::with_capacity(given);
        for (at, argument) in written.arguments.iter().enumerate() {
            let scalar = Scalar::plan(argument, &())?;
            let from = scalar.data_type();
            let value = scalar.evaluate(&[], now_us)?;
            values.push(match (prepared.types[at], from) {
                (Some(to), Some(from))
                    if cast::castable(from, to).is_none_or(|how| how > Context::Assignment) =>
                {
                    return Err(SqlError::new(
                        b"42804",
                        format!(
                            "parameter ${} of type {from} cannot be coerced to the expected type {to}",
                            at + 1
                        ),
                    ));
                }
                (Some(to), _) => cast::cast(value, to, false)?,
                (None, _) => value,
            });
        }
        let mut plan = prepared.plan.clone();
        let catalog = self.catalog_of(connection);
        if plan.catalog_version() != catalog.version() {
            let fresh = plan.refresh(catalog)?;
            if fresh.columns() != plan.columns() {
                return Err(SqlError::new(
                    b"0A000",
                    "cached plan must not change result type",
                ));
            }
            plan = Arc::new(fresh);
            let session = self
                .connection_mut(connection)
                .and_then(|place| place.session.as_mut());
            let mut kept = session
                .into_iter()
                .flat_map(|session| &mut session.statements);
            if let Some(kept) = kept.find(|one| one.name == prepared.name) {
                kept.plan = plan.clone();
            }
        }
        Ok((plan, values))
    }
}

/// 26000
fn missing(name: Option<&Name>) -> SqlError {
    let name = name.map_or("", Name::as_str);
    SqlError::new(
        b"26000",
        format!("prepared statement \"{name}\" does not exist"),
    )
}
