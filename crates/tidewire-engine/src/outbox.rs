//! Whose row a relay carries: a row of an outbox belongs to the request that inserted it, so what the relay
//! publishes, and what follows from it, does too. No real relay knows this; here it serves the trace.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use tidewire_scenario::{DatabaseId, Handler, Instruction, Program};
use tidewire_store::{RowChange, TableId, Value};

use crate::observation::RequestKey;
use crate::step::Step;
use crate::work::Work;

/// A table that a relay empties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboxSpec {
    database: DatabaseId,
    table: TableId,
    /// Where a row holds its id.
    id_slot: usize,
}

/// Who inserted the rows of outboxes: by outbox and id as text.
pub(crate) type Authors = RedBlackTreeMapSync<(u32, Arc<str>), Author>;

/// The request that inserted a row, and the observation of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    pub(crate) request: Option<RequestKey>,
    pub(crate) inserted: u32,
}

/// The outbox that a handler empties, if it is a relay's.
pub(crate) fn outbox_of(program: &Program, handler: &Handler) -> Option<OutboxSpec> {
    let code = handler.code.iter();
    if !code
        .clone()
        .any(|it| matches!(it, Instruction::PublishRow(_)))
    {
        return None;
    }
    code.clone().find_map(|instruction| {
        let Instruction::OpenCursor(statement, _) = instruction else {
            return None;
        };
        let statement = &program.statements[statement.index()];
        let table = *statement.plan.reads().first()?;
        let store = &program.databases[statement.database.index()].initial;
        let column = store.catalog().table_by_id(table)?.column("id")?;
        Some(OutboxSpec {
            database: statement.database,
            table,
            id_slot: column.slot,
        })
    })
}

impl Step<'_> {
    /// Rows were inserted into outboxes or taken out of them.
    pub(crate) fn note_authors(
        &mut self,
        database: DatabaseId,
        changes: &[RowChange],
        inserted: u32,
    ) {
        let setup = self.setup;
        for (index, outbox) in (0u32..).zip(&setup.outboxes) {
            if outbox.database != database {
                continue;
            }
            let request = self.request;
            let of_table = changes.iter().filter(|change| change.table == outbox.table);
            for change in of_table {
                let row = change.before.as_ref().or(change.after.as_ref());
                let Some(id) = row.and_then(|row| row.get(outbox.id_slot)) else {
                    continue;
                };
                let key = (index, Arc::from(id.to_string()));
                match (&change.before, &change.after) {
                    (None, Some(_)) => {
                        let author = Author { request, inserted };
                        self.state.authors.insert_mut(key, author);
                    }
                    (Some(_), None) => {
                        // A rolled-back delete loses the author, which only the trace will miss.
                        self.state.authors.remove_mut(&key);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Who inserted the row that a relay is about to publish.
    pub(crate) fn author(&self, work: &Work, id: &Value) -> Option<Author> {
        let outbox = self.setup.outbox_of_handler[work.handler.index()]?;
        let key = (outbox, Arc::from(id.to_string()));
        self.state.authors.get(&key).copied()
    }
}
