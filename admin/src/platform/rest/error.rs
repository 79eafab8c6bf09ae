//! Why a request to a REST API failed.

use std::time::Duration;

use kcaws::platform::excerpt;
use kcaws::platform::http::Unreached;
use kcaws::platform::printable::shown;
use serde::de::DeserializeOwned;

/// How much of the body of an error is kept.
pub(super) const LARGEST_ERROR: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RestError {
    #[error(transparent)]
    Unreachable(#[from] Unreached),
    #[error("{0}")]
    Status(Box<StatusError>),
    #[error("the response is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the response is not the expected JSON: {why}")]
    NotJson { why: String },
    /// A login page, a proxy's error page, or a server that is something else.
    #[error("received an HTML page instead of a response ({status})")]
    Page { status: u16 },
    /// No redirect is followed: the token is for one origin, and a body is sent once.
    #[error("redirected ({status}) to {to}")]
    Redirect { status: u16, to: String },
    #[error("the token was issued for another server")]
    ForeignToken,
    #[error("not a request: {0}")]
    Malformed(String),
}

/// A response with a status that is not a success.
#[derive(Debug, thiserror::Error)]
#[error("the server answered {status}{}", detail(.body))]
pub(crate) struct StatusError {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<String>,
    pub(crate) body: ErrorBody,
}

/// The beginning of the body of an error.
#[derive(Debug, Default)]
pub(crate) struct ErrorBody(pub(super) Vec<u8>);

impl ErrorBody {
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    /// Returns the body as a short text that is safe to print.
    pub(crate) fn text(&self) -> String {
        excerpt(&shown(String::from_utf8_lossy(&self.0).trim()))
    }

    /// Returns the body as JSON, if it is that.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.0).ok()
    }
}

fn detail(body: &ErrorBody) -> String {
    let text = body.text();
    if text.is_empty() { text } else { format!(": {text}") }
}
