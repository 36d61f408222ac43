//! The playhead: play, pause, speed, steps. It knows real time only as what is passed to [`Transport::advance`].

/// Shortest crossing on screen that is drawn as a movement, in milliseconds of real time.
pub const SHORTEST_CROSSING_MS: u64 = 240;
/// While nothing moves, playback is this many times faster.
const IDLE_FACTOR: f64 = 50.0;
/// With reduced motion, one event per so many milliseconds.
const REDUCED_STEP_MS: f64 = 1000.0;
/// Longest real time that one call may stand for; a tab that slept does not jump.
const LONGEST_ELAPSED_MS: f64 = 250.0;

/// Virtual time per real time that can be chosen, slowest first.
pub const SPEEDS: [f64; 13] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
];
/// Index of the speed at the beginning: 0.002, at which a message of half a millisecond is seen to move.
pub const DEFAULT_SPEED: usize = 1;

/// What the transport needs to know of a recording at the playhead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// How far the run has come.
    pub reached_us: u64,
    /// Whether the run is over, so that nothing comes behind `reached_us`.
    pub finished: bool,
    /// While nothing moves at the playhead: when something happens next.
    pub idle_until_us: Option<u64>,
    /// When the next event happens.
    pub next_event_us: Option<u64>,
}

/// Where the playhead is and how it moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// Whether it moves.
    pub playing: bool,
    /// Index in [`SPEEDS`].
    pub speed: usize,
    /// The playhead. The fraction of a microsecond is kept apart.
    pub at_us: u64,
    /// Step from event to event instead of moving.
    pub reduced_motion: bool,
    fraction: f64,
    since_step_ms: f64,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            playing: false,
            speed: DEFAULT_SPEED,
            at_us: 0,
            reduced_motion: false,
            fraction: 0.0,
            since_step_ms: 0.0,
        }
    }
}

impl Transport {
    /// Virtual time per real time.
    pub fn factor(&self) -> f64 {
        SPEEDS[self.speed.min(SPEEDS.len() - 1)]
    }

    /// `0.002×`
    pub fn speed_label(&self) -> String {
        format!("{}×", self.factor())
    }

    /// One step faster, if there is one.
    pub fn faster(&mut self) {
        self.speed = (self.speed + 1).min(SPEEDS.len() - 1);
    }

    /// One step slower, if there is one.
    pub fn slower(&mut self) {
        self.speed = self.speed.saturating_sub(1);
    }

    /// The virtual time that passes in the shortest crossing drawn as a movement.
    pub fn rest_us(&self) -> u64 {
        (SHORTEST_CROSSING_MS as f64 * 1000.0 * self.factor()) as u64
    }

    /// Moves the playhead to a time.
    pub fn seek(&mut self, at_us: u64) {
        self.at_us = at_us;
        self.fraction = 0.0;
        self.since_step_ms = 0.0;
    }

    /// Lets real time pass. The playhead never passes what the run has reached, and stops where it ended.
    pub fn advance(&mut self, elapsed_ms: f64, around: Surroundings) {
        if !self.playing || !elapsed_ms.is_finite() || elapsed_ms <= 0.0 {
            return;
        }
        if self.reduced_motion {
            self.step_by_event(elapsed_ms, around);
        } else {
            self.glide(elapsed_ms.min(LONGEST_ELAPSED_MS), around);
        }
        if around.finished && self.at_us >= around.reached_us {
            self.playing = false;
        }
    }

    fn step_by_event(&mut self, elapsed_ms: f64, around: Surroundings) {
        self.since_step_ms += elapsed_ms;
        if self.since_step_ms < REDUCED_STEP_MS {
            return;
        }
        self.since_step_ms = 0.0;
        let end = if around.finished {
            around.reached_us
        } else {
            self.at_us
        };
        self.at_us = around.next_event_us.unwrap_or(end);
    }

    fn glide(&mut self, elapsed_ms: f64, around: Surroundings) {
        let per_ms = self.factor() * 1000.0;
        let mut target = self.at_us as f64 + self.fraction;
        match around.idle_until_us {
            Some(idle_until) => {
                let fast = target + elapsed_ms * per_ms * IDLE_FACTOR;
                target = fast.min((idle_until as f64).max(target + elapsed_ms * per_ms));
            }
            None => target += elapsed_ms * per_ms,
        }
        let reached = around.reached_us.max(self.at_us);
        if target >= reached as f64 {
            self.at_us = reached;
            self.fraction = 0.0;
        } else {
            self.at_us = target as u64;
            self.fraction = target - self.at_us as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(reached_us: u64) -> Surroundings {
        Surroundings {
            reached_us,
            ..Surroundings::default()
        }
    }

    fn playing() -> Transport {
        Transport {
            playing: true,
            ..Transport::default()
        }
    }

    #[test]
    fn many_short_frames_are_one_long_one() {
        let (mut short, mut long) = (playing(), playing());
        short.speed = 0;
        long.speed = 0;
        for _ in 0..160 {
            short.advance(0.5, around(1_000_000));
        }
        long.advance(80.0, around(1_000_000));
        assert_eq!(short.at_us, 80);
        assert_eq!(long.at_us, 80);
    }

    #[test]
    fn the_playhead_waits_for_the_run_and_stops_at_its_end() {
        let mut transport = playing();
        transport.advance(100.0, around(150));
        assert_eq!((transport.at_us, transport.playing), (150, true));
        let end = Surroundings {
            finished: true,
            ..around(150)
        };
        transport.advance(16.0, end);
        assert_eq!((transport.at_us, transport.playing), (150, false));
    }

    #[test]
    fn idle_time_passes_faster_but_nothing_is_passed_over() {
        let idle = Surroundings {
            idle_until_us: Some(1_500),
            ..around(1_000_000)
        };
        let mut transport = playing();
        transport.advance(50.0, idle);
        assert_eq!(transport.at_us, 1_500);
        let mut far = playing();
        far.advance(
            50.0,
            Surroundings {
                idle_until_us: Some(900_000),
                ..around(1_000_000)
            },
        );
        assert_eq!(far.at_us, 5_000);
    }

    #[test]
    fn reduced_motion_plays_one_event_a_second() {
        let mut transport = Transport {
            reduced_motion: true,
            ..playing()
        };
        let next = Surroundings {
            next_event_us: Some(700),
            ..around(1_000)
        };
        transport.advance(999.0, next);
        assert_eq!(transport.at_us, 0);
        transport.advance(1.0, next);
        assert_eq!(transport.at_us, 700);
    }

    #[test]
    fn nonsense_from_the_clock_is_ignored() {
        let mut transport = playing();
        for elapsed in [f64::NAN, f64::INFINITY, -5.0, 0.0] {
            transport.advance(elapsed, around(1_000));
        }
        assert_eq!(transport.at_us, 0);
        transport.speed = 99;
        assert_eq!(transport.factor(), 10.0);
        transport.faster();
        assert_eq!(transport.factor(), 10.0);
    }
}
