//! The rows of one table with their indexes: making, undoing and forgetting versions. No waiting, no rules:
//! those are in `locks` and `constraints`.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use crate::catalog::Index;
use crate::hash::{StableHash, StableHasher};
use crate::heap_space::{Position, Space};
use crate::index::{IndexKey, IndexMap};
use crate::leaf_pages::{LeafPages, Split};
use crate::pages::Pages;
use crate::shared::Shared;
use crate::versions::{RowEntry, RowLock, Stamp, Version, View};
use crate::{Row, RowId, Table, TableId, TransactionId, Value};
use tidewire_syntax::sort;

/// The stored part of a table.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    id: TableId,
    rows: Pages<RowEntry>,
    indexes: Shared<Vec<IndexMap>>,
    next_row: u32,
    space: Space,
    /// No row was ever updated, so ids are in heap order.
    in_order: bool,
    /// Sum of the hashes of quiet rows, while it is kept.
    quiet_sum: Option<u128>,
    /// Grows with each commit that changed the table.
    pub(crate) version: u64,
}

impl Heap {
    /// An empty one.
    pub(crate) fn new(table: &Table) -> Self {
        Self {
            id: table.id,
            rows: Pages::default(),
            indexes: Shared::new(
                table
                    .indexes
                    .iter()
                    .map(|index| IndexMap::new(index, table))
                    .collect(),
            ),
            next_row: 0,
            space: Space::new(table),
            in_order: true,
            quiet_sum: None,
            version: 0,
        }
    }

    /// The same without rows; ids of rows go on.
    pub(crate) fn emptied(&self, table: &Table) -> Self {
        Self {
            next_row: self.next_row,
            version: self.version + 1,
            quiet_sum: self.quiet_sum.map(|_| 0),
            ..Self::new(table)
        }
    }

    /// Sum of the hashes of quiet rows: the same whatever order they came in.
    pub(crate) fn quiet_sum(&self) -> u128 {
        self.quiet_sum.unwrap_or_else(|| self.count_quiet_sum())
    }

    /// From here on the sum is kept up to date with each change, so that asking costs nothing.
    pub(crate) fn keep_quiet_sum(&mut self) {
        if self.quiet_sum.is_none() {
            self.quiet_sum = Some(self.count_quiet_sum());
        }
    }

    fn count_quiet_sum(&self) -> u128 {
        let mut sum = 0_u128;
        self.entries(&mut |_, entry| {
            if entry.busy.is_none() {
                sum = sum.wrapping_add(row_hash(self.id, &entry.newest.row));
            }
        });
        sum
    }

    /// One row.
    #[inline]
    pub(crate) fn entry(&self, row: RowId) -> Option<&RowEntry> {
        self.rows.get(row.0)
    }

    /// Rows of which some version has this key in this index.
    pub(crate) fn candidates(&self, index: usize, key: &IndexKey) -> &[RowId] {
        self.indexes.get(index).map_or(&[], |index| index.rows(key))
    }

    /// Visits what a view sees, in heap order.
    pub(crate) fn scan<'a>(
        &'a self,
        view: &View,
        visitor: &mut impl FnMut(RowId, &'a Row) -> ControlFlow<()>,
    ) {
        self.scan_in(view, &|position| position, visitor);
    }

    /// Visits what a view sees, in the order of a bitmap scan: of the places that indexes point to.
    pub(crate) fn scan_by_index<'a>(
        &'a self,
        view: &View,
        visitor: &mut impl FnMut(RowId, &'a Row) -> ControlFlow<()>,
    ) {
        self.scan_in(view, &Position::root, visitor);
    }

    fn scan_in<'a>(
        &'a self,
        view: &View,
        order: &dyn Fn(Position) -> Position,
        visitor: &mut impl FnMut(RowId, &'a Row) -> ControlFlow<()>,
    ) {
        if self.in_order {
            let _ = self.rows.visit(&mut |id, entry| match entry.visible(view) {
                Some(version) => visitor(RowId(id), &version.row),
                None => ControlFlow::Continue(()),
            });
            return;
        }
        let mut seen: Vec<(Position, u32, &Row)> = Vec::new();
        let _ = self.rows.visit(&mut |id, entry| {
            if let Some(version) = entry.visible(view) {
                seen.push((order(version.position), id, &version.row));
            }
            ControlFlow::Continue(())
        });
        sort::sort_by_key(&mut seen, |(position, ..)| *position);
        for (_, id, row) in seen {
            if visitor(RowId(id), row).is_break() {
                return;
            }
        }
    }

    /// Visits every row with all its versions, in order of ids.
    pub(crate) fn entries(&self, visitor: &mut impl FnMut(RowId, &RowEntry)) {
        let _ = self.rows.visit(&mut |id, entry| {
            visitor(RowId(id), entry);
            ControlFlow::Continue(())
        });
    }

    /// Visits rows with all their versions, in order of ids, until told to stop.
    pub(crate) fn entries_while<'a>(
        &'a self,
        visitor: &mut impl FnMut(RowId, &'a RowEntry) -> ControlFlow<()>,
    ) {
        let _ = self.rows.visit(&mut |id, entry| visitor(RowId(id), entry));
    }

    /// A row to be changed. From here on it is in use and no part of the quiet sum.
    pub(crate) fn touch(&mut self, row: RowId) -> Option<&mut RowEntry> {
        let (id, entry) = (self.id, self.rows.get_mut(row.0)?);
        if entry.busy.is_none() {
            if let Some(sum) = &mut self.quiet_sum {
                *sum = sum.wrapping_sub(row_hash(id, &entry.newest.row));
            }
            entry.busy_mut();
        }
        Some(entry)
    }

    /// Puts a new row at the end, in no index yet.
    pub(crate) fn insert(&mut self, row: Row, created: Stamp) -> RowId {
        let id = self.next_row;
        self.next_row += 1;
        let newest = Version {
            position: self.space.place(&row, None, false),
            row,
            created,
        };
        let mut entry = RowEntry { newest, busy: None };
        entry.busy_mut();
        self.rows.insert(id, entry);
        RowId(id)
    }

    /// Gives a row a new version, in no new index entry yet, and locks it. With `same_keys` no indexed column
    /// changes. Gives true when no index needs an entry for it (a heap-only tuple).
    pub(crate) fn update(
        &mut self,
        row: RowId,
        values: Row,
        created: Stamp,
        lock: Option<RowLock>,
        same_keys: bool,
    ) -> bool {
        self.in_order = false;
        let Some(entry) = self.rows.get_mut(row.0) else {
            return false;
        };
        if entry.busy.is_none()
            && let Some(sum) = &mut self.quiet_sum
        {
            *sum = sum.wrapping_sub(row_hash(self.id, &entry.newest.row));
        }
        let before = entry.newest.position;
        let position = self.space.place(&values, Some(before), same_keys);
        let newest = Version {
            row: values,
            position,
            created,
        };
        let before = std::mem::replace(&mut entry.newest, newest);
        let busy = entry.busy_mut();
        busy.older.insert(0, before);
        if let Some(lock) = lock {
            busy.lock(lock);
        }
        position.heap_only()
    }

    /// Adds a row's entry to an index; tells when that split a page.
    pub(crate) fn add_to_index(&mut self, at: usize, key: IndexKey, row: RowId) -> Option<Split> {
        Shared::make_mut(&mut self.indexes)
            .get_mut(at)?
            .add(key, row)
    }

    /// The leaf pages of an index.
    pub(crate) fn leaf_pages(&self, index: usize) -> Option<&LeafPages> {
        self.indexes.get(index).map(|index| index.leaf_pages())
    }

    /// Undoes the newest version of a row; a row without versions is gone.
    pub(crate) fn pop_version(&mut self, row: RowId, indexes: &[Index]) {
        let Some(entry) = self.touch(row) else {
            return;
        };
        let busy = entry.busy_mut();
        if busy.older.is_empty() {
            let newest = entry.newest.clone();
            self.rows.remove(row.0);
            self.space.release(&newest.row, newest.position);
            self.remove_keys(row, &newest.row, indexes, None);
            return;
        }
        let before = busy.older.remove(0);
        let undone = std::mem::replace(&mut entry.newest, before);
        self.space.release(&undone.row, undone.position);
        self.remove_keys(row, &undone.row, indexes, Some(row));
    }

    /// Takes a row out from under the keys of a version that is gone, except keys that a version of
    /// `still` has.
    fn remove_keys(&mut self, row: RowId, gone: &[Value], indexes: &[Index], still: Option<RowId>) {
        for (at, index) in indexes.iter().enumerate() {
            let Some(key) = index.key_of(gone) else {
                continue;
            };
            let kept = still
                .and_then(|row| self.rows.get(row.0))
                .is_some_and(|entry| {
                    entry
                        .versions()
                        .any(|version| index.has_key(&version.row, &key))
                });
            if !kept {
                Shared::make_mut(&mut self.indexes)[at].remove(&key, row);
            }
        }
    }

    /// Stamps what a transaction did to a row, frees its locks, and forgets what nobody needs.
    pub(crate) fn commit(
        &mut self,
        row: RowId,
        transaction: TransactionId,
        stamp: Stamp,
        indexes: &[Index],
        snapshots: &[u64],
    ) -> Committed {
        let id = self.id;
        let mine = |other: Stamp| other.transaction() == Some(transaction);
        let Some(entry) = self
            .rows
            .get_mut(row.0)
            .filter(|entry| entry.busy.is_some())
        else {
            return Committed {
                change: None,
                quiet: true,
            };
        };
        let wrote = mine(entry.newest.created);
        if wrote && let Some(before) = sole_update(entry, transaction, stamp, snapshots) {
            entry.newest.created = stamp;
            entry.busy = None;
            let after = entry.newest.row.clone();
            self.space.release(&before.row, before.position);
            let mut all = indexes.iter();
            if !all.all(|index| index.same_columns(&after, &before.row)) {
                self.remove_keys(row, &before.row, indexes, Some(row));
            }
            if let Some(sum) = &mut self.quiet_sum {
                *sum = sum.wrapping_add(row_hash(id, &after));
            }
            return Committed {
                change: Some((Some(before.row), Some(after))),
                quiet: true,
            };
        }
        let after = entry.newest.row.clone();
        if wrote {
            entry.newest.created = stamp;
        }
        let busy = entry.busy_mut();
        busy.locks.retain(|lock| lock.transaction != transaction);
        // Versions between were never seen by anyone else.
        let mut gone: Gone = Gone::new();
        busy.older.retain(|version| {
            let between = mine(version.created);
            if between {
                gone.push(version.clone());
            }
            !between
        });
        let deleted = busy.deleted.is_some_and(mine);
        if deleted {
            busy.deleted = Some(stamp);
        }
        let before = if wrote {
            busy.older.first().map(|version| version.row.clone())
        } else {
            Some(after.clone())
        };
        let after = (!deleted).then_some(after);
        let is_change = (wrote || deleted) && (before.is_some() || after.is_some());
        let settled = settle_entry(entry, snapshots, &mut gone);
        let quiet = self.after_settling(id, row, settled, gone, indexes);
        Committed {
            change: is_change.then_some((before, after)),
            quiet,
        }
    }

    /// Forgets versions that none of the open `snapshots` needs, and the row itself when it is dead. Gives
    /// true when the row is quiet now, or gone.
    pub(crate) fn settle(&mut self, row: RowId, indexes: &[Index], snapshots: &[u64]) -> bool {
        let id = self.id;
        let Some(entry) = self
            .rows
            .get_mut(row.0)
            .filter(|entry| entry.busy.is_some())
        else {
            return true;
        };
        let mut gone = Gone::new();
        let settled = settle_entry(entry, snapshots, &mut gone);
        self.after_settling(id, row, settled, gone, indexes)
    }

    /// Keeps the sum of quiet rows and the indexes in step with a row that was settled.
    fn after_settling(
        &mut self,
        id: TableId,
        row: RowId,
        settled: Settled,
        gone: Gone,
        indexes: &[Index],
    ) -> bool {
        match &settled {
            Settled::Dead => {
                self.rows.remove(row.0);
                for version in gone {
                    self.space.release(&version.row, version.position);
                    self.remove_keys(row, &version.row, indexes, None);
                }
                return true;
            }
            Settled::Quiet => {
                if let Some(sum) = &mut self.quiet_sum
                    && let Some(entry) = self.rows.get(row.0)
                {
                    *sum = sum.wrapping_add(row_hash(id, &entry.newest.row));
                }
            }
            Settled::InUse => {}
        }
        let quiet = matches!(settled, Settled::Quiet);
        for version in gone {
            self.space.release(&version.row, version.position);
            self.remove_keys_after_update(row, &version.row, indexes);
        }
        quiet
    }

    /// As `remove_keys` for a row that lives on; most updates leave every key as it was.
    fn remove_keys_after_update(&mut self, row: RowId, gone: &[Value], indexes: &[Index]) {
        let unchanged = self.rows.get(row.0).is_some_and(|entry| {
            indexes
                .iter()
                .all(|index| index.same_columns(&entry.newest.row, gone))
        });
        if !unchanged {
            self.remove_keys(row, gone, indexes, Some(row));
        }
    }

    /// Rewrites every version of every row, for a column that is new. Index keys must stay the same.
    pub(crate) fn rewrite(&mut self, change: &mut dyn FnMut(&Row) -> Row) {
        self.rows.change_all(&mut |entry| {
            entry.newest.row = change(&entry.newest.row);
            if entry.busy.is_some() {
                for version in &mut entry.busy_mut().older {
                    version.row = change(&version.row);
                }
            }
        });
        self.quiet_sum = self.quiet_sum.map(|_| self.count_quiet_sum());
    }

    /// How many indexes it has.
    pub(crate) fn index_count(&self) -> usize {
        self.indexes.len()
    }

    /// Adds an index over all rows.
    pub(crate) fn build_index(&mut self, table: &Table, index: &Index) {
        let mut map = IndexMap::new(index, table);
        self.entries(&mut |row, entry| {
            for version in entry.versions() {
                if let Some(key) = index.key_of(&version.row) {
                    map.add(key, row);
                }
            }
        });
        Shared::make_mut(&mut self.indexes).push(map);
    }

    /// Empties an index; its place stays.
    pub(crate) fn drop_index(&mut self, at: usize) {
        if let Some(index) = Shared::make_mut(&mut self.indexes).get_mut(at) {
            index.clear();
        }
    }

    /// The table has other columns now.
    pub(crate) fn change_columns(&mut self, table: &Table) {
        self.space.change(table);
    }
}

/// What a commit did to a row.
pub(crate) struct Committed {
    /// Before and after, when it changed.
    pub(crate) change: Option<(Option<Row>, Option<Row>)>,
    /// Nobody uses the row any more.
    pub(crate) quiet: bool,
}

/// Versions that were forgotten.
type Gone = SmallVec<[Version; 2]>;

/// What settling made of a row.
enum Settled {
    /// Deleted for everybody; all its versions are forgotten.
    Dead,
    /// Only this version is left, and nobody uses it.
    Quiet,
    InUse,
}

/// The usual end of an update: the transaction changed the row once, nobody else is at it, and no snapshot needs what
/// was there before. Takes that out.
fn sole_update(
    entry: &mut RowEntry,
    transaction: TransactionId,
    stamp: Stamp,
    snapshots: &[u64],
) -> Option<Version> {
    let busy = entry.busy.as_deref()?;
    let ([lock], [before]) = (busy.locks.as_slice(), busy.older.as_slice()) else {
        return None;
    };
    let sequence = stamp.sequence()?;
    let is_sole = lock.transaction == transaction
        && busy.deleted.is_none()
        && before.created.transaction().is_none()
        && snapshots.iter().all(|snapshot| sequence <= *snapshot);
    is_sole.then(|| entry.busy_mut().older.pop()).flatten()
}

/// Forgets versions of a row that none of the open `snapshots` needs.
fn settle_entry(entry: &mut RowEntry, snapshots: &[u64], gone: &mut Gone) -> Settled {
    let seen_by_all = |stamp: Stamp| {
        let sequence = stamp.sequence();
        sequence.is_some_and(|at| snapshots.iter().all(|snapshot| at <= *snapshot))
    };
    if entry.deleted().is_some_and(seen_by_all) {
        gone.extend(entry.versions().cloned());
        return Settled::Dead;
    }
    // Behind the first version that everybody sees, nobody needs any.
    let needed = entry
        .versions()
        .position(|version| seen_by_all(version.created));
    let busy = entry.busy_mut();
    if let Some(needed) = needed.filter(|needed| *needed < busy.older.len()) {
        gone.extend(busy.older.drain(needed..));
    }
    if needed == Some(0) && busy.deleted.is_none() && busy.locks.is_empty() {
        entry.busy = None;
        return Settled::Quiet;
    }
    Settled::InUse
}

/// The hash of one committed row as part of its table.
pub(crate) fn row_hash(table: TableId, row: &[Value]) -> u128 {
    let mut hasher = StableHasher::default();
    hasher.word(u64::from(table.0));
    row.stable_hash(&mut hasher);
    hasher.finish()
}
