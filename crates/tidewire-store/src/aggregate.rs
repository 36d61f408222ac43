//! Grouping and aggregate functions.
//!
//! Types follow PostgreSQL: `sum` of integers is a bigint, of bigints a numeric; `avg` is a numeric with the
//! scale of its division.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::expression::{Expr, Frame};
use crate::function;
use crate::index::IndexKey;
use crate::query::{Run, all_true};
use crate::{Numeric, Row, SqlError, Type, Value};

/// GROUP BY, aggregates and HAVING of one query.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) keys: Vec<Expr>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) having: Vec<Expr>,
}

/// One call of an aggregate function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) function: AggregateFunction,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) distinct: bool,
}

/// The aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateFunction {
    /// `count(*)`
    CountRows,
    Count,
    /// The type of the sum.
    Sum(Type),
    Average,
    Minimum,
    Maximum,
    Every,
    Any,
    JoinText,
    JsonArray,
}

/// Characters or items that an aggregate may gather.
const MAX_GATHERED: usize = 1 << 20;

/// The groups of a running query, in order of first appearance.
pub(crate) struct Groups<'q> {
    plan: &'q Grouping,
    places: FxHashMap<IndexKey, usize>,
    groups: Vec<Group>,
}

struct Group {
    /// The rows of the first tuple, for columns that the keys decide.
    first: SmallVec<[Row; 2]>,
    states: Vec<State>,
}

struct State {
    count: i64,
    seen: FxHashSet<IndexKey>,
    value: Value,
    items: Vec<Value>,
}

impl<'q> Groups<'q> {
    pub(crate) fn new(plan: &'q Grouping) -> Self {
        Self {
            plan,
            places: FxHashMap::default(),
            groups: Vec::new(),
        }
    }

    /// Takes a joined row.
    pub(crate) fn add(&mut self, frame: &Frame<'_>) -> Result<(), SqlError> {
        let mut keys: SmallVec<[Value; 2]> = SmallVec::new();
        for key in &self.plan.keys {
            keys.push(key.evaluate(frame)?);
        }
        let next = self.groups.len();
        let at = *self
            .places
            .entry(IndexKey::with_nulls(&keys))
            .or_insert(next);
        if at == next {
            self.groups.push(Group {
                first: frame.tuple.iter().map(|row| Row::from(*row)).collect(),
                states: self.plan.aggregates.iter().map(|_| State::new()).collect(),
            });
        }
        let states = &mut self.groups[at].states;
        for (aggregate, state) in self.plan.aggregates.iter().zip(states) {
            state.add(aggregate, frame)?;
        }
        Ok(())
    }

    /// Gives each group that passes HAVING. Without GROUP BY there is exactly one, even of no rows.
    pub(crate) fn finish(
        mut self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
        visitor: &mut dyn FnMut(&Frame<'_>) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        if self.groups.is_empty() && self.plan.keys.is_empty() {
            self.groups.push(Group {
                first: SmallVec::new(),
                states: self.plan.aggregates.iter().map(|_| State::new()).collect(),
            });
        }
        for group in self.groups {
            let mut extras = Vec::with_capacity(group.states.len());
            for (aggregate, state) in self.plan.aggregates.iter().zip(group.states) {
                extras.push(state.finish(aggregate)?);
            }
            let tuple: SmallVec<[&[Value]; 4]> = group.first.iter().map(|row| &**row).collect();
            let frame = Frame {
                tuple: &tuple,
                extras: &extras,
                outer,
                run,
            };
            if all_true(&self.plan.having, &frame)? {
                visitor(&frame)?;
            }
        }
        Ok(())
    }
}

impl State {
    fn new() -> Self {
        Self {
            count: 0,
            seen: FxHashSet::default(),
            value: Value::Null,
            items: Vec::new(),
        }
    }

    fn add(&mut self, aggregate: &Aggregate, frame: &Frame<'_>) -> Result<(), SqlError> {
        use AggregateFunction as F;
        if aggregate.function == F::CountRows {
            self.count += 1;
            return Ok(());
        }
        let Some(argument) = aggregate.arguments.first() else {
            return Ok(());
        };
        let value = argument.evaluate(frame)?;
        // jsonb_agg is the only one that takes nulls.
        if value.is_null() && aggregate.function != F::JsonArray {
            return Ok(());
        }
        if aggregate.distinct
            && !self
                .seen
                .insert(IndexKey::with_nulls(std::slice::from_ref(&value)))
        {
            return Ok(());
        }
        self.count += 1;
        match aggregate.function {
            F::CountRows | F::Count => {}
            F::Sum(_) | F::Average => self.sum(&value)?,
            F::Minimum => self.keep(value, Ordering::Less),
            F::Maximum => self.keep(value, Ordering::Greater),
            F::Every => {
                let all = !matches!(self.value, Value::Boolean(false));
                self.value = Value::Boolean(all && value == Value::Boolean(true));
            }
            F::Any => {
                let any = matches!(self.value, Value::Boolean(true));
                self.value = Value::Boolean(any || value == Value::Boolean(true));
            }
            F::JoinText => {
                let between = match aggregate.arguments.get(1) {
                    Some(between) if self.count > 1 => between.evaluate(frame)?,
                    _ => Value::Null,
                };
                if !between.is_null() {
                    self.gather(between)?;
                }
                self.gather(value)?;
            }
            F::JsonArray => self.gather(value)?,
        }
        Ok(())
    }

    fn gather(&mut self, value: Value) -> Result<(), SqlError> {
        if self.items.len() >= MAX_GATHERED {
            return Err(SqlError::new(
                b"54000",
                format!(
                    "an aggregate gathers more than {MAX_GATHERED} values, the limit of this store"
                ),
            ));
        }
        self.items.push(value);
        Ok(())
    }

    fn sum(&mut self, value: &Value) -> Result<(), SqlError> {
        let added = match value {
            Value::Integer(number) => Numeric::from(*number),
            Value::Numeric(number) => *number,
            _ => return Ok(()),
        };
        self.value = Value::Numeric(match &self.value {
            Value::Numeric(sum) => sum.plus(added)?,
            _ => added,
        });
        Ok(())
    }

    fn keep(&mut self, value: Value, better: Ordering) {
        if self.value.is_null() || value.total_order(&self.value) == better {
            self.value = value;
        }
    }

    fn finish(self, aggregate: &Aggregate) -> Result<Value, SqlError> {
        use AggregateFunction as F;
        Ok(match (aggregate.function, self.value) {
            (F::CountRows | F::Count, _) => Value::Integer(self.count),
            (F::Sum(to), Value::Numeric(sum)) if to.is_integer() => {
                crate::cast::cast(Value::Numeric(sum), to, false)?
            }
            (F::Average, Value::Numeric(sum)) => {
                Value::Numeric(sum.divide(Numeric::from(self.count))?)
            }
            (F::JoinText, _) if self.count > 0 => {
                function::bounded_text(self.items.iter().map(Value::to_string).collect())?
            }
            (F::JsonArray, _) if self.count > 0 => function::build_array(self.items.iter())?,
            (_, value) => value,
        })
    }
}

/// The aggregate of this name over arguments of these types, and the type of what it gives. `None` inside:
/// no such aggregate for these types.
pub(crate) fn lookup(
    name: &str,
    star: bool,
    arguments: &[Option<Type>],
) -> Option<Option<(AggregateFunction, Type)>> {
    use AggregateFunction as F;
    let first = arguments.first().copied().flatten();
    let found = match (name, arguments.len()) {
        ("count", 0) if star => Some((F::CountRows, Type::BigInt)),
        ("count", 1) => Some((F::Count, Type::BigInt)),
        ("sum", 1) => match first {
            Some(Type::SmallInt | Type::Integer) => Some((F::Sum(Type::BigInt), Type::BigInt)),
            Some(Type::BigInt | Type::Numeric(_)) => {
                Some((F::Sum(Type::Numeric(None)), Type::Numeric(None)))
            }
            _ => None,
        },
        ("avg", 1) => first
            .filter(|t| t.is_number())
            .map(|_| (F::Average, Type::Numeric(None))),
        ("min" | "max", 1) => {
            let orderable =
                |t: &Type| !matches!(t, Type::Boolean | Type::Uuid | Type::Json | Type::Jsonb);
            let function = if name == "min" {
                F::Minimum
            } else {
                F::Maximum
            };
            let of = first.unwrap_or(Type::Text);
            Some((function, of.base())).filter(|_| orderable(&of))
        }
        ("bool_and" | "every", 1) => first.filter(|t| *t == Type::Boolean).map(|t| (F::Every, t)),
        ("bool_or", 1) => first.filter(|t| *t == Type::Boolean).map(|t| (F::Any, t)),
        ("string_agg", 2) => first
            .is_none_or(|t| t.is_text())
            .then_some((F::JoinText, Type::Text)),
        ("jsonb_agg" | "json_agg", 1) => Some((F::JsonArray, Type::Jsonb)),
        (
            "count" | "sum" | "avg" | "min" | "max" | "bool_and" | "every" | "bool_or"
            | "string_agg" | "jsonb_agg" | "json_agg",
            _,
        ) => None,
        _ => return None,
    };
    Some(found)
}
