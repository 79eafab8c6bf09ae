//! Random points in time that come again.

use std::time::Duration;

/// Xorshift (Marsaglia 2003): points in time need no better randomness, only the same one again.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(salt: u64) -> Self {
        let seed = std::env::var("KCAWS_TEST_SEED").ok().and_then(|text| text.parse().ok());
        Self(seed.unwrap_or(20_261_124_u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    pub(crate) fn within(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).unwrap()))
    }
}
