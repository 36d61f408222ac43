//! Numbered choices: everything that could have gone otherwise, and the log that repeats it.

use std::fmt;
use std::str::FromStr;

use rand_core::Rng;
use rand_pcg::Pcg64;

/// What a choice is about. Choice 0 is always the canonical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChoiceKind {
    /// Which of the enabled actions goes next; 0 is the earliest.
    NextActor,
    /// Which of the waiters that may go on does; 0 is the one that waits longest.
    Waiter,
    /// Whom a deadlock costs its transaction; 0 is the waiter whose deadlock timeout expired.
    DeadlockVictim,
    /// Whether a statement that a crashed client had sent still arrives (0) or not (1).
    InFlightFromCrashed,
    /// Whether a statement on its way to a crashing store is lost (0) or acted just before (1).
    InFlightToCrashed,
    /// Which partition a record without a key goes to, counted from the one whose turn it is.
    KeylessPartition,
    /// Whether a fault with a probability strikes a message as it was drawn (0) or the other way (1).
    Strike,
}

/// Choices taken, in order; what is missing at the end is 0.
///
/// As text: values with dots between them, `value:count` for a run of equal ones, `-` for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChoiceLog {
    taken: Vec<u32>,
}

/// Longest log that is read: five choices for every event of the default limit.
pub const MAX_CHOICES: usize = 1_000_000;

impl ChoiceLog {
    /// A log of these choices; zeros at the end are cut.
    pub fn new(mut taken: Vec<u32>) -> Self {
        while taken.last() == Some(&0) {
            taken.pop();
        }
        Self { taken }
    }

    /// The choices, without the zeros at the end.
    pub fn choices(&self) -> &[u32] {
        &self.taken
    }
}

impl fmt::Display for ChoiceLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.taken.is_empty() {
            return f.write_str("-");
        }
        let mut rest = self.taken.as_slice();
        let mut separator = "";
        while let Some(value) = rest.first() {
            let count = rest.iter().take_while(|other| *other == value).count();
            write!(f, "{separator}{value}")?;
            if count > 1 {
                write!(f, ":{count}")?;
            }
            separator = ".";
            rest = &rest[count..];
        }
        Ok(())
    }
}

/// Why a text is no choice log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceLogError {
    /// A part is not a number, or not two numbers with a colon.
    #[error(
        "`{part}` (part {ordinal}) is not a choice; a choice log is numbers with dots between them, `value:count` for a run, for example `0:12.3.1`"
    )]
    NotAChoice {
        /// The part, cut to 20 characters.
        part: String,
        /// Which part, from 1.
        ordinal: usize,
    },
    /// It is longer than any run could use.
    #[error("the choice log holds more than {MAX_CHOICES} choices, which no run can use")]
    TooLong,
}

impl FromStr for ChoiceLog {
    type Err = ChoiceLogError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let mut taken = Vec::new();
        if text.is_empty() || text == "-" {
            return Ok(Self::default());
        }
        for (index, part) in text.split('.').enumerate() {
            let parsed = match part.split_once(':') {
                Some((value, count)) => value.parse::<u32>().ok().zip(count.parse::<usize>().ok()),
                None => part.parse::<u32>().ok().map(|value| (value, 1)),
            };
            let Some((value, count)) = parsed else {
                return Err(ChoiceLogError::NotAChoice {
                    part: part.chars().take(20).collect(),
                    ordinal: index + 1,
                });
            };
            if count > MAX_CHOICES - taken.len() {
                return Err(ChoiceLogError::TooLong);
            }
            taken.resize(taken.len() + count, value);
        }
        Ok(Self::new(taken))
    }
}

/// Where a run's choices come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choices {
    /// Always 0: the timed run.
    #[default]
    Canonical,
    /// Drawn from this stream.
    Shuffle(u64),
    /// From a log; too large a choice is clamped, a missing one is 0.
    Replay(ChoiceLog),
}

/// Answers choices and keeps what it answered.
#[derive(Clone, Debug)]
pub struct Chooser {
    source: Source,
    taken: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Source {
    Canonical,
    Random(Pcg64),
    Replay { log: ChoiceLog, next: usize },
}

impl Chooser {
    /// A chooser at its beginning; a random one depends on the run's seed and its stream.
    pub fn new(choices: Choices, seed: u64) -> Self {
        let source = match choices {
            Choices::Canonical => Source::Canonical,
            Choices::Shuffle(stream) => {
                Source::Random(Pcg64::new(u128::from(seed), u128::from(stream)))
            }
            Choices::Replay(log) => Source::Replay { log, next: 0 },
        };
        Self {
            source,
            taken: Vec::new(),
        }
    }

    /// Whether every choice from here on is 0, so that nothing need be asked or kept.
    pub fn is_canonical(&self) -> bool {
        match &self.source {
            Source::Canonical => true,
            Source::Random(_) => false,
            Source::Replay { log, next } => *next >= log.taken.len(),
        }
    }

    /// One of `options` alternatives; a single one is no choice and leaves no trace.
    pub fn choose(&mut self, _kind: ChoiceKind, options: u32) -> u32 {
        if options <= 1 || self.is_canonical() {
            return 0;
        }
        let choice = match &mut self.source {
            Source::Canonical => 0,
            Source::Random(random) => below(random, options),
            Source::Replay { log, next } => {
                let choice = log.taken[*next];
                *next += 1;
                choice.min(options - 1)
            }
        };
        self.taken.push(choice);
        choice
    }

    /// One of two alternatives, of which a random source takes the second in so many of a million cases only.
    pub fn choose_rarely(&mut self, kind: ChoiceKind, per_million: u32) -> u32 {
        if let (false, Source::Random(random)) = (self.is_canonical(), &mut self.source) {
            let choice = u32::from(below(random, 1_000_000) < per_million);
            self.taken.push(choice);
            return choice;
        }
        self.choose(kind, 2)
    }

    /// What was chosen so far.
    pub fn log(&self) -> ChoiceLog {
        ChoiceLog::new(self.taken.clone())
    }
}

/// A number below `bound`, all equally likely (Lemire, "Fast random integer generation in an interval").
fn below(random: &mut Pcg64, bound: u32) -> u32 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u64::from(random.next_u32()) * u64::from(bound);
        if product as u32 >= threshold {
            return (product >> 32) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_and_back(taken in proptest::collection::vec(0u32..4, 0..80)) {
            let log = ChoiceLog::new(taken);
            prop_assert_eq!(log.to_string().parse::<ChoiceLog>(), Ok(log));
        }

        #[test]
        fn no_text_panics(text in "[0-9:.x-]{0,30}") {
            let _ = text.parse::<ChoiceLog>();
        }
    }

    #[test]
    fn a_log_is_replayed_clamped_and_then_zero() {
        let log = "2:2.9".parse().unwrap_or_default();
        let mut chooser = Chooser::new(Choices::Replay(log), 1);
        let taken: Vec<u32> = (0..5)
            .map(|_| chooser.choose(ChoiceKind::Waiter, 4))
            .collect();
        assert_eq!(taken, [2, 2, 3, 0, 0]);
        assert_eq!(chooser.log().to_string(), "2:2.3");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = "0:3.x.1".parse::<ChoiceLog>().err().map(|e| e.to_string());
        assert!(error.is_some_and(|text| text.starts_with("`x` (part 2) is not a choice")));
        assert_eq!(
            "0:1000001".parse::<ChoiceLog>(),
            Err(ChoiceLogError::TooLong)
        );
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |stream| {
            let mut chooser = Chooser::new(Choices::Shuffle(stream), 7);
            (0..40)
                .map(|_| chooser.choose(ChoiceKind::NextActor, 3))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
