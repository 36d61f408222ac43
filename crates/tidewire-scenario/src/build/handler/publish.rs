//! Publications.

use tidewire_syntax::ast::Publish;
use tidewire_syntax::{Diagnostic, Span};

use super::frame::Frame;
use crate::{HandlerTrigger, Instruction, PublishSite};

impl Frame<'_, '_> {
    /// Lowers a publication.
    pub(super) fn publish(&mut self, publish: &Publish, span: Span) {
        if self.service.is_none() {
            self.builder.report.error(
                "client-publishes",
                span,
                "a client does not publish",
                "call a service, which publishes what it has decided",
            );
            return;
        }
        if self.trigger == (HandlerTrigger::Command { read_only: true }) {
            self.builder.report.error(
                "query-writes",
                span,
                "a query promises to change nothing, and an event tells of a change",
                "write command instead of query",
            );
        }
        let (event, topic) = (
            self.builder.event(&publish.event),
            self.builder.topic(&publish.topic),
        );
        let (Some(event), Some(topic)) = (event, topic) else {
            return;
        };
        let declared = self.builder.program.events[event.index()].fields.clone();
        let whose = publish.event.as_str();
        let fields = self.arguments(whose, "field", &publish.arguments, &declared, span);
        let key = match &publish.key {
            Some(key) => match self.value(key) {
                Some(planned) => Some(planned.scalar),
                None => return,
            },
            None => None,
        };
        let broker = self.builder.broker_of(topic);
        let broker = self.builder.program.brokers[broker.index()].name.clone();
        self.warn_in_transaction(|open| {
            Diagnostic::warning(
                "work-in-transaction",
                span,
                format!("the event leaves for {broker} although the transaction on {open} may still roll back"),
            )
            .hint(
                "no transaction covers a database and a broker: write the event to an outbox table in the \
                 transaction, and let a relay publish it",
            )
        });
        if let Some(fields) = fields {
            let site = PublishSite {
                event,
                fields,
                topic,
                key,
            };
            self.emit(Instruction::Publish(site), span);
        }
    }
}
