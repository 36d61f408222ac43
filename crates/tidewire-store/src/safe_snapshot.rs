//! Snapshots that cannot be part of an anomaly, and read-only transactions that run on them without locks.
//!
//! Source: `predicate.c` (`GetSafeSnapshot`, `ReleasePredicateLocks`). A snapshot is safe when every writer
//! that was open when it was taken has ended without a conflict out to something that committed before the
//! snapshot. A DEFERRABLE transaction waits for one, and starts over with a new snapshot when it was unsafe.

use crate::TransactionId;
use crate::conflicts::{Edges, Serializable};

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
