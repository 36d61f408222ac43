//! How old copies get before they learn of a change at their origin.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{DeliveryId, Fact, MessageKind, Observation, WorkId};
use tidewire_scenario::{
    DatabaseId, HandlerId, HandlerTrigger, Instruction, NodeId, NodeKind, Program, Statement,
};
use tidewire_store::{Row, RowChange, TableId, TransactionId};

use super::series::Points;
use crate::sorted::SortedMap;
use crate::words::value_text;

/// No commit stands behind an observation.
const NO_ORIGIN: u64 = u64::MAX;

/// How old copies get: from the commit that an event tells of to the end of the handler that wrote its copy.
///
/// Behind a direct publication stands the last commit among its causes. A relay keeps the outbox row's id as
/// message id, so that behind its publication stands the commit that wrote the row.
#[derive(Debug)]
pub(crate) struct Staleness {
    /// By observation: when the last commit among its causes was, or [`NO_ORIGIN`].
    origins: Vec<u64>,
    /// Outboxes: which tables, and where their `id` stands.
    outboxes: SortedMap<(DatabaseId, TableId), usize>,
    outbox_commits: BTreeMap<(DatabaseId, Arc<str>), u64>,
    /// Relays and the stores of their outboxes.
    relays: SortedMap<NodeId, DatabaseId>,
    /// Messages of relays on their way.
    relayed: SortedMap<DeliveryId, DatabaseId>,
    /// The store of the relay whose message arrived last.
    arriving_from: Option<DatabaseId>,
    works: SortedMap<WorkId, Copying>,
    transactions: SortedMap<(DatabaseId, TransactionId), WorkId>,
    pub(crate) longest_us: Option<u64>,
    /// Per handler: how old its copies were when it had written them.
    pub(crate) copies: Vec<Points>,
    /// Bytes that rows written by handlers of events have, as text; less those of rows that they replaced.
    pub(crate) copied_bytes: i64,
}

/// Each relay's node with the store of its outbox.
fn relays(program: &Program) -> SortedMap<NodeId, DatabaseId> {
    let mut relays = SortedMap::new();
    for (node, statement) in relay_statements(program) {
        relays.insert(node, statement.database);
    }
    relays
}

/// The tables that relays read, with the slot of their `id`.
fn outboxes(program: &Program) -> SortedMap<(DatabaseId, TableId), usize> {
    let mut outboxes = SortedMap::new();
    for (_, statement) in relay_statements(program) {
        let catalog = program.databases[statement.database.index()]
            .initial
            .catalog();
        for table in statement.plan.reads() {
            let id = catalog
                .table_by_id(*table)
                .and_then(|table| table.column("id"));
            if let Some(id) = id {
                outboxes.insert((statement.database, *table), id.slot);
            }
        }
    }
    outboxes
}

fn relay_statements(program: &Program) -> impl Iterator<Item = (NodeId, &Statement)> {
    let relays = program
        .services
        .iter()
        .filter(|service| matches!(program.nodes[service.node.index()].kind, NodeKind::Relay(_)));
    relays.flat_map(|relay| {
        let handlers = relay
            .handlers
            .iter()
            .map(|handler| &program.handlers[handler.index()]);
        let code = handlers.flat_map(|handler| &handler.code);
        code.filter_map(|instruction| match instruction {
            Instruction::Statement(id) | Instruction::OpenCursor(id, _) => {
                Some((relay.node, &program.statements[id.index()]))
            }
            _ => None,
        })
    })
}

/// A handler of an event, at work.
#[derive(Clone, Copy, Debug)]
struct Copying {
    handler: HandlerId,
    origin_us: u64,
    wrote: bool,
}

/// Bytes by which a row grew.
fn growth(change: &RowChange) -> i64 {
    let bytes = |row: &Option<Row>| -> i64 {
        let values = row.iter().flat_map(|row| row.iter());
        let texts = values.filter_map(value_text);
        texts.map(|text| text.len() as i64).sum()
    };
    bytes(&change.after) - bytes(&change.before)
}

impl Staleness {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            origins: Vec::new(),
            outboxes: outboxes(program),
            outbox_commits: BTreeMap::new(),
            relays: relays(program),
            relayed: SortedMap::new(),
            arriving_from: None,
            works: SortedMap::new(),
            transactions: SortedMap::new(),
            longest_us: None,
            copies: vec![Points::default(); program.handlers.len()],
            copied_bytes: 0,
        }
    }

    pub(crate) fn add(&mut self, program: &Program, observation: &Observation) {
        let inherited = observation
            .cause
            .and_then(|cause| self.origins.get(cause as usize).copied());
        let mut origin_us = inherited.unwrap_or(NO_ORIGIN);
        match &observation.fact {
            Fact::HandlerStarted { work, handler, .. } => {
                if let HandlerTrigger::Event(..) = program.handlers[handler.index()].trigger {
                    let copying = Copying {
                        handler: *handler,
                        origin_us,
                        wrote: false,
                    };
                    self.works.insert(*work, copying);
                }
            }
            Fact::TransactionBegan {
                database,
                transaction,
                work,
            } => {
                self.transactions.insert((*database, *transaction), *work);
            }
            Fact::RolledBack {
                database,
                transaction,
            } => {
                self.transactions.remove(&(*database, *transaction));
            }
            Fact::Committed {
                database,
                transaction,
                changes,
            } => {
                let work = self.transactions.remove(&(*database, *transaction));
                if !changes.is_empty() {
                    origin_us = observation.at_us;
                    self.committed(*database, work, changes, observation.at_us);
                }
            }
            Fact::Sent {
                delivery,
                from,
                kind: MessageKind::Event,
                ..
            } => {
                if let Some(database) = self.relays.get(from) {
                    self.relayed.insert(*delivery, *database);
                }
            }
            Fact::Delivered(delivery) => self.arriving_from = self.relayed.remove(delivery),
            Fact::Appended { message, .. } => {
                let row = self
                    .arriving_from
                    .map(|database| (database, Arc::clone(message)));
                let committed = row.and_then(|row| self.outbox_commits.get(&row).copied());
                origin_us = committed.unwrap_or(origin_us);
            }
            Fact::HandlerEnded { work, failure } => {
                self.ended(*work, failure.is_some(), observation.at_us)
            }
            _ => {}
        }
        self.origins.push(origin_us);
    }

    fn committed(
        &mut self,
        database: DatabaseId,
        work: Option<WorkId>,
        changes: &[RowChange],
        at_us: u64,
    ) {
        if let Some(copying) = work.and_then(|work| self.works.get_mut(&work)) {
            copying.wrote = true;
            self.copied_bytes += changes.iter().map(growth).sum::<i64>();
        }
        for change in changes.iter().filter(|change| change.before.is_none()) {
            let id = self.outboxes.get(&(database, change.table)).copied();
            let id = id.and_then(|slot| change.after.as_ref()?.get(slot));
            if let Some(id) = id {
                let row = (database, Arc::from(value_text(id).unwrap_or_default()));
                self.outbox_commits.insert(row, at_us);
            }
        }
    }

    fn ended(&mut self, work: WorkId, failed: bool, at_us: u64) {
        let Some(copying) = self.works.remove(&work) else {
            return;
        };
        if copying.wrote && !failed && copying.origin_us != NO_ORIGIN {
            let age = at_us.saturating_sub(copying.origin_us);
            self.longest_us = Some(self.longest_us.unwrap_or(0).max(age));
            self.copies[copying.handler.index()].add(at_us, age);
        }
    }
}
