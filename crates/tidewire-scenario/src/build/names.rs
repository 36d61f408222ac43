//! Looking names up, and saying what was probably meant when they mean nothing.

use tidewire_syntax::Name;

use super::Builder;
use crate::outline::PartKind;
use crate::{
    BrokerId, ClientId, DatabaseId, EventId, HandlerId, NodeId, NodeKind, ServiceId, TopicId,
};

impl Builder<'_> {
    /// Any node.
    pub(super) fn node(&mut self, name: &Name) -> Option<NodeId> {
        let found = self.nodes.get(&name.key()).copied();
        if found.is_none() {
            let nodes = &self.program.nodes;
            let known = nodes.iter().map(|node| &*node.name);
            self.report.unknown("node", name, known);
        }
        found
    }

    /// A database by its name.
    pub(super) fn database(&mut self, name: &Name) -> Option<DatabaseId> {
        self.part(name, PartKind::Database, "database", |kind| match kind {
            NodeKind::Database(id) => Some(id),
            _ => None,
        })
    }

    /// A service by its name; relays are none.
    pub(super) fn service(&mut self, name: &Name) -> Option<ServiceId> {
        self.part(name, PartKind::Service, "service", |kind| match kind {
            NodeKind::Service(id) => Some(id),
            _ => None,
        })
    }

    /// A command of a service, both by their names.
    pub(super) fn command_named(
        &mut self,
        service: &Name,
        command: &Name,
    ) -> Option<(ServiceId, HandlerId)> {
        let id = self.service(service)?;
        let found = self.commands.get(&(id, command.key())).copied();
        if found.is_none() {
            let known: Vec<&str> = (self.commands.iter())
                .filter(|((owner, _), _)| *owner == id)
                .map(|(_, handler)| &*self.signatures[handler.index()].name)
                .collect();
            let what = format!("command of {service}");
            self.report.unknown(&what, command, known);
        }
        Some((id, found?))
    }

    /// A broker by its name.
    pub(super) fn broker_named(&mut self, name: &Name) -> Option<BrokerId> {
        self.part(name, PartKind::Broker, "broker", |kind| match kind {
            NodeKind::Broker(id) => Some(id),
            _ => None,
        })
    }

    /// A client by its name.
    pub(super) fn client(&mut self, name: &Name) -> Option<ClientId> {
        self.part(name, PartKind::Client, "client", |kind| match kind {
            NodeKind::Client(id) => Some(id),
            _ => None,
        })
    }

    fn part<T>(
        &mut self,
        name: &Name,
        wanted: PartKind,
        word: &str,
        pick: impl Fn(NodeKind) -> Option<T>,
    ) -> Option<T> {
        let nodes = &self.program.nodes;
        let Some(node) = self.nodes.get(&name.key()) else {
            let known = nodes
                .iter()
                .filter(|node| PartKind::from(node.kind) == wanted)
                .map(|node| &*node.name);
            self.report.unknown(word, name, known);
            return None;
        };
        let kind = nodes[node.index()].kind;
        let found = pick(kind);
        if found.is_none() {
            self.report.error(
                "wrong-kind",
                name.span,
                format!(
                    "{name} is {}, not {}",
                    PartKind::from(kind).with_article(),
                    wanted.with_article()
                ),
                format!("name {} here", wanted.with_article()),
            );
        }
        found
    }

    /// A topic of any broker.
    pub(super) fn topic(&mut self, name: &Name) -> Option<TopicId> {
        let found = self.topics.get(&name.key()).copied();
        if found.is_none() {
            let known = self.program.topics.iter().map(|topic| &*topic.name);
            self.report.unknown("topic", name, known);
        }
        found
    }

    /// An event type.
    pub(super) fn event(&mut self, name: &Name) -> Option<EventId> {
        let found = self.events.get(&name.key()).copied();
        if found.is_none() {
            let known = self.program.events.iter().map(|event| &*event.name);
            self.report.unknown("event", name, known);
        }
        found
    }

    /// The name of a node that is a database.
    pub(super) fn database_name(&self, id: DatabaseId) -> &str {
        &self.program.databases[id.index()].name
    }

    /// The name of a topic's broker.
    pub(super) fn broker_of(&self, topic: TopicId) -> BrokerId {
        self.program.topics[topic.index()].broker
    }
}
