//! Faults and the budgets of a search. A target that a design does not have is an error in that design.

use std::collections::BTreeMap;

use tidewire_store::Store;
use tidewire_syntax::ast::sql::Statement;
use tidewire_syntax::ast::{self, ItemKind};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::{Builder, quantities};
use crate::limits;
use crate::report::from_sql_error;
use crate::{ClientId, DatabaseId, Fault, FaultKind, Load, NodeId, NodeKind, Trigger};

/// What a search may spend, as written behind `explore`.
const BUDGETS: [&str; 8] = [
    "crashes",
    "restarts",
    "partitions",
    "pauses",
    "duplicates",
    "losses",
    "delays",
    "switches",
];

/// The most that one budget may hold; the search grows exponentially with it.
const BUDGET: u32 = 16;

/// Stores as migrations leave them.
type Copies = BTreeMap<DatabaseId, Store>;

impl Builder<'_> {
    /// Builds all faults.
    pub(super) fn faults(&mut self) {
        let mut copies = Copies::new();
        for block in self.blocks {
            let ItemKind::Fault(fault) = &block.item.kind else {
                continue;
            };
            let span = block.item.span;
            let (kind, trigger) = (
                self.fault_kind(&mut copies, &fault.kind),
                self.trigger(fault, span),
            );
            let duration_us = fault
                .duration
                .map(|duration| quantities::period(&mut self.report, "a fault", duration));
            if let (Some(kind), Some(trigger)) = (kind, trigger) {
                self.program.faults.push(Fault {
                    kind,
                    trigger,
                    duration_us,
                    text: super::handler::words(span.text(self.source)),
                    span,
                });
            }
            let number = self.program.faults.len();
            limits::count(&mut self.report, "faults", span, number, limits::FAULTS);
        }
    }

    fn fault_kind(&mut self, copies: &mut Copies, kind: &ast::FaultKind) -> Option<FaultKind> {
        match kind {
            ast::FaultKind::Crash(name) => {
                let node = self.node(name)?;
                self.refuse_client(node, name, "crash")?;
                Some(FaultKind::Crash(node))
            }
            ast::FaultKind::Partition {
                from,
                to,
                both_ways,
            } => {
                let (from, to) = (self.node(from), self.check_other_end(from, to));
                Some(FaultKind::Partition {
                    from: from?,
                    to: to?,
                    both_ways: *both_ways,
                })
            }
            ast::FaultKind::Migrate(name, statements) => {
                let database = self.database(name)?;
                if !self.damaged.contains(&database) {
                    self.try_migration(copies, database, statements, name.span);
                }
                Some(FaultKind::Migrate(database, statements.clone()))
            }
        }
    }

    /// Clients are the workload, which is the same in every design: they stay.
    fn refuse_client(&mut self, node: NodeId, name: &Name, fault: &str) -> Option<()> {
        if let NodeKind::Client(_) = self.program.nodes[node.index()].kind {
            self.report.error(
                "wrong-kind",
                name.span,
                format!("{name} is a client, and a client does not {fault}"),
                "name a service, relay, database or broker: clients are the workload that designs are compared on",
            );
            return None;
        }
        Some(())
    }

    fn check_other_end(&mut self, from: &Name, to: &Name) -> Option<NodeId> {
        let (to_node, from_node) = (self.node(to)?, self.nodes.get(&from.key()).copied()?);
        let place = from.span.to(to.span);
        if from_node == to_node {
            self.report.error(
                "wrong-kind",
                place,
                format!("{from} is not parted from itself"),
                "name two nodes",
            );
            return None;
        }
        let talk = self.program.wires.iter().any(|wire| {
            (wire.from, wire.to) == (from_node, to_node)
                || (wire.to, wire.from) == (from_node, to_node)
        });
        if !talk {
            self.report.warning(
                "idle-fault",
                place,
                format!("{from} and {to} never talk, so parting them changes nothing"),
                "name two nodes with a line between them",
            );
        }
        Some(to_node)
    }

    /// Tries DDL on a copy of the store, so that a misspelt column is found before the run. Migrations of one
    /// database build on each other in order of the text.
    fn try_migration(
        &mut self,
        copies: &mut Copies,
        database: DatabaseId,
        statements: &[Statement],
        place: Span,
    ) {
        let initial = &self.program.databases[database.index()].initial;
        let copy = copies.entry(database).or_insert_with(|| initial.clone());
        for statement in statements {
            let span = match statement {
                Statement::CreateTable(tree) => tree.span,
                Statement::AlterTable(tree) => tree.span,
                Statement::DropTable(tree) => tree.span,
                Statement::CreateIndex(tree) => tree.span,
                Statement::DropIndex(tree) => tree.span,
                Statement::Insert(tree) => return self.refuse_data(tree.span),
                Statement::Update(tree) => return self.refuse_data(tree.span),
                Statement::Delete(tree) => return self.refuse_data(tree.span),
                Statement::Query(tree) => return self.refuse_data(tree.span),
                _ => return self.refuse_data(place),
            };
            if let Err(error) = tidewire_store::plan(statement, copy.catalog(), &()) {
                return self.report.plan_error(&error);
            }
            if let Err(error) = copy.migrate(statement, 0) {
                return self.report.push(from_sql_error(&error, span));
            }
        }
    }

    fn refuse_data(&mut self, span: Span) {
        self.report.error(
            "misplaced",
            span,
            "a migration changes the schema only",
            "write CREATE TABLE or ALTER TABLE; changes of rows are steps of a service",
        );
    }

    fn trigger(&mut self, fault: &ast::Fault, span: Span) -> Option<Trigger> {
        match &fault.trigger {
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
        let target = match kind {
            ast::FaultKind::Crash(name) | ast::FaultKind::Migrate(name, _) => name,
            ast::FaultKind::Partition { from, .. } => from,
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

    /// Checks the budgets of a search.
    pub(super) fn explore(&mut self) {
        for block in self.blocks {
            let ItemKind::Explore(budgets) = &block.item.kind else {
                continue;
            };
            for (name, number) in budgets {
                if !BUDGETS.contains(&name.key().as_str()) {
                    self.report.unknown("budget", name, BUDGETS);
                } else if *number > BUDGET {
                    self.report.push(
                        Diagnostic::error(
                            "limit",
                            name.span,
                            format!("{number} {name} are over the limit of {BUDGET}"),
                        )
                        .hint("a search grows exponentially with its budget: begin with 1 or 2"),
                    );
                } else {
                    self.program.explore.push((name.text.clone(), *number));
                }
            }
        }
    }
}
