//! Values in words.

use tidewire_store::Value;

/// A value as people read it; `None` is null.
pub(crate) fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        value => Some(value.to_string()),
    }
}
