//! Running queries: nested loops over relations, grouping, sorting, subqueries.
//!
//! What a query is made of is in `query_plan`, how one relation's rows are found in `lookup`. Reading never waits and changes nothing.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use tidewire_syntax::ast::sql::JoinKind;
use tidewire_syntax::sort;

use crate::aggregate::Groups;
use crate::effects::{Effect, Replay};
use crate::expression::{Expr, Frame};
use crate::heap::Heap;
use crate::index::IndexKey;
use crate::lookup::Probes;
use crate::plan_choice::Scans;
pub(crate) use crate::query_plan::{DistinctPlan, Query, Relation};
use crate::query_plan::{NO_TABLE, Node, compare_keys};
use crate::reads::ReadCollector;
use crate::shared::Shared;
use crate::subquery::Cached;
use crate::value::{NULL, clamped};
use crate::versions::View;
use crate::{Row, RowId, SqlError, Value};

/// Rows that one statement may visit, so that no statement runs for ever.
pub(crate) const ROW_BUDGET: u64 = 2_000_000;

/// The id that stands for "no row" on the right side of an outer join.
pub(crate) const NO_ROW: RowId = RowId(u32::MAX);

/// One store as a statement sees it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) heaps: &'a [Shared<Heap>],
    pub(crate) view: View,
}

/// A running statement: its parameters, what it sees, what it may still spend.
pub(crate) struct Run<'a> {
    pub(crate) slots: &'a [Value],
    pub(crate) now_us: i64,
    pub(crate) sources: &'a [Source<'a>],
    pub(crate) budget: Cell<u64>,
    /// What other parts of the statement answered.
    pub(crate) results: &'a [Arc<Vec<Row>>],
    pub(crate) cache: RefCell<Cache>,
    /// Kinds of scan that the session allows.
    pub(crate) scans: Scans,
    /// `reads` holds a collector.
    pub(crate) collects: bool,
    pub(crate) reads: RefCell<Option<Box<ReadCollector>>>,
    /// Calls of functions with effects, once there was one.
    pub(crate) replay: RefCell<Option<Box<Replay>>>,
}

/// Results that hold for the whole statement, by ids that the planner gave. Most statements keep none.
#[derive(Default)]
pub(crate) struct Cache(Option<Box<Kept>>);

#[derive(Default)]
struct Kept {
    subqueries: FxHashMap<u32, Rc<Cached>>,
    tables: FxHashMap<u32, Probes>,
    rows: FxHashMap<u32, Rc<Vec<Row>>>,
}

pub(crate) type Flow = ControlFlow<()>;

/// Takes one joined row: values per relation and their rows.
pub(crate) type Visitor<'v> = dyn FnMut(&[&[Value]], &[RowId]) -> Result<Flow, SqlError> + 'v;

impl<'a> Run<'a> {
    pub(crate) fn new(
        slots: &'a [Value],
        now_us: i64,
        sources: &'a [Source<'a>],
        budget: u64,
    ) -> Self {
        Self {
            slots,
            now_us,
            sources,
            budget: Cell::new(budget),
            cache: RefCell::default(),
            scans: Scans::default(),
            collects: false,
            reads: RefCell::default(),
            replay: RefCell::default(),
            results: &[],
        }
    }

    /// Notes what is read from here on.
    pub(crate) fn collect(&mut self, reads: Box<ReadCollector>) {
        self.collects = true;
        self.reads = RefCell::new(Some(reads));
    }

    /// Calls a function with an effect, or stops for it.
    pub(crate) fn call(&self, effect: Effect, arguments: Vec<Value>) -> Result<Value, SqlError> {
        let mut replay = self.replay.borrow_mut();
        replay.get_or_insert_default().call(effect, arguments)
    }

    /// What a subquery gave before.
    pub(crate) fn kept_result(&self, id: u32) -> Option<Rc<Cached>> {
        let cache = self.cache.borrow();
        cache.0.as_ref()?.subqueries.get(&id).cloned()
    }

    /// Keeps what a subquery gave.
    pub(crate) fn keep_result(&self, id: u32, result: Cached) {
        let mut cache = self.cache.borrow_mut();
        let kept = cache.0.get_or_insert_default();
        kept.subqueries.insert(id, Rc::new(result));
    }

    /// The rows that a query in FROM gave before.
    pub(crate) fn kept_rows(&self, id: u32) -> Option<Rc<Vec<Row>>> {
        self.cache.borrow().0.as_ref()?.rows.get(&id).cloned()
    }

    /// Keeps the rows of a query in FROM.
    pub(crate) fn keep_rows(&self, id: u32, rows: Rc<Vec<Row>>) {
        let mut cache = self.cache.borrow_mut();
        cache.0.get_or_insert_default().rows.insert(id, rows);
    }

    /// What look-ups by equality of a relation have kept.
    pub(crate) fn kept_probes(&self, id: u32) -> Option<Probes> {
        self.cache.borrow().0.as_ref()?.tables.get(&id).cloned()
    }

    /// Keeps what look-ups by equality of a relation need.
    pub(crate) fn keep_probes(&self, id: u32, probes: Probes) {
        let mut cache = self.cache.borrow_mut();
        cache.0.get_or_insert_default().tables.insert(id, probes);
    }

    /// Goes on with results that an earlier run of the same statement kept.
    pub(crate) fn take_cache(&mut self, cache: &mut Cache) {
        self.cache = RefCell::new(std::mem::take(cache));
    }

    /// The results that are kept for the next run of the same statement.
    pub(crate) fn into_cache(self) -> Cache {
        self.cache.into_inner()
    }

    pub(crate) fn slot(&self, slot: u32) -> &Value {
        self.slots.get(slot as usize).unwrap_or(&NULL)
    }

    #[inline]
    pub(crate) fn spend(&self) -> Result<(), SqlError> {
        let left = self.budget.get();
        if left == 0 {
            return Err(SqlError::new(
                b"54000",
                format!(
                    "the statement visits more than {ROW_BUDGET} rows, the limit of this store"
                ),
            )
            .with_detail("Narrow it by a key, or join on equality."));
        }
        self.budget.set(left - 1);
        Ok(())
    }

    pub(crate) fn heap(&self, relation: &Relation) -> Option<(&'a Heap, View)> {
        let source = self.sources.get(relation.store as usize)?;
        let heap = source.heaps.get(relation.table.0 as usize)?;
        Some((heap.as_ref(), source.view))
    }
}

impl Query {
    /// All rows of the answer.
    pub(crate) fn rows(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<Vec<Row>, SqlError> {
        let (offset, limit) = self.bounds(outer, run)?;
        if !self.windows.is_empty() {
            let mut sorted = Sorted::new(self);
            self.windowed(outer, run, &mut |frame| sorted.add(frame))?;
            return Ok(sorted.finish(offset, limit));
        }
        if let Some(grouping) = &self.grouping {
            let mut groups = Groups::new(grouping);
            self.join(outer, run, &mut |tuple, _| {
                groups.add(&Frame {
                    tuple,
                    extras: &[],
                    outer,
                    run,
                })?;
                Ok(Flow::Continue(()))
            })?;
            let mut sorted = Sorted::new(self);
            groups.finish(outer, run, &mut |frame| sorted.add(frame))?;
            return Ok(sorted.finish(offset, limit));
        }
        if self.order.is_empty() && matches!(self.distinct, DistinctPlan::No) {
            return self.unsorted_rows(outer, run, offset, limit);
        }
        let mut sorted = Sorted::new(self);
        self.join(outer, run, &mut |tuple, _| {
            sorted.add(&Frame {
                tuple,
                extras: &[],
                outer,
                run,
            })?;
            Ok(Flow::Continue(()))
        })?;
        Ok(sorted.finish(offset, limit))
    }

    /// Rows as the joins give them; ends as soon as there are enough.
    fn unsorted_rows(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Row>, SqlError> {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        let mut skipped = 0;
        self.join(outer, run, &mut |tuple, _| {
            if skipped < offset {
                skipped += 1;
                return Ok(Flow::Continue(()));
            }
            rows.push(self.project(&Frame {
                tuple,
                extras: &[],
                outer,
                run,
            })?);
            Ok(stop_if(rows.len() >= limit))
        })?;
        Ok(rows)
    }

    /// OFFSET and LIMIT, in rows.
    pub(crate) fn bounds(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<(usize, usize), SqlError> {
        let frame = Frame {
            tuple: &[],
            extras: &[],
            outer,
            run,
        };
        let bound = |expression: &Option<Expr>, none: usize, state, name: &str| {
            let Some(expression) = expression else {
                return Ok(none);
            };
            match expression.evaluate(&frame)? {
                Value::Integer(count) if count < 0 => {
                    Err(SqlError::new(state, format!("{name} must not be negative")))
                }
                Value::Integer(count) => Ok(clamped(count)),
                _ => Ok(none),
            }
        };
        Ok((
            bound(&self.offset, 0, b"2201X", "OFFSET")?,
            bound(&self.limit, usize::MAX, b"2201W", "LIMIT")?,
        ))
    }

    /// Visits every joined row that passes all conditions, in the order of nested loops.
    pub(crate) fn join(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
        visitor: &mut Visitor<'_>,
    ) -> Result<(), SqlError> {
        let frame = Frame {
            tuple: &[],
            extras: &[],
            outer,
            run,
        };
        if !all_true(&self.filter, &frame)? {
            return Ok(());
        }
        match &self.tree {
            None => self.join_from(0, &[], &[], &frame, visitor),
            Some(nodes) => self.join_nodes(nodes, &[], &[], &frame, visitor),
        }
        .map(|_| ())
    }

    /// Recursion is as deep as there are relations, which the planner bounds.
    fn join_from(
        &self,
        at: usize,
        tuple: &[&[Value]],
        ids: &[RowId],
        frame: &Frame<'_>,
        visitor: &mut Visitor<'_>,
    ) -> Result<Flow, SqlError> {
        if at >= self.relations.len() {
            return visitor(tuple, ids);
        }
        self.join_relation(at, tuple, ids, frame, &mut |tuple, ids| {
            self.join_from(at + 1, tuple, ids, frame, visitor)
        })
    }

    /// Joins one relation to what stands before it.
    pub(crate) fn join_relation(
        &self,
        at: usize,
        tuple: &[&[Value]],
        ids: &[RowId],
        frame: &Frame<'_>,
        visitor: &mut Visitor<'_>,
    ) -> Result<Flow, SqlError> {
        let relation = &self.relations[at];
        let mut all_ids: SmallVec<[RowId; 4]> = SmallVec::from_slice(ids);
        all_ids.push(NO_ROW);
        let mut matched = false;
        let collects = frame.run.collects() && relation.table != NO_TABLE;
        if collects {
            let before = Frame { tuple, ..*frame };
            frame.run.note_condition(relation, at, &before);
        }
        let flow = relation.candidates(&Frame { tuple, ..*frame }, &mut |id, row, implied| {
            let alone = [row];
            let mut several: SmallVec<[&[Value]; 4]> = SmallVec::new();
            let joined: &[&[Value]] = if tuple.is_empty() {
                &alone
            } else {
                several.extend_from_slice(tuple);
                several.push(row);
                &several
            };
            let inner = Frame {
                tuple: joined,
                ..*frame
            };
            let joins = (implied || all_true(&relation.implied, &inner)?)
                && all_true(&relation.on, &inner)?;
            if !joins {
                return Ok(Flow::Continue(()));
            }
            matched = true;
            if !all_true(&relation.filter, &inner)? {
                return Ok(Flow::Continue(()));
            }
            if collects {
                frame.run.note_row(self, at, id);
            }
            all_ids[at] = id;
            visitor(joined, &all_ids)
        })?;
        if flow.is_break() || matched || relation.join != JoinKind::Left {
            return Ok(flow);
        }
        let mut joined: SmallVec<[&[Value]; 4]> = SmallVec::from_slice(tuple);
        joined.push(&[]);
        let inner = Frame {
            tuple: &joined,
            ..*frame
        };
        if !all_true(&relation.filter, &inner)? {
            return Ok(flow);
        }
        all_ids[at] = NO_ROW;
        visitor(&joined, &all_ids)
    }

    /// Does a joined row still pass all conditions, some of its rows being exchanged (EvalPlanQual)? A partner
    /// of an outer join that does not fit any more is taken out of it.
    pub(crate) fn recheck(
        &self,
        tuple: &mut SmallVec<[&[Value]; 4]>,
        run: &Run<'_>,
    ) -> Result<bool, SqlError> {
        let frame = Frame::of(run);
        for at in 0..self.relations.len().min(tuple.len()) {
            let relation = &self.relations[at];
            let now = Frame { tuple, ..frame };
            let missing = tuple[at].is_empty();
            let joins =
                missing || all_true(&relation.implied, &now)? && all_true(&relation.on, &now)?;
            if !joins && relation.join != JoinKind::Left {
                return Ok(false);
            }
            if !joins {
                tuple[at] = &[];
            }
            let now = Frame { tuple, ..frame };
            if !all_true(&relation.filter, &now)? {
                return Ok(false);
            }
        }
        let now = Frame { tuple, ..frame };
        for node in self.tree.iter().flatten() {
            if let Node::Outer(outer) = node
                && !all_true(&outer.filter, &now)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The values that a joined row gives.
    pub(crate) fn project(&self, frame: &Frame<'_>) -> Result<Row, SqlError> {
        project(&self.output, frame)
    }

    /// The sort keys of a joined row.
    pub(crate) fn sort_keys(&self, frame: &Frame<'_>) -> Result<SortKeys, SqlError> {
        self.order
            .iter()
            .map(|key| key.expression.evaluate(frame))
            .collect()
    }

    /// Order of two rows by their sort keys.
    pub(crate) fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        compare_keys(&self.order, left, right)
    }
}

pub(crate) fn project(output: &[Expr], frame: &Frame<'_>) -> Result<Row, SqlError> {
    let mut values: SmallVec<[Value; 4]> = SmallVec::new();
    for expression in output {
        values.push(expression.evaluate(frame)?);
    }
    Ok(row_of(&mut values))
}

/// Moves values into a row. An iterator of known length makes it with one allocation.
pub(crate) fn row_of(values: &mut [Value]) -> Row {
    values.iter_mut().map(std::mem::take).collect()
}

pub(crate) fn stop_if(stop: bool) -> Flow {
    if stop {
        Flow::Break(())
    } else {
        Flow::Continue(())
    }
}

#[inline]
pub(crate) fn all_true(conditions: &[Expr], frame: &Frame<'_>) -> Result<bool, SqlError> {
    for condition in conditions {
        if !condition.is_true(frame)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sort keys of one row.
pub(crate) type SortKeys = SmallVec<[Value; 2]>;

/// Rows of an answer with their sort keys.
struct Sorted<'q> {
    query: &'q Query,
    rows: Vec<(SortKeys, Row)>,
}

impl<'q> Sorted<'q> {
    fn new(query: &'q Query) -> Self {
        Self {
            query,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, frame: &Frame<'_>) -> Result<(), SqlError> {
        let row = self.query.project(frame)?;
        let mut keys = self.query.sort_keys(frame)?;
        if let DistinctPlan::On(group) = &self.query.distinct {
            for key in group {
                keys.push(key.evaluate(frame)?);
            }
        }
        self.rows.push((keys, row));
        Ok(())
    }

    fn finish(mut self, offset: usize, limit: usize) -> Vec<Row> {
        let mut seen = FxHashSet::default();
        if let DistinctPlan::Rows = self.query.distinct {
            self.rows
                .retain(|(_, row)| seen.insert(IndexKey::with_nulls(row)));
        }
        if !self.query.order.is_empty() {
            let query = self.query;
            sort::sort_by(&mut self.rows, |(left, _), (right, _)| {
                query.compare(left, right)
            });
        }
        if let DistinctPlan::On(_) = self.query.distinct {
            // The values of ON stand behind the sort keys.
            let group = self.query.order.len();
            self.rows
                .retain(|(keys, _)| seen.insert(IndexKey::with_nulls(&keys[group..])));
        }
        let rows = self.rows.into_iter().map(|(_, row)| row);
        rows.skip(offset).take(limit).collect()
    }
}
