//! Serializable transactions in the hash of a store: all that decides who will fail, without the numbers that
//! only count. Transactions stand in the order of their connections, committed ones behind them in order of
//! commit; places in the order of commits become ranks.

use smallvec::SmallVec;

use crate::conflicts::{Edges, Party, Serializable};
use crate::hash::{StableHash, StableHasher};
use crate::predicate_locks::Target;
use crate::{Store, TransactionId};
use tidewire_syntax::sort;

impl Store {
    /// Takes in what is known about serializable transactions.
    pub(crate) fn hash_serializable(&self, hasher: &mut StableHasher) {
        let Some(state) = self.serializable.as_deref() else {
            return;
        };
        let order = self.party_order(state);
        let ranks = ranks(state);
        let rank = |place: u64| ranks.binary_search(&place).map_or(0, |at| at as u64 + 1);
        hasher.word(rank(state.last_commit));
        hasher.word(rank(state.partly_clear_up_to));
        hasher.word(rank(state.partly_cleared_up_to));
        for party in order.iter().filter_map(|id| state.party(*id)) {
            hasher.word(self.place_of(party.id));
            hasher.word(flags(party));
            for place in [party.prepared, party.committed, party.earliest_out_commit] {
                hasher.word(place.map_or(0, rank));
            }
            hasher.word(rank(party.last_commit_before_snapshot));
            for edges in [
                &party.conflicts_out,
                &party.conflicts_in,
                &party.possible_unsafe,
            ] {
                hash_edges(edges, &order, hasher);
            }
            self.hash_overlap(state, party, hasher);
            self.hash_locks(party, hasher);
        }
    }

    /// The place of the committed serializable transaction that made a version; 0 if it was none.
    pub(crate) fn party_of_stamp(&self, sequence: u64) -> u64 {
        let Some(state) = self.serializable.as_deref() else {
            return 0;
        };
        let mut parties = state.parties.iter();
        let at = parties.position(|party| party.stamp == Some(sequence));
        at.map_or(0, |at| at as u64 + 1)
    }

    fn party_order(&self, state: &Serializable) -> Edges {
        let mut order: SmallVec<[(u64, usize, TransactionId); 4]> = SmallVec::new();
        for (at, party) in state.parties.iter().enumerate() {
            let open = party.committed.is_none();
            let place = if open {
                self.place_of(party.id)
            } else {
                u64::MAX
            };
            order.push((place, if open { 0 } else { at }, party.id));
        }
        sort::sort(&mut order);
        order.into_iter().map(|(_, _, id)| id).collect()
    }

    /// Which committed transactions it overlaps, and which transactions in flight a committed one does: new
    /// snapshots will follow from that.
    fn hash_overlap(&self, state: &Serializable, party: &Party, hasher: &mut StableHasher) {
        if party.committed.is_none() {
            for other in &state.parties {
                let overlaps = match other.committed {
                    Some(_) => party.oldest_in_flight < other.finished_before,
                    None => party.oldest_in_flight < other.oldest_in_flight,
                };
                hasher.word(u64::from(overlaps));
            }
            return;
        }
        for open in self.open_transactions() {
            let first = open.first_write;
            hasher.word(first.map_or(2, |first| u64::from(first < party.finished_before)));
        }
    }

    fn hash_locks(&self, party: &Party, hasher: &mut StableHasher) {
        let mut sum: u128 = 0;
        for target in party.locks.targets() {
            let mut part = StableHasher::default();
            let relation = target.relation();
            part.word(u64::from(relation.table.0));
            part.word(relation.index.map_or(0, |index| u64::from(index) + 1));
            match target {
                Target::Relation(_) => part.word(0),
                Target::Page(_, block) => part.word(1 + u64::from(*block)),
                Target::Tuple(_, position, row) => {
                    let heap = self.heaps.get(relation.table.0 as usize);
                    let entry = heap.and_then(|heap| heap.entry(*row));
                    let mut versions = entry.iter().flat_map(|entry| entry.versions());
                    if let Some(version) = versions.find(|version| version.position == *position) {
                        version.row.stable_hash(&mut part);
                    }
                }
            }
            sum = sum.wrapping_add(part.finish());
        }
        hasher.word(sum as u64);
        hasher.word((sum >> 64) as u64);
    }
}

fn flags(party: &Party) -> u64 {
    let flags = [
        party.read_only,
        party.declared_read_only,
        party.wrote,
        party.doomed,
        party.safe,
        party.unsafe_snapshot,
    ];
    flags
        .iter()
        .fold(0, |word, flag| word << 1 | u64::from(*flag))
}

fn hash_edges(edges: &Edges, order: &Edges, hasher: &mut StableHasher) {
    let mut places: SmallVec<[u64; 4]> = edges
        .iter()
        .filter_map(|id| order.iter().position(|other| other == id))
        .map(|at| at as u64 + 1)
        .collect();
    sort::sort(&mut places);
    hasher.word(places.len() as u64);
    for place in places {
        hasher.word(place);
    }
}

/// All places in the order of commits that are mentioned, sorted.
fn ranks(state: &Serializable) -> Vec<u64> {
    let mut places = vec![
        state.last_commit,
        state.partly_clear_up_to,
        state.partly_cleared_up_to,
    ];
    for party in &state.parties {
        places.push(party.last_commit_before_snapshot);
        let rest = [party.prepared, party.committed, party.earliest_out_commit];
        places.extend(rest.into_iter().flatten());
    }
    sort::sort(&mut places);
    places.dedup();
    places
}
