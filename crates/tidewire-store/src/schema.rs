//! How statements change the catalog: CREATE TABLE, ALTER TABLE. What it means for stored rows is carried
//! out in `migrate`.
//!
//! Constraint names are those that PostgreSQL chooses (`ChooseConstraintName`).

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    AlterAction, AlterTable, CreateTable, Statement, TableConstraintKind,
};
use tidewire_syntax::{Name, Span};

use crate::hash::StableHasher;
use crate::index_builder::{create_index, drop_indexes};
use crate::scope::{Binder, fail};
use crate::table_builder::Builder;
use crate::{Catalog, PlanError, Table, TableId};

/// Tables that one store may have.
const MAX_TABLES: usize = 500;

/// A changed catalog, and what to do with the rows of which table.
pub(crate) struct Change {
    pub(crate) catalog: Catalog,
    pub(crate) table: TableId,
    pub(crate) rows: RowsChange,
}

/// What happens to stored rows.
pub(crate) enum RowsChange {
    /// A new, empty table.
    Create,
    /// Nothing.
    Keep,
    /// Every row gets a value at this slot.
    Add { slot: usize },
    /// These indexes go.
    Drop { indexes: Vec<usize> },
    /// The last index is new.
    Index,
}

/// Carries out a statement on a catalog.
pub(crate) fn change(catalog: &Catalog, statement: &Statement) -> Result<Change, PlanError> {
    let mut change = match statement {
        Statement::CreateTable(create) => create_table(catalog, create),
        Statement::AlterTable(alter) => alter_table(catalog, alter),
        Statement::CreateIndex(create) => create_index(catalog, create),
        Statement::DropIndex(drop) => drop_indexes(catalog, drop),
        _ => fail(
            b"42601",
            Span::default(),
            "this statement does not change the schema",
        ),
    }?;
    change.catalog.version += 1;
    let mut hasher = StableHasher::default();
    for table in change.catalog.tables() {
        hasher.bytes(definition(table).as_bytes());
    }
    change.catalog.fingerprint = hasher.finish();
    Ok(change)
}

/// All that makes a table what it is, as text. No ids: equal schemas are equal however they came about.
fn definition(table: &Table) -> String {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|c| {
            (
                &c.name,
                c.data_type,
                c.slot,
                c.not_null,
                c.identity_always,
                &c.default,
            )
        })
        .collect();
    let indexes: Vec<_> = table
        .indexes
        .iter()
        .filter(|index| !index.dropped)
        .collect();
    format!(
        "{} {columns:?} {indexes:?} {:?} {:?}",
        table.name, table.checks, table.foreign_keys
    )
}

fn create_table(catalog: &Catalog, create: &CreateTable) -> Result<Change, PlanError> {
    let name = &create.name.table;
    free_name(catalog, name)?;
    if catalog.tables.len() >= MAX_TABLES {
        return fail(
            b"54000",
            name.span,
            format!("a store has at most {MAX_TABLES} tables"),
        );
    }
    let table = Table {
        id: TableId(catalog.tables.len() as u32),
        name: name.text.clone(),
        columns: Vec::new(),
        width: 0,
        indexes: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
    };
    let mut builder = Builder {
        catalog: catalog.clone(),
        table,
    };
    for definition in &create.columns {
        builder.column(definition)?;
    }
    for definition in &create.columns {
        builder.column_constraints(definition)?;
    }
    for constraint in &create.constraints {
        let named = constraint.name.as_ref();
        let span = constraint.span;
        match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns) => {
                builder.unique(columns, true, named, span)?
            }
            TableConstraintKind::Unique(columns) => builder.unique(columns, false, named, span)?,
            TableConstraintKind::Check(condition) => builder.check(condition, None, named)?,
            TableConstraintKind::ForeignKey(columns, references) => {
                builder.foreign_key(columns, references, named, span)?;
            }
        }
    }
    let id = builder.table.id;
    let mut catalog = builder.catalog;
    catalog.tables.push(Arc::new(builder.table));
    Ok(Change {
        catalog,
        table: id,
        rows: RowsChange::Create,
    })
}

pub(crate) fn free_name(catalog: &Catalog, name: &Name) -> Result<(), PlanError> {
    let index = |index: &crate::Index| !index.dropped && *index.name == *name.as_str();
    let is_index = catalog
        .tables()
        .any(|table| table.indexes.iter().any(index));
    if catalog.table(name.as_str()).is_some() || is_index {
        return fail(
            b"42P07",
            name.span,
            format!("relation \"{name}\" already exists"),
        );
    }
    Ok(())
}

fn alter_table(catalog: &Catalog, alter: &AlterTable) -> Result<Change, PlanError> {
    let stores = [("", catalog)];
    let table = Binder::new(&stores, &()).table(&alter.table)?.1.clone();
    let id = table.id;
    let mut builder = Builder {
        catalog: catalog.clone(),
        table,
    };
    let rows = match &alter.action {
        AlterAction::RenameColumn(from, to) => {
            builder.new_column_name(to)?;
            let slot = builder.slot(from)?;
            for column in &mut builder.table.columns {
                if column.slot == slot {
                    column.name = to.text.clone();
                }
            }
            RowsChange::Keep
        }
        AlterAction::RenameTable(to) => {
            free_name(catalog, to)?;
            builder.table.name = to.text.clone();
            RowsChange::Keep
        }
        AlterAction::AddColumn(definition) => {
            let slot = builder.column(definition)?;
            builder.column_constraints(definition)?;
            RowsChange::Add { slot }
        }
        AlterAction::DropColumn(name) => builder.drop_column(name)?,
    };
    let mut catalog = builder.catalog;
    catalog.tables[id.0 as usize] = Arc::new(builder.table);
    Ok(Change {
        catalog,
        table: id,
        rows,
    })
}
