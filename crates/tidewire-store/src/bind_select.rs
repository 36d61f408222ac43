//! Binding SELECT: WHERE, GROUP BY, the select list, DISTINCT, ORDER BY. FROM is bound in `bind_from`, which
//! access path a table gets is decided in `access`.

use std::cmp::Reverse;
use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Distinct, Expression, ExpressionKind, Literal, Locking, OrderBy, Query as Written, Select,
    SelectItem,
};
use tidewire_syntax::{Name, Span, sort};

use crate::aggregate::Grouping;
use crate::expression::Expr;
use crate::output_name::column_name;
use crate::plan_choice;
use crate::query_plan::{DistinctPlan, Node, Query, SortKey};
use crate::scope::{Binder, Merged, Typed, error, fail};
use crate::{PlanError, ResultColumn, Type, access};

/// Columns of a result.
const MAX_COLUMNS: usize = 1600;

/// One item of a select list.
pub(crate) struct Item {
    pub(crate) value: Typed,
    pub(crate) name: Arc<str>,
}

impl Binder<'_> {
    /// Binds a SELECT in the innermost scope, with the clauses of the query that it is and those locks.
    pub(crate) fn select(
        &mut self,
        select: &Select,
        around: Option<&Written>,
        lock: Option<&Locking>,
    ) -> Result<Query, PlanError> {
        let mut query = Query {
            id: self.fresh_id(),
            ..Query::default()
        };
        let mut relations = Vec::new();
        let mut nodes = self.from(&select.from, lock, &mut relations)?;
        let conditions = self.condition(select.filter.as_ref(), "WHERE")?;
        let mut items = Vec::new();
        let scope = self.scope_mut();
        scope.named_windows.clone_from(&select.windows);
        (scope.allows_rows, scope.allows_windows) = (true, true);
        self.items(&select.items, &mut items)?;
        let scope = self.scope_mut();
        (scope.allows_rows, scope.allows_windows) = (false, false);
        let keys = self.group_keys(&select.group_by, &items)?;
        let having = self.clause(select.having.as_ref(), "HAVING")?;
        let order_by = around.map_or(&[][..], |query| &query.order_by);
        let rows = select.distinct == Distinct::Rows;
        self.scope_mut().allows_windows = true;
        let order = self.order(order_by, &items, rows)?;
        self.scope_mut().allows_windows = false;
        query.distinct = self.distinct(&select.distinct, &items, &order)?;
        let scope = self.scope_mut();
        let aggregates = std::mem::take(&mut scope.aggregates);
        query.windows = std::mem::take(&mut scope.windows);
        let extras = scope.extras as usize;
        let grouped =
            !select.group_by.is_empty() || !aggregates.is_empty() || select.having.is_some();
        if grouped {
            for expr in items.iter().map(|item| &item.value.expr).chain(&having) {
                self.check_grouped(expr, &keys)?;
            }
            for key in &order {
                self.check_grouped(&key.expression, &keys)?;
            }
            for window in &query.windows {
                let mut parts = Vec::new();
                window.expressions(&mut |expr| parts.push(expr.clone()));
                for part in &parts {
                    self.check_grouped(part, &keys)?;
                }
            }
            query.grouping = Some(Grouping {
                keys,
                aggregates,
                having,
                extras,
            });
        }
        for made in std::mem::take(&mut self.scope_mut().made) {
            if grouped {
                let message =
                    "a set-returning function in a grouped query is not supported by this store";
                return Err(error(b"0A000", select.span, message).hint("Put it into FROM."));
            }
            relations.push(made);
            nodes.push(Node::Relation(relations.len() - 1));
        }
        query.limit = self.bound(around.and_then(|query| query.limit.as_ref()), "LIMIT")?;
        query.offset = self.bound(around.and_then(|query| query.offset.as_ref()), "OFFSET")?;
        query.filter = access::place(conditions, &mut nodes, &mut relations);
        access::choose(self, &mut relations);
        query.relations = relations;
        query.tree = nodes.iter().any(Node::is_outer).then_some(nodes);
        if let Some(lock) = lock {
            query.locking = self.locking(lock, select, &query)?;
        }
        query.order = order;
        for (at, item) in items.into_iter().enumerate() {
            if item.value.data_type.is_none() {
                query.untyped.push(at);
            }
            query.columns.push(ResultColumn {
                name: item.name,
                data_type: item.value.data_type.unwrap_or(Type::Text),
            });
            query.output.push(item.value.expr);
        }
        let scope = self.scopes.last();
        let table = scope.and_then(|scope| scope.relations.first());
        plan_choice::read_in_order(table.and_then(|of| of.table), &mut query);
        Ok(query)
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
                    let value = self.expression(expression)?;
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
        let at = self.scopes.len() - 1;
        let scope = &self.scopes[at];
        let first = scope.star_first.min(scope.relations.len());
        let mut places: Vec<(u16, u32)> = Vec::new();
        let mut any = false;
        for relation in (first..scope.relations.len()).chain(0..first) {
            let of = &scope.relations[relation];
            if table.map_or(of.named_only, |table| table.text != of.alias) {
                continue;
            }
            any = true;
            if table.is_none() {
                // What USING made one stands before the columns of its join, that of the outermost first.
                let begins = scope
                    .merged
                    .iter()
                    .filter(|merged| merged.first == relation);
                let mut merged: Vec<&Merged> = begins.collect();
                sort::sort_by_key(&mut merged, |merged| {
                    Reverse(merged.hides.iter().map(|(relation, _)| *relation).max())
                });
                bound.extend(merged.into_iter().map(|merged| Item {
                    value: merged.value.clone(),
                    name: merged.name.clone(),
                }));
            }
            for column in of.columns.iter() {
                let place = (relation as u16, column.slot);
                let merged = scope.merged.iter().any(|m| m.hides.contains(&place));
                if table.is_some() || !merged {
                    places.push(place);
                }
            }
            for (relation, slot) in std::mem::take(&mut places) {
                bound.push(Item {
                    value: Typed {
                        expr: Expr::Column {
                            depth: 0,
                            relation,
                            slot,
                        },
                        data_type: None,
                        span,
                    },
                    name: Arc::from(""),
                });
            }
        }
        for item in bound.iter_mut().filter(|item| item.name.is_empty()) {
            if let Expr::Column { relation, slot, .. } = item.value.expr {
                let column = self.use_column(at, relation, slot, span);
                item.value.data_type = Some(column.data_type);
                item.name = column.name;
            }
        }
        match table {
            Some(table) if !any => Err(self.out_of_sight(table).unwrap_or_else(|| {
                let message = format!("missing FROM-clause entry for table \"{table}\"");
                error(b"42P01", span, message)
            })),
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
            let value = self.ordered(&order.expression, items, "ORDER BY")?;
            if distinct && !items.iter().any(|item| item.value.expr == value.expr) {
                return fail(
                    b"42P10",
                    order.expression.span,
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                );
            }
            keys.push(SortKey::of(order, value.expr));
        }
        Ok(keys)
    }

    /// A sort key: the name or the number of an output, or an expression.
    fn ordered(
        &mut self,
        expression: &Expression,
        items: &[Item],
        clause: &str,
    ) -> Result<Typed, PlanError> {
        let named = match &expression.kind {
            ExpressionKind::Column {
                table: None,
                column,
            } => {
                let mut named = items.iter().filter(|item| item.name == column.text);
                let first = named.next();
                if let Some(first) = first
                    && named.any(|other| other.value.expr != first.value.expr)
                {
                    let message = format!("{clause} \"{column}\" is ambiguous");
                    return fail(b"42702", expression.span, message);
                }
                first
            }
            _ => Self::position(expression, items, clause)?,
        };
        let value = match named {
            Some(item) => item.value.clone(),
            None => self.expression(expression)?.known()?,
        };
        if value.data_type == Some(Type::Json) {
            return fail(
                b"42883",
                expression.span,
                "could not identify an ordering operator for type json",
            );
        }
        Ok(value)
    }

    fn distinct(
        &mut self,
        distinct: &Distinct,
        items: &[Item],
        order: &[SortKey],
    ) -> Result<DistinctPlan, PlanError> {
        let keys = match distinct {
            Distinct::No => return Ok(DistinctPlan::No),
            Distinct::Rows => {
                let plain = items
                    .iter()
                    .find(|item| item.value.data_type == Some(Type::Json));
                return match plain {
                    Some(item) => fail(
                        b"42883",
                        item.value.span,
                        "could not identify an equality operator for type json",
                    ),
                    None => Ok(DistinctPlan::Rows),
                };
            }
            Distinct::On(keys) => keys,
        };
        let mut bound = Vec::with_capacity(keys.len());
        for key in keys {
            bound.push(self.ordered(key, items, "SELECT DISTINCT ON")?.expr);
        }
        // The keys stand first in ORDER BY, in whatever order.
        let first = order.iter().take(bound.len());
        if let Some(at) = first
            .map(|key| &key.expression)
            .position(|key| !bound.contains(key))
        {
            return fail(
                b"42P10",
                keys[at.min(keys.len() - 1)].span,
                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
            );
        }
        Ok(DistinctPlan::On(bound))
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
        let key = of.table.and_then(|table| table.primary_key());
        let decided = key.is_some_and(|key| {
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
        let column = of.columns.iter().find(|column| column.slot == slot);
        let column = column.map_or("?", |column| &*column.name);
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
}
