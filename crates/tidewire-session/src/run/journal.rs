//! Small facts of the whole run that the inspection of tables needs and that a fork does not hold.

use std::collections::BTreeMap;

use tidewire_engine::{Fact, Observation};
use tidewire_scenario::DatabaseId;
use tidewire_store::TransactionId;

/// A transaction, or its wait for a lock, since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Began {
    /// Accepted actions before it.
    event: u32,
    /// Virtual time.
    at_us: u64,
}

/// When stores changed, and since when transactions are open and wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    /// Per store: events that committed changes, ascending.
    changes: BTreeMap<DatabaseId, Vec<u32>>,
    transactions: BTreeMap<(DatabaseId, TransactionId), Began>,
    waits: BTreeMap<(DatabaseId, TransactionId), Vec<Began>>,
}

impl Journal {
    pub(crate) fn add(&mut self, observation: &Observation) {
        let began = Began {
            event: observation.event,
            at_us: observation.at_us,
        };
        match &observation.fact {
            Fact::TransactionBegan {
                database,
                transaction,
                ..
            } => {
                self.transactions.insert((*database, *transaction), began);
            }
            Fact::StatementBlocked {
                database,
                transaction,
                ..
            } => self
                .waits
                .entry((*database, *transaction))
                .or_default()
                .push(began),
            Fact::Committed {
                database, changes, ..
            } if !changes.is_empty() => self.changed(*database, observation.event),
            Fact::Migrated { database, .. } => self.changed(*database, observation.event),
            _ => {}
        }
    }

    fn changed(&mut self, database: DatabaseId, event: u32) {
        let events = self.changes.entry(database).or_default();
        if events.last() != Some(&event) {
            events.push(event);
        }
    }

    /// The number of actions accepted before the last one that changed the store, among the first `accepted`.
    pub(crate) fn last_change(&self, database: DatabaseId, accepted: u32) -> Option<u32> {
        let events = self.changes.get(&database)?;
        let until = events.partition_point(|event| *event < accepted);
        events.get(until.checked_sub(1)?).copied()
    }

    /// Since when a transaction is open, or waits if it does.
    pub(crate) fn since_us(
        &self,
        database: DatabaseId,
        transaction: TransactionId,
        waits: bool,
        accepted: u32,
    ) -> u64 {
        let key = (database, transaction);
        let wait = self
            .waits
            .get(&key)
            .and_then(|waits| waits.iter().rev().find(|wait| wait.event < accepted));
        let began = self.transactions.get(&key);
        wait.filter(|_| waits)
            .or(began)
            .map_or(0, |began| began.at_us)
    }
}
