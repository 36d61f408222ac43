//! CREATE INDEX and DROP INDEX on a catalog, and which unique index ON CONFLICT means.
//!
//! Names are those that PostgreSQL chooses (`ChooseIndexName`); which index arbitrates is found as
//! `infer_arbiter_indexes` does: its keys must be exactly those written, and its predicate must follow from what
//! is written.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    ConflictTarget, CreateIndex, DropIndex, Expression, ExpressionKind,
};
use tidewire_syntax::{Name, Span};

use crate::catalog::ComputedKey;
use crate::expression::Expr;
use crate::schema::{Alteration, Change, RowsChange, free_name};
use crate::scope::{Binder, Scope, ScopeRelation, error, fail};
use crate::{Catalog, Index, PlanError, Table, Type};

/// Keys that one index may have, as in PostgreSQL.
const MAX_KEYS: usize = 32;
/// Indexes that one table may have.
const MAX_INDEXES: usize = 64;

/// CREATE INDEX
pub(crate) fn create_index(catalog: &Catalog, create: &CreateIndex) -> Result<Change, PlanError> {
    let stores = [("", catalog)];
    let found = Binder::new(&stores, &()).table(&create.table)?.1;
    let mut table = found.clone();
    if create.keys.len() > MAX_KEYS {
        let message = format!("cannot use more than {MAX_KEYS} columns in an index");
        return fail(b"54011", create.span, message);
    }
    if table.indexes.len() >= MAX_INDEXES {
        let message = format!("a table has at most {MAX_INDEXES} indexes in this store");
        return fail(b"54011", create.span, message);
    }
    let name = match &create.name {
        Some(name) => {
            free_name(catalog, name)?;
            name.text.clone()
        }
        None => chosen_name(catalog, &table, &create.keys),
    };
    let keys = bind_keys(&table, &create.keys, create.filter.as_ref())?;
    let Keys {
        slots,
        keys,
        predicate,
    } = keys;
    let plain: Option<Vec<usize>> = keys.iter().map(column_slot).collect();
    let (slots, computed) = match plain {
        Some(plain) if predicate.is_empty() => (plain, None),
        _ => {
            let texts = create.keys.iter().map(text).collect();
            let computed = ComputedKey {
                keys,
                texts,
                predicate,
            };
            (slots, Some(Arc::new(computed)))
        }
    };
    table.indexes.push(Index {
        name,
        slots,
        computed,
        unique: create.unique,
        primary: false,
        constraint: false,
        dropped: false,
    });
    let id = table.id;
    let mut catalog = catalog.clone();
    catalog.tables[id.0 as usize] = Arc::new(table);
    let rows = RowsChange::Alter(Alteration::default());
    Ok(Change::of(catalog, id, rows))
}

/// DROP INDEX, of indexes of one table.
pub(crate) fn drop_indexes(catalog: &Catalog, drop: &DropIndex) -> Result<Change, PlanError> {
    let mut changed: Option<Table> = None;
    let mut indexes = Vec::new();
    for name in &drop.names {
        let of = |table: &Table| {
            let mut indexes = table.indexes.iter();
            indexes.position(|index| !index.dropped && *index.name == *name.as_str())
        };
        let found = catalog.tables().find_map(|table| Some((table, of(table)?)));
        let Some((table, at)) = found else {
            let message = format!("index \"{name}\" does not exist");
            return fail(b"42704", name.span, message);
        };
        if table.indexes[at].constraint {
            let table = &table.name;
            let message = format!(
                "cannot drop index {name} because constraint {name} on table {table} requires it"
            );
            return fail(b"2BP01", name.span, message);
        }
        let changed = changed.get_or_insert_with(|| table.clone());
        if changed.id != table.id {
            return Err(error(
                b"0A000",
                drop.span,
                "indexes of several tables cannot be dropped at once in this store",
            )
            .hint("Write one DROP INDEX for each table."));
        }
        changed.indexes[at].dropped = true;
        indexes.push(at);
    }
    let Some(table) = changed else {
        return fail(b"42601", drop.span, "no index is named");
    };
    let id = table.id;
    let mut catalog = catalog.clone();
    catalog.tables[id.0 as usize] = Arc::new(table);
    let rows = RowsChange::Alter(Alteration {
        dropped: indexes,
        ..Alteration::default()
    });
    Ok(Change::of(catalog, id, rows))
}

/// Keys and predicate of an index, bound to its table.
struct Keys {
    /// Slots of all columns that are read.
    slots: Vec<usize>,
    keys: Vec<Expr>,
    predicate: Vec<Expr>,
}

fn bind_keys(
    table: &Table,
    keys: &[Expression],
    filter: Option<&Expression>,
) -> Result<Keys, PlanError> {
    let mut binder = Binder::new(&[], &());
    let relation = ScopeRelation::stored(table.name.clone(), 0, table);
    binder.scopes.push(Scope::new(vec![relation]));
    let mut bound = Vec::new();
    for key in keys {
        if let Some(scope) = binder.scopes.last_mut() {
            scope.no_aggregates = Some("index expressions");
        }
        let value = binder.expression(key)?;
        if value.data_type == Some(Type::Json) {
            return fail(
                b"42704",
                key.span,
                "data type json has no default operator class for access method \"btree\"",
            );
        }
        fixed(&value.expr, key.span, "expression")?;
        bound.push(value.expr);
    }
    let predicate = binder.condition(filter, "WHERE")?;
    for condition in &predicate {
        let span = filter.map_or(Span::default(), |filter| filter.span);
        fixed(condition, span, "predicate")?;
    }
    let mut slots = Vec::new();
    for expr in bound.iter().chain(&predicate) {
        expr.visit(&mut |part| {
            if let Expr::Column { slot, .. } = part
                && !slots.contains(&(*slot as usize))
            {
                slots.push(*slot as usize);
            }
        });
    }
    Ok(Keys {
        slots,
        keys: bound,
        predicate,
    })
}

/// The same row must always give the same value.
fn fixed(expr: &Expr, span: Span, what: &str) -> Result<(), PlanError> {
    let (mut query, mut varies) = (false, false);
    expr.visit(&mut |part| {
        query |= part.query().is_some();
        varies |= matches!(part, Expr::Now | Expr::Slot(..));
    });
    if query {
        return fail(
            b"0A000",
            span,
            format!("cannot use subquery in index {what}"),
        );
    }
    if varies {
        let message = format!("functions in index {what} must be marked IMMUTABLE");
        return fail(b"42P17", span, message);
    }
    Ok(())
}

fn column_slot(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Column { slot, .. } => Some(*slot as usize),
        _ => None,
    }
}

/// `table_keys_idx`, with a number when that is taken.
fn chosen_name(catalog: &Catalog, table: &Table, keys: &[Expression]) -> Arc<str> {
    let mut base = table.name.to_string();
    for key in keys {
        let part = match &key.kind {
            ExpressionKind::Column { column, .. } => column.as_str(),
            ExpressionKind::Function(call) => call.name.as_str(),
            _ => "expr",
        };
        base = [&base, "_", part].concat();
    }
    base.push_str("_idx");
    let taken = |name: &str| {
        catalog.tables().any(|table| {
            let mut indexes = table.indexes.iter().filter(|index| !index.dropped);
            *table.name == *name || indexes.any(|index| &*index.name == name)
        })
    };
    let mut name = base.clone();
    let mut number = 0;
    while taken(&name) {
        number += 1;
        name = format!("{base}{number}");
    }
    name.into()
}

/// A key as messages write it.
fn text(key: &Expression) -> String {
    match &key.kind {
        ExpressionKind::Column { column, .. } => column.to_string(),
        ExpressionKind::Function(call) => {
            let arguments: Vec<String> = call.arguments.iter().map(text).collect();
            format!("{}({})", call.name, arguments.join(", "))
        }
        _ => "expression".to_string(),
    }
}

/// The unique indexes that ON CONFLICT means; `None` for all.
pub(crate) fn arbiters(
    table: &Table,
    target: &ConflictTarget,
    span: Span,
) -> Result<Option<Vec<usize>>, PlanError> {
    let (keys, filter) = match target {
        ConflictTarget::Any => return Ok(None),
        ConflictTarget::Constraint(name) => return constraint(table, name).map(Some),
        ConflictTarget::Keys { keys, filter } => (keys, filter),
    };
    let wanted = bind_keys(table, keys, filter.as_ref())?;
    let mut found = Vec::new();
    for (at, index) in table.indexes.iter().enumerate() {
        if index.unique && !index.dropped && means(index, &wanted) {
            found.push(at);
        }
    }
    if found.is_empty() {
        return fail(
            b"42P10",
            span,
            "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        );
    }
    Ok(Some(found))
}

fn means(index: &Index, wanted: &Keys) -> bool {
    let plain: Vec<Expr>;
    let (keys, predicate): (&[Expr], &[Expr]) = match &index.computed {
        Some(computed) => (&computed.keys, &computed.predicate),
        None => {
            let column = |slot: &usize| Expr::Column {
                depth: 0,
                relation: 0,
                slot: *slot as u32,
            };
            plain = index.slots.iter().map(column).collect();
            (&plain, &[])
        }
    };
    keys.iter().all(|key| wanted.keys.contains(key))
        && wanted.keys.iter().all(|key| keys.contains(key))
        && predicate
            .iter()
            .all(|condition| wanted.predicate.contains(condition))
}

fn constraint(table: &Table, name: &Name) -> Result<Vec<usize>, PlanError> {
    let found = table
        .indexes
        .iter()
        .position(|index| !index.dropped && index.constraint && *index.name == *name.as_str());
    match found {
        Some(at) => Ok(vec![at]),
        None => fail(
            b"42704",
            name.span,
            format!(
                "constraint \"{name}\" for table \"{}\" does not exist",
                table.name
            ),
        ),
    }
}
