//! Tables as somebody sees them, against what everybody saw before; and the versions of their rows.

use std::collections::BTreeMap;

use tidewire_engine::{OpenTransaction, Run};
use tidewire_store::{
    HeldLock, LockTarget, ReadAs, Row, RowId, RowVersion, Store, Table, TableId, Type, VisibleRow,
};
use tidewire_syntax::sort;

use super::Instant;
use super::names::cell;
use crate::store_view::{
    Author, Cell, ColumnHead, RowMark, TableContent, TableRow, VersionLine, Was,
};

/// Unchanged rows of a table that are sent; changed ones come in any case.
const ROWS: usize = 500;
/// Versions of a table that are sent.
const VERSIONS: usize = 60;

/// All tables. `before` is the run before the last commit that changed the store.
pub(super) fn contents(
    instant: &Instant<'_>,
    before: Option<&Run>,
    reader: Option<&OpenTransaction>,
) -> Vec<TableContent> {
    let held = instant.store.locks();
    let (read, base) = match reader {
        // What a transaction sees, against what everybody sees at the same instant.
        Some(reader) => (ReadAs::Connection(reader.connection), Some(instant.store)),
        None => {
            let before = before.map(|run| run.state().store(instant.database));
            (ReadAs::Committed, before)
        }
    };
    let tables = instant.store.catalog().tables();
    let content = |table: &Table| {
        let rows = instant.store.rows(table.id, read);
        let reading = Reading {
            instant,
            table,
            rows: &rows,
            held: &held,
        };
        reading.content(base)
    };
    tables.map(content).collect()
}

/// A table as the reader sees it.
struct Reading<'a> {
    instant: &'a Instant<'a>,
    table: &'a Table,
    rows: &'a [VisibleRow],
    held: &'a [HeldLock],
}

impl Reading<'_> {
    fn content(&self, base: Option<&Store>) -> TableContent {
        let base = base.map(|base| committed_rows(base, self.table.id));
        let mut rows: Vec<TableRow> = Vec::new();
        let mut unchanged = 0;
        for row in self.rows {
            let marked = self.marked_row(row, base.as_ref());
            if marked.change == RowMark::Same {
                unchanged += 1;
                if unchanged > ROWS {
                    continue;
                }
            }
            rows.push(marked);
        }
        let mut seen: Vec<RowId> = self.rows.iter().map(|row| row.id).collect();
        sort::sort(&mut seen);
        for (id, values) in base.into_iter().flatten() {
            if seen.binary_search(&id).is_err() {
                rows.push(self.removed_row(id, &values));
            }
        }
        let columns = self.table.columns.iter();
        TableContent {
            name: self.table.name.to_string(),
            columns: columns
                .map(|column| head(&column.name, column.data_type))
                .collect(),
            rows,
            total: self.rows.len() as u32,
            versions: self.versions(),
        }
    }

    /// A row with what happened to it since the base; without a base nothing has.
    fn marked_row(&self, row: &VisibleRow, base: Option<&BTreeMap<RowId, Row>>) -> TableRow {
        let old = base.map(|base| base.get(&row.id));
        let slots = self.table.columns.iter().map(|column| column.slot);
        let cells: Vec<Cell> = slots
            .map(|slot| {
                let was = match old.flatten() {
                    Some(old) if old.get(slot) != row.values.get(slot) => {
                        cell(old, slot).map_or(Was::Null, Was::Value)
                    }
                    _ => Was::Same,
                };
                let value = cell(&row.values, slot);
                Cell { value, was }
            })
            .collect();
        let change = match old {
            Some(None) => RowMark::Added,
            _ if cells.iter().any(|cell| cell.was != Was::Same) => RowMark::Changed,
            _ => RowMark::Same,
        };
        TableRow {
            cells,
            change,
            writer: self.instant.author(row.created),
            locked_by: self.lockers(row.id),
        }
    }

    /// A row that the reader does not see any more; its deletion has an author if a version tells it.
    fn removed_row(&self, id: RowId, values: &Row) -> TableRow {
        let versions = self.instant.store.versions(self.table.id);
        let deleted = versions.iter().find(|version| version.row == id);
        let writer = deleted.and_then(|version| version.ended);
        let slots = self.table.columns.iter().map(|column| column.slot);
        TableRow {
            cells: slots
                .map(|slot| Cell {
                    value: cell(values, slot),
                    was: Was::Same,
                })
                .collect(),
            change: RowMark::Removed,
            writer: writer.map_or(Author::Start, |writer| self.instant.author(writer)),
            locked_by: self.lockers(id),
        }
    }

    fn lockers(&self, row: RowId) -> Vec<u32> {
        let target = LockTarget::Row(self.table.id, row);
        let held = self.held.iter();
        held.filter(|lock| lock.granted && lock.target == target)
            .filter_map(|lock| lock.transaction)
            .map(|transaction| transaction.0)
            .collect()
    }

    /// Versions of rows in use: of several versions, or not committed.
    fn versions(&self) -> Vec<VersionLine> {
        let all = self.instant.store.versions(self.table.id);
        let mut lines = Vec::new();
        for of_row in all.chunk_by(|one, next| one.row == next.row) {
            let alone = of_row.len() == 1 && is_committed(&of_row[0]);
            if alone || lines.len() >= VERSIONS {
                continue;
            }
            let mut found = self.rows.iter();
            let mut visible = found.find(|row| row.id == of_row[0].row);
            for (index, version) in of_row.iter().enumerate() {
                // Of several that one transaction made, it sees the newest.
                let seen = visible.is_some_and(|row| row.created == version.created);
                if seen {
                    visible = None;
                }
                lines.push(self.version(version, seen, index > 0));
            }
        }
        lines
    }

    fn version(&self, version: &RowVersion, seen: bool, same_row: bool) -> VersionLine {
        let slots = self.table.columns.iter().map(|column| column.slot);
        VersionLine {
            values: slots.map(|slot| cell(&version.values, slot)).collect(),
            created: self.instant.author(version.created),
            ended: version.ended.map(|ended| self.instant.author(ended)),
            deleted: version.deleted,
            seen,
            same_row,
        }
    }
}

fn is_committed(version: &RowVersion) -> bool {
    matches!(version.created, tidewire_store::Author::Committed(_)) && version.ended.is_none()
}

fn committed_rows(store: &Store, table: TableId) -> BTreeMap<RowId, Row> {
    if store.catalog().table_by_id(table).is_none() {
        return BTreeMap::new();
    }
    let rows = store.rows(table, ReadAs::Committed);
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
