//! Where versions stand in a heap: pages of 8192 bytes, filled as PostgreSQL fills them, as far as predicate
//! locks and the order of a sequential scan can tell.
//!
//! Sources: `storage-page-layout` in the manual, `heap_form_tuple`, `RelationGetBufferForTuple`. A new version
//! goes to the page of the one before if it has room there, else to the last page. Space of versions that
//! nobody needs is free at once, as if every page were pruned before it is full.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{Table, Type, Value};

/// Bytes of a page that hold tuples and their line pointers: all but the page header.
const PAGE_BYTES: u32 = 8192 - 24;
/// Header of a tuple, without the bitmap of nulls.
const TUPLE_HEADER: u32 = 23;
/// Line pointer of a tuple.
const LINE_POINTER: u32 = 4;

/// A place in the heap: page, slot in it, and the slot that an index points to. A heap-only tuple has another
/// slot there: that of the first version since its row had other keys. Sequential scans go by slots, bitmap
/// scans by those that indexes point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(u64);

/// Versions of one table are counted with so many bits, and then from the start again.
const SLOT_BITS: u32 = 22;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;

impl Position {
    fn new(page: u32, slot: u64, root: u64) -> Self {
        let page = u64::from(page) << (2 * SLOT_BITS);
        Self(page | (slot & SLOT_MASK) << SLOT_BITS | root & SLOT_MASK)
    }

    /// A place of its own, for tests.
    #[cfg(test)]
    pub(crate) fn at(page: u32, slot: u64) -> Self {
        Self::new(page, slot, slot)
    }

    /// All of it as one number; used again in its heap only after four million versions.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// Its page, from 0.
    pub(crate) fn page(self) -> u32 {
        (self.0 >> (2 * SLOT_BITS)) as u32
    }

    fn root_slot(self) -> u64 {
        self.0 & SLOT_MASK
    }

    /// No index points to it.
    pub(crate) fn heap_only(self) -> bool {
        (self.0 >> SLOT_BITS) & SLOT_MASK != self.root_slot()
    }

    /// The place that indexes point to for it; bitmap scans go in this order.
    pub(crate) fn root(self) -> Position {
        Self::new(self.page(), self.root_slot(), self.root_slot())
    }
}

/// Bytes that a row takes, from the types of its columns.
#[derive(Clone, Debug)]
enum Layout {
    /// Always so many.
    Fixed(u32),
    /// By its values.
    Varying(Arc<[Type]>),
}

/// How full the pages of a heap are.
#[derive(Debug)]
pub(crate) struct Space {
    layout: Layout,
    /// Bytes used, per page.
    used: SmallVec<[u16; 8]>,
    next_slot: u64,
}

impl Clone for Space {
    /// Copies the numbers at one go.
    fn clone(&self) -> Self {
        Self {
            layout: self.layout.clone(),
            used: SmallVec::from_slice(&self.used),
            next_slot: self.next_slot,
        }
    }
}

impl Space {
    /// No pages yet, for rows of this table.
    pub(crate) fn new(table: &Table) -> Self {
        Self {
            layout: layout(table),
            used: SmallVec::new(),
            next_slot: 0,
        }
    }

    /// The table has other columns now. Rows written before keep their places.
    pub(crate) fn change(&mut self, table: &Table) {
        self.layout = layout(table);
    }

    /// A place for a new version of a row, perhaps behind one that stands at `before`. It is heap-only if it
    /// has room on that page and leaves all indexed columns as they were.
    pub(crate) fn place(
        &mut self,
        row: &[Value],
        before: Option<Position>,
        same_keys: bool,
    ) -> Position {
        let size = self.size(row);
        let near = before.map(Position::page);
        let last = self.used.len().checked_sub(1).map(|last| last as u32);
        let roomy = |page: &u32| self.free(*page) >= size;
        let page = near.filter(roomy).or(last.filter(roomy));
        let page = page.unwrap_or_else(|| {
            self.used.push(0);
            self.used.len() as u32 - 1
        });
        if let Some(used) = self.used.get_mut(page as usize) {
            *used = used.saturating_add(size as u16);
        }
        self.next_slot += 1;
        let before = before.filter(|before| same_keys && before.page() == page);
        let root = before.map_or(self.next_slot, Position::root_slot);
        Position::new(page, self.next_slot, root)
    }

    /// A version is gone.
    pub(crate) fn release(&mut self, row: &[Value], position: Position) {
        let size = self.size(row) as u16;
        if let Some(used) = self.used.get_mut(position.page() as usize) {
            *used = used.saturating_sub(size);
        }
    }

    fn free(&self, page: u32) -> u32 {
        let used = self.used.get(page as usize).copied().unwrap_or(u16::MAX);
        PAGE_BYTES.saturating_sub(u32::from(used))
    }

    fn size(&self, row: &[Value]) -> u32 {
        match &self.layout {
            Layout::Fixed(size) => *size,
            Layout::Varying(types) => tuple_size(types, row),
        }
    }
}

fn layout(table: &Table) -> Layout {
    let mut types = vec![Type::Boolean; table.width];
    for column in &table.columns {
        types[column.slot] = column.data_type;
    }
    let fixed = table.columns.len() == table.width
        && table.columns.iter().all(|column| column.not_null)
        && types.iter().all(|of| fixed_width(*of).is_some());
    if fixed {
        let row = vec![Value::Boolean(true); table.width];
        return Layout::Fixed(tuple_size(&types, &row));
    }
    Layout::Varying(types.into())
}

/// Width and alignment of a type of fixed width, in bytes.
fn fixed_width(of: Type) -> Option<(u32, u32)> {
    match of {
        Type::SmallInt => Some((2, 2)),
        Type::Integer | Type::Date => Some((4, 4)),
        Type::BigInt | Type::Timestamp | Type::TimestampTz => Some((8, 8)),
        Type::Boolean => Some((1, 1)),
        Type::Uuid => Some((16, 1)),
        Type::Numeric(_)
        | Type::Text
        | Type::VarChar(_)
        | Type::Char(_)
        | Type::Json
        | Type::Jsonb => None,
    }
}

/// Bytes of a row with its line pointer, at most a page: longer values would be moved out of line.
fn tuple_size(types: &[Type], row: &[Value]) -> u32 {
    let nulls = row.iter().any(Value::is_null);
    let bitmap = if nulls {
        types.len().div_ceil(8) as u32
    } else {
        0
    };
    let data = data_size(types.iter().copied().zip(row));
    let size = align(TUPLE_HEADER + bitmap, 8) + data + LINE_POINTER;
    align(size - LINE_POINTER, 8)
        .saturating_add(LINE_POINTER)
        .min(PAGE_BYTES)
}

/// Bytes of some values one after the other, aligned as their types want it.
pub(crate) fn data_size<'v>(values: impl Iterator<Item = (Type, &'v Value)>) -> u32 {
    let mut size: u32 = 0;
    for (of, value) in values {
        if value.is_null() {
            continue;
        }
        let (width, alignment) = fixed_width(of).unwrap_or_else(|| varying_width(value));
        size = align(size, alignment).saturating_add(width);
    }
    size
}

/// Width and alignment of a value of varying width: one byte of length before short ones, else four.
fn varying_width(value: &Value) -> (u32, u32) {
    let bytes = match value {
        Value::Text(text) | Value::Json(text) => u32::try_from(text.len()).unwrap_or(u32::MAX / 2),
        Value::Numeric(number) => {
            let digits = number
                .digits
                .unsigned_abs()
                .checked_ilog10()
                .map_or(0, |log| log + 1);
            let scale = u32::from(number.scale);
            2 + 2 * (digits.saturating_sub(scale).div_ceil(4) + scale.div_ceil(4))
        }
        Value::Integer(whole) => {
            let digits = whole
                .unsigned_abs()
                .checked_ilog10()
                .map_or(0, |log| log + 1);
            2 + 2 * digits.div_ceil(4)
        }
        _ => 16,
    };
    if bytes < 127 {
        (bytes + 1, 1)
    } else {
        (bytes.saturating_add(4), 4)
    }
}

/// To a power of two.
fn align(size: u32, to: u32) -> u32 {
    size.saturating_add(to - 1) & !(to - 1)
}
