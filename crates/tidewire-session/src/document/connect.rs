//! What a wire drawn on the canvas writes: a step, a handler, or a store in a service's header.

use tidewire_scenario::{Connection, PartKind, WireKind};
use tidewire_syntax::ast::{Broker, ItemKind, Service, ServiceMember, Subscription};
use tidewire_syntax::edit::{self, Access, Handler};
use tidewire_syntax::{TextEdit, apply, parse};

use super::apply::{refused, sentence, told};
use super::{Applied, Document, Refusal};

impl Document {
    /// Whether a wire may be drawn; the refusal says why not.
    pub fn can_connect(&self, from: &str, to: &str) -> Result<(), Refusal> {
        self.connection(from, to).map(|_| ())
    }

    fn kind(&self, node: &str) -> Result<PartKind, Refusal> {
        self.known(node)?;
        let outline = &self.analysis.outline;
        let found = outline
            .node(node)
            .and_then(|id| outline.nodes.get(id.index()));
        found
            .map(|node| node.kind)
            .ok_or_else(|| Refusal::new(format!("There is no {node} in this design")))
    }

    fn connection(&self, from: &str, to: &str) -> Result<Connection, Refusal> {
        let (source, target) = (self.kind(from)?, self.kind(to)?);
        if from.eq_ignore_ascii_case(to) {
            return Err(Refusal::new(format!("{from} needs no line to itself"))
                .hint("Its handlers share its stores already."));
        }
        tidewire_scenario::connection(source, target)
            .map_err(|reason| Refusal::new(sentence(reason)))
    }

    pub(super) fn connect(&mut self, from: &str, to: &str) -> Result<Applied, Refusal> {
        let (text, words) = match self.connection(from, to)? {
            Connection::Database => self.with_store(from, to)?,
            Connection::Call => self.with_call(from, to)?,
            Connection::Publish => self.with_publication(from, to)?,
            Connection::Consume => self.with_subscription(from, to)?,
        };
        self.step(text, &format!("connect {from} to {to}"))?;
        Ok(told(words))
    }

    /// The first to reach a store owns it; others use it.
    fn with_store(&self, service: &str, store: &str) -> Result<(String, String), Refusal> {
        let wires = self.wires_to(store);
        if wires
            .iter()
            .any(|(from, _)| from.eq_ignore_ascii_case(service))
        {
            return Err(Refusal::new(format!("{service} reaches {store} already")));
        }
        let owned = wires.iter().any(|(_, kind)| *kind == WireKind::Owns);
        let (access, verb) = match owned {
            true => (Access::Uses, "uses"),
            false => (Access::Owns, "owns"),
        };
        let edits = edit::add_store(&self.analysis.parse, service, store, access, self.design());
        Ok((self.edited(edits)?, format!("{service} {verb} {store}")))
    }

    fn wires_to(&self, node: &str) -> Vec<(&str, WireKind)> {
        let outline = &self.analysis.outline;
        let to = outline.node(node);
        let wires = outline.wires.iter().filter(|wire| Some(wire.to) == to);
        wires
            .map(|wire| (&*outline.nodes[wire.from.index()].name, wire.kind))
            .collect()
    }

    fn with_call(&self, caller: &str, service: &str) -> Result<(String, String), Refusal> {
        let command = self
            .service(service)
            .and_then(first_command)
            .ok_or_else(|| {
                Refusal::new(format!("{service} has no command that could be called")).hint(
                    format!("Write one in {service}: command Handle(id int) {{ reply (); }}"),
                )
            })?;
        let handler = match self.kind(caller)? {
            PartKind::Client => Handler::Client,
            _ => self.first_handler(caller)?,
        };
        let edits = edit::add_call(
            &self.analysis.parse,
            caller,
            handler,
            service,
            command,
            self.design(),
        );
        Ok((
            self.edited(edits)?,
            format!("{caller} calls {service}.{command}"),
        ))
    }

    fn with_publication(&self, service: &str, broker: &str) -> Result<(String, String), Refusal> {
        let handler = self.first_handler(service)?;
        let (text, event) = self.with_event(None);
        let parsed = parse(&text);
        let topic = self.first_topic(broker)?;
        let edits = edit::add_publish(&parsed, service, handler, &event, topic, self.design());
        let text = apply(&text, &edits.map_err(refused)?);
        Ok((text, format!("{service} publishes {event} to {topic}")))
    }

    fn with_subscription(&self, broker: &str, service: &str) -> Result<(String, String), Refusal> {
        let topic = self.first_topic(broker)?;
        let heard = self
            .service(service)
            .map(|service| heard(service, topic))
            .unwrap_or_default();
        let (text, event) = self.with_event(Some(&heard));
        let parsed = parse(&text);
        let edits = edit::add_subscription(&parsed, service, &event, topic, self.design());
        let text = apply(&text, &edits.map_err(refused)?);
        Ok((text, format!("{service} reads {event} from {topic}")))
    }

    /// The text with an event to speak of: the first that is not excluded, or a new one.
    fn with_event(&self, excluded: Option<&[String]>) -> (String, String) {
        let blocks = self.analysis.effective.blocks.iter();
        let mut events = blocks.filter_map(|block| match &block.item.kind {
            ItemKind::Event(event) => Some(event.name.to_string()),
            _ => None,
        });
        let free = |name: &String| {
            excluded.is_none_or(|excluded| {
                !excluded
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(name))
            })
        };
        if let Some(event) = events.find(free) {
            return (self.text.clone(), event);
        }
        let name = edit::free_name(&self.analysis.parse, "SomethingHappened");
        let items = &self.analysis.parse.file().items;
        let head = items
            .iter()
            .find(|item| !matches!(item.kind, ItemKind::Scenario(_) | ItemKind::About(_)));
        let at = head.map_or(self.text.len() as u32, |item| item.span.start);
        let edit = TextEdit {
            span: tidewire_syntax::Span::new(at, at),
            text: format!("event {name}(id int);\n\n"),
        };
        (apply(&self.text, &[edit]), name)
    }

    /// A service as it is merged in the selected design.
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        let mut blocks = self.analysis.effective.blocks.iter();
        blocks.find_map(|block| match &block.item.kind {
            ItemKind::Service(service) if service.name.as_str().eq_ignore_ascii_case(name) => {
                Some(service)
            }
            _ => None,
        })
    }

    /// Where a step is added: the first command, else the first handler of an event.
    fn first_handler(&self, service: &str) -> Result<Handler<'_>, Refusal> {
        let found = self.service(service);
        let command = found.and_then(first_command).map(Handler::Command);
        let event = || {
            found
                .and_then(first_subscription)
                .map(|on| Handler::Event(on.event.as_str()))
        };
        command.or_else(event).ok_or_else(|| {
            Refusal::new(format!("{service} has no handler that could do this")).hint(format!(
                "Write one in {service}: command Handle(id int) {{ reply (); }}"
            ))
        })
    }

    fn first_topic(&self, broker: &str) -> Result<&str, Refusal> {
        let mut blocks = self.analysis.effective.blocks.iter();
        let found = blocks.find_map(|block| match &block.item.kind {
            ItemKind::Broker(found) if found.name.as_str().eq_ignore_ascii_case(broker) => {
                first_topic(found)
            }
            _ => None,
        });
        found.ok_or_else(|| {
            Refusal::new(format!("{broker} has no topic"))
                .hint(format!("Write one in {broker}: topic {broker}_events;"))
        })
    }

    pub(super) fn disconnect(&mut self, from: &str, to: &str) -> Result<Applied, Refusal> {
        if (self.kind(from)?, self.kind(to)?) != (PartKind::Service, PartKind::Database) {
            return Err(Refusal::new("This wire stands for steps in a handler")
                .hint("Take the call, the publication or the handler out in the text."));
        }
        let edits = edit::remove_store(&self.analysis.parse, from, to, self.design());
        let text = self.edited(edits)?;
        self.step(text, &format!("disconnect {from} from {to}"))?;
        Ok(told(format!("{from} no longer reaches {to}")))
    }
}

fn first_command(service: &Service) -> Option<&str> {
    service
        .members
        .iter()
        .find_map(|member| match &member.kind {
            ServiceMember::Command(command) => Some(command.name.as_str()),
            _ => None,
        })
}

fn subscriptions(service: &Service) -> impl Iterator<Item = &Subscription> {
    service
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            ServiceMember::Subscription(on) => Some(on),
            _ => None,
        })
}

fn first_subscription(service: &Service) -> Option<&Subscription> {
    subscriptions(service).next()
}

/// Events that a service reads from a topic.
fn heard(service: &Service, topic: &str) -> Vec<String> {
    let of_topic =
        subscriptions(service).filter(|on| on.topic.as_str().eq_ignore_ascii_case(topic));
    of_topic.map(|on| on.event.to_string()).collect()
}

fn first_topic(broker: &Broker) -> Option<&str> {
    let names = broker.members.iter().map(|member| member.kind.channel());
    names.flatten().next().map(|name| name.as_str())
}
