//! Consumer groups: handlers of one service that share the offsets of a topic.

use std::sync::Arc;

use tidewire_syntax::ast::{self, StepKind, Subscription};
use tidewire_syntax::{Diagnostic, Span};

use super::Builder;
use crate::outline::each_step;
use crate::{
    BrokerKind, EventId, Failing, Group, HandlerId, HandlerTrigger, NodeKind, ServiceId, TopicId,
};

impl Builder<'_> {
    /// Adds a handler to the consumer group of its topic.
    pub(super) fn join_group(
        &mut self,
        topic: TopicId,
        name: Arc<str>,
        service: ServiceId,
        on: &Subscription,
        entry: (EventId, HandlerId),
        span: Span,
    ) {
        let failing = self.failing_of(topic, on, span);
        let place = on.group.as_ref().map_or(on.event.span, |group| group.span);
        let groups = &mut self.program.topics[topic.index()].groups;
        let Some(group) = groups
            .iter_mut()
            .find(|group| group.name.eq_ignore_ascii_case(&name))
        else {
            groups.push(Group {
                name,
                service,
                handlers: vec![entry],
                commit_before: on.commit_before,
                failing,
            });
            return;
        };
        if group.service != service {
            self.report.error(
                "shared-group",
                place,
                format!("another service reads {} as group {name}", on.topic),
                "in a group each record goes to one member only: give every service a group of its own",
            );
        } else if group.handlers.iter().any(|(event, _)| *event == entry.0) {
            self.report.error(
                "duplicate-name",
                place,
                format!("group {name} has a handler for {} already", on.event),
                "put both into one handler, or name another group: … group g",
            );
        } else if group.commit_before != on.commit_before {
            self.report.error(
                "group-commit",
                span,
                format!("handlers of group {name} commit the offset at different times"),
                "a group has one offset for each partition: write commit before or commit after in all of them",
            );
        } else if group.failing != failing {
            self.report.error(
                "group-attempts",
                span,
                format!("handlers of group {name} treat failing records differently"),
                "write the same attempts, backoff and dead letter in all of them",
            );
        } else {
            group.handlers.push(entry);
        }
    }

    /// What a handler says about failing records, and whether it may: a queue says so itself.
    fn failing_of(&mut self, topic: TopicId, on: &Subscription, span: Span) -> Failing {
        let broker = self.program.topics[topic.index()].broker;
        let kind = self.program.brokers[broker.index()].kind;
        let written = on.failing != ast::Failing::default();
        if kind != BrokerKind::Log && (on.commit_before || written) {
            self.report.error(
                "not-a-log",
                span,
                format!("{} is no topic of a log: nobody commits offsets there", on.topic),
                "leave commit, attempts, backoff and dead letter out; a queue has them where it is declared",
            );
        } else if on.commit_before && written {
            self.report.error(
                "group-attempts",
                span,
                "a record whose offset is committed before the handler runs is tried once",
                "leave out commit before, or attempts, backoff and dead letter",
            );
        } else if on.failing.dead_letter.is_some() && on.failing.attempts.is_none() {
            self.report.error(
                "group-attempts",
                span,
                "dead letters need a number of attempts: without one a record is tried for ever",
                "write attempts 3 dead letter T",
            );
        }
        let failing = self.failing(&on.failing);
        let dead_letter = on.failing.dead_letter.as_ref();
        Failing {
            dead_letter: dead_letter.and_then(|name| self.dead_letter(topic, name)),
            ..failing
        }
    }

    /// Checks what needs all subscriptions: topics that somebody reads although nobody could write to them.
    pub(super) fn groups(&mut self) {
        let has_relay = self
            .program
            .nodes
            .iter()
            .any(|node| matches!(node.kind, NodeKind::Relay(_)));
        if has_relay {
            return;
        }
        let mut published = Vec::new();
        for signature in &self.signatures {
            for steps in signature.body.steps() {
                each_step(steps, &mut |step| {
                    if let StepKind::Publish(publish) = &step.kind {
                        published.push((publish.event.key(), publish.topic.key()));
                    }
                });
            }
        }
        let topics = self.program.topics.iter();
        let failing = topics.flat_map(|topic| {
            let groups = topic.groups.iter().map(|group| &group.failing);
            groups.chain([&topic.queue.failing])
        });
        let dead: Vec<TopicId> = failing.filter_map(|failing| failing.dead_letter).collect();
        for signature in &self.signatures {
            let HandlerTrigger::Event(topic, event) = signature.trigger else {
                continue;
            };
            if dead.contains(&topic) {
                continue;
            }
            let (topic, event) = (
                &self.program.topics[topic.index()].name,
                &self.program.events[event.index()].name,
            );
            let pair = (event.to_ascii_lowercase(), topic.to_ascii_lowercase());
            if !published.contains(&pair) {
                self.report.push(
                    Diagnostic::warning(
                        "never-published",
                        signature.span,
                        format!("nobody publishes {event} to {topic}, so this handler never runs"),
                    )
                    .hint(format!(
                        "publish {event}(…) to {topic}; in the service where it happens"
                    )),
                );
            }
        }
    }
}
