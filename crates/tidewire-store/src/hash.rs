//! Our own hash over our own little-endian encoding, equal on every machine.
//!
//! `std::hash` differs between native and wasm32 (the length prefix is a `usize`), so it may serve inside
//! look-up tables only.

/// A running 128-bit hash of what a state or a trace consists of.
///
/// Two unlike lanes of 64 bits, each of which loses nothing of its state for any word that it takes in, so inputs
/// collide only where both lanes do. No product is wider than 64 bits: Wasm would call a function for it, and
/// hashing after every event is what a search does most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StableHasher {
    low: u64,
    high: u64,
}

impl Default for StableHasher {
    fn default() -> Self {
        Self {
            low: 0x9e37_79b9_7f4a_7c15,
            high: 0xc2b2_ae3d_27d4_eb4f,
        }
    }
}

impl StableHasher {
    /// Takes in one 64-bit word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        let low = (self.low ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.low = low ^ (low >> 32);
        self.high = self
            .high
            .rotate_left(23)
            .wrapping_add(word)
            .wrapping_mul(0x8bb8_4b93_962e_acc9);
    }

    /// Takes in a length and the bytes, eight at a time.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (whole, rest) = bytes.as_chunks::<8>();
        for chunk in whole {
            self.word(u64::from_le_bytes(*chunk));
        }
        if !rest.is_empty() {
            let backwards = rest.iter().rev();
            self.word(backwards.fold(0, |word, byte| (word << 8) | u64::from(*byte)));
        }
    }

    /// The hash of all that was taken in. Every bit of it depends on both lanes, so hashes may be added up.
    #[inline]
    pub fn finish(self) -> u128 {
        let low = avalanche(self.low ^ self.high.rotate_left(32));
        let high = avalanche(self.high.wrapping_add(low));
        (u128::from(high) << 64) | u128::from(low)
    }
}

/// The finalizer of MurmurHash3: each bit of the input turns over about half of the output's.
#[inline]
fn avalanche(mut word: u64) -> u64 {
    word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

/// What can be taken into a [`StableHasher`].
pub trait StableHash {
    /// Takes every part that makes the value what it is, in a fixed order.
    fn stable_hash(&self, hasher: &mut StableHasher);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(words: &[u64]) -> u128 {
        let mut hasher = StableHasher::default();
        words.iter().for_each(|word| hasher.word(*word));
        hasher.finish()
    }

    fn of_bytes(bytes: &[u8]) -> u128 {
        let mut hasher = StableHasher::default();
        hasher.bytes(bytes);
        hasher.finish()
    }

    #[test]
    fn lengths_and_zeros_count() {
        let mut hashes: Vec<u128> = (0..20).map(|length| of_bytes(&vec![0; length])).collect();
        hashes.extend((0..20).map(|length| of(&vec![0; length])));
        hashes.sort_unstable();
        hashes.dedup();
        // No bytes are one word, the length 0.
        assert_eq!(hashes.len(), 39);
    }

    #[test]
    fn small_numbers_in_two_places_never_collide_in_either_half() {
        let pairs = || (0..300_u64).flat_map(|one| (0..300).map(move |other| of(&[one, other])));
        for half in [|hash: u128| hash as u64, |hash| (hash >> 64) as u64] {
            let mut hashes: Vec<u64> = pairs().map(half).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), 90_000);
        }
    }

    proptest! {
        #[test]
        fn one_bit_turns_over_about_half_of_each_half(
            words in prop::collection::vec(any::<u64>(), 1..6),
            at in any::<prop::sample::Index>(),
            bit in 0..64_u32,
        ) {
            let mut other = words.clone();
            other[at.index(words.len())] ^= 1 << bit;
            let turned = of(&words) ^ of(&other);
            for half in [turned as u64, (turned >> 64) as u64] {
                prop_assert!((8..=56).contains(&half.count_ones()), "{half:064b}");
            }
        }

        #[test]
        fn bytes_are_their_length_and_little_endian_words(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut words = vec![bytes.len() as u64];
            for chunk in bytes.chunks(8) {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                words.push(u64::from_le_bytes(word));
            }
            prop_assert_eq!(of_bytes(&bytes), of(&words));
        }
    }
}
