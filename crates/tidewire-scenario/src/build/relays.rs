//! Outbox relays: a service that the language writes. Its code is in `handler::relay`.

use tidewire_store::{Table, Type};
use tidewire_syntax::ast::{ItemKind, Relay, RelayMemory};
use tidewire_syntax::{Name, Span};

use super::services::{Body, Signature};
use super::{Builder, quantities};
use crate::{DatabaseId, HandlerTrigger, NodeId, NodeKind, ServiceId};

/// Columns that an outbox must have.
pub(super) const COLUMNS: [&str; 5] = ["id", "topic", "key", "event", "payload"];

/// Where relays of a database keep their positions.
const POSITIONS: &str =
    "create table relay_positions (relay text primary key, position bigint not null)";

impl<'a> Builder<'a> {
    /// Gives every relay its database and the signature of its one handler.
    pub(super) fn relays(&mut self) {
        for (node, kind, block) in self.blocks_with_nodes() {
            if let (NodeKind::Relay(id), ItemKind::Relay(relay)) = (kind, &block.item.kind) {
                self.build_relay(node, id, relay, block.item.span);
            }
        }
    }

    fn build_relay(&mut self, node: NodeId, id: ServiceId, relay: &'a Relay, span: Span) {
        self.program.services[id.index()].workers = 1;
        let period_us = quantities::period(&mut self.report, "a period", relay.every);
        self.check_broker(relay);
        // A table without its database is the parser's to report.
        let name = relay.table.database.as_ref();
        let Some(database) = name.and_then(|name| self.database(name)) else {
            return;
        };
        self.program.services[id.index()].uses.push(database);
        if self.damaged.contains(&database) || !self.check_outbox(database, relay) {
            return;
        }
        if relay.memory == RelayMemory::Position {
            self.add_table(database, "relay_positions", POSITIONS);
        }
        self.declare(Signature {
            owner: node,
            service: Some(id),
            name: format!("every {}", relay.every.span.text(self.source)).into(),
            span,
            trigger: HandlerTrigger::Every { period_us },
            parameters: Vec::new(),
            replies: Vec::new(),
            body: Body::Relay(relay, database),
        });
    }

    fn check_broker(&mut self, relay: &Relay) {
        if let Some(name) = &relay.broker {
            self.broker_named(name);
        } else if self.program.brokers.is_empty() {
            self.report.error(
                "no-broker",
                relay.name.span,
                format!("there is no broker for {} to publish to", relay.name),
                "add broker bus log { topic t; }",
            );
        }
    }

    fn check_outbox(&mut self, database: DatabaseId, relay: &Relay) -> bool {
        let catalog = self.program.databases[database.index()].initial.catalog();
        let name = &relay.table.table;
        let Some(table) = catalog.table(name.as_str()) else {
            let known: Vec<&str> = catalog.tables().map(|table| &*table.name).collect();
            let what = format!("table in {}", self.database_name(database));
            self.report.push(crate::report::unknown(
                "unknown-table",
                &what,
                name,
                "",
                known,
            ));
            return false;
        };
        let problem = outbox_problem(table);
        let wrong_mark = match &relay.memory {
            RelayMemory::Mark(mark) if !is_mark(table, mark) => Some(mark),
            _ => None,
        };
        if let Some(message) = problem {
            self.report.error(
                "outbox-columns",
                relay.table.span,
                message,
                "an outbox is create table outbox (id serial primary key, topic text not null, key text, event \
                 text not null, payload jsonb not null)",
            );
            return false;
        }
        if let Some(mark) = wrong_mark {
            let message = format!("{name} has no boolean column {mark} to mark its rows with");
            let hint = format!("add {mark} boolean not null default false, or write delete");
            self.report
                .error("outbox-columns", mark.span, message, hint);
            return false;
        }
        true
    }
}

/// What keeps a table from being an outbox.
fn outbox_problem(table: &Table) -> Option<String> {
    let missing: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|column| table.column(column).is_none())
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Some(format!("{} is no outbox: it lacks {missing}", table.name));
    }
    let payload = table.column("payload").map(|column| column.data_type);
    let is_json = matches!(payload, Some(Type::Json | Type::Jsonb));
    (!is_json).then(|| format!("the payload of {} is not jsonb", table.name))
}

/// Whether the column can say that a row was published.
fn is_mark(table: &Table, column: &Name) -> bool {
    let found = table.column(column.as_str());
    found.is_some_and(|column| column.data_type == Type::Boolean)
}
