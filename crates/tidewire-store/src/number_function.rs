//! Functions of numbers.

use crate::function::Function;
use crate::{Numeric, SqlError, Value};

/// The value of a call over numbers.
pub(crate) fn call(function: Function, arguments: &[Value]) -> Result<Value, SqlError> {
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
        (Function::Truncate, [number]) => Value::Numeric(truncated(numeric(number)?, 0)?),
        (Function::Truncate, [number, Value::Integer(scale)]) => {
            Value::Numeric(truncated(numeric(number)?, *scale)?)
        }
        (Function::Quotient, [left, right]) => {
            let (left, right) = (numeric(left)?, numeric(right)?);
            let rest = left.modulo(right)?;
            Value::Numeric(left.minus(rest)?.divide(right)?.round(0)?)
        }
        (Function::Character, [Value::Integer(code)]) => {
            let found = u32::try_from(*code).ok().filter(|code| *code > 0);
            match found.and_then(char::from_u32) {
                Some(character) => Value::text(character.to_string()),
                None => {
                    let message = format!("requested character not valid for encoding: {code}");
                    return Err(SqlError::new(b"54000", message));
                }
            }
        }
        _ => Value::Null,
    })
}

/// Cuts off the digits behind this place; a negative one counts before the point.
fn truncated(number: Numeric, scale: i64) -> Result<Numeric, SqlError> {
    let places = u8::try_from(scale.max(0))
        .unwrap_or(u8::MAX)
        .min(number.scale);
    let rounded = number.round(places)?;
    let mut cut = rounded;
    if rounded.abs().compare(number.abs()).is_gt() {
        // Rounding went away from zero: one unit back.
        let unit = Numeric {
            digits: number.digits.signum(),
            scale: places,
        };
        cut = rounded.minus(unit)?;
    }
    if scale >= 0 {
        return Ok(cut);
    }
    let Some(unit) = u32::try_from(scale.saturating_neg())
        .ok()
        .filter(|places| *places < crate::numeric::MAX_DIGITS)
        .map(|places| 10_i128.pow(places))
    else {
        return Ok(Numeric::ZERO);
    };
    Ok(Numeric {
        digits: cut.digits / unit * unit,
        scale: 0,
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
