//! Durations on the command line.

use std::time::Duration;

/// Parses a duration such as `90m` or `1h 30m`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "a time is a number and a unit, for example 90m or 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_unit() {
        assert_eq!(parse("90m"), Ok(Duration::from_mins(90)));
        for text in ["", "90", "x", "2 parsecs", "-1h", "99999999999999999999h"] {
            assert!(parse(text).is_err_and(|why| why.contains("90m or 2h")), "{text:?}");
        }
    }
}
