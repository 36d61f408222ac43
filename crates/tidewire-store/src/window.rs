//! Window functions: values that a row gets from the rows around it (manual 3.5 and 9.22, `nodeWindowAgg.c`).
//!
//! Rows are sorted by partition and order of each window in turn; where no ORDER BY stands, that is the order
//! in which they are answered.

use std::cmp::Ordering;
use std::ops::Range;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::FrameUnit;
use tidewire_syntax::sort;

use crate::aggregate::{Aggregate, Groups, State};
use crate::expression::{Expr, Frame};
use crate::query::{Flow, Query, Run, SortKeys};
use crate::query_plan::{SortKey, compare_keys};
use crate::value::clamped;
use crate::{Row, SqlError, Value};

/// A window and the functions over it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowPlan {
    pub(crate) partition: Vec<Expr>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) frame: FramePlan,
    pub(crate) calls: Vec<WindowCall>,
}

/// Which rows of a partition a frame takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FramePlan {
    pub(crate) unit: FrameUnit,
    pub(crate) start: Bound,
    pub(crate) end: Bound,
}

/// A bound of a frame; offsets are rows or groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    First,
    Before(u64),
    Current,
    After(u64),
    Last,
}

/// A call of a window function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowCall {
    pub(crate) function: WindowFunction,
    pub(crate) arguments: Vec<Expr>,
    /// Where its value stands among the extras of a row.
    pub(crate) extra: u32,
}

/// The window functions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WindowFunction {
    RowNumber,
    Rank,
    DenseRank,
    /// `ntile(n)`
    Tile,
    /// `lag`, or `lead`: value, offset, default
    Shifted {
        forward: bool,
    },
    FirstValue,
    LastValue,
    /// `nth_value(value, n)`
    NthValue,
    /// Any aggregate over the frame.
    Aggregate(Box<Aggregate>),
}

/// Whether a function of this name needs a window.
pub(crate) fn is_window_function(name: &str) -> bool {
    matches!(
        name,
        "row_number"
            | "rank"
            | "dense_rank"
            | "ntile"
            | "lag"
            | "lead"
            | "first_value"
            | "last_value"
            | "nth_value"
            | "percent_rank"
            | "cume_dist"
    )
}

/// A row that waits for its values.
struct WindowRow {
    rows: SmallVec<[Row; 2]>,
    extras: Vec<Value>,
    partition: SortKeys,
    order: SortKeys,
}

impl WindowRow {
    /// Has something evaluated over the row.
    fn with<T>(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
        evaluate: impl FnOnce(&Frame<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let tuple: SmallVec<[&[Value]; 4]> = self.rows.iter().map(|row| &**row).collect();
        evaluate(&Frame {
            tuple: &tuple,
            extras: &self.extras,
            outer,
            run,
        })
    }
}

impl Query {
    /// Visits the joined or grouped rows with the values of the window functions.
    pub(crate) fn windowed(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
        visitor: &mut dyn FnMut(&Frame<'_>) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let calls = self.windows.iter().flat_map(|window| &window.calls);
        let width = calls.map(|call| call.extra as usize + 1).max().unwrap_or(0);
        let mut rows: Vec<WindowRow> = Vec::new();
        let mut collect = |frame: &Frame<'_>| {
            let mut extras = frame.extras.to_vec();
            extras.resize(width.max(extras.len()), Value::Null);
            rows.push(WindowRow {
                rows: frame.tuple.iter().map(|row| Row::from(*row)).collect(),
                extras,
                partition: SortKeys::new(),
                order: SortKeys::new(),
            });
            Ok(())
        };
        let mut groups = self.grouping.as_ref().map(Groups::new);
        self.join(outer, run, &mut |tuple, _| {
            let frame = Frame {
                tuple,
                extras: &[],
                outer,
                run,
            };
            match &mut groups {
                Some(groups) => groups.add(&frame)?,
                None => collect(&frame)?,
            }
            Ok(Flow::Continue(()))
        })?;
        if let Some(groups) = groups {
            groups.finish(outer, run, &mut collect)?;
        }
        for window in &self.windows {
            window.fill(&mut rows, outer, run)?;
        }
        for row in &rows {
            row.with(outer, run, &mut *visitor)?;
        }
        Ok(())
    }
}

impl WindowPlan {
    /// Sorts the rows and gives them the values of this window's functions.
    fn fill(
        &self,
        rows: &mut [WindowRow],
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<(), SqlError> {
        for row in rows.iter_mut() {
            run.spend()?;
            let (partition, order) = row.with(outer, run, |frame| {
                let mut partition = SortKeys::new();
                for key in &self.partition {
                    partition.push(key.evaluate(frame)?);
                }
                let mut order = SortKeys::new();
                for key in &self.order {
                    order.push(key.expression.evaluate(frame)?);
                }
                Ok((partition, order))
            })?;
            (row.partition, row.order) = (partition, order);
        }
        sort::sort_by(rows, |left, right| {
            by_values(&left.partition, &right.partition)
                .then_with(|| compare_keys(&self.order, &left.order, &right.order))
        });
        let mut first = 0;
        while first < rows.len() {
            let same = |row: &WindowRow| by_values(&row.partition, &rows[first].partition).is_eq();
            let end = first + rows[first..].iter().take_while(|row| same(row)).count();
            self.fill_partition(&mut rows[first..end], outer, run)?;
            first = end;
        }
        Ok(())
    }

    fn fill_partition(
        &self,
        rows: &mut [WindowRow],
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<(), SqlError> {
        // Groups of rows that are equal in ORDER BY.
        let mut groups: Vec<Range<usize>> = Vec::new();
        for at in 0..rows.len() {
            match groups.last_mut() {
                Some(last)
                    if compare_keys(&self.order, &rows[last.start].order, &rows[at].order)
                        .is_eq() =>
                {
                    last.end = at + 1;
                }
                _ => groups.push(at..at + 1),
            }
        }
        let partition = Partition {
            plan: self,
            rows,
            groups: &groups,
            outer,
            run,
        };
        let mut values: Vec<(u32, Vec<Value>)> = Vec::with_capacity(self.calls.len());
        for call in &self.calls {
            values.push((call.extra, partition.values(call)?));
        }
        for (extra, values) in values {
            for (row, value) in rows.iter_mut().zip(values) {
                row.extras[extra as usize] = value;
            }
        }
        Ok(())
    }
}

/// Rows of one partition, sorted.
struct Partition<'p> {
    plan: &'p WindowPlan,
    rows: &'p [WindowRow],
    groups: &'p [Range<usize>],
    outer: Option<&'p Frame<'p>>,
    run: &'p Run<'p>,
}

impl Partition<'_> {
    /// The value of a call for each row.
    fn values(&self, call: &WindowCall) -> Result<Vec<Value>, SqlError> {
        if let WindowFunction::Aggregate(aggregate) = &call.function {
            return self.aggregate(aggregate);
        }
        let mut values = Vec::with_capacity(self.rows.len());
        for (number, group) in self.groups.iter().enumerate() {
            for at in group.clone() {
                self.run.spend()?;
                values.push(match &call.function {
                    WindowFunction::RowNumber => count(at + 1),
                    WindowFunction::Rank => count(group.start + 1),
                    WindowFunction::DenseRank => count(number + 1),
                    WindowFunction::Tile => self.tile(call, at)?,
                    WindowFunction::Shifted { forward } => self.shifted(call, at, *forward)?,
                    _ => self.framed(call, at, number)?,
                });
            }
        }
        Ok(values)
    }

    /// An argument of a call, over a row.
    fn argument(&self, call: &WindowCall, which: usize, at: usize) -> Result<Value, SqlError> {
        match (call.arguments.get(which), self.rows.get(at)) {
            (Some(argument), Some(row)) => {
                row.with(self.outer, self.run, |frame| argument.evaluate(frame))
            }
            _ => Ok(Value::Null),
        }
    }

    fn tile(&self, call: &WindowCall, at: usize) -> Result<Value, SqlError> {
        let tiles = match self.argument(call, 0, 0)? {
            Value::Null => return Ok(Value::Null),
            Value::Integer(tiles) if tiles > 0 => clamped(tiles),
            _ => {
                let message = "argument of ntile must be greater than zero";
                return Err(SqlError::new(b"22014", message));
            }
        };
        let (small, larger) = (self.rows.len() / tiles, self.rows.len() % tiles);
        // The first tiles have one row more.
        let behind = larger * (small + 1);
        Ok(count(match at < behind {
            true => at / (small + 1) + 1,
            false => larger + (at - behind) / small.max(1) + 1,
        }))
    }

    fn shifted(&self, call: &WindowCall, at: usize, forward: bool) -> Result<Value, SqlError> {
        let by = match call.arguments.len() {
            0 | 1 => 1,
            _ => match self.argument(call, 1, at)? {
                Value::Integer(by) => by,
                _ => return Ok(Value::Null),
            },
        };
        let by = if forward { by } else { by.saturating_neg() };
        let target = (at as i64).saturating_add(by);
        match usize::try_from(target)
            .ok()
            .filter(|to| *to < self.rows.len())
        {
            Some(to) => self.argument(call, 0, to),
            None => self.argument(call, 2, at),
        }
    }

    fn framed(&self, call: &WindowCall, at: usize, group: usize) -> Result<Value, SqlError> {
        let frame = self.frame(at, group);
        let wanted = match call.function {
            WindowFunction::LastValue => frame.end.checked_sub(1),
            WindowFunction::NthValue => match self.argument(call, 1, at)? {
                Value::Null => None,
                Value::Integer(which) if which > 0 => frame.start.checked_add(clamped(which) - 1),
                _ => {
                    let message = "argument of nth_value must be greater than zero";
                    return Err(SqlError::new(b"22016", message));
                }
            },
            _ => Some(frame.start),
        };
        match wanted.filter(|at| frame.contains(at)) {
            Some(wanted) => self.argument(call, 0, wanted),
            None => Ok(Value::Null),
        }
    }

    /// The rows of a row's frame.
    fn frame(&self, at: usize, group: usize) -> Range<usize> {
        let count = self.rows.len();
        let last = self.groups.len();
        let rows = self.plan.frame.unit == FrameUnit::Rows;
        let clamp = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        // Where a number of groups, counted from the first, begins.
        let begins = |group: usize| self.groups.get(group).map_or(count, |group| group.start);
        let start = match self.plan.frame.start {
            Bound::First => 0,
            Bound::Last => count,
            Bound::Current if rows => at,
            Bound::Current => begins(group),
            Bound::Before(by) if rows => at.saturating_sub(clamp(by)),
            Bound::Before(by) => begins(group.saturating_sub(clamp(by))),
            Bound::After(by) if rows => at.saturating_add(clamp(by)),
            Bound::After(by) => begins(group.saturating_add(clamp(by)).min(last)),
        };
        let end = match self.plan.frame.end {
            Bound::First => 0,
            Bound::Last => count,
            Bound::Current if rows => at + 1,
            Bound::Current => begins(group + 1),
            Bound::Before(by) if rows => (at + 1).saturating_sub(clamp(by)),
            Bound::Before(by) => begins((group + 1).saturating_sub(clamp(by))),
            Bound::After(by) if rows => (at + 1).saturating_add(clamp(by)),
            Bound::After(by) => begins((group + 1).saturating_add(clamp(by)).min(last)),
        };
        let end = end.min(count);
        start.min(end)..end
    }

    /// An aggregate over the frame of each row. A frame that only grows is gone through once.
    fn aggregate(&self, aggregate: &Aggregate) -> Result<Vec<Value>, SqlError> {
        let grows = self.plan.frame.start == Bound::First;
        let mut state = State::new();
        let mut taken = 0..0;
        let mut value = state.finish(aggregate)?;
        let mut values = Vec::with_capacity(self.rows.len());
        for (number, group) in self.groups.iter().enumerate() {
            for at in group.clone() {
                let frame = self.frame(at, number);
                if !grows && frame != taken {
                    state = State::new();
                    taken = frame.start..frame.start;
                    value = state.finish(aggregate)?;
                }
                if taken.end < frame.end {
                    for row in &self.rows[taken.end..frame.end] {
                        self.run.spend()?;
                        row.with(self.outer, self.run, |frame| state.add(aggregate, frame))?;
                    }
                    taken.end = frame.end;
                    value = state.finish(aggregate)?;
                }
                values.push(value.clone());
            }
        }
        Ok(values)
    }
}

fn count(number: usize) -> Value {
    Value::Integer(number as i64)
}

fn by_values(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right);
    pairs
        .map(|(left, right)| left.total_order(right))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}
