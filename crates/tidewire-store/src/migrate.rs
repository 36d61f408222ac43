//! What a change of the schema means for stored rows: new columns are filled, indexes built, constraints checked.
//! How it is undone, and who sees it when, is in `redefinition`.
//!
//! Source of the rules: `ATRewriteTables` in PostgreSQL's `src/backend/commands/tablecmds.c`.

use std::ops::ControlFlow;

use crate::catalog::DefaultValue;
use crate::constraints::violated;
use crate::expression::Frame;
use crate::foreign_keys::part;
use crate::heap::Heap;
use crate::query::Run;
use crate::rows::index_key_text;
use crate::schema::{Alteration, Demand, RowsChange};
use crate::shared::Shared;
use crate::versions::View;
use crate::{Row, RowChange, SqlError, Store, Table, TableId, Value, cast};

impl Store {
    /// Lets the rows of a table follow its definition, which the catalog has already.
    pub(crate) fn rows_follow(
        &mut self,
        table: TableId,
        rows: &RowsChange,
        view: &View,
        now_us: i64,
    ) -> Result<(), SqlError> {
        let at = table.0 as usize;
        let Some(definition) = self.catalog.tables.get(at).cloned() else {
            return Ok(());
        };
        match rows {
            RowsChange::Create => {
                let mut heap = Heap::new(&definition);
                if self.keeps_hash {
                    heap.keep_quiet_sum();
                }
                self.heaps.push(Shared::new(heap));
            }
            RowsChange::Keep => {}
            RowsChange::Remove => self.empty(&definition, view),
            RowsChange::Empty { restart } => {
                self.empty(&definition, view);
                for column in definition.columns.iter().filter(|_| *restart) {
                    if let DefaultValue::Sequence(id) = column.default
                        && let Some(last) = self.sequences.get_mut(id.0 as usize)
                    {
                        *last = 0;
                    }
                }
            }
            RowsChange::Alter(alteration) => {
                let heap = self.altered(&definition, alteration, view, now_us)?;
                self.heaps[at] = Shared::new(heap);
                self.check_demands(&definition, &alteration.demands, view, now_us)?;
            }
        }
        Ok(())
    }

    /// Takes all rows away at once; nobody else is in the table.
    fn empty(&mut self, table: &Table, view: &View) {
        let heap = self.heaps[table.id.0 as usize].clone();
        heap.scan(view, &mut |row, values| {
            self.changes.push(RowChange {
                table: table.id,
                row,
                before: Some(values.clone()),
                after: None,
            });
            ControlFlow::Continue(())
        });
        self.heaps[table.id.0 as usize] = Shared::new(heap.emptied(table));
    }

    /// The heap of a table with another definition.
    fn altered(
        &mut self,
        table: &Table,
        alteration: &Alteration,
        view: &View,
        now_us: i64,
    ) -> Result<Heap, SqlError> {
        let mut heap = Heap::clone(&self.heaps[table.id.0 as usize]);
        heap.version += 1;
        for slot in &alteration.added {
            self.add_column(&mut heap, table, *slot, now_us)?;
        }
        for slot in &alteration.retyped {
            retype(&mut heap, table, *slot)?;
        }
        for index in &alteration.dropped {
            heap.drop_index(*index);
        }
        for index in &table.indexes[heap.index_count().min(table.indexes.len())..] {
            if index.unique && !index.dropped {
                check_unique(&heap, table, index, view)?;
            }
            heap.build_index(table, index);
        }
        Ok(heap)
    }

    fn add_column(
        &mut self,
        heap: &mut Heap,
        table: &Table,
        slot: usize,
        now_us: i64,
    ) -> Result<(), SqlError> {
        // A column may have been added and dropped by the same statement.
        let column = table.column_at(slot);
        let default = column.map_or(DefaultValue::Null, |column| column.default.clone());
        let value = match (&default, column) {
            (DefaultValue::Expression(_), Some(column)) => {
                self.default_value(&default, column.data_type, now_us)?
            }
            _ => Value::Null,
        };
        let sequence = matches!(default, DefaultValue::Sequence(_));
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
        if let DefaultValue::Sequence(id) = default
            && let Some(last) = self.sequences.get_mut(id.0 as usize)
        {
            *last = number;
        }
        Ok(())
    }

    /// Rows that stand already must fulfil what is new.
    fn check_demands(
        &self,
        table: &Table,
        demands: &[Demand],
        view: &View,
        now_us: i64,
    ) -> Result<(), SqlError> {
        if demands.is_empty() {
            return Ok(());
        }
        let run = Run::new(&[], now_us, &[], 0);
        let mut outcome = Ok(());
        self.heaps[table.id.0 as usize].scan(view, &mut |_, row| {
            let tuple: [&[Value]; 1] = [row];
            let frame = Frame {
                tuple: &tuple,
                ..Frame::of(&run)
            };
            let demanded = |demand: &Demand| self.check_demand(table, *demand, row, view, &frame);
            outcome = demands.iter().try_for_each(demanded);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome
    }

    fn check_demand(
        &self,
        table: &Table,
        demand: Demand,
        row: &Row,
        view: &View,
        frame: &Frame<'_>,
    ) -> Result<(), SqlError> {
        match demand {
            Demand::NotNull(slot) => match table.column_at(slot) {
                Some(column) if row.get(slot).is_none_or(Value::is_null) => Err(SqlError::new(
                    b"23502",
                    format!(
                        "column \"{}\" of relation \"{}\" contains null values",
                        column.name, table.name
                    ),
                )),
                _ => Ok(()),
            },
            Demand::Check(at) => match table.checks.get(at) {
                Some(check) if violated(&check.condition, frame)? => Err(SqlError::new(
                    b"23514",
                    format!(
                        "check constraint \"{}\" of relation \"{}\" is violated by some row",
                        check.name, table.name
                    ),
                )),
                _ => Ok(()),
            },
            Demand::ForeignKey(at) => {
                let Some(key) = table.foreign_keys.get(at) else {
                    return Ok(());
                };
                match part(row, &key.slots) {
                    Some(values) if self.parent(key, &values, view).is_none() => {
                        Err(self.missing_parent(table.id, key, &values))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Converts the values of a column to its new type, as an assignment does.
fn retype(heap: &mut Heap, table: &Table, slot: usize) -> Result<(), SqlError> {
    let Some(column) = table.column_at(slot) else {
        return Ok(());
    };
    heap.change_columns(table);
    let mut outcome = Ok(());
    heap.rewrite(&mut |row: &Row| {
        let mut values: Vec<Value> = row.to_vec();
        match cast::cast(std::mem::take(&mut values[slot]), column.data_type, false) {
            Ok(value) => values[slot] = value,
            Err(error) => outcome = Err(error),
        }
        values.into()
    });
    outcome
}

fn check_unique(
    heap: &Heap,
    table: &Table,
    index: &crate::Index,
    view: &View,
) -> Result<(), SqlError> {
    let mut seen = rustc_hash::FxHashSet::default();
    let mut twice = None;
    heap.scan(view, &mut |_, row| {
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
