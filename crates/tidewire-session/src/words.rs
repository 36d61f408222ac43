//! Values and types in words.

use tidewire_store::{Type, Value};

/// A value as people read it; `None` is null.
pub(crate) fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// A type as SQL writes it.
pub(crate) fn type_text(data_type: Type) -> String {
    match data_type {
        Type::SmallInt => "smallint".into(),
        Type::Integer => "integer".into(),
        Type::BigInt => "bigint".into(),
        Type::Numeric(Some((precision, scale))) => format!("numeric({precision}, {scale})"),
        Type::Numeric(None) => "numeric".into(),
        Type::Text => "text".into(),
        Type::VarChar(Some(length)) => format!("varchar({length})"),
        Type::VarChar(None) => "varchar".into(),
        Type::Boolean => "boolean".into(),
        Type::Date => "date".into(),
        Type::Timestamp => "timestamp".into(),
        Type::TimestampTz => "timestamptz".into(),
        Type::Uuid => "uuid".into(),
        Type::Json => "json".into(),
        Type::Jsonb => "jsonb".into(),
    }
}
