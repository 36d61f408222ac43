//! What a change of the schema means for stored rows. It comes from outside any session and waits for nobody;
//! PostgreSQL would take an ACCESS EXCLUSIVE lock.

use std::ops::ControlFlow;
use std::sync::Arc;

use tidewire_syntax::ast::sql::Statement;

use crate::constraints::violated;
use crate::expression::Frame;
use crate::heap::Heap;
use crate::query::Run;
use crate::rows::index_key_text;
use crate::schema::{Change, RowsChange, change};
use crate::versions::View;
use crate::{Row, SqlError, Store, Table, Value};

impl Store {
    /// Changes the schema from outside any session: waits for nobody. On an error nothing has changed.
    pub fn migrate(&mut self, statement: &Statement, now_us: i64) -> Result<(), SqlError> {
        self.changes.clear();
        self.committed.clear();
        let Change {
            catalog,
            table,
            rows,
        } = change(&self.catalog, statement).map_err(SqlError::from)?;
        let at = table.0 as usize;
        let Some(definition) = catalog.tables.get(at).cloned() else {
            return Ok(());
        };
        match rows {
            RowsChange::Create => {
                self.heaps.push(Arc::new(Heap::new(&definition)));
            }
            RowsChange::Keep => {}
            RowsChange::Add { slot } => {
                let heap = self.with_column(&definition, slot, now_us)?;
                self.heaps[at] = Arc::new(heap);
            }
            RowsChange::Drop { indexes } => {
                let heap = Arc::make_mut(&mut self.heaps[at]);
                for index in indexes {
                    heap.drop_index(index);
                }
                heap.version += 1;
            }
            RowsChange::Index => {
                let mut heap = Heap::clone(&self.heaps[at]);
                for index in &definition.indexes[heap.index_count()..] {
                    if index.unique {
                        check_unique(&heap, &definition, index)?;
                    }
                    heap.build_index(&definition, index);
                }
                self.heaps[at] = Arc::new(heap);
            }
        }
        self.sequences.resize(catalog.sequences as usize, 0);
        self.catalog = Arc::new(catalog);
        Ok(())
    }

    /// The heap of a table whose column at `slot` is new.
    fn with_column(&mut self, table: &Table, slot: usize, now_us: i64) -> Result<Heap, SqlError> {
        let mut heap = Heap::clone(&self.heaps[table.id.0 as usize]);
        let Some(column) = table.column_at(slot) else {
            return Ok(heap);
        };
        let sequence = matches!(column.default, crate::catalog::DefaultValue::Sequence(_));
        let value = if sequence {
            Value::Null
        } else {
            self.default_value(&column.default, column.data_type, now_us)?
        };
        let width = table.width;
        heap.change_columns(table);
        let mut number = 0;
        heap.rewrite(&mut |row: &Row| {
            let mut values: Vec<Value> = row.to_vec();
            values.resize(width, Value::Null);
            values[slot] = value.clone();
            if sequence {
                number += 1;
                values[slot] = Value::Integer(number);
            }
            values.into()
        });
        if let crate::catalog::DefaultValue::Sequence(id) = column.default {
            self.sequences.resize(id.0 as usize + 1, 0);
            self.sequences[id.0 as usize] = number;
        }
        heap.version += 1;
        for index in &table.indexes[heap.index_count()..] {
            check_unique(&heap, table, index)?;
            heap.build_index(table, index);
        }
        self.check_rows(&heap, table, slot, now_us)?;
        Ok(heap)
    }

    /// Rows that stand already must fulfil what is demanded of the new column.
    fn check_rows(
        &self,
        heap: &Heap,
        table: &Table,
        slot: usize,
        now_us: i64,
    ) -> Result<(), SqlError> {
        let run = Run::new(&[], now_us, &[], 0);
        let mut outcome = Ok(());
        heap.scan(&View::COMMITTED, &mut |_, row| {
            let tuple: [&[Value]; 1] = [row];
            let frame = Frame {
                tuple: &tuple,
                ..Frame::of(&run)
            };
            outcome = check_row_with_column(table, slot, row, &frame);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome
    }
}

fn check_row_with_column(
    table: &Table,
    slot: usize,
    row: &Row,
    frame: &Frame<'_>,
) -> Result<(), SqlError> {
    let column = table.column_at(slot);
    if let Some(column) = column.filter(|column| column.not_null && row[slot].is_null()) {
        return Err(SqlError::new(
            b"23502",
            format!(
                "column \"{}\" of relation \"{}\" contains null values",
                column.name, table.name
            ),
        ));
    }
    for check in table
        .checks
        .iter()
        .filter(|check| check.slots.contains(&slot))
    {
        if violated(&check.condition, frame)? {
            return Err(SqlError::new(
                b"23514",
                format!(
                    "check constraint \"{}\" of relation \"{}\" is violated by some row",
                    check.name, table.name
                ),
            ));
        }
    }
    let references = table
        .foreign_keys
        .iter()
        .find(|key| key.slots.contains(&slot));
    if let Some(key) = references.filter(|_| !row[slot].is_null()) {
        return Err(SqlError::new(
            b"0A000",
            format!(
                "foreign key \"{}\" over rows that already have a value is not supported by this store",
                key.name
            ),
        ));
    }
    Ok(())
}

fn check_unique(heap: &Heap, table: &Table, index: &crate::Index) -> Result<(), SqlError> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut twice = None;
    heap.scan(&View::COMMITTED, &mut |_, row| {
        if let Some(key) = index.key_of(row)
            && !seen.insert(key.clone())
        {
            twice = Some(key);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    match twice {
        None => Ok(()),
        Some(key) => Err(SqlError::new(
            b"23505",
            format!("could not create unique index \"{}\"", index.name),
        )
        .with_detail(format!(
            "Key {} is duplicated.",
            index_key_text(table, index, &key)
        ))),
    }
}
