//! How old the SCIM token is.
//!
//! A token is valid for one year, and two may exist at a time, so that one can replace the other without a pause (AWS
//! IAM Identity Center user guide, "Rotate an access token"). No API shows its age.

use chrono::{DateTime, TimeDelta, Utc};

const LIFE: TimeDelta = TimeDelta::days(365);
/// The age from which a new one should be made: there is a quarter of a year left to find time for it.
const OLD: TimeDelta = TimeDelta::days(275);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenAge {
    Young,
    /// It should be replaced.
    Old,
    Expired,
}

impl TokenAge {
    pub(crate) fn at(now: DateTime<Utc>, created_at: DateTime<Utc>) -> Self {
        match now - created_at {
            age if age >= LIFE => Self::Expired,
            age if age >= OLD => Self::Old,
            _ => Self::Young,
        }
    }
}

/// Returns when a token that was created then stops working.
pub(crate) fn expires_at(created_at: DateTime<Utc>) -> DateTime<Utc> {
    created_at + LIFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_old_for_its_last_ninety_days() {
        let created = DateTime::UNIX_EPOCH;
        for (days, age) in [
            (0, TokenAge::Young),
            (274, TokenAge::Young),
            (275, TokenAge::Old),
            (364, TokenAge::Old),
            (365, TokenAge::Expired),
        ] {
            assert_eq!(TokenAge::at(created + TimeDelta::days(days), created), age, "{days}");
        }
    }
}
