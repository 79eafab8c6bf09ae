//! The URL of a team's file, which may contain a token.

use std::fmt;

use serde::Deserialize;
use url::Url;

use super::team;
use crate::platform::shown_url::ShownUrl;

/// The URL of a team's file. Its query may contain a token, so that it is displayed without.
///
/// One that was written by hand is spelled as it is parsed (`HTTPS://Example.com` as `https://example.com/`), so that a
/// URL is equal to itself.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(from = "String")]
pub struct TeamUrl(String);

impl From<String> for TeamUrl {
    fn from(text: String) -> Self {
        team::address(&text).map_or(Self(text), |url| Self::of(&url))
    }
}

impl TeamUrl {
    pub fn of(url: &Url) -> Self {
        Self(url.to_string())
    }

    /// Returns all of it: for a request, and for config.toml.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TeamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ShownUrl(&self.0).fmt(f)
    }
}

impl fmt::Debug for TeamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
