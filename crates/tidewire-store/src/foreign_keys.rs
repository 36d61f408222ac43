//! Foreign keys, looked after when the rows of a statement are done, as PostgreSQL's triggers do
//! (`src/backend/utils/adt/ri_triggers.c`).
//!
//! A referencing row takes FOR KEY SHARE on the row it points to, so it waits for a delete in flight and not
//! for a change that leaves the key alone. These look-ups see the newest commit even where the statement's
//! snapshot is older, except that repeatable read does not change rows which its snapshot does not show.

use std::ops::ControlFlow;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{LockStrength, ReferentialAction, TableLockMode};

use crate::constraints::check_row;
use crate::execution::{Execution, Step};
use crate::index::IndexKey;
use crate::query::row_of;
use crate::rows::{Found, key_text, serialization_failure};
use crate::transaction::Transaction;
use crate::versions::{Current, View};
use crate::{ForeignKey, Index, Row, RowId, SqlError, Store, TableId, Value};

/// Something to be looked after.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// This row must point to a row that exists.
    Parent {
        table: TableId,
        row: RowId,
        key: usize,
    },
    /// Rows of `table` that point by its foreign key `key` to a row that had `before` and now has `after`.
    Children {
        table: TableId,
        key: usize,
        before: Row,
        after: Option<Row>,
    },
}

type Key = SmallVec<[Value; 2]>;

/// The key of a row; `None` when a part is null.
pub(crate) fn part(row: &[Value], slots: &[usize]) -> Option<Key> {
    slots
        .iter()
        .map(|slot| row.get(*slot).filter(|value| !value.is_null()).cloned())
        .collect()
}

fn equal(left: &[Value], right: &[Value]) -> bool {
    left.iter()
        .zip(right)
        .all(|(left, right)| left.total_order(right).is_eq())
}

impl Store {
    /// Queues what follows for foreign keys from the change of a row.
    pub(crate) fn queue_checks(
        &self,
        execution: &mut Execution,
        table: TableId,
        row: RowId,
        before: Option<&Row>,
        after: Option<&Row>,
    ) {
        let unchanged = |slots: &[usize]| match (before, after) {
            (Some(before), Some(after)) => slots
                .iter()
                .all(|slot| before.get(*slot) == after.get(*slot)),
            _ => false,
        };
        if let (Some(definition), Some(after)) = (self.definition(table), after) {
            for (number, key) in definition.foreign_keys.iter().enumerate() {
                if !unchanged(&key.slots) && part(after, &key.slots).is_some() {
                    execution.checks.push_back(Check::Parent {
                        table,
                        row,
                        key: number,
                    });
                }
            }
        }
        let Some(before) = before else {
            return;
        };
        for other in self.catalog.tables() {
            for (number, key) in other.foreign_keys.iter().enumerate() {
                if key.target == table
                    && !unchanged(&key.target_slots)
                    && part(before, &key.target_slots).is_some()
                {
                    execution.checks.push_back(Check::Children {
                        table: other.id,
                        key: number,
                        before: before.clone(),
                        after: after.cloned(),
                    });
                }
            }
        }
    }

    /// Goes on with the queue until it is empty or a check blocks.
    pub(crate) fn step_checks(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
    ) -> Result<Step, SqlError> {
        if execution.checks.is_empty() && execution.placing.is_none() {
            return Ok(Step::Done);
        }
        // Like a trigger's query, a check is a command of its own and sees what the statement did.
        transaction.command += 1;
        loop {
            if let blocked @ Step::Blocked(_) = self.finish_placing(transaction, execution)? {
                return Ok(blocked);
            }
            let Some(check) = execution.checks.front().cloned() else {
                return Ok(Step::Done);
            };
            // What a check reads is read before it waits for anything.
            let reads = execution.check_snapshot.is_none();
            let newest = Some(*execution.check_snapshot.get_or_insert(self.sequence));
            if reads {
                self.follow_check(transaction, newest, &check)?;
            }
            let step = match &check {
                Check::Parent { table, row, key } => {
                    self.check_parent(transaction, newest, *table, *row, *key)?
                }
                Check::Children {
                    table,
                    key,
                    before,
                    after,
                } => self.check_children(
                    transaction,
                    execution,
                    *table,
                    *key,
                    before,
                    after.as_ref(),
                )?,
            };
            if let Step::Blocked(_) = step {
                return Ok(step);
            }
            if execution.placing.is_none() {
                execution.checks.pop_front();
                execution.check_snapshot = None;
            }
        }
    }

    /// What a check sees: what was committed when it began, or the snapshot at repeatable read.
    pub(crate) fn check_view(&self, transaction: &Transaction, newest: Option<u64>) -> View {
        let kept = transaction
            .snapshot
            .filter(|_| transaction.keeps_snapshot());
        View {
            snapshot: newest.or(kept).unwrap_or(self.sequence),
            transaction: Some(transaction.id),
            command: transaction.command,
        }
    }

    pub(crate) fn foreign_key(&self, table: TableId, key: usize) -> Option<ForeignKey> {
        self.definition(table)
            .and_then(|table| table.foreign_keys.get(key))
            .cloned()
    }

    /// `RI_FKey_check`
    fn check_parent(
        &mut self,
        transaction: &mut Transaction,
        newest: Option<u64>,
        table: TableId,
        row: RowId,
        key: usize,
    ) -> Result<Step, SqlError> {
        let Some(foreign) = self.foreign_key(table, key) else {
            return Ok(Step::Done);
        };
        let entry = self.heaps[table.0 as usize].entry(row);
        let child = match entry.and_then(|entry| entry.current(transaction.id)) {
            Some(Current::Version(version)) => version.row.clone(),
            _ => return Ok(Step::Done),
        };
        let Some(values) = part(&child, &foreign.slots) else {
            return Ok(Step::Done);
        };
        let step = self.lock_table(transaction, foreign.target, TableLockMode::RowShare);
        if let Step::Blocked(_) = step {
            return Ok(step);
        }
        let newest = newest.filter(|_| !transaction.keeps_snapshot());
        let view = self.check_view(transaction, newest);
        let Some(parent) = self.parent(&foreign, &values, &view) else {
            return Err(self.missing_parent(table, &foreign, &values));
        };
        let step = self.lock(transaction, foreign.target, parent, LockStrength::KeyShare);
        if let Step::Blocked(_) = step {
            return Ok(step);
        }
        let strength = LockStrength::KeyShare;
        match self.find_to_lock(transaction, &view, foreign.target, parent, strength)? {
            Found::Same(_) => Ok(Step::Done),
            Found::Newer(now)
                if part(&now, &foreign.target_slots).is_some_and(|now| equal(&now, &values)) =>
            {
                Ok(Step::Done)
            }
            _ => Err(self.missing_parent(table, &foreign, &values)),
        }
    }

    /// The index that a foreign key points to, and these values as a key of it.
    pub(crate) fn parent_key(
        &self,
        foreign: &ForeignKey,
        values: &[Value],
    ) -> Option<(&Index, IndexKey)> {
        let index = self
            .definition(foreign.target)?
            .indexes
            .get(foreign.target_index)?;
        // The key in the order of the index.
        let ordered = index.slots.iter().map(|slot| {
            let at = foreign.target_slots.iter().position(|other| other == slot);
            at.and_then(|at| values.get(at))
        });
        Some((index, IndexKey::of(ordered)?))
    }

    /// The row with this key that a view sees in the table that a foreign key points to.
    pub(crate) fn parent(
        &self,
        foreign: &ForeignKey,
        values: &[Value],
        view: &View,
    ) -> Option<RowId> {
        let (index, key) = self.parent_key(foreign, values)?;
        let heap = self.heaps.get(foreign.target.0 as usize)?;
        let found = heap
            .candidates(foreign.target_index, &key)
            .iter()
            .find(|row| {
                let seen = heap.entry(**row).and_then(|entry| entry.visible(view));
                seen.is_some_and(|version| key.matches(&version.row, &index.slots))
            });
        found.copied()
    }

    pub(crate) fn missing_parent(
        &self,
        table: TableId,
        foreign: &ForeignKey,
        values: &[Value],
    ) -> SqlError {
        let (Some(child), Some(parent)) = (self.definition(table), self.definition(foreign.target))
        else {
            return SqlError::new(b"23503", "foreign key constraint violated");
        };
        SqlError::new(
            b"23503",
            format!(
                "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                child.name, foreign.name
            ),
        )
        .with_detail(format!(
            "Key {} is not present in table \"{}\".",
            key_text(child, &foreign.slots, values),
            parent.name
        ))
    }

    /// `RI_FKey_noaction`, `RI_FKey_cascade_del`, `RI_FKey_cascade_upd`, `RI_FKey_setnull`
    fn check_children(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        table: TableId,
        key: usize,
        before: &Row,
        after: Option<&Row>,
    ) -> Result<Step, SqlError> {
        let Some(foreign) = self.foreign_key(table, key) else {
            return Ok(Step::Done);
        };
        let Some(old) = part(before, &foreign.target_slots) else {
            return Ok(Step::Done);
        };
        let action = match after {
            Some(_) => foreign.on_update,
            None => foreign.on_delete,
        };
        let view = self.check_view(transaction, execution.check_snapshot);
        if action == ReferentialAction::NoAction && self.parent(&foreign, &old, &view).is_some() {
            return Ok(Step::Done);
        }
        let mode = match action {
            ReferentialAction::NoAction => TableLockMode::RowShare,
            _ => TableLockMode::RowExclusive,
        };
        let step = self.lock_table(transaction, table, mode);
        if let Step::Blocked(_) = step {
            return Ok(step);
        }
        for (row, child) in self.children(table, &foreign, &old, &view) {
            let child = match self.find(transaction, &view, table, row)? {
                Found::Gone => continue,
                Found::Same(_) => child,
                Found::Newer(now) => match part(&now, &foreign.slots) {
                    Some(values) if equal(&values, &old) => now,
                    _ => continue,
                },
            };
            if action == ReferentialAction::NoAction {
                let step = self.lock(transaction, table, row, LockStrength::KeyShare);
                if let Step::Blocked(_) = step {
                    return Ok(step);
                }
                return Err(self.still_referenced(table, &foreign, &old));
            }
            self.require_seen(transaction, table, row)?;
            let step = match action {
                ReferentialAction::Cascade if after.is_none() => {
                    self.remove_row(transaction, execution, table, row, &child)?
                }
                _ => {
                    let changed = self.redirected(&foreign, table, &child, action, after)?;
                    self.change_row(transaction, execution, table, row, &child, &changed)?
                }
            };
            if let Step::Blocked(_) = step {
                return Ok(step);
            }
            if let blocked @ Step::Blocked(_) = self.finish_placing(transaction, execution)? {
                return Ok(blocked);
            }
        }
        Ok(Step::Done)
    }

    /// Rows that point to this key, in heap order.
    fn children(
        &self,
        table: TableId,
        foreign: &ForeignKey,
        key: &[Value],
        view: &View,
    ) -> Vec<(RowId, Row)> {
        let mut found = Vec::new();
        if let Some(heap) = self.heaps.get(table.0 as usize) {
            heap.scan(view, &mut |id, row| {
                if part(row, &foreign.slots).is_some_and(|values| equal(&values, key)) {
                    found.push((id, row.clone()));
                }
                ControlFlow::Continue(())
            });
        }
        found
    }

    /// A cascade at repeatable read must not change what its snapshot does not show as it is now: the newest version
    /// is checked against it (`ri_PerformCheck`, the crosscheck snapshot).
    fn require_seen(
        &self,
        transaction: &Transaction,
        table: TableId,
        row: RowId,
    ) -> Result<(), SqlError> {
        let view = self.check_view(transaction, None);
        let newest = self.heaps[table.0 as usize]
            .entry(row)
            .map(|entry| entry.newest.created);
        // One in flight is waited for first.
        let seen =
            newest.is_none_or(|created| created.transaction().is_some() || view.sees(created));
        if transaction.keeps_snapshot() && !seen {
            return Err(serialization_failure("update"));
        }
        Ok(())
    }

    /// The referencing row with the new key, or with nulls.
    fn redirected(
        &self,
        foreign: &ForeignKey,
        table: TableId,
        child: &Row,
        action: ReferentialAction,
        after: Option<&Row>,
    ) -> Result<Row, SqlError> {
        let mut values: SmallVec<[Value; 8]> = child.iter().cloned().collect();
        for (own, other) in foreign.slots.iter().zip(&foreign.target_slots) {
            let new = match (action, after) {
                (ReferentialAction::Cascade, Some(after)) => after.get(*other).cloned(),
                _ => None,
            };
            if let Some(value) = values.get_mut(*own) {
                *value = new.unwrap_or_default();
            }
        }
        let changed = row_of(&mut values);
        if let Some(definition) = self.definition(table) {
            check_row(definition, &changed, 0)?;
        }
        Ok(changed)
    }

    fn still_referenced(&self, table: TableId, foreign: &ForeignKey, key: &[Value]) -> SqlError {
        let (Some(child), Some(parent)) = (self.definition(table), self.definition(foreign.target))
        else {
            return SqlError::new(b"23503", "foreign key constraint violated");
        };
        SqlError::new(
            b"23503",
            format!(
                "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \
                 \"{}\"",
                parent.name, foreign.name, child.name
            ),
        )
        .with_detail(format!(
            "Key {} is still referenced from table \"{}\".",
            key_text(parent, &foreign.target_slots, key),
            child.name
        ))
    }
}
