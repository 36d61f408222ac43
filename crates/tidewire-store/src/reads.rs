//! What a statement read, noted while it runs.
//!
//! Two things need to know it: predicate locks of serializable transactions (which tables were read from end
//! to end, which keys and ranges of which index: `access` of `heapam.c`, `nbtsearch.c`), and whoever follows
//! dependencies between transactions (which rows fulfilled the conditions). Each is switched on apart; without
//! either a statement has no collector and pays one test per table that it opens.
//!
//! Reads are noted as accesses, not row by row: which versions an access came by follows from the heap, which
//! does not change while an expression is evaluated.

use crate::index::KeyRange;
use crate::query::Run;
use crate::{RowId, TableId};

/// What is to be noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// How tables were entered, for predicate locks.
    pub(crate) accesses: bool,
    /// Which rows fulfilled the conditions, for dependencies in the trace.
    pub(crate) rows: bool,
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
}

/// What a statement has read since it was last asked.
#[derive(Clone, Debug)]
pub(crate) struct ReadCollector {
    /// What is to be noted.
    pub(crate) wants: Wants,
    /// In order, each once in a row.
    pub(crate) accesses: Vec<Access>,
    /// Rows that fulfilled the conditions on their table, in order, each once in a row. Which version it was
    /// follows from the statement's view.
    pub(crate) rows: Vec<(TableId, RowId)>,
}

impl ReadCollector {
    /// A collector, unless nothing is wanted.
    pub(crate) fn new(wants: Wants) -> Option<Box<Self>> {
        (wants != Wants::default()).then(|| {
            Box::new(Self {
                wants,
                accesses: Vec::new(),
                rows: Vec::new(),
            })
        })
    }

    fn access(&mut self, access: Access) {
        if self.wants.accesses && self.accesses.last() != Some(&access) {
            self.accesses.push(access);
        }
    }

    fn row(&mut self, table: TableId, row: RowId) {
        if self.wants.rows && self.rows.last() != Some(&(table, row)) {
            self.rows.push((table, row));
        }
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

    /// Notes a row that fulfils the conditions on its table.
    pub(crate) fn note_row(&self, table: TableId, row: RowId) {
        if let Some(reads) = &mut *self.reads.borrow_mut() {
            reads.row(table, row);
        }
    }
}
