//! The functions of the language beside aggregates: names, types, meaning.

use std::sync::Arc;

use crate::{Numeric, SqlError, Type, Value, json};

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Lower,
    Upper,
    Length,
    Trim,
    Substring,
    Left,
    Right,
    Replace,
    Position,
    StartsWith,
    Concat,
    Abs,
    Round,
    Ceil,
    Floor,
    Sign,
    Modulo,
    BuildObject,
    BuildArray,
    ToJson,
    JsonArrayLength,
}

/// Characters that a text made by a statement may have.
const MAX_TEXT: usize = 1 << 20;

/// The names of functions, aggregates included; of synonyms one.
pub const NAMES: &[&str] = &[
    "abs",
    "ceil",
    "coalesce",
    "concat",
    "floor",
    "greatest",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "least",
    "left",
    "length",
    "lower",
    "mod",
    "now",
    "nullif",
    "replace",
    "right",
    "round",
    "sign",
    "starts_with",
    "strpos",
    "substr",
    "to_jsonb",
    "trim",
    "upper",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "jsonb_agg",
    "max",
    "min",
    "string_agg",
    "sum",
];

/// What a function wants at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Text,
    Integer,
    Numeric,
    /// Any number; the result has its type.
    Number,
    Jsonb,
    /// Anything, so often one likes.
    Any,
}

/// The function of this name and number of arguments: what it wants and gives. `None` for the result when it
/// is the type of the arguments.
pub(crate) fn lookup(
    name: &str,
    arguments: usize,
) -> Option<(Function, &'static [Wants], Option<Type>)> {
    use Wants::{Any, Integer, Jsonb, Number, Numeric, Text};
    let text = Some(Type::Text);
    let numeric = Some(Type::Numeric(None));
    Some(match (name, arguments) {
        ("lower", 1) => (Function::Lower, &[Text], text),
        ("upper", 1) => (Function::Upper, &[Text], text),
        ("length" | "char_length" | "character_length", 1) => {
            (Function::Length, &[Text], Some(Type::Integer))
        }
        ("trim" | "btrim", 1) => (Function::Trim, &[Text], text),
        ("substr" | "substring", 2) => (Function::Substring, &[Text, Integer], text),
        ("substr" | "substring", 3) => (Function::Substring, &[Text, Integer, Integer], text),
        ("left", 2) => (Function::Left, &[Text, Integer], text),
        ("right", 2) => (Function::Right, &[Text, Integer], text),
        ("replace", 3) => (Function::Replace, &[Text, Text, Text], text),
        ("strpos", 2) => (Function::Position, &[Text, Text], Some(Type::Integer)),
        ("starts_with", 2) => (Function::StartsWith, &[Text, Text], Some(Type::Boolean)),
        ("concat", 1..) => (Function::Concat, &[Any], text),
        ("abs", 1) => (Function::Abs, &[Number], None),
        ("round", 1) => (Function::Round, &[Numeric], numeric),
        ("round", 2) => (Function::Round, &[Numeric, Integer], numeric),
        ("ceil" | "ceiling", 1) => (Function::Ceil, &[Numeric], numeric),
        ("floor", 1) => (Function::Floor, &[Numeric], numeric),
        ("sign", 1) => (Function::Sign, &[Numeric], numeric),
        ("mod", 2) => (Function::Modulo, &[Number, Number], None),
        ("jsonb_build_object" | "json_build_object", _) => {
            (Function::BuildObject, &[Any], Some(Type::Jsonb))
        }
        ("jsonb_build_array" | "json_build_array", _) => {
            (Function::BuildArray, &[Any], Some(Type::Jsonb))
        }
        ("to_jsonb" | "to_json", 1) => (Function::ToJson, &[Any], Some(Type::Jsonb)),
        ("jsonb_array_length", 1) => (Function::JsonArrayLength, &[Jsonb], Some(Type::Integer)),
        _ => return None,
    })
}

/// The value of a call. Arguments have the wanted kinds or are null.
pub(crate) fn call(function: Function, arguments: &[Value]) -> Result<Value, SqlError> {
    match function {
        Function::Concat => {
            let parts = arguments.iter().filter(|value| !value.is_null());
            let text: String = parts
                .map(|value| match value {
                    Value::Boolean(true) => "t".to_string(),
                    Value::Boolean(false) => "f".to_string(),
                    other => other.to_string(),
                })
                .collect();
            return bounded_text(text);
        }
        Function::BuildObject => return build_object(arguments),
        Function::BuildArray => return build_array(arguments.iter()),
        _ => {}
    }
    if arguments.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    match arguments {
        [Value::Text(text), rest @ ..] => text_function(function, text, rest),
        [Value::Json(text)] if function == Function::JsonArrayLength => array_length(text),
        [value] if function == Function::ToJson => Ok(Value::Json(to_json(value).into())),
        _ => number_function(function, arguments),
    }
}

fn text_function(function: Function, text: &Arc<str>, rest: &[Value]) -> Result<Value, SqlError> {
    let count = |at: usize| match rest.get(at) {
        Some(Value::Integer(count)) => *count,
        _ => 0,
    };
    let length = || text.chars().count() as i64;
    Ok(match (function, rest) {
        (Function::Lower, _) => Value::text(text.to_lowercase()),
        (Function::Upper, _) => bounded_text(text.to_uppercase())?,
        (Function::Length, _) => Value::Integer(length()),
        (Function::Trim, _) => Value::text(text.trim_matches(' ')),
        (Function::ToJson, _) => Value::Json(to_json(&Value::Text(text.clone())).into()),
        (Function::Left, _) => {
            let end = if count(0) < 0 {
                length().saturating_add(count(0))
            } else {
                count(0)
            };
            Value::text(cut(text, 0, end))
        }
        (Function::Right, _) => {
            let start = if count(0) < 0 {
                count(0).saturating_neg()
            } else {
                length().saturating_sub(count(0))
            };
            Value::text(cut(text, start, i64::MAX))
        }
        (Function::Substring, _) => {
            let start = count(0).saturating_sub(1);
            let end = match rest.get(1) {
                None => i64::MAX,
                Some(_) if count(1) < 0 => {
                    return Err(SqlError::new(
                        b"22011",
                        "negative substring length not allowed",
                    ));
                }
                Some(_) => start.saturating_add(count(1)),
            };
            Value::text(cut(text, start, end))
        }
        (Function::Replace, [Value::Text(from), Value::Text(to)]) if !from.is_empty() => {
            let grown = text.matches(&**from).count().saturating_mul(to.len());
            if grown > MAX_TEXT {
                return Err(too_long());
            }
            bounded_text(text.replace(&**from, to))?
        }
        (Function::Position, [Value::Text(part)]) => {
            let at = text
                .find(&**part)
                .map_or(0, |at| text[..at].chars().count() as i64 + 1);
            Value::Integer(at)
        }
        (Function::StartsWith, [Value::Text(part)]) => Value::Boolean(text.starts_with(&**part)),
        _ => Value::Text(text.clone()),
    })
}

/// Characters from `start` to before `end`, both counted from 0 and clamped.
fn cut(text: &str, start: i64, end: i64) -> String {
    let start = start.max(0);
    let length = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
    let skipped = usize::try_from(start).unwrap_or(usize::MAX);
    text.chars().skip(skipped).take(length).collect()
}

fn number_function(function: Function, arguments: &[Value]) -> Result<Value, SqlError> {
    Ok(match (function, arguments) {
        (Function::Abs, [Value::Integer(number)]) => Value::Integer(
            number
                .checked_abs()
                .ok_or_else(|| SqlError::new(b"22003", "bigint out of range"))?,
        ),
        (Function::Abs, [Value::Numeric(number)]) => Value::Numeric(number.abs()),
        (Function::Modulo, [Value::Integer(_), Value::Integer(0)]) => {
            return Err(crate::numeric::division_by_zero());
        }
        (Function::Modulo, [Value::Integer(left), Value::Integer(right)]) => {
            Value::Integer(left.checked_rem(*right).unwrap_or(0))
        }
        (Function::Modulo, [left, right]) => {
            Value::Numeric(numeric(left)?.modulo(numeric(right)?)?)
        }
        (Function::Round, [number]) => Value::Numeric(numeric(number)?.round(0)?),
        (Function::Round, [number, Value::Integer(scale)]) => {
            let number = numeric(number)?;
            Value::Numeric(match u8::try_from(*scale) {
                Ok(scale) => number.round(scale)?,
                Err(_) if *scale < 0 => round_whole(number, *scale)?,
                Err(_) => return Err(SqlError::new(b"22003", "value overflows numeric format")),
            })
        }
        (Function::Ceil, [number]) => Value::Numeric(numeric(number)?.ceil()),
        (Function::Floor, [number]) => Value::Numeric(numeric(number)?.floor()),
        (Function::Sign, [number]) => {
            Value::Numeric(Numeric::from(numeric(number)?.digits.signum() as i64))
        }
        _ => Value::Null,
    })
}

/// Rounds to tens, hundreds …: `scale` is negative.
fn round_whole(number: Numeric, scale: i64) -> Result<Numeric, SqlError> {
    let Some(unit) = u32::try_from(scale.saturating_neg())
        .ok()
        .filter(|places| *places < crate::numeric::MAX_DIGITS)
        .map(|places| 10_i128.pow(places))
    else {
        return Ok(Numeric::ZERO);
    };
    let whole = Numeric {
        digits: number.digits,
        scale: number.scale,
    };
    let units = whole
        .divide(Numeric {
            digits: unit,
            scale: 0,
        })?
        .round(0)?;
    units.multiply(Numeric {
        digits: unit,
        scale: 0,
    })
}

fn numeric(value: &Value) -> Result<Numeric, SqlError> {
    match value {
        Value::Numeric(number) => Ok(*number),
        Value::Integer(number) => Ok(Numeric::from(*number)),
        other => Err(SqlError::new(
            b"42883",
            format!("a number was expected instead of {other}"),
        )),
    }
}

/// JSON text of any value.
pub(crate) fn to_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Boolean(_) | Value::Integer(_) | Value::Numeric(_) => value.to_string(),
        Value::Json(text) => json::normalize(text).unwrap_or_else(|_| "null".to_string()),
        Value::Timestamp(_) => format!("\"{}\"", value.to_string().replace(' ', "T")),
        other => {
            let mut out = String::new();
            json::quote(&other.to_string(), &mut out);
            out
        }
    }
}

fn build_object(arguments: &[Value]) -> Result<Value, SqlError> {
    if !arguments.len().is_multiple_of(2) {
        return Err(SqlError::new(
            b"22023",
            "argument list must have even number of elements",
        ));
    }
    let mut text = String::from("{");
    for (index, pair) in arguments.chunks(2).enumerate() {
        if pair[0].is_null() {
            let message = format!("argument {}: key must not be null", index * 2 + 1);
            return Err(SqlError::new(b"22023", message));
        }
        if index > 0 {
            text.push(',');
        }
        json::quote(&pair[0].to_string(), &mut text);
        text.push(':');
        text.push_str(&to_json(&pair[1]));
    }
    text.push('}');
    json::normalize(&text).and_then(bounded_json)
}

/// A JSON array of values.
pub(crate) fn build_array<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Value, SqlError> {
    let items: Vec<String> = values.map(to_json).collect();
    bounded_json(format!("[{}]", items.join(", ")))
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

fn array_length(text: &str) -> Result<Value, SqlError> {
    if !text.starts_with('[') {
        return Err(SqlError::new(
            b"22023",
            "cannot get array length of a non-array",
        ));
    }
    let mut count = 0;
    while json::member(text, &json::Key::Index(count)).is_some() {
        count += 1;
    }
    Ok(Value::Integer(count))
}

/// Text within the limit of a value.
pub(crate) fn bounded_text(text: String) -> Result<Value, SqlError> {
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::text(text))
}

fn bounded_json(text: String) -> Result<Value, SqlError> {
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::Json(text.into()))
}

fn too_long() -> SqlError {
    SqlError::new(
        b"54000",
        format!("a value would be longer than {MAX_TEXT} bytes, the limit of this store"),
    )
}

/// LIKE with `%`, `_` and the escape `\`. Takes at most text × pattern steps and no recursion.
pub(crate) fn like(text: &str, pattern: &str) -> Result<bool, SqlError> {
    enum Part {
        Any,
        One,
        Is(char),
    }
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Is(characters.next().ok_or_else(|| {
                SqlError::new(b"22025", "LIKE pattern must not end with escape character")
            })?),
            other => Part::Is(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    // Where to go on after the last `%` took one more character.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match parts.get(part) {
            Some(Part::Any) => {
                retry = Some((at, part));
                part += 1;
                continue;
            }
            Some(Part::One) => true,
            Some(Part::Is(wanted)) => *wanted == text[at],
            None => false,
        };
        if fits {
            at += 1;
            part += 1;
        } else if let Some((taken, any)) = retry {
            retry = Some((taken + 1, any));
            at = taken + 1;
            part = any + 1;
        } else {
            return Ok(false);
        }
    }
    Ok(parts[part..].iter().all(|part| matches!(part, Part::Any)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_matches_as_postgresql_does() {
        for (text, pattern, expected) in [
            ("abc", "a%", true),
            ("abc", "%b%c", true),
            ("abc", "_b_", true),
            ("abc", "ab", false),
            ("a%c", "a\\%c", true),
            ("abc", "a\\%c", false),
            ("", "%", true),
            ("aaaaab", "%a%a%b", true),
        ] {
            assert_eq!(
                like(text, pattern).unwrap(),
                expected,
                "{text} like {pattern}"
            );
        }
        assert!(like("a", "a\\").is_err());
    }

    #[test]
    fn objects_are_built_normalised() {
        let object = build_object(&[
            Value::text("order_id"),
            Value::Integer(7),
            Value::text("sku"),
            Value::text("a\"b"),
        ])
        .unwrap();
        assert_eq!(object.to_string(), r#"{"sku": "a\"b", "order_id": 7}"#);
        assert_eq!(
            merge_json("{\"a\": 1}", "{\"a\": 2, \"b\": 3}")
                .unwrap()
                .to_string(),
            "{\"a\": 2, \"b\": 3}"
        );
        assert_eq!(merge_json("[1]", "2").unwrap().to_string(), "[1, 2]");
    }
}
