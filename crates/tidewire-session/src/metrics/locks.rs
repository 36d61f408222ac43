//! Waiting for locks: how long in all, and how many wait when.

use tidewire_engine::{Fact, Observation};
use tidewire_scenario::DatabaseId;
use tidewire_store::TransactionId;

use super::series::Steps;
use crate::sorted::SortedMap;

#[derive(Debug)]
pub(crate) struct Locks {
    waiting: SortedMap<(DatabaseId, TransactionId), u64>,
    pub(crate) total_us: u64,
    /// Per store: how many wait.
    pub(crate) waiters: Vec<Steps>,
}

impl Locks {
    pub(crate) fn new(databases: usize) -> Self {
        Self {
            waiting: SortedMap::new(),
            total_us: 0,
            waiters: vec![Steps::default(); databases],
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation) {
        let at_us = observation.at_us;
        match &observation.fact {
            Fact::StatementBlocked {
                database,
                transaction,
                ..
            } => {
                let waiter = (*database, *transaction);
                if !self.waiting.contains(&waiter) {
                    self.waiting.insert(waiter, at_us);
                    let waiters = &mut self.waiters[database.index()];
                    waiters.set(at_us, waiters.now() + 1);
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
            }
            | Fact::Committed {
                database,
                transaction,
                ..
            }
            | Fact::RolledBack {
                database,
                transaction,
            } => {
                if let Some(since) = self.waiting.remove(&(*database, *transaction)) {
                    self.total_us += at_us.saturating_sub(since);
                    let waiters = &mut self.waiters[database.index()];
                    waiters.set(at_us, waiters.now().saturating_sub(1));
                }
            }
            _ => {}
        }
    }
}
