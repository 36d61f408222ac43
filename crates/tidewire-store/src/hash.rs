//! Our own hash over our own little-endian encoding, equal on every machine.
//!
//! `std::hash` differs between native and wasm32 (the length prefix is a `usize`), so it may serve inside
//! look-up tables only.

/// A running 128-bit hash of what a state or a trace consists of.
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
        let product = u128::from(self.low ^ word) * 0x2d35_8dcc_aa6c_78a5_u128;
        self.low = (product as u64) ^ ((product >> 64) as u64) ^ self.high;
        self.high = self
            .high
            .rotate_left(23)
            .wrapping_add(word)
            .wrapping_mul(0x8bb8_4b93_962e_acc9);
    }

    /// Takes in a length and the bytes, eight at a time.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// The hash of all that was taken in.
    pub fn finish(mut self) -> u128 {
        self.word(0x6c62_272e_07bb_0142);
        self.word(self.high);
        (u128::from(self.high) << 64) | u128::from(self.low)
    }
}

/// What can be taken into a [`StableHasher`].
pub trait StableHash {
    /// Takes every part that makes the value what it is, in a fixed order.
    fn stable_hash(&self, hasher: &mut StableHasher);
}
