//! Draws: pure functions of a key, a purpose and an ordinal; never a shared sequence.
//!
//! So the n-th request has the same arguments and think time in every design and under every schedule.
//! There are no floats: the exponential distribution comes from a table of logarithms in fixed point.

use tidewire_scenario::Delay;
use tidewire_store::hash::StableHasher;

/// What a draw is for; two purposes never share a value. Their numbers belong to the semantics: a new one gets a new
/// number, or every draw of another purpose would come out differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Pause before a request.
    Think = 1,
    /// Gap before a request of an open workload.
    Gap,
    /// Travel to the receiver.
    Travel,
    /// Service time at the receiver.
    Service,
    /// Travel of the answer.
    Return,
    /// `wait` in a handler.
    Wait,
    /// `pick` and `random` in a handler.
    Value,
    /// First tick of a periodic handler.
    Phase,
    /// When a store notices that a client is gone.
    Close,
    /// Whether a fault strikes a message; the way of one that is sent twice.
    Strike,
    /// Pause before a retry with jitter.
    Jitter = 32,
}

/// Network travel of one message, one way: uniform, in microseconds.
pub(crate) const HOP: Delay = Delay::Uniform(200, 800);

/// A key from parts, each of which matters.
pub(crate) fn key(parts: &[u64]) -> u64 {
    let mut hasher = StableHasher::default();
    for part in parts {
        hasher.word(*part);
    }
    hasher.finish() as u64
}

/// A key from the seed and a qualified name.
pub(crate) fn name_key(seed: u64, name: &str) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.word(seed);
    hasher.bytes(name.as_bytes());
    hasher.finish() as u64
}

/// Random words that belong to one (key, purpose, ordinal).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    base: StableHasher,
    next: u64,
}

impl Draws {
    /// The words of this key for this purpose, the `ordinal`-th time.
    pub(crate) fn new(key: u64, purpose: Purpose, ordinal: u64) -> Self {
        let mut base = StableHasher::default();
        base.word(key);
        base.word(((purpose as u64) << 56) ^ ordinal);
        Self { base, next: 0 }
    }

    fn word(&mut self) -> u64 {
        let mut hasher = self.base;
        hasher.word(self.next);
        self.next += 1;
        hasher.finish() as u64
    }

    /// A number below `bound`, all equally likely; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound <= 1 {
            return 0;
        }
        loop {
            let product = u128::from(self.word()) * u128::from(bound);
            let low = product as u64;
            // The threshold is below the bound, so the slow division is hardly ever needed.
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number between the two, both included, all equally likely.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(count) => low.saturating_add(self.below(count)),
            None => self.word(),
        }
    }

    /// A delay in microseconds.
    pub(crate) fn delay(&mut self, delay: Delay) -> u64 {
        match delay {
            Delay::Fixed(us) => us,
            Delay::Uniform(low, high) => self.between(low, high),
            Delay::Exponential(mean) => exponential(mean, self.word()),
        }
    }
}

/// Bits of the fraction in fixed point.
const FRACTION: u32 = 32;
/// ln 2 in fixed point.
const LN_2: u128 = 2_977_044_472;
/// Base-2 logarithms of 1 + i/256.
static LOG_2: [u64; 257] = logarithms();

const fn logarithms() -> [u64; 257] {
    let mut table = [0; 257];
    let mut index = 0;
    while index < 256 {
        table[index] = log_2(((256 + index) as u128) << 54);
        index += 1;
    }
    table[256] = 1 << FRACTION;
    table
}

/// log2 of a number in [1, 2) given with 62 bits of fraction: squaring shifts its digits out one by one.
const fn log_2(mut number: u128) -> u64 {
    let mut digits = 0;
    let mut bit = FRACTION;
    while bit > 0 {
        bit -= 1;
        number = (number * number) >> 62;
        if number >= 2 << 62 {
            number >>= 1;
            digits |= 1 << bit;
        }
    }
    digits
}

/// Inverse of the exponential distribution with this mean at `word / 2^64`.
fn exponential(mean: u64, word: u64) -> u64 {
    let word = word.max(1);
    let zeros = word.leading_zeros();
    let fraction = (word << zeros) << 1;
    let index = (fraction >> 56) as usize;
    let between = u128::from((fraction << 8) >> 32);
    let (low, high) = (u128::from(LOG_2[index]), u128::from(LOG_2[index + 1]));
    let mantissa = low + (((high - low) * between) >> 32);
    let minus_log_2 = (u128::from(zeros + 1) << FRACTION) - mantissa;
    let us = (u128::from(mean) * ((minus_log_2 * LN_2) >> FRACTION)) >> FRACTION;
    u64::try_from(us).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_to_nine_digits() {
        // log2(1.5) = 0.584962500721…
        assert_eq!((LOG_2[128] * 1_000_000_000) >> FRACTION, 584_962_500);
        assert!(LOG_2.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_exponential_has_its_mean_and_its_median() {
        let mean = 1_000_000;
        let count = 1 << 20;
        let step = u64::MAX / count;
        let sum: u128 = (0..count)
            .map(|index| u128::from(exponential(mean, index * step + step / 2)))
            .sum();
        let measured = (sum / u128::from(count)) as u64;
        assert!(measured.abs_diff(mean) <= mean / 1000, "{measured}");
        assert!(exponential(mean, 1 << 63).abs_diff(693_147) <= 1);
        assert!(exponential(mean, 0) > 40 * mean);
        assert_eq!(exponential(mean, u64::MAX), 0);
    }

    #[test]
    fn purposes_keep_their_numbers() {
        let numbers = [
            Purpose::Think,
            Purpose::Close,
            Purpose::Strike,
            Purpose::Jitter,
        ];
        assert_eq!(numbers.map(|purpose| purpose as u64), [1, 9, 10, 32]);
    }

    #[test]
    fn draws_stay_inside_and_reach_both_ends() {
        let drawn: Vec<u64> = (0..400)
            .map(|ordinal| Draws::new(9, Purpose::Value, ordinal).between(3, 7))
            .collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&7));
        let all = Draws::new(9, Purpose::Value, 0).between(0, u64::MAX);
        assert_ne!(all, Draws::new(9, Purpose::Think, 0).between(0, u64::MAX));
    }

    #[test]
    fn random_draws_have_the_mean_too() {
        let sum: u64 = (0..40_000)
            .map(|n| Draws::new(1, Purpose::Gap, n).delay(Delay::Exponential(1000)))
            .sum();
        assert!((sum / 40_000).abs_diff(1000) < 20, "{}", sum / 40_000);
    }
}
