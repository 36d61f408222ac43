//! How a figure is taken: the median of several repetitions after one that does not count.

use crate::figure::{Figure, Goal};

/// Repetitions that count; odd, so that the median is one of them.
const REPETITIONS: usize = 7;
/// A repetition lasts about so long: far above the step of a browser's clock, which is 0.1 ms.
const REPETITION_S: f64 = 0.06;

/// Measures with somebody's clock and hands on every figure as soon as it is taken.
pub struct Meter<'a> {
    place: &'static str,
    /// Seconds since some fixed moment.
    clock: &'a dyn Fn() -> f64,
    report: &'a mut dyn FnMut(Figure),
}

impl<'a> Meter<'a> {
    /// A meter for a place ("native", "wasm") with its clock, in seconds.
    pub fn new(
        place: &'static str,
        clock: &'a dyn Fn() -> f64,
        report: &'a mut dyn FnMut(Figure),
    ) -> Self {
        Self {
            place,
            clock,
            report,
        }
    }

    /// Whether this is the native program and no browser.
    pub(crate) fn is_native(&self) -> bool {
        self.place == "native"
    }

    /// Reports a figure.
    pub(crate) fn report(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: Option<Goal>,
    ) {
        (self.report)(Figure {
            name: name.into(),
            place: self.place,
            value,
            unit,
            goal,
        });
    }

    /// The time that the work takes, in seconds, and what it gives.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> (f64, T) {
        let start = (self.clock)();
        let result = std::hint::black_box(work());
        ((self.clock)() - start, result)
    }

    /// Median of what the sample gives, after one that does not count.
    pub(crate) fn median(&self, mut sample: impl FnMut(&Self) -> f64) -> f64 {
        sample(self);
        let mut values: Vec<f64> = (0..REPETITIONS).map(|_| sample(self)).collect();
        values.sort_by(f64::total_cmp);
        values[REPETITIONS / 2]
    }

    /// Nanoseconds that one call takes, in the middle of many.
    pub(crate) fn nanoseconds(&self, mut call: impl FnMut()) -> f64 {
        let mut calls = 1_u32;
        let mut many = |calls: u32| self.time(|| (0..calls).for_each(|_| call())).0;
        while many(calls) < REPETITION_S / 4.0 && calls < 1 << 28 {
            calls *= 2;
        }
        self.median(|_| many(4 * calls) * 1e9 / f64::from(4 * calls))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_first_repetition_and_the_outliers_do_not_count() {
        let clock = || 0.0;
        let mut report = |_: Figure| {};
        let meter = Meter::new("test", &clock, &mut report);
        let mut samples = [1000.0, 3.0, 2.0, 99.0, 1.0, 2.0, 2.0, 98.0].into_iter();
        assert_eq!(meter.median(|_| samples.next().unwrap()), 2.0);
    }

    #[test]
    fn a_call_is_measured_by_the_clock_that_was_given() {
        let now = Cell::new(0.0);
        let clock = || now.get();
        let mut report = |_: Figure| {};
        let meter = Meter::new("test", &clock, &mut report);
        let each = meter.nanoseconds(|| now.set(now.get() + 1e-6));
        assert!((each - 1000.0).abs() < 1e-3, "{each}");
    }
}
