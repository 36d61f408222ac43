//! Full disks: what needs room fails with 53100, what only reads or deletes goes on.
//!
//! As in a PostgreSQL whose tables lie on a full volume and whose write-ahead log does not: there a new version of a row
//! may still fit into a page, which is not modelled.

use tidewire_scenario::DatabaseId;
use tidewire_store::{Plan, PlanKind, SqlError};
use tidewire_syntax::ast::sql::Statement;

use crate::observation::Fact;
use crate::step::Step;

impl Step<'_> {
    /// One reason more, or less, for a store's disk to be full.
    pub(crate) fn set_full(&mut self, database: DatabaseId, on: bool) {
        let state = self.database_mut(database);
        let before = state.full > 0;
        state.full = match on {
            true => state.full + 1,
            false => state.full.saturating_sub(1),
        };
        let full = state.full > 0;
        if full != before {
            self.emit(|| Fact::DiskChanged { database, full });
        }
    }
}

/// Whether a statement writes new versions of rows, or tables.
pub(crate) fn needs_room(tree: &Statement, plan: &Plan) -> bool {
    match tree {
        Statement::Delete(_) => false,
        _ => !plan.writes().is_empty() || plan.kind() == PlanKind::Schema,
    }
}

/// The error that PostgreSQL gives (`mdextend` in its `md.c`), without the name of a file.
pub(crate) fn no_room() -> SqlError {
    SqlError::new(b"53100", "could not extend file: No space left on device")
}
