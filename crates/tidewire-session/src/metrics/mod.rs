//! Figures of a run, folded from its observations alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{Fact, Observation, RequestKey};
use tidewire_scenario::{DatabaseId, Program};
use tidewire_store::TransactionId;
use tidewire_syntax::sort;

use crate::protocol::{Metrics, RequestCounts};
use crate::sorted::SortedMap;

mod calls;
mod staleness;

use calls::Calls;
use staleness::Staleness;

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
    calls: Calls,
}

impl MetricsFold {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self {
            staleness: Staleness::new(&program),
            calls: Calls::new(&program),
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
        self.calls.add(&self.program, observation);
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
        if let (Some(request), Some(begun)) = (observation.request, begun) {
            let took_us = observation.at_us.saturating_sub(begun);
            let took = (failure.is_none(), took_us);
            self.calls
                .request_ended(&self.program, request.client, took);
        }
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
            commands: self.calls.commands(&self.program),
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
