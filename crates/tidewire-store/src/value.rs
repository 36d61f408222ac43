//! Values and their types.

use std::sync::Arc;

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
    Uuid(u128),
    /// `json` as written, `jsonb` normalised (keys sorted by length, then bytes)
    Json(Arc<str>),
}

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
