//! Functions of texts; characters are counted, not bytes.

use std::sync::Arc;

use crate::function::{Function, MAX_TEXT, bounded_text, too_long};
use crate::value::clamped;
use crate::{SqlError, Value, like};

/// The value of a call over a text.
pub(crate) fn call(function: Function, text: &Arc<str>, rest: &[Value]) -> Result<Value, SqlError> {
    let count = |at: usize| match rest.get(at) {
        Some(Value::Integer(count)) => *count,
        _ => 0,
    };
    let length = || text.chars().count() as i64;
    Ok(match (function, rest) {
        (Function::Lower, _) => Value::text(text.to_lowercase()),
        (Function::Upper, _) => bounded_text(text.to_uppercase())?,
        (Function::Length, _) => Value::Integer(length()),
        (Function::Trim, _) => Value::text(trimmed(text, rest, true, true)),
        (Function::TrimStart, _) => Value::text(trimmed(text, rest, true, false)),
        (Function::TrimEnd, _) => Value::text(trimmed(text, rest, false, true)),
        (Function::Reverse, _) => Value::text(text.chars().rev().collect::<String>()),
        (Function::Capitals, _) => Value::text(capitals(text)),
        (Function::Octets, _) => Value::Integer(text.len() as i64),
        (Function::Code, _) => {
            Value::Integer(text.chars().next().map_or(0, |c| i64::from(c as u32)))
        }
        (Function::Repeat, _) => {
            let times = clamped(count(0));
            if text.len().saturating_mul(times) > MAX_TEXT {
                return Err(too_long());
            }
            Value::text(text.repeat(times))
        }
        (Function::PadStart | Function::PadEnd, _) => {
            let fill = match rest.get(1) {
                Some(Value::Text(fill)) => fill.as_ref(),
                _ => " ",
            };
            padded(text, count(0), fill, function == Function::PadStart)?
        }
        (Function::SplitPart, [Value::Text(between), Value::Integer(which)]) => {
            split_part(text, between, *which)?
        }
        (Function::Translate, [Value::Text(from), Value::Text(to)]) => {
            let to: Vec<char> = to.chars().collect();
            let replaced = text
                .chars()
                .filter_map(|c| match from.chars().position(|f| f == c) {
                    Some(at) => to.get(at).copied(),
                    None => Some(c),
                });
            Value::text(replaced.collect::<String>())
        }
        (Function::LikeEscape, [Value::Text(escape)]) => {
            Value::text(like::with_escape(text, escape)?)
        }
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
    let length = clamped(end.saturating_sub(start));
    text.chars().skip(clamped(start)).take(length).collect()
}

fn trimmed<'t>(text: &'t str, rest: &[Value], start: bool, end: bool) -> &'t str {
    let of = match rest.first() {
        Some(Value::Text(of)) => of.as_ref(),
        _ => " ",
    };
    let is_one = |c: char| of.contains(c);
    let text = if start {
        text.trim_start_matches(is_one)
    } else {
        text
    };
    if end {
        text.trim_end_matches(is_one)
    } else {
        text
    }
}

/// Each word with a capital first.
fn capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for character in text.chars() {
        match within {
            true => out.extend(character.to_lowercase()),
            false => out.extend(character.to_uppercase()),
        }
        within = character.is_alphanumeric();
    }
    out
}

fn padded(text: &str, length: i64, fill: &str, start: bool) -> Result<Value, SqlError> {
    let length = clamped(length);
    if length > MAX_TEXT {
        return Err(too_long());
    }
    let has = text.chars().count();
    if has >= length || fill.is_empty() {
        return Ok(Value::text(cut(text, 0, length as i64)));
    }
    let padding: String = fill.chars().cycle().take(length - has).collect();
    bounded_text(match start {
        true => padding + text,
        false => text.to_string() + &padding,
    })
}

fn split_part(text: &str, between: &str, which: i64) -> Result<Value, SqlError> {
    if which == 0 {
        return Err(SqlError::new(b"22023", "field position must not be zero"));
    }
    let parts: Vec<&str> = match between {
        "" => vec![text],
        between => text.split(between).collect(),
    };
    let at = match which > 0 {
        true => which - 1,
        false => which.saturating_add(parts.len() as i64),
    };
    let part = usize::try_from(at).ok().and_then(|at| parts.get(at));
    Ok(Value::text(part.copied().unwrap_or("")))
}
