//! Judges how long credentials are valid, by two clocks that may both be wrong: this machine's, and the `Date` header.
//!
//! A clock is believed only if it gives the credentials a lifetime that AWS issues. If both do, the shorter one counts:
//! the worst case is an early renewal, and expired credentials are never served.
#![warn(clippy::arithmetic_side_effects, reason = "the numbers come from the network")]

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::clock::Skew;

/// The longest session of a permission set is 12 hours; the rest allows for the transfer.
const LONGEST_BY_DATE: TimeDelta = TimeDelta::minutes(12 * 60 + 5);
/// Allows for a clock that is up to a day behind.
const LONGEST_HERE: TimeDelta = TimeDelta::hours(36);

/// Why credentials cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    Expired,
    EndsTooLate,
}

/// Returns the clock skew by which the credentials' times are to be read.
pub(super) fn believed(
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
    by_date: Option<Skew>,
) -> Result<Skew, Unusable> {
    let life = |skew: Skew| expires_at.signed_duration_since(skew.there(now));
    let is_likely = |life: TimeDelta, longest| life > TimeDelta::zero() && life <= longest;
    let here = Some(Skew::NONE).filter(|skew| is_likely(life(*skew), LONGEST_HERE));
    let there = by_date.filter(|skew| is_likely(life(*skew), LONGEST_BY_DATE));
    match (here, there) {
        (Some(here), Some(there)) => Ok(if life(there) < life(here) { there } else { here }),
        (Some(only), None) | (None, Some(only)) => Ok(only),
        (None, None) if life(Skew::NONE) > TimeDelta::zero() => Err(Unusable::EndsTooLate),
        (None, None) => Err(Unusable::Expired),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers are the test's")]
mod tests {
    use super::*;

    /// Judges credentials that expire in `minutes` by this machine's clock, with a `Date` that many minutes ahead.
    fn at(minutes: i64, ahead: Option<i64>) -> Result<i64, Unusable> {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        let date = ahead.map(|ahead| Skew::of_seconds(ahead * 60));
        believed(now + TimeDelta::minutes(minutes), now, date).map(|skew| skew.seconds() / 60)
    }

    #[test]
    fn clocks_that_agree_and_a_service_without_a_date() {
        assert_eq!(at(60, Some(0)), Ok(0));
        assert_eq!(at(60, None), Ok(0));
        assert_eq!(at(12 * 60, None), Ok(0));
    }

    #[test]
    fn the_shorter_life_counts_where_both_are_likely() {
        assert_eq!(at(60 + 30, Some(30)), Ok(30), "our clock is behind");
        assert_eq!(at(60 - 30, Some(-30)), Ok(0), "our clock is ahead, or the Date is behind");
    }

    #[test]
    fn a_date_is_believed_where_our_clock_cannot_be_right() {
        assert_eq!(at(-60, Some(-120)), Ok(-120), "by ours they are over");
        assert_eq!(at(30 * 365 * 24 * 60, Some(30 * 365 * 24 * 60 - 60)), Ok(30 * 365 * 24 * 60 - 60));
    }

    #[test]
    fn a_date_that_gives_no_life_of_awss_is_not_believed() {
        assert_eq!(at(60, Some(180)), Ok(0), "it calls them over");
        assert_eq!(at(60, Some(-24 * 60)), Ok(0), "25 hours");
        assert_eq!(at(60, Some(-56 * 365 * 24 * 60)), Ok(0), "1970");
    }

    #[test]
    fn what_no_clock_gives_a_life_is_unusable() {
        assert_eq!(at(0, Some(0)), Err(Unusable::Expired));
        assert_eq!(at(-60, None), Err(Unusable::Expired));
        assert_eq!(at(-60, Some(-24 * 60)), Err(Unusable::Expired));
        assert_eq!(at(36 * 60 + 1, Some(0)), Err(Unusable::EndsTooLate));
        assert_eq!(at(8000 * 365 * 24 * 60, None), Err(Unusable::EndsTooLate));
    }
}
