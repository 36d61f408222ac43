//! Grouping and aggregate functions.
//!
//! Types follow PostgreSQL: `sum` of integers is a bigint, of bigints a numeric; `avg` is a numeric with the
//! scale of its division.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use tidewire_syntax::sort;

use crate::build_json;
use crate::expression::{Expr, Frame};
use crate::function;
use crate::index::IndexKey;
use crate::query::{Run, SortKeys, all_true};
use crate::query_plan::{SortKey, compare_keys};
use crate::{Numeric, Row, SqlError, Type, Value};

/// GROUP BY, aggregates and HAVING of one query.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) keys: Vec<Expr>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) having: Vec<Expr>,
    /// Values beside the columns: of aggregates and of window functions.
    pub(crate) extras: usize,
}

/// One call of an aggregate function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) function: AggregateFunction,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) distinct: bool,
    /// ORDER BY behind the arguments.
    pub(crate) order: Vec<SortKey>,
    /// FILTER
    pub(crate) filter: Option<Expr>,
    /// Where its value stands among the extras of a row.
    pub(crate) extra: u32,
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
    /// As jsonb?
    JsonArray(bool),
    /// As jsonb?
    JsonObject(bool),
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

/// An aggregate under way.
pub(crate) struct State {
    count: i64,
    seen: FxHashSet<IndexKey>,
    value: Value,
    items: Vec<Value>,
    /// Values that wait for their turn in ORDER BY.
    waiting: Vec<(SortKeys, Arguments)>,
}

/// The values of an aggregate's arguments for one row.
type Arguments = SmallVec<[Value; 2]>;

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
            let mut extras = vec![Value::Null; self.plan.extras];
            for (aggregate, mut state) in self.plan.aggregates.iter().zip(group.states) {
                extras[aggregate.extra as usize] = state.finish(aggregate)?;
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
    pub(crate) fn new() -> Self {
        Self {
            count: 0,
            seen: FxHashSet::default(),
            value: Value::Null,
            items: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes a row.
    pub(crate) fn add(&mut self, aggregate: &Aggregate, frame: &Frame<'_>) -> Result<(), SqlError> {
        if let Some(filter) = &aggregate.filter
            && !filter.is_true(frame)?
        {
            return Ok(());
        }
        let mut values = Arguments::new();
        for argument in &aggregate.arguments {
            values.push(argument.evaluate(frame)?);
        }
        if aggregate.order.is_empty() {
            return self.take(aggregate, &values);
        }
        if self.waiting.len() >= MAX_GATHERED {
            return Err(too_many());
        }
        let keys = aggregate.order.iter();
        let keys: Result<SortKeys, SqlError> =
            keys.map(|key| key.expression.evaluate(frame)).collect();
        self.waiting.push((keys?, values));
        Ok(())
    }

    fn take(&mut self, aggregate: &Aggregate, values: &[Value]) -> Result<(), SqlError> {
        use AggregateFunction as F;
        let Some(value) = values.first() else {
            self.count += 1;
            return Ok(());
        };
        // Only those that build JSON take nulls.
        let takes_null = matches!(aggregate.function, F::JsonArray(_) | F::JsonObject(_));
        if value.is_null() && !takes_null {
            return Ok(());
        }
        if aggregate.distinct && !self.seen.insert(IndexKey::with_nulls(&values[..1])) {
            return Ok(());
        }
        self.count += 1;
        match aggregate.function {
            F::CountRows | F::Count => {}
            F::Sum(_) | F::Average => self.sum(value)?,
            F::Minimum => self.keep(value, Ordering::Less),
            F::Maximum => self.keep(value, Ordering::Greater),
            F::Every => {
                let all = !matches!(self.value, Value::Boolean(false));
                self.value = Value::Boolean(all && *value == Value::Boolean(true));
            }
            F::Any => {
                let any = matches!(self.value, Value::Boolean(true));
                self.value = Value::Boolean(any || *value == Value::Boolean(true));
            }
            F::JoinText => {
                if let Some(between) = values.get(1).filter(|it| self.count > 1 && !it.is_null()) {
                    self.gather(between)?;
                }
                self.gather(value)?;
            }
            F::JsonArray(_) => self.gather(value)?,
            F::JsonObject(_) => {
                if value.is_null() {
                    return Err(SqlError::new(b"22023", "field name must not be null"));
                }
                self.gather(value)?;
                self.gather(values.get(1).unwrap_or(&Value::Null))?;
            }
        }
        Ok(())
    }

    fn gather(&mut self, value: &Value) -> Result<(), SqlError> {
        if self.items.len() >= MAX_GATHERED {
            return Err(too_many());
        }
        self.items.push(value.clone());
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

    fn keep(&mut self, value: &Value, better: Ordering) {
        if self.value.is_null() || value.total_order(&self.value) == better {
            self.value = value.clone();
        }
    }

    /// The value of the rows so far; more may follow.
    pub(crate) fn finish(&mut self, aggregate: &Aggregate) -> Result<Value, SqlError> {
        use AggregateFunction as F;
        let mut waiting = std::mem::take(&mut self.waiting);
        sort::sort_by(&mut waiting, |(left, _), (right, _)| {
            compare_keys(&aggregate.order, left, right)
        });
        for (_, values) in &waiting {
            self.take(aggregate, values)?;
        }
        Ok(match (aggregate.function, &self.value) {
            (F::CountRows | F::Count, _) => Value::Integer(self.count),
            (F::Sum(to), Value::Numeric(sum)) if to.is_integer() => {
                crate::cast::cast(Value::Numeric(*sum), to, false)?
            }
            (F::Average, Value::Numeric(sum)) => {
                Value::Numeric(sum.divide(Numeric::from(self.count))?)
            }
            (F::JoinText, _) if self.count > 0 => {
                function::bounded_text(self.items.iter().map(Value::to_string).collect())?
            }
            (F::JsonArray(normal), _) if self.count > 0 => {
                build_json::array(self.items.iter(), normal)?
            }
            (F::JsonObject(normal), _) if self.count > 0 => {
                build_json::object(&self.items, normal, true)?
            }
            (_, value) => value.clone(),
        })
    }
}

fn too_many() -> SqlError {
    SqlError::new(
        b"54000",
        format!("an aggregate gathers more than {MAX_GATHERED} values, the limit of this store"),
    )
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
        ("bool_and" | "every", 1) => first
            .is_none_or(|t| t == Type::Boolean)
            .then_some((F::Every, Type::Boolean)),
        ("bool_or", 1) => first
            .is_none_or(|t| t == Type::Boolean)
            .then_some((F::Any, Type::Boolean)),
        ("string_agg", 2) => first
            .is_none_or(|t| t.is_text())
            .then_some((F::JoinText, Type::Text)),
        ("jsonb_agg", 1) => Some((F::JsonArray(true), Type::Jsonb)),
        ("json_agg", 1) => Some((F::JsonArray(false), Type::Json)),
        ("jsonb_object_agg", 2) => Some((F::JsonObject(true), Type::Jsonb)),
        ("json_object_agg", 2) => Some((F::JsonObject(false), Type::Json)),
        (
            "count" | "sum" | "avg" | "min" | "max" | "bool_and" | "every" | "bool_or"
            | "string_agg" | "jsonb_agg" | "json_agg" | "jsonb_object_agg" | "json_object_agg",
            _,
        ) => None,
        _ => return None,
    };
    Some(found)
}
