//! Snapshots that cannot be part of an anomaly, and read-only transactions that run on them without locks.
//!
//! Source: `predicate.c` (`GetSafeSnapshot`, `ReleasePredicateLocks`). A snapshot is safe when every writer
//! that was open when it was taken has ended without a conflict out to something that committed before the
//! snapshot. A DEFERRABLE transaction waits for one, and starts over with a new snapshot when it was unsafe.

use crate::conflicts::{Edges, Serializable};
use crate::execution::Execution;
use crate::shared::Shared;
use crate::transaction::Transaction;
use crate::{Store, TransactionId};

impl Store {
    /// Is it known by now whether the snapshot of a waiting transaction is safe?
    pub(crate) fn knows_snapshot(&self, id: TransactionId) -> bool {
        let party = self.serializable.as_ref().and_then(|state| state.party(id));
        party.is_none_or(|party| party.safe || party.unsafe_snapshot)
    }

    /// Is the snapshot of a DEFERRABLE transaction safe? One that proves unsafe is given up for a new one. Who has
    /// a safe one is not watched any more.
    pub(crate) fn has_safe_snapshot(
        &mut self,
        transaction: &mut Transaction,
        execution: &mut Execution,
    ) -> bool {
        let id = transaction.id;
        while self.knows_snapshot(id) {
            let party = self.serializable.as_ref().and_then(|state| state.party(id));
            let safe = party.is_none_or(|party| party.safe);
            self.leave(id, false, None);
            if safe {
                execution.wants_safe_snapshot = false;
                return true;
            }
            transaction.snapshot = Some(self.sequence);
            execution.view.snapshot = self.sequence;
            self.enter(transaction);
        }
        false
    }
}

impl Serializable {
    /// Writers that are open and not doomed: they may yet make a snapshot that is taken now unsafe.
    pub(crate) fn writers(&self) -> Edges {
        let open = self
            .parties
            .iter()
            .filter(|party| party.committed.is_none() && !party.doomed && !party.read_only);
        open.map(|party| party.id).collect()
    }

    /// Does a transaction that declared itself a writer run?
    pub(crate) fn has_writers(&self) -> bool {
        let mut open = self
            .parties
            .iter()
            .filter(|party| party.committed.is_none());
        open.any(|party| !party.declared_read_only)
    }

    /// A writer has ended: readers that overlapped it know more about their snapshots. `earliest` is the
    /// earliest commit that it had a conflict out to, if it committed writes.
    pub(crate) fn tell_readers(&mut self, writer: TransactionId, earliest: Option<u64>) {
        for reader in &mut self.parties {
            let Some(at) = reader.possible_unsafe.iter().position(|id| *id == writer) else {
                continue;
            };
            let reader = Shared::make_mut(reader);
            if earliest.is_some_and(|earliest| earliest <= reader.last_commit_before_snapshot) {
                reader.unsafe_snapshot = true;
                reader.possible_unsafe.clear();
            } else {
                reader.possible_unsafe.remove(at);
                reader.safe |= reader.possible_unsafe.is_empty();
            }
        }
    }
}
