//! Where nodes are named: the places that renaming changes and deleting may have to.

use crate::ast::sql::{
    ConflictAction, Expression, ExpressionKind, Insert, InsertSource, Maintenance, Select,
    SelectItem, SessionStatement, Statement, TableName,
};
use crate::ast::{
    DatabaseMember, FaultKind, Item, ItemKind, ServiceMember, Step, StepKind, Trigger,
};
use crate::{Name, Span};

/// The places in a block where a node may be named.
pub(super) fn mentions(item: &Item) -> Vec<&Name> {
    let mut names = Mentions(Vec::new());
    names.item(item);
    names.0
}

/// The places in a block where a node of that name is named.
pub(super) fn mentions_of(item: &Item, node: &str) -> Vec<Span> {
    mentions(item)
        .into_iter()
        .filter(|name| name.text.eq_ignore_ascii_case(node))
        .map(|name| name.span)
        .collect()
}

/// The tables that a statement touches, those of its subqueries included.
pub(super) fn tables(statement: &Statement) -> Vec<&TableName> {
    let mut tables = Tables(Vec::new());
    tables.statement(statement);
    tables.0
}

struct Mentions<'p>(Vec<&'p Name>);

impl<'p> Mentions<'p> {
    fn item(&mut self, item: &'p Item) {
        match &item.kind {
            ItemKind::Database(block) => {
                self.0.push(&block.name);
                for member in &block.members {
                    if let DatabaseMember::Statement(statement) = &member.kind {
                        self.statement(statement);
                    }
                }
            }
            ItemKind::Broker(block) => {
                // Topics are no nodes.
                self.0.push(&block.name);
            }
            ItemKind::Service(block) => {
                self.0.push(&block.name);
                self.0.extend(block.owns.iter().chain(&block.uses));
                for member in &block.members {
                    self.service_member(&member.kind);
                }
            }
            ItemKind::Relay(block) => {
                self.0.push(&block.name);
                self.0.extend(&block.table.database);
                self.0.extend(&block.broker);
            }
            ItemKind::Client(block) => {
                self.0.push(&block.name);
                self.steps(&block.body);
            }
            ItemKind::Invariant(block) => self.select(&block.query),
            ItemKind::Fault(block) => {
                match &block.kind {
                    FaultKind::Crash(node) => self.0.push(node),
                    FaultKind::Migrate(node, statements) => {
                        self.0.push(node);
                        statements.iter().for_each(|it| self.statement(it));
                    }
                    FaultKind::Partition { from, to, .. } => self.0.extend([from, to]),
                }
                if let Trigger::AfterCommit { client, .. } = &block.trigger {
                    self.0.extend(client);
                }
            }
            ItemKind::Design(design) => design.items.iter().for_each(|it| self.item(it)),
            ItemKind::Without(node) => self.0.push(node),
            ItemKind::Layout(positions) => self.0.extend(positions.iter().map(|it| &it.node)),
            ItemKind::Scenario(_)
            | ItemKind::About(_)
            | ItemKind::Event(_)
            | ItemKind::Explore(_) => {}
        }
    }

    fn service_member(&mut self, member: &'p ServiceMember) {
        match member {
            ServiceMember::Command(command) => self.steps(&command.body),
            ServiceMember::Subscription(on) => self.steps(&on.body),
            ServiceMember::Every(_, steps) => self.steps(steps),
            // `without db` in a service takes a store out of its header.
            ServiceMember::Without(name) => self.0.push(name),
            ServiceMember::Workers(_) | ServiceMember::Instances(_) | ServiceMember::Timeout(_) => {
            }
        }
    }

    fn steps(&mut self, steps: &'p [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Sql {
                    statement,
                    database,
                    ..
                } => {
                    self.statement(statement);
                    self.0.extend(database);
                }
                StepKind::Call(call) => {
                    self.0.push(&call.service);
                    call.arguments
                        .iter()
                        .for_each(|it| self.expression(&it.value));
                }
                StepKind::Publish(publish) => {
                    publish
                        .arguments
                        .iter()
                        .for_each(|it| self.expression(&it.value));
                    publish.key.iter().for_each(|it| self.expression(it));
                }
                StepKind::Let(_, value) => self.expression(value),
                StepKind::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    self.expression(condition);
                    self.steps(then);
                    self.steps(otherwise);
                }
                StepKind::ForEach { query, body, .. } => {
                    self.select(query);
                    self.steps(body);
                }
                StepKind::Require(condition, failure) => {
                    self.expression(condition);
                    failure.message.iter().for_each(|it| self.expression(it));
                }
                StepKind::Fail(failure) => {
                    failure.message.iter().for_each(|it| self.expression(it));
                }
                StepKind::Reply(fields) => fields.iter().for_each(|it| self.expression(&it.value)),
                StepKind::Wait(_) => {}
            }
        }
    }

    fn statement(&mut self, statement: &'p Statement) {
        self.databases(|tables| tables.statement(statement));
    }

    fn select(&mut self, select: &'p Select) {
        self.databases(|tables| tables.select(select));
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.databases(|tables| tables.expression(expression));
    }

    fn databases(&mut self, collect: impl FnOnce(&mut Tables<'p>)) {
        let mut tables = Tables(Vec::new());
        collect(&mut tables);
        self.0.extend(
            tables
                .0
                .into_iter()
                .filter_map(|table| table.database.as_ref()),
        );
    }
}

struct Tables<'p>(Vec<&'p TableName>);

impl<'p> Tables<'p> {
    fn statement(&mut self, statement: &'p Statement) {
        match statement {
            Statement::CreateTable(create) => self.0.push(&create.name),
            Statement::AlterTable(alter) => self.0.push(&alter.table),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                self.0.push(&update.table);
                update
                    .assignments
                    .iter()
                    .for_each(|it| self.maybe(&it.value));
                self.maybe(&update.filter);
                self.items(&update.returning);
            }
            Statement::Delete(delete) => {
                self.0.push(&delete.table);
                self.maybe(&delete.filter);
                self.items(&delete.returning);
            }
            Statement::Select(select) => self.select(select),
            Statement::Begin(_)
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint(_)
            | Statement::RollbackTo(_)
            | Statement::Release(_) => {}
            Statement::Session(session) => match session {
                SessionStatement::LockTable(lock) => self.0.extend(&lock.tables),
                SessionStatement::Maintain(
                    Maintenance::Vacuum(tables) | Maintenance::Analyze(tables),
                ) => {
                    self.0.extend(tables);
                }
                _ => {}
            },
        }
    }

    fn insert(&mut self, insert: &'p Insert) {
        self.0.push(&insert.table);
        match &insert.source {
            InsertSource::Values(rows) => rows.iter().flatten().for_each(|it| self.maybe(it)),
            InsertSource::Query(select) => self.select(select),
            InsertSource::DefaultValues => {}
        }
        if let Some(conflict) = &insert.on_conflict
            && let ConflictAction::Update {
                assignments,
                filter,
            } = &conflict.action
        {
            assignments.iter().for_each(|it| self.maybe(&it.value));
            self.maybe(filter);
        }
        self.items(&insert.returning);
    }

    fn select(&mut self, select: &'p Select) {
        self.items(&select.items);
        for table in &select.from {
            self.0.push(&table.table.name);
            for join in &table.joins {
                self.0.push(&join.table.name);
                self.maybe(&join.on);
            }
        }
        self.maybe(&select.filter);
        select.group_by.iter().for_each(|it| self.expression(it));
        self.maybe(&select.having);
        select
            .order_by
            .iter()
            .for_each(|it| self.expression(&it.expression));
        self.maybe(&select.limit);
        self.maybe(&select.offset);
    }

    fn items(&mut self, items: &'p [SelectItem]) {
        for item in items {
            if let SelectItem::Expression(expression, _) = item {
                self.expression(expression);
            }
        }
    }

    fn maybe(&mut self, expression: &'p Option<Expression>) {
        expression.iter().for_each(|it| self.expression(it));
    }

    fn expression(&mut self, expression: &'p Expression) {
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
                list.iter().for_each(|it| self.expression(it));
            }
            ExpressionKind::InQuery { operand, query, .. } => {
                self.expression(operand);
                self.select(query);
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
            ExpressionKind::Function(call) => {
                call.arguments.iter().for_each(|it| self.expression(it))
            }
            ExpressionKind::Exists(query) | ExpressionKind::Subquery(query) => self.select(query),
        }
    }
}
