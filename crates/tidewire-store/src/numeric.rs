//! Exact decimals with PostgreSQL's scales.
//!
//! Source of the rules: PostgreSQL 15 `src/backend/utils/adt/numeric.c`. Addition keeps the larger scale,
//! multiplication adds the scales, division picks at least 16 significant digits (`select_div_scale`). We
//! hold at most 38 digits where PostgreSQL holds 131072: beyond that is 22003, in words of our own.

use std::cmp::Ordering;
use std::fmt;

use crate::SqlError;

/// Exact decimal: `digits / 10^scale`, at most 38 digits; division scale as in PostgreSQL.
///
/// Equality is of the representation: `1.0` and `1.00` differ here and are equal by [`Numeric::compare`].
// Packed, so that a value takes 24 bytes and not 48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct Numeric {
    /// All digits, without the point.
    pub digits: i128,
    /// Digits behind the point.
    pub scale: u8,
}

/// Digits that fit.
pub(crate) const MAX_DIGITS: u32 = 38;
const LIMIT: u128 = 10_u128.pow(MAX_DIGITS);
const MIN_SIGNIFICANT_DIGITS: i32 = 16;

impl From<i64> for Numeric {
    fn from(integer: i64) -> Self {
        Self {
            digits: i128::from(integer),
            scale: 0,
        }
    }
}

impl Numeric {
    /// Zero, with scale 0.
    pub const ZERO: Numeric = Numeric {
        digits: 0,
        scale: 0,
    };

    /// Checks that it fits.
    fn new(digits: i128, scale: u32) -> Result<Self, SqlError> {
        if digits.unsigned_abs() >= LIMIT || scale > MAX_DIGITS {
            return Err(overflow());
        }
        Ok(Self {
            digits,
            scale: scale as u8,
        })
    }

    /// Reads `12`, `-1.50`, `1e3`. `None` when it is not a number; an error when it has too many digits.
    pub fn parse(text: &str) -> Option<Result<Self, SqlError>> {
        let text = text.trim_ascii();
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], rest[at + 1..].parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits: u128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            digits = match digits
                .checked_mul(10)
                .and_then(|d| d.checked_add(u128::from(byte - b'0')))
            {
                Some(digits) if digits < LIMIT => digits,
                _ => return Some(Err(overflow())),
            };
        }
        let scale = i64::try_from(fraction.len()).unwrap_or(i64::MAX) - i64::from(exponent);
        let signed = if negative {
            -(digits as i128)
        } else {
            digits as i128
        };
        Some(if scale >= 0 {
            u32::try_from(scale)
                .map_err(|_| overflow())
                .and_then(|scale| Self::new(signed, scale))
        } else {
            u32::try_from(-scale)
                .ok()
                .and_then(|by| scale_up(signed, by))
                .ok_or_else(overflow)
                .and_then(|digits| Self::new(digits, 0))
        })
    }

    /// Sum; the larger scale.
    pub fn plus(self, other: Self) -> Result<Self, SqlError> {
        let (left, right, scale) = self.aligned(other)?;
        Self::new(left.checked_add(right).ok_or_else(overflow)?, scale)
    }

    /// Difference; the larger scale.
    pub fn minus(self, other: Self) -> Result<Self, SqlError> {
        self.plus(other.negate())
    }

    /// Product; the scales add up.
    pub fn multiply(self, other: Self) -> Result<Self, SqlError> {
        let digits = self.digits.checked_mul(other.digits).ok_or_else(overflow)?;
        Self::new(digits, u32::from(self.scale) + u32::from(other.scale))
    }

    /// Quotient with the scale of `select_div_scale`, rounded half away from zero. 22012 for zero.
    pub fn divide(self, other: Self) -> Result<Self, SqlError> {
        if other.digits == 0 {
            return Err(division_by_zero());
        }
        let scale = division_scale(self, other);
        let divisor = other.digits.unsigned_abs();
        let numerator = self.digits.unsigned_abs();
        let mut quotient = numerator / divisor;
        let mut remainder = numerator % divisor;
        // Digits to produce behind the integer quotient; the scale is never below either operand's.
        let extra = scale + u32::from(other.scale) - u32::from(self.scale);
        for _ in 0..extra {
            let (digit, rest) = next_digit(remainder, divisor);
            remainder = rest;
            quotient = quotient
                .checked_mul(10)
                .and_then(|q| q.checked_add(digit))
                .filter(|q| *q < LIMIT)
                .ok_or_else(overflow)?;
        }
        if remainder >= divisor - remainder {
            quotient += 1;
        }
        let negative = (self.digits < 0) != (other.digits < 0);
        let digits = i128::try_from(quotient).map_err(|_| overflow())?;
        Self::new(if negative { -digits } else { digits }, scale)
    }

    /// Remainder with the sign of the dividend. 22012 for zero.
    pub fn modulo(self, other: Self) -> Result<Self, SqlError> {
        if other.digits == 0 {
            return Err(division_by_zero());
        }
        let (left, right, scale) = self.aligned(other)?;
        Self::new(left % right, scale)
    }

    /// With the other sign.
    pub fn negate(self) -> Self {
        Self {
            digits: -self.digits,
            scale: self.scale,
        }
    }

    /// Without sign.
    pub fn abs(self) -> Self {
        Self {
            digits: self.digits.abs(),
            scale: self.scale,
        }
    }

    /// With so many digits behind the point, rounded half away from zero.
    pub fn round(self, scale: u8) -> Result<Self, SqlError> {
        if scale >= self.scale {
            let digits =
                scale_up(self.digits, u32::from(scale - self.scale)).ok_or_else(overflow)?;
            return Self::new(digits, u32::from(scale));
        }
        let unit = 10_i128.pow(u32::from(self.scale - scale));
        let (quotient, remainder) = (self.digits / unit, self.digits % unit);
        let carry = if remainder.abs() >= unit - remainder.abs() {
            remainder.signum()
        } else {
            0
        };
        Self::new(quotient + carry, u32::from(scale))
    }

    /// The largest integer not above it.
    pub fn floor(self) -> Self {
        let unit = 10_i128.pow(u32::from(self.scale));
        Self {
            digits: self.digits.div_euclid(unit),
            scale: 0,
        }
    }

    /// The smallest integer not below it.
    pub fn ceil(self) -> Self {
        self.negate().floor().negate()
    }

    /// Rounded to an integer; `None` when it does not fit 64 bits.
    pub fn to_integer(self) -> Option<i64> {
        self.round(0)
            .ok()
            .and_then(|n| i64::try_from(n.digits).ok())
    }

    /// Order of the numbers, whatever their scales.
    pub fn compare(self, other: Self) -> Ordering {
        if self.scale == other.scale {
            return { self.digits }.cmp(&{ other.digits });
        }
        let (left, right) = (self.floor().digits, other.floor().digits);
        left.cmp(&right).then_with(|| {
            let scale = self.scale.max(other.scale);
            self.fraction(scale).cmp(&other.fraction(scale))
        })
    }

    /// The part above [`Numeric::floor`], in units of `10^-scale`.
    fn fraction(self, scale: u8) -> i128 {
        let unit = 10_i128.pow(u32::from(self.scale));
        self.digits.rem_euclid(unit) * 10_i128.pow(u32::from(scale - self.scale))
    }

    /// The same number without trailing zeros behind the point: one form for equal numbers.
    pub fn normalized(self) -> Self {
        let mut number = self;
        while number.scale > 0 && number.digits % 10 == 0 {
            number.digits /= 10;
            number.scale -= 1;
        }
        number
    }

    /// Rounded and checked for a column `numeric(precision, scale)`.
    pub fn fit(self, precision: u8, scale: u8) -> Result<Self, SqlError> {
        let rounded = self.round(scale)?;
        if rounded.digits.unsigned_abs() >= 10_u128.pow(u32::from(precision).min(MAX_DIGITS)) {
            let whole = i32::from(precision) - i32::from(scale);
            let bound = if whole == 0 {
                "1".to_string()
            } else {
                format!("10^{whole}")
            };
            return Err(
                SqlError::new(b"22003", "numeric field overflow").with_detail(format!(
                    "A field with precision {precision}, scale {scale} must round to an absolute \
                     value less than {bound}."
                )),
            );
        }
        Ok(rounded)
    }

    fn aligned(self, other: Self) -> Result<(i128, i128, u32), SqlError> {
        let scale = self.scale.max(other.scale);
        let left = scale_up(self.digits, u32::from(scale - self.scale));
        let right = scale_up(other.digits, u32::from(scale - other.scale));
        left.zip(right)
            .map(|(left, right)| (left, right, u32::from(scale)))
            .ok_or_else(overflow)
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let unit = 10_u128.pow(u32::from(self.scale));
        let width = usize::from(self.scale);
        write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit)
    }
}

/// Decimal digit `10 * remainder / divisor` and what is left; `remainder < divisor < 10^38`.
fn next_digit(remainder: u128, divisor: u128) -> (u128, u128) {
    if let Some(tenfold) = remainder.checked_mul(10) {
        return (tenfold / divisor, tenfold % divisor);
    }
    let (mut digit, mut rest) = (0, 0);
    for _ in 0..10 {
        rest += remainder;
        if rest >= divisor {
            rest -= divisor;
            digit += 1;
        }
    }
    (digit, rest)
}

/// PostgreSQL's `select_div_scale`, which estimates in digits of base 10000.
fn division_scale(left: Numeric, right: Numeric) -> u32 {
    let (left_weight, left_first) = leading(left);
    let (right_weight, right_first) = leading(right);
    let mut weight = left_weight - right_weight;
    if left_first <= right_first {
        weight -= 1;
    }
    (MIN_SIGNIFICANT_DIGITS - weight * 4)
        .max(i32::from(left.scale))
        .max(i32::from(right.scale))
        .max(0) as u32
}

/// Weight and value of the first digit in base 10000; zeros for zero.
fn leading(number: Numeric) -> (i32, u128) {
    let digits = number.digits.unsigned_abs();
    if digits == 0 {
        return (0, 0);
    }
    let exponent = digits.ilog10() as i32 - i32::from(number.scale);
    let weight = exponent.div_euclid(4);
    let shift = i32::from(number.scale) + weight * 4;
    let first = if shift >= 0 {
        digits / 10_u128.pow(shift as u32)
    } else {
        digits * 10_u128.pow(shift.unsigned_abs())
    };
    (weight, first)
}

fn scale_up(digits: i128, by: u32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    10_i128
        .checked_pow(by)
        .and_then(|unit| digits.checked_mul(unit))
        .filter(|digits| digits.unsigned_abs() < LIMIT)
}

fn overflow() -> SqlError {
    SqlError::new(
        b"22003",
        "value overflows numeric format: this store keeps at most 38 digits",
    )
}

/// 22012
pub(crate) fn division_by_zero() -> SqlError {
    SqlError::new(b"22012", "division by zero")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Numeric {
        Numeric::parse(text).unwrap().unwrap()
    }

    /// Each line was answered by PostgreSQL 15.
    #[test]
    fn division_has_the_scale_of_postgresql() {
        for (left, right, expected) in [
            ("1", "3", "0.33333333333333333333"),
            ("10", "3", "3.3333333333333333"),
            ("2", "3", "0.66666666666666666667"),
            ("100000", "7", "14285.714285714286"),
            ("1.00", "3", "0.33333333333333333333"),
            ("-7", "2", "-3.5000000000000000"),
            ("0", "5", "0.00000000000000000000"),
            ("0.001", "3", "0.00033333333333333333"),
            ("12345678", "0.5", "24691356.000000000000"),
        ] {
            assert_eq!(
                number(left).divide(number(right)).unwrap().to_string(),
                expected,
                "{left} / {right}"
            );
        }
    }

    #[test]
    fn limits_are_errors_not_panics() {
        let most = number(&"9".repeat(38));
        assert_eq!(most.plus(number("1")).unwrap_err().state.as_str(), "22003");
        assert_eq!(most.multiply(most).unwrap_err().state.as_str(), "22003");
        assert_eq!(
            most.divide(number("0")).unwrap_err().state.as_str(),
            "22012"
        );
        assert!(Numeric::parse("1e400").unwrap().is_err());
        assert!(Numeric::parse("1e").is_none() && Numeric::parse(".").is_none());
    }

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(number("2.345").round(2).unwrap().to_string(), "2.35");
        assert_eq!(number("-2.345").round(2).unwrap().to_string(), "-2.35");
        assert_eq!(number("-0.5").ceil().to_string(), "0");
        assert_eq!(number("-0.5").floor().to_string(), "-1");
        assert_eq!(
            number("999.995").fit(5, 2).unwrap_err().message,
            "numeric field overflow"
        );
    }

    proptest::proptest! {
        #[test]
        fn order_is_that_of_the_difference(a in -10_i128.pow(30)..10_i128.pow(30), b in -10_i128.pow(30)..10_i128.pow(30), sa in 0_u8..8, sb in 0_u8..8) {
            let (left, right) = (Numeric { digits: a, scale: sa }, Numeric { digits: b, scale: sb });
            let difference = left.minus(right).unwrap();
            proptest::prop_assert_eq!(left.compare(right), { difference.digits }.cmp(&0));
            proptest::prop_assert_eq!(left.normalized().compare(left), Ordering::Equal);
        }

        #[test]
        fn text_round_trips(digits in proptest::prelude::any::<i64>(), scale in 0_u8..38) {
            let number = Numeric { digits: i128::from(digits), scale };
            proptest::prop_assert_eq!(Numeric::parse(&number.to_string()).unwrap().unwrap(), number);
        }
    }
}
