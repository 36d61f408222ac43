//! The life of a serializable transaction among the others: it enters when it takes its snapshot, is checked
//! before it commits, and is remembered until nobody overlaps it any more.
//!
//! Source: `predicate.c` (`GetSerializableTransactionSnapshotInt`, `ReleasePredicateLocks`,
//! `ClearOldPredicateLocks`). Nothing is ever summarised: memory for finished transactions does not run out here.

use crate::conflicts::{Edges, Party, Serializable};
use crate::predicate_locks::PredicateLocks;
use crate::shared::Shared;
use crate::transaction::Transaction;
use crate::{SqlError, Store, TransactionId};

impl Store {
    /// Numbers the first write of a transaction, as PostgreSQL gives it an id there.
    #[inline]
    pub(crate) fn number_first_write(&mut self, transaction: &mut Transaction) {
        if transaction.first_write.is_none() {
            self.first_writes += 1;
            transaction.first_write = Some(self.first_writes);
        }
    }

    /// A serializable transaction is about to take its snapshot. It stays out of all this when it only reads
    /// and no writer runs.
    pub(crate) fn enter(&mut self, transaction: &Transaction) {
        let read_only = transaction.read_only;
        let state = self.serializable.as_deref();
        let possible_unsafe = match state {
            Some(state) if read_only && state.has_writers() => state.writers(),
            _ => Edges::new(),
        };
        if read_only && possible_unsafe.is_empty() {
            return;
        }
        let in_flight = self.open_transactions().filter_map(|open| open.first_write);
        let oldest = in_flight.chain(transaction.first_write).min();
        let next = self.first_writes + 1;
        let snapshot = self.sequence;
        let state = Shared::make_mut(self.serializable.get_or_insert_default());
        let open = state
            .parties
            .iter()
            .filter(|party| party.committed.is_none());
        let at = open.count();
        let party = Party {
            id: transaction.id,
            first_write: None,
            read_only,
            declared_read_only: read_only,
            wrote: false,
            doomed: false,
            prepared: None,
            committed: None,
            last_commit_before_snapshot: state.last_commit,
            earliest_out_commit: None,
            snapshot,
            oldest_in_flight: oldest.unwrap_or(next),
            finished_before: 0,
            stamp: None,
            conflicts_out: Edges::new(),
            conflicts_in: Edges::new(),
            possible_unsafe,
            safe: false,
            unsafe_snapshot: false,
            locks: PredicateLocks::default(),
        };
        state.parties.insert(at, Shared::new(party));
    }

    /// The last check before a transaction commits or is prepared: 40001 if it would complete a dangerous
    /// structure.
    pub(crate) fn check_serializable(&mut self, transaction: &Transaction) -> Result<(), SqlError> {
        let Some(state) = &mut self.serializable else {
            return Ok(());
        };
        let Some(party) = state.party(transaction.id) else {
            return Ok(());
        };
        if party.safe {
            self.leave(transaction.id, false, None);
            return Ok(());
        }
        let state = Shared::make_mut(state);
        if let Some(party) = state.party_mut(transaction.id) {
            party.first_write = transaction.first_write;
        }
        state.prepare(transaction.id)
    }

    /// A prepared transaction counts as one that has written (`PredicateLockTwoPhaseFinish`).
    pub(crate) fn assume_written(&mut self, id: TransactionId) {
        if let Some(state) = &mut self.serializable
            && state.party(id).is_some()
            && let Some(party) = Shared::make_mut(state).party_mut(id)
        {
            party.wrote = true;
        }
    }

    /// A transaction has ended, or reads on without being watched. `stamp` is the commit that its versions
    /// carry, if it wrote any.
    pub(crate) fn leave(&mut self, id: TransactionId, committed: bool, stamp: Option<u64>) {
        let next = self.first_writes + 1;
        let Some(state) = &mut self.serializable else {
            return;
        };
        if state.party(id).is_none() {
            return;
        }
        let state = Shared::make_mut(state);
        state.leave(id, committed, stamp, next);
        if state.parties.is_empty() {
            self.serializable = None;
        }
    }
}

impl Serializable {
    /// See [`Store::leave`]; `next` is the number of the next first write.
    fn leave(&mut self, id: TransactionId, committed: bool, stamp: Option<u64>, next: u64) {
        let oldest = self.oldest_in_flight();
        let Some(at) = self.parties.iter().position(|party| party.id == id) else {
            return;
        };
        let mut held = self.parties.remove(at);
        let party = Shared::make_mut(&mut held);
        party.finished_before = next;
        party.possible_unsafe.clear();
        if committed {
            self.last_commit += 1;
            party.committed = Some(self.last_commit);
            party.stamp = stamp;
            // Whoever commits without a write was a reader all along.
            party.read_only |= !party.wrote;
            self.settle_edges(party);
        }
        let earliest = party.earliest_out_commit.filter(|_| party.wrote);
        let (was_writer, snapshot) = (!party.declared_read_only, party.oldest_in_flight);
        if committed {
            self.parties.push(held);
        } else {
            self.forget_edges(id, true);
        }
        if was_writer {
            if !self.has_writers() {
                self.partly_clear_up_to = self.last_commit;
            }
            self.tell_readers(id, earliest.filter(|_| committed));
        }
        if oldest == Some(snapshot) && self.oldest_in_flight() != oldest {
            self.clear_old();
        }
    }

    /// The oldest `oldest_in_flight` of open transactions.
    fn oldest_in_flight(&self) -> Option<u64> {
        let open = self
            .parties
            .iter()
            .filter(|party| party.committed.is_none());
        open.map(|party| party.oldest_in_flight).min()
    }

    /// Keeps of a committed transaction's edges what may still matter: the earliest commit that it had a
    /// conflict out to, and edges with transactions that are open.
    fn settle_edges(&mut self, party: &mut Party) {
        let mut earliest = party.earliest_out_commit;
        let mut drop_out = Edges::new();
        for out in &party.conflicts_out {
            let Some(other) = self.party(*out) else {
                continue;
            };
            let committed = other.committed.is_some();
            if committed && !party.read_only {
                earliest = earliest.into_iter().chain(other.prepared).min();
            }
            if committed || other.last_commit_before_snapshot >= self.last_commit {
                drop_out.push(*out);
            }
        }
        let mut drop_in = Edges::new();
        for reader in &party.conflicts_in {
            let other = self.party(*reader);
            if other.is_some_and(|other| other.committed.is_some() || other.read_only) {
                drop_in.push(*reader);
            }
        }
        party.earliest_out_commit = earliest;
        party.conflicts_out.retain(|id| !drop_out.contains(id));
        party.conflicts_in.retain(|id| !drop_in.contains(id));
        for other in &mut self.parties {
            if drop_out.contains(&other.id) {
                let edges = &mut Shared::make_mut(other).conflicts_in;
                edges.retain(|id| *id != party.id);
            }
            if drop_in.contains(&other.id) {
                let edges = &mut Shared::make_mut(other).conflicts_out;
                edges.retain(|id| *id != party.id);
            }
        }
    }

    /// Takes the edges to a transaction out of all others; with `all`, those that come from it too.
    fn forget_edges(&mut self, id: TransactionId, all: bool) {
        for other in &mut self.parties {
            if other.conflicts_out.contains(&id) {
                let edges = &mut Shared::make_mut(other).conflicts_out;
                edges.retain(|edge| *edge != id);
            }
            if all && other.conflicts_in.contains(&id) {
                let edges = &mut Shared::make_mut(other).conflicts_in;
                edges.retain(|edge| *edge != id);
            }
        }
    }

    /// Forgets committed transactions that no open one overlaps; of those that only readers overlap, their
    /// locks and conflicts in.
    fn clear_old(&mut self) {
        let oldest = self.oldest_in_flight();
        let first = self
            .parties
            .iter()
            .position(|party| party.committed.is_some());
        let mut at = first.unwrap_or(self.parties.len());
        while let Some(party) = self.parties.get(at) {
            let (id, committed) = (party.id, party.committed.unwrap_or(0));
            let overlapped = oldest.is_some_and(|oldest| party.finished_before > oldest);
            let partly =
                committed > self.partly_cleared_up_to && committed <= self.partly_clear_up_to;
            if overlapped && !partly {
                break;
            }
            let whole = !overlapped || party.read_only;
            if overlapped {
                self.partly_cleared_up_to = committed;
            }
            if whole {
                self.parties.remove(at);
                self.forget_edges(id, true);
            } else {
                let party = Shared::make_mut(&mut self.parties[at]);
                party.locks.clear();
                party.conflicts_in.clear();
                self.forget_edges(id, false);
                at += 1;
            }
        }
    }
}
