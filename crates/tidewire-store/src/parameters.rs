//! The parameters that there are, and the values that they take.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/utils/misc/guc.c`. Few parameters have an effect here; others
//! that statements of tools set are kept and shown. An unknown one is 42704.

use std::sync::Arc;

use tidewire_syntax::ast::sql::IsolationLevel;

use crate::SqlError;

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Milliseconds, at least this many.
    Duration(i64),
    Boolean,
    Level,
    /// Any text.
    Text,
    /// One of the transaction's modes.
    Mode,
}

/// Parameters with their kinds and defaults.
const PARAMETERS: &[(&str, Kind, &str)] = &[
    ("application_name", Kind::Text, ""),
    ("bytea_output", Kind::Text, "hex"),
    ("client_encoding", Kind::Text, "UTF8"),
    ("client_min_messages", Kind::Text, "notice"),
    ("datestyle", Kind::Text, "ISO, MDY"),
    ("deadlock_timeout", Kind::Duration(1), "1s"),
    ("default_transaction_deferrable", Kind::Boolean, "off"),
    (
        "default_transaction_isolation",
        Kind::Level,
        "read committed",
    ),
    ("default_transaction_read_only", Kind::Boolean, "off"),
    ("enable_bitmapscan", Kind::Boolean, "on"),
    ("enable_hashjoin", Kind::Boolean, "on"),
    ("enable_indexonlyscan", Kind::Boolean, "on"),
    ("enable_indexscan", Kind::Boolean, "on"),
    ("enable_mergejoin", Kind::Boolean, "on"),
    ("enable_nestloop", Kind::Boolean, "on"),
    ("enable_seqscan", Kind::Boolean, "on"),
    ("enable_sort", Kind::Boolean, "on"),
    ("extra_float_digits", Kind::Text, "1"),
    ("force_parallel_mode", Kind::Text, "off"),
    (
        "idle_in_transaction_session_timeout",
        Kind::Duration(0),
        "0",
    ),
    ("idle_session_timeout", Kind::Duration(0), "0"),
    ("intervalstyle", Kind::Text, "postgres"),
    ("lock_timeout", Kind::Duration(0), "0"),
    ("search_path", Kind::Text, "\"$user\", public"),
    ("session_replication_role", Kind::Text, "origin"),
    ("standard_conforming_strings", Kind::Boolean, "on"),
    ("statement_timeout", Kind::Duration(0), "0"),
    ("synchronous_commit", Kind::Text, "on"),
    ("timezone", Kind::Text, "UTC"),
    ("transaction_deferrable", Kind::Mode, "off"),
    ("transaction_isolation", Kind::Mode, "read committed"),
    ("transaction_read_only", Kind::Mode, "off"),
    ("work_mem", Kind::Text, "4MB"),
];

/// Bytes that a value may have.
const MAX_VALUE: usize = 1000;

/// The kind and the default of a parameter that there is.
pub(crate) fn known(name: &str) -> Result<(Kind, &'static str), SqlError> {
    let known = PARAMETERS.iter().find(|(known, ..)| *known == name);
    match known {
        Some((_, kind, default)) => Ok((*kind, default)),
        // Of an extension: any text.
        None if name.contains('.') => Ok((Kind::Text, "")),
        None => Err(SqlError::new(
            b"42704",
            format!("unrecognized configuration parameter \"{name}\""),
        )),
    }
}

pub(crate) fn level(text: &str) -> Option<IsolationLevel> {
    [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ]
    .into_iter()
    .find(|one| level_words(*one).eq_ignore_ascii_case(text))
}

pub(crate) fn level_words(level: IsolationLevel) -> &'static str {
    match level {
        IsolationLevel::ReadUncommitted => "read uncommitted",
        IsolationLevel::ReadCommitted => "read committed",
        IsolationLevel::RepeatableRead => "repeatable read",
        IsolationLevel::Serializable => "serializable",
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "on" | "true" | "yes" | "1" | "t" | "y" => Some(true),
        "off" | "false" | "no" | "0" | "f" | "n" => Some(false),
        _ => None,
    }
}

/// `100`, `100ms`, `1.5 s`: milliseconds, rounded.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let us: i64 = match unit.trim() {
        "" | "ms" => 1000,
        "us" => 1,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && part.is_empty()) || part.len() > 6 {
        return None;
    }
    let mut total = i128::from(us) * whole.parse::<i64>().ok().map_or(0, i128::from);
    if !whole.is_empty() && whole.parse::<i64>().is_err() {
        return None;
    }
    if !part.is_empty() {
        let scale = 10_i128.pow(part.len() as u32);
        total += i128::from(us) * i128::from(part.parse::<i64>().ok()?) / scale;
    }
    let ms = i64::try_from((total + 500) / 1000).ok()?;
    Some(if negative { -ms } else { ms })
}

/// As SHOW writes it: in the largest unit without a remainder.
pub(crate) fn duration_text(ms: i64) -> String {
    if ms == 0 {
        return "0".to_string();
    }
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
    ] {
        if ms % size == 0 {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

/// The value as it is kept, or 22023.
pub(crate) fn checked(name: &str, kind: Kind, value: &str) -> Result<Arc<str>, SqlError> {
    let invalid = |message: String| Err(SqlError::new(b"22023", message));
    if value.len() > MAX_VALUE {
        let message = format!("a value of a parameter has at most {MAX_VALUE} bytes in this store");
        return Err(SqlError::new(b"54000", message));
    }
    match kind {
        Kind::Boolean | Kind::Mode if name != "transaction_isolation" => match boolean(value) {
            Some(true) => Ok("on".into()),
            Some(false) => Ok("off".into()),
            None => invalid(format!("parameter \"{name}\" requires a Boolean value")),
        },
        Kind::Level | Kind::Mode => match level(value) {
            Some(level) => Ok(level_words(level).into()),
            None => {
                let message = format!("invalid value for parameter \"{name}\": \"{value}\"");
                let levels = "serializable, repeatable read, read committed, read uncommitted";
                Err(SqlError::new(b"22023", message)
                    .with_detail(format!("Available values: {levels}.")))
            }
        },
        Kind::Duration(least) => match milliseconds(value) {
            None => invalid(format!(
                "invalid value for parameter \"{name}\": \"{value}\""
            )),
            Some(ms) if ms < least || ms > i64::from(i32::MAX) => invalid(format!(
                "{ms} ms is outside the valid range for parameter \"{name}\" ({least} .. {})",
                i32::MAX
            )),
            Some(ms) => Ok(duration_text(ms).into()),
        },
        _ => Ok(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_guc_does() {
        for (text, ms, shown) in [
            ("0", 0, "0"),
            ("10", 10, "10ms"),
            ("1000", 1000, "1s"),
            ("1.5s", 1500, "1500ms"),
            ("90s", 90_000, "90s"),
            ("2 min", 120_000, "2min"),
            ("1d", 86_400_000, "1d"),
            ("1500us", 2, "2ms"),
            ("-1", -1, "-1ms"),
        ] {
            assert_eq!(milliseconds(text), Some(ms), "{text}");
            assert_eq!(duration_text(ms), shown);
        }
        for text in ["", "abc", "1 fortnight", "1.2.3s", "99999999999999999999"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
