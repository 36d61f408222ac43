//! Clients: their load, and the handler that a request is.

use tidewire_syntax::ast::{self, ItemKind};
use tidewire_syntax::{Diagnostic, Span};

use super::services::{Body, Signature};
use super::{Builder, quantities};
use crate::limits::{self, grouped};
use crate::{Client, ClientId, HandlerTrigger, Load, NodeId, NodeKind, defaults};

/// Microseconds in a second, and millionths in one.
const MILLION: u64 = 1_000_000;

impl<'a> Builder<'a> {
    /// Builds all clients.
    pub(super) fn clients(&mut self) {
        for (node, kind, block) in self.blocks_with_nodes() {
            if let (NodeKind::Client(id), ItemKind::Client(client)) = (kind, &block.item.kind) {
                self.build_client(node, id, client);
            }
        }
    }

    fn build_client(&mut self, node: NodeId, id: ClientId, client: &'a ast::Client) {
        let place = client.name.span;
        let load = match &client.load {
            ast::Load::Requests(number) => self.closed(client.users, *number, place),
            ast::Load::Rate {
                micros_per_second,
                duration,
            } => self.open(*micros_per_second, *duration, place),
        };
        let think = match &client.think {
            Some(written) => quantities::delay(&mut self.report, written),
            None => defaults::THINK,
        };
        if client.body.is_empty() {
            self.report.push(
                Diagnostic::warning(
                    "empty-request",
                    place,
                    format!("the requests of {} do nothing", client.name),
                )
                .hint("write call service.Command(…);"),
            );
        }
        let handler = self.declare(Signature {
            owner: node,
            service: None,
            name: client.name.text.clone(),
            span: place,
            trigger: HandlerTrigger::Request(id),
            parameters: Vec::new(),
            replies: Vec::new(),
            body: Body::Steps(&client.body),
        });
        self.program.clients.push(Client {
            node,
            name: client.name.text.clone(),
            load,
            think,
            handler,
        });
    }

    fn closed(&mut self, users: Option<u32>, requests: u32, place: Span) -> Load {
        let report = &mut self.report;
        let users = limits::within(
            report,
            "the number of users",
            place,
            users.unwrap_or(1),
            limits::USERS,
        );
        let requests = limits::within(
            report,
            "the number of requests",
            place,
            requests,
            limits::REQUESTS,
        );
        Load::Closed { users, requests }
    }

    fn open(&mut self, micros_per_second: u64, duration: ast::Duration, place: Span) -> Load {
        let until_us = quantities::period(&mut self.report, "the time of a workload", duration);
        let gap_us = (MILLION * MILLION)
            .checked_div(micros_per_second)
            .unwrap_or(0);
        if gap_us == 0 || gap_us > limits::DURATION_US {
            self.report.error(
                "limit",
                place,
                "a rate must lie between one request an hour and a million a second",
                "write a rate as 80/s",
            );
            return Load::Open {
                gap_us: MILLION,
                until_us,
            };
        }
        let expected = until_us / gap_us;
        if expected > u64::from(limits::REQUESTS) {
            self.report.error(
                "limit",
                place,
                format!(
                    "about {} requests are over the limit of {}",
                    grouped(expected),
                    grouped(limits::REQUESTS.into())
                ),
                "lower the rate, or let it last less long",
            );
        }
        Load::Open { gap_us, until_us }
    }
}
