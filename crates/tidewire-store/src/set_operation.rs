//! UNION, INTERSECT and EXCEPT: rows are equal when all their columns are, null to null.
//!
//! As `setop` and `HashAggregate` of PostgreSQL's executor; without ORDER BY rows come in the order in which
//! they were first met.

use rustc_hash::{FxHashMap, FxHashSet};
use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{SetOperation, SetOperator};

use crate::expression::Frame;
use crate::index::IndexKey;
use crate::query_plan::Query;
use crate::scope::{Binder, Typed, fail};
use crate::typing;
use crate::{PlanError, ResultColumn, Row, SqlError, Type};

/// Queries put together from left to right.
#[derive(Clone, Debug)]
pub(crate) struct SetPlan {
    first: Box<Query>,
    rest: Vec<(SetOperator, bool, Query)>,
}

impl SetPlan {
    /// All rows. The queries were bound within that of the frame.
    pub(crate) fn rows(&self, frame: &Frame<'_>) -> Result<Vec<Row>, SqlError> {
        let mut rows = self.first.rows(Some(frame), frame.run)?;
        for (operator, all, query) in &self.rest {
            let more = query.rows(Some(frame), frame.run)?;
            for _ in &more {
                frame.run.spend()?;
            }
            rows = combine(*operator, *all, rows, more);
        }
        Ok(rows)
    }

    /// The queries.
    pub(crate) fn queries(&self) -> impl Iterator<Item = &Query> {
        let rest = self.rest.iter().map(|(_, _, query)| query);
        std::iter::once(&*self.first).chain(rest)
    }
}

fn combine(operator: SetOperator, all: bool, mut left: Vec<Row>, right: Vec<Row>) -> Vec<Row> {
    let key = |row: &Row| IndexKey::with_nulls(row);
    match operator {
        SetOperator::Union => {
            left.extend(right);
            if !all {
                left = distinct(left);
            }
            left
        }
        SetOperator::Intersect | SetOperator::Except => {
            let mut counts: FxHashMap<IndexKey, usize> = FxHashMap::default();
            for row in &right {
                *counts.entry(key(row)).or_default() += 1;
            }
            let intersect = operator == SetOperator::Intersect;
            if !all {
                left = distinct(left);
                left.retain(|row| counts.contains_key(&key(row)) == intersect);
                return left;
            }
            // Each row of the right side meets one of the left.
            left.retain(|row| match counts.get_mut(&key(row)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    intersect
                }
                _ => !intersect,
            });
            left
        }
    }
}

/// The first of each.
pub(crate) fn distinct(mut rows: Vec<Row>) -> Vec<Row> {
    let mut seen = FxHashSet::default();
    rows.retain(|row| seen.insert(IndexKey::with_nulls(row)));
    rows
}

fn word(operator: SetOperator) -> &'static str {
    match operator {
        SetOperator::Union => "UNION",
        SetOperator::Intersect => "INTERSECT",
        SetOperator::Except => "EXCEPT",
    }
}

impl Binder<'_> {
    /// Binds queries that are put together; their columns get one type each.
    pub(crate) fn set_operation(
        &mut self,
        set: &SetOperation,
        span: Span,
    ) -> Result<(SetPlan, Vec<ResultColumn>), PlanError> {
        let first = self.body_query(&set.first, span)?;
        let mut plan = SetPlan {
            first: Box::new(first),
            rest: Vec::with_capacity(set.rest.len()),
        };
        for operand in &set.rest {
            let query = self.body_query(&operand.body, operand.span)?;
            self.unify(
                &mut plan,
                operand.operator,
                query,
                operand.all,
                operand.span,
            )?;
        }
        let distinct = |(_, all, _): &(SetOperator, bool, Query)| !all;
        let plain = |column: &&ResultColumn| column.data_type == Type::Json;
        if plan.rest.iter().any(distinct) && plan.first.columns.iter().any(|c| plain(&c)) {
            let message = "could not identify an equality operator for type json";
            return fail(b"42883", span, message);
        }
        let columns = plan.first.columns.clone();
        plan.first.untyped.clear();
        Ok((plan, columns))
    }

    /// Adds a query; every column of all queries so far gets a type that both sides fit.
    fn unify(
        &mut self,
        plan: &mut SetPlan,
        operator: SetOperator,
        mut query: Query,
        all: bool,
        span: Span,
    ) -> Result<(), PlanError> {
        let word = word(operator);
        if query.output.len() != plan.first.output.len() {
            return fail(
                b"42601",
                span,
                format!("each {word} query must have the same number of columns"),
            );
        }
        for at in 0..query.output.len() {
            let sides = [output(&plan.first, at, span), output(&query, at, span)];
            let (mut exprs, to) = typing::common(word, sides.to_vec())?;
            let data_type = to.unwrap_or(Type::Text);
            let changes = plan.first.columns[at].data_type != data_type;
            if let (Some(right), Some(left)) = (exprs.pop(), exprs.pop()) {
                query.output[at] = right;
                plan.first.output[at] = left;
            }
            for (_, _, other) in plan.rest.iter_mut().filter(|_| changes) {
                let (mut cast, _) = typing::common(
                    word,
                    vec![
                        output(other, at, span),
                        Typed {
                            expr: crate::expression::Expr::Literal(crate::Value::Null),
                            data_type: Some(data_type),
                            span,
                        },
                    ],
                )?;
                other.output[at] = cast.swap_remove(0);
                other.columns[at].data_type = data_type;
            }
            plan.first.columns[at].data_type = data_type;
            query.columns[at].data_type = data_type;
        }
        // What was of unknown type is now a text.
        plan.first.untyped.clear();
        query.untyped.clear();
        plan.rest.push((operator, all, query));
        Ok(())
    }
}

fn output(query: &Query, at: usize, span: Span) -> Typed {
    let known = !query.untyped.contains(&at);
    Typed {
        expr: query.output[at].clone(),
        data_type: known.then_some(query.columns[at].data_type),
        span,
    }
}
