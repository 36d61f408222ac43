//! Names, numbers and quoted texts.

use super::{Failed, Parsed, Parser};
use crate::ast::{Delay, Duration, Text};
use crate::words::is_reserved;
use crate::{Diagnostic, Name, SyntaxKind, TextEdit};

impl Parser<'_> {
    /// Whether the next token can be an identifier.
    pub(super) fn at_name(&self) -> bool {
        match self.kind() {
            SyntaxKind::Word => !is_reserved(self.nth_text(0)),
            kind => kind == SyntaxKind::QuotedWord,
        }
    }

    /// The name of a block, a topic, an event or a command: keeps its case.
    pub(super) fn block_name(&mut self, what: &str) -> Parsed<Name> {
        self.name_as(what, false)
    }

    /// An SQL identifier: lower case unless quoted.
    pub(super) fn identifier(&mut self, what: &str) -> Parsed<Name> {
        self.name_as(what, true)
    }

    fn name_as(&mut self, what: &str, fold: bool) -> Parsed<Name> {
        if !self.at_name() {
            return self.no_name(what);
        }
        let name = self.name_here(fold);
        if name.text.is_empty() {
            return self.fail_rule("zero-length delimited identifier at or near \"\"\"\"", "");
        }
        self.bump();
        Ok(name)
    }

    /// The next token as a name, without taking it.
    pub(super) fn name_here(&self, fold: bool) -> Name {
        let text = self.nth_text(0);
        let quoted = self.at(SyntaxKind::QuotedWord);
        let text = match (quoted, fold) {
            (true, _) => unquote(text, '"'),
            (false, true) => text.to_ascii_lowercase(),
            (false, false) => text.to_string(),
        };
        Name::new(text, self.span())
    }

    fn no_name<T>(&mut self, what: &str) -> Parsed<T> {
        let reserved = self.at(SyntaxKind::Word);
        if !reserved {
            return self.fail(what);
        }
        let word = self.nth_text(0);
        let message = format!("expected {what}, found the reserved word `{word}`");
        let edit = TextEdit {
            span: self.span(),
            text: format!("\"{word}\""),
        };
        self.report(
            Diagnostic::error("syntax", self.span(), message)
                .hint(format!(
                    "SQL reserves it: as a name it is written \"{word}\""
                ))
                .fix("Put it in quotes", vec![edit]),
        );
        Err(Failed)
    }

    /// `a, b, c`
    pub(super) fn name_list(&mut self, what: &str, fold: bool) -> Parsed<Vec<Name>> {
        let mut names = vec![self.name_as(what, fold)?];
        while self.eat(SyntaxKind::Comma) {
            names.push(self.name_as(what, fold)?);
        }
        Ok(names)
    }

    /// `'text'`
    pub(super) fn text_literal(&mut self, what: &str) -> Parsed<Text> {
        if !self.at(SyntaxKind::String) {
            return self.fail(what);
        }
        let text = Text {
            value: unquote(self.nth_text(0), '\''),
            span: self.span(),
        };
        self.bump();
        Ok(text)
    }

    /// A number without point or sign.
    pub(super) fn count(&mut self, what: &str) -> Parsed<u32> {
        if !self.at(SyntaxKind::Integer) {
            return self.fail(what);
        }
        let Ok(count) = self.nth_text(0).parse() else {
            return self.number_too_large();
        };
        self.bump();
        Ok(count)
    }

    pub(super) fn number_too_large<T>(&mut self) -> Parsed<T> {
        let message = format!("the number {} is too large here", self.found());
        self.report(Diagnostic::error("syntax", self.span(), message));
        Err(Failed)
    }

    /// `50ms`
    pub(super) fn duration(&mut self) -> Parsed<Duration> {
        let span = self.span();
        if !self.at(SyntaxKind::Duration) {
            if self.at(SyntaxKind::Integer) {
                let number = self.nth_text(0);
                let edit = TextEdit {
                    span,
                    text: format!("{number}ms"),
                };
                let message = format!("the duration {number} needs a unit");
                self.report(
                    Diagnostic::error("syntax", span, message)
                        .hint("units are us, ms, s, m and h: `50ms`")
                        .fix(format!("Change to `{number}ms`"), vec![edit]),
                );
                return Err(Failed);
            }
            return self.fail("a duration such as `50ms`");
        }
        let Some(micros) = micros(self.nth_text(0)) else {
            return self.number_too_large();
        };
        self.bump();
        Ok(Duration { micros, span })
    }

    /// `50ms`, `50ms to 200ms`, `exponential 50ms`
    pub(super) fn delay(&mut self) -> Parsed<Delay> {
        if self.eat_word("exponential") {
            return Ok(Delay::Exponential(self.duration()?));
        }
        let low = self.duration()?;
        if !self.eat_word("to") {
            return Ok(Delay::Fixed(low));
        }
        let high = self.duration()?;
        if high.micros < low.micros {
            let span = low.span.to(high.span);
            let edits = vec![TextEdit {
                span,
                text: format!(
                    "{} to {}",
                    high.span.text(self.text),
                    low.span.text(self.text)
                ),
            }];
            self.report(
                Diagnostic::error("syntax", span, "this range ends before it begins")
                    .fix("Swap the two", edits),
            );
            return Ok(Delay::Uniform(high, low));
        }
        Ok(Delay::Uniform(low, high))
    }
}

/// What stands between quotes, doubled ones made single. The closing quote may be missing.
pub(crate) fn unquote(text: &str, quote: char) -> String {
    let inner = text.strip_prefix(quote).unwrap_or(text);
    let doubled = [quote, quote].iter().collect::<String>();
    // An odd number of quotes at the end closes the text; an even one belongs to it.
    let closing = inner.len() - inner.trim_end_matches(quote).len();
    let inner = if closing % 2 == 1 {
        &inner[..inner.len() - 1]
    } else {
        inner
    };
    inner.replace(&doubled, &quote.to_string())
}

/// The microseconds of a duration token; `None` when it is beyond a thousand years or finer than 1 µs.
pub(super) fn micros(text: &str) -> Option<u64> {
    const LIMIT: u64 = 1_000 * 365 * 24 * 3_600_000_000;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        _ => return None,
    };
    scaled(digits, unit).filter(|micros| *micros <= LIMIT)
}

/// A decimal number times a unit, exactly; digits beyond the resolution are cut.
pub(super) fn scaled(digits: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = match whole {
        "" => 0,
        whole => whole.parse::<u64>().ok()?.checked_mul(unit)?,
    };
    let (mut part, mut share) = (u128::from(unit), 0_u128);
    let mut divisor = 1_u128;
    for digit in fraction.bytes().take(15) {
        divisor *= 10;
        share = share * 10 + u128::from(digit.checked_sub(b'0').filter(|one| *one < 10)?);
    }
    part = part * share / divisor;
    value = value.checked_add(u64::try_from(part).ok()?)?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_undone() {
        assert_eq!(unquote("'it''s'", '\''), "it's");
        assert_eq!(unquote("'it''", '\''), "it'");
        assert_eq!(unquote("''", '\''), "");
        assert_eq!(unquote("''''", '\''), "'");
        assert_eq!(unquote("'", '\''), "");
        assert_eq!(unquote("\"a\"\"b\"", '"'), "a\"b");
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(micros("50ms"), Some(50_000));
        assert_eq!(micros("1.5s"), Some(1_500_000));
        assert_eq!(micros("0.0000015s"), Some(1));
        assert_eq!(micros("2m"), Some(120_000_000));
        assert_eq!(micros("99999999999999999999s"), None);
        assert_eq!(micros("99999999h"), None);
    }
}
