//! Values as a Python driver puts them into JSON, and when two of them are the same.
//!
//! A measured file may come from another driver than the next: a numeric as number or as text, a timestamp with
//! `T` or a space, `json` as text or decoded. Such spellings of one value are equal here, and nothing else is.

use serde_json::Value as Json;
use tidewire_store::{Type, Value};

/// A value of this type in JSON.
pub fn json(value: &Value, data_type: Type) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Numeric(number) => match number.to_string().parse::<i64>() {
            Ok(whole) => Json::from(whole),
            Err(_) => Json::String(number.to_string()),
        },
        other => Json::String(other.render(data_type).unwrap_or_default()),
    }
}

/// Are these rows the same as a multiset? SQL promises no order unless one is written.
pub fn same_rows(one: &[Vec<Json>], other: &[Vec<Json>]) -> bool {
    let (one, other) = (sorted(one), sorted(other));
    one.len() == other.len()
        && one
            .iter()
            .zip(&other)
            .all(|(one, other)| same_row(one, other))
}

fn same_row(one: &[Json], other: &[Json]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

/// Rows in an order that depends on their values and not on how those are spelt.
pub fn sorted(rows: &[Vec<Json>]) -> Vec<Vec<Json>> {
    let key = |row: &Vec<Json>| row.iter().map(canonical).collect::<Vec<String>>();
    let mut rows = rows.to_vec();
    rows.sort_by_cached_key(|row| (key(row), Json::Array(row.clone()).to_string()));
    rows
}

/// Are these spellings of one value?
pub fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::String(one), Json::String(other)) => one == other || time(one) == time(other),
        _ => one == other || canonical(one) == canonical(other),
    }
}

/// One spelling for all.
fn canonical(cell: &Json) -> String {
    match cell {
        Json::Number(number) => decimal(&number.to_string()).unwrap_or(number.to_string()),
        Json::String(text) => decimal(text)
            .or_else(|| decoded(text))
            .unwrap_or_else(|| time(text)),
        // Of arrays and objects the text is canonical: keys are ordered.
        other => other.to_string(),
    }
}

/// An array or object written as text: of `json` columns, or `{…}` of an array of numbers.
fn decoded(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    if let Ok(value) = serde_json::from_str::<Json>(text) {
        return Some(value.to_string());
    }
    let items = text.strip_prefix('{')?.strip_suffix('}')?;
    let array = serde_json::from_str::<Json>(&format!("[{}]", items.replace("NULL", "null"))).ok();
    array.map(|array| array.to_string())
}

/// A decimal number without needless zeros; `None` when it is none.
fn decimal(text: &str) -> Option<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// A time with a space between day and hour and without the zone, which is UTC here; other text as it is.
fn time(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_time = bytes.len() >= 19
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && matches!(bytes[10], b' ' | b'T')
        && bytes[13] == b':';
    if !is_time || !text.is_char_boundary(11) {
        return text.to_string();
    }
    let zone = ["+00:00", "+0000", "+00", "Z"]
        .into_iter()
        .find_map(|zone| text.strip_suffix(zone));
    let local = zone.unwrap_or(text);
    let local = if local.contains('.') {
        local.trim_end_matches('0').trim_end_matches('.')
    } else {
        local
    };
    local.replacen('T', " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_of_one_value_are_the_same() {
        let same_cells = [
            (json!(10), json!("10")),
            (json!(10.5), json!("10.50")),
            (
                json!("2000-01-01T00:00:01+00:00"),
                json!("2000-01-01 00:00:01+00"),
            ),
            (
                json!("2000-01-01 00:00:00.500000"),
                json!("2000-01-01 00:00:00.5"),
            ),
            (json!({"b": 1, "a": [2]}), json!("{\"a\": [2], \"b\": 1}")),
            (json!([1, null]), json!("{1,NULL}")),
        ];
        for (one, other) in same_cells {
            assert!(same(&one, &other) && same(&other, &one), "{one} {other}");
        }
    }

    #[test]
    fn other_values_are_not() {
        let other_cells = [
            (json!(10), json!(11)),
            (json!("1.5"), json!("1.50")),
            (json!(null), json!("")),
            (json!(true), json!("t")),
            (json!(1), json!(true)),
            (json!("a"), json!("a ")),
            (json!("2000-01-01T00:00:01"), json!("2000-01-01T00:00:02")),
        ];
        for (one, other) in other_cells {
            assert!(!same(&one, &other) && !same(&other, &one), "{one} {other}");
        }
    }

    #[test]
    fn rows_are_compared_as_a_multiset() {
        let rows = [vec![json!(2), json!("b")], vec![json!(10), json!("a")]];
        let turned = [rows[1].clone(), vec![json!("2"), json!("b")]];
        assert!(same_rows(&rows, &turned));
        assert!(!same_rows(&rows, &rows[..1]));
        assert!(!same_rows(&rows, &[rows[0].clone(), rows[0].clone()]));
    }
}
