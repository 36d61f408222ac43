//! What exists: tables, columns, constraints, sequences. How statements change it is in `schema`.

use std::sync::Arc;

use tidewire_syntax::ast::sql::ReferentialAction;

use crate::expression::Expr;
use crate::{ColumnId, SequenceId, TableId, Type};

/// The tables of one store. Columns have ids and slots that survive a rename; nothing is ever renumbered.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub(crate) tables: Vec<Arc<Table>>,
    pub(crate) sequences: u32,
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
        self.tables.iter().map(|table| table.as_ref())
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables().find(|table| &*table.name == name)
    }

    /// The table of this id.
    pub fn table_by_id(&self, id: TableId) -> Option<&Table> {
        self.tables.get(id.0 as usize).map(|table| table.as_ref())
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
    /// Unique indexes; the primary key first if there is one.
    pub indexes: Vec<Index>,
    /// CHECK constraints in order.
    pub checks: Vec<Check>,
    /// Foreign keys of this table.
    pub foreign_keys: Vec<ForeignKey>,
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

/// A unique index.
#[derive(Clone, Debug)]
pub struct Index {
    /// The name of its constraint.
    pub name: Arc<str>,
    /// Slots of its columns, in order.
    pub slots: Vec<usize>,
    /// Backs the primary key.
    pub primary: bool,
    /// Gone with one of its columns; its place stays so that others keep theirs.
    pub dropped: bool,
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
