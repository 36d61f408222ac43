//! Durations and delays within their limits.

use tidewire_syntax::ast;

use crate::Delay;
use crate::limits::DURATION_US;
use crate::report::Report;

/// A duration in microseconds, at most an hour.
pub(crate) fn duration(report: &mut Report, written: ast::Duration) -> u64 {
    if written.micros > DURATION_US {
        report.error(
            "limit",
            written.span,
            "a duration is over the limit of one hour",
            "write at most 3600s: time here is virtual, and runs are short",
        );
    }
    written.micros.min(DURATION_US)
}

/// A duration that may not be zero, in microseconds.
pub(crate) fn period(report: &mut Report, what: &str, written: ast::Duration) -> u64 {
    if written.micros == 0 {
        report.error(
            "limit",
            written.span,
            format!("{what} must be longer than nothing"),
            "write at least 1us",
        );
    }
    duration(report, written).max(1)
}

/// A delay in microseconds.
pub(crate) fn delay(report: &mut Report, written: &ast::Delay) -> Delay {
    match written {
        ast::Delay::Fixed(fixed) => Delay::Fixed(duration(report, *fixed)),
        ast::Delay::Exponential(mean) => Delay::Exponential(duration(report, *mean)),
        ast::Delay::Uniform(low, high) => {
            if low.micros > high.micros {
                report.error(
                    "limit",
                    low.span.to(high.span),
                    "a delay goes from the shorter to the longer time",
                    "swap the two",
                );
            }
            let (low, high) = (duration(report, *low), duration(report, *high));
            Delay::Uniform(low.min(high), high)
        }
    }
}
