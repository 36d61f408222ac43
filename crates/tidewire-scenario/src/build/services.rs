//! Services: headers, the signatures of their handlers, and the consumer groups that these form.

use std::sync::Arc;

use tidewire_store::Type;
use tidewire_syntax::ast::{
    self, Command, ItemKind, Relay, Saga, ServiceMember, ServiceRole, Step, StepKind, Subscription,
};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::{Builder, quantities};
use crate::outline::each_step;
use crate::{
    Cache, DatabaseId, HandlerId, HandlerTrigger, NodeId, NodeKind, Service, ServiceId, defaults,
    limits,
};

/// What is known of a handler before its body is lowered.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    /// Whose it is.
    pub(super) owner: NodeId,
    /// The same, unless it belongs to a client.
    pub(super) service: Option<ServiceId>,
    /// As people call it.
    pub(super) name: Arc<str>,
    /// Where it is declared.
    pub(super) span: Span,
    /// What starts it.
    pub(super) trigger: HandlerTrigger,
    /// Parameters of a command, or fields of an event.
    pub(super) parameters: Vec<(Name, Type)>,
    /// Fields of its replies with their types, where known; types come with the body.
    pub(super) replies: Vec<(Arc<str>, Option<Type>)>,
    /// What it does.
    pub(super) body: Body<'a>,
}

/// What a handler does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// What is written.
    Steps(&'a [Step]),
    /// What the language writes for a relay.
    Relay(&'a Relay, DatabaseId),
    /// What the language writes for a saga: a new one.
    Saga(&'a Saga, DatabaseId),
    /// The same, for those that a process finds unfinished when it starts.
    Resume(&'a Saga, DatabaseId),
    /// What is written for an event of a projection, in a transaction with its checkpoint.
    Projection(&'a [Step], Projection<'a>),
    /// What the language writes for a projection's command `Rebuild`.
    Rebuild(&'a ast::Service, Projection<'a>),
}

impl<'a> Body<'a> {
    /// The steps that are written in the text.
    pub(super) fn steps(self) -> Vec<&'a [Step]> {
        match self {
            Self::Steps(steps) => vec![steps],
            Self::Projection(steps, _) => vec![steps],
            Self::Relay(..) | Self::Rebuild(..) => Vec::new(),
            Self::Saga(saga, _) | Self::Resume(saga, _) => saga.bodies(),
        }
    }
}

/// A projection, as its handlers need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection<'a> {
    /// Its name, under which its checkpoints stand.
    pub(super) name: &'a str,
    /// Where its tables are.
    pub(super) database: DatabaseId,
    /// While it is rebuilt it publishes and calls nothing.
    pub(super) reactors_off: bool,
}

/// Where projections into a database keep how far they came.
const CHECKPOINTS: &str = "create table checkpoints (
    projection text not null,
    partition int not null,
    position bigint not null,
    replayed_to bigint,
    primary key (projection, partition))";

impl<'a> Builder<'a> {
    /// Builds services and relays with the signatures of their handlers; a relay's own come later.
    pub(super) fn services(&mut self) {
        for (node, kind, block) in self.blocks_with_nodes() {
            match (kind, &block.item.kind) {
                (NodeKind::Service(id), ItemKind::Service(service)) => {
                    self.build_service(node, id, service);
                }
                (NodeKind::Relay(_), ItemKind::Relay(relay)) => {
                    self.program.services.push(plain_service(node, &relay.name));
                }
                _ => {}
            }
        }
        self.note_shared_databases();
        self.refuse_foreign_stores();
    }

    fn build_service(&mut self, node: NodeId, id: ServiceId, written: &'a ast::Service) {
        let mut service = plain_service(node, &written.name);
        service.role = written.role;
        service.owns = self.header(&written.owns);
        service.uses = self.header(&written.uses);
        service
            .uses
            .retain(|database| !service.owns.contains(database));
        let target = service.uses.first().copied();
        self.program.services.push(service);
        if let ServiceRole::Projection { reactors_off } = written.role {
            if let Some(database) = target.filter(|id| !self.damaged.contains(id)) {
                let projection = Projection {
                    name: written.name.as_str(),
                    database,
                    reactors_off,
                };
                self.build_projection(node, id, written, projection);
            }
            return;
        }
        for member in &written.members {
            match &member.kind {
                ServiceMember::Workers(number) => {
                    let number = self.number(
                        "the number of workers",
                        member.span,
                        *number,
                        limits::WORKERS,
                    );
                    self.program.services[id.index()].workers = number;
                }
                ServiceMember::Instances(number) => {
                    let number = self.number(
                        "the number of instances",
                        member.span,
                        *number,
                        limits::INSTANCES,
                    );
                    self.program.services[id.index()].instances = number;
                }
                ServiceMember::Timeout(written) => {
                    let timeout = quantities::period(&mut self.report, "a timeout", *written);
                    self.program.services[id.index()].timeout_us = timeout;
                }
                ServiceMember::Command(command) => self.declare_command(node, id, command),
                ServiceMember::Subscription(on) => {
                    self.declare_subscription(node, id, on, member.span)
                }
                ServiceMember::Every(period, body) => {
                    self.declare_every(node, id, *period, body, member.span);
                }
                ServiceMember::Cache(cache) => {
                    let cache = self.cache(cache, member.span);
                    self.program.services[id.index()].caches.push(cache);
                }
                ServiceMember::Start(body) => self.declare_start(node, id, body, member.span),
                ServiceMember::Saga(saga) => self.declare_saga(node, id, saga),
                ServiceMember::Without(_) => {}
            }
        }
        let instances = self.program.services[id.index()].instances;
        self.check_saga_instances(written, instances);
    }

    fn declare_start(&mut self, owner: NodeId, service: ServiceId, body: &'a [Step], span: Span) {
        self.declare(Signature {
            owner,
            service: Some(service),
            name: "on start".into(),
            span,
            trigger: HandlerTrigger::Start,
            parameters: Vec::new(),
            replies: Vec::new(),
            body: Body::Steps(body),
        });
    }

    fn cache(&mut self, written: &ast::Cache, span: Span) -> Cache {
        let fields = self.fields(&written.fields);
        let capacity = written.capacity.unwrap_or(defaults::CACHE_ENTRIES);
        let what = "the capacity of a cache";
        let ttl = written.ttl;
        Cache {
            name: written.name.text.clone(),
            fields: fields
                .into_iter()
                .map(|(name, data_type)| (name.text, data_type))
                .collect(),
            capacity: self.number(what, span, capacity, limits::CACHE_ENTRIES),
            ttl_us: ttl.map(|ttl| quantities::period(&mut self.report, "a time to live", ttl)),
        }
    }

    /// One instance with one worker: events are handled in order, and a rebuild stands between two of them.
    fn build_projection(
        &mut self,
        node: NodeId,
        id: ServiceId,
        written: &'a ast::Service,
        projection: Projection<'a>,
    ) {
        if self.is_event_store(projection.database) {
            let message = format!("{} projects into an event store", written.name);
            self.report.error(
                "event-store",
                written.uses[0].span,
                message,
                "a projection keeps tables: name a relational database",
            );
            return;
        }
        self.program.services[id.index()].workers = 1;
        self.add_table(projection.database, "checkpoints", CHECKPOINTS);
        for member in &written.members {
            if let ServiceMember::Subscription(on) = &member.kind {
                let body = Body::Projection(&on.body, projection);
                self.subscribe(node, id, on, body, member.span);
            }
        }
        let handler = self.declare(Signature {
            owner: node,
            service: Some(id),
            name: "Rebuild".into(),
            span: written.name.span,
            trigger: HandlerTrigger::Command { read_only: false },
            parameters: Vec::new(),
            replies: Vec::new(),
            body: Body::Rebuild(written, projection),
        });
        self.commands.insert((id, "rebuild".to_owned()), handler);
    }

    fn number(&mut self, what: &str, span: Span, number: u32, most: u32) -> u32 {
        limits::within(&mut self.report, what, span, number, most)
    }

    fn header(&mut self, names: &[Name]) -> Vec<DatabaseId> {
        let mut databases = Vec::new();
        for name in names {
            if let Some(id) = self.database(name)
                && !databases.contains(&id)
            {
                databases.push(id);
            }
        }
        databases
    }

    /// Declares a handler.
    pub(super) fn declare(&mut self, signature: Signature<'a>) -> HandlerId {
        let id = HandlerId(self.signatures.len() as u32);
        if let Some(service) = signature.service {
            self.program.services[service.index()].handlers.push(id);
        }
        self.signatures.push(signature);
        id
    }

    fn declare_command(&mut self, owner: NodeId, service: ServiceId, command: &'a Command) {
        let parameters = self.fields(&command.parameters);
        let id = self.declare(Signature {
            owner,
            service: Some(service),
            name: command.name.text.clone(),
            span: command.name.span,
            trigger: HandlerTrigger::Command {
                read_only: command.read_only,
            },
            parameters,
            replies: reply_fields(&command.body),
            body: Body::Steps(&command.body),
        });
        self.commands.insert((service, command.name.key()), id);
    }

    fn declare_subscription(
        &mut self,
        owner: NodeId,
        service: ServiceId,
        on: &'a Subscription,
        span: Span,
    ) {
        self.subscribe(owner, service, on, Body::Steps(&on.body), span);
    }

    fn subscribe(
        &mut self,
        owner: NodeId,
        service: ServiceId,
        on: &'a Subscription,
        body: Body<'a>,
        span: Span,
    ) {
        let (event, topic) = (self.event(&on.event), self.topic(&on.topic));
        let (Some(event), Some(topic)) = (event, topic) else {
            return;
        };
        let fields = &self.program.events[event.index()].fields;
        let place = on.event.span;
        let parameters = fields
            .iter()
            .map(|(name, data_type)| (Name::new(name.clone(), place), *data_type))
            .collect();
        let handler = self.declare(Signature {
            owner,
            service: Some(service),
            name: format!("on {}", on.event).into(),
            span: place,
            trigger: HandlerTrigger::Event(topic, event),
            parameters,
            replies: Vec::new(),
            body,
        });
        let group = match &on.group {
            Some(name) => name.text.clone(),
            None => self.program.nodes[owner.index()].name.clone(),
        };
        self.join_group(topic, group, service, on, (event, handler), span);
    }

    fn declare_every(
        &mut self,
        owner: NodeId,
        service: ServiceId,
        period: ast::Duration,
        body: &'a [Step],
        span: Span,
    ) {
        let period_us = quantities::period(&mut self.report, "a period", period);
        let name = format!("every {}", period.span.text(self.source)).into();
        self.declare(Signature {
            owner,
            service: Some(service),
            name,
            span,
            trigger: HandlerTrigger::Every { period_us },
            parameters: Vec::new(),
            replies: Vec::new(),
            body: Body::Steps(body),
        });
    }

    /// What an external party keeps is its own, and it reaches nothing of ours: only calls cross the border.
    fn refuse_foreign_stores(&mut self) {
        for (_, kind, block) in self.blocks_with_nodes() {
            let (NodeKind::Service(id), ItemKind::Service(written)) = (kind, &block.item.kind)
            else {
                continue;
            };
            for name in written.owns.iter().chain(&written.uses) {
                let Some(&node) = self.nodes.get(&name.key()) else {
                    continue;
                };
                let NodeKind::Database(database) = self.program.nodes[node.index()].kind else {
                    continue;
                };
                let mut others = self
                    .program
                    .services
                    .iter()
                    .filter(|it| it.reaches(database));
                let party = match written.role {
                    // Said once, at the service that reaches over the border.
                    ServiceRole::External => continue,
                    _ => others.find(|it| it.role == ServiceRole::External),
                };
                if let Some(party) = party {
                    let service = &self.program.services[id.index()].name;
                    let message = format!(
                        "{service} cannot reach {name}: {} is an external party, whose database is its own",
                        party.name
                    );
                    let hint = format!("call {}", party.name);
                    self.report
                        .error("external-database", name.span, message, hint);
                }
            }
        }
    }

    /// Says once for each database who shares it.
    fn note_shared_databases(&mut self) {
        for (_, kind, block) in self.blocks_with_nodes() {
            let (NodeKind::Database(id), ItemKind::Database(database)) = (kind, &block.item.kind)
            else {
                continue;
            };
            let services = self.program.services.iter();
            let sharers: Vec<&str> = services
                // A projection keeps tables that others read: it shares by its nature.
                .filter(|service| !matches!(service.role, ServiceRole::Projection { .. }))
                .filter(|service| service.reaches(id))
                .map(|service| &*service.name)
                .collect();
            if sharers.len() < 2 {
                continue;
            }
            let message = format!(
                "{} is shared by {}",
                database.name,
                crate::report::list(&sharers, "")
            );
            self.report.push(
                Diagnostic {
                    severity: tidewire_syntax::Severity::Note,
                    ..Diagnostic::warning("shared-database", database.name.span, message)
                }
                .hint("each may change rows and columns that the others rely on, and one outage stops all"),
            );
        }
    }
}

impl Service {
    /// Whether its statements may go to the database.
    pub fn reaches(&self, database: DatabaseId) -> bool {
        self.owns.contains(&database) || self.uses.contains(&database)
    }
}

fn plain_service(node: NodeId, name: &Name) -> Service {
    Service {
        node,
        name: name.text.clone(),
        role: ServiceRole::Service,
        instances: 1,
        workers: defaults::WORKERS,
        timeout_us: defaults::STATEMENT_TIMEOUT_US,
        owns: Vec::new(),
        uses: Vec::new(),
        handlers: Vec::new(),
        caches: Vec::new(),
    }
}

/// Names of the fields of all replies, each once, in order of the text.
pub(super) fn reply_fields(body: &[Step]) -> Vec<(Arc<str>, Option<Type>)> {
    let mut fields: Vec<(Arc<str>, Option<Type>)> = Vec::new();
    each_step(body, &mut |step| {
        if let StepKind::Reply(arguments) = &step.kind {
            for argument in arguments {
                let is_new =
                    |(name, _): &(Arc<str>, _)| !name.eq_ignore_ascii_case(argument.name.as_str());
                if fields.iter().all(is_new) {
                    fields.push((argument.name.text.clone(), None));
                }
            }
        }
    });
    fields
}
