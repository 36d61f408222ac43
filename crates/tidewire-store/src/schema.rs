//! How statements change the catalog: CREATE TABLE, DROP TABLE, TRUNCATE; ALTER TABLE is in `alteration`, indexes in
//! `index_builder`. What it means for stored rows is carried out in `migrate`.
//!
//! Constraint names are those that PostgreSQL chooses (`ChooseConstraintName`).

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    AlterAction, CreateTable, DropTable, Statement, TableConstraint, TableConstraintKind,
    TableLockMode, TableName, Truncate,
};
use tidewire_syntax::{Name, Span};

use crate::alteration::{alter_table, drop_references};
use crate::hash::StableHasher;
use crate::index_builder::{create_index, drop_indexes};
use crate::scope::{error, fail};
use crate::table_builder::Builder;
use crate::{Catalog, PlanError, Table, TableId};

/// Tables that one store may have.
const MAX_TABLES: usize = 500;

/// A changed catalog, and what to do with the rows of which tables, in this order.
pub(crate) struct Change {
    pub(crate) catalog: Catalog,
    pub(crate) tables: Vec<(TableId, RowsChange)>,
    /// What PostgreSQL tells beside the answer, as NOTICE.
    pub(crate) notices: Vec<String>,
}

/// What happens to stored rows.
pub(crate) enum RowsChange {
    /// A new, empty table.
    Create,
    /// Nothing.
    Keep,
    /// They go; sequences of the columns begin again, if so.
    Empty { restart: bool },
    /// The table goes.
    Remove,
    /// They follow a changed definition.
    Alter(Alteration),
}

/// How rows follow a changed definition. Indexes that the definition has and the heap has not are built.
#[derive(Default)]
pub(crate) struct Alteration {
    /// Slots of new columns.
    pub(crate) added: Vec<usize>,
    /// Slots of columns with another type.
    pub(crate) retyped: Vec<usize>,
    /// Indexes that go.
    pub(crate) dropped: Vec<usize>,
    /// What rows that stand already must fulfil.
    pub(crate) demands: Vec<Demand>,
}

/// What rows that stand already must fulfil.
#[derive(Clone, Copy)]
pub(crate) enum Demand {
    /// The column at this slot holds no null.
    NotNull(usize),
    /// The CHECK of this number.
    Check(usize),
    /// The foreign key of this number.
    ForeignKey(usize),
}

impl Change {
    /// Nothing but a notice.
    pub(crate) fn skipped(catalog: &Catalog, notice: String) -> Change {
        Change {
            catalog: catalog.clone(),
            tables: Vec::new(),
            notices: vec![notice],
        }
    }

    /// The tables to be locked (manual 13.3.1): ACCESS EXCLUSIVE, but SHARE for an index, SHARE ROW EXCLUSIVE for a
    /// foreign key on both its ends.
    pub(crate) fn locks(
        &self,
        before: &Catalog,
        statement: &Statement,
    ) -> Vec<(TableId, TableLockMode)> {
        let own = match statement {
            Statement::CreateIndex(_) => TableLockMode::Share,
            Statement::AlterTable(alter) if alter.actions.iter().all(validates) => {
                TableLockMode::ShareUpdateExclusive
            }
            Statement::AlterTable(alter) if alter.actions.iter().all(adds_foreign_key) => {
                TableLockMode::ShareRowExclusive
            }
            _ => TableLockMode::AccessExclusive,
        };
        let mut locks: Vec<(TableId, TableLockMode)> = Vec::new();
        let mut add = |table: TableId, mode| {
            if !locks.contains(&(table, mode)) {
                locks.push((table, mode));
            }
        };
        for (id, rows) in &self.tables {
            let old = before.tables.get(id.0 as usize);
            let new = self.catalog.tables.get(id.0 as usize);
            if old.is_some() {
                add(*id, own);
            }
            let old = old.map_or(&[][..], |table| &table.foreign_keys);
            let new = new.map_or(&[][..], |table| &table.foreign_keys);
            let new = if matches!(rows, RowsChange::Remove) {
                &[]
            } else {
                new
            };
            let without = |keys: &[crate::ForeignKey], key: &crate::ForeignKey| {
                key.target != *id && !keys.iter().any(|other| other.name == key.name)
            };
            for key in new.iter().filter(|key| without(old, key)) {
                add(key.target, TableLockMode::ShareRowExclusive);
            }
            for key in old.iter().filter(|key| without(new, key)) {
                add(key.target, TableLockMode::AccessExclusive);
            }
        }
        locks
    }

    /// Of one table.
    pub(crate) fn of(catalog: Catalog, table: TableId, rows: RowsChange) -> Change {
        Change {
            catalog,
            tables: vec![(table, rows)],
            notices: Vec::new(),
        }
    }
}

fn validates(action: &AlterAction) -> bool {
    matches!(action, AlterAction::ValidateConstraint(_))
}

fn adds_foreign_key(action: &AlterAction) -> bool {
    match action {
        AlterAction::AddConstraint { constraint, .. } => {
            matches!(constraint.kind, TableConstraintKind::ForeignKey(..))
        }
        _ => false,
    }
}

/// Carries out a statement on a catalog.
pub(crate) fn change(catalog: &Catalog, statement: &Statement) -> Result<Change, PlanError> {
    let mut change = match statement {
        Statement::CreateTable(create) => create_table(catalog, create),
        Statement::AlterTable(alter) => alter_table(catalog, alter),
        Statement::DropTable(drop) => drop_tables(catalog, drop),
        Statement::Truncate(statement) => truncate(catalog, statement),
        Statement::CreateIndex(create) => create_index(catalog, create),
        Statement::DropIndex(drop) => drop_indexes(catalog, drop),
        _ => fail(
            b"42601",
            Span::default(),
            "this statement does not change the schema",
        ),
    }?;
    if !change.tables.is_empty() {
        change.catalog.renew();
    }
    Ok(change)
}

impl Catalog {
    /// Another version: plans of the one before are planned again.
    pub(crate) fn renew(&mut self) {
        self.version += 1;
        let mut hasher = StableHasher::default();
        for table in self.tables() {
            hasher.bytes(definition(table).as_bytes());
        }
        self.fingerprint = hasher.finish();
    }
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
    if create.if_not_exists && catalog.table(name.as_str()).is_some() {
        let notice = format!("relation \"{name}\" already exists, skipping");
        return Ok(Change::skipped(catalog, notice));
    }
    free_name(catalog, name)?;
    if catalog.tables().count() >= MAX_TABLES {
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
        dropped: false,
    };
    let mut builder = Builder {
        catalog: catalog.clone(),
        table,
    };
    for definition in &create.columns {
        let name = &definition.name;
        if builder.table.column(name.as_str()).is_some() {
            let message = format!("column \"{name}\" specified more than once");
            return fail(b"42701", name.span, message);
        }
        builder.column(definition)?;
    }
    for definition in &create.columns {
        builder.column_constraints(definition)?;
    }
    for constraint in &create.constraints {
        table_constraint(&mut builder, constraint)?;
    }
    let id = builder.table.id;
    let mut catalog = builder.catalog;
    catalog.tables.push(Arc::new(builder.table));
    Ok(Change::of(catalog, id, RowsChange::Create))
}

/// Adds a constraint that stands by itself.
pub(crate) fn table_constraint(
    builder: &mut Builder,
    constraint: &TableConstraint,
) -> Result<(), PlanError> {
    let (named, span) = (constraint.name.as_ref(), constraint.span);
    match &constraint.kind {
        TableConstraintKind::PrimaryKey(columns) => builder.unique(columns, true, named, span),
        TableConstraintKind::Unique(columns) => builder.unique(columns, false, named, span),
        TableConstraintKind::Check(condition) => builder.check(condition, None, named),
        TableConstraintKind::ForeignKey(columns, references) => {
            builder.foreign_key(columns, references, named, span)
        }
    }
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

/// The tables of these names, each once; those that are missing are told to `missing`.
fn named(
    catalog: &Catalog,
    names: &[TableName],
    mut missing: impl FnMut(&Name) -> Result<(), PlanError>,
) -> Result<Vec<TableId>, PlanError> {
    let mut found = Vec::new();
    for name in names {
        match catalog.table(name.table.as_str()) {
            Some(table) if !found.contains(&table.id) => found.push(table.id),
            Some(_) => {}
            None => missing(&name.table)?,
        }
    }
    Ok(found)
}

fn drop_tables(catalog: &Catalog, drop: &DropTable) -> Result<Change, PlanError> {
    let mut notices = Vec::new();
    let gone = named(catalog, &drop.tables, |name| {
        if !drop.if_exists {
            let message = format!("table \"{name}\" does not exist");
            return fail(b"42P01", name.span, message);
        }
        notices.push(format!("table \"{name}\" does not exist, skipping"));
        Ok(())
    })?;
    let mut catalog = catalog.clone();
    let name = |id: &TableId| catalog.tables[id.0 as usize].name.clone();
    let what = match gone.as_slice() {
        [one] => format!("table {}", name(one)),
        _ => "desired object(s)".to_string(),
    };
    let concerns = |table: TableId, key: &crate::ForeignKey| {
        gone.contains(&key.target) && !gone.contains(&table)
    };
    let touched = drop_references(
        &mut catalog,
        &concerns,
        drop.cascade,
        &mut notices,
        &|detail| {
            let message = format!("cannot drop {what} because other objects depend on it");
            let mut refused = error(b"2BP01", drop.span, message);
            refused.error.detail = Some(detail);
            refused.hint("Use DROP ... CASCADE to drop the dependent objects too.")
        },
    )?;
    let mut tables: Vec<_> = touched
        .into_iter()
        .map(|table| (table, RowsChange::Keep))
        .collect();
    for id in gone {
        catalog.drop_sequences(id, true);
        Arc::make_mut(&mut catalog.tables[id.0 as usize]).dropped = true;
        tables.push((id, RowsChange::Remove));
    }
    Ok(Change {
        catalog,
        tables,
        notices,
    })
}

fn truncate(catalog: &Catalog, statement: &Truncate) -> Result<Change, PlanError> {
    let mut notices = Vec::new();
    let mut emptied = named(catalog, &statement.tables, |name| {
        let message = format!("relation \"{name}\" does not exist");
        fail(b"42P01", name.span, message)
    })?;
    // Tables that point to those that are emptied, and so on.
    let mut at = 0;
    while let Some(target) = emptied.get(at).copied() {
        at += 1;
        for table in catalog.tables() {
            let points = table.foreign_keys.iter().any(|key| key.target == target);
            if !points || emptied.contains(&table.id) {
                continue;
            }
            if !statement.cascade {
                let target = &catalog.tables[target.0 as usize].name;
                let message = "cannot truncate a table referenced in a foreign key constraint";
                let mut refused = error(b"0A000", statement.span, message);
                refused.error.detail =
                    Some(format!("Table \"{}\" references \"{target}\".", table.name));
                return Err(refused.hint(format!(
                    "Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.",
                    table.name
                )));
            }
            notices.push(format!("truncate cascades to table \"{}\"", table.name));
            emptied.push(table.id);
        }
    }
    let restart = statement.restart_identity;
    let empty = |table| (table, RowsChange::Empty { restart });
    Ok(Change {
        catalog: catalog.clone(),
        tables: emptied.into_iter().map(empty).collect(),
        notices,
    })
}
