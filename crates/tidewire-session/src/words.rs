//! Values in words.

use tidewire_store::Value;

/// A value as people read it; `None` is null.
pub(crate) fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.to_string()),
        other => Some(format!("{other:?}")),
    }
}
