//! Binding queries: WITH, set operations and VALUES around SELECT, LIMIT, queries within expressions. SELECT
//! itself is bound in `bind_select`.

use std::sync::Arc;

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, Literal, Locking, OrderBy, Query as Written, QueryBody,
};

use crate::bind_from::made;
use crate::expression::Expr;
use crate::query_plan::{Derived, Query, Relation, SortKey};
use crate::scope::{Binder, Scope, Typed, error, fail};
use crate::{PlanError, ResultColumn, Type, typing};

/// Queries within queries.
const MAX_QUERIES: usize = 12;

impl<'a> Binder<'a> {
    /// Binds a query, within those that are being bound.
    pub(crate) fn query(&mut self, query: &Written) -> Result<Query, PlanError> {
        let mut bound = self.query_to_lock(query, None)?;
        bound.settle();
        Ok(bound)
    }

    /// As [`Binder::query`], with the locking clause of a query around it; outputs of unknown type stay so.
    pub(crate) fn query_to_lock(
        &mut self,
        query: &Written,
        lock: Option<&Locking>,
    ) -> Result<Query, PlanError> {
        let outside = self.common.len();
        let bound = self
            .with(query.with.as_ref())
            .and_then(|()| self.query_behind_with(query, lock));
        self.common.truncate(outside);
        bound
    }

    fn query_behind_with(
        &mut self,
        query: &Written,
        lock: Option<&Locking>,
    ) -> Result<Query, PlanError> {
        let lock = query.locking.as_ref().or(lock);
        match &query.body {
            QueryBody::Select(select) => self.in_scope(query.span, |binder| {
                binder.select(select, Some(query), lock)
            }),
            QueryBody::Nested(inner) if query.is_bare() => self.query_to_lock(inner, lock),
            QueryBody::Nested(inner) => self.query_to_lock(&around(inner, query)?, lock),
            body => self.in_scope(query.span, |binder| binder.wrapped(body, Some(query))),
        }
    }

    /// Binds a body that stands alone.
    pub(crate) fn body_query(&mut self, body: &QueryBody, span: Span) -> Result<Query, PlanError> {
        match body {
            QueryBody::Select(select) => {
                self.in_scope(span, |binder| binder.select(select, None, None))
            }
            QueryBody::Nested(query) => {
                let bound = self.query_to_lock(query, None)?;
                match bound.locking {
                    Some(_) => Err(no_lock("UNION/INTERSECT/EXCEPT", span)),
                    None => Ok(bound),
                }
            }
            body => self.in_scope(span, |binder| binder.wrapped(body, None)),
        }
    }

    /// Binds something in a scope of its own.
    fn in_scope(
        &mut self,
        span: Span,
        bind: impl FnOnce(&mut Self) -> Result<Query, PlanError>,
    ) -> Result<Query, PlanError> {
        if self.scopes.len() >= MAX_QUERIES {
            return fail(
                b"54001",
                span,
                format!(
                    "queries are nested deeper than {MAX_QUERIES} levels, the limit of this store"
                ),
            );
        }
        self.scopes.push(Scope::new(Vec::new()));
        let bound = bind(self);
        let scope = self.scopes.pop();
        let mut bound = bound?;
        bound.correlated = scope.is_some_and(|scope| scope.correlated);
        Ok(bound)
    }

    /// Binds a set operation or VALUES as a query over its rows.
    fn wrapped(&mut self, body: &QueryBody, around: Option<&Written>) -> Result<Query, PlanError> {
        let span = around.map_or(Span::default(), |query| query.span);
        if let Some(locking) = around.and_then(|query| query.locking.as_ref()) {
            return Err(match body {
                QueryBody::Values(_) => error(
                    b"0A000",
                    locking.span,
                    "FOR UPDATE cannot be applied to VALUES",
                ),
                _ => no_lock("UNION/INTERSECT/EXCEPT", locking.span),
            });
        }
        let (derived, columns, untyped) = match body {
            QueryBody::Values(rows) => self.values_rows(rows, span)?,
            QueryBody::Set(set) => {
                let (plan, columns) = self.set_operation(set, span)?;
                (Derived::Set(plan), columns, Vec::new())
            }
            QueryBody::Select(_) | QueryBody::Nested(_) => {
                let query = self.body_query(body, span)?;
                let columns = query.columns.clone();
                (Derived::Query(Arc::new(query), 0), columns, Vec::new())
            }
        };
        let mut query = Query::reading(self.fresh_id(), derived, columns);
        query.untyped = untyped;
        if let Some(around) = around {
            query.order = self.output_order(&around.order_by, &query)?;
            query.limit = self.bound(around.limit.as_ref(), "LIMIT")?;
            query.offset = self.bound(around.offset.as_ref(), "OFFSET")?;
        }
        Ok(query)
    }

    /// VALUES: rows whose columns have one type each.
    fn values_rows(
        &mut self,
        rows: &[Vec<Expression>],
        span: Span,
    ) -> Result<(Derived, Vec<ResultColumn>, Vec<usize>), PlanError> {
        let width = rows.first().map_or(0, Vec::len);
        let mut columns: Vec<Vec<Typed>> = vec![Vec::new(); width];
        self.scope_mut().no_aggregates = Some("VALUES");
        for row in rows {
            if row.len() != width {
                return fail(b"42601", span, "VALUES lists must all be the same length");
            }
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(self.expression(value)?);
            }
        }
        self.scope_mut().no_aggregates = None;
        let mut bound: Vec<Vec<Expr>> = vec![Vec::new(); rows.len()];
        let mut names = Vec::with_capacity(width);
        let mut untyped = Vec::new();
        for (at, column) in columns.into_iter().enumerate() {
            let (exprs, data_type) = typing::common("VALUES", column)?;
            for (row, expr) in bound.iter_mut().zip(exprs) {
                row.push(expr);
            }
            if data_type.is_none() && rows.len() == 1 {
                untyped.push(at);
            }
            names.push(ResultColumn {
                name: format!("column{}", at + 1).into(),
                data_type: data_type.unwrap_or(Type::Text),
            });
        }
        Ok((Derived::Values(bound), names, untyped))
    }

    /// ORDER BY over a set operation or VALUES: outputs only.
    fn output_order(
        &mut self,
        order_by: &[OrderBy],
        query: &Query,
    ) -> Result<Vec<SortKey>, PlanError> {
        let mut keys = Vec::with_capacity(order_by.len());
        for order in order_by {
            let span = order.expression.span;
            let at = match &order.expression.kind {
                ExpressionKind::Column {
                    table: None,
                    column,
                } => {
                    let found = query.columns.iter().position(|c| c.name == column.text);
                    found.ok_or_else(|| {
                        let message = format!("column \"{column}\" does not exist");
                        error(b"42703", span, message)
                    })?
                }
                ExpressionKind::Literal(Literal::Integer(text)) => {
                    let at = text.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
                    let at = at.filter(|at| *at < query.columns.len());
                    at.ok_or_else(|| {
                        let message = format!("ORDER BY position {text} is not in select list");
                        error(b"42P10", span, message)
                    })?
                }
                _ => {
                    return Err(error(
                        b"0A000",
                        span,
                        "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                    )
                    .hint(
                        "Only result column names can be used, not expressions or functions. Add the \
                         expression/function to every SELECT, or move the UNION into a FROM clause.",
                    ));
                }
            };
            keys.push(SortKey::of(order, query.output[at].clone()));
        }
        Ok(keys)
    }

    /// Binds a query inside an expression, and gives the type of its one column.
    pub(crate) fn subquery(
        &mut self,
        written: &Written,
        one_column: bool,
    ) -> Result<(Arc<Query>, Option<Type>), PlanError> {
        let mut query = self.query(written)?;
        if query.locking.is_some() {
            query = self.locked_rows(query, written.span)?;
        }
        if one_column && query.output.len() != 1 {
            return fail(
                b"42601",
                written.span,
                "subquery must return only one column",
            );
        }
        let data_type = query.columns.first().map(|column| column.data_type);
        Ok((Arc::new(query), data_type))
    }

    /// A query over the rows of a locking one, which becomes a part of the statement.
    pub(crate) fn locked_rows(&mut self, query: Query, span: Span) -> Result<Query, PlanError> {
        let columns = query.columns.clone();
        let part = self.locking_part(query, span, true)?;
        Ok(Query::reading(
            self.fresh_id(),
            Derived::Part(part),
            columns,
        ))
    }

    pub(crate) fn scope_mut(&mut self) -> &mut Scope<'a> {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::new(Vec::new()));
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// LIMIT or OFFSET.
    pub(crate) fn bound(
        &mut self,
        bound: Option<&Expression>,
        clause: &'static str,
    ) -> Result<Option<Expr>, PlanError> {
        let Some(expression) = bound else {
            return Ok(None);
        };
        self.scope_mut().no_aggregates = Some(clause);
        let value = self.expression(expression);
        self.scope_mut().no_aggregates = None;
        let value = value?;
        let mut varies = false;
        value
            .expr
            .visit(&mut |part| varies |= matches!(part, Expr::Column { depth: 0, .. }));
        if varies {
            let message = format!("argument of {clause} must not contain variables");
            return fail(b"42P10", expression.span, message);
        }
        let span = expression.span;
        match value.known_as(Type::BigInt)?.implicitly(Type::BigInt)? {
            Some(value) => Ok(Some(value.expr)),
            None => fail(
                b"42804",
                span,
                format!("argument of {clause} must be type bigint"),
            ),
        }
    }
}

impl Query {
    /// All columns of rows that are made.
    fn reading(id: u32, derived: Derived, columns: Vec<ResultColumn>) -> Query {
        let width = made(Arc::from(""), &columns).columns.len() as u32;
        Query {
            id,
            relations: vec![Relation::derived(derived)],
            output: (0..width)
                .map(|slot| Expr::Column {
                    depth: 0,
                    relation: 0,
                    slot,
                })
                .collect(),
            columns,
            ..Query::default()
        }
    }

    /// Makes texts of outputs of unknown type.
    pub(crate) fn settle(&mut self) {
        for at in std::mem::take(&mut self.untyped) {
            if let Expr::Slot(slot, None) = self.output[at] {
                self.output[at] = Expr::Slot(slot, Some(Type::Text));
            }
        }
    }
}

/// A query in parentheses with the clauses that stand behind them.
fn around(inner: &Written, outer: &Written) -> Result<Written, PlanError> {
    let mut both = inner.clone();
    both.span = outer.span;
    let twice = |what: &str| {
        fail(
            b"42601",
            outer.span,
            format!("multiple {what} clauses not allowed"),
        )
    };
    if !outer.order_by.is_empty() {
        if !both.order_by.is_empty() {
            return twice("ORDER BY");
        }
        both.order_by.clone_from(&outer.order_by);
    }
    if outer.limit.is_some() {
        if both.limit.is_some() {
            return twice("LIMIT");
        }
        both.limit.clone_from(&outer.limit);
    }
    if outer.offset.is_some() {
        if both.offset.is_some() {
            return twice("OFFSET");
        }
        both.offset.clone_from(&outer.offset);
    }
    if outer.locking.is_some() {
        both.locking.clone_from(&outer.locking);
    }
    Ok(both)
}

fn no_lock(what: &str, span: Span) -> PlanError {
    error(
        b"0A000",
        span,
        format!("FOR UPDATE is not allowed with {what}"),
    )
}
