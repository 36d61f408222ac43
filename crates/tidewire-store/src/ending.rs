//! What the end of a transaction does to rows: commit, rollback, forgetting old versions. The statements that
//! end one are in `control`.

use smallvec::SmallVec;

use crate::recording::Recorded;
use crate::shared::Shared;
use crate::transaction::{Transaction, Undo, UndoKind};
use crate::versions::Stamp;
use crate::{RowChange, RowId, Store, TableId, TransactionId};
use tidewire_syntax::sort;

impl Store {
    /// Makes everything that a transaction did visible, as one.
    pub(crate) fn commit(&mut self, transaction: Box<Transaction>) {
        let id = transaction.id;
        self.install(transaction);
        let sequence = self.sequence;
        self.tell(|| Recorded::Committed {
            transaction: id,
            sequence,
        });
    }

    fn install(&mut self, mut transaction: Box<Transaction>) {
        self.strong = self.strong.saturating_sub(u32::from(transaction.strong));
        if transaction.rare.is_some() {
            self.end_settings(&transaction);
        }
        let kept_snapshot = transaction.snapshot.is_some();
        if !transaction.redefined.is_empty() {
            self.publish_definitions(&mut transaction);
        }
        let is_change =
            |undo: &Undo| !matches!(undo.kind, UndoKind::Lock(_) | UndoKind::Definition);
        let changes = transaction.undo.iter().any(is_change);
        if self.serializable.is_some() {
            let stamp = changes.then_some(self.sequence + 1);
            self.leave(transaction.id, true, stamp);
        }
        if transaction.undo.is_empty() && !kept_snapshot && self.lingering.is_empty() {
            return;
        }
        if changes {
            self.sequence += 1;
        }
        let stamp = Stamp::committed(self.sequence);
        let snapshots = self.open_snapshots(&[]);
        let mut changed: SmallVec<[TableId; 4]> = SmallVec::new();
        for (table, row) in touched(&transaction.undo) {
            let at = table.0 as usize;
            let Some(definition) = self.catalog.tables.get(at) else {
                continue;
            };
            let heap = Shared::make_mut(&mut self.heaps[at]);
            let commit = heap.commit(row, transaction.id, stamp, &definition.indexes, &snapshots);
            if !commit.quiet {
                self.lingering.push((table, row));
            }
            if let Some((before, after)) = commit.change {
                self.committed.push(RowChange {
                    table,
                    row,
                    before,
                    after,
                });
                if !changed.contains(&table) {
                    changed.push(table);
                    heap.version += 1;
                }
            }
        }
        self.sweep(&snapshots, kept_snapshot);
    }

    /// Undoes everything that a transaction did.
    pub(crate) fn roll_back(&mut self, mut transaction: Box<Transaction>) {
        self.tell(|| Recorded::RolledBack(transaction.id));
        self.strong = self.strong.saturating_sub(u32::from(transaction.strong));
        transaction.savepoints.clear();
        let kept_snapshot = transaction.snapshot.is_some();
        transaction.snapshot = None;
        self.leave(transaction.id, false, None);
        self.undo_to(&mut transaction, 0);
        if kept_snapshot {
            self.settle(&[], &[], true);
        }
    }

    /// Undoes what was done since a mark, the last first.
    pub(crate) fn undo_to(&mut self, transaction: &mut Transaction, mark: usize) {
        let mark = mark.min(transaction.undo.len());
        let undone: SmallVec<[Undo; 2]> = transaction.undo.drain(mark..).collect();
        for undo in undone.iter().rev() {
            if undo.kind == UndoKind::Definition {
                self.undo_definition(transaction);
                continue;
            }
            self.undo(transaction.id, *undo);
        }
        transaction.release_objects();
        self.restore_settings(transaction);
        let own: SmallVec<[u64; 1]> = transaction.snapshot.into_iter().collect();
        self.settle(&touched(&undone), &own, false);
    }

    fn undo(&mut self, id: TransactionId, undo: Undo) {
        let Some(table) = self.catalog.tables.get(undo.table.0 as usize).cloned() else {
            return;
        };
        if !matches!(undo.kind, UndoKind::Lock(_)) {
            self.note_undone(id, undo.table, undo.row, undo.kind == UndoKind::Delete);
        }
        let heap = Shared::make_mut(&mut self.heaps[undo.table.0 as usize]);
        match undo.kind {
            UndoKind::Definition => {}
            UndoKind::Version => heap.pop_version(undo.row, &table.indexes),
            UndoKind::Delete => {
                if let Some(entry) = heap.touch(undo.row) {
                    entry.busy_mut().deleted = None;
                }
            }
            UndoKind::Lock(before) => {
                if let Some(entry) = heap.touch(undo.row) {
                    let locks = &mut entry.busy_mut().locks;
                    match before {
                        None => locks.retain(|lock| lock.transaction != id),
                        Some(strength) => locks
                            .iter_mut()
                            .filter(|lock| lock.transaction == id)
                            .for_each(|lock| lock.strength = strength),
                    }
                }
            }
        }
    }

    /// Transactions in flight, except one that is just going on.
    pub(crate) fn open_transactions(&self) -> impl Iterator<Item = &Transaction> {
        let open = self.connections.iter();
        let prepared = self.prepared.iter().map(|prepared| &*prepared.transaction);
        open.filter_map(|connection| connection.transaction.as_deref())
            .chain(prepared)
    }

    /// Snapshots that someone may still read by, `own` among them.
    fn open_snapshots(&self, own: &[u64]) -> SmallVec<[u64; 4]> {
        let mut snapshots: SmallVec<[u64; 4]> = SmallVec::from_slice(own);
        for connection in &self.connections {
            if let Some(kept) = connection.transaction.as_ref().and_then(|t| t.snapshot) {
                snapshots.push(kept);
            }
            if let Some(waiting) = &connection.suspended {
                snapshots.push(waiting.execution.view.snapshot);
            }
        }
        snapshots
    }

    /// Forgets versions of these rows that nobody needs; of lingering ones too when a snapshot is gone.
    fn settle(&mut self, rows: &[(TableId, RowId)], own: &[u64], snapshot_gone: bool) {
        let snapshots = self.open_snapshots(own);
        for (table, row) in rows {
            if !self.settle_row(*table, *row, &snapshots) {
                self.lingering.push((*table, *row));
            }
        }
        self.sweep(&snapshots, snapshot_gone);
    }

    /// Looks at lingering rows again when that may help.
    fn sweep(&mut self, snapshots: &[u64], snapshot_gone: bool) {
        /// From here on, rows that were noted twice are looked for.
        const MANY: usize = 256;
        if self.lingering.is_empty() {
            return;
        }
        if snapshot_gone || snapshots.is_empty() {
            let mut lingering = std::mem::take(&mut self.lingering);
            lingering.retain(|(table, row)| !self.settle_row(*table, *row, snapshots));
            self.lingering = lingering;
        }
        if self.lingering.len() > MANY {
            sort::sort(&mut self.lingering);
            self.lingering.dedup();
        }
    }

    fn settle_row(&mut self, table: TableId, row: RowId, snapshots: &[u64]) -> bool {
        let at = table.0 as usize;
        match self.catalog.tables.get(at) {
            Some(definition) => {
                let heap = Shared::make_mut(&mut self.heaps[at]);
                heap.settle(row, &definition.indexes, snapshots)
            }
            None => true,
        }
    }
}

/// The rows of an undo log, each once, in order.
pub(crate) fn touched(undo: &[Undo]) -> SmallVec<[(TableId, RowId); 4]> {
    let mut rows: SmallVec<[(TableId, RowId); 4]> = SmallVec::new();
    for undo in undo {
        // A lock and what followed it stand side by side.
        if rows.last() != Some(&(undo.table, undo.row)) {
            rows.push((undo.table, undo.row));
        }
    }
    if rows.len() <= 2 {
        return rows;
    }
    let mut seen = rustc_hash::FxHashSet::default();
    rows.retain(|row| seen.insert(*row));
    rows
}
