//! How much one run may take away.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most that one run may remove: a number, or a share of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxRemovals {
    Count(u32),
    Percent(u8),
}

/// What a percentage always allows, so that a small company can lose a person.
const AT_LEAST: usize = 5;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a number nor a percentage up to 100%")]
pub(crate) struct MaxRemovalsError(String);

impl MaxRemovals {
    /// Returns how many of `existing` may be removed.
    pub(crate) fn of(self, existing: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Self::Percent(percent) => (existing.saturating_mul(usize::from(percent)) / 100).max(AT_LEAST),
        }
    }
}

impl Default for MaxRemovals {
    fn default() -> Self {
        Self::Percent(5)
    }
}

impl FromStr for MaxRemovals {
    type Err = MaxRemovalsError;

    fn from_str(text: &str) -> Result<Self, MaxRemovalsError> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| *percent <= 100).map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| MaxRemovalsError(text.to_owned()))
    }
}

impl fmt::Display for MaxRemovals {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(form, "{count}"),
            Self::Percent(percent) => write!(form, "{percent}%"),
        }
    }
}

impl<'de> Deserialize<'de> for MaxRemovals {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WrittenLimit)
    }
}

/// Reads a number or a text. An untagged enum would not say what is wrong with others.
struct WrittenLimit;

impl Visitor<'_> for WrittenLimit {
    type Value = MaxRemovals;

    fn expecting(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str("a number or a percentage such as `5%`")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<MaxRemovals, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<MaxRemovals, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<MaxRemovals, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MaxRemovals, E> {
        text.parse().map_err(E::custom)
    }
}

impl Serialize for MaxRemovals {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_allows_a_few_and_a_number_is_exact() {
        assert_eq!(MaxRemovals::default().of(0), 5);
        assert_eq!(MaxRemovals::default().of(1000), 50);
        assert_eq!("0".parse::<MaxRemovals>().expect("a number").of(1000), 0);
        assert_eq!("100%".parse::<MaxRemovals>().expect("a share").of(7), 7);
        for text in ["", "-1", "101%", "5 %", "many"] {
            assert!(text.parse::<MaxRemovals>().is_err(), "{text}");
        }
    }
}
