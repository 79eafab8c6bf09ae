//! The server that a client talks to, and the token that was issued by it.

use kcaws::secret::Secret;
use url::{Host, Url};

/// Scheme, host and port of a REST API, and the path below which it is.
///
/// Plain http is for loopback only: a token must not cross a network in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestOrigin {
    origin: String,
    path: String,
    is_https: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RestUrlError {
    #[error("not a URL: {0}")]
    NotAUrl(String),
    #[error("neither https nor http")]
    Scheme,
    #[error("plain http is for this machine only (localhost, 127.0.0.1, [::1])")]
    PlainHttp,
    #[error("a URL must not contain a user name or password")]
    Credentials,
    #[error("a URL must not contain a query or fragment")]
    Query,
}

impl RestOrigin {
    /// Returns the server that a URL names.
    pub(crate) fn parse(text: &str) -> Result<Self, RestUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| RestUrlError::NotAUrl(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RestUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(RestUrlError::Query);
        }
        let is_https = match url.scheme() {
            "https" => true,
            "http" if is_loopback(&url) => false,
            "http" => return Err(RestUrlError::PlainHttp),
            _ => return Err(RestUrlError::Scheme),
        };
        let origin = url.origin().ascii_serialization();
        Ok(Self { origin, path: url.path().trim_end_matches('/').to_owned(), is_https })
    }

    /// Returns scheme, host and port, without a slash at the end.
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.origin
    }

    /// Returns the URL as a user writes it, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Returns host and port, as errors name them.
    pub(crate) fn host(&self) -> &str {
        self.origin.split_once("://").map_or(self.origin.as_str(), |(_, host)| host)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Returns the complete URL of a path below this one's.
    pub(super) fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A bearer token, and the one origin that it is sent to.
#[derive(Clone)]
pub(crate) struct BearerToken {
    origin: String,
    token: Secret<String>,
}

impl BearerToken {
    pub(crate) fn new(origin: &RestOrigin, token: Secret<String>) -> Self {
        Self { origin: origin.origin.clone(), token }
    }

    /// Returns the value of the `Authorization` header; `None` for any other origin.
    pub(super) fn header_for(&self, origin: &RestOrigin) -> Option<Secret<String>> {
        let header = || Secret::new(format!("Bearer {}", self.token.expose()));
        (self.origin == origin.origin).then(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_over_https_or_to_this_machine() {
        for (text, origin, is_https) in [
            ("https://sso.example.com", "https://sso.example.com", true),
            ("https://SSO.example.com:443/auth/", "https://sso.example.com", true),
            ("http://localhost:8080", "http://localhost:8080", false),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", false),
            ("http://[::1]:8080", "http://[::1]:8080", false),
            ("http://idp.localhost", "http://idp.localhost", false),
        ] {
            let parsed = RestOrigin::parse(text).expect(text);
            assert_eq!((parsed.as_str(), parsed.is_https()), (origin, is_https), "{text}");
        }
        let path = RestOrigin::parse("https://sso.example.com/auth/").expect("a URL");
        assert_eq!(path.url(), "https://sso.example.com/auth");
        assert_eq!(path.join("/realms/a"), "https://sso.example.com/auth/realms/a");
    }

    #[test]
    fn other_urls_are_refused_with_the_reason() {
        for (text, error) in [
            ("http://sso.example.com", RestUrlError::PlainHttp),
            ("http://localhost.example.com", RestUrlError::PlainHttp),
            ("http://10.0.0.1", RestUrlError::PlainHttp),
            ("ftp://localhost", RestUrlError::Scheme),
            ("https://admin:pw@sso.example.com", RestUrlError::Credentials),
            ("https://sso.example.com/?realm=a", RestUrlError::Query),
        ] {
            assert_eq!(RestOrigin::parse(text), Err(error), "{text}");
        }
        assert!(matches!(RestOrigin::parse("sso.example.com"), Err(RestUrlError::NotAUrl(_))));
    }

    #[test]
    fn a_token_stays_with_its_origin() {
        let here = RestOrigin::parse("https://sso.example.com/a").expect("a URL");
        let token = BearerToken::new(&here, Secret::from("t"));
        let same = RestOrigin::parse("https://sso.example.com/b").expect("a URL");
        assert_eq!(token.header_for(&same).expect("the same origin").expose(), "Bearer t");
        for other in ["https://sso.example.com:8443", "https://example.com", "http://localhost"] {
            let other = RestOrigin::parse(other).expect("a URL");
            assert!(token.header_for(&other).is_none());
        }
    }
}
