//! A token bucket per access token: what 429 comes from.

use std::time::SystemTime;

use crate::clock;
use crate::switches::Throttle;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: SystemTime,
}

impl Bucket {
    pub(crate) fn full(throttle: Throttle, now: SystemTime) -> Self {
        Self { tokens: f64::from(throttle.burst), filled: now }
    }

    /// Takes one token; false if there is none.
    pub(crate) fn take(&mut self, throttle: Throttle, now: SystemTime) -> bool {
        let since = clock::left(self.filled, now).as_secs_f64();
        self.tokens = (self.tokens + since * throttle.per_second).min(f64::from(throttle.burst));
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let throttle = Throttle { per_second: 2.0, burst: 3 };
        let mut bucket = Bucket::full(throttle, UNIX_EPOCH);
        let taken: Vec<bool> = (0..4).map(|_| bucket.take(throttle, UNIX_EPOCH)).collect();
        assert_eq!(taken, [true, true, true, false]);
        let later = UNIX_EPOCH + Duration::from_millis(500);
        assert!(bucket.take(throttle, later));
        assert!(!bucket.take(throttle, later));
    }
}
