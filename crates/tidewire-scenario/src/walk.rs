//! Walking over everything that a statement or an expression mentions, with leave to change it.
//!
//! The trees are small and were cloned for the program anyway, so one walk that may change serves all:
//! collecting `:names` and tables, lifting draws, and qualifying the tables of invariants.

use tidewire_syntax::ast::sql::{
    Assignment, ConflictAction, Expression, ExpressionKind, Insert, InsertSource, Select,
    SelectItem, Statement, TableName,
};

/// What happens at each place of the walk.
pub(crate) trait Visitor {
    /// A table in `FROM`, or the one that is written to.
    fn table(&mut self, _table: &mut TableName) {}
    /// An expression, before its parts.
    fn expression(&mut self, _expression: &mut Expression) {}
}

/// Walks over a statement.
pub(crate) fn statement(tree: &mut Statement, visitor: &mut dyn Visitor) {
    match tree {
        Statement::Insert(tree) => insert(tree, visitor),
        Statement::Update(tree) => {
            visitor.table(&mut tree.table);
            assignments(&mut tree.assignments, visitor);
            all(tree.filter.iter_mut(), visitor);
            select_items(&mut tree.returning, visitor);
        }
        Statement::Delete(tree) => {
            visitor.table(&mut tree.table);
            all(tree.filter.iter_mut(), visitor);
            select_items(&mut tree.returning, visitor);
        }
        Statement::Select(tree) => select(tree, visitor),
        Statement::CreateTable(_)
        | Statement::AlterTable(_)
        | Statement::Begin(_)
        | Statement::Commit { .. }
        | Statement::Rollback { .. }
        | Statement::Savepoint(_)
        | Statement::RollbackTo(_)
        | Statement::Release(_)
        | Statement::Session(_) => {}
    }
}

fn insert(tree: &mut Insert, visitor: &mut dyn Visitor) {
    visitor.table(&mut tree.table);
    match &mut tree.source {
        InsertSource::Values(rows) => {
            let values = rows.iter_mut().flat_map(|row| row.iter_mut().flatten());
            all(values, visitor);
        }
        InsertSource::Query(query) => select(query, visitor),
        InsertSource::DefaultValues => {}
    }
    if let Some(conflict) = &mut tree.on_conflict
        && let ConflictAction::Update {
            assignments: set,
            filter,
        } = &mut conflict.action
    {
        assignments(set, visitor);
        all(filter.iter_mut(), visitor);
    }
    select_items(&mut tree.returning, visitor);
}

/// Walks over a query.
pub(crate) fn select(tree: &mut Select, visitor: &mut dyn Visitor) {
    for source in &mut tree.from {
        visitor.table(&mut source.table.name);
        for join in &mut source.joins {
            visitor.table(&mut join.table.name);
            all(join.on.iter_mut(), visitor);
        }
    }
    select_items(&mut tree.items, visitor);
    all(tree.filter.iter_mut(), visitor);
    all(tree.group_by.iter_mut(), visitor);
    all(tree.having.iter_mut(), visitor);
    let keys = tree.order_by.iter_mut().map(|key| &mut key.expression);
    all(keys, visitor);
    all(tree.limit.iter_mut(), visitor);
    all(tree.offset.iter_mut(), visitor);
}

fn assignments(list: &mut [Assignment], visitor: &mut dyn Visitor) {
    all(
        list.iter_mut().filter_map(|set| set.value.as_mut()),
        visitor,
    );
}

fn select_items(list: &mut [SelectItem], visitor: &mut dyn Visitor) {
    for item in list {
        if let SelectItem::Expression(tree, _) = item {
            expression(tree, visitor);
        }
    }
}

fn all<'t>(list: impl Iterator<Item = &'t mut Expression>, visitor: &mut dyn Visitor) {
    list.for_each(|tree| expression(tree, visitor));
}

/// Walks over an expression.
pub(crate) fn expression(tree: &mut Expression, visitor: &mut dyn Visitor) {
    visitor.expression(tree);
    match &mut tree.kind {
        ExpressionKind::Literal(_)
        | ExpressionKind::Column { .. }
        | ExpressionKind::Parameter { .. } => {}
        ExpressionKind::Unary(_, operand)
        | ExpressionKind::IsNull { operand, .. }
        | ExpressionKind::Cast(operand, _) => expression(operand, visitor),
        ExpressionKind::Binary(_, left, right)
        | ExpressionKind::IsDistinctFrom { left, right, .. } => {
            expression(left, visitor);
            expression(right, visitor);
        }
        ExpressionKind::InList { operand, list, .. } => {
            expression(operand, visitor);
            all(list.iter_mut(), visitor);
        }
        ExpressionKind::InQuery { operand, query, .. } => {
            expression(operand, visitor);
            select(query, visitor);
        }
        ExpressionKind::Between {
            operand, low, high, ..
        } => {
            expression(operand, visitor);
            expression(low, visitor);
            expression(high, visitor);
        }
        ExpressionKind::Like {
            operand, pattern, ..
        } => {
            expression(operand, visitor);
            expression(pattern, visitor);
        }
        ExpressionKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            all(operand.iter_mut().map(Box::as_mut), visitor);
            for (condition, value) in branches {
                expression(condition, visitor);
                expression(value, visitor);
            }
            all(otherwise.iter_mut().map(Box::as_mut), visitor);
        }
        ExpressionKind::Function(call) => all(call.arguments.iter_mut(), visitor),
        ExpressionKind::Exists(query) | ExpressionKind::Subquery(query) => select(query, visitor),
    }
}
