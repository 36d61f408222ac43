//! The canonical hash of a store.
//!
//! Quiet rows are summed up as they change, so the hash costs what is in use: rows touched by open
//! transactions, connections, waits. Left out is what only counts: numbers of rows, transactions and commits,
//! and positions in the heap. So states are equal however independent statements came in turn, and two states
//! with equal hashes may still list rows in a different order where no ORDER BY is written.

use smallvec::SmallVec;

use crate::hash::{StableHash, StableHasher};
use crate::shared::Shared;
use crate::transaction::{Connection, Defaults, Transaction, UndoKind};
use crate::versions::{RowEntry, Stamp, View};
use crate::{RowId, Store, TableId, TransactionId};
use tidewire_syntax::sort;

impl Store {
    /// From here on changes keep what the hash of quiet rows needs, so that [`Store::hash`] costs only what is in
    /// use. Otherwise it visits every row.
    pub fn keep_hash(&mut self) {
        self.keeps_hash = true;
        for heap in &mut self.heaps {
            Shared::make_mut(heap).keep_quiet_sum();
        }
    }

    /// Canonical hash of everything that decides what statements will answer, except heap order and the
    /// numbers of rows and transactions. Equal on every machine, and whether it is kept up to date or not.
    pub fn hash(&self) -> u128 {
        let mut hasher = StableHasher::default();
        wide(&mut hasher, self.catalog.fingerprint);
        if self.published.is_some() {
            wide(&mut hasher, self.published_fingerprint());
        }
        hasher.word(self.default_isolation as u64);
        for sequence in &self.catalog.sequences {
            sequence.stable_hash(&mut hasher);
        }
        for sequence in &self.sequences {
            hasher.word(*sequence as u64);
        }
        let mut rows: u128 = 0;
        for heap in &self.heaps {
            rows = rows.wrapping_add(heap.quiet_sum());
        }
        wide(&mut hasher, rows.wrapping_add(self.busy_sum()));
        for (at, connection) in self.connections.iter().enumerate() {
            if connection.transaction.is_some()
                || connection.closed
                || connection.defaults != Defaults::default()
                || connection.session.is_some()
            {
                hasher.word(at as u64);
                self.hash_connection(connection, &mut hasher);
            }
        }
        let mut waiters: SmallVec<[(u64, usize); 4]> = SmallVec::new();
        for (at, connection) in self.connections.iter().enumerate() {
            waiters.extend(
                connection
                    .suspended
                    .as_ref()
                    .map(|waiting| (waiting.arrival, at)),
            );
        }
        sort::sort(&mut waiters);
        for (_, at) in waiters {
            hasher.word(at as u64);
        }
        for prepared in &self.prepared {
            hasher.bytes(prepared.gid.as_bytes());
            self.hash_transaction(&prepared.transaction, &mut hasher);
        }
        self.hash_serializable(&mut hasher);
        hasher.finish()
    }

    fn hash_connection(&self, connection: &Connection, hasher: &mut StableHasher) {
        hasher.word(u64::from(connection.closed));
        let defaults = &connection.defaults;
        hasher.word(defaults.isolation.map_or(0, |level| 1 + level as u64));
        hasher.word(u64::from(defaults.read_only) | u64::from(defaults.deferrable) << 1);
        if let Some(session) = &connection.session {
            session.stable_hash(hasher);
        }
        if let Some(transaction) = &connection.transaction {
            self.hash_transaction(transaction, hasher);
        }
        if let Some(suspended) = &connection.suspended {
            suspended.execution.stable_hash(hasher);
        }
    }

    fn hash_transaction(&self, transaction: &Transaction, hasher: &mut StableHasher) {
        hasher.word(u64::from(transaction.explicit));
        hasher.word(transaction.isolation as u64);
        hasher.word(u64::from(transaction.read_only) | u64::from(transaction.deferrable) << 1);
        // Behind its first query, a transaction's modes are fixed.
        hasher.word(u64::from(transaction.command > 0));
        hasher.word(u64::from(transaction.failed));
        hasher.word(u64::from(transaction.snapshot.is_some()));
        transaction.tables.stable_hash(hasher);
        if let Some(rare) = &transaction.rare {
            rare.stable_hash(hasher);
        }
        for (level, savepoint) in transaction.savepoints.iter().enumerate() {
            hasher.bytes(savepoint.name.as_bytes());
            hasher.word(u64::from(savepoint.read_only));
            savepoint.tables.stable_hash(hasher);
            if let Some(settings) = &savepoint.settings {
                settings.stable_hash(hasher);
            }
            hasher.word(savepoint.advisory as u64);
            let end = transaction.savepoints.get(level + 1);
            let end = end.map_or(transaction.undo.len(), |next| next.mark);
            let mut sum: u128 = 0;
            for undo in transaction.undo.get(savepoint.mark..end).unwrap_or(&[]) {
                let mut part = StableHasher::default();
                part.word(match undo.kind {
                    UndoKind::Version => 1,
                    UndoKind::Delete => 2,
                    UndoKind::Definition => 9,
                    UndoKind::Lock(before) => 3 + before.map_or(0, |strength| 1 + strength as u64),
                });
                if let Some(entry) = self.heaps[undo.table.0 as usize].entry(undo.row) {
                    entry.newest.row.stable_hash(&mut part);
                }
                sum = sum.wrapping_add(part.finish());
            }
            wide(hasher, sum);
        }
    }

    /// Sum of the hashes of rows in use, each once.
    fn busy_sum(&self) -> u128 {
        let mut rows: SmallVec<[(TableId, RowId); 16]> = SmallVec::from_slice(&self.lingering);
        for connection in &self.connections {
            if let Some(transaction) = &connection.transaction {
                rows.extend(transaction.undo.iter().map(|undo| (undo.table, undo.row)));
            }
        }
        for prepared in &self.prepared {
            let undo = &prepared.transaction.undo;
            rows.extend(undo.iter().map(|undo| (undo.table, undo.row)));
        }
        if rows.is_empty() {
            return 0;
        }
        sort::sort(&mut rows);
        rows.dedup();
        let views = self.open_views();
        let mut sum: u128 = 0;
        for (table, row) in rows {
            let entry = self.heaps[table.0 as usize].entry(row);
            if let Some(entry) = entry.filter(|entry| entry.busy.is_some()) {
                sum = sum.wrapping_add(self.busy_hash(table, entry, &views));
            }
        }
        sum
    }

    /// What open snapshots and waiting statements see, in order of connections.
    fn open_views(&self) -> SmallVec<[View; 4]> {
        let mut views = SmallVec::new();
        for connection in &self.connections {
            if let Some(transaction) = &connection.transaction {
                views.extend(transaction.snapshot.map(|snapshot| View {
                    snapshot,
                    transaction: Some(transaction.id),
                    command: transaction.command + 1,
                }));
            }
            views.extend(
                connection
                    .suspended
                    .as_ref()
                    .map(|waiting| waiting.execution.view),
            );
        }
        views
    }

    fn busy_hash(&self, table: TableId, entry: &RowEntry, views: &[View]) -> u128 {
        let mut hasher = StableHasher::default();
        hasher.word(u64::from(table.0) | 1 << 63);
        for version in entry.versions() {
            version.row.stable_hash(&mut hasher);
            self.hash_stamp(version.created, views, &mut hasher);
        }
        match entry.deleted() {
            Some(deleted) => self.hash_stamp(deleted, views, &mut hasher),
            None => hasher.word(u64::MAX),
        }
        let mut locks: SmallVec<[(u64, u64); 4]> = entry
            .locks()
            .iter()
            .map(|lock| (self.place_of(lock.transaction), lock.strength as u64))
            .collect();
        sort::sort(&mut locks);
        for (holder, strength) in locks {
            hasher.word(holder);
            hasher.word(strength);
        }
        hasher.finish()
    }

    /// Who did it if in flight, and who sees it.
    fn hash_stamp(&self, stamp: Stamp, views: &[View], hasher: &mut StableHasher) {
        hasher.word(stamp.transaction().map_or(0, |id| self.place_of(id)));
        if self.serializable.is_some() {
            hasher.word(
                stamp
                    .sequence()
                    .map_or(0, |sequence| self.party_of_stamp(sequence)),
            );
        }
        for view in views {
            hasher.word(u64::from(view.sees(stamp)));
        }
    }

    /// The connection of a transaction, from 1; prepared ones come far behind.
    pub(crate) fn place_of(&self, id: TransactionId) -> u64 {
        let at = self
            .connections
            .iter()
            .position(|connection| connection.transaction.as_ref().is_some_and(|t| t.id == id));
        if let Some(at) = at {
            return at as u64 + 1;
        }
        let mut prepared = self.prepared.iter();
        let at = prepared.position(|prepared| prepared.transaction.id == id);
        at.map_or(0, |at| (1 << 32) + at as u64)
    }
}

fn wide(hasher: &mut StableHasher, word: u128) {
    hasher.word(word as u64);
    hasher.word((word >> 64) as u64);
}
