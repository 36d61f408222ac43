//! Parts of days and times: `extract`, `date_trunc` (`timestamp.c`). Times are UTC.

use crate::datetime::{DAY_US, civil, days};
use crate::function::Function;
use crate::{Numeric, SqlError, Value};

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3600 * SECOND_US;
const MINUTE_US: i64 = 60 * SECOND_US;
/// Seconds from 1970 to 2000.
const UNIX_EPOCH_S: i64 = 946_684_800;

/// The value of a call over a field and a day or a time.
pub(crate) fn call(function: Function, field: &str, of: &Value) -> Result<Value, SqlError> {
    let field = field.to_ascii_lowercase();
    let (us, is_date) = match of {
        Value::Date(day) => (i64::from(*day).saturating_mul(DAY_US), true),
        Value::Timestamp(us) => (*us, false),
        _ => return Ok(Value::Null),
    };
    match function {
        Function::Extract => extract(&field, us, is_date),
        _ => truncate(&field, us),
    }
}

fn unknown(field: &str, is_date: bool) -> SqlError {
    let of = if is_date {
        "date"
    } else {
        "timestamp without time zone"
    };
    SqlError::new(
        b"22023",
        format!("unit \"{field}\" not recognized for type {of}"),
    )
}

fn extract(field: &str, us: i64, is_date: bool) -> Result<Value, SqlError> {
    let day = us.div_euclid(DAY_US);
    let of_day = us.rem_euclid(DAY_US);
    let (year, month, of_month) = civil(day);
    let first = |year: i64| i64::from(days(year, 1, 1).unwrap_or(0));
    // 2000-01-01 was a Saturday.
    let weekday = (day + 6).rem_euclid(7);
    let whole = |number: i64| Ok(Value::Numeric(Numeric::from(number)));
    let scaled = |digits: i64, scale| {
        Ok(Value::Numeric(Numeric {
            digits: i128::from(digits),
            scale,
        }))
    };
    let within = of_day % MINUTE_US;
    match field {
        "year" | "years" => whole(year),
        "month" | "months" => whole(month),
        "day" | "days" => whole(of_month),
        "decade" => whole(year.div_euclid(10)),
        "century" => whole((year + 99).div_euclid(100)),
        "millennium" => whole((year + 999).div_euclid(1000)),
        "quarter" => whole((month - 1) / 3 + 1),
        "dow" => whole(weekday),
        "isodow" => whole(if weekday == 0 { 7 } else { weekday }),
        "doy" => whole(day - first(year) + 1),
        "week" => whole(iso_week(day).1),
        "isoyear" => whole(iso_week(day).0),
        "epoch" if is_date => whole(day * 86_400 + UNIX_EPOCH_S),
        "epoch" => scaled(us.saturating_add(UNIX_EPOCH_S * SECOND_US), 6),
        "hour" | "hours" | "minute" | "minutes" | "second" | "seconds" | "milliseconds"
        | "microseconds"
            if is_date =>
        {
            let message = format!("unit \"{field}\" not supported for type date");
            Err(SqlError::new(b"0A000", message))
        }
        _ if is_date => Err(unknown(field, true)),
        "hour" | "hours" => whole(of_day / HOUR_US),
        "minute" | "minutes" => whole(of_day % HOUR_US / MINUTE_US),
        "second" | "seconds" => scaled(within, 6),
        "milliseconds" => scaled(within, 3),
        "microseconds" => whole(within),
        _ => Err(unknown(field, false)),
    }
}

/// Year and number of the week of a day, as ISO 8601 counts: the first has the first Thursday.
fn iso_week(day: i64) -> (i64, i64) {
    // Monday is 0.
    let weekday = (day + 5).rem_euclid(7);
    let thursday = day - weekday + 3;
    let (year, ..) = civil(thursday);
    let first = i64::from(days(year, 1, 1).unwrap_or(0));
    (year, (thursday - first) / 7 + 1)
}

fn truncate(field: &str, us: i64) -> Result<Value, SqlError> {
    let day = us.div_euclid(DAY_US);
    let (year, month, _) = civil(day);
    let begins = |year, month| {
        days(year, month, 1)
            .map(|day| i64::from(day) * DAY_US)
            .ok_or_else(|| SqlError::new(b"22008", "timestamp out of range"))
    };
    let to = |unit: i64| us - us.rem_euclid(unit);
    Ok(Value::Timestamp(match field {
        "microseconds" => us,
        "milliseconds" => to(1000),
        "second" => to(SECOND_US),
        "minute" => to(MINUTE_US),
        "hour" => to(HOUR_US),
        "day" => to(DAY_US),
        "week" => (day - (day + 5).rem_euclid(7)) * DAY_US,
        "month" => begins(year, month)?,
        "quarter" => begins(year, (month - 1) / 3 * 3 + 1)?,
        "year" => begins(year, 1)?,
        "decade" => begins(year.div_euclid(10) * 10, 1)?,
        "century" => begins((year - 1).div_euclid(100) * 100 + 1, 1)?,
        _ => {
            let message =
                format!("unit \"{field}\" not recognized for type timestamp without time zone");
            return Err(SqlError::new(b"22023", message));
        }
    }))
}
