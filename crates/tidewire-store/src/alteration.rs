//! ALTER TABLE on a catalog. What it means for stored rows is carried out in `migrate`.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/commands/tablecmds.c`.

use std::sync::Arc;

use tidewire_syntax::Name;
use tidewire_syntax::ast::sql::{AlterAction, AlterTable, ColumnChange, Drop, TypeName};

use crate::catalog::DefaultValue;
use crate::expression::Expr;
use crate::schema::{Alteration, Change, Demand, RowsChange, free_name, table_constraint};
use crate::scope::{Binder, error, fail};
use crate::table_builder::{Builder, same_family};
use crate::{Catalog, ForeignKey, PlanError, TableId, Type, cast, typing};

/// ALTER TABLE
pub(crate) fn alter_table(catalog: &Catalog, alter: &AlterTable) -> Result<Change, PlanError> {
    let name = &alter.table.table;
    if alter.if_exists && catalog.table(name.as_str()).is_none() {
        let notice = format!("relation \"{name}\" does not exist, skipping");
        return Ok(Change::skipped(catalog, notice));
    }
    let stores = [("", catalog)];
    let table = Binder::new(&stores, &()).table(&alter.table)?.1.clone();
    let mut altering = Altering {
        builder: Builder {
            catalog: catalog.clone(),
            table,
        },
        rows: Alteration::default(),
        others: Vec::new(),
        notices: Vec::new(),
    };
    for action in &alter.actions {
        altering.action(action)?;
    }
    let Altering {
        builder,
        rows,
        others,
        notices,
    } = altering;
    let (mut catalog, table) = (builder.catalog, builder.table);
    let id = table.id;
    catalog.tables[id.0 as usize] = Arc::new(table);
    let mut tables: Vec<_> = others
        .into_iter()
        .map(|other| (other, RowsChange::Keep))
        .collect();
    tables.push((id, RowsChange::Alter(rows)));
    Ok(Change {
        catalog,
        tables,
        notices,
    })
}

/// A table on its way to its new definition.
struct Altering {
    builder: Builder,
    rows: Alteration,
    /// Tables that lose a foreign key.
    others: Vec<TableId>,
    notices: Vec<String>,
}

impl Altering {
    fn action(&mut self, action: &AlterAction) -> Result<(), PlanError> {
        match action {
            AlterAction::RenameColumn(from, to) => {
                self.builder.new_column_name(to)?;
                if self.builder.table.column(from.as_str()).is_none() {
                    let message = format!("column \"{from}\" does not exist");
                    return fail(b"42703", from.span, message);
                }
                let slot = self.builder.slot(from)?;
                self.column(slot, |column| column.name = to.text.clone());
                Ok(())
            }
            AlterAction::RenameTable(to) => {
                free_name(&self.builder.catalog, to)?;
                self.builder.table.name = to.text.clone();
                Ok(())
            }
            AlterAction::RenameConstraint(from, to) => self.rename_constraint(from, to),
            AlterAction::AddColumn {
                definition,
                if_not_exists,
            } => {
                let name = &definition.name;
                let table = &self.builder.table;
                if *if_not_exists && table.column(name.as_str()).is_some() {
                    let table = &table.name;
                    self.notices.push(format!(
                        "column \"{name}\" of relation \"{table}\" already exists, skipping"
                    ));
                    return Ok(());
                }
                let slot = self.builder.column(definition)?;
                self.rows.added.push(slot);
                self.adding(|builder| builder.column_constraints(definition))?;
                self.not_null(slot);
                Ok(())
            }
            AlterAction::DropColumn(drop) => self.drop_column(drop),
            AlterAction::AddConstraint {
                constraint,
                not_valid,
            } => {
                let demanded = self.rows.demands.len();
                self.adding(|builder| table_constraint(builder, constraint))?;
                if *not_valid {
                    self.rows.demands.truncate(demanded);
                }
                Ok(())
            }
            AlterAction::ValidateConstraint(name) => {
                let demand = match self.constraint(name) {
                    Some(Constraint::Check(at)) => Demand::Check(at),
                    Some(Constraint::ForeignKey(at)) => Demand::ForeignKey(at),
                    Some(Constraint::Key(_)) => return Ok(()),
                    None => return Err(self.no_constraint(name)),
                };
                self.rows.demands.push(demand);
                Ok(())
            }
            AlterAction::DropConstraint(drop) => self.drop_constraint(drop),
            AlterAction::AlterColumn(name, change) => self.alter_column(name, change),
        }
    }

    fn column(&mut self, slot: usize, change: impl FnOnce(&mut crate::Column)) {
        let columns = &mut self.builder.table.columns;
        if let Some(column) = columns.iter_mut().find(|column| column.slot == slot) {
            change(column);
        }
    }

    /// Rows must hold a value here if the column demands one.
    fn not_null(&mut self, slot: usize) {
        let column = self.builder.table.column_at(slot);
        if column.is_some_and(|column| column.not_null) {
            self.rows.demands.push(Demand::NotNull(slot));
        }
    }

    /// Adds constraints; rows that stand already must fulfil them.
    fn adding(
        &mut self,
        add: impl FnOnce(&mut Builder) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        let table = &self.builder.table;
        let demanded: Vec<usize> = not_null_slots(table);
        let (checks, keys) = (table.checks.len(), table.foreign_keys.len());
        add(&mut self.builder)?;
        let table = &self.builder.table;
        let demands = &mut self.rows.demands;
        // A primary key demands values.
        let new = not_null_slots(table);
        let new = new.into_iter().filter(|slot| !demanded.contains(slot));
        demands.extend(new.map(Demand::NotNull));
        demands.extend((checks..table.checks.len()).map(Demand::Check));
        demands.extend((keys..table.foreign_keys.len()).map(Demand::ForeignKey));
        Ok(())
    }

    fn rename_constraint(&mut self, from: &Name, to: &Name) -> Result<(), PlanError> {
        if self.constraint(to).is_some() {
            let table = &self.builder.table.name;
            let message = format!("constraint \"{to}\" for relation \"{table}\" already exists");
            return fail(b"42710", to.span, message);
        }
        let new = to.text.clone();
        match self.constraint(from) {
            Some(Constraint::Check(at)) => self.builder.table.checks[at].name = new,
            Some(Constraint::ForeignKey(at)) => self.builder.table.foreign_keys[at].name = new,
            Some(Constraint::Key(at)) => self.builder.table.indexes[at].name = new,
            None => return Err(self.no_constraint(from)),
        }
        Ok(())
    }

    fn constraint(&self, name: &Name) -> Option<Constraint> {
        let table = &self.builder.table;
        let is = |other: &Arc<str>| **other == *name.as_str();
        let check = table.checks.iter().position(|check| is(&check.name));
        let foreign = table.foreign_keys.iter().position(|key| is(&key.name));
        let key = table
            .indexes
            .iter()
            .position(|index| index.constraint && !index.dropped && is(&index.name));
        let foreign = foreign.map(Constraint::ForeignKey);
        check
            .map(Constraint::Check)
            .or(foreign)
            .or(key.map(Constraint::Key))
    }

    fn no_constraint(&self, name: &Name) -> PlanError {
        let table = &self.builder.table.name;
        let message = format!("constraint \"{name}\" of relation \"{table}\" does not exist");
        error(b"42704", name.span, message)
    }

    fn drop_column(&mut self, drop: &Drop) -> Result<(), PlanError> {
        let name = &drop.name;
        if drop.if_exists && self.builder.table.column(name.as_str()).is_none() {
            let table = &self.builder.table.name;
            self.notices.push(format!(
                "column \"{name}\" of relation \"{table}\" does not exist, skipping"
            ));
            return Ok(());
        }
        let slot = self.builder.slot(name)?;
        let (id, table) = (self.builder.table.id, self.builder.table.name.clone());
        let what = format!("column {name} of table {table}");
        let concerns = |other: TableId, key: &ForeignKey| {
            other != id && key.target == id && key.target_slots.contains(&slot)
        };
        self.drop_dependent(drop, &concerns, &what)?;
        let dropped = self.builder.drop_column(slot);
        self.rows.dropped.extend(dropped);
        Ok(())
    }

    fn drop_dependent(
        &mut self,
        drop: &Drop,
        concerns: &dyn Fn(TableId, &ForeignKey) -> bool,
        what: &str,
    ) -> Result<(), PlanError> {
        let catalog = &mut self.builder.catalog;
        let refused = |detail: String| {
            let message = format!("cannot drop {what} because other objects depend on it");
            let mut refused = error(b"2BP01", drop.name.span, message);
            let detail = detail
                .rsplit_once(" depends on ")
                .map_or(&*detail, |(who, _)| who);
            refused.error.detail = Some(format!("{detail} depends on {what}"));
            refused.hint("Use DROP ... CASCADE to drop the dependent objects too.")
        };
        let touched =
            drop_references(catalog, concerns, drop.cascade, &mut self.notices, &refused)?;
        self.others.extend(touched);
        Ok(())
    }

    fn drop_constraint(&mut self, drop: &Drop) -> Result<(), PlanError> {
        let Some(found) = self.constraint(&drop.name) else {
            if !drop.if_exists {
                return Err(self.no_constraint(&drop.name));
            }
            let (name, table) = (&drop.name, &self.builder.table.name);
            self.notices.push(format!(
                "constraint \"{name}\" of relation \"{table}\" does not exist, skipping"
            ));
            return Ok(());
        };
        match found {
            Constraint::Check(at) => {
                self.builder.table.checks.remove(at);
            }
            Constraint::ForeignKey(at) => {
                self.builder.table.foreign_keys.remove(at);
            }
            Constraint::Key(at) => {
                let (id, table) = (self.builder.table.id, self.builder.table.name.clone());
                let what = format!("constraint {} on table {table}", drop.name);
                let concerns = |other: TableId, key: &ForeignKey| {
                    other != id && key.target == id && key.target_index == at
                };
                self.drop_dependent(drop, &concerns, &what)?;
                let table = &mut self.builder.table;
                table
                    .foreign_keys
                    .retain(|key| key.target != id || key.target_index != at);
                table.indexes[at].dropped = true;
                self.rows.dropped.push(at);
            }
        }
        // The numbers of those behind it have changed.
        let demands = &mut self.rows.demands;
        demands.retain(|demand| matches!(demand, Demand::NotNull(_)));
        Ok(())
    }

    fn alter_column(&mut self, name: &Name, change: &ColumnChange) -> Result<(), PlanError> {
        let slot = self.builder.slot(name)?;
        match change {
            ColumnChange::NotNull(true) => {
                self.column(slot, |column| column.not_null = true);
                self.not_null(slot);
            }
            ColumnChange::NotNull(false) => {
                let table = &self.builder.table;
                if table
                    .primary_key()
                    .is_some_and(|key| key.slots.contains(&slot))
                {
                    let message = format!("column \"{name}\" is in a primary key");
                    return fail(b"42P16", name.span, message);
                }
                self.column(slot, |column| column.not_null = false);
            }
            ColumnChange::Default(None) => {
                self.column(slot, |column| column.default = DefaultValue::Null);
            }
            ColumnChange::Default(Some(expression)) => {
                let value = Binder::new(&[], &()).expression(expression)?;
                let Some(column) = self.builder.table.column_at(slot) else {
                    return Ok(());
                };
                let value = typing::assign(value, column)?;
                self.column(slot, |column| {
                    column.default = DefaultValue::Expression(value)
                });
            }
            ColumnChange::Type(data_type) => self.retype(name, slot, data_type)?,
        }
        Ok(())
    }

    /// `ALTER COLUMN … TYPE`
    fn retype(&mut self, name: &Name, slot: usize, data_type: &TypeName) -> Result<(), PlanError> {
        let new = Type::of(data_type.kind);
        cast::check_type(new).map_err(|error| PlanError::at(error, data_type.span))?;
        let table = &self.builder.table;
        let Some(column) = table.column_at(slot) else {
            return Ok(());
        };
        let old = column.data_type;
        let depends = table.checks.iter().any(|check| check.slots.contains(&slot))
            || table
                .indexes
                .iter()
                .any(|index| index.computed.is_some() && !index.dropped)
            || table
                .indexes
                .iter()
                .any(|index| !index.dropped && index.slots.contains(&slot))
                && !same_family(old, new);
        if depends {
            let message = format!(
                "the type of column \"{name}\" cannot be changed in this store while a check or an \
                 index depends on it"
            );
            return Err(error(b"0A000", name.span, message)
                .hint("Drop the check or the index first, and make it again afterwards."));
        }
        if !same_family(old, new) && !(new == Type::Text) {
            let message = format!("column \"{name}\" cannot be cast automatically to type {new}");
            return fail(b"42804", name.span, message);
        }
        self.column(slot, |column| {
            column.data_type = new;
            if let DefaultValue::Expression(value) = &column.default {
                let value = Expr::Cast(Box::new(value.clone()), new, false);
                column.default = DefaultValue::Expression(value);
            }
        });
        self.rows.retyped.push(slot);
        Ok(())
    }
}

/// Where a constraint stands in its table.
enum Constraint {
    Check(usize),
    ForeignKey(usize),
    Key(usize),
}

fn not_null_slots(table: &crate::Table) -> Vec<usize> {
    let demanded = table.columns.iter().filter(|column| column.not_null);
    demanded.map(|column| column.slot).collect()
}

/// Takes away the foreign keys that `concerns` names, if `cascade` allows it; gives the tables that lost one.
/// Otherwise the first is the detail of the refusal.
pub(crate) fn drop_references(
    catalog: &mut Catalog,
    concerns: &dyn Fn(TableId, &ForeignKey) -> bool,
    cascade: bool,
    notices: &mut Vec<String>,
    refused: &dyn Fn(String) -> PlanError,
) -> Result<Vec<TableId>, PlanError> {
    let mut touched = Vec::new();
    for at in 0..catalog.tables.len() {
        let table = catalog.tables[at].clone();
        let depends = |key: &&ForeignKey| !table.dropped && concerns(table.id, key);
        for key in table.foreign_keys.iter().filter(depends) {
            if !cascade {
                let target = &catalog.tables[key.target.0 as usize].name;
                return Err(refused(format!(
                    "constraint {} on table {} depends on table {target}",
                    key.name, table.name
                )));
            }
            notices.push(format!(
                "drop cascades to constraint {} on table {}",
                key.name, table.name
            ));
            touched.push(table.id);
        }
        if touched.last() == Some(&table.id) {
            touched.dedup();
            let changed = Arc::make_mut(&mut catalog.tables[at]);
            changed.foreign_keys.retain(|key| !concerns(table.id, key));
        }
    }
    Ok(touched)
}
