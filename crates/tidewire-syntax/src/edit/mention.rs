//! Where nodes are named: the places that renaming changes and deleting may have to.

use super::tables::Tables;
use crate::ast::sql::{Expression, Query, Statement};
use crate::ast::{
    AnswerCondition, DatabaseMember, Expecting, FaultKind, Item, ItemKind, Lesson, LessonMember,
    ServiceMember, Step, StepKind, Trigger,
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
            ItemKind::Invariant(block) => self.query(&block.query),
            ItemKind::Fault(block) => {
                self.0.extend(block.kind.nodes());
                if let FaultKind::Migrate(_, statements) = &block.kind {
                    statements.iter().for_each(|it| self.statement(it));
                }
                if let Some(Trigger::AfterCommit { client, .. }) = &block.trigger {
                    self.0.extend(client);
                }
            }
            ItemKind::Design(design) => design.items.iter().for_each(|it| self.item(it)),
            ItemKind::Without(node) => self.0.push(node),
            ItemKind::Layout(positions) => self.0.extend(positions.iter().map(|it| &it.node)),
            ItemKind::Lesson(lesson) => self.lesson(lesson),
            ItemKind::Scenario(_)
            | ItemKind::About(_)
            | ItemKind::Event(_)
            | ItemKind::Explore(_) => {}
        }
    }

    fn lesson(&mut self, lesson: &'p Lesson) {
        for member in &lesson.members {
            match &member.kind {
                LessonMember::Predict(predict) => {
                    for answer in &predict.answers {
                        if let Some(AnswerCondition::Rows(query) | AnswerCondition::NoRows(query)) =
                            &answer.condition
                        {
                            self.query(query);
                        }
                    }
                }
                LessonMember::Highlight(highlight) => self.0.extend(&highlight.nodes),
                LessonMember::Seed(_)
                | LessonMember::At(..)
                | LessonMember::Explain(_)
                | LessonMember::Without(_) => {}
            }
        }
    }

    fn service_member(&mut self, member: &'p ServiceMember) {
        match member {
            // `without db` in a service takes a store out of its header.
            ServiceMember::Without(name) => self.0.push(name),
            ServiceMember::Saga(saga) => self.0.push(&saga.state),
            _ => {}
        }
        for body in member.bodies() {
            self.steps(body);
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
                StepKind::Append(append) => {
                    let fields = append.events.iter().flat_map(|it| &it.arguments);
                    fields.for_each(|it| self.expression(&it.value));
                    self.expression(&append.stream);
                    if let Expecting::Version(version) = &append.expecting {
                        self.expression(version);
                    }
                    append.id.iter().for_each(|it| self.expression(it));
                }
                StepKind::LoadStream(load) => {
                    self.expression(&load.stream);
                    load.state.iter().for_each(|(_, it)| self.expression(it));
                    load.cases.iter().for_each(|it| self.steps(&it.body));
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
                    self.query(query);
                    self.steps(body);
                }
                StepKind::SingleFlight { key, body } => {
                    self.expression(key);
                    self.steps(body);
                }
                StepKind::Get { entry, .. } | StepKind::DeleteEntry(entry) => {
                    self.expression(&entry.key);
                }
                StepKind::Put { entry, fields, .. } => {
                    self.expression(&entry.key);
                    fields.iter().for_each(|it| self.expression(&it.value));
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
                StepKind::Group(_)
                | StepKind::Guarded { .. }
                | StepKind::Retry { .. }
                | StepKind::Parallel(_) => {
                    step.kind.parts().into_iter().for_each(|it| self.steps(it));
                }
            }
        }
    }

    fn statement(&mut self, statement: &'p Statement) {
        self.databases(|tables| tables.statement(statement));
    }

    fn query(&mut self, query: &'p Query) {
        self.databases(|tables| tables.query(query));
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.databases(|tables| tables.expression(expression));
    }

    fn databases(&mut self, collect: impl FnOnce(&mut Tables<'p>)) {
        let mut tables = Tables::default();
        collect(&mut tables);
        let found = tables.found.into_iter();
        self.0
            .extend(found.filter_map(|table| table.database.as_ref()));
    }
}
