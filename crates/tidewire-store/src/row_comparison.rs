//! Rows and lists in comparisons: `(a, b) < (c, d)`, `(a, b) IN (…)`, `x = ANY (…)` (PostgreSQL manual 9.24).

use std::sync::Arc;

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{BinaryOperator, Expression, ExpressionKind, Quantity};

use crate::bind::truth;
use crate::expression::{self, Comparison, Expr, Frame};
use crate::query::Query;
use crate::scope::{Binder, Typed, fail};
use crate::typing;
use crate::{PlanError, SqlError, Value};

type Bound = Result<Typed, PlanError>;

/// Compares rows part by part: the first unequal parts decide; null where it matters is unknown.
pub(crate) fn compare(
    operator: Comparison,
    pairs: &[[Expr; 2]],
    frame: &Frame<'_>,
) -> Result<Value, SqlError> {
    for [left, right] in pairs {
        let (left, right) = (left.hold(frame)?, right.hold(frame)?);
        if left.is_null() || right.is_null() {
            return Ok(Value::Null);
        }
        let ordering = left.total_order(&right);
        if ordering.is_ne() {
            return Ok(Value::Boolean(operator.holds(ordering)));
        }
    }
    Ok(Value::Boolean(operator.holds(std::cmp::Ordering::Equal)))
}

/// `(a, b) [NOT] IN (SELECT …)`
pub(crate) fn in_query(
    parts: &[Expr],
    query: &Query,
    negated: bool,
    frame: &Frame<'_>,
) -> Result<Value, SqlError> {
    let mut wanted = Vec::with_capacity(parts.len());
    for part in parts {
        wanted.push(part.evaluate(frame)?);
    }
    let mut unknown = false;
    for row in query.kept(Some(frame), frame.run)?.iter() {
        frame.run.spend()?;
        let pairs = wanted.iter().zip(row.iter());
        let mut equal = Some(true);
        for (left, right) in pairs {
            match expression::compare(Comparison::Equal, left, right) {
                Some(true) => {}
                Some(false) => {
                    equal = Some(false);
                    break;
                }
                None => equal = None,
            }
        }
        match equal {
            Some(true) => return Ok(Value::Boolean(!negated)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown {
        Value::Null
    } else {
        Value::Boolean(negated)
    })
}

/// `x < ANY (SELECT …)`, `x < ALL (SELECT …)`
pub(crate) fn quantified(
    operator: Comparison,
    all: bool,
    operand: &Expr,
    query: &Query,
    frame: &Frame<'_>,
) -> Result<Value, SqlError> {
    let value = operand.evaluate(frame)?;
    let mut unknown = false;
    for row in query.kept(Some(frame), frame.run)?.iter() {
        frame.run.spend()?;
        let other = row.first().unwrap_or(&Value::Null);
        match expression::compare(operator, &value, other) {
            Some(holds) if holds != all => return Ok(Value::Boolean(!all)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown {
        Value::Null
    } else {
        Value::Boolean(all)
    })
}

impl Binder<'_> {
    /// The parts of a row, if an expression is one.
    fn row_parts(&mut self, expression: &Expression) -> Result<Option<Vec<Typed>>, PlanError> {
        let ExpressionKind::Row(parts) = &expression.kind else {
            return Ok(None);
        };
        let mut bound = Vec::with_capacity(parts.len());
        for part in parts {
            bound.push(self.expression(part)?);
        }
        Ok(Some(bound))
    }

    /// Binds a comparison of two rows; `None` when neither side is one.
    pub(crate) fn compare_rows(
        &mut self,
        operator: BinaryOperator,
        left: &Expression,
        right: &Expression,
        span: Span,
    ) -> Result<Option<Typed>, PlanError> {
        let (left, right) = match (&left.kind, &right.kind) {
            (ExpressionKind::Row(_), ExpressionKind::Subquery(query)) => {
                let Some(left) = self.row_parts(left)? else {
                    return Ok(None);
                };
                let query = self.row_query(query, left.len(), right.span)?;
                let columns = query.columns.iter().enumerate();
                let right = columns.map(|(at, column)| Typed {
                    expr: Expr::SubqueryColumn(query.clone(), at as u32),
                    data_type: Some(column.data_type),
                    span: right.span,
                });
                (left, right.collect())
            }
            (ExpressionKind::Row(_), ExpressionKind::Row(_)) => {
                match (self.row_parts(left)?, self.row_parts(right)?) {
                    (Some(left), Some(right)) => (left, right),
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        self.row_pairs(operator, left, right, span).map(Some)
    }

    fn row_pairs(
        &mut self,
        operator: BinaryOperator,
        left: Vec<Typed>,
        right: Vec<Typed>,
        span: Span,
    ) -> Bound {
        if left.len() != right.len() {
            return fail(
                b"42601",
                span,
                "unequal number of entries in row expressions",
            );
        }
        let Some(comparison) = typing::comparison(operator) else {
            return fail(
                b"0A000",
                span,
                "rows can only be compared, a limit of this store",
            );
        };
        let symbol = typing::symbol(operator);
        let mut pairs = Vec::with_capacity(left.len());
        for (left, right) in left.into_iter().zip(right) {
            let (left, right) = typing::comparable(symbol, left, right)?;
            pairs.push([left.expr, right.expr]);
        }
        let each = |comparison| {
            let pairs = pairs.iter().cloned();
            pairs
                .map(|pair| Expr::Compare(comparison, Box::new(pair)))
                .collect()
        };
        let expr = match comparison {
            Comparison::Equal => Expr::And(each(Comparison::Equal)),
            Comparison::NotEqual => Expr::Or(each(Comparison::NotEqual)),
            _ => Expr::CompareRows(comparison, pairs),
        };
        Ok(truth(expr, span))
    }

    /// Binds `(a, b) IN ((1, 2), …)`; `None` when the operand is no row.
    pub(crate) fn row_in_list(
        &mut self,
        operand: &Expression,
        list: &[Expression],
        negated: bool,
        span: Span,
    ) -> Result<Option<Typed>, PlanError> {
        let Some(left) = self.row_parts(operand)? else {
            return Ok(None);
        };
        let mut equal = Vec::with_capacity(list.len());
        for item in list {
            let Some(right) = self.row_parts(item)? else {
                return fail(
                    b"42601",
                    item.span,
                    "unequal number of entries in row expressions",
                );
            };
            let pair = self.row_pairs(BinaryOperator::Equal, left.clone(), right, span)?;
            equal.push(pair.expr);
        }
        let any = Expr::Or(equal);
        let expr = if negated {
            Expr::Not(Box::new(any))
        } else {
            any
        };
        Ok(Some(truth(expr, span)))
    }

    /// Binds `(a, b) IN (SELECT …)`; `None` when the operand is no row.
    pub(crate) fn row_in_query(
        &mut self,
        operand: &Expression,
        query: &tidewire_syntax::ast::sql::Query,
        negated: bool,
        span: Span,
    ) -> Result<Option<Typed>, PlanError> {
        let Some(left) = self.row_parts(operand)? else {
            return Ok(None);
        };
        let query = self.row_query(query, left.len(), query.span)?;
        let mut parts = Vec::with_capacity(left.len());
        for (left, column) in left.into_iter().zip(&query.columns) {
            let right = Typed {
                expr: Expr::Literal(Value::Null),
                data_type: Some(column.data_type),
                span,
            };
            parts.push(typing::comparable("=", left, right)?.0.expr);
        }
        Ok(Some(truth(Expr::RowInQuery(parts, query, negated), span)))
    }

    fn row_query(
        &mut self,
        query: &tidewire_syntax::ast::sql::Query,
        parts: usize,
        span: Span,
    ) -> Result<Arc<Query>, PlanError> {
        let (query, _) = self.subquery(query, false)?;
        let message = match query.output.len().cmp(&parts) {
            std::cmp::Ordering::Less => "subquery has too few columns",
            std::cmp::Ordering::Equal => return Ok(query),
            std::cmp::Ordering::Greater => "subquery has too many columns",
        };
        fail(b"42601", span, message)
    }

    /// Binds `x = ANY (…)` and `x = ALL (…)`.
    pub(crate) fn quantified(
        &mut self,
        operand: &Expression,
        operator: BinaryOperator,
        all: bool,
        against: &Quantity,
        span: Span,
    ) -> Bound {
        let left = self.expression(operand)?;
        let Some(comparison) = typing::comparison(operator) else {
            return fail(
                b"42809",
                span,
                "op ANY/ALL (array) requires operator to yield boolean",
            );
        };
        let symbol = typing::symbol(operator);
        match against {
            Quantity::List(list) => {
                let mut items = Vec::with_capacity(list.len());
                for item in list {
                    items.push(self.expression(item)?);
                }
                let (items, of) = typing::common("ARRAY", items)?;
                let mut holds = Vec::with_capacity(items.len());
                for expr in items {
                    let item = Typed {
                        expr,
                        data_type: of,
                        span,
                    };
                    holds.push(typing::compare(comparison, symbol, left.clone(), item)?.expr);
                }
                Ok(truth(
                    match all {
                        true => Expr::And(holds),
                        false => Expr::Or(holds),
                    },
                    span,
                ))
            }
            Quantity::Query(query) => {
                let (query, of) = self.subquery(query, true)?;
                let right = Typed {
                    expr: Expr::Literal(Value::Null),
                    data_type: of,
                    span,
                };
                let (left, _) = typing::comparable(symbol, left, right)?;
                let operand = Box::new(left.expr);
                Ok(truth(
                    match (comparison, all) {
                        (Comparison::Equal, false) => Expr::InQuery(operand, query, false),
                        (Comparison::NotEqual, true) => Expr::InQuery(operand, query, true),
                        _ => Expr::Quantified(comparison, all, operand, query),
                    },
                    span,
                ))
            }
        }
    }
}
