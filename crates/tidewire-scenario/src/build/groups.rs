//! Consumer groups: handlers of one service that share the offsets of a topic.

use std::sync::Arc;

use tidewire_syntax::ast::{StepKind, Subscription};
use tidewire_syntax::{Diagnostic, Span};

use super::Builder;
use crate::outline::each_step;
use crate::{EventId, Group, HandlerId, HandlerTrigger, NodeKind, ServiceId, TopicId};

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
        } else {
            group.handlers.push(entry);
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
        for signature in &self.signatures {
            let HandlerTrigger::Event(topic, event) = signature.trigger else {
                continue;
            };
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
