//! What a statement read, noted while it runs.
//!
//! Two things need to know it: predicate locks of serializable transactions (which tables were read from end
//! to end, which keys and ranges of which index: `access` of `heapam.c`, `nbtsearch.c`), and whoever follows
//! dependencies between transactions (which rows fulfilled the conditions). Each is switched on apart; without
//! either a statement has no collector and pays one test per table that it opens.
//!
//! Reads are noted as accesses, not row by row: which versions an access came by follows from the heap, which
//! does not change while an expression is evaluated.

use smallvec::SmallVec;

use crate::expression::Frame;
use crate::index::KeyRange;
use crate::predicate::Predicate;
use crate::query::{Query, Relation, Run};
use crate::recording::{Footprint, VersionKey};
use crate::{RowId, TableId};

/// What is to be noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// How tables were entered, for predicate locks.
    pub(crate) accesses: bool,
    /// Which versions fulfilled which conditions, for dependencies in the trace.
    pub(crate) versions: bool,
}

/// How a statement entered a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Access {
    /// From end to end.
    Table(TableId),
    /// The entries of an index between bounds.
    Index {
        table: TableId,
        index: usize,
        range: KeyRange,
    },
    /// The entries of an index from one end, until so many rows are found.
    IndexEnd {
        table: TableId,
        index: usize,
        last: bool,
        rows: u64,
    },
}

/// What a statement has read since it was last asked.
#[derive(Clone, Debug)]
pub(crate) struct ReadCollector {
    /// What is to be noted.
    pub(crate) wants: Wants,
    /// In order, each once in a row.
    pub(crate) accesses: SmallVec<[Access; 1]>,
    /// Versions and conditions, where they are wanted.
    pub(crate) footprint: Option<Box<Footprint>>,
    /// Relations of a query whose rows are noted when they are locked, not when they are found: until then it
    /// is open which version the statement goes by. The query's number and places in it.
    pub(crate) targets: Option<(u32, SmallVec<[usize; 2]>)>,
}

impl ReadCollector {
    /// A collector, unless nothing is wanted.
    pub(crate) fn new(wants: Wants, footprint: impl FnOnce() -> Footprint) -> Option<Box<Self>> {
        (wants != Wants::default()).then(|| {
            Box::new(Self {
                wants,
                accesses: SmallVec::new(),
                footprint: wants.versions.then(|| Box::new(footprint())),
                targets: None,
            })
        })
    }

    fn access(&mut self, access: Access) {
        if self.wants.accesses && self.accesses.last() != Some(&access) {
            self.accesses.push(access);
        }
    }

    /// The rows of this relation are noted later.
    fn is_target(&self, query: &Query, at: usize) -> bool {
        let targets = self.targets.as_ref();
        targets.is_some_and(|(id, relations)| *id == query.id && relations.contains(&at))
    }
}

impl Run<'_> {
    /// Is anything to be noted?
    #[inline]
    pub(crate) fn collects(&self) -> bool {
        self.collects
    }

    /// Notes that a table is read from end to end.
    pub(crate) fn note_table(&self, table: TableId) {
        if let Some(reads) = &mut *self.reads.borrow_mut() {
            reads.access(Access::Table(table));
        }
    }

    /// Notes that an index is read between bounds.
    pub(crate) fn note_index(&self, table: TableId, index: usize, range: KeyRange) {
        if let Some(reads) = &mut *self.reads.borrow_mut() {
            reads.access(Access::Index {
                table,
                index,
                range,
            });
        }
    }

    /// Notes that an index is read from one end until so many rows are found.
    pub(crate) fn note_index_end(&self, table: TableId, index: usize, last: bool, rows: u64) {
        if let Some(reads) = &mut *self.reads.borrow_mut() {
            reads.access(Access::IndexEnd {
                table,
                index,
                last,
                rows,
            });
        }
    }

    /// Notes the condition by which rows of a relation are looked for; `frame` holds those before it.
    pub(crate) fn note_condition(&self, relation: &Relation, at: usize, frame: &Frame<'_>) {
        let room = |reads: &mut Box<ReadCollector>| {
            let footprint = reads.footprint.as_mut();
            footprint.is_some_and(|footprint| footprint.has_room())
        };
        if !self.reads.borrow_mut().as_mut().is_some_and(room) {
            return;
        }
        let predicate = Predicate::of(relation, at, frame);
        if let Some(reads) = &mut *self.reads.borrow_mut()
            && let Some(footprint) = &mut reads.footprint
        {
            footprint.note_predicate(predicate);
        }
    }

    /// Notes a row that fulfils the conditions on its relation.
    pub(crate) fn note_row(&self, query: &Query, at: usize, row: RowId) {
        let Some(reads) = &mut *self.reads.borrow_mut() else {
            return;
        };
        if reads.is_target(query, at) {
            return;
        }
        let relation = query.relations.get(at);
        let heap = relation.and_then(|relation| Some((relation.table, self.heap(relation)?)));
        if let (Some(footprint), Some((table, (heap, view)))) = (&mut reads.footprint, heap)
            && let Some(version) = heap.entry(row).and_then(|entry| entry.visible(&view))
        {
            footprint.note_read(VersionKey {
                table,
                row,
                version: Some(version.number()),
            });
        }
    }
}
