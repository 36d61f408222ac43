//! Figures of a run, folded from its observations alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{DeliveryId, Fact, MessageKind, Observation, RequestKey, WorkId};
use tidewire_scenario::{
    DatabaseId, HandlerTrigger, Instruction, NodeId, NodeKind, Program, Statement,
};
use tidewire_store::{RowChange, TableId, TransactionId};
use tidewire_syntax::sort;

use crate::protocol::{Metrics, RequestCounts};
use crate::sorted::SortedMap;
use crate::words::value_text;

/// No commit stands behind an observation.
const NO_ORIGIN: u64 = u64::MAX;

/// Folds observations into [`Metrics`].
#[derive(Debug)]
pub(crate) struct MetricsFold {
    program: Arc<Program>,
    requests: RequestCounts,
    failures: BTreeMap<Arc<str>, u32>,
    started: SortedMap<RequestKey, u64>,
    latencies_us: Vec<u64>,
    messages: u64,
    commits: u64,
    rollbacks: u64,
    waiting: SortedMap<(DatabaseId, TransactionId), u64>,
    lock_wait_us: u64,
    staleness: Staleness,
}

impl MetricsFold {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self {
            staleness: Staleness::new(&program),
            program,
            requests: RequestCounts::default(),
            failures: BTreeMap::new(),
            started: SortedMap::new(),
            latencies_us: Vec::new(),
            messages: 0,
            commits: 0,
            rollbacks: 0,
            waiting: SortedMap::new(),
            lock_wait_us: 0,
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation) {
        let at_us = observation.at_us;
        self.staleness.add(&self.program, observation);
        match &observation.fact {
            Fact::RequestStarted { .. } => {
                self.requests.started += 1;
                if let Some(request) = observation.request {
                    self.started.insert(request, at_us);
                }
            }
            Fact::RequestEnded { failure } => self.request_ended(observation, failure.as_ref()),
            Fact::Sent { .. } => self.messages += 1,
            Fact::StatementBlocked {
                database,
                transaction,
                ..
            } => {
                let waiter = (*database, *transaction);
                if !self.waiting.contains(&waiter) {
                    self.waiting.insert(waiter, at_us);
                }
            }
            Fact::StatementDone {
                database,
                transaction,
                ..
            }
            | Fact::StatementFailed {
                database,
                transaction,
                ..
            } => {
                self.waited(*database, *transaction, at_us);
            }
            Fact::Committed {
                database,
                transaction,
                ..
            } => {
                self.commits += 1;
                self.waited(*database, *transaction, at_us);
            }
            Fact::RolledBack {
                database,
                transaction,
            } => {
                self.rollbacks += 1;
                self.waited(*database, *transaction, at_us);
            }
            _ => {}
        }
    }

    fn request_ended(&mut self, observation: &Observation, failure: Option<&Arc<str>>) {
        let begun = observation
            .request
            .and_then(|request| self.started.remove(&request));
        match failure {
            Some(failure) => {
                self.requests.failed += 1;
                *self.failures.entry(Arc::clone(failure)).or_insert(0) += 1;
            }
            None => {
                self.requests.succeeded += 1;
                self.latencies_us
                    .extend(begun.map(|begun| observation.at_us.saturating_sub(begun)));
            }
        }
    }

    fn waited(&mut self, database: DatabaseId, transaction: TransactionId, at_us: u64) {
        if let Some(since) = self.waiting.remove(&(database, transaction)) {
            self.lock_wait_us += at_us.saturating_sub(since);
        }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let mut sorted = self.latencies_us.clone();
        sort::sort(&mut sorted);
        Metrics {
            requests: self.requests,
            failures: self
                .failures
                .iter()
                .map(|(name, count)| (name.to_string(), *count))
                .collect(),
            latency_p50_us: percentile(&sorted, 50),
            latency_p99_us: percentile(&sorted, 99),
            latency_mean_us: mean(&sorted),
            messages: self.messages,
            commits: self.commits,
            rollbacks: self.rollbacks,
            lock_wait_us: self.lock_wait_us,
            staleness_max_us: self.staleness.longest_us,
        }
    }
}

/// The nearest-rank percentile of ascending values.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn mean(values: &[u64]) -> Option<u64> {
    let count = values.len() as u128;
    let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
    Some(sum.checked_div(count)? as u64)
}

/// How old copies get: from the commit that an event tells of to the end of the handler that wrote its copy.
///
/// Behind a direct publication stands the last commit among its causes. A relay keeps the outbox row's id as
/// message id, so that behind its publication stands the commit that wrote the row.
#[derive(Debug)]
struct Staleness {
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
    longest_us: Option<u64>,
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
    origin_us: u64,
    wrote: bool,
}

impl Staleness {
    fn new(program: &Program) -> Self {
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
        }
    }

    fn add(&mut self, program: &Program, observation: &Observation) {
        let inherited = observation
            .cause
            .and_then(|cause| self.origins.get(cause as usize).copied());
        let mut origin_us = inherited.unwrap_or(NO_ORIGIN);
        match &observation.fact {
            Fact::HandlerStarted { work, handler, .. } => {
                if let HandlerTrigger::Event(..) = program.handlers[handler.index()].trigger {
                    let wrote = false;
                    self.works.insert(*work, Copying { origin_us, wrote });
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
        }
    }
}
