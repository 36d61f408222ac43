//! SELECT … FOR UPDATE and its kin: PostgreSQL's LockRows node. Rows come joined and sorted from the
//! statement's snapshot and are locked one by one; LIMIT counts what was locked.

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{LockStrength, LockWait};
use tidewire_syntax::sort;

use crate::execution::{Execution, LockTarget, Step, Work};
use crate::expression::Frame;
use crate::query::{Cache, Flow, NO_ROW, Query};
use crate::query_plan::LockPlan;
use crate::rows::Found;
use crate::transaction::Transaction;
use crate::{Row, SqlError, Store, Value};

/// What became of one joined row.
enum Outcome {
    Locked,
    LeftOut,
    Blocked(Step),
}

impl Store {
    /// Goes on with a locking SELECT until it is done or blocks.
    pub(crate) fn step_lock(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        query: &Query,
        locking: &LockPlan,
        cache: &mut Cache,
    ) -> Result<Step, SqlError> {
        if matches!(execution.work, Work::Fresh) {
            let targets = self.lock_targets(execution, query, cache)?;
            execution.work = Work::Lock { targets, at: 0 };
            self.follow_reads(transaction, execution)?;
        }
        let (offset, limit) = self.with_run(execution, cache, |run| query.bounds(None, run))?;
        let enough = offset.saturating_add(limit);
        while (execution.count as usize) < enough {
            let Work::Lock { targets, at } = &mut execution.work else {
                return Ok(Step::Done);
            };
            let Some(target) = targets.get_mut(*at) else {
                return Ok(Step::Done);
            };
            let mut target = std::mem::replace(target, LockTarget::nothing());
            let at = *at;
            match self.lock_target(transaction, execution, query, locking, &mut target, cache)? {
                Outcome::Blocked(step) => {
                    if let Work::Lock { targets, .. } = &mut execution.work {
                        targets[at] = target;
                    }
                    return Ok(step);
                }
                Outcome::LeftOut => {}
                Outcome::Locked => {
                    execution.count += 1;
                    if execution.count as usize > offset {
                        let row = self.with_run(execution, cache, |run| {
                            let tuple = target.tuple();
                            let frame = Frame {
                                tuple: &tuple,
                                ..Frame::of(run)
                            };
                            query.project(&frame)
                        })?;
                        execution.answered.push(row);
                    }
                }
            }
            if let Work::Lock { at, .. } = &mut execution.work {
                *at += 1;
            }
        }
        Ok(Step::Done)
    }

    fn lock_targets(
        &self,
        execution: &mut Execution,
        query: &Query,
        cache: &mut Cache,
    ) -> Result<Vec<LockTarget>, SqlError> {
        let mut targets = Vec::new();
        if let (Some(reads), Some(locking)) = (&mut execution.reads, &query.locking) {
            let relations = SmallVec::from_slice(&locking.relations);
            reads.targets = Some((query.id, relations));
        }
        self.with_run(execution, cache, |run| {
            query.join(None, run, &mut |tuple, ids| {
                let frame = Frame {
                    tuple,
                    ..Frame::of(run)
                };
                targets.push(LockTarget {
                    keys: query.sort_keys(&frame)?,
                    rows: tuple.iter().map(|row| Row::from(*row)).collect(),
                    ids: SmallVec::from_slice(ids),
                    locked: 0,
                    changed: false,
                });
                Ok(Flow::Continue(()))
            })
        })?;
        sort::sort_by(&mut targets, |left, right| {
            query.compare(&left.keys, &right.keys)
        });
        Ok(targets)
    }

    fn lock_target(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
        query: &Query,
        locking: &LockPlan,
        target: &mut LockTarget,
        cache: &mut Cache,
    ) -> Result<Outcome, SqlError> {
        while let Some(at) = locking.relations.get(target.locked).copied() {
            let (table, row) = (query.relations[at].table, target.ids[at]);
            if row == NO_ROW {
                target.locked += 1;
                continue;
            }
            let found =
                self.find_to_lock(transaction, &execution.view, table, row, locking.strength)?;
            if matches!(found, Found::Gone) {
                self.note_again(transaction, execution, (table, row), false);
                return Ok(Outcome::LeftOut);
            }
            if let blocked @ Step::Blocked(_) = self.lock(transaction, table, row, locking.strength)
            {
                return match locking.wait {
                    LockWait::Wait => Ok(Outcome::Blocked(blocked)),
                    LockWait::SkipLocked => Ok(Outcome::LeftOut),
                    LockWait::NoWait => {
                        let name = self.definition(table).map(|t| t.name.clone());
                        Err(SqlError::new(
                            b"55P03",
                            format!(
                                "could not obtain lock on row in relation \"{}\"",
                                name.as_deref().unwrap_or("?")
                            ),
                        ))
                    }
                };
            }
            if let Found::Newer(version) = found {
                target.rows[at] = version;
                target.changed = true;
            }
            target.locked += 1;
        }
        if target.changed {
            let mut tuple = target.tuple();
            let fits = self.with_run(execution, cache, |run| query.recheck(&mut tuple, run))?;
            let lost: SmallVec<[bool; 4]> = tuple.iter().map(|row| row.is_empty()).collect();
            drop(tuple);
            for (row, lost) in target.rows.iter_mut().zip(lost) {
                if lost {
                    *row = Row::from([]);
                }
            }
            if !fits {
                self.note_locked(transaction, execution, query, locking, target, false);
                return Ok(Outcome::LeftOut);
            }
        }
        self.note_locked(transaction, execution, query, locking, target, true);
        Ok(Outcome::Locked)
    }
}

impl Store {
    /// Notes which versions a joined row was locked by, and so is made of.
    fn note_locked(
        &self,
        transaction: &Transaction,
        execution: &mut Execution,
        query: &Query,
        locking: &LockPlan,
        target: &LockTarget,
        read: bool,
    ) {
        if execution.reads.is_none() {
            return;
        }
        for at in &locking.relations {
            if target.ids[*at] != NO_ROW {
                let (table, row) = (query.relations[*at].table, target.ids[*at]);
                let view = execution.view;
                let content = locking.strength == LockStrength::KeyShare
                    && self
                        .seen_with_same_keys(transaction, &view, table, row)
                        .is_some();
                if content {
                    self.note_seen(execution, (table, row));
                } else {
                    self.note_again(transaction, execution, (table, row), read);
                }
            }
        }
    }
}

impl LockTarget {
    fn nothing() -> Self {
        Self {
            keys: SmallVec::new(),
            rows: SmallVec::new(),
            ids: SmallVec::new(),
            locked: 0,
            changed: false,
        }
    }

    fn tuple(&self) -> SmallVec<[&[Value]; 4]> {
        self.rows.iter().map(|row| &**row).collect()
    }
}
