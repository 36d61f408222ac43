//! What exists: tables, columns, constraints, sequences. How statements change it is in `schema`.

use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::ReferentialAction;

use crate::expression::{Expr, Frame};
use crate::index::IndexKey;
use crate::query::{Run, all_true};
use crate::sequence::Sequence;
use crate::{ColumnId, SequenceId, SqlError, TableId, Type, Value};

/// The tables of one store. Columns have ids and slots that survive a rename; nothing is ever renumbered.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub(crate) tables: Vec<Arc<Table>>,
    pub(crate) sequences: Vec<Arc<Sequence>>,
    pub(crate) version: u32,
    pub(crate) next_column: u32,
    /// Hash of all definitions, for the hash of a store.
    pub(crate) fingerprint: u128,
}

impl Catalog {
    /// Grows with every change; plans of another version are planned again.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All tables in order of creation.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let there = self.tables.iter().filter(|table| !table.dropped);
        there.map(|table| table.as_ref())
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables().find(|table| &*table.name == name)
    }

    /// The table of this id.
    pub fn table_by_id(&self, id: TableId) -> Option<&Table> {
        let table = self.tables.get(id.0 as usize)?;
        (!table.dropped).then_some(table.as_ref())
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its id, which survives a rename.
    pub id: TableId,
    /// Its name.
    pub name: Arc<str>,
    /// Its columns in order, without dropped ones. A row holds a column's value at [`Column::slot`].
    pub columns: Vec<Column>,
    /// Values in a row, dropped columns included.
    pub width: usize,
    /// Indexes in order of creation.
    pub indexes: Vec<Index>,
    /// CHECK constraints in order.
    pub checks: Vec<Check>,
    /// Foreign keys of this table.
    pub foreign_keys: Vec<ForeignKey>,
    /// Gone; its id stays taken.
    pub(crate) dropped: bool,
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.name == name)
    }

    /// The column at this slot of a row.
    pub fn column_at(&self, slot: usize) -> Option<&Column> {
        self.columns.iter().find(|column| column.slot == slot)
    }

    /// The primary key.
    pub fn primary_key(&self) -> Option<&Index> {
        self.indexes
            .iter()
            .find(|index| index.primary && !index.dropped)
    }
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its id, unique in the store; survives a rename.
    pub id: ColumnId,
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub data_type: Type,
    /// Where its value stands in a [`crate::Row`]; stays when an earlier column is dropped.
    pub slot: usize,
    /// NOT NULL or part of the primary key.
    pub not_null: bool,
    /// What an INSERT without it takes.
    pub(crate) default: DefaultValue,
    /// `GENERATED ALWAYS AS IDENTITY`
    pub identity_always: bool,
}

/// What stands for a value that an INSERT does not give.
#[derive(Clone, Debug, Default)]
pub(crate) enum DefaultValue {
    /// Null.
    #[default]
    Null,
    /// The next value of a sequence.
    Sequence(SequenceId),
    /// An expression without columns.
    Expression(Expr),
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Its name, that of its constraint if it backs one.
    pub name: Arc<str>,
    /// Slots of its columns, in order; of one over expressions or with a predicate, all columns that it reads.
    pub slots: Vec<usize>,
    /// Keys are expressions, or only some rows are in it.
    pub(crate) computed: Option<Arc<ComputedKey>>,
    /// No two rows have the same key.
    pub unique: bool,
    /// Backs the primary key.
    pub primary: bool,
    /// Backs PRIMARY KEY or UNIQUE.
    pub constraint: bool,
    /// Gone with one of its columns; its place stays so that others keep theirs.
    pub dropped: bool,
}

/// The keys of an index over expressions, or with a predicate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComputedKey {
    /// Its keys, over the row as only relation.
    pub(crate) keys: Vec<Expr>,
    /// Their texts, as messages have them.
    pub(crate) texts: Vec<String>,
    /// Rows that fulfil all of these are in it.
    pub(crate) predicate: Vec<Expr>,
}

impl Index {
    /// The key that a row has in it: none when a part is null, when the predicate leaves the row out, or when
    /// an expression fails (which [`Index::try_key_of`] tells).
    #[inline]
    pub(crate) fn key_of(&self, row: &[Value]) -> Option<IndexKey> {
        match &self.computed {
            None => IndexKey::of_row(row, &self.slots),
            Some(computed) => computed.key_of(row).ok().flatten(),
        }
    }

    /// As [`Index::key_of`], for a row that comes in.
    pub(crate) fn try_key_of(&self, row: &[Value]) -> Result<Option<IndexKey>, SqlError> {
        match &self.computed {
            None => Ok(IndexKey::of_row(row, &self.slots)),
            Some(computed) => computed.key_of(row),
        }
    }

    /// Does a row have this key in it?
    #[inline]
    pub(crate) fn has_key(&self, row: &[Value], key: &IndexKey) -> bool {
        match &self.computed {
            None => key.matches(row, &self.slots),
            Some(_) => self.key_of(row).as_ref() == Some(key),
        }
    }

    /// How many parts its keys have.
    pub(crate) fn key_width(&self) -> usize {
        match &self.computed {
            None => self.slots.len(),
            Some(computed) => computed.keys.len(),
        }
    }

    /// Does its predicate take a row in?
    pub(crate) fn takes(&self, row: &[Value]) -> bool {
        self.computed
            .as_ref()
            .is_none_or(|computed| computed.takes(row).unwrap_or(false))
    }

    /// Are all columns that it reads the same in both rows?
    #[inline]
    pub(crate) fn same_columns(&self, left: &[Value], right: &[Value]) -> bool {
        self.slots
            .iter()
            .all(|slot| left.get(*slot) == right.get(*slot))
    }

    /// A unique key over columns of all rows: foreign keys may point to it, and a change of it is a change of
    /// the row's key (`INDEX_ATTR_BITMAP_KEY`).
    pub(crate) fn is_key(&self) -> bool {
        self.unique && self.computed.is_none() && !self.dropped
    }
}

impl ComputedKey {
    fn takes(&self, row: &[Value]) -> Result<bool, SqlError> {
        let run = Run::new(&[], 0, &[], 0);
        let tuple = [row];
        let frame = Frame {
            tuple: &tuple,
            ..Frame::of(&run)
        };
        all_true(&self.predicate, &frame)
    }

    fn key_of(&self, row: &[Value]) -> Result<Option<IndexKey>, SqlError> {
        let run = Run::new(&[], 0, &[], 0);
        let tuple = [row];
        let frame = Frame {
            tuple: &tuple,
            ..Frame::of(&run)
        };
        if !all_true(&self.predicate, &frame)? {
            return Ok(None);
        }
        let mut values: SmallVec<[Value; 2]> = SmallVec::new();
        for key in &self.keys {
            values.push(key.evaluate(&frame)?);
        }
        Ok(IndexKey::of(values.iter().map(Some)))
    }
}

/// A CHECK constraint.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: Arc<str>,
    /// Holds when true or null.
    pub(crate) condition: Expr,
    /// Slots it reads.
    pub slots: Vec<usize>,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// Its name.
    pub name: Arc<str>,
    /// Slots of the referencing columns.
    pub slots: Vec<usize>,
    /// The referenced table.
    pub target: TableId,
    /// Which of its unique indexes.
    pub target_index: usize,
    /// Slots of the referenced columns, in the order of `slots`.
    pub target_slots: Vec<usize>,
    /// What a delete of the referenced row does.
    pub on_delete: ReferentialAction,
    /// What a change of the referenced key does.
    pub on_update: ReferentialAction,
}
