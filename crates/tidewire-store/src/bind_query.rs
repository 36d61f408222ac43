//! Binding SELECT: FROM, WHERE, GROUP BY, the select list, ORDER BY, locking. Which access path a table gets
//! is decided in `access`.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Distinct, Expression, ExpressionKind, JoinCondition, JoinKind, Literal, LockStrength, Locking,
    OrderBy, Query as Written, QueryBody, Select, SelectItem, SourceKind, TableSource,
};
use tidewire_syntax::{Name, Span};

use crate::aggregate::Grouping;
use crate::expression::Expr;
use crate::query_plan::{Access, LockPlan, Query, Relation, SortKey};
use crate::scope::{Binder, Scope, ScopeRelation, Typed, error, fail};
use crate::{PlanError, ResultColumn, Type, access};

/// Tables that one query may join.
const MAX_RELATIONS: usize = 16;
/// Queries within queries.
const MAX_QUERIES: usize = 12;
/// Columns of a result.
const MAX_COLUMNS: usize = 1600;

/// One item of a select list.
pub(crate) struct Item {
    pub(crate) value: Typed,
    pub(crate) name: Arc<str>,
}

impl<'a> Binder<'a> {
    /// Binds a query, within those that are being bound.
    pub(crate) fn query(&mut self, query: &Written) -> Result<Query, PlanError> {
        let select = match (&query.with, &query.body) {
            (None, QueryBody::Select(select)) => select,
            (None, QueryBody::Nested(inner)) if is_bare(query) => return self.query(inner),
            _ => {
                return Err(later(query.span));
            }
        };
        if self.scopes.len() >= MAX_QUERIES {
            return fail(
                b"54001",
                query.span,
                format!(
                    "queries are nested deeper than {MAX_QUERIES} levels, the limit of this store"
                ),
            );
        }
        self.scopes.push(Scope::new(Vec::new()));
        let bound = self.select_in_scope(query, select);
        let scope = self.scopes.pop();
        let mut query = bound?;
        query.correlated = scope.is_some_and(|scope| scope.correlated);
        Ok(query)
    }

    /// Binds a query inside an expression, and gives the type of its one column.
    pub(crate) fn subquery(
        &mut self,
        written: &Written,
        one_column: bool,
    ) -> Result<(Arc<Query>, Option<Type>), PlanError> {
        if let Some(locking) = &written.locking {
            return fail(
                b"0A000",
                locking.span,
                "row locks in a subquery are not supported by this store",
            );
        }
        let query = self.query(written)?;
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

    fn select_in_scope(&mut self, written: &Written, select: &Select) -> Result<Query, PlanError> {
        let mut relations = self.from(select)?;
        let mut query = Query {
            id: self.fresh_id(),
            ..Query::default()
        };
        let conditions = self.condition(select.filter.as_ref(), "WHERE")?;
        let mut items = Vec::new();
        self.items(&select.items, &mut items)?;
        let keys = self.group_keys(&select.group_by, &items)?;
        let having = self.clause(select.having.as_ref(), "HAVING")?;
        let distinct = match &select.distinct {
            Distinct::No => false,
            Distinct::Rows => true,
            Distinct::On(_) => return Err(later(written.span)),
        };
        if !select.windows.is_empty() {
            return Err(later(written.span));
        }
        let order = self.order(&written.order_by, &items, distinct)?;
        let aggregates = std::mem::take(&mut self.scope_mut().aggregates);
        let grouped =
            !select.group_by.is_empty() || !aggregates.is_empty() || select.having.is_some();
        if grouped {
            for expr in items.iter().map(|item| &item.value.expr).chain(&having) {
                self.check_grouped(expr, &keys)?;
            }
            for key in &order {
                self.check_grouped(&key.expression, &keys)?;
            }
            query.grouping = Some(Grouping {
                keys,
                aggregates,
                having,
            });
        }
        query.limit = self.bound(written.limit.as_ref(), "LIMIT")?;
        query.offset = self.bound(written.offset.as_ref(), "OFFSET")?;
        if let Some(locking) = &written.locking {
            query.locking = Some(self.locking(locking, select, grouped, &relations)?);
        }
        query.filter = access::place(conditions, &mut relations);
        access::choose(self, &mut relations);
        query.relations = relations;
        query.distinct = distinct;
        query.order = order;
        for item in items {
            query.columns.push(ResultColumn {
                name: item.name,
                data_type: item.value.data_type.unwrap_or(Type::Text),
            });
            query.output.push(item.value.expr);
        }
        Ok(query)
    }

    fn scope_mut(&mut self) -> &mut Scope<'a> {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::new(Vec::new()));
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn from(&mut self, select: &Select) -> Result<Vec<Relation>, PlanError> {
        let mut relations = Vec::new();
        for item in &select.from {
            let first = relations.len();
            relations.push(self.relation(&item.source, JoinKind::Cross)?);
            for join in &item.joins {
                let mut relation = self.relation(&join.source, join.kind)?;
                self.scope_mut().visible_from = first;
                let on = match &join.condition {
                    JoinCondition::On(on) => Some(on),
                    JoinCondition::None => None,
                    _ => return Err(later(join.source.span)),
                };
                let on = self.condition(on, "JOIN/ON");
                self.scope_mut().visible_from = 0;
                relation.on = on?;
                relations.push(relation);
            }
        }
        if relations.len() > MAX_RELATIONS {
            return fail(
                b"54000",
                select.span,
                format!("a query joins more than {MAX_RELATIONS} tables, the limit of this store"),
            );
        }
        Ok(relations)
    }

    fn relation(&mut self, source: &TableSource, join: JoinKind) -> Result<Relation, PlanError> {
        let SourceKind::Table(name) = &source.kind else {
            return Err(later(source.span));
        };
        if !source.columns.is_empty() || matches!(join, JoinKind::Right | JoinKind::Full) {
            return Err(later(source.span));
        }
        let (store, table) = self.table(name)?;
        self.read(store, table.id);
        let alias = source.alias.as_ref().unwrap_or(&name.table);
        let scope = self.scope_mut();
        if scope
            .relations
            .iter()
            .any(|other| other.alias == alias.text)
        {
            return Err(error(
                b"42712",
                name.span,
                format!("table name \"{alias}\" specified more than once"),
            )
            .hint("Give one of them an alias."));
        }
        scope.relations.push(ScopeRelation {
            alias: alias.text.clone(),
            store,
            table,
        });
        Ok(Relation {
            store,
            table: table.id,
            join,
            access: Access::Scan,
            implied: Vec::new(),
            on: Vec::new(),
            filter: Vec::new(),
        })
    }

    /// The conjuncts of a condition in which aggregates are refused.
    pub(crate) fn condition(
        &mut self,
        condition: Option<&Expression>,
        clause: &'static str,
    ) -> Result<Vec<Expr>, PlanError> {
        self.scope_mut().no_aggregates = Some(match clause {
            "JOIN/ON" => "JOIN conditions",
            other => other,
        });
        let bound = self.clause(condition, clause);
        self.scope_mut().no_aggregates = None;
        bound
    }

    fn clause(
        &mut self,
        condition: Option<&Expression>,
        clause: &str,
    ) -> Result<Vec<Expr>, PlanError> {
        match condition {
            Some(condition) => Ok(self.expression(condition)?.condition(clause)?.conjuncts()),
            None => Ok(Vec::new()),
        }
    }

    /// Binds a select list or RETURNING, stars spread out.
    pub(crate) fn items(
        &mut self,
        items: &[SelectItem],
        bound: &mut Vec<Item>,
    ) -> Result<(), PlanError> {
        for item in items {
            match item {
                SelectItem::All(span) => {
                    if self.scope_mut().relations.is_empty() {
                        return fail(
                            b"42601",
                            *span,
                            "SELECT * with no tables specified is not valid",
                        );
                    }
                    self.star(None, *span, bound)?;
                }
                SelectItem::AllOf(table) => self.star(Some(table), table.span, bound)?,
                SelectItem::Expression(expression, alias) => {
                    let value = self.expression(expression)?.known()?;
                    let name = match alias {
                        Some(alias) => alias.text.clone(),
                        None => column_name(expression),
                    };
                    bound.push(Item { value, name });
                }
            }
        }
        if bound.len() > MAX_COLUMNS {
            return Err(error(
                b"54011",
                bound[0].value.span,
                format!("a result has more than {MAX_COLUMNS} columns"),
            ));
        }
        Ok(())
    }

    fn star(
        &mut self,
        table: Option<&Name>,
        span: Span,
        bound: &mut Vec<Item>,
    ) -> Result<(), PlanError> {
        let relations = self.scope_mut().relations.clone();
        let mut any = false;
        for (at, relation) in relations.iter().enumerate() {
            let wanted = match table {
                Some(table) => table.text == relation.alias,
                None => &*relation.alias != "excluded",
            };
            if !wanted {
                continue;
            }
            any = true;
            for column in &relation.table.columns {
                self.columns
                    .push((relation.store, relation.table.id, column.id));
                let scope = self.scope_mut();
                scope.used.push((at as u16, column.slot as u32, span));
                bound.push(Item {
                    value: Typed {
                        expr: Expr::Column {
                            depth: 0,
                            relation: at as u16,
                            slot: column.slot as u32,
                        },
                        data_type: Some(column.data_type),
                        span,
                    },
                    name: column.name.clone(),
                });
            }
        }
        match table {
            Some(table) if !any => fail(
                b"42P01",
                span,
                format!("missing FROM-clause entry for table \"{table}\""),
            ),
            _ => Ok(()),
        }
    }

    /// The item that an integer stands for in GROUP BY and ORDER BY.
    fn position<'i>(
        expression: &Expression,
        items: &'i [Item],
        clause: &str,
    ) -> Result<Option<&'i Item>, PlanError> {
        let ExpressionKind::Literal(Literal::Integer(text)) = &expression.kind else {
            return Ok(None);
        };
        let position = text.parse::<usize>().ok();
        match position.and_then(|at| items.get(at.checked_sub(1)?)) {
            Some(item) => Ok(Some(item)),
            None => fail(
                b"42P10",
                expression.span,
                format!("{clause} position {text} is not in select list"),
            ),
        }
    }

    fn group_keys(
        &mut self,
        group_by: &[Expression],
        items: &[Item],
    ) -> Result<Vec<Expr>, PlanError> {
        let mut keys = Vec::with_capacity(group_by.len());
        for expression in group_by {
            if let Some(item) = Self::position(expression, items, "GROUP BY")? {
                keys.push(item.value.expr.clone());
                continue;
            }
            self.scope_mut().no_aggregates = Some("GROUP BY");
            let bound = self.expression(expression);
            self.scope_mut().no_aggregates = None;
            // A name that is no column may be that of an output.
            let named = match &expression.kind {
                ExpressionKind::Column {
                    table: None,
                    column,
                } if bound.is_err() => items.iter().find(|item| item.name == column.text),
                _ => None,
            };
            keys.push(match named {
                Some(item) => item.value.expr.clone(),
                None => bound?.known()?.expr,
            });
        }
        Ok(keys)
    }

    fn order(
        &mut self,
        order_by: &[OrderBy],
        items: &[Item],
        distinct: bool,
    ) -> Result<Vec<SortKey>, PlanError> {
        let mut keys = Vec::with_capacity(order_by.len());
        for order in order_by {
            let named = match &order.expression.kind {
                ExpressionKind::Column {
                    table: None,
                    column,
                } => items.iter().find(|item| item.name == column.text),
                _ => Self::position(&order.expression, items, "ORDER BY")?,
            };
            let value = match named {
                Some(item) => item.value.clone(),
                None => self.expression(&order.expression)?.known()?,
            };
            if value.data_type == Some(Type::Json) {
                return fail(
                    b"42883",
                    order.expression.span,
                    "could not identify an ordering operator for type json",
                );
            }
            if distinct && !items.iter().any(|item| item.value.expr == value.expr) {
                return fail(
                    b"42P10",
                    order.expression.span,
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                );
            }
            keys.push(SortKey {
                expression: value.expr,
                descending: order.descending,
                nulls_first: order.nulls_first.unwrap_or(order.descending),
            });
        }
        Ok(keys)
    }

    fn bound(
        &mut self,
        bound: Option<&Expression>,
        clause: &'static str,
    ) -> Result<Option<Expr>, PlanError> {
        let Some(expression) = bound else {
            return Ok(None);
        };
        // LIMIT and OFFSET see no column of their own query.
        let hidden = std::mem::take(&mut self.scope_mut().relations);
        self.scope_mut().no_aggregates = Some(clause);
        let value = self.expression(expression);
        self.scope_mut().no_aggregates = None;
        self.scope_mut().relations = hidden;
        let span = expression.span;
        match value?.known_as(Type::BigInt)?.implicitly(Type::BigInt)? {
            Some(value) => Ok(Some(value.expr)),
            None => fail(
                b"42804",
                span,
                format!("argument of {clause} must be type bigint"),
            ),
        }
    }

    /// Every column must be a group key, decided by one, or inside an aggregate.
    fn check_grouped(&self, expr: &Expr, keys: &[Expr]) -> Result<(), PlanError> {
        if keys.contains(expr) {
            return Ok(());
        }
        if let Expr::Column {
            depth: 0,
            relation,
            slot,
        } = expr
        {
            return self.check_grouped_column(*relation, *slot, keys);
        }
        let mut outcome = Ok(());
        expr.children(&mut |child| {
            if outcome.is_ok() {
                outcome = self.check_grouped(child, keys);
            }
        });
        outcome
    }

    fn check_grouped_column(
        &self,
        relation: u16,
        slot: u32,
        keys: &[Expr],
    ) -> Result<(), PlanError> {
        let Some(scope) = self.scopes.last() else {
            return Ok(());
        };
        let Some(of) = scope.relations.get(usize::from(relation)) else {
            return Ok(());
        };
        let decided = of.table.primary_key().is_some_and(|key| {
            key.slots.iter().all(|slot| {
                keys.contains(&Expr::Column {
                    depth: 0,
                    relation,
                    slot: *slot as u32,
                })
            })
        });
        if decided {
            return Ok(());
        }
        let used = scope
            .used
            .iter()
            .find(|(r, s, _)| (*r, *s) == (relation, slot));
        let span = used.map(|(_, _, span)| *span).unwrap_or_default();
        let column = of.table.column_at(slot as usize).map_or("?", |c| &c.name);
        fail(
            b"42803",
            span,
            format!(
                "column \"{}.{column}\" must appear in the GROUP BY clause or be used in an aggregate \
                 function",
                of.alias
            ),
        )
    }

    fn locking(
        &mut self,
        locking: &Locking,
        select: &Select,
        grouped: bool,
        relations: &[Relation],
    ) -> Result<LockPlan, PlanError> {
        let clause = strength_name(locking.strength);
        let refused = if select.distinct != Distinct::No {
            Some("DISTINCT clause")
        } else if !select.group_by.is_empty() {
            Some("GROUP BY clause")
        } else if select.having.is_some() {
            Some("HAVING clause")
        } else if grouped {
            Some("aggregate functions")
        } else {
            None
        };
        if let Some(refused) = refused {
            return fail(
                b"0A000",
                locking.span,
                format!("{clause} is not allowed with {refused}"),
            );
        }
        let mut chosen = Vec::new();
        if locking.of.is_empty() {
            chosen.extend(0..relations.len());
        }
        for name in &locking.of {
            let scope = self.scope_mut();
            match scope.relations.iter().position(|r| r.alias == name.text) {
                Some(at) => chosen.push(at),
                None => {
                    return fail(
                        b"42P01",
                        name.span,
                        format!("relation \"{name}\" in {clause} clause not found in FROM clause"),
                    );
                }
            }
        }
        if chosen
            .iter()
            .any(|at| relations[*at].join == JoinKind::Left)
        {
            return fail(
                b"0A000",
                locking.span,
                format!("{clause} cannot be applied to the nullable side of an outer join"),
            );
        }
        Ok(LockPlan {
            strength: locking.strength,
            wait: locking.wait,
            relations: chosen,
        })
    }
}

fn later(span: Span) -> PlanError {
    error(
        b"0A000",
        span,
        "this form of query is not supported by this store yet",
    )
}

fn is_bare(query: &Written) -> bool {
    query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locking.is_none()
}

fn strength_name(strength: LockStrength) -> &'static str {
    match strength {
        LockStrength::KeyShare => "FOR KEY SHARE",
        LockStrength::Share => "FOR SHARE",
        LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
        LockStrength::Update => "FOR UPDATE",
    }
}

/// The name that PostgreSQL gives a column without alias.
fn column_name(expression: &Expression) -> Arc<str> {
    match &expression.kind {
        ExpressionKind::Column { column, .. } => column.text.clone(),
        ExpressionKind::Function(call) => call.name.text.clone(),
        ExpressionKind::Case { .. } => "case".into(),
        ExpressionKind::Exists(_) => "exists".into(),
        ExpressionKind::Parameter { name, field } => field.as_ref().unwrap_or(name).text.clone(),
        ExpressionKind::Cast(operand, _) => column_name(operand),
        ExpressionKind::Subquery(query) => match &query.body {
            QueryBody::Select(select) => match select.items.first() {
                Some(SelectItem::Expression(_, Some(alias))) => alias.text.clone(),
                Some(SelectItem::Expression(inner, None)) => column_name(inner),
                _ => "?column?".into(),
            },
            _ => "?column?".into(),
        },
        ExpressionKind::Literal(Literal::Boolean(_)) => "bool".into(),
        _ => "?column?".into(),
    }
}
