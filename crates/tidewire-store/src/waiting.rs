//! Who waits, for whom, who may go on, and who stands in a circle. Choices between them are the caller's.

use smallvec::SmallVec;

use crate::locks::{self, Holders, Wanted};
use crate::transaction::{Suspended, Transaction};
use crate::{ConnectionId, Progress, SqlError, Store, TransactionId, Wait};

/// A waiter.
struct Waiter<'a> {
    connection: ConnectionId,
    transaction: &'a Transaction,
    suspended: &'a Suspended,
}

impl Store {
    /// Waiters in order of arrival.
    fn waiters(&self) -> Vec<Waiter<'_>> {
        let mut waiters: Vec<Waiter<'_>> = self
            .connections
            .iter()
            .enumerate()
            .filter_map(|(at, connection)| {
                Some(Waiter {
                    connection: ConnectionId(at as u32),
                    transaction: connection.transaction.as_ref()?,
                    suspended: connection.suspended.as_ref()?,
                })
            })
            .collect();
        waiters.sort_by_key(|waiter| waiter.suspended.arrival);
        waiters
    }

    fn blockers(&self, waiter: &Waiter<'_>) -> Holders {
        let wanted = &waiter.suspended.wanted;
        match self.heaps.get(wanted.table().0 as usize) {
            Some(heap) => wanted.holders(heap, waiter.transaction.id),
            None => Holders::new(),
        }
    }

    fn owner(&self, transaction: TransactionId) -> Option<ConnectionId> {
        let at = self.connections.iter().position(|connection| {
            connection
                .transaction
                .as_ref()
                .is_some_and(|t| t.id == transaction)
        })?;
        Some(ConnectionId(at as u32))
    }

    /// Waiters that may go on, in order of arrival; choice 0 is the first. Resume one, then ask again.
    pub fn ready(&self) -> Vec<ConnectionId> {
        self.waiters()
            .iter()
            .filter(|waiter| self.blockers(waiter).is_empty())
            .map(|waiter| waiter.connection)
            .collect()
    }

    /// Who waits for whom, in order of arrival. Behind another waiter for the same row stands a waiter for
    /// that one, as PostgreSQL's `pg_blocking_pids` tells it.
    pub fn waits(&self) -> Vec<Wait> {
        let waiters = self.waiters();
        waiters
            .iter()
            .enumerate()
            .map(|(at, waiter)| {
                let wanted = &waiter.suspended.wanted;
                Wait {
                    waiter: waiter.connection,
                    holders: self.waited_for(&waiters[..at], waiter).to_vec(),
                    table: Some(wanted.table()),
                    row: wanted.row(),
                }
            })
            .collect()
    }

    /// Earlier waiters for the same row, else the first of those who hold what is wanted: several are waited
    /// for one after the other (`MultiXactIdWait`), and a circle closes when its turn has come.
    fn waited_for(
        &self,
        earlier: &[Waiter<'_>],
        waiter: &Waiter<'_>,
    ) -> SmallVec<[ConnectionId; 2]> {
        let blockers = self.blockers(waiter);
        if blockers.is_empty() {
            return SmallVec::new();
        }
        let queue: SmallVec<[ConnectionId; 2]> = earlier
            .iter()
            .filter(|other| in_the_way(&other.suspended.wanted, &waiter.suspended.wanted))
            .filter(|other| !self.blockers(other).is_empty())
            .map(|other| other.connection)
            .collect();
        if !queue.is_empty() {
            return queue;
        }
        let first = blockers
            .first()
            .and_then(|transaction| self.owner(*transaction));
        first.into_iter().collect()
    }

    /// A cycle of waiters in order of arrival, if there is one. Who is the victim is the caller's choice;
    /// [`Store::cancel`] it with [`SqlError::deadlock`].
    pub fn deadlock(&self) -> Option<Vec<ConnectionId>> {
        let waits = self.waits();
        for first in &waits {
            let mut path = vec![first.waiter];
            if circle(&waits, &mut path, &mut Vec::new()) {
                let order = |connection: &ConnectionId| {
                    waits.iter().position(|wait| wait.waiter == *connection)
                };
                path.sort_by_key(order);
                return Some(path);
            }
        }
        None
    }

    /// Ends a waiting statement with this error: 40P01, 55P03, 57014. Without a waiting statement it does
    /// nothing and answers the error.
    pub fn cancel(&mut self, connection: ConnectionId, error: SqlError) -> Progress {
        self.changes.clear();
        self.committed.clear();
        let Some(place) = self.connection_mut(connection) else {
            return Progress::Failed(error);
        };
        if place.suspended.take().is_none() {
            return Progress::Failed(error);
        }
        match place.transaction.take() {
            Some(transaction) => self.fail(connection, transaction, error),
            None => Progress::Failed(error),
        }
    }
}

/// Does an earlier wait stand before a later one, in the queue of one row?
fn in_the_way(earlier: &Wanted, later: &Wanted) -> bool {
    match (earlier, later) {
        (
            Wanted::Row {
                table,
                row,
                strength,
            },
            Wanted::Row {
                table: other_table,
                row: other_row,
                strength: other,
            },
        ) => table == other_table && row == other_row && locks::conflict(*strength, *other),
        _ => false,
    }
}

/// Extends the path along waits until it comes back to its begin. Each waiter is visited once.
fn circle(waits: &[Wait], path: &mut Vec<ConnectionId>, seen: &mut Vec<ConnectionId>) -> bool {
    let Some(last) = path.last().copied() else {
        return false;
    };
    let Some(wait) = waits.iter().find(|wait| wait.waiter == last) else {
        return false;
    };
    for holder in &wait.holders {
        if *holder == path[0] {
            return true;
        }
        if seen.contains(holder) {
            continue;
        }
        seen.push(*holder);
        path.push(*holder);
        if circle(waits, path, seen) {
            return true;
        }
        path.pop();
    }
    false
}
