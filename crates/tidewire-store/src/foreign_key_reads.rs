//! What looking after foreign keys reads, for predicate locks. At serializable these look-ups are reads like any
//! other (`src/backend/utils/adt/ri_triggers.c` runs them as queries).

use tidewire_syntax::ast::sql::ReferentialAction;

use crate::foreign_keys::{Check, part};
use crate::index::{IndexKey, KeyRange};
use crate::reads::Access;
use crate::transaction::Transaction;
use crate::versions::{Current, View};
use crate::{ForeignKey, SqlError, Store, TableId, Value};

impl Store {
    /// Locks what a check reads, and finds the conflicts out of it.
    pub(crate) fn follow_check(
        &mut self,
        transaction: &Transaction,
        newest: Option<u64>,
        check: &Check,
    ) -> Result<(), SqlError> {
        if self.serializable.is_none() {
            return Ok(());
        }
        match check {
            Check::Parent { table, row, key } => {
                let Some(foreign) = self.foreign_key(*table, *key) else {
                    return Ok(());
                };
                let entry = self.heaps[table.0 as usize].entry(*row);
                let child = entry.and_then(|entry| entry.current(transaction.id));
                let Some(Current::Version(child)) = child else {
                    return Ok(());
                };
                let Some(values) = part(&child.row, &foreign.slots) else {
                    return Ok(());
                };
                let view = self.check_view(transaction, None);
                self.follow_parent(transaction, &view, &foreign, &values)
            }
            Check::Children {
                table,
                key,
                before,
                after,
            } => {
                let Some(foreign) = self.foreign_key(*table, *key) else {
                    return Ok(());
                };
                let Some(old) = part(before, &foreign.target_slots) else {
                    return Ok(());
                };
                let view = self.check_view(transaction, newest);
                let action = match after {
                    Some(_) => foreign.on_update,
                    None => foreign.on_delete,
                };
                if action == ReferentialAction::NoAction {
                    self.follow_parent(transaction, &view, &foreign, &old)?;
                    if self.parent(&foreign, &old, &view).is_some() {
                        return Ok(());
                    }
                }
                self.follow_children(transaction, &view, *table, &foreign, &old)
            }
        }
    }

    /// By the index for the row that is pointed to.
    fn follow_parent(
        &mut self,
        transaction: &Transaction,
        view: &View,
        foreign: &ForeignKey,
        values: &[Value],
    ) -> Result<(), SqlError> {
        let Some((_, key)) = self.parent_key(foreign, values) else {
            return Ok(());
        };
        let access = Access::Index {
            table: foreign.target,
            index: foreign.target_index,
            range: KeyRange::key(key),
        };
        self.follow_access(transaction, view, &access)
    }

    /// Rows that point to a key: by an index whose first columns are those of the foreign key, else from end to
    /// end.
    fn follow_children(
        &mut self,
        transaction: &Transaction,
        view: &View,
        table: TableId,
        foreign: &ForeignKey,
        values: &[Value],
    ) -> Result<(), SqlError> {
        let Some(definition) = self.definition(table) else {
            return Ok(());
        };
        let found = definition.indexes.iter().position(|index| {
            !index.dropped && index.computed.is_none() && index.slots.starts_with(&foreign.slots)
        });
        let access = match (found, IndexKey::of(values.iter().map(Some))) {
            (Some(index), Some(key)) => Access::Index {
                table,
                index,
                range: KeyRange::key(key),
            },
            _ => Access::Table(table),
        };
        self.follow_access(transaction, view, &access)
    }
}
