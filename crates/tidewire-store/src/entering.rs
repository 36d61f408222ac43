//! What a statement does before its first row: it locks its tables, and is planned again where the schema changed
//! while it waited for one.
//!
//! As PostgreSQL's parse analysis does, tables are locked in the order of the plan, before a read committed
//! snapshot is taken; at repeatable read the snapshot is older than the wait.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{Maintenance, SessionStatement};

use crate::control::{failed, outside, within_block};
use crate::execution::{Execution, Step};
use crate::heavyweight::Object;
use crate::plan::Operation;
use crate::query::ROW_BUDGET;
use crate::redefinition::tag;
use crate::store::{in_failed_transaction, read_only};
use crate::transaction::Transaction;
use crate::{ConnectionId, Plan, Progress, SqlError, Store, TableId};

impl Store {
    /// The plan for the schema as the transaction sees it.
    pub(crate) fn current_plan(
        &self,
        transaction: &Transaction,
        plan: &Arc<Plan>,
    ) -> Result<Arc<Plan>, SqlError> {
        let catalog = self.catalog_in(Some(transaction.id));
        if plan.catalog_version() == catalog.version() {
            return Ok(plan.clone());
        }
        Ok(Arc::new(plan.refresh(catalog)?))
    }

    /// Locks the tables of a statement that has not begun with its rows.
    pub(crate) fn lock_tables(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
    ) -> Result<Step, SqlError> {
        loop {
            let catalog = self.catalog_in(Some(transaction.id));
            if execution.plan.catalog_version() != catalog.version() {
                execution.plan = self.current_plan(transaction, &execution.plan)?;
                execution.entered = 0;
            }
            let Some((table, mode)) = execution.plan.locks.get(execution.entered).copied() else {
                break;
            };
            let fails_at_once = execution.plan.fails_at_once();
            let object = Object::Table(table);
            let step = self.lock_object(transaction, object, mode, !fails_at_once);
            if let Step::Blocked(_) = step {
                if fails_at_once {
                    return Err(self.not_obtained(table));
                }
                execution.entered_late = true;
                return Ok(step);
            }
            execution.entered += 1;
        }
        if execution.entered_late && !transaction.keeps_snapshot() {
            execution.view.snapshot = self.sequence;
        }
        Ok(Step::Done)
    }

    fn not_obtained(&self, table: TableId) -> SqlError {
        let name = self.definition(table).map(|table| table.name.clone());
        let name = name.as_deref().unwrap_or("?");
        let message = format!("could not obtain lock on relation \"{name}\"");
        SqlError::new(b"55P03", message)
    }

    /// LOCK TABLE, VACUUM and ANALYZE of named tables, and changes of the schema: they take no snapshot.
    pub(crate) fn execute_on_tables(
        &mut self,
        connection: ConnectionId,
        plan: &Arc<Plan>,
        now_us: i64,
    ) -> Progress {
        let transaction = match self.open_transaction(connection, now_us) {
            Ok(transaction) => transaction,
            Err(error) => return failed(error),
        };
        if transaction.failed {
            self.keep(connection, transaction);
            return failed(in_failed_transaction());
        }
        let misplaced = match &plan.operation {
            Operation::Schema if transaction.read_only => {
                Some(read_only(&tag(&plan.statement).to_string()))
            }
            Operation::Session(SessionStatement::LockTable(_)) if !transaction.explicit => {
                Some(outside("LOCK TABLE"))
            }
            Operation::Session(SessionStatement::Maintain(Maintenance::Vacuum(_)))
                if transaction.explicit =>
            {
                Some(within_block("VACUUM"))
            }
            _ => None,
        };
        if let Some(error) = misplaced {
            return self.fail(connection, transaction, error);
        }
        let view = transaction.view_without_snapshot(self.sequence);
        let started_us = transaction.started_us;
        let execution = Execution::new(plan.clone(), &[], started_us, view, ROW_BUDGET);
        self.go_on(connection, transaction, execution)
    }
}
