//! Binding INSERT, UPDATE and DELETE.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Assignment, ConflictAction, ConflictTarget, Delete, Expression, ExpressionKind, Insert,
    InsertSource, OnConflict, Query as Written, SelectItem, TableExpression, TableName, Update,
};
use tidewire_syntax::{Name, Span};

use crate::access;
use crate::catalog::DefaultValue;
use crate::expression::Expr;
use crate::index_builder::arbiters;
use crate::query_plan::{Node, Query, Relation};
use crate::scope::{Binder, Scope, ScopeRelation, Typed, error, fail, nearest};
use crate::typing;
use crate::{Column, PlanError, ResultColumn, Table, TableId, Type};

/// INSERT
#[derive(Clone, Debug)]
pub(crate) struct InsertPlan {
    pub(crate) table: TableId,
    pub(crate) source: RowSource,
    pub(crate) conflict: Option<ConflictPlan>,
    pub(crate) returning: Vec<Expr>,
}

/// Where inserted rows come from.
#[derive(Clone, Debug)]
pub(crate) enum RowSource {
    /// Rows of values, each for its slot of the new row, ready for the column.
    Values(Vec<Vec<(usize, NewValue)>>, Vec<(usize, DefaultValue)>),
    /// A query whose columns go to these slots, and defaults of the others.
    Query(Box<Query>, Vec<usize>, Vec<(usize, DefaultValue)>),
}

/// A value for a column.
#[derive(Clone, Debug)]
pub(crate) enum NewValue {
    Expression(Expr),
    Default(DefaultValue),
}

/// ON CONFLICT
#[derive(Clone, Debug)]
pub(crate) struct ConflictPlan {
    /// The unique indexes that arbitrate; `None` for all.
    pub(crate) indexes: Option<Vec<usize>>,
    /// What to do with the row in the way; `None` for nothing.
    pub(crate) update: Option<ConflictUpdate>,
}

/// DO UPDATE: relation 0 is the row in the way, 1 is `excluded`.
#[derive(Clone, Debug)]
pub(crate) struct ConflictUpdate {
    pub(crate) assignments: Vec<(usize, NewValue)>,
    pub(crate) filter: Vec<Expr>,
}

/// UPDATE
#[derive(Clone, Debug)]
pub(crate) struct UpdatePlan {
    pub(crate) table: TableId,
    /// Finds the rows; the table to be changed is its last relation, behind those of FROM.
    pub(crate) target: Query,
    pub(crate) assignments: Vec<(usize, NewValue)>,
    pub(crate) returning: Vec<Expr>,
}

/// DELETE
#[derive(Clone, Debug)]
pub(crate) struct DeletePlan {
    pub(crate) table: TableId,
    /// Finds the rows; the table to be changed is its last relation, behind those of USING.
    pub(crate) target: Query,
    pub(crate) returning: Vec<Expr>,
}

impl<'a> Binder<'a> {
    /// The table that a statement writes; its database may not be named.
    fn written(&self, name: &TableName) -> Result<&'a Table, PlanError> {
        self.table(name).map(|(_, table)| table)
    }

    fn open(&mut self, table: &'a Table, alias: Option<&Name>) {
        let alias = alias.map_or_else(|| table.name.clone(), |alias| alias.text.clone());
        let relation = ScopeRelation::stored(alias, 0, table);
        self.scopes.push(Scope::new(vec![relation]));
    }

    /// The column that a statement writes.
    fn target(&mut self, table: &'a Table, name: &Name) -> Result<&'a Column, PlanError> {
        let Some(column) = table.column(name.as_str()) else {
            let error = error(
                b"42703",
                name.span,
                format!(
                    "column \"{name}\" of relation \"{}\" does not exist",
                    table.name
                ),
            );
            let near = nearest(name.as_str(), table.columns.iter().map(|c| &*c.name));
            return Err(match near {
                Some(near) => error.hint(format!("Did you mean \"{near}\"?")),
                None => error,
            });
        };
        self.columns.push((0, table.id, column.id));
        Ok(column)
    }

    fn new_value(
        &mut self,
        column: &Column,
        value: Option<&Expression>,
    ) -> Result<NewValue, PlanError> {
        let Some(expression) = value else {
            return Ok(NewValue::Default(column.default.clone()));
        };
        if column.identity_always {
            let message = if self.scopes.is_empty() {
                format!(
                    "cannot insert a non-DEFAULT value into column \"{}\"",
                    column.name
                )
            } else {
                format!("column \"{}\" can only be updated to DEFAULT", column.name)
            };
            return Err(error(b"428C9", expression.span, message)
                .hint("It is an identity column defined as GENERATED ALWAYS."));
        }
        let value = self.expression(expression)?;
        typing::assign(value, column).map(NewValue::Expression)
    }

    fn assignments(
        &mut self,
        table: &'a Table,
        assignments: &[Assignment],
    ) -> Result<Vec<(usize, NewValue)>, PlanError> {
        let mut bound: Vec<(usize, NewValue)> = Vec::with_capacity(assignments.len());
        self.forbid_aggregates(Some("UPDATE"));
        for assignment in assignments {
            match assignment {
                Assignment::Column(name, value) => {
                    let column = match (self.target(table, name), value) {
                        (Ok(column), _) => column,
                        (Err(failure), None) => return Err(failure),
                        (Err(failure), Some(value)) => {
                            // What is wrong with the value is told first.
                            self.expression(value)?;
                            return Err(failure);
                        }
                    };
                    let value = self.new_value(column, value.as_ref())?;
                    bound.push((column.slot, value));
                    assigned_once(&bound, name)?;
                }
                Assignment::Columns(names, query) => {
                    self.row_assignment(table, names, query, &mut bound)?;
                }
            }
        }
        self.forbid_aggregates(None);
        Ok(bound)
    }

    /// `(a, b) = (SELECT …)`
    fn row_assignment(
        &mut self,
        table: &'a Table,
        names: &[Name],
        query: &Written,
        bound: &mut Vec<(usize, NewValue)>,
    ) -> Result<(), PlanError> {
        let (row, _) = self.subquery(query, false)?;
        if row.output.len() != names.len() {
            return fail(
                b"42601",
                query.span,
                "number of columns does not match number of values",
            );
        }
        for (at, name) in names.iter().enumerate() {
            let column = self.target(table, name)?;
            let value = Typed {
                expr: Expr::SubqueryColumn(row.clone(), at as u32),
                data_type: Some(row.columns[at].data_type),
                span: query.span,
            };
            let value = NewValue::Expression(typing::assign(value, column)?);
            bound.push((column.slot, value));
            assigned_once(bound, name)?;
        }
        Ok(())
    }

    fn forbid_aggregates(&mut self, clause: Option<&'static str>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.no_aggregates = clause;
        }
    }

    fn returning(
        &mut self,
        returning: &[SelectItem],
    ) -> Result<(Vec<Expr>, Vec<ResultColumn>), PlanError> {
        let mut items = Vec::new();
        self.forbid_aggregates(Some("RETURNING"));
        self.items(returning, &mut items)?;
        self.forbid_aggregates(None);
        Ok(items
            .into_iter()
            .map(|item| {
                let data_type = item.value.data_type.unwrap_or(Type::Text);
                let name = item.name;
                (item.value.expr, ResultColumn { name, data_type })
            })
            .unzip())
    }

    /// The query that finds the rows of an UPDATE or DELETE, in a scope that it opens.
    fn target_query(
        &mut self,
        table: &'a Table,
        written: (&TableName, Option<&Name>),
        from: &[TableExpression],
        filter: Option<&Expression>,
    ) -> Result<Query, PlanError> {
        let (name, alias) = written;
        let alias = alias.map_or_else(|| table.name.clone(), |alias| alias.text.clone());
        self.scopes.push(Scope::new(Vec::new()));
        let mut relations = Vec::new();
        let mut nodes = self.from(from, None, &mut relations)?;
        self.add(ScopeRelation::stored(alias, 0, table), name.span)?;
        self.scope_mut().star_first = relations.len();
        nodes.push(Node::Relation(relations.len()));
        relations.push(Relation::stored(0, table.id));
        self.read(0, table.id);
        let conditions = self.condition(filter, "WHERE")?;
        let filter = access::place(conditions, &mut nodes, &mut relations);
        access::choose(self, &mut relations);
        Ok(Query {
            id: self.fresh_id(),
            relations,
            tree: nodes.iter().any(Node::is_outer).then_some(nodes),
            filter,
            ..Query::default()
        })
    }

    /// Binds UPDATE.
    pub(crate) fn update(
        &mut self,
        update: &Update,
    ) -> Result<(UpdatePlan, Vec<ResultColumn>), PlanError> {
        let outside = self.common.len();
        self.with(update.with.as_ref())?;
        let table = self.written(&update.table)?;
        let written = (&update.table, update.alias.as_ref());
        let target = self.target_query(table, written, &update.from, update.filter.as_ref())?;
        let assignments = self.assignments(table, &update.assignments)?;
        let (returning, columns) = self.returning(&update.returning)?;
        self.scopes.pop();
        self.common.truncate(outside);
        let plan = UpdatePlan {
            table: table.id,
            target,
            assignments,
            returning,
        };
        Ok((plan, columns))
    }

    /// Binds DELETE.
    pub(crate) fn delete(
        &mut self,
        delete: &Delete,
    ) -> Result<(DeletePlan, Vec<ResultColumn>), PlanError> {
        let outside = self.common.len();
        self.with(delete.with.as_ref())?;
        let table = self.written(&delete.table)?;
        let written = (&delete.table, delete.alias.as_ref());
        let target = self.target_query(table, written, &delete.using, delete.filter.as_ref())?;
        let (returning, columns) = self.returning(&delete.returning)?;
        self.scopes.pop();
        self.common.truncate(outside);
        let plan = DeletePlan {
            table: table.id,
            target,
            returning,
        };
        Ok((plan, columns))
    }

    /// Binds INSERT.
    pub(crate) fn insert(
        &mut self,
        insert: &Insert,
    ) -> Result<(InsertPlan, Vec<ResultColumn>), PlanError> {
        let outside = self.common.len();
        let bound = self
            .with(insert.with.as_ref())
            .and_then(|()| self.insert_behind_with(insert));
        self.common.truncate(outside);
        bound
    }

    fn insert_behind_with(
        &mut self,
        insert: &Insert,
    ) -> Result<(InsertPlan, Vec<ResultColumn>), PlanError> {
        let table = self.written(&insert.table)?;
        let mut targets: Vec<&'a Column> = Vec::new();
        for name in &insert.columns {
            let column = self.target(table, name)?;
            if targets.iter().any(|other| other.id == column.id) {
                return fail(
                    b"42701",
                    name.span,
                    format!("column \"{name}\" specified more than once"),
                );
            }
            targets.push(column);
        }
        let named = !targets.is_empty();
        if !named {
            targets = table.columns.iter().collect();
        }
        let source = match &insert.source {
            InsertSource::Values(rows) => {
                self.values(table, &targets, named, rows, insert.table.span)?
            }
            InsertSource::DefaultValues => RowSource::Values(vec![Vec::new()], others(table, &[])),
            InsertSource::Query(select) => {
                let mut query = self.query_to_lock(select, None)?;
                if query.locking.is_some() {
                    query.settle();
                    query = self.locked_rows(query, select.span)?;
                }
                self.inserted_query(table, &targets, named, query, select.span)?
            }
        };
        self.open(table, insert.alias.as_ref());
        let conflict = match &insert.on_conflict {
            Some(conflict) => Some(self.conflict(table, conflict)?),
            None => None,
        };
        let (returning, columns) = self.returning(&insert.returning)?;
        self.scopes.pop();
        let plan = InsertPlan {
            table: table.id,
            source,
            conflict,
            returning,
        };
        Ok((plan, columns))
    }

    fn values(
        &mut self,
        table: &'a Table,
        targets: &[&'a Column],
        named: bool,
        rows: &[Vec<Option<Expression>>],
        span: Span,
    ) -> Result<RowSource, PlanError> {
        let width = rows.first().map_or(0, Vec::len);
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            let last = row.iter().flatten().last().map_or(span, |value| value.span);
            if row.len() != width {
                return fail(b"42601", last, "VALUES lists must all be the same length");
            }
            check_width(row.len(), targets.len(), named, last)?;
            let mut values = Vec::with_capacity(row.len());
            for (column, value) in targets.iter().zip(row) {
                values.push((column.slot, self.new_value(column, value.as_ref())?));
            }
            bound.push(values);
        }
        let given = &targets[..width.min(targets.len())];
        Ok(RowSource::Values(bound, others(table, given)))
    }

    fn inserted_query(
        &mut self,
        table: &'a Table,
        targets: &[&'a Column],
        named: bool,
        mut query: Query,
        span: Span,
    ) -> Result<RowSource, PlanError> {
        check_width(query.output.len(), targets.len(), named, span)?;
        for (at, column) in targets.iter().enumerate().take(query.output.len()) {
            if column.identity_always {
                return fail(
                    b"428C9",
                    span,
                    format!(
                        "cannot insert a non-DEFAULT value into column \"{}\"",
                        column.name
                    ),
                );
            }
            let known = !query.untyped.contains(&at);
            let value = Typed {
                expr: query.output[at].clone(),
                data_type: known.then_some(query.columns[at].data_type),
                span,
            };
            query.output[at] = typing::assign(value, column)?;
        }
        query.untyped.clear();
        let given = &targets[..query.output.len()];
        let slots = given.iter().map(|column| column.slot).collect();
        Ok(RowSource::Query(
            Box::new(query),
            slots,
            others(table, given),
        ))
    }

    fn conflict(
        &mut self,
        table: &'a Table,
        conflict: &OnConflict,
    ) -> Result<ConflictPlan, PlanError> {
        if let ConflictTarget::Keys { keys, .. } = &conflict.target {
            for key in keys {
                if let ExpressionKind::Column { column, .. } = &key.kind {
                    self.target(table, column)?;
                }
            }
        }
        let indexes = arbiters(table, &conflict.target, conflict.span)?;
        let update = match &conflict.action {
            ConflictAction::Nothing => None,
            ConflictAction::Update { .. } if indexes.is_none() => {
                return Err(error(
                    b"42601",
                    conflict.span,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                )
                .hint("For example, ON CONFLICT (column_name)."));
            }
            ConflictAction::Update {
                assignments,
                filter,
            } => {
                if let Some(scope) = self.scopes.last_mut() {
                    let excluded = ScopeRelation::stored(Arc::from("excluded"), 0, table);
                    scope.relations.push(excluded);
                }
                let assignments = self.assignments(table, assignments)?;
                let filter = self.condition(filter.as_ref(), "WHERE")?;
                if let Some(scope) = self.scopes.last_mut() {
                    scope.relations.pop();
                }
                Some(ConflictUpdate {
                    assignments,
                    filter,
                })
            }
        };
        Ok(ConflictPlan { indexes, update })
    }
}

/// 42601 when the last column stands before already.
fn assigned_once(bound: &[(usize, NewValue)], name: &Name) -> Result<(), PlanError> {
    let Some(((last, _), before)) = bound.split_last() else {
        return Ok(());
    };
    match before.iter().any(|(slot, _)| slot == last) {
        true => fail(
            b"42601",
            name.span,
            format!("multiple assignments to same column \"{name}\""),
        ),
        false => Ok(()),
    }
}

fn check_width(given: usize, wanted: usize, named: bool, span: Span) -> Result<(), PlanError> {
    if given > wanted {
        return fail(
            b"42601",
            span,
            "INSERT has more expressions than target columns",
        );
    }
    if named && given < wanted {
        return fail(
            b"42601",
            span,
            "INSERT has more target columns than expressions",
        );
    }
    Ok(())
}

/// Columns that get no value, with what they take instead; those that stay null left out.
fn others(table: &Table, given: &[&Column]) -> Vec<(usize, DefaultValue)> {
    table
        .columns
        .iter()
        .filter(|column| !given.iter().any(|other| other.id == column.id))
        .filter(|column| !matches!(column.default, DefaultValue::Null))
        .map(|column| (column.slot, column.default.clone()))
        .collect()
}
