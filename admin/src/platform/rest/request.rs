//! One request to a REST API.

use std::time::Duration;

use kcaws::secret::Secret;
use serde::Serialize;

use super::origin::BearerToken;

/// How long a response may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// A page of a hundred users with attributes has about 100 KB.
const LARGEST: usize = 8 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Method, path and everything else of a request. The origin is the client's.
pub(crate) struct RestRequest<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) bearer: Option<&'a BearerToken>,
    pub(super) accept: &'static str,
    pub(super) body: Option<Body>,
    pub(super) patience: Duration,
    pub(super) largest: usize,
}

pub(super) struct Body {
    pub(super) content_type: &'static str,
    /// A form may contain a client's secret.
    pub(super) text: Secret<String>,
}

impl<'a> RestRequest<'a> {
    /// Creates a request for a path that begins with a slash and may have a query.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            bearer: None,
            accept: "application/json",
            body: None,
            patience: PATIENCE,
            largest: LARGEST,
        }
    }

    pub(crate) fn bearer(mut self, token: &'a BearerToken) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Accepts another type than JSON.
    pub(crate) fn accept(mut self, content_type: &'static str) -> Self {
        self.accept = content_type;
        self
    }

    /// Sends a value as JSON.
    pub(crate) fn json<T: Serialize>(self, body: &T) -> Self {
        // Only a map with keys that are no text fails here, and there is none.
        let text = serde_json::to_string(body).unwrap_or_default();
        self.body("application/json", text.into())
    }

    /// Sends a body of any type.
    pub(crate) fn body(mut self, content_type: &'static str, text: Secret<String>) -> Self {
        self.body = Some(Body { content_type, text });
        self
    }

    /// Sends a form.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.body("application/x-www-form-urlencoded", Secret::new(form.finish()))
    }

    /// Sets how long the whole of the response may take.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how many bytes are read of a response.
    pub(crate) fn at_most(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }
}
