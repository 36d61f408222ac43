//! Forks of a run every so many events; the state after any event is the nearest fork and a deterministic replay.

use tidewire_engine::{NoTrace, Run};

/// Events between forks while memory lasts.
const INTERVAL: u32 = 2_500;
/// What trace and forks may take together.
const BUDGET_BYTES: usize = 128 * 1024 * 1024;
/// What a fork takes at least: flat lists of the schedule, works and connections.
const FORK_BYTES: usize = 32 * 1024;
/// What an event adds to a fork at most, on average: versions of rows and records that no other fork shares.
const EVENT_BYTES: usize = 512;

/// The forks of one run, the first at its beginning.
#[derive(Debug)]
pub(super) struct Checkpoints {
    forks: Vec<Run>,
    interval: u32,
    /// Bytes of records and strings that the page keeps.
    sent_bytes: usize,
    budget_bytes: usize,
}

impl Checkpoints {
    pub(super) fn new(run: &Run) -> Self {
        Self {
            forks: vec![run.clone()],
            interval: INTERVAL,
            sent_bytes: 0,
            budget_bytes: BUDGET_BYTES,
        }
    }

    /// After how many events the next fork is wanted.
    pub(super) fn due(&self) -> u32 {
        let last = self.forks.last().map_or(0, |fork| fork.state().events());
        last.saturating_add(self.interval)
    }

    /// Keeps a fork; thins all of them out when memory runs short.
    pub(super) fn keep(&mut self, run: &Run) {
        self.forks.push(run.clone());
        while self.bytes() > self.budget_bytes && self.forks.len() > 2 {
            let mut index = 0;
            self.forks.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.interval = self.interval.saturating_mul(2);
        }
    }

    /// The page keeps so many bytes more.
    pub(super) fn note_sent(&mut self, bytes: usize) {
        self.sent_bytes += bytes;
    }

    /// An estimate from above; the forks share most of what they hold.
    fn bytes(&self) -> usize {
        let fork = FORK_BYTES + self.interval as usize * EVENT_BYTES;
        self.sent_bytes + self.forks.len() * fork
    }

    /// The run after so many accepted actions, or at its end if it has fewer.
    pub(super) fn state_after(&self, events: u32) -> Run {
        let behind = self
            .forks
            .partition_point(|fork| fork.state().events() <= events);
        let mut run = self.forks[behind.saturating_sub(1)].clone();
        while run.state().events() < events {
            if run.step(&mut NoTrace).is_none() {
                break;
            }
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidewire_engine::Choices;

    use super::*;

    const SHOP: &str = include_str!("../../../../gallery/shared-database/scenario.tide");

    #[test]
    fn forks_are_thinned_when_memory_runs_short() {
        let loaded = crate::source::load(SHOP, None).expect("the lesson has no errors");
        let mut run = Run::new(Arc::clone(&loaded.program), 1, Choices::Canonical);
        let mut checkpoints = Checkpoints::new(&run);
        checkpoints.budget_bytes = 4 * (FORK_BYTES + INTERVAL as usize * EVENT_BYTES);
        for _ in 0..12 {
            while run.state().events() < checkpoints.due() {
                if run.step(&mut NoTrace).is_none() {
                    break;
                }
            }
            checkpoints.keep(&run);
            assert!(
                checkpoints.bytes() <= checkpoints.budget_bytes || checkpoints.forks.len() == 2
            );
            assert_eq!(checkpoints.forks[0].state().events(), 0);
        }
        assert!(checkpoints.interval > INTERVAL);
    }
}
