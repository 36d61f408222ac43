//! Sagas: the table that keeps their state, and the signatures of their two handlers. The code is in
//! `handler::saga`.

use tidewire_store::Store;
use tidewire_syntax::ast::{self, ItemKind, Saga, SagaStepKind, ServiceMember};
use tidewire_syntax::{Diagnostic, Span};

use super::Builder;
use super::services::{Body, Signature, reply_fields};
use crate::{DatabaseKind, HandlerTrigger, NodeId, ServiceId};

/// The table that the language adds to a database that keeps the state of sagas.
pub(super) const TABLE: &str = "sagas";

const CREATE: &str = "create table sagas (id serial primary key, saga text not null, status text not null, \
                      step text, failure text, data jsonb not null, started_at timestamp not null)";

impl<'a> Builder<'a> {
    /// Adds the table of states, if a saga keeps its state here. Answers whether that went well.
    pub(super) fn saga_table(&mut self, store: &mut Store, database: &ast::Database) -> bool {
        let here = |saga: &&Saga| saga.state.key() == database.name.key();
        let Some(saga) = self.sagas().find(here) else {
            return true;
        };
        if store.catalog().table(TABLE).is_some() {
            let message = format!("{} has a table {TABLE} already", database.name);
            let hint = format!(
                "call yours something else: {TABLE} is where {} keeps its state",
                saga.name
            );
            self.report
                .error("duplicate-name", saga.state.span, message, hint);
            return false;
        }
        self.fill_generated(store, CREATE);
        true
    }

    fn sagas(&self) -> impl Iterator<Item = &'a Saga> + use<'a> {
        let services = self
            .blocks
            .iter()
            .filter_map(|block| match &block.item.kind {
                ItemKind::Service(service) => Some(service),
                _ => None,
            });
        let members = services.flat_map(|service| &service.members);
        members.filter_map(|member| match &member.kind {
            ServiceMember::Saga(saga) => Some(saga),
            _ => None,
        })
    }

    /// Declares what a saga is called by, and what takes up unfinished ones when the service starts.
    pub(super) fn declare_saga(&mut self, owner: NodeId, service: ServiceId, saga: &'a Saga) {
        self.check_steps(saga);
        let parameters = self.fields(&saga.parameters);
        let Some(database) = self.database(&saga.state) else {
            return;
        };
        if !self.program.services[service.index()].reaches(database) {
            let (state, name) = (&saga.state, &self.program.services[service.index()].name);
            let message = format!("{name} cannot keep the state of {} in {state}", saga.name);
            let hint = format!("write service {name} owns {state}");
            self.report
                .error("foreign-table", saga.state.span, message, hint);
            return;
        }
        if self.program.databases[database.index()].kind != DatabaseKind::Relational {
            let message = format!("{} is not relational: it cannot keep a saga", saga.state);
            let hint = "name a relational database of the service";
            self.report
                .error("saga-state", saga.state.span, message, hint);
            return;
        }
        let mut replies = Vec::new();
        for (field, _) in saga.bodies().into_iter().flat_map(reply_fields) {
            if replies.iter().all(|(known, _)| *known != field) {
                replies.push((field, None));
            }
        }
        let id = self.declare(Signature {
            owner,
            service: Some(service),
            name: saga.name.text.clone(),
            span: saga.name.span,
            trigger: HandlerTrigger::Command { read_only: false },
            parameters: parameters.clone(),
            replies,
            body: Body::Saga(saga, database),
        });
        self.commands.insert((service, saga.name.key()), id);
        self.declare(Signature {
            owner,
            service: Some(service),
            name: format!("resume {}", saga.name).into(),
            span: saga.name.span,
            trigger: HandlerTrigger::Start,
            // They come from the row, not from a caller; the names are the same.
            parameters,
            replies: Vec::new(),
            body: Body::Resume(saga, database),
        });
    }

    /// Sagas are taken up by the process that starts, which must be the one that had them.
    pub(super) fn check_saga_instances(&mut self, service: &ast::Service, instances: u32) {
        let saga = service
            .members
            .iter()
            .find_map(|member| match &member.kind {
                ServiceMember::Saga(saga) => Some(saga),
                _ => None,
            });
        if let Some(saga) = saga
            && instances > 1
        {
            let message = format!(
                "{} runs in {instances} instances, and one that starts would take up the sagas of another",
                service.name
            );
            self.report.error(
                "saga-instances",
                saga.name.span,
                message,
                "give the saga a service of its own with one instance",
            );
        }
    }

    fn check_steps(&mut self, saga: &Saga) {
        let mut say = |span: Span, message: String, hint: &str| {
            self.report
                .push(Diagnostic::error("saga-steps", span, message).hint(hint));
        };
        if saga.steps.is_empty() {
            let message = format!("the saga {} has no steps", saga.name);
            say(
                saga.name.span,
                message,
                "write step NAME { do { … } undo { … } }",
            );
        }
        let mut pivot = None;
        for (at, step) in saga.steps.iter().enumerate() {
            let name = &step.name;
            let known = |earlier: &ast::SagaStep| earlier.name.key() == name.key();
            if saga.steps[..at].iter().any(known) {
                let message = format!("{} has a step {name} already", saga.name);
                say(
                    name.span,
                    message,
                    "its state says by name which step it is at",
                );
            }
            match (step.kind, &pivot) {
                (SagaStepKind::Compensatable, None) if step.undo.is_none() => {
                    let message = format!("nothing undoes {name} when a later step fails");
                    let hint = "add undo { … }; write undo { } if there is nothing to undo, or pivot if there is no \
                                way back from it";
                    say(name.span, message, hint);
                }
                (SagaStepKind::Compensatable | SagaStepKind::Pivot, Some(pivot)) => {
                    let message = format!(
                        "behind the pivot {pivot} there is no way back, so {name} cannot be undone"
                    );
                    say(
                        name.span,
                        message,
                        "write retriable, or put it before the pivot",
                    );
                }
                (SagaStepKind::Retriable, None) => {
                    let message = format!("{name} is retriable, but no pivot stands before it");
                    say(
                        name.span,
                        message,
                        "say which step is the pivot: from there on the saga only goes forward",
                    );
                }
                (SagaStepKind::Retriable, Some(_)) if step.undo.is_some() => {
                    let message = format!("{name} is retriable, so it is never undone");
                    say(name.span, message, "remove its undo");
                }
                (SagaStepKind::Pivot, None) => pivot = Some(name.clone()),
                _ => {}
            }
        }
    }
}
