//! One table being made or changed: its columns, defaults and constraints.
//!
//! Constraint names are those that PostgreSQL chooses (`ChooseConstraintName`).

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    ColumnConstraintKind, ColumnDefinition, Expression, References, TypeKind,
};
use tidewire_syntax::{Name, Span};

use crate::catalog::DefaultValue;
use crate::expression::Expr;
use crate::scope::{Binder, Scope, ScopeRelation, error, fail};
use crate::sequence::Sequence;
use crate::{
    Catalog, Check, Column, ColumnId, ForeignKey, Index, PlanError, SequenceId, Table, Type, cast,
    typing,
};

/// Columns that one table may have.
const MAX_COLUMNS: usize = 250;

/// A table that is being made or changed.
pub(crate) struct Builder {
    pub(crate) catalog: Catalog,
    pub(crate) table: Table,
}

impl Builder {
    pub(crate) fn slot(&self, name: &Name) -> Result<usize, PlanError> {
        match self.table.column(name.as_str()) {
            Some(column) => Ok(column.slot),
            None => fail(
                b"42703",
                name.span,
                format!(
                    "column \"{name}\" of relation \"{}\" does not exist",
                    self.table.name
                ),
            ),
        }
    }

    pub(crate) fn new_column_name(&self, name: &Name) -> Result<(), PlanError> {
        if self.table.column(name.as_str()).is_some() {
            let table = &self.table.name;
            return fail(
                b"42701",
                name.span,
                format!("column \"{name}\" of relation \"{table}\" already exists"),
            );
        }
        Ok(())
    }

    /// Adds a column with its type and default.
    pub(crate) fn column(&mut self, definition: &ColumnDefinition) -> Result<usize, PlanError> {
        self.new_column_name(&definition.name)?;
        if self.table.columns.len() >= MAX_COLUMNS {
            return fail(
                b"54011",
                definition.span,
                format!("a table has at most {MAX_COLUMNS} columns in this store"),
            );
        }
        let data_type = Type::of(definition.data_type.kind);
        cast::check_type(data_type)
            .map_err(|error| PlanError::at(error, definition.data_type.span))?;
        let serial = matches!(
            definition.data_type.kind,
            TypeKind::Serial | TypeKind::BigSerial
        );
        let slot = self.table.width;
        self.table.width += 1;
        let mut column = Column {
            id: ColumnId(self.catalog.next_column),
            name: definition.name.text.clone(),
            data_type,
            slot,
            not_null: serial,
            default: DefaultValue::Null,
            identity_always: false,
        };
        self.catalog.next_column += 1;
        if serial {
            column.default = self.sequence(&column.name, data_type);
        }
        for constraint in &definition.constraints {
            match &constraint.kind {
                ColumnConstraintKind::NotNull => column.not_null = true,
                ColumnConstraintKind::Default(expression) => {
                    if serial {
                        let name = &column.name;
                        return fail(
                            b"42601",
                            constraint.span,
                            format!("multiple default values specified for column \"{name}\""),
                        );
                    }
                    let value = Binder::new(&[], &()).expression(expression)?;
                    let mut query = false;
                    value
                        .expr
                        .visit(&mut |part| query |= part.query().is_some());
                    if query {
                        let message = "cannot use subquery in DEFAULT expression";
                        return fail(b"0A000", expression.span, message);
                    }
                    column.default = DefaultValue::Expression(typing::assign(value, &column)?);
                }
                ColumnConstraintKind::Identity { always } => {
                    if !data_type.is_integer() {
                        return fail(
                            b"22023",
                            constraint.span,
                            "identity column type must be smallint, integer, or bigint",
                        );
                    }
                    column.default = self.sequence(&column.name, data_type);
                    column.not_null = true;
                    column.identity_always = *always;
                }
                _ => {}
            }
        }
        self.table.columns.push(column);
        Ok(slot)
    }

    fn sequence(&mut self, column: &str, data_type: Type) -> DefaultValue {
        let name = self.catalog.sequence_name(&self.table.name, column);
        let sequences = &mut self.catalog.sequences;
        sequences.push(Arc::new(Sequence::of_column(name, data_type)));
        DefaultValue::Sequence(SequenceId(sequences.len() as u32 - 1))
    }

    pub(crate) fn column_constraints(
        &mut self,
        definition: &ColumnDefinition,
    ) -> Result<(), PlanError> {
        let columns = std::slice::from_ref(&definition.name);
        for constraint in &definition.constraints {
            let named = constraint.name.as_ref();
            let span = constraint.span;
            match &constraint.kind {
                ColumnConstraintKind::PrimaryKey => self.unique(columns, true, named, span)?,
                ColumnConstraintKind::Unique => self.unique(columns, false, named, span)?,
                ColumnConstraintKind::Check(condition) => {
                    self.check(condition, Some(&definition.name), named)?;
                }
                ColumnConstraintKind::References(references) => {
                    self.foreign_key(columns, references, named, span)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A name that no other constraint of the table has.
    fn constraint_name(&self, named: Option<&Name>, columns: &[Name], suffix: &str) -> Arc<str> {
        if let Some(name) = named {
            return name.text.clone();
        }
        let mut base = self.table.name.to_string();
        for column in columns {
            base = format!("{base}_{column}");
        }
        let base = format!("{base}_{suffix}");
        let table = &self.table;
        let taken = |name: &str| {
            table.indexes.iter().any(|index| &*index.name == name)
                || table.checks.iter().any(|check| &*check.name == name)
                || table.foreign_keys.iter().any(|key| &*key.name == name)
        };
        let numbered = (1..).map(|number| format!("{base}{number}"));
        std::iter::once(base.clone())
            .chain(numbered)
            .find(|name| !taken(name))
            .unwrap_or(base)
            .into()
    }

    pub(crate) fn unique(
        &mut self,
        columns: &[Name],
        primary: bool,
        named: Option<&Name>,
        span: Span,
    ) -> Result<(), PlanError> {
        let slots: Result<Vec<usize>, PlanError> = columns
            .iter()
            .map(|name| match self.table.column(name.as_str()) {
                Some(column) if column.data_type == Type::Json => fail(
                    b"42704",
                    name.span,
                    "data type json has no default operator class for access method \"btree\"",
                ),
                Some(column) => Ok(column.slot),
                None => fail(
                    b"42703",
                    name.span,
                    format!("column \"{name}\" named in key does not exist"),
                ),
            })
            .collect();
        let slots = slots?;
        if primary && self.table.primary_key().is_some() {
            let table = &self.table.name;
            return fail(
                b"42P16",
                span,
                format!("multiple primary keys for table \"{table}\" are not allowed"),
            );
        }
        let name = if primary {
            self.constraint_name(named, &[], "pkey")
        } else {
            self.constraint_name(named, columns, "key")
        };
        if primary {
            for column in &mut self.table.columns {
                column.not_null |= slots.contains(&column.slot);
            }
        }
        let index = Index {
            name,
            slots,
            computed: None,
            unique: true,
            primary,
            constraint: true,
            dropped: false,
        };
        self.table.indexes.push(index);
        Ok(())
    }

    pub(crate) fn check(
        &mut self,
        condition: &Expression,
        column: Option<&Name>,
        named: Option<&Name>,
    ) -> Result<(), PlanError> {
        let mut binder = Binder::new(&[], &());
        let relation = ScopeRelation::stored(self.table.name.clone(), 0, &self.table);
        binder.scopes.push(Scope::new(vec![relation]));
        let bound = binder.condition(Some(condition), "CHECK")?;
        drop(binder);
        let condition = Expr::And(bound);
        let mut slots = Vec::new();
        let mut query = false;
        condition.visit(&mut |part| {
            query |= part.query().is_some();
            if let Expr::Column { slot, .. } = part
                && !slots.contains(&(*slot as usize))
            {
                slots.push(*slot as usize);
            }
        });
        if query {
            let span = named.map_or(Span::default(), |name| name.span);
            return fail(b"0A000", span, "cannot use subquery in check constraint");
        }
        let only = match slots.as_slice() {
            [one] => self
                .table
                .column_at(*one)
                .map(|c| Name::new(c.name.clone(), Span::default())),
            _ => None,
        };
        let part = column.cloned().or(only);
        let name = self.constraint_name(named, part.as_slice(), "check");
        self.table.checks.push(Check {
            name,
            condition,
            slots,
        });
        Ok(())
    }

    pub(crate) fn foreign_key(
        &mut self,
        columns: &[Name],
        references: &References,
        named: Option<&Name>,
        span: Span,
    ) -> Result<(), PlanError> {
        let slots: Result<Vec<usize>, PlanError> =
            columns.iter().map(|name| self.slot(name)).collect();
        let slots = slots?;
        let itself = references.table.table.text == self.table.name;
        let target = if itself {
            self.table.clone()
        } else {
            let stores = [("", &self.catalog)];
            Binder::new(&stores, &())
                .table(&references.table)?
                .1
                .clone()
        };
        let (index, target_slots) = referenced(&target, references)?;
        let name = self.constraint_name(named, columns, "fkey");
        if slots.len() != target_slots.len() {
            return fail(
                b"42830",
                span,
                "number of referencing and referenced columns for foreign key disagree",
            );
        }
        for (own, other) in slots.iter().zip(&target_slots) {
            let (own, other) = (self.table.column_at(*own), target.column_at(*other));
            if let (Some(own), Some(other)) = (own, other)
                && !same_family(own.data_type, other.data_type)
            {
                return Err(error(
                    b"42804",
                    span,
                    format!("foreign key constraint \"{name}\" cannot be implemented"),
                )
                .hint(format!(
                    "Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
                    own.name, other.name, own.data_type, other.data_type
                )));
            }
        }
        self.table.foreign_keys.push(ForeignKey {
            name,
            slots,
            target: target.id,
            target_index: index,
            target_slots,
            on_delete: references.on_delete,
            on_update: references.on_update,
        });
        Ok(())
    }

    /// Takes a column away, with what reads it in its own table; gives the indexes that went.
    pub(crate) fn drop_column(&mut self, slot: usize) -> Vec<usize> {
        let table = &mut self.table;
        table.columns.retain(|column| column.slot != slot);
        table.checks.retain(|check| !check.slots.contains(&slot));
        let id = table.id;
        let concerns = |key: &ForeignKey| {
            let pointed_to = key.target == id && key.target_slots.contains(&slot);
            key.slots.contains(&slot) || pointed_to
        };
        table.foreign_keys.retain(|key| !concerns(key));
        let mut indexes = Vec::new();
        for (at, index) in table.indexes.iter_mut().enumerate() {
            if index.slots.contains(&slot) && !index.dropped {
                index.dropped = true;
                indexes.push(at);
            }
        }
        indexes
    }
}

/// The unique index and its slots that a foreign key points to.
fn referenced(target: &Table, references: &References) -> Result<(usize, Vec<usize>), PlanError> {
    let span = references.table.span;
    if references.columns.is_empty() {
        let found = target
            .indexes
            .iter()
            .position(|index| index.primary && !index.dropped);
        return match found {
            Some(at) => Ok((at, target.indexes[at].slots.clone())),
            None => fail(
                b"42704",
                span,
                format!(
                    "there is no primary key for referenced table \"{}\"",
                    target.name
                ),
            ),
        };
    }
    let mut slots = Vec::new();
    for name in &references.columns {
        match target.column(name.as_str()) {
            Some(column) => slots.push(column.slot),
            None => {
                return fail(
                    b"42703",
                    name.span,
                    format!(
                        "column \"{name}\" referenced in foreign key constraint does not exist"
                    ),
                );
            }
        }
    }
    let found = target.indexes.iter().position(|index| {
        index.is_key()
            && index.slots.len() == slots.len()
            && index.slots.iter().all(|slot| slots.contains(slot))
    });
    match found {
        Some(at) => Ok((at, slots)),
        None => fail(
            b"42830",
            span,
            format!(
                "there is no unique constraint matching given keys for referenced table \"{}\"",
                target.name
            ),
        ),
    }
}

/// Do values of one type take the place of the other's?
pub(crate) fn same_family(left: Type, right: Type) -> bool {
    left.base() == right.base()
        || (left.is_number() && right.is_number())
        || (left.is_text() && right.is_text())
}
