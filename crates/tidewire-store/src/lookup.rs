//! How one relation's rows are found: from end to end, by a unique index, through a hash table of its own.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::expression::{Expr, Frame};
use crate::heap::Heap;
use crate::index::IndexKey;
use crate::query::{Flow, Run, stop_if};
use crate::query_plan::{Access, Relation};
use crate::versions::View;
use crate::{Row, RowId, SqlError, Value};

/// Rows by the values that they are looked up by, each list in heap order.
pub(crate) type HashedRows = FxHashMap<IndexKey, Vec<(RowId, Row)>>;

/// Takes a row that an access path found; the flag says that it fulfils what the path stands for.
pub(crate) type Candidate<'v> = dyn FnMut(RowId, &[Value], bool) -> Result<Flow, SqlError> + 'v;

/// A relation looked up by equality: hashed when asked the second time.
#[derive(Clone)]
pub(crate) enum Probes {
    Once,
    Table(Rc<HashedRows>),
}

impl Relation {
    /// Visits the rows that the access path finds. The flag says that they are known to fulfil the
    /// conditions which the path stands for.
    pub(crate) fn candidates(
        &self,
        frame: &Frame<'_>,
        visitor: &mut Candidate<'_>,
    ) -> Result<Flow, SqlError> {
        if let Access::Derived(derived) = &self.access {
            return derived.visit(frame, visitor);
        }
        let Some((heap, view)) = frame.run.heap(self) else {
            return Ok(Flow::Continue(()));
        };
        if frame.run.collects() {
            self.note_reading(frame)?;
        }
        match &self.access {
            Access::Derived(derived) => derived.visit(frame, visitor),
            Access::Scan => self.scan(heap, &view, frame.run, visitor),
            Access::Index { index, slots, key } => {
                let Some(key) = evaluate_key(key, frame)? else {
                    return Ok(Flow::Continue(()));
                };
                for row in heap.candidates(*index, &key) {
                    let Some(version) = heap.entry(*row).and_then(|entry| entry.visible(&view))
                    else {
                        continue;
                    };
                    frame.run.spend()?;
                    if key.matches(&version.row, slots)
                        && visitor(*row, &version.row, true)?.is_break()
                    {
                        return Ok(Flow::Break(()));
                    }
                }
                Ok(Flow::Continue(()))
            }
            Access::Hash { id, slots, key } => {
                let Some(table) = self.hashed(*id, slots, heap, &view, frame.run)? else {
                    return self.scan(heap, &view, frame.run, visitor);
                };
                let Some(key) = evaluate_key(key, frame)? else {
                    return Ok(Flow::Continue(()));
                };
                for (id, row) in table.get(&key).into_iter().flatten() {
                    frame.run.spend()?;
                    if visitor(*id, row, true)?.is_break() {
                        return Ok(Flow::Break(()));
                    }
                }
                Ok(Flow::Continue(()))
            }
        }
    }

    fn scan(
        &self,
        heap: &Heap,
        view: &View,
        run: &Run<'_>,
        visitor: &mut Candidate<'_>,
    ) -> Result<Flow, SqlError> {
        let mut outcome = Ok(Flow::Continue(()));
        let mut visit = |id, row: &Row| {
            outcome = run.spend().and_then(|()| visitor(id, row, false));
            stop_if(!matches!(outcome, Ok(Flow::Continue(()))))
        };
        if self.reads_by_index(run.scans) {
            heap.scan_by_index(view, &mut visit);
        } else {
            heap.scan(view, &mut visit);
        }
        outcome
    }

    /// The hash table for look-ups by equality; `None` at the first look-up, which a scan serves.
    fn hashed(
        &self,
        id: u32,
        slots: &[usize],
        heap: &Heap,
        view: &View,
        run: &Run<'_>,
    ) -> Result<Option<Rc<HashedRows>>, SqlError> {
        match run.kept_probes(id) {
            Some(Probes::Table(table)) => return Ok(Some(table)),
            Some(Probes::Once) => {}
            None => {
                run.keep_probes(id, Probes::Once);
                return Ok(None);
            }
        }
        let mut table = HashedRows::default();
        let mut outcome = Ok(());
        heap.scan(view, &mut |id, row| {
            outcome = run.spend();
            if let Some(key) = IndexKey::of_row(row, slots) {
                table.entry(key).or_default().push((id, row.clone()));
            }
            stop_if(outcome.is_err())
        });
        outcome?;
        let table = Rc::new(table);
        run.keep_probes(id, Probes::Table(table.clone()));
        Ok(Some(table))
    }
}

/// The key to look for; `None` when a part is null, which is equal to nothing.
fn evaluate_key(key: &[Expr], frame: &Frame<'_>) -> Result<Option<IndexKey>, SqlError> {
    let mut found = IndexKey::default();
    for part in key {
        match &*part.hold(frame)? {
            Value::Null => return Ok(None),
            value => found.push(value),
        }
    }
    Ok(Some(found))
}
