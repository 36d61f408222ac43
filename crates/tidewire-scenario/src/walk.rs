//! Walking over everything that a statement or an expression mentions, with leave to change it.
//!
//! The trees are small and were cloned for the program anyway, so one walk that may change serves all:
//! collecting `:names` and tables, lifting draws, and qualifying the tables of invariants.

use tidewire_syntax::ast::sql::{
    Assignment, ConflictAction, Expression, ExpressionKind, FunctionCall, Insert, InsertSource,
    JoinCondition, OrderBy, Over, Quantity, Query, QueryBody, Select, SelectItem, SourceKind,
    Statement, TableExpression, TableName, TableSource, WindowDefinition, With,
};

/// What happens at each place of the walk.
pub(crate) trait Visitor {
    /// A table in `FROM`, or the one that is written to. Names of WITH are none.
    fn table(&mut self, _table: &mut TableName) {}
    /// An expression, before its parts.
    fn expression(&mut self, _expression: &mut Expression) {}
}

/// Walks over a statement.
pub(crate) fn statement(tree: &mut Statement, visitor: &mut dyn Visitor) {
    Walk::new(visitor).statement(tree);
}

/// Walks over a query.
pub(crate) fn query(tree: &mut Query, visitor: &mut dyn Visitor) {
    Walk::new(visitor).query(tree);
}

/// Walks over an expression.
pub(crate) fn expression(tree: &mut Expression, visitor: &mut dyn Visitor) {
    Walk::new(visitor).expression(tree);
}

struct Walk<'v> {
    visitor: &'v mut dyn Visitor,
    /// Names of WITH in sight.
    common: Vec<String>,
}

impl<'v> Walk<'v> {
    fn new(visitor: &'v mut dyn Visitor) -> Self {
        Self {
            visitor,
            common: Vec::new(),
        }
    }

    fn statement(&mut self, tree: &mut Statement) {
        match tree {
            Statement::Insert(tree) => self.insert(tree),
            Statement::Update(tree) => {
                let outside = self.with(tree.with.as_mut());
                self.visitor.table(&mut tree.table);
                self.assignments(&mut tree.assignments);
                self.from(&mut tree.from);
                self.all(&mut tree.filter);
                self.items(&mut tree.returning);
                self.common.truncate(outside);
            }
            Statement::Delete(tree) => {
                let outside = self.with(tree.with.as_mut());
                self.visitor.table(&mut tree.table);
                self.from(&mut tree.using);
                self.all(&mut tree.filter);
                self.items(&mut tree.returning);
                self.common.truncate(outside);
            }
            Statement::Query(tree) => self.query(tree),
            Statement::CreateTable(_)
            | Statement::AlterTable(_)
            | Statement::DropTable(_)
            | Statement::Truncate(_)
            | Statement::Sequence(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)
            | Statement::Begin(_)
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint(_)
            | Statement::RollbackTo(_)
            | Statement::Release(_)
            | Statement::Session(_) => {}
        }
    }

    /// Walks over WITH, whose names stay in sight; gives how many were so before.
    fn with(&mut self, with: Option<&mut With>) -> usize {
        let outside = self.common.len();
        if let Some(with) = with {
            for table in &mut with.tables {
                let name = table.name.as_str().to_string();
                if with.recursive {
                    self.common.push(name.clone());
                }
                self.statement(&mut table.statement);
                self.common.push(name);
            }
        }
        outside
    }

    fn insert(&mut self, tree: &mut Insert) {
        let outside = self.with(tree.with.as_mut());
        self.visitor.table(&mut tree.table);
        match &mut tree.source {
            InsertSource::Values(rows) => self.all(rows.iter_mut().flatten().flatten()),
            InsertSource::Query(query) => self.query(query),
            InsertSource::DefaultValues => {}
        }
        if let Some(conflict) = &mut tree.on_conflict
            && let ConflictAction::Update {
                assignments,
                filter,
            } = &mut conflict.action
        {
            self.assignments(assignments);
            self.all(filter);
        }
        self.items(&mut tree.returning);
        self.common.truncate(outside);
    }

    fn query(&mut self, tree: &mut Query) {
        let outside = self.with(tree.with.as_mut());
        self.body(&mut tree.body);
        self.order(&mut tree.order_by);
        self.all(&mut tree.limit);
        self.all(&mut tree.offset);
        self.common.truncate(outside);
    }

    fn body(&mut self, tree: &mut QueryBody) {
        match tree {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values(rows) => self.all(rows.iter_mut().flatten()),
            QueryBody::Set(set) => {
                self.body(&mut set.first);
                set.rest.iter_mut().for_each(|one| self.body(&mut one.body));
            }
            QueryBody::Nested(query) => self.query(query),
        }
    }

    fn select(&mut self, tree: &mut Select) {
        self.from(&mut tree.from);
        self.items(&mut tree.items);
        self.all(&mut tree.filter);
        self.all(&mut tree.group_by);
        self.all(&mut tree.having);
        for (_, window) in &mut tree.windows {
            self.window(window);
        }
    }

    fn from(&mut self, tables: &mut [TableExpression]) {
        for table in tables {
            self.source(&mut table.source);
            for join in &mut table.joins {
                self.source(&mut join.source);
                if let JoinCondition::On(on) = &mut join.condition {
                    self.expression(on);
                }
            }
        }
    }

    fn source(&mut self, source: &mut TableSource) {
        match &mut source.kind {
            SourceKind::Table(name) => {
                let common = |known: &String| known.as_str() == name.table.as_str();
                if name.database.is_some() || !self.common.iter().any(common) {
                    self.visitor.table(name);
                }
            }
            SourceKind::Query { query, .. } => self.query(query),
            SourceKind::Function { call, .. } => self.call(call),
            SourceKind::Joined(table) => self.from(std::slice::from_mut(table)),
        }
    }

    fn assignments(&mut self, list: &mut [Assignment]) {
        for assignment in list {
            match assignment {
                Assignment::Column(_, value) => self.all(value),
                Assignment::Columns(_, query) => self.query(query),
            }
        }
    }

    fn items(&mut self, list: &mut [SelectItem]) {
        for item in list {
            if let SelectItem::Expression(tree, _) = item {
                self.expression(tree);
            }
        }
    }

    fn order(&mut self, keys: &mut [OrderBy]) {
        self.all(keys.iter_mut().map(|key| &mut key.expression));
    }

    fn window(&mut self, window: &mut WindowDefinition) {
        self.all(&mut window.partition_by);
        self.order(&mut window.order_by);
    }

    fn call(&mut self, call: &mut FunctionCall) {
        self.all(&mut call.arguments);
        self.order(&mut call.order_by);
        self.all(call.filter.iter_mut().map(Box::as_mut));
        if let Some(Over::Window(window)) = call.over.as_deref_mut() {
            self.window(window);
        }
    }

    fn all<'t>(&mut self, list: impl IntoIterator<Item = &'t mut Expression>) {
        list.into_iter().for_each(|tree| self.expression(tree));
    }

    fn expression(&mut self, tree: &mut Expression) {
        self.visitor.expression(tree);
        match &mut tree.kind {
            ExpressionKind::Literal(_)
            | ExpressionKind::Column { .. }
            | ExpressionKind::Parameter { .. } => {}
            ExpressionKind::Unary(_, operand)
            | ExpressionKind::IsNull { operand, .. }
            | ExpressionKind::Cast(operand, _) => self.expression(operand),
            ExpressionKind::Binary(_, left, right)
            | ExpressionKind::IsDistinctFrom { left, right, .. } => {
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
            } => {
                self.expression(operand);
                self.expression(low);
                self.expression(high);
            }
            ExpressionKind::Like {
                operand,
                pattern,
                escape,
                ..
            } => {
                self.expression(operand);
                self.expression(pattern);
                self.all(escape.iter_mut().map(Box::as_mut));
            }
            ExpressionKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                self.all(operand.iter_mut().map(Box::as_mut));
                for (condition, value) in branches {
                    self.expression(condition);
                    self.expression(value);
                }
                self.all(otherwise.iter_mut().map(Box::as_mut));
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
