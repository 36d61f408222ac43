//! Figures of a run, folded from its observations alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{Fact, Observation, RequestKey};
use tidewire_scenario::{Handler, HandlerTrigger, Program};
use tidewire_store::CommandTag;
use tidewire_syntax::sort;

use crate::protocol::{CopyMetrics, Metrics, QueueMetrics, RequestCounts, Series, SeriesKind};
use crate::sorted::SortedMap;

mod availability;
mod calls;
mod depth;
mod locks;
mod series;
mod staleness;
mod trips;

use availability::Availability;
use calls::Calls;
use depth::Depths;
use locks::Locks;
use series::Steps;
use staleness::Staleness;
use trips::Trips;

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
    rows_read: u64,
    end_us: u64,
    availability: Availability,
    calls: Calls,
    depths: Depths,
    locks: Locks,
    staleness: Staleness,
    trips: Trips,
}

impl MetricsFold {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self {
            availability: Availability::new(&program),
            calls: Calls::new(&program),
            depths: Depths::new(&program),
            locks: Locks::new(program.databases.len()),
            staleness: Staleness::new(&program),
            trips: Trips::default(),
            program,
            requests: RequestCounts::default(),
            failures: BTreeMap::new(),
            started: SortedMap::new(),
            latencies_us: Vec::new(),
            messages: 0,
            commits: 0,
            rollbacks: 0,
            rows_read: 0,
            end_us: 0,
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation) {
        let at_us = observation.at_us;
        self.end_us = at_us;
        self.availability.add(observation);
        self.calls.add(&self.program, observation);
        self.depths.add(&self.program, observation);
        self.locks.add(observation);
        self.staleness.add(&self.program, observation);
        self.trips.add(&self.program, observation);
        match &observation.fact {
            Fact::RequestStarted { .. } => {
                self.requests.started += 1;
                if let Some(request) = observation.request {
                    self.started.insert(request, at_us);
                }
            }
            Fact::RequestEnded { failure } => self.request_ended(observation, failure.as_ref()),
            Fact::Sent { .. } => self.messages += 1,
            Fact::StatementDone {
                tag: CommandTag::Select(rows),
                ..
            } => self.rows_read += *rows,
            Fact::Committed { .. } => self.commits += 1,
            Fact::RolledBack { .. } => self.rollbacks += 1,
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
            self.availability.ended(begun, failure);
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

    pub(crate) fn metrics(&self) -> Metrics {
        let latencies = sorted(self.latencies_us.clone());
        let trips = sorted(self.trips.of_requests.clone());
        let (slot_us, _) = series::slots(self.end_us);
        Metrics {
            requests: self.requests,
            failures: self
                .failures
                .iter()
                .map(|(name, count)| (name.to_string(), *count))
                .collect(),
            latency_p50_us: percentile(&latencies, 50),
            latency_p99_us: percentile(&latencies, 99),
            latency_mean_us: mean(&latencies),
            messages: self.messages,
            commits: self.commits,
            rollbacks: self.rollbacks,
            rows_read: self.rows_read,
            lock_wait_us: self.locks.total_us,
            staleness_max_us: self.staleness.longest_us,
            commands: self.calls.commands(&self.program),
            during_faults: self.availability.during_faults,
            otherwise: self.availability.otherwise,
            round_trips: self.trips.total,
            round_trips_p50: percentile(&trips, 50),
            round_trips_max: trips.last().copied(),
            copied_bytes: u64::try_from(self.staleness.copied_bytes).unwrap_or(0),
            copies: self.copies(),
            queues: self.queues(),
            slot_us,
            series: self.series(),
        }
    }

    /// Handlers of events that wrote, by name.
    fn copies(&self) -> Vec<CopyMetrics> {
        let copies = self.staleness.copies.iter().zip(&self.program.handlers);
        copies
            .filter_map(|(points, handler)| {
                let ages = sorted(points.values());
                Some(CopyMetrics {
                    name: handler_name(&self.program, handler),
                    count: ages.len() as u32,
                    staleness_p50_us: percentile(&ages, 50)?,
                    staleness_p99_us: percentile(&ages, 99)?,
                    staleness_max_us: ages.last().copied()?,
                })
            })
            .collect()
    }

    /// Everything that ever waited for a worker or a reader: its name and how much of it there was when.
    fn depths(&self) -> Vec<(String, &Steps)> {
        let workers = self.depths.workers.iter().zip(&self.program.nodes);
        let workers = workers.map(|(steps, node)| (format!("workers of {}", node.name), steps));
        let groups = self.depths.groups.iter();
        let groups = groups.map(|group| (group.name(&self.program), &group.depth));
        let all = workers.chain(groups);
        all.filter(|(_, steps)| steps.max() > 0).collect()
    }

    fn queues(&self) -> Vec<QueueMetrics> {
        let depths = self.depths().into_iter();
        depths
            .map(|(name, steps)| QueueMetrics {
                name,
                depth_max: steps.max(),
            })
            .collect()
    }

    fn series(&self) -> Vec<Series> {
        let (slot_us, count) = series::slots(self.end_us);
        let mut all = Vec::new();
        let handlers = &self.program.handlers;
        for (points, handler) in self.staleness.copies.iter().zip(handlers) {
            all.push(Series {
                kind: SeriesKind::Staleness,
                name: handler_name(&self.program, handler),
                values: points.slots(slot_us, count),
            });
        }
        for (name, steps) in self.depths() {
            all.push(Series {
                kind: SeriesKind::Depth,
                name,
                values: steps.slots(slot_us, count),
            });
        }
        for (steps, database) in self.locks.waiters.iter().zip(&self.program.databases) {
            all.push(Series {
                kind: SeriesKind::LockWaits,
                name: database.name.to_string(),
                values: steps.slots(slot_us, count),
            });
        }
        all.retain(|series| series.values.iter().any(|value| *value > 0));
        all
    }
}

/// `ordering.PlaceOrder`, `inventory on OrderPlaced`, or the name of a client.
fn handler_name(program: &Program, handler: &Handler) -> String {
    let owner = &program.nodes[handler.owner.index()].name;
    match handler.trigger {
        HandlerTrigger::Request(_) => owner.to_string(),
        HandlerTrigger::Command { .. } => format!("{owner}.{}", handler.name),
        _ => format!("{owner} {}", handler.name),
    }
}

fn sorted(mut values: Vec<u64>) -> Vec<u64> {
    sort::sort(&mut values);
    values
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

/// Ends of buckets within a power of ten, in hundredths: the series R20 of preferred numbers (ISO 3).
const STEPS: [u64; 20] = [
    100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800,
    900,
];

/// How many ascending values lie in each bucket: its upper end in microseconds, and the count. Those before the first
/// value and behind the last are left out.
fn distribution(sorted: &[u64]) -> Vec<(u64, u32)> {
    let Some(longest) = sorted.last() else {
        return Vec::new();
    };
    let mut buckets = Vec::new();
    let (mut power, mut taken) = (10_u64, 0);
    loop {
        for step in STEPS {
            let end = power.saturating_mul(step) / 100;
            let until = sorted.partition_point(|value| *value <= end);
            if until > 0 {
                buckets.push((end, (until - taken) as u32));
            }
            taken = until;
            if end >= *longest || power == u64::MAX {
                return buckets;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_every_value_once() {
        assert_eq!(distribution(&[]), []);
        assert_eq!(distribution(&[0]), [(10, 1)]);
        let buckets = distribution(&[150, 160, 161, 199, 200, 224]);
        assert_eq!(buckets, [(160, 2), (180, 1), (200, 2), (224, 1)]);
        let spread: Vec<u64> = (0..10_000).map(|n| n * n).collect();
        let counted: u32 = distribution(&spread).iter().map(|(_, count)| count).sum();
        assert_eq!(counted, 10_000);
        assert!(!distribution(&[1, u64::MAX]).is_empty());
    }
}
