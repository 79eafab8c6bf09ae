//! The simulator's own clock: real time plus a shift that tests move, and the date formats of the wire.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime, Utc};

/// Runs with real time, shifted by as much as a test asked for.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    shift_millis: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        shift(real_now(), self.shift_millis.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.shift_millis.fetch_add(millis(by), Ordering::SeqCst);
    }

    pub(crate) fn rewind(&self, by: Duration) {
        self.shift_millis.fetch_sub(millis(by), Ordering::SeqCst);
    }
}

/// The real time, for `Date` headers that must not follow the simulator's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the real clock")]
pub(crate) fn real_now() -> SystemTime {
    SystemTime::now()
}

/// Moves `time` by a signed number of milliseconds.
pub(crate) fn shift(time: SystemTime, by_millis: i64) -> SystemTime {
    let by = Duration::from_millis(by_millis.unsigned_abs());
    if by_millis < 0 { time - by } else { time + by }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Whole seconds since 1970, as `clientIdIssuedAt` and `clientSecretExpiresAt` want them.
pub(crate) fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Without the fraction of a second: AWS issues role credentials that end on a full second.
pub(crate) fn full_second(time: SystemTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(epoch_seconds(time))
}

/// What is left of a life that ends at `end`; zero when it is over.
pub(crate) fn left(now: SystemTime, end: SystemTime) -> Duration {
    end.duration_since(now).unwrap_or(Duration::ZERO)
}

/// `Tue, 24 Nov 2026 08:00:00 GMT` (RFC 9110 section 5.6.7).
pub(crate) fn http_date(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `2026-11-24T08:00:00Z`: the form that the AWS CLI writes into its cache files.
pub fn rfc3339(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-24T08:00:00.000Z`: the form in which AWS dates SAML requests.
pub(crate) fn rfc3339_millis(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `20261124T080000Z`: the date of Signature Version 4.
pub(crate) fn basic_iso8601(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads `20261124T080000Z`.
pub(crate) fn parse_basic_iso8601(text: &str) -> Option<SystemTime> {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|naive| naive.and_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_the_wire() {
        let time = UNIX_EPOCH + Duration::from_mins(24_015_636);
        assert_eq!(http_date(time), "Sun, 30 Aug 2015 12:36:00 GMT");
        assert_eq!(rfc3339(time), "2015-08-30T12:36:00Z");
        assert_eq!(rfc3339_millis(time), "2015-08-30T12:36:00.000Z");
        assert_eq!(basic_iso8601(time), "20150830T123600Z");
        assert_eq!(parse_basic_iso8601("20150830T123600Z"), Some(time));
        assert_eq!(parse_basic_iso8601("2015-08-30T12:36:00Z"), None);
    }

    #[test]
    fn moves_both_ways() {
        let clock = Clock::default();
        clock.advance(Duration::from_hours(2));
        assert!(left(real_now(), clock.now()) > Duration::from_secs(7100));
        clock.rewind(Duration::from_hours(2));
        assert!(left(real_now(), clock.now()) < Duration::from_mins(1));
    }
}
