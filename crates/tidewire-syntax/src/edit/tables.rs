//! Which tables a statement touches, those of its subqueries included.

use crate::ast::sql::{
    Assignment, ConflictAction, Expression, ExpressionKind, FunctionCall, Insert, InsertSource,
    JoinCondition, Maintenance, OrderBy, Over, Quantity, Query, QueryBody, Select, SelectItem,
    SessionStatement, SourceKind, Statement, TableExpression, TableName, TableSource,
    WindowDefinition, With,
};

/// The tables that a statement touches. Names of WITH are none.
pub(super) fn tables(statement: &Statement) -> Vec<&TableName> {
    let mut tables = Tables::default();
    tables.statement(statement);
    tables.found
}

/// Collects tables.
#[derive(Default)]
pub(super) struct Tables<'p> {
    pub(super) found: Vec<&'p TableName>,
    /// Names of WITH in sight.
    common: Vec<&'p str>,
}

impl<'p> Tables<'p> {
    pub(super) fn statement(&mut self, statement: &'p Statement) {
        match statement {
            Statement::CreateTable(create) => self.found.push(&create.name),
            Statement::AlterTable(alter) => self.found.push(&alter.table),
            Statement::DropTable(drop) => self.found.extend(&drop.tables),
            Statement::Truncate(truncate) => self.found.extend(&truncate.tables),
            Statement::Sequence(_) => {}
            Statement::CreateIndex(create) => self.found.push(&create.table),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.within(update.with.as_ref(), |tables| {
                tables.found.push(&update.table);
                tables.assignments(&update.assignments);
                tables.from(&update.from);
                tables.maybe(&update.filter);
                tables.items(&update.returning);
            }),
            Statement::Delete(delete) => self.within(delete.with.as_ref(), |tables| {
                tables.found.push(&delete.table);
                tables.from(&delete.using);
                tables.maybe(&delete.filter);
                tables.items(&delete.returning);
            }),
            Statement::Query(query) => self.query(query),
            Statement::DropIndex(_)
            | Statement::Begin(_)
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint(_)
            | Statement::RollbackTo(_)
            | Statement::Release(_) => {}
            Statement::Session(session) => match session {
                SessionStatement::Prepare(prepared) => self.statement(&prepared.statement),
                SessionStatement::Execute(execute) => self.all(&execute.arguments),
                SessionStatement::LockTable(lock) => self.found.extend(&lock.tables),
                SessionStatement::Maintain(
                    Maintenance::Vacuum(tables) | Maintenance::Analyze(tables),
                ) => {
                    self.found.extend(tables);
                }
                SessionStatement::Maintain(Maintenance::Reindex(table)) => self.found.extend(table),
                _ => {}
            },
        }
    }

    /// Goes on where the names of WITH are in sight.
    fn within(&mut self, with: Option<&'p With>, inside: impl FnOnce(&mut Self)) {
        let outside = self.common.len();
        for table in with.iter().flat_map(|with| &with.tables) {
            if with.is_some_and(|with| with.recursive) {
                self.common.push(table.name.as_str());
            }
            self.statement(&table.statement);
            self.common.push(table.name.as_str());
        }
        inside(self);
        self.common.truncate(outside);
    }

    fn insert(&mut self, insert: &'p Insert) {
        self.within(insert.with.as_ref(), |tables| {
            tables.found.push(&insert.table);
            match &insert.source {
                InsertSource::Values(rows) => rows.iter().flatten().for_each(|it| tables.maybe(it)),
                InsertSource::Query(query) => tables.query(query),
                InsertSource::DefaultValues => {}
            }
            if let Some(conflict) = &insert.on_conflict
                && let ConflictAction::Update {
                    assignments,
                    filter,
                } = &conflict.action
            {
                tables.assignments(assignments);
                tables.maybe(filter);
            }
            tables.items(&insert.returning);
        });
    }

    fn assignments(&mut self, assignments: &'p [Assignment]) {
        for assignment in assignments {
            match assignment {
                Assignment::Column(_, value) => self.maybe(value),
                Assignment::Columns(_, query) => self.query(query),
            }
        }
    }

    pub(super) fn query(&mut self, query: &'p Query) {
        self.within(query.with.as_ref(), |tables| {
            tables.body(&query.body);
            tables.order(&query.order_by);
            tables.maybe(&query.limit);
            tables.maybe(&query.offset);
        });
    }

    fn body(&mut self, body: &'p QueryBody) {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values(rows) => rows.iter().for_each(|row| self.all(row)),
            QueryBody::Set(set) => {
                self.body(&set.first);
                set.rest.iter().for_each(|it| self.body(&it.body));
            }
            QueryBody::Nested(query) => self.query(query),
        }
    }

    fn select(&mut self, select: &'p Select) {
        self.items(&select.items);
        self.from(&select.from);
        self.maybe(&select.filter);
        self.all(&select.group_by);
        self.maybe(&select.having);
        select.windows.iter().for_each(|(_, it)| self.window(it));
    }

    fn from(&mut self, tables: &'p [TableExpression]) {
        for table in tables {
            self.source(&table.source);
            for join in &table.joins {
                self.source(&join.source);
                if let JoinCondition::On(on) = &join.condition {
                    self.expression(on);
                }
            }
        }
    }

    fn source(&mut self, source: &'p TableSource) {
        match &source.kind {
            SourceKind::Table(name) => {
                let common = name.database.is_none() && self.common.contains(&name.table.as_str());
                if !common {
                    self.found.push(name);
                }
            }
            SourceKind::Query { query, .. } => self.query(query),
            SourceKind::Function { call, .. } => self.call(call),
            SourceKind::Joined(table) => self.from(std::slice::from_ref(table)),
        }
    }

    fn items(&mut self, items: &'p [SelectItem]) {
        for item in items {
            if let SelectItem::Expression(expression, _) = item {
                self.expression(expression);
            }
        }
    }

    fn order(&mut self, keys: &'p [OrderBy]) {
        keys.iter().for_each(|it| self.expression(&it.expression));
    }

    fn window(&mut self, window: &'p WindowDefinition) {
        self.all(&window.partition_by);
        self.order(&window.order_by);
    }

    fn call(&mut self, call: &'p FunctionCall) {
        self.all(&call.arguments);
        self.order(&call.order_by);
        call.filter.iter().for_each(|it| self.expression(it));
        if let Some(Over::Window(window)) = call.over.as_deref() {
            self.window(window);
        }
    }

    fn maybe(&mut self, expression: &'p Option<Expression>) {
        expression.iter().for_each(|it| self.expression(it));
    }

    fn all(&mut self, expressions: &'p [Expression]) {
        expressions.iter().for_each(|it| self.expression(it));
    }

    pub(super) fn expression(&mut self, expression: &'p Expression) {
        match &expression.kind {
            ExpressionKind::Literal(_)
            | ExpressionKind::Column { .. }
            | ExpressionKind::Parameter { .. } => {}
            ExpressionKind::Unary(_, operand)
            | ExpressionKind::IsNull { operand, .. }
            | ExpressionKind::Cast(operand, _) => self.expression(operand),
            ExpressionKind::Binary(_, left, right)
            | ExpressionKind::IsDistinctFrom { left, right, .. }
            | ExpressionKind::Like {
                operand: left,
                pattern: right,
                ..
            } => {
                self.expression(left);
                self.expression(right);
            }
            ExpressionKind::InList { operand, list, .. } => {
                self.expression(operand);
                self.all(list);
            }
            ExpressionKind::InQuery { operand, query, .. } => {
                self.expression(operand);
                self.query(query);
            }
            ExpressionKind::Between {
                operand, low, high, ..
            } => [operand, low, high]
                .into_iter()
                .for_each(|it| self.expression(it)),
            ExpressionKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                operand
                    .iter()
                    .chain(otherwise)
                    .for_each(|it| self.expression(it));
                for (when, then) in branches {
                    self.expression(when);
                    self.expression(then);
                }
            }
            ExpressionKind::Function(call) => self.call(call),
            ExpressionKind::Exists(query) | ExpressionKind::Subquery(query) => self.query(query),
            ExpressionKind::Row(parts) => self.all(parts),
            ExpressionKind::Quantified {
                operand, against, ..
            } => {
                self.expression(operand);
                match against {
                    Quantity::List(list) => self.all(list),
                    Quantity::Query(query) => self.query(query),
                }
            }
        }
    }
}
