//! What a table demands of a new row: values for its columns, NOT NULL, CHECK. Unique keys are looked after in
//! `rows`, foreign keys in `foreign_keys`.

use tidewire_syntax::ast::sql::LockStrength;

use crate::bind_write::NewValue;
use crate::catalog::DefaultValue;
use crate::expression::{Expr, Frame};
use crate::{Row, SqlError, Store, Table, Type, Value, cast};

impl Store {
    /// What stands for a value that is not given, for a column of this type.
    pub(crate) fn default_value(
        &mut self,
        default: &DefaultValue,
        data_type: Type,
        now_us: i64,
    ) -> Result<Value, SqlError> {
        match default {
            DefaultValue::Null => Ok(Value::Null),
            DefaultValue::Sequence(sequence) => {
                let value = self.next_value(*sequence)?;
                cast::cast(value, data_type, false)
            }
            DefaultValue::Expression(expr) => {
                let run = crate::query::Run::new(&[], now_us, &[], 0);
                expr.evaluate(&Frame::of(&run))
            }
        }
    }
}

/// Values of new columns, defaults apart: `None` where a default is wanted.
pub(crate) fn given(value: &NewValue, frame: &Frame<'_>) -> Result<Option<Value>, SqlError> {
    match value {
        NewValue::Expression(expr) => expr.evaluate(frame).map(Some),
        NewValue::Default(_) => Ok(None),
    }
}

/// NOT NULL (23502) and CHECK (23514).
pub(crate) fn check_row(table: &Table, row: &[Value], now_us: i64) -> Result<(), SqlError> {
    for column in &table.columns {
        if column.not_null && row.get(column.slot).is_none_or(Value::is_null) {
            return Err(SqlError::new(
                b"23502",
                format!(
                    "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                    column.name, table.name
                ),
            )
            .with_detail(failing(table, row)));
        }
    }
    if table.checks.is_empty() {
        return Ok(());
    }
    let run = crate::query::Run::new(&[], now_us, &[], 0);
    let tuple = [row];
    let frame = Frame {
        tuple: &tuple,
        ..Frame::of(&run)
    };
    for check in &table.checks {
        if violated(&check.condition, &frame)? {
            return Err(SqlError::new(
                b"23514",
                format!(
                    "new row for relation \"{}\" violates check constraint \"{}\"",
                    table.name, check.name
                ),
            )
            .with_detail(failing(table, row)));
        }
    }
    Ok(())
}

/// False violates; null does not.
pub(crate) fn violated(condition: &Expr, frame: &Frame<'_>) -> Result<bool, SqlError> {
    Ok(condition.evaluate(frame)? == Value::Boolean(false))
}

fn failing(table: &Table, row: &[Value]) -> String {
    let values: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let value = row.get(column.slot).unwrap_or(&Value::Null);
            let text = value.render(column.data_type);
            text.unwrap_or_else(|| "null".to_string())
        })
        .collect();
    format!("Failing row contains ({}).", values.join(", "))
}

/// The lock that an update from one version to another takes: the strongest when a unique key changes
/// (`HeapDetermineColumnsInfo`).
pub(crate) fn update_strength(table: &Table, before: &Row, after: &Row) -> LockStrength {
    let key_changes = table
        .indexes
        .iter()
        .filter(|index| index.is_key())
        .any(|index| !index.same_columns(before, after));
    if key_changes {
        LockStrength::Update
    } else {
        LockStrength::NoKeyUpdate
    }
}
