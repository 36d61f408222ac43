//! Who waits, for whom, and who may go on. Choices between them are the caller's. Circles: `deadlock`.

use smallvec::SmallVec;

use crate::heavyweight::{self, Request};
use crate::locks::{self, Holders, Wanted};
use crate::transaction::{Suspended, Transaction};
use crate::{ConnectionId, Progress, SqlError, Store, TransactionId, Wait};
use tidewire_syntax::sort;

/// A waiter.
pub(crate) struct Waiter<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) transaction: &'a Transaction,
    pub(crate) suspended: &'a Suspended,
}

impl Waiter<'_> {
    /// What it asks for, if that is an object.
    fn request(&self) -> Option<Request> {
        match self.suspended.wanted {
            Wanted::Object { object, mode } => Some(Request {
                connection: self.connection,
                object,
                mode,
            }),
            _ => None,
        }
    }
}

impl Store {
    /// Waiters in order of arrival.
    pub(crate) fn waiters(&self) -> Vec<Waiter<'_>> {
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
        sort::sort_by_key(&mut waiters, |waiter| waiter.suspended.arrival);
        waiters
    }

    /// Who holds what a waiter wants, in its way; [`ConnectionId::PREPARED`] stands for prepared transactions.
    pub(crate) fn blockers(&self, waiter: &Waiter<'_>) -> SmallVec<[ConnectionId; 2]> {
        let wanted = &waiter.suspended.wanted;
        if let Some(request) = waiter.request() {
            return self.object_holders(&request);
        }
        let heap = wanted
            .table()
            .and_then(|table| self.heaps.get(table.0 as usize));
        let holders = match heap {
            Some(heap) => wanted.holders(heap, waiter.transaction.id),
            None => Holders::new(),
        };
        let owners = holders.iter().map(|holder| self.owner(*holder));
        owners.collect()
    }

    fn owner(&self, transaction: TransactionId) -> ConnectionId {
        let at = self.connections.iter().position(|connection| {
            connection
                .transaction
                .as_ref()
                .is_some_and(|t| t.id == transaction)
        });
        at.map_or(ConnectionId::PREPARED, |at| ConnectionId(at as u32))
    }

    fn may_go_on(&self, waiter: &Waiter<'_>) -> bool {
        match waiter.request() {
            Some(request) => self.object_is_free(&request, waiter.suspended.arrival),
            None if waiter.suspended.wanted == Wanted::SafeSnapshot => {
                self.knows_snapshot(waiter.transaction.id)
            }
            None => self.blockers(waiter).is_empty(),
        }
    }

    /// Waiters that may go on, in order of arrival; choice 0 is the first. Resume one, then ask again.
    pub fn ready(&self) -> Vec<ConnectionId> {
        self.waiters()
            .iter()
            .filter(|waiter| self.may_go_on(waiter))
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
                    table: wanted.table(),
                    row: wanted.row(),
                }
            })
            .collect()
    }

    /// Of a row: earlier waiters for it, else the first of those who hold what is wanted: several are waited for
    /// one after the other (`MultiXactIdWait`), and a circle closes when its turn has come. Of an object: those
    /// who hold it, and earlier waiters.
    fn waited_for(
        &self,
        earlier: &[Waiter<'_>],
        waiter: &Waiter<'_>,
    ) -> SmallVec<[ConnectionId; 2]> {
        let mut blockers = self.blockers(waiter);
        let ahead = earlier.iter().filter(|other| other.in_the_way_of(waiter));
        if waiter.request().is_some() {
            blockers.extend(ahead.map(|other| other.connection));
            return blockers;
        }
        if blockers.is_empty() {
            return blockers;
        }
        let queue: SmallVec<[ConnectionId; 2]> = ahead
            .filter(|other| !self.blockers(other).is_empty())
            .map(|other| other.connection)
            .collect();
        if !queue.is_empty() {
            return queue;
        }
        blockers.truncate(1);
        blockers
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

impl Waiter<'_> {
    /// Does this wait, if it is the earlier one, stand before another in the queue of one row or object?
    pub(crate) fn in_the_way_of(&self, later: &Waiter<'_>) -> bool {
        match (&self.suspended.wanted, &later.suspended.wanted) {
            (
                Wanted::Row {
                    table,
                    row,
                    strength,
                    ..
                },
                Wanted::Row {
                    table: other_table,
                    row: other_row,
                    strength: other,
                    ..
                },
            ) => table == other_table && row == other_row && locks::conflict(*strength, *other),
            (
                Wanted::Object { object, mode },
                Wanted::Object {
                    object: other_object,
                    mode: other,
                },
            ) => object == other_object && heavyweight::conflict(*mode, *other),
            _ => false,
        }
    }
}
