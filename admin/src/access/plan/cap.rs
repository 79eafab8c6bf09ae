//! How many assignments may be removed at once.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RemovalCap {
    Count(usize),
    /// Of what is there, and at least [`LEAST`].
    Percent(usize),
}

/// In a small company five per cent would be nothing.
const LEAST: usize = 5;

impl Default for RemovalCap {
    fn default() -> Self {
        Self::Percent(5)
    }
}

impl RemovalCap {
    /// Returns how many of `all` may be removed.
    pub(crate) fn of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (all.saturating_mul(percent) / 100).max(LEAST),
        }
    }
}

impl FromStr for RemovalCap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number nor a percentage such as 5%");
        match text.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.parse().ok().filter(|percent| *percent <= 100);
                percent.map(Self::Percent).ok_or_else(wrong)
            }
            None => text.parse().map(Self::Count).map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for RemovalCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_a_number_or_a_percentage() {
        for (text, all, most) in [("0", 1000, 0), ("12", 10, 12), ("5%", 1000, 50), ("5%", 10, 5)] {
            assert_eq!(text.parse::<RemovalCap>().expect(text).of(all), most, "{text} of {all}");
        }
        for wrong in ["", "%", "-1", "101%", "5 %", "few"] {
            assert!(wrong.parse::<RemovalCap>().is_err(), "{wrong}");
        }
    }
}
