//! Values and their types: text form, total order, hash. How one becomes another is in `cast`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use tidewire_syntax::ast::sql::TypeKind;

use crate::datetime;
use crate::hash::{StableHash, StableHasher};

/// One value of a column, a parameter or an expression.
///
/// Integers of all widths are kept in 64 bits; a column checks its own range (22003). Text compares by
/// bytes, as PostgreSQL does with the C collation. There are no floats.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Value {
    /// Unknown or absent.
    #[default]
    Null,
    /// `boolean`
    Boolean(bool),
    /// `smallint`, `integer`, `bigint`
    Integer(i64),
    /// `numeric`
    Numeric(crate::Numeric),
    /// `text`, `varchar`
    Text(Arc<str>),
    /// `date`: days since 2000-01-01
    Date(i32),
    /// `timestamp`, `timestamptz`: virtual microseconds since the start of the run, at 2000-01-01 00:00
    Timestamp(i64),
    /// `uuid`
    Uuid(Uuid),
    /// `json` as written, `jsonb` normalised (keys sorted by length, then bytes)
    Json(Arc<str>),
}

/// 128 bits, the first ones highest.
// Packed, so that a value takes 24 bytes and not 48.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C, packed(4))]
pub struct Uuid(pub u128);

/// The type of a column, parameter or expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 16 bits
    SmallInt,
    /// 32 bits
    Integer,
    /// 64 bits
    BigInt,
    /// Precision and scale in digits, if declared
    Numeric(Option<(u8, u8)>),
    /// Any length
    Text,
    /// At most so many characters
    VarChar(Option<u32>),
    /// So many characters; kept without the blanks behind, which do not count and are there again when it is shown
    Char(Option<u32>),
    /// True or false
    Boolean,
    /// A day
    Date,
    /// Without time zone
    Timestamp,
    /// With time zone (always UTC here)
    TimestampTz,
    /// 128 bits
    Uuid,
    /// Kept as written
    Json,
    /// Normalised
    Jsonb,
}

/// A row of a result or a table, shared between versions, snapshots and forks.
pub type Row = Arc<[Value]>;

/// A count or place as an index: a negative one is 0, and one that does not fit into 32 bits, as on Wasm, is behind
/// everything there is.
pub(crate) fn clamped(count: i64) -> usize {
    usize::try_from(count.max(0)).unwrap_or(usize::MAX)
}

/// What a row without a value at some slot has there.
pub(crate) static NULL: Value = Value::Null;

impl Value {
    /// Text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Text(text.into())
    }

    /// Is it null?
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Order of two values of one type, null above all, as an index has it. Values of different kinds, which
    /// no typed expression compares, are ordered by kind so that this is a total order.
    pub fn total_order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Value::Numeric(a), Value::Numeric(b)) => a.compare(*b),
            (Value::Integer(a), Value::Numeric(b)) => crate::Numeric::from(*a).compare(*b),
            (Value::Numeric(a), Value::Integer(b)) => a.compare(crate::Numeric::from(*b)),
            (Value::Text(a), Value::Text(b)) | (Value::Json(a), Value::Json(b)) => {
                a.as_bytes().cmp(b.as_bytes())
            }
            (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
            (Value::Date(a), Value::Timestamp(b)) => {
                i64::from(*a).saturating_mul(datetime::DAY_US).cmp(b)
            }
            (Value::Timestamp(a), Value::Date(b)) => {
                a.cmp(&i64::from(*b).saturating_mul(datetime::DAY_US))
            }
            (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            _ => self.kind().cmp(&other.kind()),
        }
    }

    /// Rank among kinds; null last, integers next to numerics.
    fn kind(&self) -> u8 {
        match self {
            Value::Boolean(_) => 1,
            Value::Integer(_) => 2,
            Value::Numeric(_) => 3,
            Value::Text(_) => 4,
            Value::Date(_) => 5,
            Value::Timestamp(_) => 6,
            Value::Uuid(_) => 7,
            Value::Json(_) => 8,
            Value::Null => 9,
        }
    }

    /// The value in a form in which values that SQL calls equal are equal bit by bit, across types too.
    pub(crate) fn key_form(&self) -> Value {
        match self {
            Value::Numeric(number) => {
                let number = number.normalized();
                match i64::try_from(number.digits) {
                    Ok(whole) if number.scale == 0 => Value::Integer(whole),
                    _ => Value::Numeric(number),
                }
            }
            Value::Date(days) => {
                Value::Timestamp(i64::from(*days).saturating_mul(datetime::DAY_US))
            }
            other => other.clone(),
        }
    }

    /// The text that a client gets for a value of this type; `None` for null. Booleans are `t` and `f`.
    pub fn render(&self, data_type: Type) -> Option<String> {
        Some(match self {
            Value::Null => return None,
            Value::Boolean(true) => "t".to_string(),
            Value::Boolean(false) => "f".to_string(),
            Value::Text(text) if let Type::Char(Some(length)) = data_type => {
                format!("{text:length$}", length = length as usize)
            }
            Value::Timestamp(us) if data_type == Type::TimestampTz => {
                format!("{}+00", datetime::timestamp_text(*us))
            }
            other => other.to_string(),
        })
    }
}

/// As a cast to text prints it; null prints as `NULL`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Numeric(value) => write!(f, "{value}"),
            Value::Text(value) | Value::Json(value) => f.write_str(value),
            Value::Date(days) => f.write_str(&datetime::date_text(*days)),
            Value::Timestamp(us) => f.write_str(&datetime::timestamp_text(*us)),
            Value::Uuid(uuid) => {
                let bits = uuid.0;
                write!(
                    f,
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    bits >> 96,
                    (bits >> 80) & 0xffff,
                    (bits >> 64) & 0xffff,
                    (bits >> 48) & 0xffff,
                    bits & 0xffff_ffff_ffff
                )
            }
        }
    }
}

impl StableHash for Value {
    #[inline]
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.word(u64::from(self.kind()));
        match self {
            Value::Null => {}
            Value::Boolean(value) => hasher.word(u64::from(*value)),
            Value::Integer(value) => hasher.word(*value as u64),
            Value::Numeric(value) => {
                hasher.word(value.digits as u64);
                hasher.word((value.digits >> 64) as u64);
                hasher.word(u64::from(value.scale));
            }
            Value::Text(text) | Value::Json(text) => hasher.bytes(text.as_bytes()),
            Value::Date(days) => hasher.word(*days as u64),
            Value::Timestamp(us) => hasher.word(*us as u64),
            Value::Uuid(uuid) => {
                let bits = uuid.0;
                hasher.word(bits as u64);
                hasher.word((bits >> 64) as u64);
            }
        }
    }
}

impl StableHash for [Value] {
    #[inline]
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.word(self.len() as u64);
        for value in self {
            value.stable_hash(hasher);
        }
    }
}

impl Type {
    /// The way back from [`Type::of`], for a cast that is not in the text.
    pub fn written(self) -> TypeKind {
        match self {
            Type::SmallInt => TypeKind::SmallInt,
            Type::Integer => TypeKind::Integer,
            Type::BigInt => TypeKind::BigInt,
            Type::Numeric(digits) => TypeKind::Numeric(digits),
            Type::Text => TypeKind::Text,
            Type::VarChar(length) => TypeKind::VarChar(length),
            Type::Char(length) => TypeKind::Char(length),
            Type::Boolean => TypeKind::Boolean,
            Type::Date => TypeKind::Date,
            Type::Timestamp => TypeKind::Timestamp,
            Type::TimestampTz => TypeKind::TimestampTz,
            Type::Uuid => TypeKind::Uuid,
            Type::Json => TypeKind::Json,
            Type::Jsonb => TypeKind::Jsonb,
        }
    }

    /// Reads a type of the language; `serial` is an integer here.
    pub fn of(kind: TypeKind) -> Type {
        match kind {
            TypeKind::SmallInt => Type::SmallInt,
            TypeKind::Integer | TypeKind::Serial => Type::Integer,
            TypeKind::BigInt | TypeKind::BigSerial => Type::BigInt,
            TypeKind::Numeric(digits) => Type::Numeric(digits),
            TypeKind::Text => Type::Text,
            TypeKind::VarChar(length) => Type::VarChar(length),
            TypeKind::Char(length) => Type::Char(length),
            TypeKind::Boolean => Type::Boolean,
            TypeKind::Date => Type::Date,
            TypeKind::Timestamp => Type::Timestamp,
            TypeKind::TimestampTz => Type::TimestampTz,
            TypeKind::Uuid => Type::Uuid,
            TypeKind::Json => Type::Json,
            TypeKind::Jsonb => Type::Jsonb,
        }
    }

    /// smallint, integer, bigint, numeric
    pub fn is_number(self) -> bool {
        self.is_integer() || matches!(self, Type::Numeric(_))
    }

    /// smallint, integer, bigint
    pub fn is_integer(self) -> bool {
        matches!(self, Type::SmallInt | Type::Integer | Type::BigInt)
    }

    /// text, varchar, char
    pub fn is_text(self) -> bool {
        matches!(self, Type::Text | Type::VarChar(_) | Type::Char(_))
    }

    /// date, timestamp, timestamptz
    pub fn is_time(self) -> bool {
        matches!(self, Type::Date | Type::Timestamp | Type::TimestampTz)
    }

    /// The type without length, precision and scale.
    pub fn base(self) -> Type {
        match self {
            Type::Numeric(_) => Type::Numeric(None),
            Type::VarChar(_) => Type::VarChar(None),
            Type::Char(_) => Type::Char(None),
            other => other,
        }
    }
}

/// PostgreSQL's `format_type` without length, precision and scale, as its messages have it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::SmallInt => "smallint",
            Type::Integer => "integer",
            Type::BigInt => "bigint",
            Type::Numeric(_) => "numeric",
            Type::Text => "text",
            Type::VarChar(_) => "character varying",
            Type::Char(_) => "character",
            Type::Boolean => "boolean",
            Type::Date => "date",
            Type::Timestamp => "timestamp without time zone",
            Type::TimestampTz => "timestamp with time zone",
            Type::Uuid => "uuid",
            Type::Json => "json",
            Type::Jsonb => "jsonb",
        })
    }
}
