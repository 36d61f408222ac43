//! Names of rows for people: by the primary key if there is one.

use tidewire_store::{Row, RowId, Store, Table, TableId};

use crate::words::value_text;

/// A value as text; `None` is null.
pub(super) fn cell(values: &Row, slot: usize) -> Option<String> {
    values.get(slot).and_then(value_text)
}

/// `sku mug`, of several columns `order_id 7, line 2`; nothing without a primary key.
fn key_name(table: &Table, values: &Row) -> Option<String> {
    let parts = table.primary_key()?.slots.iter().map(|slot| {
        let column = table.column_at(*slot)?;
        Some(format!("{} {}", column.name, cell(values, *slot)?))
    });
    let parts: Option<Vec<String>> = parts.collect();
    Some(parts?.join(", "))
}

/// `stock, sku mug`, or `a row of stock` when it has no key.
pub(super) fn row_name(table: &Table, values: Option<&Row>) -> String {
    match values.and_then(|values| key_name(table, values)) {
        Some(key) => format!("{}, {key}", table.name),
        None => format!("a row of {}", table.name),
    }
}

/// As [`row_name`], by the newest version that the store keeps.
pub(super) fn row_by_id(store: &Store, table: TableId, row: RowId) -> String {
    let Some(table) = store.catalog().table_by_id(table) else {
        return "a row of a table that is gone".into();
    };
    let versions = store.versions(table.id);
    let version = versions.iter().find(|version| version.row == row);
    row_name(table, version.map(|version| &version.values))
}
