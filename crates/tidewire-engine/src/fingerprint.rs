//! The canonical hash of a state: equal for states that will behave alike, however they were reached.
//!
//! Ids by order of creation do not count, nor do slots; works and messages count by their lineage. Parts are
//! summed, so each can be replaced by itself when it changes. Times count from now: the schedule contributes
//! the sum of time × weight, from which now × the sum of weights is taken away.
//! What a part consists of is in `parts`.

use tidewire_store::hash::StableHasher;

use crate::action::Pending;
use crate::parts;
use crate::schedule::Ticket;
use crate::setup::Setup;
use crate::state::{Phase, State};
use crate::step::Step;

/// A part of a state that is hashed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Work(u32),
    Database(u32),
    Instance(u32),
    Pool(u32),
    Cursor(u32),
    Partition(u32),
    Turn(u32),
    Client(u32),
    Fault(u32),
    Invariant(u32),
    Network,
    Phase,
}

/// The halves of a hash, summed and multiplied each by itself: Wasm calls a function for a product of 128 bits.
#[derive(Clone, Copy, Debug, Default)]
struct Lanes {
    low: u64,
    high: u64,
}

impl Lanes {
    fn of(hash: u128) -> Self {
        Self {
            low: hash as u64,
            high: (hash >> 64) as u64,
        }
    }

    fn times(self, factor: u64) -> Self {
        Self {
            low: self.low.wrapping_mul(factor),
            high: self.high.wrapping_mul(factor),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.wrapping_add(other.low),
            high: self.high.wrapping_add(other.high),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            low: self.low.wrapping_sub(other.low),
            high: self.high.wrapping_sub(other.high),
        }
    }
}

/// The hash of a state while it is kept up to date.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprint {
    /// Sum over all parts but the schedule.
    sum: u128,
    /// Sum over the schedule: time × weight.
    times: Lanes,
    /// Sum over the schedule: weight.
    weights: Lanes,
    /// By place in the schedule: the weight with which the entry was added.
    scheduled: Vec<Lanes>,
    /// What each part but works and partitions adds to the sum.
    parts: Vec<u128>,
    /// Per instance: sums over what its caches will forget, weight and time × weight; they are in the sums above.
    expiries: Vec<(Lanes, Lanes)>,
    /// Per partition: records taken in, and the chain of their hashes.
    partitions: Vec<(usize, u128)>,
}

impl Fingerprint {
    fn enter(&mut self, ticket: Ticket, at_us: u64, weight: u128) {
        let weight = Lanes::of(weight);
        if self.scheduled.len() <= ticket.index() {
            self.scheduled.resize(ticket.index() + 1, Lanes::default());
        }
        self.scheduled[ticket.index()] = weight;
        self.times = self.times.plus(weight.times(at_us));
        self.weights = self.weights.plus(weight);
    }

    fn leave(&mut self, ticket: Ticket, at_us: u64) {
        let weight = self.scheduled[ticket.index()];
        self.times = self.times.minus(weight.times(at_us));
        self.weights = self.weights.minus(weight);
    }

    fn replace(&mut self, index: usize, value: u128) {
        let old = std::mem::replace(&mut self.parts[index], value);
        self.sum = self.sum.wrapping_sub(old).wrapping_add(value);
    }

    /// Takes in anew when the entries of an instance's caches expire.
    fn replace_expiries(&mut self, index: u32, expiries: impl Iterator<Item = (u128, u64)>) {
        let (mut weights, mut times) = (Lanes::default(), Lanes::default());
        for (weight, at_us) in expiries {
            let weight = Lanes::of(weight);
            weights = weights.plus(weight);
            times = times.plus(weight.times(at_us));
        }
        let old = std::mem::replace(&mut self.expiries[index as usize], (weights, times));
        self.weights = self.weights.minus(old.0).plus(weights);
        self.times = self.times.minus(old.1).plus(times);
    }

    /// Takes in the records that a partition has gained.
    fn extend(&mut self, index: u32, records: &crate::message::Records) {
        let (taken, chain) = self.partitions[index as usize];
        let mut hash = chain;
        // By index: skipping an iterator forward would visit the whole log at every append.
        for record in (taken..records.len()).filter_map(|offset| records.get(offset)) {
            hash = parts::record(index, hash, record);
        }
        self.partitions[index as usize] = (records.len(), hash);
        self.sum = self.sum.wrapping_sub(chain).wrapping_add(hash);
    }

    fn finish(&self, state: &State) -> u128 {
        let mut relative = self.times.minus(self.weights.times(state.now_us));
        if let Phase::Draining { until_us } = state.phase {
            let left = until_us.saturating_sub(state.now_us);
            relative.high = relative.high.wrapping_add(left);
        }
        let mut hasher = StableHasher::default();
        for Lanes { low, high } in [Lanes::of(self.sum), relative, self.weights] {
            hasher.word(low);
            hasher.word(high);
        }
        hasher.finish()
    }
}

impl State {
    /// The canonical hash of this state. Cheap after [`State::keep_hash`], otherwise taken from everything.
    pub fn hash(&self, setup: &Setup) -> u128 {
        match &self.fingerprint {
            Some(fingerprint) => fingerprint.finish(self),
            None => self.clone().hash_from_scratch(setup).finish(self),
        }
    }

    /// From now on the hash is kept up to date with every action.
    pub fn keep_hash(&mut self, setup: &Setup) {
        if self.fingerprint.is_none() {
            for database in &mut self.databases {
                database.store.keep_hash();
            }
            self.fingerprint = Some(Box::new(self.hash_from_scratch(setup)));
        }
    }

    /// Takes the hash of everything, whatever was kept.
    fn hash_from_scratch(&mut self, setup: &Setup) -> Fingerprint {
        let offsets = Offsets::of(self);
        let mut fingerprint = Fingerprint {
            parts: vec![0; offsets.end],
            expiries: vec![Default::default(); self.instances.len()],
            partitions: vec![(0, 0); self.partitions.len()],
            ..Fingerprint::default()
        };
        for (ticket, at_us, pending) in self.schedule.unordered() {
            fingerprint.enter(ticket, at_us, parts::pending(self, pending));
        }
        for slot in self.works.slots() {
            if let Some(work) = self.works.get_mut(slot) {
                work.contribution = 0;
            }
        }
        let kept = self.fingerprint.replace(Box::new(fingerprint));
        let all = offsets.all(self);
        self.take_hashes(setup, &all);
        let fresh = std::mem::replace(&mut self.fingerprint, kept);
        fresh.map_or_else(Fingerprint::default, |fresh| *fresh)
    }

    /// Takes the hashes of these parts again.
    pub(crate) fn take_hashes(&mut self, setup: &Setup, dirty: &[Part]) {
        let Some(mut fingerprint) = self.fingerprint.take() else {
            return;
        };
        let offsets = Offsets::of(self);
        for part in dirty {
            match *part {
                Part::Work(slot) => {
                    let Some(work) = self.works.get_mut(slot) else {
                        continue;
                    };
                    let hash = parts::work(work);
                    let old = std::mem::replace(&mut work.contribution, hash);
                    fingerprint.sum = fingerprint.sum.wrapping_sub(old).wrapping_add(hash);
                }
                Part::Partition(index) => {
                    fingerprint.extend(index, &self.partitions[index as usize]);
                }
                other => {
                    if let Part::Instance(index) = other {
                        fingerprint.replace_expiries(index, parts::expiries(self, index));
                    }
                    let index = offsets.index(other);
                    fingerprint.replace(index, parts::other(self, setup, other, index));
                }
            }
        }
        self.fingerprint = Some(fingerprint);
    }
}

impl Step<'_> {
    /// Something enters the schedule.
    pub(crate) fn hash_scheduled(&mut self, ticket: Ticket, at_us: u64, pending: Pending) {
        let weight = parts::pending(self.state, pending);
        if let Some(fingerprint) = &mut self.state.fingerprint {
            fingerprint.enter(ticket, at_us, weight);
        }
    }

    /// Something leaves the schedule.
    pub(crate) fn forget_scheduled(&mut self, ticket: Ticket, at_us: u64) {
        if let Some(fingerprint) = &mut self.state.fingerprint {
            fingerprint.leave(ticket, at_us);
        }
    }

    /// A work leaves the state.
    pub(crate) fn forget_hash(&mut self, slot: u32) {
        let contribution = self.state.works.get(slot).map(|work| work.contribution);
        if let (Some(fingerprint), Some(gone)) = (&mut self.state.fingerprint, contribution) {
            fingerprint.sum = fingerprint.sum.wrapping_sub(gone);
        }
    }
}

/// Where the parts of each kind stand in [`Fingerprint::parts`].
struct Offsets {
    databases: usize,
    instances: usize,
    pools: usize,
    cursors: usize,
    turns: usize,
    clients: usize,
    faults: usize,
    invariants: usize,
    end: usize,
}

impl Offsets {
    fn of(state: &State) -> Self {
        let databases = 2;
        let instances = databases + state.databases.len();
        let pools = instances + state.instances.len();
        let cursors = pools + state.pools.len();
        let turns = cursors + state.cursors.len();
        let clients = turns + state.turns.len();
        let faults = clients + state.clients.len();
        let invariants = faults + state.faults.len();
        Offsets {
            databases,
            instances,
            pools,
            cursors,
            turns,
            clients,
            faults,
            invariants,
            end: invariants + state.invariants.len(),
        }
    }

    fn index(&self, part: Part) -> usize {
        let (base, index) = match part {
            Part::Network | Part::Work(_) | Part::Partition(_) => (0, 0),
            Part::Phase => (1, 0),
            Part::Database(index) => (self.databases, index),
            Part::Instance(index) => (self.instances, index),
            Part::Pool(index) => (self.pools, index),
            Part::Cursor(index) => (self.cursors, index),
            Part::Turn(index) => (self.turns, index),
            Part::Client(index) => (self.clients, index),
            Part::Fault(index) => (self.faults, index),
            Part::Invariant(index) => (self.invariants, index),
        };
        base + index as usize
    }

    fn all(&self, state: &State) -> Vec<Part> {
        let mut all = vec![Part::Network, Part::Phase];
        let mut add = |part: fn(u32) -> Part, count: usize| {
            all.extend((0..count as u32).map(part));
        };
        add(Part::Database, state.databases.len());
        add(Part::Instance, state.instances.len());
        add(Part::Pool, state.pools.len());
        add(Part::Cursor, state.cursors.len());
        add(Part::Turn, state.turns.len());
        add(Part::Client, state.clients.len());
        add(Part::Fault, state.faults.len());
        add(Part::Invariant, state.invariants.len());
        add(Part::Partition, state.partitions.len());
        all.extend(state.works.slots().into_iter().map(Part::Work));
        all
    }
}
