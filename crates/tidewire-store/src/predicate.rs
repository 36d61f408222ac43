//! The condition by which a statement looked for rows of one table, with everything else put in: it can be
//! judged for any version of a row later, without the store.
//!
//! Parameters, columns of other tables and subqueries become their values at the time. Where a condition holds
//! a subquery that itself depends on the row, that conjunct is left out, so the condition holds for more rows
//! than the statement's.

use crate::expression::{Expr, Frame};
use crate::query::{Cache, Query, Relation, Run};
use crate::reads::ReadCollector;
use crate::{Row, SqlError, TableId, Value};

/// A condition on rows of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    table: TableId,
    /// All of them must be true.
    conditions: Vec<Expr>,
    now_us: i64,
}

impl Predicate {
    /// The table.
    pub fn table(&self) -> TableId {
        self.table
    }

    /// Whether it holds for these values. A condition that cannot be evaluated for them does not hold.
    pub fn holds(&self, row: &Row) -> bool {
        let run = Run::new(&[], self.now_us, &[], 0);
        let values: &[Value] = row;
        let tuple = [values];
        let frame = Frame {
            tuple: &tuple,
            ..Frame::of(&run)
        };
        let holds = |condition: &Expr| condition.is_true(&frame).unwrap_or(false);
        self.conditions.iter().all(holds)
    }

    /// The conditions on relation `at` of a query; `frame` holds the relations before it.
    pub(crate) fn of(relation: &Relation, at: usize, frame: &Frame<'_>) -> Self {
        let aside = Aside::of(frame.run);
        let conjuncts = relation.implied.iter().chain(&relation.on);
        let filter = relation.filter.iter().filter(|_| !relation.keeps_missing());
        let conditions = conjuncts
            .chain(filter)
            .filter_map(|condition| put_in(condition, at as u16, frame))
            .filter(|condition| *condition != Expr::Literal(Value::Boolean(true)))
            .collect();
        aside.back();
        Self {
            table: relation.table,
            conditions,
            now_us: frame.run.now_us,
        }
    }
}

/// What is put aside while a condition is looked at ahead of the statement, so that it changes no outcome.
struct Aside<'r, 'a> {
    run: &'r Run<'a>,
    budget: u64,
    cache: Cache,
    reads: Option<Box<ReadCollector>>,
}

/// Rows that looking ahead at one condition may visit.
const AHEAD: u64 = 20_000;

impl<'r, 'a> Aside<'r, 'a> {
    fn of(run: &'r Run<'a>) -> Self {
        let budget = run.budget.get();
        run.budget.set(budget.min(AHEAD));
        Self {
            run,
            budget,
            cache: run.cache.take(),
            reads: run.reads.take(),
        }
    }

    fn back(self) {
        self.run.budget.set(self.budget);
        self.run.cache.replace(self.cache);
        self.run.reads.replace(self.reads);
    }
}

/// The expression with everything but the columns of relation `at` replaced by values; `None` if that cannot be.
fn put_in(expression: &Expr, at: u16, frame: &Frame<'_>) -> Option<Expr> {
    if !mentions(expression, at, 0) {
        return expression.evaluate(frame).ok().map(Expr::Literal);
    }
    match expression {
        Expr::Column { slot, .. } => Some(Expr::Column {
            depth: 0,
            relation: 0,
            slot: *slot,
        }),
        Expr::InQuery(operand, query, negated) => {
            let operand = put_in(operand, at, frame)?;
            let values = values_of(query, at, frame)?.ok()?;
            Some(Expr::InList(Box::new(operand), values, *negated))
        }
        Expr::Exists(_) | Expr::Subquery(_) => None,
        // Of a conjunction the parts that can be judged are better than nothing.
        Expr::And(parts) => Some(Expr::And(
            parts
                .iter()
                .filter_map(|part| put_in(part, at, frame))
                .collect(),
        )),
        other => {
            let mut whole = true;
            let mut copy = other.clone();
            copy.children_mut(&mut |child| match put_in(child, at, frame) {
                Some(replaced) => *child = replaced,
                None => whole = false,
            });
            whole.then_some(copy)
        }
    }
}

/// The rows of a subquery that does not depend on the relation.
fn values_of(query: &Query, at: u16, frame: &Frame<'_>) -> Option<Result<Vec<Expr>, SqlError>> {
    if query_mentions(query, at, 1) {
        return None;
    }
    let rows = query.rows(Some(frame), frame.run);
    Some(rows.map(|rows| {
        rows.iter()
            .filter_map(|row| row.first().cloned())
            .map(Expr::Literal)
            .collect()
    }))
}

/// Does an expression, `level` queries inside that of the relation, read a column of it?
fn mentions(expression: &Expr, at: u16, level: u16) -> bool {
    let mut found = false;
    expression.visit(&mut |part| {
        found |= match part {
            Expr::Column {
                depth, relation, ..
            } => *depth == level && *relation == at,
            other => other
                .query()
                .is_some_and(|query| query_mentions(query, at, level + 1)),
        };
    });
    found
}

fn query_mentions(query: &Query, at: u16, level: u16) -> bool {
    let mut found = false;
    if query.correlated {
        query.expressions(&mut |part| found |= mentions(part, at, level));
    }
    found
}
