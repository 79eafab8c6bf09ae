//! How much one run may take away.

use std::fmt;
use std::str::FromStr;

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
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(count) => Ok(Self::Count(count)),
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
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
