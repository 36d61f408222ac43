//! What reads and writes of a serializable transaction mean for others: locks on what was read, conflicts with
//! who changed it before, and with who has read what is written now.
//!
//! Sources: `heapam.c` (`HeapCheckForSerializableConflictOut`, `heap_hot_search_buffer`), `nbtsearch.c`,
//! `nbtinsert.c`. A sequential scan locks the heap, an index scan the leaf pages that it passes and the versions
//! that it finds visible. From an index a reader follows heap-only tuples up to the version that it sees.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use crate::conflicts::Serializable;
use crate::execution::Execution;
use crate::heap::Heap;
use crate::index::{IndexKey, KeyRange};
use crate::leaf_pages::Split;
use crate::predicate_locks::{Relation, Target};
use crate::reads::Access;
use crate::shared::Shared;
use crate::transaction::Transaction;
use crate::versions::{RowEntry, Stamp, Version, View};
use crate::{Index, RowId, SqlError, Store, TableId, TransactionId, Value};

impl Store {
    /// Is this transaction one that others must be serialised with?
    fn is_watched(&self, transaction: &Transaction) -> bool {
        let state = self.serializable.as_ref();
        state.is_some_and(|state| state.party(transaction.id).is_some())
    }

    /// Locks what a statement has read since this was called last, and finds the conflicts out of it.
    #[inline]
    pub(crate) fn follow_reads(
        &mut self,
        transaction: &Transaction,
        execution: &mut Execution,
    ) -> Result<(), SqlError> {
        let Some(reads) = &mut execution.reads else {
            return Ok(());
        };
        let accesses = std::mem::take(&mut reads.accesses);
        for access in &accesses {
            self.follow_access(transaction, &execution.view, access)?;
        }
        Ok(())
    }

    /// Locks what an access reads by a view, and finds the conflicts out of it.
    pub(crate) fn follow_access(
        &mut self,
        transaction: &Transaction,
        view: &View,
        access: &Access,
    ) -> Result<(), SqlError> {
        let me = transaction.id;
        let Some(state) = &mut self.serializable else {
            return Ok(());
        };
        let Some(party) = state.party(me) else {
            return Ok(());
        };
        if party.safe {
            self.leave(me, false, None);
            return Ok(());
        }
        let mut reader = Reader {
            snapshot: party.snapshot,
            state: Shared::make_mut(state),
            view,
            me,
        };
        let (table, number) = match access {
            Access::Table(table) => {
                return match self.heaps.get(table.0 as usize) {
                    Some(heap) => reader.table(*table, heap),
                    None => Ok(()),
                };
            }
            Access::Index { table, index, .. } | Access::IndexEnd { table, index, .. } => {
                (*table, *index)
            }
        };
        let definition = self.catalog.tables.get(table.0 as usize);
        let index = definition.and_then(|table| table.indexes.get(number));
        let (Some(heap), Some(index)) = (self.heaps.get(table.0 as usize), index) else {
            return Ok(());
        };
        match access {
            Access::Index { range, .. } => reader.index(table, heap, number, index, range),
            Access::IndexEnd { last, rows, .. } => {
                let range = end_range(heap, view, index, *last, *rows);
                reader.index(table, heap, number, index, &range)
            }
            Access::Table(_) => Ok(()),
        }
    }

    /// A transaction writes into a table: a new row, or over the newest version of `row`.
    #[inline]
    pub(crate) fn check_heap_write(
        &mut self,
        transaction: &Transaction,
        table: TableId,
        row: Option<RowId>,
    ) -> Result<(), SqlError> {
        if self.serializable.is_none() || !self.is_watched(transaction) {
            return Ok(());
        }
        let heap = Relation::heap(table);
        let mut targets: SmallVec<[Target; 3]> = SmallVec::new();
        if let Some(row) = row
            && let Some(entry) = self.heaps[table.0 as usize].entry(row)
        {
            let position = entry.newest.position;
            targets.push(Target::Tuple(heap, position, row));
            targets.push(Target::Page(heap, position.page()));
        }
        targets.push(Target::Relation(heap));
        self.check_write(transaction, &targets)
    }

    /// A transaction puts a row into an index, or finds that it may not.
    pub(crate) fn check_index_write(
        &mut self,
        transaction: &Transaction,
        table: TableId,
        number: usize,
        key: Option<&IndexKey>,
    ) -> Result<(), SqlError> {
        if self.serializable.is_none() || !self.is_watched(transaction) {
            return Ok(());
        }
        let heap = self.heaps.get(table.0 as usize);
        let Some(pages) = heap.and_then(|heap| heap.leaf_pages(number)) else {
            return Ok(());
        };
        // Nulls stand behind everything else.
        let block = key.map_or(pages.last_block(), |key| pages.block_of(key.values()));
        let relation = Relation::index(table, number);
        let targets = [Target::Page(relation, block), Target::Relation(relation)];
        self.check_write(transaction, &targets)
    }

    fn check_write(
        &mut self,
        transaction: &Transaction,
        targets: &[Target],
    ) -> Result<(), SqlError> {
        let (me, in_savepoint) = (transaction.id, !transaction.savepoints.is_empty());
        let Some(state) = &mut self.serializable else {
            return Ok(());
        };
        let state = Shared::make_mut(state);
        state.check_doomed(me, "conflict in checking")?;
        if let Some(party) = state.party_mut(me) {
            party.wrote = true;
        }
        for target in targets {
            state.conflict_in(me, *target, in_savepoint)?;
        }
        Ok(())
    }

    /// A transaction empties or drops a table, which no reader of its rows has seen.
    pub(crate) fn check_table_write(
        &mut self,
        transaction: &Transaction,
        table: TableId,
    ) -> Result<(), SqlError> {
        if self.serializable.is_none() || !self.is_watched(transaction) {
            return Ok(());
        }
        let Some(state) = &mut self.serializable else {
            return Ok(());
        };
        let state = Shared::make_mut(state);
        if let Some(party) = state.party_mut(transaction.id) {
            party.wrote = true;
        }
        state.conflict_in_table(transaction.id, Relation::heap(table))
    }

    /// A leaf page was split: locks on it hold for both halves.
    pub(crate) fn split_page(&mut self, table: TableId, number: usize, split: Split) {
        let relation = Relation::index(table, number);
        if let Some(state) = &mut self.serializable {
            for party in &mut Shared::make_mut(state).parties {
                let party = Shared::make_mut(party);
                party.locks.split_page(relation, split.old, split.new);
            }
        }
    }
}

/// The entries from one end of an index up to the one by which enough rows are found.
fn end_range(heap: &Heap, view: &View, index: &Index, last: bool, rows: u64) -> KeyRange {
    let mut keys: Vec<Value> = Vec::new();
    heap.entries(&mut |_, entry| {
        let seen = entry
            .visible(view)
            .and_then(|version| index.key_of(&version.row));
        keys.extend(seen.and_then(|key| key.values().first().cloned()));
    });
    keys.sort_by(|left, right| left.total_order(right));
    if last {
        keys.reverse();
    }
    let mut range = KeyRange::default();
    let enough = usize::try_from(rows.saturating_sub(1)).unwrap_or(usize::MAX);
    if let Some(key) = keys.get(enough) {
        let bound = Some((key.clone(), true));
        if last {
            range.low = bound;
        } else {
            range.high = bound;
        }
    }
    range
}

/// A serializable transaction that reads.
struct Reader<'s> {
    state: &'s mut Serializable,
    /// What it sees.
    view: &'s View,
    /// The newest commit that its own snapshot shows; `view` may be later, for a foreign key.
    snapshot: u64,
    me: TransactionId,
}

impl Reader<'_> {
    fn lock(&mut self, target: Target) {
        if let Some(party) = self.state.party_mut(self.me) {
            party.locks.acquire(target);
        }
    }

    /// A sequential scan.
    fn table(&mut self, table: TableId, heap: &Heap) -> Result<(), SqlError> {
        self.lock(Target::Relation(Relation::heap(table)));
        let mut outcome = Ok(());
        heap.entries_while(&mut |_, entry| {
            outcome = self.pass_all(entry);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome
    }

    /// A scan by an index.
    fn index(
        &mut self,
        table: TableId,
        heap: &Heap,
        number: usize,
        index: &Index,
        range: &KeyRange,
    ) -> Result<(), SqlError> {
        let relation = Relation::index(table, number);
        match heap.leaf_pages(number) {
            Some(pages) if pages.rooted() => {
                for block in pages.blocks_in(range) {
                    self.lock(Target::Page(relation, block));
                }
            }
            _ => self.lock(Target::Relation(relation)),
        }
        let inside = |version: &Version| {
            let key = index.key_of(&version.row);
            key.is_some_and(|key| range.holds(key.values()))
        };
        if range.low.is_none()
            && range.high.is_none()
            && range.equal.values().len() == index.key_width()
        {
            for row in heap.candidates(number, &range.equal) {
                if let Some(entry) = heap.entry(*row) {
                    self.pass_chains(table, *row, entry, &inside)?;
                }
            }
            return Ok(());
        }
        let mut outcome = Ok(());
        heap.entries_while(&mut |row, entry| {
            outcome = self.pass_chains(table, row, entry, &inside);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome
    }

    /// Comes by every version of a row.
    fn pass_all(&mut self, entry: &RowEntry) -> Result<(), SqlError> {
        if entry.busy.is_none() {
            return self.state.check_doomed(self.me, "conflict out checking");
        }
        let mut newer: Option<Stamp> = entry.deleted();
        let visible = entry.visible(self.view).map(|version| version.position);
        for version in entry.versions() {
            self.pass(version, newer, visible == Some(version.position))?;
            newer = Some(version.created);
        }
        Ok(())
    }

    /// Comes from an index to those versions of a row that it points to, and from each over heap-only tuples
    /// to the one that is visible.
    fn pass_chains(
        &mut self,
        table: TableId,
        row: RowId,
        entry: &RowEntry,
        inside: &dyn Fn(&Version) -> bool,
    ) -> Result<(), SqlError> {
        let versions: SmallVec<[&Version; 4]> = entry.versions().collect();
        let visible = entry.visible(self.view).map(|version| version.position);
        let mut following = false;
        for (at, version) in versions.iter().enumerate().rev() {
            let oldest = at + 1 == versions.len();
            if oldest || !version.position.heap_only() {
                following = inside(version);
            }
            if !following {
                continue;
            }
            let newer = match at.checked_sub(1) {
                Some(newer) => Some(versions[newer].created),
                None => entry.deleted(),
            };
            let sees = visible == Some(version.position);
            self.pass(version, newer, sees)?;
            if sees {
                following = false;
                if version.created.transaction() != Some(self.me) {
                    let heap = Relation::heap(table);
                    self.lock(Target::Tuple(heap, version.position, row));
                }
            }
        }
        Ok(())
    }

    /// Comes by a version: a conflict out to who made it, when it is not visible, or to who replaced or
    /// deleted it, when it is.
    fn pass(
        &mut self,
        version: &Version,
        newer: Option<Stamp>,
        visible: bool,
    ) -> Result<(), SqlError> {
        self.state.check_doomed(self.me, "conflict out checking")?;
        let stamp = if visible {
            newer
        } else {
            Some(version.created)
        };
        let writer = match stamp {
            None => None,
            Some(stamp) => match (stamp.transaction(), stamp.sequence()) {
                (Some(in_flight), _) => Some(in_flight),
                (None, Some(sequence)) if sequence > self.snapshot => {
                    let mut parties = self.state.parties.iter();
                    let found = parties.find(|party| party.stamp == Some(sequence));
                    found.map(|party| party.id)
                }
                _ => None,
            },
        };
        match writer {
            Some(writer) if writer != self.me => self.state.conflict_out(self.me, writer),
            _ => Ok(()),
        }
    }
}
