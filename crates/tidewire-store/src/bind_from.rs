//! Binding FROM: tables, names of WITH, queries, functions, and how they are joined (`parse_clause.c`).

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Join, JoinCondition, JoinKind, Locking, QueryBody, SourceKind, TableExpression, TableName,
    TableSource,
};
use tidewire_syntax::{Name, Span};

use crate::common_table::renamed;
use crate::expression::{Comparison, Expr};
use crate::query_plan::{Derived, Node, OuterJoin, Relation};
use crate::scope::{Binder, Merged, ScopeColumn, ScopeRelation, Typed, error, fail};
use crate::{PlanError, ResultColumn, access, typing};

/// Tables that one query may join.
const MAX_RELATIONS: usize = 16;

impl<'a> Binder<'a> {
    /// Binds FROM in the innermost scope. `lock` is the query's locking clause, which goes on into the
    /// queries in FROM.
    pub(crate) fn from(
        &mut self,
        tables: &[TableExpression],
        lock: Option<&Locking>,
        relations: &mut Vec<Relation>,
    ) -> Result<Vec<Node>, PlanError> {
        let mut nodes = Vec::new();
        for table in tables {
            nodes.extend(self.table_expression(table, lock, relations)?);
            if relations.len() > MAX_RELATIONS {
                return fail(
                    b"54000",
                    table.source.span,
                    format!(
                        "a query joins more than {MAX_RELATIONS} tables, the limit of this store"
                    ),
                );
            }
        }
        Ok(nodes)
    }

    fn table_expression(
        &mut self,
        table: &TableExpression,
        lock: Option<&Locking>,
        relations: &mut Vec<Relation>,
    ) -> Result<Vec<Node>, PlanError> {
        let first = relations.len();
        let mut nodes = self.source(&table.source, lock, relations)?;
        for join in &table.joins {
            let middle = relations.len();
            let right = self.source(&join.source, lock, relations)?;
            let on = self.join_condition(join, first, middle)?;
            let range = [first, middle, relations.len()];
            nodes = joined(join.kind, nodes, right, on, range, relations);
        }
        Ok(nodes)
    }

    fn source(
        &mut self,
        source: &TableSource,
        lock: Option<&Locking>,
        relations: &mut Vec<Relation>,
    ) -> Result<Vec<Node>, PlanError> {
        let relation = match &source.kind {
            SourceKind::Joined(table) => {
                if let Some(alias) = &source.alias {
                    let message = "an alias for a join is not supported by this store";
                    return Err(error(b"0A000", alias.span, message)
                        .hint("Give its tables aliases of their own."));
                }
                return self.table_expression(table, lock, relations);
            }
            SourceKind::Table(name) => self.named(name, source)?,
            SourceKind::Query { query, lateral } => {
                let alias = alias_of(source, &query.body)?;
                // A locking clause without OF, or with this name, goes on into the query.
                let lock = lock.filter(|lock| lock.of.is_empty() || lock.of.contains(alias));
                let hidden = std::mem::replace(&mut self.scope_mut().hidden, !lateral);
                let bound = self.query_to_lock(query, lock);
                self.scope_mut().hidden = hidden;
                let bound = bound?;
                let columns = bound.columns.clone();
                let derived = match bound.locking {
                    Some(_) => Derived::Part(self.locking_part(bound, query.span, true)?),
                    None => Derived::Query(Arc::new(bound), 0),
                };
                self.derived(source, alias, derived, &columns)?
            }
            SourceKind::Function { call, ordinality } => {
                self.scope_mut().no_aggregates = Some("functions in FROM");
                let bound = self.function_scan(call, source.span, *ordinality);
                self.scope_mut().no_aggregates = None;
                let (scan, mut columns) = bound?;
                // A function of one column names it as it is named itself.
                let alias = source.alias.as_ref().unwrap_or(&call.name);
                let single = columns.len() == 1 + usize::from(*ordinality);
                if single && columns[0].name == call.name.text {
                    columns[0].name = alias.text.clone();
                }
                self.derived(source, alias, Derived::Function(scan), &columns)?
            }
        };
        relations.push(relation);
        Ok(vec![Node::Relation(relations.len() - 1)])
    }

    /// A table or a name of WITH.
    fn named(&mut self, name: &TableName, source: &TableSource) -> Result<Relation, PlanError> {
        let alias = source.alias.as_ref().unwrap_or(&name.table);
        if name.database.is_none()
            && let Some((derived, columns)) = self.common_source(&name.table)?
        {
            return self.derived(source, alias, derived, &columns);
        }
        let (store, table) = self.table(name)?;
        self.read(store, table.id);
        let mut relation = ScopeRelation::stored(alias.text.clone(), store, table);
        if !source.columns.is_empty() {
            let columns: Vec<ResultColumn> = relation.columns.iter().map(shown).collect();
            let names = renamed(&columns, &source.columns, alias, "table")?;
            let columns = relation.columns.iter().zip(&*names);
            relation.columns = columns
                .map(|(column, named)| ScopeColumn {
                    name: named.name.clone(),
                    ..column.clone()
                })
                .collect();
        }
        self.add(relation, name.span)?;
        Ok(Relation::stored(store, table.id))
    }

    fn derived(
        &mut self,
        source: &TableSource,
        alias: &Name,
        derived: Derived,
        columns: &[ResultColumn],
    ) -> Result<Relation, PlanError> {
        let columns = renamed(columns, &source.columns, alias, "table")?;
        self.add(made(alias.text.clone(), &columns), source.span)?;
        Ok(Relation::derived(derived))
    }

    /// Brings a relation into sight.
    pub(crate) fn add(&mut self, relation: ScopeRelation<'a>, span: Span) -> Result<(), PlanError> {
        let scope = self.scope_mut();
        let alias = &relation.alias;
        if scope.relations.iter().any(|other| other.alias == *alias) {
            return Err(error(
                b"42712",
                span,
                format!("table name \"{alias}\" specified more than once"),
            )
            .hint("Give one of them an alias."));
        }
        scope.relations.push(relation);
        Ok(())
    }

    /// The conjuncts of a join's condition, whose sides begin at these relations.
    fn join_condition(
        &mut self,
        join: &Join,
        first: usize,
        middle: usize,
    ) -> Result<Vec<Expr>, PlanError> {
        let span = join.source.span;
        match &join.condition {
            JoinCondition::None => Ok(Vec::new()),
            JoinCondition::On(on) => {
                let outside = std::mem::replace(&mut self.scope_mut().visible_from, first);
                let on = self.condition(Some(on), "JOIN/ON");
                self.scope_mut().visible_from = outside;
                on
            }
            JoinCondition::Using(names) => {
                let mut on = Vec::with_capacity(names.len());
                for name in names {
                    on.push(self.merge(join.kind, name, first, middle)?);
                }
                Ok(on)
            }
            JoinCondition::Natural => {
                let mut on = Vec::new();
                for name in self.common_names(first, middle) {
                    on.push(self.merge(join.kind, &Name::new(&*name, span), first, middle)?);
                }
                Ok(on)
            }
        }
    }

    /// Makes one column of those of this name on both sides, and gives the condition that they are equal.
    fn merge(
        &mut self,
        kind: JoinKind,
        name: &Name,
        first: usize,
        middle: usize,
    ) -> Result<Expr, PlanError> {
        let behind = self.scope_mut().relations.split_off(middle);
        let left = self.side(name, first, "left");
        self.scope_mut().relations.extend(behind);
        let (left, right) = (left?, self.side(name, middle, "right")?);
        let mut hides = left.hides;
        hides.extend(right.hides);
        let equal = typing::compare(
            Comparison::Equal,
            "=",
            left.value.clone(),
            right.value.clone(),
        )?;
        let value = match kind {
            JoinKind::Right => right.value,
            JoinKind::Full => {
                let span = left.value.span;
                let (both, data_type) =
                    typing::common("JOIN/USING", vec![left.value, right.value])?;
                Typed {
                    expr: Expr::Coalesce(both),
                    data_type,
                    span,
                }
            }
            _ => left.value,
        };
        let scope = self.scope_mut();
        let gone = |merged: &Merged| merged.name == name.text && merged.first >= first;
        scope.merged.retain(|merged| !gone(merged));
        scope.merged.push(Merged {
            name: name.text.clone(),
            first,
            value,
            hides,
        });
        Ok(equal.expr)
    }

    /// The column of USING on one side, which is what is in sight from `first` on.
    fn side(&mut self, name: &Name, first: usize, side: &str) -> Result<Merged, PlanError> {
        let outside = std::mem::replace(&mut self.scope_mut().visible_from, first);
        let scope = self.scopes.len() - 1;
        let hidden: Vec<bool> = self.scopes.iter().map(|scope| scope.hidden).collect();
        self.scopes[..scope]
            .iter_mut()
            .for_each(|scope| scope.hidden = true);
        let found = self.column(None, name, name.span);
        for (scope, hidden) in self.scopes.iter_mut().zip(hidden) {
            scope.hidden = hidden;
        }
        self.scope_mut().visible_from = outside;
        let value = match found {
            Ok(value) => value,
            Err(failure) if failure.error.state.as_str() == "42702" => {
                return fail(
                    b"42702",
                    name.span,
                    format!("common column name \"{name}\" appears more than once in {side} table"),
                );
            }
            Err(_) => {
                return fail(
                    b"42703",
                    name.span,
                    format!(
                        "column \"{name}\" specified in USING clause does not exist in {side} table"
                    ),
                );
            }
        };
        let merged = self.scope_mut().merged.iter();
        let mut hides: Vec<(u16, u32)> = merged
            .filter(|merged| merged.name == name.text && merged.first >= first)
            .flat_map(|merged| merged.hides.clone())
            .collect();
        if let Expr::Column { relation, slot, .. } = value.expr {
            hides.push((relation, slot));
        }
        Ok(Merged {
            name: name.text.clone(),
            first,
            value,
            hides,
        })
    }

    /// Names of columns that both sides of a join have.
    fn common_names(&mut self, first: usize, middle: usize) -> Vec<Arc<str>> {
        let (left, right) = self.scope_mut().relations.split_at(middle);
        let has = |side: &[ScopeRelation<'_>], name: &str| {
            side.iter().any(|relation| relation.column(name).is_some())
        };
        let mut names: Vec<Arc<str>> = Vec::new();
        for column in left[first..]
            .iter()
            .flat_map(|relation| relation.columns.iter())
        {
            if has(right, &column.name) && !names.contains(&column.name) {
                names.push(column.name.clone());
            }
        }
        names
    }
}

/// What is in sight of rows that are made.
pub(crate) fn made<'a>(alias: Arc<str>, columns: &[ResultColumn]) -> ScopeRelation<'a> {
    let columns = columns.iter().enumerate().map(|(at, column)| ScopeColumn {
        name: column.name.clone(),
        data_type: column.data_type,
        slot: at as u32,
        id: None,
    });
    ScopeRelation {
        alias,
        store: 0,
        table: None,
        columns: columns.collect(),
        named_only: false,
    }
}

fn shown(column: &ScopeColumn) -> ResultColumn {
    ResultColumn {
        name: column.name.clone(),
        data_type: column.data_type,
    }
}

fn alias_of<'s>(source: &'s TableSource, body: &QueryBody) -> Result<&'s Name, PlanError> {
    source.alias.as_ref().ok_or_else(|| {
        let (what, example) = match body {
            QueryBody::Values(_) => ("VALUES", "FROM (VALUES ...) [AS] foo"),
            _ => ("subquery", "FROM (SELECT ...) [AS] foo"),
        };
        error(
            b"42601",
            source.span,
            format!("{what} in FROM must have an alias"),
        )
        .hint(format!("For example, {example}."))
    })
}

/// Joins two chains. Inner joins go on with the chain; so do left joins of one table.
fn joined(
    kind: JoinKind,
    mut left: Vec<Node>,
    right: Vec<Node>,
    on: Vec<Expr>,
    range: [usize; 3],
    relations: &mut [Relation],
) -> Vec<Node> {
    match (kind, right.as_slice()) {
        (JoinKind::Inner | JoinKind::Cross, _) => {
            left.extend(right);
            access::attach(on, &mut left, relations, range[2] - 1);
            left
        }
        (JoinKind::Left, [Node::Relation(at)]) => {
            relations[*at].join = JoinKind::Left;
            relations[*at].on = on;
            left.extend(right);
            left
        }
        (JoinKind::Left, _) => {
            left.push(Node::Outer(Box::new(OuterJoin {
                kind,
                left: Vec::new(),
                right,
                range: [range[1], range[1], range[2]],
                on,
                filter: Vec::new(),
            })));
            left
        }
        _ => vec![Node::Outer(Box::new(OuterJoin {
            kind,
            left,
            right,
            range,
            on,
            filter: Vec::new(),
        }))],
    }
}
