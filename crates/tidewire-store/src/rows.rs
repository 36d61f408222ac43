//! The one place where rows are locked and changed: every change leaves an undo entry and a trace entry.

use std::sync::Arc;

use tidewire_syntax::ast::sql::LockStrength;

use crate::constraints::update_strength;
use crate::execution::{Placing, Step};
use crate::index::IndexKey;
use crate::locks::{self, Wanted};
use crate::shared::Shared;
use crate::transaction::{Transaction, Undo, UndoKind};
use crate::versions::{Current, RowLock, Stamp, View};
use crate::{Index, Row, RowChange, RowId, SqlError, Store, Table, TableId, TransactionId};

/// What a transaction finds behind a row that its snapshot showed it.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// The very version that it saw.
    Same(Row),
    /// A newer one: read committed must look again (EvalPlanQual).
    Newer(Row),
    /// Deleted, or already changed by this very statement.
    Gone,
}

/// A row lock that a transaction takes or strengthens.
pub(crate) struct NewLock {
    /// How strongly it has locked the row.
    pub(crate) held: Option<LockStrength>,
    /// How strongly it locks it now.
    pub(crate) strength: LockStrength,
}

/// 40001
pub(crate) fn serialization_failure(what: &str) -> SqlError {
    SqlError::new(
        b"40001",
        format!("could not serialize access due to concurrent {what}"),
    )
}

impl Store {
    /// The table of this id; plans only name tables that exist.
    pub(crate) fn definition(&self, table: TableId) -> Option<&Arc<Table>> {
        self.catalog.tables.get(table.0 as usize)
    }

    /// What stands behind a row now. At repeatable read, 40001 when someone else changed it since.
    pub(crate) fn find(
        &self,
        transaction: &Transaction,
        view: &View,
        table: TableId,
        row: RowId,
    ) -> Result<Found, SqlError> {
        let entry = self
            .heaps
            .get(table.0 as usize)
            .and_then(|heap| heap.entry(row));
        let Some(entry) = entry else {
            return gone(transaction);
        };
        match entry.current(transaction.id) {
            None => gone(transaction),
            Some(Current::Deleted) => {
                if entry
                    .deleted()
                    .is_some_and(|stamp| stamp.transaction().is_some())
                {
                    return Ok(Found::Gone);
                }
                // What became of the version that the snapshot shows counts, not what became of the row since.
                let seen = entry.visible(view).map(|seen| seen.position);
                if transaction.keeps_snapshot() && seen != Some(entry.newest.position) {
                    return Err(serialization_failure("update"));
                }
                gone(transaction)
            }
            Some(Current::Version(current)) => {
                if current.created.transaction().is_some()
                    && current.created.command() >= view.command
                {
                    return Ok(Found::Gone);
                }
                let same = entry
                    .visible(view)
                    .is_some_and(|seen| seen.position == current.position);
                if same {
                    return Ok(Found::Same(current.row.clone()));
                }
                if transaction.keeps_snapshot() {
                    return Err(serialization_failure("update"));
                }
                Ok(Found::Newer(current.row.clone()))
            }
        }
    }

    /// As [`Store::find`], for a row that is only to be locked: the message names an update in any case, as
    /// that of PostgreSQL's `ExecLockRows` does, and FOR KEY SHARE is content with the version it saw as long
    /// as later ones have its keys (`heap_lock_tuple`).
    pub(crate) fn find_to_lock(
        &self,
        transaction: &Transaction,
        view: &View,
        table: TableId,
        row: RowId,
        strength: LockStrength,
    ) -> Result<Found, SqlError> {
        if strength == LockStrength::KeyShare
            && let Some(seen) = self.seen_with_same_keys(transaction, view, table, row)
        {
            return Ok(Found::Same(seen));
        }
        self.find(transaction, view, table, row)
            .map_err(|_| serialization_failure("update"))
    }

    /// The version that a view shows, if the newest committed one has the same unique keys.
    pub(crate) fn seen_with_same_keys(
        &self,
        transaction: &Transaction,
        view: &View,
        table: TableId,
        row: RowId,
    ) -> Option<Row> {
        let definition = self.definition(table)?;
        let entry = self.heaps.get(table.0 as usize)?.entry(row)?;
        let seen = entry.visible(view)?;
        let Some(Current::Version(now)) = entry.current(transaction.id) else {
            return None;
        };
        let same = now.created.transaction().is_none()
            && update_strength(definition, &seen.row, &now.row) < LockStrength::Update;
        same.then(|| seen.row.clone())
    }

    /// Takes a lock on a row, or says who has to be waited for.
    pub(crate) fn lock(
        &mut self,
        transaction: &mut Transaction,
        table: TableId,
        row: RowId,
        strength: LockStrength,
    ) -> Step {
        let (held, is_enough) = match self.lock_held(transaction, table, row, strength) {
            Ok(found) => found,
            Err(wanted) => return Step::Blocked(wanted),
        };
        if is_enough {
            return Step::Done;
        }
        if let Some(entry) = Shared::make_mut(&mut self.heaps[table.0 as usize]).touch(row) {
            entry.busy_mut().lock(RowLock {
                transaction: transaction.id,
                strength,
            });
        }
        transaction.undo.push(Undo {
            table,
            row,
            kind: UndoKind::Lock(held),
        });
        Step::Done
    }

    /// How strongly a transaction has locked a row, and whether that is enough for `strength`; what it has to
    /// wait for if others have locked the row.
    pub(crate) fn lock_held(
        &mut self,
        transaction: &mut Transaction,
        table: TableId,
        row: RowId,
        strength: LockStrength,
    ) -> Result<(Option<LockStrength>, bool), Wanted> {
        self.number_first_write(transaction);
        let heap = self.heaps.get(table.0 as usize);
        let Some(entry) = heap.and_then(|heap| heap.entry(row)) else {
            return Ok((None, true));
        };
        let me = transaction.id;
        if locks::is_held(entry, me, strength) {
            return Err(Wanted::Row {
                table,
                row,
                strength,
            });
        }
        let held = entry.locks().iter().find(|lock| lock.transaction == me);
        let held = held.map(|lock| lock.strength);
        Ok((held, held.is_some_and(|held| held >= strength)))
    }

    /// Puts a new row into the heap; its index entries follow by [`Store::place`].
    pub(crate) fn insert_row(
        &mut self,
        transaction: &mut Transaction,
        table: TableId,
        values: Row,
    ) -> RowId {
        self.number_first_write(transaction);
        let stamp = Stamp::in_flight(transaction.id, transaction.command);
        let heap = Shared::make_mut(&mut self.heaps[table.0 as usize]);
        let row = heap.insert(values.clone(), stamp);
        transaction.undo.push(Undo {
            table,
            row,
            kind: UndoKind::Version,
        });
        self.changes.push(RowChange {
            table,
            row,
            before: None,
            after: Some(values),
        });
        self.note_write(table, row);
        row
    }

    /// Locks a row, which [`Store::lock_held`] has allowed, and gives it a new version; `same_keys` says that no
    /// indexed column changes. Gives true when no index needs an entry for it, else they follow by [`Store::place`].
    pub(crate) fn update_row(
        &mut self,
        transaction: &mut Transaction,
        (table, row): (TableId, RowId),
        lock: Option<NewLock>,
        before: &Row,
        values: &Row,
        same_keys: bool,
    ) -> bool {
        let stamp = Stamp::in_flight(transaction.id, transaction.command);
        if let Some(lock) = &lock {
            transaction.undo.push(Undo {
                table,
                row,
                kind: UndoKind::Lock(lock.held),
            });
        }
        let lock = lock.map(|lock| RowLock {
            transaction: transaction.id,
            strength: lock.strength,
        });
        let heap = Shared::make_mut(&mut self.heaps[table.0 as usize]);
        let heap_only = heap.update(row, values.clone(), stamp, lock, same_keys);
        transaction.undo.push(Undo {
            table,
            row,
            kind: UndoKind::Version,
        });
        self.changes.push(RowChange {
            table,
            row,
            before: Some(before.clone()),
            after: Some(values.clone()),
        });
        self.note_write(table, row);
        heap_only
    }

    /// Deletes a locked row.
    pub(crate) fn delete_row(
        &mut self,
        transaction: &mut Transaction,
        table: TableId,
        row: RowId,
        before: Row,
    ) {
        let stamp = Stamp::in_flight(transaction.id, transaction.command);
        if let Some(entry) = Shared::make_mut(&mut self.heaps[table.0 as usize]).touch(row) {
            entry.busy_mut().deleted = Some(stamp);
        }
        transaction.undo.push(Undo {
            table,
            row,
            kind: UndoKind::Delete,
        });
        self.changes.push(RowChange {
            table,
            row,
            before: Some(before),
            after: None,
        });
        self.note_write(table, row);
    }

    /// Adds the index entries of a row's newest version, one unique index after the other: waits where the
    /// key is in flight, fails with 23505 where it is taken (`_bt_check_unique`).
    pub(crate) fn place(
        &mut self,
        transaction: &Transaction,
        placing: &mut Placing,
    ) -> Result<Step, SqlError> {
        let Some(table) = self.definition(placing.table).cloned() else {
            return Ok(Step::Done);
        };
        let at = placing.table.0 as usize;
        while let Some(index) = table.indexes.get(placing.index) {
            let number = placing.index;
            let newest = self.heaps[at].entry(placing.row);
            let newest = newest.map(|entry| entry.newest.row.clone());
            if let Some(newest) = newest.filter(|_| !index.dropped)
                && let blocked @ Step::Blocked(_) =
                    self.place_in(transaction, placing, &table, number, &newest)?
            {
                return Ok(blocked);
            }
            placing.index += 1;
        }
        Ok(Step::Done)
    }

    /// Adds the entry of one index.
    fn place_in(
        &mut self,
        transaction: &Transaction,
        placing: &Placing,
        table: &Table,
        number: usize,
        newest: &Row,
    ) -> Result<Step, SqlError> {
        let index = &table.indexes[number];
        let Some(key) = index.try_key_of(newest)? else {
            if index.takes(newest) {
                self.check_index_write(transaction, placing.table, number, None)?;
            }
            return Ok(Step::Done);
        };
        let before = placing.before.as_ref();
        let unchanged = before.is_some_and(|before| index.has_key(before, &key));
        if index.unique && !unchanged {
            let me = transaction.id;
            let heap = &self.heaps[placing.table.0 as usize];
            if !locks::key_holders(heap, number, index, &key, me).is_empty() {
                return Ok(Step::Blocked(Wanted::Key {
                    table: placing.table,
                    number,
                    index: Box::new(index.clone()),
                    key,
                }));
            }
            let taken = self.taken(placing.table, number, &key, me, Some(placing.row));
            if taken.is_some() {
                // Who read that the key was free is told first (`_bt_check_unique`).
                self.check_index_write(transaction, placing.table, number, Some(&key))?;
                return Err(duplicate_key(table, number, &key));
            }
        }
        self.check_index_write(transaction, placing.table, number, Some(&key))?;
        if !unchanged {
            let heap = Shared::make_mut(&mut self.heaps[placing.table.0 as usize]);
            if let Some(split) = heap.add_to_index(number, key, placing.row) {
                self.split_page(placing.table, number, split);
            }
        }
        Ok(Step::Done)
    }

    /// The row, other than `except`, that has this key for good or by `me`.
    pub(crate) fn taken(
        &self,
        table: TableId,
        index: usize,
        key: &IndexKey,
        me: TransactionId,
        except: Option<RowId>,
    ) -> Option<RowId> {
        let definition = self.definition(table)?.indexes.get(index)?;
        let heap = self.heaps.get(table.0 as usize)?;
        let found = heap.candidates(index, key).iter().find(|row| {
            let current = heap.entry(**row).and_then(|entry| entry.current(me));
            Some(**row) != except
                && matches!(current, Some(Current::Version(version)) if definition.has_key(&version.row, key))
        });
        found.copied()
    }
}

fn gone(transaction: &Transaction) -> Result<Found, SqlError> {
    if transaction.keeps_snapshot() {
        return Err(serialization_failure("delete"));
    }
    Ok(Found::Gone)
}

/// `(a, b)=(1, 2)`, as details of constraint errors have it.
pub(crate) fn key_text(table: &Table, slots: &[usize], values: &[crate::Value]) -> String {
    let names: Vec<&str> = slots
        .iter()
        .map(|slot| table.column_at(*slot).map_or("?", |column| &*column.name))
        .collect();
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("({})=({})", names.join(", "), values.join(", "))
}

/// As [`key_text`], for a key of an index.
pub(crate) fn index_key_text(table: &Table, index: &Index, key: &IndexKey) -> String {
    let Some(computed) = &index.computed else {
        return key_text(table, &index.slots, key.values());
    };
    let values: Vec<String> = key.values().iter().map(ToString::to_string).collect();
    format!("({})=({})", computed.texts.join(", "), values.join(", "))
}

fn duplicate_key(table: &Table, index: usize, key: &IndexKey) -> SqlError {
    let index = &table.indexes[index];
    SqlError::new(
        b"23505",
        format!(
            "duplicate key value violates unique constraint \"{}\"",
            index.name
        ),
    )
    .with_detail(format!(
        "Key {} already exists.",
        index_key_text(table, index, key)
    ))
}
