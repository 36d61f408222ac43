//! How values become values of another type: text input, casts, and what a column demands of its values.
//!
//! Which casts exist and when they apply is PostgreSQL's `pg_cast`; the messages are those of its input
//! functions.

use std::sync::Arc;

use crate::{Numeric, SqlError, Type, Value, datetime, json, numeric};

/// How freely a cast may be applied, weakest first (`pg_cast.castcontext`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    /// In expressions, unasked.
    Implicit,
    /// When stored into a column.
    Assignment,
    /// `CAST` and `::`.
    Explicit,
}

/// The weakest context in which a value of one type becomes one of another; `None` when never.
pub(crate) fn castable(from: Type, to: Type) -> Option<Context> {
    use Context::{Assignment, Explicit, Implicit};
    if from.base() == to.base() || (from.is_text() && to.is_text()) {
        return Some(Implicit);
    }
    let rank = |t: Type| match t {
        Type::SmallInt => 1,
        Type::Integer => 2,
        Type::BigInt => 3,
        _ => 4,
    };
    match (from, to) {
        (from, to) if from.is_number() && to.is_number() => Some(if rank(from) < rank(to) {
            Implicit
        } else {
            Assignment
        }),
        (Type::Boolean, Type::Integer) | (Type::Integer, Type::Boolean) => Some(Explicit),
        (Type::Date, Type::Timestamp | Type::TimestampTz)
        | (Type::Timestamp, Type::TimestampTz) => Some(Implicit),
        (Type::Timestamp | Type::TimestampTz, Type::Date)
        | (Type::TimestampTz, Type::Timestamp)
        | (Type::Json, Type::Jsonb)
        | (Type::Jsonb, Type::Json) => Some(Assignment),
        (Type::Jsonb, to) if to.is_number() || to == Type::Boolean => Some(Explicit),
        (_, to) if to.is_text() => Some(Assignment),
        (from, _) if from.is_text() => Some(Explicit),
        _ => None,
    }
}

/// Makes a value one of this type. What its own kind already is passes through, checked against the type's
/// limits. `explicit` lets a text that is too long be cut.
pub(crate) fn cast(value: Value, to: Type, explicit: bool) -> Result<Value, SqlError> {
    Ok(match (value, to) {
        (Value::Null, _) => Value::Null,
        (Value::Text(text), to) if !to.is_text() => input(&text, to)?,
        (Value::Text(text), Type::VarChar(Some(limit))) => fit_text(text, limit, explicit)?,
        (Value::Text(text), Type::Char(limit)) => fit_char(&text, limit, explicit)?,
        (value @ Value::Text(_), _) => value,
        (Value::Integer(number), Type::SmallInt | Type::Integer | Type::BigInt) => {
            fit_integer(number, to)?
        }
        (Value::Integer(number), Type::Numeric(digits)) => {
            fit_numeric(Numeric::from(number), digits)?
        }
        (Value::Integer(number), Type::Boolean) => Value::Boolean(number != 0),
        (Value::Numeric(number), Type::Numeric(digits)) => fit_numeric(number, digits)?,
        (Value::Numeric(number), to) if to.is_integer() => {
            let integer = number.to_integer().ok_or_else(|| out_of_range(to))?;
            fit_integer(integer, to)?
        }
        (Value::Boolean(value), Type::Integer) => Value::Integer(i64::from(value)),
        (value @ Value::Boolean(_), Type::Boolean)
        | (value @ Value::Date(_), Type::Date)
        | (value @ Value::Timestamp(_), Type::Timestamp | Type::TimestampTz)
        | (value @ Value::Uuid(_), Type::Uuid)
        | (value @ Value::Json(_), Type::Json) => value,
        (Value::Date(days), Type::Timestamp | Type::TimestampTz) => {
            Value::Timestamp(i64::from(days).saturating_mul(datetime::DAY_US))
        }
        (Value::Timestamp(us), Type::Date) => Value::Date(us.div_euclid(datetime::DAY_US) as i32),
        (Value::Json(text), Type::Jsonb) => Value::Json(json::normalize(&text)?.into()),
        (Value::Json(text), to) if to.is_number() || to == Type::Boolean => json_scalar(&text, to)?,
        (value, to) if to.is_text() => cast(Value::Text(value.to_string().into()), to, explicit)?,
        (value, to) => {
            return Err(SqlError::new(
                b"42846",
                format!("cannot cast {} to {to}", kind_name(&value)),
            ));
        }
    })
}

/// The input function of a type.
pub(crate) fn input(text: &str, to: Type) -> Result<Value, SqlError> {
    let invalid = || {
        SqlError::new(
            b"22P02",
            format!("invalid input syntax for type {to}: \"{text}\""),
        )
    };
    Ok(match to {
        Type::SmallInt | Type::Integer | Type::BigInt => return integer_input(text, to),
        Type::Numeric(digits) => fit_numeric(Numeric::parse(text).ok_or_else(invalid)??, digits)?,
        Type::Text => Value::text(text),
        Type::VarChar(None) => Value::text(text),
        Type::VarChar(Some(limit)) => fit_text(text.into(), limit, false)?,
        Type::Char(limit) => fit_char(text, limit, false)?,
        Type::Boolean => Value::Boolean(boolean_input(text).ok_or_else(invalid)?),
        Type::Date => Value::Date(datetime::parse_date(text)?),
        Type::Timestamp => Value::Timestamp(datetime::parse_timestamp(text, false)?),
        Type::TimestampTz => Value::Timestamp(datetime::parse_timestamp(text, true)?),
        Type::Uuid => Value::Uuid(crate::value::Uuid(uuid_input(text).ok_or_else(invalid)?)),
        Type::Json => {
            json::check(text)?;
            Value::Json(text.into())
        }
        Type::Jsonb => Value::Json(json::normalize(text)?.into()),
    })
}

fn integer_input(text: &str, to: Type) -> Result<Value, SqlError> {
    let trimmed = text.trim_ascii();
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SqlError::new(
            b"22P02",
            format!("invalid input syntax for type {to}: \"{text}\""),
        ));
    }
    let too_large = || {
        SqlError::new(
            b"22003",
            format!("value \"{text}\" is out of range for type {to}"),
        )
    };
    let number: i64 = trimmed.parse().map_err(|_| too_large())?;
    fit_integer(number, to).map_err(|_| too_large())
}

fn boolean_input(text: &str) -> Option<bool> {
    let text = text.trim_ascii().to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        return Some(true);
    }
    (begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0").then_some(false)
}

fn uuid_input(text: &str) -> Option<u128> {
    let text = text.trim_ascii();
    let text = text
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(text);
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

fn json_scalar(text: &str, to: Type) -> Result<Value, SqlError> {
    let kind = match text.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b'n') => return Ok(Value::Null),
        Some(b't' | b'f') if to == Type::Boolean => return Ok(Value::Boolean(text == "true")),
        Some(b't' | b'f') => "boolean",
        _ if to == Type::Boolean => "numeric",
        _ => {
            let number = cast(Value::text(text), Type::Numeric(None), true)?;
            return cast(number, to, true);
        }
    };
    Err(SqlError::new(
        b"22023",
        format!("cannot cast jsonb {kind} to type {to}"),
    ))
}

/// A whole number of this type, or 22003.
pub(crate) fn fit_integer(number: i64, to: Type) -> Result<Value, SqlError> {
    let fits = match to {
        Type::SmallInt => i16::try_from(number).is_ok(),
        Type::Integer => i32::try_from(number).is_ok(),
        _ => true,
    };
    if fits {
        Ok(Value::Integer(number))
    } else {
        Err(out_of_range(to))
    }
}

/// 22003, `integer out of range`
pub(crate) fn out_of_range(to: Type) -> SqlError {
    SqlError::new(b"22003", format!("{to} out of range"))
}

fn fit_numeric(number: Numeric, digits: Option<(u8, u8)>) -> Result<Value, SqlError> {
    Ok(Value::Numeric(match digits {
        Some((precision, scale)) => number.fit(precision, scale)?,
        None => number,
    }))
}

/// `bpchar_input`: blanks behind do not count and are not kept.
fn fit_char(text: &str, limit: Option<u32>, explicit: bool) -> Result<Value, SqlError> {
    let text = text.trim_end_matches(' ');
    let Some(limit) = limit else {
        return Ok(Value::text(text));
    };
    match text.char_indices().nth(limit as usize) {
        None => Ok(Value::text(text)),
        Some((end, _)) if explicit => Ok(Value::text(text[..end].trim_end_matches(' '))),
        Some(_) => Err(SqlError::new(
            b"22001",
            format!("value too long for type character({limit})"),
        )),
    }
}

fn fit_text(text: Arc<str>, limit: u32, cut: bool) -> Result<Value, SqlError> {
    let Some((end, _)) = text.char_indices().nth(limit as usize) else {
        return Ok(Value::Text(text));
    };
    // Blanks behind the end are cut silently, as the standard demands.
    if cut || text[end..].bytes().all(|b| b == b' ') {
        return Ok(Value::text(&text[..end]));
    }
    Err(SqlError::new(
        b"22001",
        format!("value too long for type character varying({limit})"),
    ))
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "unknown",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) => "integer",
        Value::Numeric(_) => "numeric",
        Value::Text(_) => "text",
        Value::Date(_) => "date",
        Value::Timestamp(_) => "timestamp without time zone",
        Value::Uuid(_) => "uuid",
        Value::Json(_) => "jsonb",
    }
}

/// Characters that a type may name, as in PostgreSQL (`MaxAttrSize`).
const MAX_LENGTH: u32 = 10_485_760;

/// Is this precision one that we can keep?
pub(crate) fn check_type(data_type: Type) -> Result<(), SqlError> {
    match data_type {
        Type::Numeric(Some((precision, _)))
            if precision == 0 || u32::from(precision) > numeric::MAX_DIGITS =>
        {
            Err(SqlError::new(
                b"22023",
                format!(
                    "NUMERIC precision {precision} must be between 1 and {}, the limit of this store",
                    numeric::MAX_DIGITS
                ),
            ))
        }
        Type::Numeric(Some((precision, scale))) if scale > precision => Err(SqlError::new(
            b"22023",
            format!("NUMERIC scale {scale} must be between 0 and precision {precision}"),
        )),
        Type::Char(Some(length)) | Type::VarChar(Some(length)) if length > MAX_LENGTH => {
            Err(SqlError::new(
                b"22023",
                format!("length for type {data_type} cannot exceed {MAX_LENGTH}"),
            ))
        }
        Type::Char(Some(0)) => Err(SqlError::new(
            b"22023",
            "length for type char must be at least 1",
        )),
        Type::VarChar(Some(0)) => Err(SqlError::new(
            b"22023",
            "length for type varchar must be at least 1",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(result: Result<Value, SqlError>) -> String {
        result.map_or_else(|error| error.to_string(), |value| format!("ok {value}"))
    }

    #[test]
    fn input_speaks_like_postgresql() {
        for (text, to, expected) in [
            ("12", Type::Integer, "ok 12"),
            (
                "x",
                Type::Integer,
                "invalid input syntax for type integer: \"x\" (22P02)",
            ),
            (
                "99999999999",
                Type::Integer,
                "value \"99999999999\" is out of range for type integer (22003)",
            ),
            ("yes", Type::Boolean, "ok true"),
            ("1.005", Type::Numeric(Some((4, 2))), "ok 1.01"),
            (
                "100",
                Type::Numeric(Some((4, 2))),
                "numeric field overflow (22003)",
            ),
            (
                "abcd",
                Type::VarChar(Some(3)),
                "value too long for type character varying(3) (22001)",
            ),
            ("abc ", Type::VarChar(Some(3)), "ok abc"),
            ("{\"a\":1}", Type::Jsonb, "ok {\"a\": 1}"),
            (
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                Type::Uuid,
                "ok a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            ),
            (
                "2024-13-01",
                Type::Date,
                "date/time field value out of range: \"2024-13-01\" (22008)",
            ),
        ] {
            assert_eq!(state(input(text, to)), expected);
        }
    }

    #[test]
    fn casts_check_ranges() {
        assert_eq!(
            state(cast(Value::Integer(40_000), Type::SmallInt, true)),
            "smallint out of range (22003)"
        );
        assert_eq!(
            state(cast(
                Value::Numeric(Numeric {
                    digits: 25,
                    scale: 1
                }),
                Type::Integer,
                false
            )),
            "ok 3"
        );
        assert_eq!(
            state(cast(Value::text("abcd"), Type::VarChar(Some(3)), true)),
            "ok abc"
        );
        assert_eq!(
            castable(Type::Integer, Type::Boolean),
            Some(Context::Explicit)
        );
        assert_eq!(
            castable(Type::BigInt, Type::Integer),
            Some(Context::Assignment)
        );
        assert_eq!(castable(Type::Uuid, Type::Integer), None);
    }
}
