//! UPDATE and DELETE, row by row, as PostgreSQL's ModifyTable does: rows come from the statement's snapshot;
//! one that someone else changed meanwhile is waited for, then looked at again (EvalPlanQual).

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::LockStrength;

use crate::bind_write::{DeletePlan, NewValue, UpdatePlan};
use crate::constraints::{check_row, given, update_strength};
use crate::execution::{Execution, Partners, Placing, Step, Work};
use crate::expression::Frame;
use crate::query::{Cache, Flow, Query, project};
use crate::rows::{Found, NewLock};
use crate::transaction::Transaction;
use crate::{Row, RowId, SqlError, Store, TableId, Value};

impl Store {
    /// Finds the rows of an UPDATE or DELETE by the statement's snapshot.
    fn find_targets(
        &self,
        execution: &mut Execution,
        target: &Query,
        cache: &mut Cache,
    ) -> Result<Work, SqlError> {
        let mut targets = SmallVec::new();
        if let Some(reads) = &mut execution.reads {
            let last = target.relations.len() - 1;
            reads.targets = Some((target.id, SmallVec::from_slice(&[last])));
        }
        let mut partners: Vec<Partners> = Vec::new();
        let failure = self.with_run(execution, cache, |run| {
            target.join(None, run, &mut |tuple, ids| {
                if let ([others @ .., _], [.., row]) = (tuple, ids) {
                    targets.push(*row);
                    if !others.is_empty() {
                        partners.push(others.iter().map(|row| Row::from(*row)).collect());
                    }
                }
                Ok(Flow::Continue(()))
            })
        });
        // A call with an effect is no failure: the search begins again behind it.
        if let (Some(replay), Err(stopped)) = (&execution.replay, &failure)
            && replay.is_stopped()
        {
            return Err(stopped.clone());
        }
        Ok(Work::Modify {
            targets,
            partners,
            at: 0,
            failure: failure.err(),
        })
    }

    /// Goes on with an UPDATE until it is done or blocks.
    pub(crate) fn step_update(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &UpdatePlan,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        if matches!(execution.work, Work::Fresh) {
            execution.work = self.find_targets(execution, &plan.target, cache)?;
            self.follow_reads(transaction, execution)?;
        }
        loop {
            if let blocked @ Step::Blocked(_) = self.finish_placing(transaction, execution)? {
                return Ok(blocked);
            }
            let Some(row) = next_target(execution)? else {
                return Ok(Step::Done);
            };
            if let blocked @ Step::Blocked(_) =
                self.update_target(transaction, execution, plan, row, cache)?
            {
                return Ok(blocked);
            }
            advance(execution);
        }
    }

    fn update_target(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &UpdatePlan,
        row: RowId,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        let table = plan.table;
        let mut partners = partners(execution);
        let found = self.still_wanted(
            transaction,
            execution,
            &plan.target,
            (table, row),
            &mut partners,
            cache,
        )?;
        let Some(before) = found else {
            return Ok(Step::Done);
        };
        let tuple = with_partners(&partners, &before);
        let after =
            self.changed_row(execution, table, &before, &tuple, &plan.assignments, cache)?;
        self.follow_reads(transaction, execution)?;
        if let blocked @ Step::Blocked(_) =
            self.change_row(transaction, execution, table, row, &before, &after)?
        {
            return Ok(blocked);
        }
        if !plan.returning.is_empty() {
            let tuple = with_partners(&partners, &after);
            self.answer(execution, &plan.returning, &tuple, cache)?;
        }
        execution.count += 1;
        Ok(Step::Done)
    }

    /// The row as a statement may change it: what it saw, or a newer version that still fulfils the
    /// condition together with the rows of FROM that it was found with (EvalPlanQual keeps those as they were
    /// seen); `None` when it is not to be changed.
    fn still_wanted(
        &self,
        transaction: &Transaction,
        execution: &mut Execution,
        target: &Query,
        (table, row): (TableId, RowId),
        partners: &mut Partners,
        cache: &mut Cache,
    ) -> Result<Option<Row>, SqlError> {
        match self.find(transaction, &execution.view, table, row)? {
            Found::Same(version) => Ok(Some(version)),
            Found::Gone => {
                self.note_again(transaction, execution, (table, row), false);
                Ok(None)
            }
            Found::Newer(version) => {
                let mut tuple = with_partners(partners, &version);
                let fits =
                    self.with_run(execution, cache, |run| target.recheck(&mut tuple, run))?;
                let lost: SmallVec<[bool; 4]> = tuple.iter().map(|row| row.is_empty()).collect();
                drop(tuple);
                for (partner, lost) in partners.iter_mut().zip(lost) {
                    if lost {
                        *partner = Row::from([]);
                    }
                }
                if !fits {
                    self.note_again(transaction, execution, (table, row), false);
                }
                Ok(fits.then_some(version))
            }
        }
    }

    /// The row after its assignments; constraints of the table hold.
    pub(crate) fn changed_row(
        &mut self,
        execution: &mut Execution,
        table: TableId,
        before: &Row,
        tuple: &[&[Value]],
        assignments: &[(usize, NewValue)],
        cache: &mut Cache,
    ) -> Result<Row, SqlError> {
        let mut new: SmallVec<[Option<Value>; 4]> = SmallVec::new();
        self.with_run(execution, cache, |run| {
            let frame = Frame {
                tuple,
                ..Frame::of(run)
            };
            for (_, value) in assignments {
                new.push(given(value, &frame)?);
            }
            Ok(())
        })?;
        for ((slot, value), new) in assignments.iter().zip(&mut new) {
            if let NewValue::Default(default) = value {
                let column = self.definition(table).and_then(|t| t.column_at(*slot));
                let data_type = column.map_or(crate::Type::Text, |column| column.data_type);
                *new = Some(self.default_value(default, data_type, execution.now_us)?);
            }
        }
        let Some(definition) = self.definition(table) else {
            return Ok(before.clone());
        };
        let width = definition.width.max(before.len());
        let after: Row = (0..width)
            .map(|slot| {
                let assigned = assignments.iter().rposition(|(other, _)| *other == slot);
                match assigned.and_then(|at| new.get_mut(at)) {
                    Some(value) => value.take().unwrap_or_default(),
                    None => before.get(slot).cloned().unwrap_or_default(),
                }
            })
            .collect();
        check_row(definition, &after, execution.now_us)?;
        Ok(after)
    }

    /// Locks a row and gives it a new version; what follows from foreign keys is queued.
    pub(crate) fn change_row(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        table: TableId,
        row: RowId,
        before: &Row,
        after: &Row,
    ) -> Result<Step, SqlError> {
        let strength = self
            .definition(table)
            .map_or(LockStrength::NoKeyUpdate, |table| {
                update_strength(table, before, after)
            });
        let (held, is_enough) = match self.lock_held(transaction, table, row, strength) {
            Ok(found) => found,
            Err(wanted) => return Ok(Step::Blocked(wanted)),
        };
        let lock = (!is_enough).then_some(NewLock { held, strength });
        self.check_heap_write(transaction, table, Some(row))?;
        let same_keys = strength == LockStrength::NoKeyUpdate
            && self.definition(table).is_none_or(|table| {
                let mut indexes = table.indexes.iter().filter(|index| !index.dropped);
                indexes.all(|index| index.same_columns(before, after))
            });
        let heap_only = self.update_row(transaction, (table, row), lock, before, after, same_keys);
        self.queue_checks(execution, table, row, Some(before), Some(after));
        // With the same keys the entries are those of the version before; a serializable transaction
        // writes over them all the same where the version needs entries.
        if !same_keys || (!heap_only && self.serializable.is_some()) {
            execution.placing = Some(Placing {
                table,
                row,
                before: Some(before.clone()),
                index: 0,
            });
        }
        Ok(Step::Done)
    }

    /// Finishes the index entries of the last version, if any are left.
    pub(crate) fn finish_placing(
        &mut self,
        transaction: &Transaction,
        execution: &mut Execution,
    ) -> Result<Step, SqlError> {
        if let Some(placing) = &mut execution.placing {
            if let blocked @ Step::Blocked(_) = self.place(transaction, placing)? {
                return Ok(blocked);
            }
            execution.placing = None;
        }
        Ok(Step::Done)
    }

    /// Goes on with a DELETE until it is done or blocks.
    pub(crate) fn step_delete(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        plan: &DeletePlan,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        if matches!(execution.work, Work::Fresh) {
            execution.work = self.find_targets(execution, &plan.target, cache)?;
            self.follow_reads(transaction, execution)?;
        }
        while let Some(row) = next_target(execution)? {
            let mut partners = partners(execution);
            let wanted = self.still_wanted(
                transaction,
                execution,
                &plan.target,
                (plan.table, row),
                &mut partners,
                cache,
            )?;
            if let Some(before) = wanted {
                if let blocked @ Step::Blocked(_) =
                    self.remove_row(transaction, execution, plan.table, row, &before)?
                {
                    return Ok(blocked);
                }
                if !plan.returning.is_empty() {
                    let tuple = with_partners(&partners, &before);
                    self.answer(execution, &plan.returning, &tuple, cache)?;
                }
                execution.count += 1;
            }
            advance(execution);
        }
        Ok(Step::Done)
    }

    /// Locks a row and deletes it; what follows from foreign keys is queued.
    pub(crate) fn remove_row(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        table: TableId,
        row: RowId,
        before: &Row,
    ) -> Result<Step, SqlError> {
        let blocked = self.lock(transaction, table, row, LockStrength::Update);
        if blocked == Step::Done {
            self.check_heap_write(transaction, table, Some(row))?;
            self.delete_row(transaction, table, row, before.clone());
            self.queue_checks(execution, table, row, Some(before), None);
        }
        Ok(blocked)
    }

    /// RETURNING for one row.
    pub(crate) fn answer(
        &self,
        execution: &mut Execution,
        returning: &[crate::expression::Expr],
        tuple: &[&[Value]],
        cache: &mut Cache,
    ) -> Result<(), SqlError> {
        if returning.is_empty() {
            return Ok(());
        }
        let row = self.with_run(execution, cache, |run| {
            let frame = Frame {
                tuple,
                ..Frame::of(run)
            };
            project(returning, &frame)
        });
        // The row is changed already, so what is evaluated here cannot be begun again.
        if let (Err(_), Some(replay)) = (&row, &mut execution.replay)
            && replay.is_stopped()
        {
            replay.rewind();
            return Err(SqlError::new(
                b"0A000",
                "functions with effects cannot be called in RETURNING in this store",
            ));
        }
        let row = row?;
        execution.answered.push(row);
        Ok(())
    }
}

/// The row whose turn it is; the failure of the search when its turn has come.
fn next_target(execution: &mut Execution) -> Result<Option<RowId>, SqlError> {
    match &mut execution.work {
        Work::Modify {
            targets,
            at,
            failure,
            ..
        } => match targets.get(*at) {
            Some(row) => Ok(Some(*row)),
            None => failure.take().map_or(Ok(None), Err),
        },
        _ => Ok(None),
    }
}

/// The rows of FROM that the row whose turn it is was found with.
fn partners(execution: &Execution) -> Partners {
    match &execution.work {
        Work::Modify { partners, at, .. } => partners.get(*at).cloned().unwrap_or_default(),
        _ => Partners::new(),
    }
}

/// A joined row: that of the table to be changed stands last.
fn with_partners<'r>(partners: &'r Partners, row: &'r Row) -> SmallVec<[&'r [Value]; 4]> {
    let mut tuple: SmallVec<[&[Value]; 4]> = SmallVec::new();
    for partner in partners {
        tuple.push(partner);
    }
    tuple.push(row);
    tuple
}

fn advance(execution: &mut Execution) {
    if let Work::Modify { at, .. } = &mut execution.work {
        *at += 1;
    }
}
