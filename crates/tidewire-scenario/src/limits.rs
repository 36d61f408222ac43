//! How large a scenario may be, so that no text can hang a page; each limit has its own message.

use tidewire_syntax::{Diagnostic, Span};

use crate::report::Report;

/// Nodes of one design.
pub const NODES: usize = 200;
/// Designs of one text; each of them is compiled on every change.
pub const DESIGNS: usize = 16;
/// Partitions of one topic.
pub const PARTITIONS: u32 = 256;
/// Unacknowledged messages that an instance may hold.
pub const PREFETCH: u32 = 1_000;
/// Attempts at a message.
pub const ATTEMPTS: u32 = 1_000;
/// Topics of one design.
pub const TOPICS: usize = 256;
/// Users of one client.
pub const USERS: u32 = 1_000;
/// Requests of one client.
pub const REQUESTS: u32 = 100_000;
/// Processes of one service.
pub const INSTANCES: u32 = 32;
/// Handlers that run at once in one process.
pub const WORKERS: u32 = 1_000;
/// Connections in the pool of one process.
pub const CONNECTIONS: u32 = 1_000;
/// Entries of one cache in one process.
pub const CACHE_ENTRIES: u32 = 10_000;
/// Attempts of one call after its first.
pub const RETRIES: u32 = 100;
/// Branches of one `parallel`.
pub const BRANCHES: usize = 16;
/// Rows that databases of one design begin with.
pub const SEED_ROWS: usize = 20_000;
/// Invariants of one scenario.
pub const INVARIANTS: usize = 100;
/// Answers of a lesson's question; there are at least 2.
pub const ANSWERS: usize = 4;
/// Highlights of one lesson.
pub const HIGHLIGHTS: usize = 12;
/// Characters of a lesson's question.
pub const QUESTION: usize = 240;
/// Characters of an answer.
pub const ANSWER: usize = 100;
/// Characters of a highlight's note.
pub const NOTE: usize = 160;
/// Characters of a lesson's explanation.
pub const EXPLANATION: usize = 700;
/// Faults of one design.
pub const FAULTS: usize = 100;
/// Instructions of one handler.
pub const INSTRUCTIONS: usize = 10_000;
/// The longest virtual time that can be written, in microseconds: one hour.
pub const DURATION_US: u64 = 3_600_000_000;
/// Nesting of blocks and expressions.
pub const NESTING: u32 = 256;

/// A number within `1..=most`, or an error at the place and the nearest number allowed.
pub(crate) fn within(report: &mut Report, what: &str, span: Span, number: u32, most: u32) -> u32 {
    if number == 0 {
        report.push(
            Diagnostic::error("limit", span, format!("{what} must be at least 1"))
                .hint(format!("write a number from 1 to {}", grouped(most.into()))),
        );
    } else if number > most {
        report.push(
            Diagnostic::error(
                "limit",
                span,
                format!(
                    "{what}: {} is over the limit of {}",
                    grouped(number.into()),
                    grouped(most.into())
                ),
            )
            .hint(format!("write a number from 1 to {}", grouped(most.into()))),
        );
    }
    number.clamp(1, most)
}

/// An error when a list is longer than it may be.
pub(crate) fn count(report: &mut Report, what: &str, span: Span, number: usize, most: usize) {
    if number > most {
        report.push(
            Diagnostic::error(
                "limit",
                span,
                format!(
                    "{} {what} are over the limit of {}",
                    grouped(number as u64),
                    grouped(most as u64)
                ),
            )
            .hint("split the scenario into smaller ones"),
        );
    }
}

/// Digits in groups of three: `100,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(123_456_789), "123,456,789");
    }
}
