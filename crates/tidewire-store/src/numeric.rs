//! Exact decimals with PostgreSQL's scales (`src/backend/utils/adt/numeric.c`).

/// Exact decimal: `digits / 10^scale`, at most 38 digits; division scale as in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeric {
    /// All digits, without the point.
    pub digits: i128,
    /// Digits behind the point.
    pub scale: u8,
}
