//! Read-write conflicts between serializable transactions, and the dangerous structures that they make.
//!
//! Source: `predicate.c` of PostgreSQL 15 (`FlagRWConflict`, `OnConflict_CheckForSerializationFailure`,
//! `PreCommit_CheckForSerializationFailure`) and Ports and Grittner, "Serializable Snapshot Isolation in
//! PostgreSQL", VLDB 2012. A reader has a conflict out to a writer whose change it did not see. Two such edges in
//! a row, in → pivot → out, are dangerous when out is the first of the three to commit; if in only reads, only
//! when out committed before in took its snapshot. Commits and prepares are numbered by one counter.

use smallvec::SmallVec;

use crate::shared::Shared;

use crate::predicate_locks::{PredicateLocks, Relation, Target};
use crate::{SqlError, TransactionId};

/// Transactions at the other end of edges.
pub(crate) type Edges = SmallVec<[TransactionId; 2]>;

/// A serializable transaction that is open, or that others which are open overlapped.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) id: TransactionId,
    /// Number of its first write among all first writes, for messages.
    pub(crate) first_write: Option<u64>,
    /// Declared so, or committed without a write.
    pub(crate) read_only: bool,
    pub(crate) declared_read_only: bool,
    /// It has written, or tried to.
    pub(crate) wrote: bool,
    /// It will be rolled back; it can no longer be in anybody's way.
    pub(crate) doomed: bool,
    /// Its place in the order of prepares and commits, once it has passed its checks.
    pub(crate) prepared: Option<u64>,
    /// Its place in the order of prepares and commits, once committed.
    pub(crate) committed: Option<u64>,
    /// The newest commit of a serializable transaction when it took its snapshot.
    pub(crate) last_commit_before_snapshot: u64,
    /// The earliest commit that it had a conflict out to, of those that are no longer listed.
    pub(crate) earliest_out_commit: Option<u64>,
    /// The newest commit that its snapshot shows.
    pub(crate) snapshot: u64,
    /// The first write of the oldest transaction in flight when it took its snapshot.
    pub(crate) oldest_in_flight: u64,
    /// Once finished: first writes from here on came after it.
    pub(crate) finished_before: u64,
    /// The commit that its versions are stamped with.
    pub(crate) stamp: Option<u64>,
    /// Whose changes it did not see.
    pub(crate) conflicts_out: Edges,
    /// Who did not see its changes.
    pub(crate) conflicts_in: Edges,
    /// Of a read-only one: writers that may yet make its snapshot unsafe.
    pub(crate) possible_unsafe: Edges,
    pub(crate) safe: bool,
    pub(crate) unsafe_snapshot: bool,
    pub(crate) locks: PredicateLocks,
}

impl Party {
    fn is_committed(&self) -> bool {
        self.committed.is_some()
    }

    /// Did it commit before this place in the order?
    fn committed_before(&self, place: u64) -> bool {
        self.committed.is_some_and(|committed| committed < place)
    }
}

/// All serializable transactions of a store that matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Serializable {
    /// Open ones, and committed ones behind them in order of commit.
    pub(crate) parties: Vec<Shared<Party>>,
    /// Prepares and commits so far.
    pub(crate) last_commit: u64,
    /// Committed ones up to here overlap readers only.
    pub(crate) partly_clear_up_to: u64,
    pub(crate) partly_cleared_up_to: u64,
}

/// 40001, with the reason as PostgreSQL's detail has it.
pub(crate) fn failure(reason: &str) -> SqlError {
    SqlError::new(
        b"40001",
        "could not serialize access due to read/write dependencies among transactions",
    )
    .with_detail(["Reason code: Canceled on ", reason, "."].concat())
}

impl Serializable {
    /// The transaction, if it matters.
    pub(crate) fn party(&self, id: TransactionId) -> Option<&Party> {
        let mut parties = self.parties.iter();
        parties.find(|party| party.id == id).map(|party| &**party)
    }

    /// The transaction, to be changed.
    pub(crate) fn party_mut(&mut self, id: TransactionId) -> Option<&mut Party> {
        let mut parties = self.parties.iter_mut();
        parties.find(|party| party.id == id).map(Shared::make_mut)
    }

    fn is_doomed(&self, id: TransactionId) -> bool {
        self.party(id).is_some_and(|party| party.doomed)
    }

    /// Has someone else decided that `me` cannot commit? It learns so when it reads or writes
    /// (`CheckForSerializableConflictOutNeeded`, `CheckForSerializableConflictIn`).
    pub(crate) fn check_doomed(&self, me: TransactionId, during: &str) -> Result<(), SqlError> {
        if self.is_doomed(me) {
            return Err(failure(
                &["identification as a pivot, during ", during].concat(),
            ));
        }
        Ok(())
    }

    /// `me` came by a version that a concurrent transaction made or replaced
    /// (`CheckForSerializableConflictOut`).
    pub(crate) fn conflict_out(
        &mut self,
        me: TransactionId,
        writer: TransactionId,
    ) -> Result<(), SqlError> {
        let (Some(reader), Some(other)) = (self.party(me), self.party(writer)) else {
            return Ok(());
        };
        if me == writer || other.doomed {
            return Ok(());
        }
        // A reader seems to have run before a writer without a conflict out to something earlier.
        let before = other
            .earliest_out_commit
            .is_none_or(|earliest| reader.last_commit_before_snapshot < earliest);
        if reader.read_only && other.is_committed() && before {
            return Ok(());
        }
        self.flag(me, me, writer)
    }

    /// `me` writes to a target: everybody who has read it has a conflict out to `me`
    /// (`CheckTargetForConflictsIn`).
    pub(crate) fn conflict_in(
        &mut self,
        me: TransactionId,
        target: Target,
        in_savepoint: bool,
    ) -> Result<(), SqlError> {
        let Some(oldest_in_flight) = self.party(me).map(|party| party.oldest_in_flight) else {
            return Ok(());
        };
        let readers: Edges = self
            .parties
            .iter()
            .filter(|other| other.id != me && !other.doomed && other.locks.holds(target))
            .filter(|other| !other.is_committed() || oldest_in_flight < other.finished_before)
            .map(|other| other.id)
            .collect();
        for reader in readers {
            self.flag(me, reader, me)?;
        }
        // Who writes a tuple need not remember that it read it, unless a savepoint may undo the write.
        if matches!(target, Target::Tuple(..))
            && !in_savepoint
            && let Some(party) = self.party_mut(me)
        {
            party.locks.release(target);
        }
        Ok(())
    }

    /// `me` empties or drops a table: everybody who has read any of its heap has a conflict out to `me`
    /// (`CheckTableForSerializableConflictIn`).
    pub(crate) fn conflict_in_table(
        &mut self,
        me: TransactionId,
        heap: Relation,
    ) -> Result<(), SqlError> {
        let reads = |party: &Party| {
            let mut targets = party.locks.targets().iter();
            targets.any(|target| target.relation() == heap)
        };
        let readers: Edges = self
            .parties
            .iter()
            .filter(|other| other.id != me && reads(other))
            .map(|other| other.id)
            .collect();
        for reader in readers {
            self.flag(me, reader, me)?;
        }
        Ok(())
    }

    /// Notes an edge, unless it is known; `me` is one of its ends. Someone is doomed or `me` fails when that
    /// makes a dangerous structure.
    fn flag(
        &mut self,
        me: TransactionId,
        reader: TransactionId,
        writer: TransactionId,
    ) -> Result<(), SqlError> {
        let known = self
            .party(reader)
            .is_none_or(|party| party.conflicts_out.contains(&writer));
        if known {
            return Ok(());
        }
        if self.is_dangerous(reader, writer) {
            self.doom_writer(me, writer)?;
        }
        if let Some(party) = self.party_mut(reader) {
            party.conflicts_out.push(writer);
        }
        if let Some(party) = self.party_mut(writer) {
            party.conflicts_in.push(reader);
        }
        Ok(())
    }

    /// Does an edge from reader to writer complete a dangerous structure?
    fn is_dangerous(&self, reader: TransactionId, writer: TransactionId) -> bool {
        let (Some(reader), Some(writer)) = (self.party(reader), self.party(writer)) else {
            return false;
        };
        // The writer committed behind someone to whom it had a conflict out.
        if writer.is_committed() && writer.earliest_out_commit.is_some() {
            return true;
        }
        // The writer is the pivot, and the far end is prepared or committed, and was first.
        let pivot_is_writer = writer.conflicts_out.iter().any(|out| {
            let prepared = self.party(*out).and_then(|party| party.prepared);
            prepared.is_some_and(|prepared| {
                !reader.committed_before(prepared)
                    && !writer.committed_before(prepared)
                    && (!reader.read_only || prepared <= reader.last_commit_before_snapshot)
            })
        });
        if pivot_is_writer {
            return true;
        }
        // The reader is the pivot, and the writer is prepared or committed, and was first.
        let Some(prepared) = writer.prepared.filter(|_| !reader.read_only) else {
            return false;
        };
        reader.conflicts_in.iter().any(|far| {
            self.party(*far).is_some_and(|far| {
                !far.doomed
                    && !far.committed_before(prepared)
                    && (!far.read_only || far.last_commit_before_snapshot >= prepared)
            })
        })
    }

    /// Someone must go: `me` if it is the writer, or if the writer can no longer; else the writer, which
    /// learns it later.
    fn doom_writer(&mut self, me: TransactionId, writer: TransactionId) -> Result<(), SqlError> {
        if me == writer {
            return Err(failure("identification as a pivot, during write"));
        }
        let Some(party) = self.party_mut(writer) else {
            return Ok(());
        };
        if party.prepared.is_some() {
            let number = party.first_write.unwrap_or(0).to_string();
            let reason = ["conflict out to pivot ", &number, ", during read"];
            return Err(failure(&reason.concat()));
        }
        party.doomed = true;
        Ok(())
    }

    /// The last check of `me`, at COMMIT or PREPARE TRANSACTION: pivots that it would be the out of are
    /// doomed, so that the one who commits makes progress.
    pub(crate) fn prepare(&mut self, me: TransactionId) -> Result<(), SqlError> {
        let Some(party) = self.party(me) else {
            return Ok(());
        };
        self.check_doomed(me, "commit attempt")?;
        let near: Edges = party.conflicts_in.clone();
        for pivot in near {
            let Some(party) = self.party(pivot) else {
                continue;
            };
            if party.is_committed() || party.doomed {
                continue;
            }
            let far = party.conflicts_in.iter().any(|far| {
                *far == me
                    || self
                        .party(*far)
                        .is_some_and(|far| !far.is_committed() && !far.read_only && !far.doomed)
            });
            if !far {
                continue;
            }
            if party.prepared.is_some() {
                return Err(failure(
                    "commit attempt with conflict in from prepared pivot",
                ));
            }
            if let Some(party) = self.party_mut(pivot) {
                party.doomed = true;
            }
        }
        self.last_commit += 1;
        let place = self.last_commit;
        if let Some(party) = self.party_mut(me) {
            party.prepared = Some(place);
        }
        Ok(())
    }
}
