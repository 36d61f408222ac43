//! Tables of a store at one instant, with what changed marked, and who holds and waits for locks.

use std::collections::BTreeMap;

use tidewire_engine::{OpenTransaction, Run};
use tidewire_scenario::DatabaseId;
use tidewire_store::{
    ReadAs as StoreReadAs, Row, RowId, Store, Table, TableId, TransactionId, Type, VisibleRow, Wait,
};
use tidewire_syntax::sort;

use super::journal::Journal;
use crate::protocol::{ColumnHead, LockLine, ReadAs, RowMark, TableContent, TableRow};
use crate::words::value_text;

/// Unchanged rows of a table that are sent; changed ones come in any case.
const ROWS: usize = 500;

/// All tables of a store and its lock lines. `before` is the run before the last commit that changed the store.
pub(super) fn tables(
    now: &Run,
    before: Option<&Run>,
    journal: &Journal,
    database: DatabaseId,
    read: ReadAs,
) -> (Vec<TableContent>, Vec<LockLine>) {
    let store = now.state().store(database);
    let open: Vec<OpenTransaction> = now
        .state()
        .open_transactions(now.setup(), database)
        .collect();
    let reader = match read {
        ReadAs::Committed => None,
        ReadAs::Transaction(number) => open
            .iter()
            .find(|open| open.transaction == TransactionId(number)),
    };
    let content = |table: &Table| match reader {
        // What a transaction sees, against what everybody sees at the same instant.
        Some(reader) => table_content(
            store,
            table,
            StoreReadAs::Connection(reader.connection),
            Some(store),
        ),
        None => {
            let before = before.map(|run| run.state().store(database));
            table_content(store, table, StoreReadAs::Committed, before)
        }
    };
    let tables = store.catalog().tables().map(content).collect();
    (tables, lock_lines(now, journal, database, &open))
}

fn table_content(
    store: &Store,
    table: &Table,
    read: StoreReadAs,
    base: Option<&Store>,
) -> TableContent {
    let rows = store.rows(table.id, read);
    let total = rows.len() as u32;
    let committed = base.map(|base| committed_rows(base, table.id));
    let mut result: Vec<TableRow> = Vec::new();
    let mut unchanged = 0;
    let mut seen: Vec<RowId> = Vec::new();
    for row in &rows {
        seen.push(row.id);
        let marked = marked_row(table, row, committed.as_ref());
        if marked.change == RowMark::Same {
            unchanged += 1;
            if unchanged > ROWS {
                continue;
            }
        }
        result.push(marked);
    }
    sort::sort(&mut seen);
    for (id, values) in committed.into_iter().flatten() {
        if seen.binary_search(&id).is_err() {
            result.push(plain_row(table, &values, RowMark::Removed));
        }
    }
    TableContent {
        name: table.name.to_string(),
        columns: table
            .columns
            .iter()
            .map(|column| head(&column.name, column.data_type))
            .collect(),
        rows: result,
        total,
    }
}

fn committed_rows(store: &Store, table: TableId) -> BTreeMap<RowId, Row> {
    if store.catalog().table_by_id(table).is_none() {
        return BTreeMap::new();
    }
    let rows = store.rows(table, StoreReadAs::Committed);
    let mut found = BTreeMap::new();
    found.extend(rows.into_iter().map(|row| (row.id, row.values)));
    found
}

fn head(name: &str, data_type: Type) -> ColumnHead {
    ColumnHead {
        name: name.to_owned(),
        data_type: data_type.to_string(),
        numeric: matches!(
            data_type,
            Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_)
        ),
    }
}

fn plain_row(table: &Table, values: &Row, change: RowMark) -> TableRow {
    let cells = table.columns.iter().map(|column| cell(values, column.slot));
    TableRow {
        values: cells.collect(),
        before: Vec::new(),
        change,
        writer: None,
    }
}

fn cell(values: &Row, slot: usize) -> Option<String> {
    values.get(slot).and_then(value_text)
}

/// A row with what happened to it since the base; without a base nothing has.
fn marked_row(table: &Table, row: &VisibleRow, base: Option<&BTreeMap<RowId, Row>>) -> TableRow {
    let mut result = plain_row(table, &row.values, RowMark::Same);
    result.writer = row.writer.map(|writer| writer.0);
    match base.map(|base| base.get(&row.id)) {
        None => {}
        Some(None) => result.change = RowMark::Added,
        Some(Some(old)) => {
            let slots = table.columns.iter().map(|column| column.slot);
            let changed = |slot: usize| old.get(slot) != row.values.get(slot);
            if slots.clone().any(changed) {
                result.change = RowMark::Changed;
                result.before = slots
                    .map(|slot| if changed(slot) { cell(old, slot) } else { None })
                    .collect();
            }
        }
    }
    result
}

/// Those that wait, then those that are waited for, in order of their transactions.
fn lock_lines(
    now: &Run,
    journal: &Journal,
    database: DatabaseId,
    open: &[OpenTransaction],
) -> Vec<LockLine> {
    let store = now.state().store(database);
    let accepted = now.state().events();
    let waits = store.waits();
    let number = |connection| {
        let found = open.iter().find(|open| open.connection == connection);
        found.map(|open| open.transaction)
    };
    let line = |open: &OpenTransaction, wait: Option<&Wait>, what: String| LockLine {
        transaction: open.transaction.0,
        service: now.setup().program.nodes[open.node.index()]
            .name
            .to_string(),
        waits_for: wait
            .map(|wait| wait.holders.iter().filter_map(|holder| number(*holder)))
            .map(|holders| holders.map(|holder| holder.0).collect())
            .unwrap_or_default(),
        what,
        since_us: journal.since_us(database, open.transaction, wait.is_some(), accepted),
    };
    let mut lines = Vec::new();
    for open in open {
        let own = waits.iter().find(|wait| wait.waiter == open.connection);
        let others = waits
            .iter()
            .find(|wait| wait.holders.contains(&open.connection));
        if let Some(wait) = own.or(others) {
            lines.push(line(open, own, what(store, wait)));
        }
    }
    sort::sort_by_key(&mut lines, |line| {
        (line.waits_for.is_empty(), line.transaction)
    });
    lines
}

/// `stock, sku mug`
fn what(store: &Store, wait: &Wait) -> String {
    let Some(table) = wait
        .table
        .and_then(|table| store.catalog().table_by_id(table))
    else {
        return "a transaction".into();
    };
    let row = wait.row.and_then(|row| {
        let rows = store.rows(table.id, StoreReadAs::Committed);
        rows.into_iter().find(|visible| visible.id == row)
    });
    let key = row.and_then(|row| {
        let slot = *table.primary_key()?.slots.first()?;
        let column = table.column_at(slot)?;
        Some(format!("{} {}", column.name, cell(&row.values, slot)?))
    });
    match key {
        Some(key) => format!("{}, {key}", table.name),
        None => table.name.to_string(),
    }
}
