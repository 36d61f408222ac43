//! INSERT, row by row, with ON CONFLICT as PostgreSQL's `ExecInsert` does it.

use smallvec::SmallVec;

use crate::bind_write::{ConflictPlan, ConflictUpdate, InsertPlan, NewValue, RowSource};
use crate::catalog::DefaultValue;
use crate::constraints::{check_row, given, update_strength};
use crate::execution::{Execution, Placing, Step, Work};
use crate::expression::Frame;
use crate::locks::{self, Wanted};
use crate::query::{Cache, all_true, row_of};
use crate::rows::serialization_failure;
use crate::transaction::Transaction;
use crate::versions::Current;
use crate::{Row, RowId, SqlError, Store, Table, TableId, Type, Value};

/// What ON CONFLICT made of a row.
enum Arbitrated {
    /// Nobody has its keys.
    Free,
    /// It is dealt with.
    Settled,
    Blocked(Wanted),
}

impl Store {
    /// Goes on with an INSERT until it is done or blocks.
    pub(crate) fn step_insert(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &InsertPlan,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        if matches!(execution.work, Work::Fresh) {
            let source = match &plan.source {
                RowSource::Values(..) => Vec::new(),
                RowSource::Query(query, ..) => {
                    self.with_run(execution, cache, |run| query.rows(None, run))?
                }
            };
            execution.work = Work::Insert {
                source,
                at: 0,
                row: None,
            };
        }
        loop {
            if let blocked @ Step::Blocked(_) = self.finish_placing(transaction, execution)? {
                return Ok(blocked);
            }
            let Some(row) = self.row_to_insert(execution, plan, cache)? else {
                return Ok(Step::Done);
            };
            self.follow_reads(transaction, execution)?;
            let settled = match &plan.conflict {
                None => Arbitrated::Free,
                Some(conflict) => {
                    self.arbitrate(transaction, execution, plan, conflict, &row, cache)?
                }
            };
            match settled {
                Arbitrated::Blocked(wanted) => {
                    hold(execution, row);
                    return Ok(Step::Blocked(wanted));
                }
                Arbitrated::Settled => {}
                Arbitrated::Free => {
                    self.check_heap_write(transaction, plan.table, None)?;
                    let id = self.insert_row(transaction, plan.table, row.clone());
                    self.queue_checks(execution, plan.table, id, None, Some(&row));
                    self.answer(execution, &plan.returning, &[&row], cache)?;
                    execution.count += 1;
                    execution.placing = Some(Placing {
                        table: plan.table,
                        row: id,
                        before: None,
                        index: 0,
                    });
                }
            }
            if let Work::Insert { at, .. } = &mut execution.work {
                *at += 1;
            }
        }
    }

    /// The row whose turn it is: the one that waited, or a new one. `None` behind the last.
    fn row_to_insert(
        &mut self,
        execution: &mut Execution,
        plan: &InsertPlan,
        cache: &mut Cache,
    ) -> Result<Option<Row>, SqlError> {
        let Work::Insert { source, at, row } = &mut execution.work else {
            return Ok(None);
        };
        if let Some(row) = row.take() {
            return Ok(Some(row));
        }
        let Some(table) = self.definition(plan.table).cloned() else {
            return Ok(None);
        };
        let mut values: SmallVec<[Value; 8]> = SmallVec::from_elem(Value::Null, table.width);
        let defaults = match &plan.source {
            RowSource::Query(_, slots, defaults) => {
                let Some(row) = source.get(*at) else {
                    return Ok(None);
                };
                for (slot, value) in slots.iter().zip(row.iter()) {
                    values[*slot] = value.clone();
                }
                defaults
            }
            RowSource::Values(rows, defaults) => {
                let Some(row) = rows.get(*at) else {
                    return Ok(None);
                };
                self.evaluate_values(execution, row, &mut values, cache)?;
                for (slot, value) in row {
                    if let NewValue::Default(default) = value {
                        values[*slot] = self.column_default(&table, *slot, default, execution)?;
                    }
                }
                defaults
            }
        };
        for (slot, default) in defaults {
            values[*slot] = self.column_default(&table, *slot, default, execution)?;
        }
        let row = row_of(&mut values);
        check_row(&table, &row, execution.now_us)?;
        Ok(Some(row))
    }

    fn evaluate_values(
        &self,
        execution: &mut Execution,
        row: &[(usize, NewValue)],
        values: &mut [Value],
        cache: &mut Cache,
    ) -> Result<(), SqlError> {
        self.with_run(execution, cache, |run| {
            let frame = Frame::of(run);
            for (slot, value) in row {
                if let Some(value) = given(value, &frame)? {
                    values[*slot] = value;
                }
            }
            Ok(())
        })
    }

    fn column_default(
        &mut self,
        table: &Table,
        slot: usize,
        default: &DefaultValue,
        execution: &Execution,
    ) -> Result<Value, SqlError> {
        let data_type = table
            .column_at(slot)
            .map_or(Type::Text, |column| column.data_type);
        self.default_value(default, data_type, execution.now_us)
    }

    /// ON CONFLICT for one row.
    fn arbitrate(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &InsertPlan,
        conflict: &ConflictPlan,
        row: &Row,
        cache: &mut Cache,
    ) -> Result<Arbitrated, SqlError> {
        let Some(table) = self.definition(plan.table).cloned() else {
            return Ok(Arbitrated::Settled);
        };
        for (number, index) in table.indexes.iter().enumerate() {
            if index.dropped
                || !index.unique
                || conflict
                    .indexes
                    .as_ref()
                    .is_some_and(|arbiters| !arbiters.contains(&number))
            {
                continue;
            }
            let Some(key) = index.try_key_of(row)? else {
                continue;
            };
            let me = transaction.id;
            let heap = &self.heaps[plan.table.0 as usize];
            if !locks::key_holders(heap, number, index, &key, me).is_empty() {
                return Ok(Arbitrated::Blocked(Wanted::Key {
                    table: plan.table,
                    number,
                    index: Box::new(index.clone()),
                    key,
                }));
            }
            let Some(existing) = self.taken(plan.table, number, &key, me, None) else {
                continue;
            };
            self.require_visible(transaction, execution, plan.table, existing)?;
            let Some(update) = &conflict.update else {
                self.note_met(transaction, execution, (plan.table, existing));
                return Ok(Arbitrated::Settled);
            };
            return self
                .update_existing(transaction, execution, plan, update, existing, row, cache)
                .map(|step| match step {
                    Step::Done => Arbitrated::Settled,
                    Step::Blocked(wanted) => Arbitrated::Blocked(wanted),
                });
        }
        Ok(Arbitrated::Free)
    }

    /// At repeatable read, a row in the way that the snapshot does not show is 40001
    /// (`ExecCheckTupleVisible`).
    fn require_visible(
        &self,
        transaction: &Transaction,
        execution: &Execution,
        table: TableId,
        row: RowId,
    ) -> Result<(), SqlError> {
        if !transaction.keeps_snapshot() {
            return Ok(());
        }
        let entry = self.heaps[table.0 as usize].entry(row);
        let current = entry.and_then(|entry| entry.current(transaction.id));
        let unseen = match current {
            Some(Current::Version(version)) => {
                version.created.transaction().is_none() && !execution.view.sees(version.created)
            }
            _ => false,
        };
        if unseen {
            return Err(serialization_failure("update"));
        }
        Ok(())
    }

    /// DO UPDATE: the newest committed version is changed, whether the statement's snapshot shows it or not.
    #[allow(clippy::too_many_arguments)]
    fn update_existing(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &InsertPlan,
        update: &ConflictUpdate,
        existing: RowId,
        excluded: &Row,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        let table = plan.table;
        let entry = self.heaps[table.0 as usize].entry(existing);
        let Some(Current::Version(version)) = entry.and_then(|e| e.current(transaction.id)) else {
            return Ok(Step::Done);
        };
        if version.created.transaction().is_some()
            && version.created.command() >= execution.view.command
        {
            return Err(SqlError::new(
                b"21000",
                "ON CONFLICT DO UPDATE command cannot affect row a second time",
            )
            .with_detail(
                "Ensure that no rows proposed for insertion within the same command have duplicate \
                 constrained values.",
            ));
        }
        let before = version.row.clone();
        let tuple: [&[Value]; 2] = [&before, excluded];
        let fits = self.with_run(execution, cache, |run| {
            let frame = Frame {
                tuple: &tuple,
                ..Frame::of(run)
            };
            all_true(&update.filter, &frame)
        })?;
        if !fits {
            self.note_met(transaction, execution, (table, existing));
            // The row in the way is locked even when it stays as it is.
            let strength = self
                .definition(table)
                .map(|definition| update_strength(definition, &before, &before));
            return Ok(match strength {
                Some(strength) => self.lock(transaction, table, existing, strength),
                None => Step::Done,
            });
        }
        let after = self.changed_row(
            execution,
            table,
            &before,
            &tuple,
            &update.assignments,
            cache,
        )?;
        let step = self.change_row(transaction, execution, table, existing, &before, &after)?;
        if step == Step::Done {
            self.answer(execution, &plan.returning, &[&after], cache)?;
            execution.count += 1;
        }
        Ok(step)
    }
}

fn hold(execution: &mut Execution, waiting: Row) {
    if let Work::Insert { row, .. } = &mut execution.work {
        *row = Some(waiting);
    }
}
