//! Compiled expressions and their evaluation. How they come from the tree is in `bind`, which operator means
//! what for which types in `typing`, functions in `function`.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use tidewire_syntax::ast::sql::BinaryOperator;

use crate::build_json;
use crate::function::{self, Function};
use crate::json;
use crate::like;
use crate::query::{Query, Run};
use crate::row_comparison as rows;
use crate::value::NULL;
use crate::{Numeric, SqlError, Type, Value, cast};

/// A compiled expression: names are places, types are checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// Always this.
    Literal(Value),
    /// A parameter, cast when its type was not known.
    Slot(u32, Option<Type>),
    /// A column: how many queries outward, which relation there, which slot of its row.
    Column {
        depth: u16,
        relation: u16,
        slot: u32,
    },
    /// A group key or aggregate: how many queries outward, which.
    Extra(u16, u32),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Comparison, Box<[Expr; 2]>),
    /// Negated?
    IsNull(Box<Expr>, bool),
    /// Negated?
    IsDistinct(Box<[Expr; 2]>, bool),
    /// The result has this type.
    Arithmetic(BinaryOperator, Type, Box<[Expr; 2]>),
    Negate(Type, Box<Expr>),
    /// Negated?
    InList(Box<Expr>, Vec<Expr>, bool),
    /// Negated?
    InQuery(Box<Expr>, Arc<Query>, bool),
    Exists(Arc<Query>),
    Subquery(Arc<Query>),
    /// Negated?
    Like(Box<[Expr; 2]>, bool),
    /// Conditions with results, and the rest.
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    /// Explicit?
    Cast(Box<Expr>, Type, bool),
    Concatenate(Box<[Expr; 2]>),
    MergeJson(Box<[Expr; 2]>),
    /// As text?
    JsonMember(Box<[Expr; 2]>, bool),
    Coalesce(Vec<Expr>),
    /// Greatest?
    Extreme(Vec<Expr>, bool),
    NullIf(Box<[Expr; 2]>),
    Call(Function, Vec<Expr>),
    /// Transaction time.
    Now,
    /// A column of the only row of a query.
    SubqueryColumn(Arc<Query>, u32),
    /// Rows in order of their parts.
    CompareRows(Comparison, Vec<[Expr; 2]>),
    /// Negated?
    RowInQuery(Vec<Expr>, Arc<Query>, bool),
    /// ALL?
    Quantified(Comparison, bool, Box<Expr>, Arc<Query>),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    #[inline]
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// One row per relation; a row that is too short reads as null (outer joins).
    pub(crate) tuple: &'a [&'a [Value]],
    /// Group keys and aggregates.
    pub(crate) extras: &'a [Value],
    /// The query around this one.
    pub(crate) outer: Option<&'a Frame<'a>>,
    /// The statement.
    pub(crate) run: &'a Run<'a>,
}

impl<'a> Frame<'a> {
    /// Of a statement, before any row.
    pub(crate) fn of(run: &'a Run<'a>) -> Self {
        Frame {
            tuple: &[],
            extras: &[],
            outer: None,
            run,
        }
    }

    /// What stands around a query that was bound so many queries further out than the one of this frame.
    pub(crate) fn up(&self, levels: u16) -> Option<&Frame<'a>> {
        self.outward(levels)
    }

    fn outward(&self, depth: u16) -> Option<&Frame<'a>> {
        let mut frame = self;
        for _ in 0..depth {
            frame = frame.outer?;
        }
        Some(frame)
    }
}

/// A value that need not be cloned to be looked at.
pub(crate) enum Held<'a> {
    Borrowed(&'a Value),
    Owned(Value),
}

impl Deref for Held<'_> {
    type Target = Value;
    fn deref(&self) -> &Value {
        match self {
            Held::Borrowed(value) => value,
            Held::Owned(value) => value,
        }
    }
}

type Outcome = Result<Value, SqlError>;

impl Expr {
    /// The value where it lies ready.
    #[inline]
    fn peek<'a>(&'a self, frame: &'a Frame<'_>) -> Option<&'a Value> {
        Some(match self {
            Expr::Column {
                depth,
                relation,
                slot,
            } => column(frame, *depth, *relation, *slot),
            Expr::Literal(value) => value,
            Expr::Slot(slot, None) => frame.run.slot(*slot),
            Expr::Extra(depth, at) => extra(frame, *depth, *at),
            _ => return None,
        })
    }

    /// The value, borrowed where it lies ready.
    #[inline]
    pub(crate) fn hold<'a>(&'a self, frame: &'a Frame<'_>) -> Result<Held<'a>, SqlError> {
        match self.peek(frame) {
            Some(value) => Ok(Held::Borrowed(value)),
            None => self.evaluate(frame).map(Held::Owned),
        }
    }

    /// Is it true? Null is not.
    #[inline]
    pub(crate) fn is_true(&self, frame: &Frame<'_>) -> Result<bool, SqlError> {
        if let Expr::Compare(operator, sides) = self {
            // Conditions on columns are what scans spend their time with.
            if let (Some(left), Some(right)) = (sides[0].peek(frame), sides[1].peek(frame)) {
                return Ok(compare(*operator, left, right) == Some(true));
            }
            let (left, right) = (sides[0].hold(frame)?, sides[1].hold(frame)?);
            return Ok(compare(*operator, &left, &right) == Some(true));
        }
        Ok(matches!(*self.hold(frame)?, Value::Boolean(true)))
    }

    /// The value.
    pub(crate) fn evaluate(&self, frame: &Frame<'_>) -> Outcome {
        Ok(match self {
            Expr::Literal(value) => value.clone(),
            Expr::Column {
                depth,
                relation,
                slot,
            } => column(frame, *depth, *relation, *slot).clone(),
            Expr::Extra(depth, at) => extra(frame, *depth, *at).clone(),
            Expr::Slot(slot, None) => frame.run.slot(*slot).clone(),
            Expr::Slot(slot, Some(to)) => cast::cast(frame.run.slot(*slot).clone(), *to, false)?,
            Expr::Not(operand) => match *operand.hold(frame)? {
                Value::Boolean(value) => Value::Boolean(!value),
                _ => Value::Null,
            },
            Expr::And(parts) => connect(parts, frame, false)?,
            Expr::Or(parts) => connect(parts, frame, true)?,
            Expr::Compare(operator, sides) => {
                let (left, right) = (sides[0].hold(frame)?, sides[1].hold(frame)?);
                compare(*operator, &left, &right).map_or(Value::Null, Value::Boolean)
            }
            Expr::IsNull(operand, negated) => {
                Value::Boolean(operand.hold(frame)?.is_null() != *negated)
            }
            Expr::IsDistinct(sides, negated) => {
                let (left, right) = (sides[0].hold(frame)?, sides[1].hold(frame)?);
                Value::Boolean(left.total_order(&right).is_ne() != *negated)
            }
            Expr::Arithmetic(operator, to, sides) => {
                let (left, right) = (sides[0].hold(frame)?, sides[1].hold(frame)?);
                arithmetic(*operator, *to, &left, &right)?
            }
            Expr::Negate(to, operand) => {
                let zero = Value::Integer(0);
                arithmetic(BinaryOperator::Subtract, *to, &zero, &*operand.hold(frame)?)?
            }
            other => return other.evaluate_rarer(frame),
        })
    }

    fn evaluate_rarer(&self, frame: &Frame<'_>) -> Outcome {
        Ok(match self {
            Expr::InList(operand, list, negated) => in_list(operand, list, *negated, frame)?,
            Expr::InQuery(operand, query, negated) => in_query(operand, query, *negated, frame)?,
            Expr::Exists(query) => Value::Boolean(query.exists(frame)?),
            Expr::Subquery(query) => query.single_value(frame)?,
            Expr::Like(sides, negated) => {
                match (&*sides[0].hold(frame)?, &*sides[1].hold(frame)?) {
                    (Value::Text(text), Value::Text(pattern)) => {
                        Value::Boolean(like::like(text, pattern)? != *negated)
                    }
                    _ => Value::Null,
                }
            }
            Expr::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    if condition.is_true(frame)? {
                        return result.evaluate(frame);
                    }
                }
                otherwise.evaluate(frame)?
            }
            Expr::Cast(operand, to, explicit) => {
                cast::cast(operand.evaluate(frame)?, *to, *explicit)?
            }
            Expr::Concatenate(sides) => {
                let (left, right) = (sides[0].hold(frame)?, sides[1].hold(frame)?);
                if left.is_null() || right.is_null() {
                    Value::Null
                } else {
                    function::bounded_text(format!("{}{}", *left, *right))?
                }
            }
            Expr::MergeJson(sides) => match (&*sides[0].hold(frame)?, &*sides[1].hold(frame)?) {
                (Value::Json(left), Value::Json(right)) => build_json::merge_json(left, right)?,
                _ => Value::Null,
            },
            Expr::JsonMember(sides, as_text) => {
                json_member(&*sides[0].hold(frame)?, &*sides[1].hold(frame)?, *as_text)
            }
            Expr::Coalesce(parts) => {
                for part in parts {
                    let value = part.evaluate(frame)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Value::Null
            }
            Expr::Extreme(parts, greatest) => extreme(parts, *greatest, frame)?,
            Expr::NullIf(sides) => {
                let (left, right) = (sides[0].evaluate(frame)?, sides[1].hold(frame)?);
                if !right.is_null() && left.total_order(&right).is_eq() {
                    Value::Null
                } else {
                    left
                }
            }
            Expr::Call(function, arguments) => {
                let values: Result<Vec<Value>, SqlError> =
                    arguments.iter().map(|a| a.evaluate(frame)).collect();
                match function {
                    Function::Effect(effect) => frame.run.call(*effect, values?)?,
                    function => function::call(*function, &values?)?,
                }
            }
            Expr::Now => Value::Timestamp(frame.run.now_us),
            Expr::SubqueryColumn(query, at) => {
                let row = query.single_row(frame)?;
                row.and_then(|row| row.get(*at as usize).cloned())
                    .unwrap_or_default()
            }
            Expr::CompareRows(operator, pairs) => rows::compare(*operator, pairs, frame)?,
            Expr::RowInQuery(parts, query, negated) => {
                rows::in_query(parts, query, *negated, frame)?
            }
            Expr::Quantified(operator, all, operand, query) => {
                rows::quantified(*operator, *all, operand, query, frame)?
            }
            _ => Value::Null,
        })
    }
}

/// A comparison; unknown when a side is null.
#[inline]
pub(crate) fn compare(operator: Comparison, left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(operator.holds(left.cmp(right))),
        (Value::Null, _) | (_, Value::Null) => None,
        _ => Some(operator.holds(left.total_order(right))),
    }
}

#[inline]
fn column<'a>(frame: &'a Frame<'_>, depth: u16, relation: u16, slot: u32) -> &'a Value {
    let found = if depth == 0 {
        Some(frame)
    } else {
        frame.outward(depth)
    };
    found
        .and_then(|frame| frame.tuple.get(usize::from(relation)))
        .and_then(|row| row.get(slot as usize))
        .unwrap_or(&NULL)
}

fn extra<'a>(frame: &'a Frame<'_>, depth: u16, at: u32) -> &'a Value {
    frame
        .outward(depth)
        .and_then(|frame| frame.extras.get(at as usize))
        .unwrap_or(&NULL)
}

/// AND and OR: `decisive` ends it, null is unknown.
fn connect(parts: &[Expr], frame: &Frame<'_>, decisive: bool) -> Outcome {
    let mut unknown = false;
    for part in parts {
        match *part.hold(frame)? {
            Value::Boolean(value) if value == decisive => return Ok(Value::Boolean(decisive)),
            Value::Boolean(_) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown {
        Value::Null
    } else {
        Value::Boolean(!decisive)
    })
}

fn in_list(operand: &Expr, list: &[Expr], negated: bool, frame: &Frame<'_>) -> Outcome {
    let value = operand.hold(frame)?;
    if value.is_null() {
        return Ok(Value::Null);
    }
    let mut unknown = false;
    for item in list {
        let item = item.hold(frame)?;
        if item.is_null() {
            unknown = true;
        } else if value.total_order(&item).is_eq() {
            return Ok(Value::Boolean(!negated));
        }
    }
    Ok(if unknown {
        Value::Null
    } else {
        Value::Boolean(negated)
    })
}

fn in_query(operand: &Expr, query: &Query, negated: bool, frame: &Frame<'_>) -> Outcome {
    let value = operand.evaluate(frame)?;
    Ok(match query.contains(&value, frame)? {
        Some(found) => Value::Boolean(found != negated),
        None => Value::Null,
    })
}

fn extreme(parts: &[Expr], greatest: bool, frame: &Frame<'_>) -> Outcome {
    let mut best = Value::Null;
    for part in parts {
        let value = part.evaluate(frame)?;
        let better = if greatest {
            Ordering::Greater
        } else {
            Ordering::Less
        };
        if !value.is_null() && (best.is_null() || value.total_order(&best) == better) {
            best = value;
        }
    }
    Ok(best)
}

fn json_member(container: &Value, key: &Value, as_text: bool) -> Value {
    let Value::Json(text) = container else {
        return Value::Null;
    };
    let key = match key {
        Value::Text(name) => json::Key::Name(name),
        Value::Integer(index) => json::Key::Index(*index),
        _ => return Value::Null,
    };
    match json::member(text, &key) {
        None => Value::Null,
        Some(found) if as_text => {
            json::unquoted(found).map_or(Value::Null, |text| Value::text(&*text))
        }
        Some(found) => Value::Json(found.into()),
    }
}

/// `+ - * / %` on values of the kinds that `typing` allows; the result has type `to`.
pub(crate) fn arithmetic(
    operator: BinaryOperator,
    to: Type,
    left: &Value,
    right: &Value,
) -> Outcome {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Integer(a), Value::Integer(b)) if to.is_integer() => {
            integer_arithmetic(operator, to, *a, *b)
        }
        (Value::Date(a), Value::Date(b)) => Ok(Value::Integer(i64::from(*a) - i64::from(*b))),
        (Value::Date(days), Value::Integer(by)) | (Value::Integer(by), Value::Date(days)) => {
            let by = if operator == BinaryOperator::Subtract {
                by.checked_neg()
            } else {
                Some(*by)
            };
            by.and_then(|by| i64::from(*days).checked_add(by))
                .filter(|days| days.abs() < 3_000_000)
                .map(|days| Value::Date(days as i32))
                .ok_or_else(|| SqlError::new(b"22008", "date out of range"))
        }
        _ => {
            let (left, right) = (as_numeric(left)?, as_numeric(right)?);
            Ok(Value::Numeric(match operator {
                BinaryOperator::Add => left.plus(right)?,
                BinaryOperator::Subtract => left.minus(right)?,
                BinaryOperator::Multiply => left.multiply(right)?,
                BinaryOperator::Divide => left.divide(right)?,
                _ => left.modulo(right)?,
            }))
        }
    }
}

fn as_numeric(value: &Value) -> Result<Numeric, SqlError> {
    match value {
        Value::Integer(number) => Ok(Numeric::from(*number)),
        Value::Numeric(number) => Ok(*number),
        other => Err(SqlError::new(
            b"42883",
            format!("a number was expected instead of {other}"),
        )),
    }
}

fn integer_arithmetic(operator: BinaryOperator, to: Type, left: i64, right: i64) -> Outcome {
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(crate::numeric::division_by_zero()),
        BinaryOperator::Divide => left.checked_div(right),
        // The smallest number modulo -1 is 0 in PostgreSQL.
        _ => Some(left.checked_rem(right).unwrap_or(0)),
    };
    cast::fit_integer(result.ok_or_else(|| cast::out_of_range(to))?, to)
}
