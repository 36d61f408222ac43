//! Locks on tables and advisory locks: which modes exclude which, who holds one, and the fair queue of those who
//! wait.
//!
//! Source of the rules: PostgreSQL 15 manual 13.3.1 (table-level locks); `src/backend/storage/lmgr/lock.c`
//! (`LockAcquireExtended`) and `proc.c` (`ProcSleep`, `ProcLockWakeup`): a request waits behind holders and
//! behind earlier waiters that it conflicts with; who holds a lock on the object already goes before the
//! waiters that this lock holds up.
//!
//! A transaction keeps its modes by itself, so taking a weak one costs no more than a look at a counter while
//! nobody holds or wants a strong one (PostgreSQL's fast path).

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::TableLockMode;
use tidewire_syntax::sort;

use crate::execution::Step;
use crate::hash::{StableHash, StableHasher};
use crate::locks::Wanted;
use crate::transaction::Transaction;
use crate::{ConnectionId, SqlError, Store, TableId};

/// What a heavyweight lock is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Table(TableId),
    Advisory(AdvisoryKey),
}

/// A key of an advisory lock: one number of 64 bits, or two of 32, which are never equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdvisoryKey {
    /// Given as two numbers.
    pub two: bool,
    /// The number; of two, the first is in the upper half.
    pub key: i64,
}

/// Modes of one object, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modes(pub(crate) u8);

impl Modes {
    pub(crate) fn of(mode: TableLockMode) -> Modes {
        Modes(1 << mode as u8)
    }

    pub(crate) fn has(self, mode: TableLockMode) -> bool {
        self.0 & Self::of(mode).0 != 0
    }

    pub(crate) fn with(self, mode: TableLockMode) -> Modes {
        Modes(self.0 | Self::of(mode).0)
    }

    /// Does one of them exclude this mode?
    pub(crate) fn exclude(self, mode: TableLockMode) -> bool {
        self.0 & excluded(mode) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The modes, weakest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = TableLockMode> {
        TableLockMode::ALL
            .into_iter()
            .filter(move |mode| self.has(*mode))
    }
}

/// The modes that a mode excludes, as bits (manual, table 13.2).
fn excluded(mode: TableLockMode) -> u8 {
    match mode {
        TableLockMode::AccessShare => 0b1000_0000,
        TableLockMode::RowShare => 0b1100_0000,
        TableLockMode::RowExclusive => 0b1111_0000,
        TableLockMode::ShareUpdateExclusive => 0b1111_1000,
        TableLockMode::Share => 0b1110_1100,
        TableLockMode::ShareRowExclusive => 0b1111_1100,
        TableLockMode::Exclusive => 0b1111_1110,
        TableLockMode::AccessExclusive => 0b1111_1111,
    }
}

/// Do two modes exclude each other?
pub(crate) fn conflict(left: TableLockMode, right: TableLockMode) -> bool {
    Modes::of(left).exclude(right)
}

/// A mode that no other weak one excludes.
fn is_weak(mode: TableLockMode) -> bool {
    mode <= TableLockMode::RowExclusive
}

/// The tables that a transaction has locked, in order of their first lock.
#[derive(Debug, Default)]
pub(crate) struct TableModes(SmallVec<[(TableId, Modes); 4]>);

impl Clone for TableModes {
    /// Copies the words at one go.
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }
}

impl TableModes {
    pub(crate) fn on(&self, table: TableId) -> Modes {
        let found = self.0.iter().find(|(other, _)| *other == table);
        found.map_or(Modes::default(), |(_, modes)| *modes)
    }

    fn add(&mut self, table: TableId, mode: TableLockMode) {
        match self.0.iter_mut().find(|(other, _)| *other == table) {
            Some((_, modes)) => *modes = modes.with(mode),
            None => self.0.push((table, Modes::of(mode))),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TableId, Modes)> {
        self.0.iter().copied()
    }
}

impl StableHash for TableModes {
    /// In whatever order they were taken.
    fn stable_hash(&self, hasher: &mut StableHasher) {
        let mut sorted = self.0.clone();
        sort::sort_by_key(&mut sorted, |(table, _)| *table);
        for (table, modes) in sorted {
            hasher.word(u64::from(table.0) << 8 | u64::from(modes.0));
        }
    }
}

impl StableHash for AdvisoryKey {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.word(u64::from(self.two));
        hasher.word(self.key as u64);
    }
}

impl Transaction {
    /// What it holds on an object.
    pub(crate) fn modes_on(&self, object: Object) -> Modes {
        match object {
            Object::Table(table) => self.tables.on(table),
            Object::Advisory(key) => self.rare.as_ref().map_or(Modes::default(), |rare| {
                let held = rare.advisory.iter().filter(|(other, _)| *other == key);
                held.fold(Modes::default(), |modes, (_, mode)| modes.with(*mode))
            }),
        }
    }

    fn take(&mut self, object: Object, mode: TableLockMode) {
        match object {
            Object::Table(table) => self.tables.add(table, mode),
            Object::Advisory(key) => self.rare_mut().advisory.push((key, mode)),
        }
    }
}

/// A connection and what it asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) connection: ConnectionId,
    pub(crate) object: Object,
    pub(crate) mode: TableLockMode,
}

impl Store {
    /// What a connection at rest holds on an object, for its transaction or for its session.
    pub(crate) fn modes_of(&self, connection: ConnectionId, object: Object) -> Modes {
        let Some(place) = self.connections.get(connection.0 as usize) else {
            return Modes::default();
        };
        let mut modes = place
            .transaction
            .as_ref()
            .map_or(Modes::default(), |transaction| transaction.modes_on(object));
        if let (Object::Advisory(key), Some(session)) = (object, &place.session) {
            let held = session.advisory.iter().filter(|held| held.key == key);
            modes = held.fold(modes, |modes, held| modes.with(held.mode));
        }
        modes
    }

    /// Who else holds what a request waits for, in order of connections; prepared transactions come last.
    pub(crate) fn object_holders(&self, request: &Request) -> SmallVec<[ConnectionId; 2]> {
        let mut holders = SmallVec::new();
        for at in 0..self.connections.len() {
            let other = ConnectionId(at as u32);
            if other != request.connection
                && self.modes_of(other, request.object).exclude(request.mode)
            {
                holders.push(other);
            }
        }
        let mut prepared = self.prepared.iter();
        if prepared.any(|prepared| {
            let modes = prepared.transaction.modes_on(request.object);
            modes.exclude(request.mode)
        }) {
            holders.push(ConnectionId::PREPARED);
        }
        holders
    }

    /// The queue of an object in order, without this connection.
    fn queue(&self, object: Object, but: ConnectionId) -> Vec<(u64, Request)> {
        let mut queue: Vec<(u64, Request)> = Vec::new();
        for (at, place) in self.connections.iter().enumerate() {
            let connection = ConnectionId(at as u32);
            if let Some(suspended) = &place.suspended
                && connection != but
                && let Wanted::Object { object: it, mode } = suspended.wanted
                && it == object
            {
                let request = Request {
                    connection,
                    object,
                    mode,
                };
                queue.push((suspended.arrival, request));
            }
        }
        sort::sort_by_key(&mut queue, |(arrival, _)| *arrival);
        queue
    }

    /// Would a request have to wait? `held` is what the connection holds on the object already.
    /// Only waiters before `arrival` count.
    fn must_wait(&self, request: &Request, held: Modes, arrival: u64) -> bool {
        if !self.object_holders(request).is_empty() {
            return true;
        }
        for (place, waiter) in self.queue(request.object, request.connection) {
            if place >= arrival {
                return false;
            }
            // Whom its own lock holds up, it goes before.
            if held.exclude(waiter.mode) {
                return false;
            }
            if conflict(waiter.mode, request.mode) {
                return true;
            }
        }
        false
    }

    /// Takes a lock on an object for a transaction that is under way, or says that it must be waited for. Only who
    /// is ready to wait goes before those whom its own lock holds up: they are passed in the queue
    /// (`LockAcquireExtended`, `ProcSleep`).
    pub(crate) fn lock_object(
        &mut self,
        transaction: &mut Transaction,
        object: Object,
        mode: TableLockMode,
        is_ready_to_wait: bool,
    ) -> Step {
        let arrival = transaction.arrival.take().unwrap_or(u64::MAX);
        let held = transaction.modes_on(object);
        if held.has(mode) && matches!(object, Object::Table(_)) {
            return Step::Done;
        }
        let fast = is_weak(mode) && self.strong == 0 && matches!(object, Object::Table(_));
        if !fast {
            let request = Request {
                connection: transaction.connection,
                object,
                mode,
            };
            if !is_weak(mode) && matches!(object, Object::Table(_)) && !transaction.strong {
                transaction.strong = true;
                self.strong += 1;
            }
            let held = Modes(held.0 | self.modes_of(transaction.connection, object).0);
            let passes = if is_ready_to_wait { held } else { Modes(0) };
            if !held.has(mode) && self.must_wait(&request, passes, arrival) {
                return Step::Blocked(Wanted::Object { object, mode });
            }
        }
        transaction.take(object, mode);
        Step::Done
    }

    /// As [`Store::lock_object`] for a table.
    #[inline]
    pub(crate) fn lock_table(
        &mut self,
        transaction: &mut Transaction,
        table: TableId,
        mode: TableLockMode,
    ) -> Step {
        self.lock_object(transaction, Object::Table(table), mode, true)
    }

    /// The place of a new waiter among all waits. 40P01 at once where the waiter that it would go before holds
    /// what it wants (`RememberSimpleDeadLock`).
    pub(crate) fn arrive(
        &mut self,
        transaction: &Transaction,
        wanted: &Wanted,
    ) -> Result<u64, SqlError> {
        let last = self.next_arrival;
        self.next_arrival += 1;
        let Wanted::Object { object, mode } = *wanted else {
            return Ok(last);
        };
        let me = transaction.connection;
        let held = Modes(transaction.modes_on(object).0 | self.modes_of(me, object).0);
        if held.is_empty() {
            return Ok(last);
        }
        let queue = self.queue(object, me);
        let before = queue
            .iter()
            .find(|(_, waiter)| held.exclude(waiter.mode))
            .copied();
        let Some((arrival, waiter)) = before else {
            return Ok(last);
        };
        if self.modes_of(waiter.connection, object).exclude(mode) {
            return Err(SqlError::deadlock());
        }
        // Everybody from there on moves back by one.
        for place in &mut self.connections {
            if place
                .suspended
                .as_ref()
                .is_some_and(|suspended| suspended.arrival >= arrival)
                && let Some(suspended) = &mut crate::shared::Shared::make_mut(place).suspended
            {
                suspended.arrival += 1;
            }
        }
        Ok(arrival)
    }

    /// May the waiter for an object go on? No holder and no earlier waiter stands in its way.
    pub(crate) fn object_is_free(&self, request: &Request, arrival: u64) -> bool {
        self.object_holders(request).is_empty()
            && self
                .queue(request.object, request.connection)
                .iter()
                .all(|(earlier, waiter)| {
                    *earlier >= arrival || !conflict(waiter.mode, request.mode)
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the manual's table 13.2 has it: symmetric, and with this many crosses.
    #[test]
    fn the_table_of_conflicts_is_that_of_the_manual() {
        let all = TableLockMode::ALL;
        let crosses = |mode| all.iter().filter(|other| conflict(mode, **other)).count();
        assert_eq!(all.map(crosses), [1, 2, 4, 5, 5, 6, 7, 8]);
        for left in all {
            for right in all {
                assert_eq!(conflict(left, right), conflict(right, left));
            }
        }
    }
}
