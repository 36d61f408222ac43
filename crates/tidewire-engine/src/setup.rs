//! A program with its seed, and the tables that a run looks up instead of searching. Never changes.

use std::sync::Arc;

use tidewire_scenario::{
    BrokerKind, DatabaseId, EventId, Group, HandlerId, HandlerTrigger, InvariantId, NodeId,
    NodeKind, Program, ServiceId, TopicId,
};
use tidewire_store::Plan;
use tidewire_syntax::ast::sql;

use crate::draw::name_key;
use crate::message::Record;
use crate::outbox::{OutboxSpec, outbox_of};
use crate::payload::Payload;

/// Everything about a run that is known before it begins.
#[derive(Debug)]
pub struct Setup {
    /// What is run.
    pub program: Arc<Program>,
    /// The seed of all draws.
    pub seed: u64,
    /// Per handler: key of its draws, from the seed and `owner.handler`.
    pub(crate) handler_keys: Vec<u64>,
    /// Per client: key of its draws.
    pub(crate) client_keys: Vec<u64>,
    /// Per service: index of its first instance.
    pub(crate) instance_base: Vec<u32>,
    /// All instances of all services: service and ordinal.
    pub(crate) instances: Vec<(ServiceId, u32)>,
    /// All connection pools.
    pub(crate) pools: Vec<PoolSpec>,
    /// Per service: stores that it reaches, and the pool of its first instance for each.
    pools_of: Vec<Vec<(DatabaseId, u32)>>,
    /// Per topic: index of its first partition.
    pub(crate) partition_base: Vec<u32>,
    /// All partitions of all topics.
    pub(crate) partitions: Vec<(TopicId, u32)>,
    /// Per topic: index of its first cursor.
    cursor_base: Vec<u32>,
    /// All (partition, group) pairs.
    pub(crate) cursors: Vec<CursorSpec>,
    /// All handlers that time or a beginning starts, once per instance.
    pub(crate) periodics: Vec<PeriodicSpec>,
    /// Per database: the invariants that read it.
    pub(crate) readers: Vec<Vec<InvariantId>>,
    /// Per handler of an event: which field of the event each parameter is.
    pub(crate) fields: Vec<Vec<Option<usize>>>,
    /// Per event type: how its fields are read out of an outbox row.
    pub(crate) payloads: Vec<Payload>,
    /// Tables that relays empty.
    pub(crate) outboxes: Vec<OutboxSpec>,
    /// Per handler: the outbox that it empties.
    pub(crate) outbox_of_handler: Vec<Option<u32>>,
    /// Per database: `ROLLBACK`.
    pub(crate) rollback: Vec<Option<Arc<Plan>>>,
}

/// A pool of connections of one instance to one store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolSpec {
    pub(crate) service: ServiceId,
    pub(crate) instance: u32,
    pub(crate) node: NodeId,
    pub(crate) database: DatabaseId,
}

/// A partition as one consumer group sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CursorSpec {
    pub(crate) topic: TopicId,
    pub(crate) partition: u32,
    pub(crate) group: u32,
    pub(crate) service: ServiceId,
    /// Which instance of the service reads it.
    pub(crate) instance: u32,
}

/// A handler that time, or the beginning of a process, starts on one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeriodicSpec {
    pub(crate) service: ServiceId,
    pub(crate) instance: u32,
    pub(crate) handler: HandlerId,
    /// `None`: it runs once, when the instance begins.
    pub(crate) period_us: Option<u64>,
}

impl Setup {
    /// Prepares a program for runs with this seed.
    pub fn new(program: Arc<Program>, seed: u64) -> Self {
        let mut setup = Setup {
            seed,
            handler_keys: Vec::new(),
            client_keys: Vec::new(),
            instance_base: Vec::new(),
            instances: Vec::new(),
            pools: Vec::new(),
            pools_of: Vec::new(),
            partition_base: Vec::new(),
            partitions: Vec::new(),
            cursor_base: Vec::new(),
            cursors: Vec::new(),
            periodics: Vec::new(),
            readers: vec![Vec::new(); program.databases.len()],
            fields: Vec::new(),
            payloads: program.events.iter().map(Payload::of).collect(),
            outboxes: Vec::new(),
            outbox_of_handler: Vec::new(),
            rollback: Vec::new(),
            program: Arc::clone(&program),
        };
        setup.prepare_keys(&program);
        setup.prepare_services(&program);
        setup.prepare_topics(&program);
        setup.prepare_handlers(&program);
        for database in &program.databases {
            let catalog = database.initial.catalog();
            let plan =
                tidewire_store::plan(&sql::Statement::Rollback { chain: false }, catalog, &());
            setup.rollback.push(plan.ok().map(Arc::new));
        }
        for (index, invariant) in program.invariants.iter().enumerate() {
            for database in &invariant.databases {
                let readers = &mut setup.readers[database.index()];
                let id = InvariantId(index as u32);
                if readers.last() != Some(&id) {
                    readers.push(id);
                }
            }
        }
        setup
    }

    fn prepare_keys(&mut self, program: &Program) {
        self.handler_keys
            .extend(program.handlers.iter().map(|handler| {
                let owner = &program.nodes[handler.owner.index()].name;
                name_key(self.seed, &format!("{owner}.{}", handler.name))
            }));
        let clients = program.clients.iter();
        self.client_keys
            .extend(clients.map(|client| name_key(self.seed, &client.name)));
    }

    fn prepare_services(&mut self, program: &Program) {
        for (index, service) in program.services.iter().enumerate() {
            let id = ServiceId(index as u32);
            let instances = service.instances.max(1);
            self.instance_base.push(self.instances.len() as u32);
            self.instances
                .extend((0..instances).map(|instance| (id, instance)));
            let mut pools = Vec::new();
            for database in service.owns.iter().chain(&service.uses) {
                pools.push((*database, self.pools.len() as u32));
                self.pools.extend((0..instances).map(|instance| PoolSpec {
                    service: id,
                    instance,
                    node: service.node,
                    database: *database,
                }));
            }
            self.pools_of.push(pools);
            for handler in &service.handlers {
                let period_us = match program.handlers[handler.index()].trigger {
                    HandlerTrigger::Every { period_us } => Some(period_us.max(1)),
                    HandlerTrigger::Start => None,
                    _ => continue,
                };
                self.periodics
                    .extend((0..instances).map(|instance| PeriodicSpec {
                        service: id,
                        instance,
                        handler: *handler,
                        period_us,
                    }));
            }
        }
    }

    fn prepare_topics(&mut self, program: &Program) {
        for (index, topic) in program.topics.iter().enumerate() {
            let id = TopicId(index as u32);
            self.partition_base.push(self.partitions.len() as u32);
            self.cursor_base.push(self.cursors.len() as u32);
            if program.brokers[topic.broker.index()].kind != BrokerKind::Log {
                self.prepare_consumers(program, id);
                continue;
            }
            for partition in 0..topic.partitions.max(1) {
                self.partitions.push((id, partition));
                for (group, readers) in topic.groups.iter().enumerate() {
                    let instances = program.services[readers.service.index()].instances.max(1);
                    self.cursors.push(CursorSpec {
                        topic: id,
                        partition,
                        group: group as u32,
                        service: readers.service,
                        instance: partition % instances,
                    });
                }
            }
        }
    }

    /// Every instance of a service that reads a queue or a subject is a consumer of its own.
    fn prepare_consumers(&mut self, program: &Program, id: TopicId) {
        self.partitions.push((id, 0));
        let groups = &program.topics[id.index()].groups;
        let instances_of = |group: &Group| program.services[group.service.index()].instances.max(1);
        for (group, readers) in groups.iter().enumerate() {
            for instance in 0..instances_of(readers) {
                self.cursors.push(CursorSpec {
                    topic: id,
                    partition: 0,
                    group: group as u32,
                    service: readers.service,
                    instance,
                });
            }
        }
    }

    /// What kind of broker a topic belongs to.
    pub(crate) fn kind_of(&self, topic: TopicId) -> BrokerKind {
        let broker = self.program.topics[topic.index()].broker;
        self.program.brokers[broker.index()].kind
    }

    /// The consumers of a queue or a subject.
    pub(crate) fn consumers(&self, topic: TopicId) -> std::ops::Range<u32> {
        let first = self.cursor_base[topic.index()];
        let next = self.cursor_base.get(topic.index() + 1);
        first..next.copied().unwrap_or(self.cursors.len() as u32)
    }

    fn prepare_handlers(&mut self, program: &Program) {
        for handler in &program.handlers {
            let outbox = outbox_of(program, handler);
            let index = outbox.map(|_| self.outboxes.len() as u32);
            self.outboxes.extend(outbox);
            self.outbox_of_handler.push(index);
            let HandlerTrigger::Event(_, event) = handler.trigger else {
                self.fields.push(Vec::new());
                continue;
            };
            let fields = &program.events[event.index()].fields;
            let places = handler.parameters.iter();
            self.fields.push(
                places
                    .map(|(_, name, _)| fields.iter().position(|(field, _)| field == name))
                    .collect(),
            );
        }
    }

    /// The pool through which an instance reaches a store.
    pub(crate) fn pool(
        &self,
        service: ServiceId,
        instance: u32,
        database: DatabaseId,
    ) -> Option<u32> {
        let pools = &self.pools_of[service.index()];
        let (_, first) = pools.iter().find(|(id, _)| *id == database)?;
        Some(first + instance)
    }

    /// Index of an instance among all.
    pub(crate) fn instance(&self, service: ServiceId, instance: u32) -> u32 {
        self.instance_base[service.index()] + instance
    }

    /// Index of a partition among all.
    pub(crate) fn partition(&self, topic: TopicId, partition: u32) -> u32 {
        self.partition_base[topic.index()] + partition
    }

    /// Index of the cursor of a group in a partition.
    pub(crate) fn cursor(&self, topic: TopicId, partition: u32, group: u32) -> u32 {
        let groups = self.program.topics[topic.index()].groups.len() as u32;
        self.cursor_base[topic.index()] + partition * groups + group
    }

    /// The topic of this name.
    pub(crate) fn topic_named(&self, name: &str) -> Option<TopicId> {
        let mut topics = self.program.topics.iter();
        let index = topics.position(|topic| topic.name.eq_ignore_ascii_case(name))?;
        Some(TopicId(index as u32))
    }

    /// The event type of this name.
    pub(crate) fn event_named(&self, name: &str) -> Option<EventId> {
        let mut events = self.program.events.iter();
        let index = events.position(|event| event.name.eq_ignore_ascii_case(name))?;
        Some(EventId(index as u32))
    }

    /// A record for people: `OrderPlaced order_id 7`.
    pub(crate) fn label_of(&self, record: &Record) -> String {
        let event = &self.program.events[record.event.index()];
        match (event.fields.first(), record.fields.first()) {
            (Some((name, _)), Some(value)) => {
                format!("{} {name} {value}", event.name)
            }
            _ => event.name.to_string(),
        }
    }

    /// The service that a node is, if it is one.
    pub(crate) fn service_at(&self, node: NodeId) -> Option<ServiceId> {
        match self.program.nodes[node.index()].kind {
            NodeKind::Service(service) | NodeKind::Relay(service) => Some(service),
            _ => None,
        }
    }
}
