//! Where observations go: kept, hashed, or dropped. What they look like as bytes is in `encode`.

use tidewire_store::hash::{StableHash, StableHasher};

use crate::observation::{Observation, StoreRecord};

/// Takes observations in order.
pub trait Sink {
    /// Whether facts are wanted at all; what nobody wants is not even made.
    fn wants_facts(&self) -> bool {
        true
    }

    /// Takes the next observation.
    fn observe(&mut self, observation: Observation);

    /// Whether stores are to record what statements read and wrote, version by version.
    fn wants_records(&self) -> bool {
        false
    }

    /// Takes what a store recorded, in order. It is no part of the trace, and its hash is the same without.
    fn record(&mut self, _: StoreRecord) {}
}

/// Wants nothing: the scheduler alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrace;

impl Sink for NoTrace {
    fn wants_facts(&self) -> bool {
        false
    }

    fn observe(&mut self, _: Observation) {}
}

/// Everything that happened, and its running hash.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    observations: Vec<Observation>,
    hasher: StableHasher,
}

impl Trace {
    /// All observations in order; an index here is what [`Observation::cause`] means.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// The hash of all of them, the same on every machine.
    pub fn hash(&self) -> u128 {
        self.hasher.finish()
    }
}

impl Sink for Trace {
    fn observe(&mut self, observation: Observation) {
        observation.stable_hash(&mut self.hasher);
        self.observations.push(observation);
    }
}

/// The running hash of a trace whose observations are not kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceHash {
    hasher: StableHasher,
}

impl TraceHash {
    /// The hash of all observations so far, equal to that of a [`Trace`] of them.
    pub fn hash(&self) -> u128 {
        self.hasher.finish()
    }
}

impl Sink for TraceHash {
    fn observe(&mut self, observation: Observation) {
        observation.stable_hash(&mut self.hasher);
    }
}
