//! When faults begin.

use tidewire_syntax::{Span, ast};

use super::super::{Builder, quantities};
use crate::{ClientId, Load, NodeKind, Trigger};

impl Builder<'_> {
    /// When a fault begins; at once when only a probability is written.
    pub(super) fn trigger(&mut self, fault: &ast::Fault, span: Span) -> Option<Trigger> {
        let Some(trigger) = &fault.trigger else {
            return Some(Trigger::At(0));
        };
        match trigger {
            ast::Trigger::At(time) => {
                Some(Trigger::At(quantities::duration(&mut self.report, *time)))
            }
            ast::Trigger::AfterCommit { request, client } => {
                self.check_commits(&fault.kind);
                let client = match client {
                    Some(name) => self.client(name)?,
                    None => self.first_client(span)?,
                };
                self.ordinal_of_request(client, *request, span)
                    .map(|ordinal| Trigger::AfterCommit(client, ordinal))
            }
            ast::Trigger::AfterEvent { ordinal, event } => {
                let event_id = self.event(event)?;
                if *ordinal == 0 {
                    self.count_from_one(event.span);
                    return None;
                }
                Some(Trigger::AfterEvent(*ordinal, event_id))
            }
        }
    }

    /// `after commit` counts commits at the target, so the target must commit.
    fn check_commits(&mut self, kind: &ast::FaultKind) {
        // Faults of messages strike those of the request, whoever commits.
        let target = match kind {
            ast::FaultKind::Crash(place)
            | ast::FaultKind::Restart(place)
            | ast::FaultKind::Pause(place) => &place.node,
            ast::FaultKind::Migrate(name, _) => name,
            ast::FaultKind::Partition { way, .. } => &way.from,
            _ => return,
        };
        let node = self.nodes.get(&target.key());
        let kind = node.map(|node| self.program.nodes[node.index()].kind);
        if let Some(NodeKind::Broker(_) | NodeKind::Client(_)) = kind {
            self.report.error(
                "wrong-kind",
                target.span,
                format!("{target} commits no transactions, so the fault would never come"),
                "write at 400ms, or after the 3rd of an event",
            );
        }
    }

    fn first_client(&mut self, span: Span) -> Option<ClientId> {
        if self.program.clients.is_empty() {
            self.report.error(
                "unknown-name",
                span,
                "there is no client whose request could commit",
                "add a client, or write at 400ms",
            );
            return None;
        }
        Some(ClientId(0))
    }

    /// Counts from 1 in the text and from 0 in the program.
    fn ordinal_of_request(&mut self, client: ClientId, request: u32, span: Span) -> Option<u32> {
        let Some(ordinal) = request.checked_sub(1) else {
            self.count_from_one(span);
            return None;
        };
        let client = &self.program.clients[client.index()];
        if let Load::Closed { requests, .. } = client.load
            && request > requests
        {
            let message = format!(
                "{} sends {requests} requests, so there is no request {request}",
                client.name
            );
            let hint = format!("write a number from 1 to {requests}");
            self.report.error("limit", span, message, hint);
            return None;
        }
        Some(ordinal)
    }

    fn count_from_one(&mut self, span: Span) {
        self.report.error(
            "limit",
            span,
            "requests and events are counted from 1",
            "write 1 for the first",
        );
    }
}
