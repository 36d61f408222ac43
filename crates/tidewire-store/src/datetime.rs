//! Days and virtual microseconds as ISO text and back; the proleptic Gregorian calendar, always UTC.

use std::fmt::Write;

use crate::SqlError;

/// Microseconds in a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// Days from 0000-03-01 to 2000-01-01.
const EPOCH_DAYS: i64 = 730_425;
/// Years that we accept, inclusive.
const YEARS: std::ops::RangeInclusive<i64> = 1..=9999;

/// Days since 2000-01-01 of a day of the calendar; `None` when there is no such day.
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || !YEARS.contains(&year) {
        return None;
    }
    // Counted in years that begin in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let count = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    i32::try_from(count - EPOCH_DAYS).ok()
}

/// Year, month and day of days since 2000-01-01.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let count = days + EPOCH_DAYS;
    let era = count.div_euclid(146_097);
    let of_era = count.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + carry, month, day)
}

/// Reads `2024-02-29`, or the day of a timestamp.
pub(crate) fn parse_date(text: &str) -> Result<i32, SqlError> {
    parse(text, "date").map(|us| us.div_euclid(DAY_US) as i32)
}

/// Reads `2024-02-29 12:30:00.5`, with `T`, `Z` or an offset if you like. Microseconds since 2000-01-01.
pub(crate) fn parse_timestamp(text: &str, with_zone: bool) -> Result<i64, SqlError> {
    parse(
        text,
        if with_zone {
            "timestamp with time zone"
        } else {
            "timestamp"
        },
    )
}

fn parse(text: &str, type_name: &str) -> Result<i64, SqlError> {
    let invalid = || {
        SqlError::new(
            b"22007",
            format!("invalid input syntax for type {type_name}: \"{text}\""),
        )
    };
    let out_of_range = || {
        SqlError::new(
            b"22008",
            format!("date/time field value out of range: \"{text}\""),
        )
    };
    let trimmed = text.trim_ascii();
    let (date, time) = match trimmed.find(['T', ' ']) {
        Some(at) => (&trimmed[..at], trimmed[at + 1..].trim_ascii()),
        None => (trimmed, ""),
    };
    let mut parts = date.split('-').map(number);
    let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid());
    };
    let day = days(year, month, day).ok_or_else(out_of_range)?;
    let within = if time.is_empty() {
        0
    } else {
        parse_time(time)
            .ok_or_else(invalid)?
            .ok_or_else(out_of_range)?
    };
    Ok(i64::from(day) * DAY_US + within)
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Microseconds of the day; the inner `None` when a field is out of range.
fn parse_time(text: &str) -> Option<Option<i64>> {
    let (clock, offset_us) = match text.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => match text.find(['+', '-']) {
            Some(at) => {
                let (hours, minutes) = text[at + 1..]
                    .split_once(':')
                    .unwrap_or((&text[at + 1..], "0"));
                let offset = (number(hours)? * 60 + number(minutes)?) * 60_000_000;
                let sign = if text[at..].starts_with('-') { -1 } else { 1 };
                (&text[..at], sign * offset)
            }
            None => (text, 0),
        },
    };
    let mut parts = clock.trim_ascii().split(':');
    let (hours, minutes) = (number(parts.next()?)?, number(parts.next()?)?);
    let (seconds, fraction) = parts
        .next()
        .unwrap_or("0")
        .split_once('.')
        .unwrap_or((clock.trim_ascii().split(':').nth(2).unwrap_or("0"), ""));
    let seconds = number(seconds)?;
    let fraction_us = if fraction.is_empty() {
        0
    } else {
        number(fraction)? * 10_i64.pow(6 - fraction.len() as u32)
    };
    if parts.next().is_some() {
        return None;
    }
    let valid =
        hours <= 24 && minutes < 60 && seconds < 60 && (hours < 24 || minutes + seconds == 0);
    Some(
        valid
            .then(|| ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction_us - offset_us),
    )
}

/// `2024-02-29`
pub(crate) fn date_text(days: i32) -> String {
    let (year, month, day) = civil(i64::from(days));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-02-29 12:30:00.5`
pub(crate) fn timestamp_text(us: i64) -> String {
    let (year, month, day) = civil(us.div_euclid(DAY_US));
    let of_day = us.rem_euclid(DAY_US);
    let seconds = of_day / 1_000_000;
    let mut text = format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let fraction = of_day % 1_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_the_year_2000() {
        assert_eq!(parse_date("2000-01-01").unwrap(), 0);
        assert_eq!(date_text(-1), "1999-12-31");
        assert_eq!(date_text(parse_date("2024-02-29").unwrap()), "2024-02-29");
        assert_eq!(
            parse_date("2023-02-29").unwrap_err().state.as_str(),
            "22008"
        );
        assert_eq!(parse_date("soon").unwrap_err().state.as_str(), "22007");
        assert_eq!(
            timestamp_text(parse_timestamp("2024-02-29 12:30:00.500+02", true).unwrap()),
            "2024-02-29 10:30:00.5"
        );
    }

    proptest::proptest! {
        #[test]
        fn days_round_trip(day in -730_000_i32..2_900_000) {
            proptest::prop_assert_eq!(parse_date(&date_text(day)).unwrap(), day);
        }
    }
}
