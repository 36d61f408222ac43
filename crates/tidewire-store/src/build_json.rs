//! JSON made of values: objects, arrays, and what `||`, `-` and `jsonb_set` make of others.

use crate::function::bounded_json;
use crate::{SqlError, Value, json};

/// JSON text of any value.
pub(crate) fn to_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Boolean(_) | Value::Integer(_) | Value::Numeric(_) => value.to_string(),
        Value::Json(text) => text.to_string(),
        Value::Timestamp(_) => format!("\"{}\"", value.to_string().replace(' ', "T")),
        other => {
            let mut out = String::new();
            json::quote(&other.to_string(), &mut out);
            out
        }
    }
}

/// An object of keys and values in turn: `json` as it is built, `jsonb` normalised. An aggregate writes `json`
/// with blanks inside the braces.
pub(crate) fn object(
    arguments: &[Value],
    normal: bool,
    aggregate: bool,
) -> Result<Value, SqlError> {
    if !arguments.len().is_multiple_of(2) {
        return Err(SqlError::new(
            b"22023",
            "argument list must have even number of elements",
        ));
    }
    let mut text = String::from(if aggregate { "{ " } else { "{" });
    for (index, pair) in arguments.chunks(2).enumerate() {
        if pair[0].is_null() {
            let message = match normal {
                true => format!("argument {}: key must not be null", index * 2 + 1),
                false => format!("argument {} cannot be null", index * 2 + 1),
            };
            return Err(SqlError::new(b"22023", message));
        }
        if index > 0 {
            text.push_str(", ");
        }
        json::quote(&pair[0].to_string(), &mut text);
        text.push_str(" : ");
        text.push_str(&to_json(&pair[1]));
    }
    text.push_str(if aggregate { " }" } else { "}" });
    match normal {
        true => json::normalize(&text).and_then(bounded_json),
        false => bounded_json(text),
    }
}

/// An array of values: `json` as it is built, `jsonb` normalised.
pub(crate) fn array<'a>(
    values: impl Iterator<Item = &'a Value>,
    normal: bool,
) -> Result<Value, SqlError> {
    let items: Vec<String> = values.map(to_json).collect();
    let text = format!("[{}]", items.join(", "));
    match normal {
        true => json::normalize(&text).and_then(bounded_json),
        false => bounded_json(text),
    }
}

/// `||` of two jsonb values: objects merge, everything else becomes arrays.
pub(crate) fn merge_json(left: &str, right: &str) -> Result<Value, SqlError> {
    let inner = |text: &str| {
        let inside = text.get(1..text.len().saturating_sub(1));
        inside.unwrap_or("").trim().to_string()
    };
    let joined = |left: String, right: String| match (left.is_empty(), right.is_empty()) {
        (true, _) => right,
        (_, true) => left,
        _ => format!("{left}, {right}"),
    };
    let (is_object, is_array) = (
        |text: &str| text.starts_with('{'),
        |text: &str| text.starts_with('['),
    );
    if is_object(left) && is_object(right) {
        let text = format!("{{{}}}", joined(inner(left), inner(right)));
        return json::normalize(&text).and_then(bounded_json);
    }
    let items = |text: &str| {
        if is_array(text) {
            inner(text)
        } else {
            text.to_string()
        }
    };
    bounded_json(format!("[{}]", joined(items(left), items(right))))
}

/// `jsonb - 'key'`, `jsonb - index`
pub(crate) fn without(text: &str, which: &Value) -> Result<Value, SqlError> {
    if text.starts_with('{') {
        let Value::Text(key) = which else {
            return Err(SqlError::new(
                b"22023",
                "cannot delete from object using integer index",
            ));
        };
        let kept = json::entries(text)
            .into_iter()
            .filter(|(other, _)| **other != **key);
        return members(kept.map(|(key, value)| (key, value.to_string())));
    }
    if !text.starts_with('[') {
        return Err(SqlError::new(b"22023", "cannot delete from scalar"));
    }
    let elements = json::elements(text);
    let kept = elements
        .iter()
        .enumerate()
        .filter(|(at, element)| match which {
            Value::Integer(index) => {
                let index = if *index < 0 {
                    index.saturating_add(elements.len() as i64)
                } else {
                    *index
                };
                index != *at as i64
            }
            Value::Text(name) => json::unquoted(element)
                .is_none_or(|text| !element.starts_with('"') || *text != **name),
            _ => true,
        });
    let kept: Vec<&str> = kept.map(|(_, element)| *element).collect();
    bounded_json(format!("[{}]", kept.join(", ")))
}

/// `jsonb_set`: the value at a path replaced, or added where only its last step is missing.
pub(crate) fn set(
    text: &str,
    path: &[String],
    value: &str,
    create: bool,
) -> Result<String, SqlError> {
    let Some((step, rest)) = path.split_first() else {
        return Ok(text.to_string());
    };
    let inner = |old: &str| set(old, rest, value, create);
    let last = rest.is_empty();
    if text.starts_with('{') {
        let mut entries: Vec<(String, String)> = Vec::new();
        let mut found = false;
        for (key, old) in json::entries(text) {
            let is_it = key == *step;
            found |= is_it;
            let new = match (is_it, last) {
                (true, true) => value.to_string(),
                (true, false) => inner(old)?,
                (false, _) => old.to_string(),
            };
            entries.push((key, new));
        }
        if !found && last && create {
            entries.push((step.clone(), value.to_string()));
        }
        let Value::Json(made) = members(entries.into_iter())? else {
            return Ok(text.to_string());
        };
        return Ok(made.to_string());
    }
    if !text.starts_with('[') {
        return match last && path.len() == 1 {
            true => Err(SqlError::new(b"22023", "cannot set path in scalar")),
            false => Ok(text.to_string()),
        };
    }
    let Ok(index) = step.parse::<i64>() else {
        return Err(SqlError::new(
            b"22P02",
            format!("path element at position 1 is not an integer: \"{step}\""),
        ));
    };
    let elements = json::elements(text);
    let count = elements.len() as i64;
    let at = if index < 0 { index + count } else { index };
    let mut items: Vec<String> = elements.iter().map(|item| item.to_string()).collect();
    match usize::try_from(at).ok().filter(|at| *at < items.len()) {
        Some(at) if last => items[at] = value.to_string(),
        Some(at) => items[at] = inner(elements[at])?,
        None if last && create && at < 0 => items.insert(0, value.to_string()),
        None if last && create => items.push(value.to_string()),
        None => {}
    }
    Ok(format!("[{}]", items.join(", ")))
}

fn members(entries: impl Iterator<Item = (String, String)>) -> Result<Value, SqlError> {
    let mut text = String::from("{");
    for (at, (key, value)) in entries.enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        json::quote(&key, &mut text);
        text.push_str(": ");
        text.push_str(&value);
    }
    text.push('}');
    json::normalize(&text).and_then(bounded_json)
}

/// `{"a": null, "b": 1}` without its nulls, at every level.
pub(crate) fn strip_nulls(text: &str) -> Result<Value, SqlError> {
    if text.starts_with('{') {
        let mut kept = Vec::new();
        for (key, value) in json::entries(text) {
            if value != "null" {
                kept.push((key, strip_nulls(value)?.to_string()));
            }
        }
        return members(kept.into_iter());
    }
    if text.starts_with('[') {
        let mut kept = Vec::new();
        for element in json::elements(text) {
            kept.push(strip_nulls(element)?.to_string());
        }
        return bounded_json(format!("[{}]", kept.join(", ")));
    }
    Ok(Value::Json(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_built_normalised() {
        let order = [
            Value::text("order_id"),
            Value::Integer(7),
            Value::text("sku"),
            Value::text("a\"b"),
        ];
        assert_eq!(
            object(&order, true, false).unwrap().to_string(),
            r#"{"sku": "a\"b", "order_id": 7}"#
        );
        assert_eq!(
            merge_json("{\"a\": 1}", "{\"a\": 2, \"b\": 3}")
                .unwrap()
                .to_string(),
            "{\"a\": 2, \"b\": 3}"
        );
        assert_eq!(merge_json("[1]", "2").unwrap().to_string(), "[1, 2]");
    }
}
