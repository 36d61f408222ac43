//! Figures as people read them: clock, milliseconds, counts.

/// Virtual time as a clock: `00:01.284`.
pub(crate) fn clock(at_us: u64) -> String {
    let ms = at_us / 1000;
    format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

/// A time in milliseconds: `1 284 ms`, and with a fraction below ten: `3.2 ms`.
pub(crate) fn milliseconds(time_us: u64) -> String {
    if time_us < 10_000 && !time_us.is_multiple_of(1000) {
        return format!("{}.{} ms", time_us / 1000, time_us % 1000 / 100);
    }
    format!("{} ms", grouped(time_us / 1000))
}

/// A number with thin groups of three: `12 400`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// `1 cause`, `4 causes`
pub(crate) fn counted(number: usize, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", grouped(number as u64))
}

/// A text of at most so many characters, with an ellipsis where it was cut.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A length in canvas pixels, short: `12`, `12.5`.
pub(crate) fn px(length: f32) -> String {
    let rounded = (length * 10.0).round() / 10.0;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(clock(1_284_500), "00:01.284");
        assert_eq!(clock(61_000_000), "01:01.000");
        assert_eq!(milliseconds(3_240), "3.2 ms");
        assert_eq!(milliseconds(1_284_000), "1\u{a0}284 ms");
        assert_eq!(milliseconds(4_000), "4 ms");
    }

    #[test]
    fn counts_and_cuts() {
        assert_eq!(counted(1, "cause"), "1 cause");
        assert_eq!(counted(1200, "effect"), "1\u{a0}200 effects");
        assert_eq!(shortened("order_events", 8), "order_e…");
        assert_eq!(shortened("order", 8), "order");
    }
}
