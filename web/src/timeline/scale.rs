//! Which part of the run the timeline shows: virtual time to pixels and back, ticks, zoom. Pure arithmetic.

/// Shortest part that is shown.
const SHORTEST_US: f64 = 200.0;
/// Tick distances, in microseconds.
const STEPS: [u64; 17] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 5_000_000,
];
/// Labels are at least this far apart.
const LABEL_GAP: f64 = 96.0;

/// A part of the run on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Virtual time at the left edge.
    pub(crate) start_us: f64,
    /// Virtual time that fits.
    pub(crate) span_us: f64,
    /// Pixels from the left to the beginning of the lanes.
    pub(crate) left: f64,
    /// Pixels of the lanes.
    pub(crate) width: f64,
}

impl Scale {
    /// The pixel of a time.
    pub(crate) fn x(self, at_us: u64) -> f64 {
        self.left + (at_us as f64 - self.start_us) / self.span_us * self.width
    }

    /// The time under a pixel, not before the beginning of the run.
    pub(crate) fn time(self, x: f64) -> u64 {
        ((x - self.left) / self.width * self.span_us + self.start_us).max(0.0) as u64
    }

    /// The last time that is seen.
    pub(crate) fn end_us(self) -> f64 {
        self.start_us + self.span_us
    }

    /// Zoomed while the time under the pixel stays there.
    pub(crate) fn zoomed(self, factor: f64, x: f64, longest_us: f64) -> Self {
        let share = ((x - self.left) / self.width).clamp(0.0, 1.0);
        let held = self.start_us + share * self.span_us;
        let span_us = (self.span_us / factor).clamp(SHORTEST_US, longest_us.max(SHORTEST_US));
        Self {
            start_us: (held - share * span_us).max(0.0),
            span_us,
            ..self
        }
    }

    /// Moved so that a time that has run out at the right is seen at the left quarter again.
    pub(crate) fn following(self, at_us: u64) -> Option<Self> {
        let at = at_us as f64;
        let seen = at >= self.start_us && at <= self.start_us + self.span_us * 0.92;
        if seen {
            return None;
        }
        let start_us = (at - self.span_us * 0.12).max(0.0);
        (start_us != self.start_us).then_some(Self { start_us, ..self })
    }

    /// Distance between labelled ticks.
    pub(crate) fn step(self) -> u64 {
        let wanted = LABEL_GAP / self.width.max(1.0) * self.span_us;
        let fits = STEPS.into_iter().find(|step| *step as f64 >= wanted);
        fits.unwrap_or(STEPS[STEPS.len() - 1])
    }

    /// Times of labelled ticks that are seen.
    pub(crate) fn ticks(self) -> Vec<u64> {
        let step = self.step();
        let first = (self.start_us / step as f64).ceil() as u64;
        let last = (self.end_us() / step as f64).floor() as u64;
        (first..=last.min(first + 100))
            .map(|index| index * step)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale {
        start_us: 1000.0,
        span_us: 1000.0,
        left: 100.0,
        width: 500.0,
    };

    #[test]
    fn pixels_and_times_are_inverse() {
        assert_eq!(SCALE.x(1500), 350.0);
        assert_eq!(SCALE.time(350.0), 1500);
        assert_eq!(SCALE.time(-10_000.0), 0);
    }

    #[test]
    fn zoom_holds_the_time_under_the_pointer() {
        let closer = SCALE.zoomed(2.0, 350.0, 1e9);
        assert_eq!(closer.time(350.0), 1500);
        assert_eq!(closer.span_us, 500.0);
    }

    #[test]
    fn it_follows_only_what_left_the_screen() {
        assert_eq!(SCALE.following(1500), None);
        assert_eq!(
            SCALE.following(2100).map(|scale| scale.start_us),
            Some(1980.0)
        );
        assert_eq!(SCALE.following(0).map(|scale| scale.start_us), Some(0.0));
    }

    #[test]
    fn ticks_are_round_and_apart() {
        assert_eq!(SCALE.step(), 200);
        assert_eq!(SCALE.ticks(), [1000, 1200, 1400, 1600, 1800, 2000]);
    }
}
