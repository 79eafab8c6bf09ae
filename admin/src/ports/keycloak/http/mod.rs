//! Keycloak over HTTP.

mod access;
mod calls;
mod failure;
#[cfg(all(test, unix))]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kcaws::platform::http::HttpSetup;
use kcaws::ports::clock::Clock;
use kcaws::secret::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use access::{Base, TokenCache};
use failure::Failure;

use super::error::{KeycloakError, KeycloakObject, Right};
use crate::platform::rest::{
    BearerToken, Method, RestAnswer, RestClient, RestError, RestOrigin, RestRequest,
};

/// A list of 50,000 users with attributes has about 60 MB. It is never in memory as a whole.
const LARGEST_LIST: usize = 1024 * 1024 * 1024;
/// Creating a client may include the generation of a key pair, on a server that has other work.
const PATIENCE: Duration = Duration::from_mins(2);
/// Keycloak needs most of a minute to write such a list.
const LIST_PATIENCE: Duration = Duration::from_mins(10);

/// Where the realm is, and the confidential client that acts in it.
#[derive(Clone)]
pub(crate) struct ServiceAccount {
    pub(crate) url: RestOrigin,
    pub(crate) realm: String,
    pub(crate) client_id: String,
    pub(crate) secret: Secret<String>,
}

pub(crate) struct HttpKeycloak {
    rest: RestClient,
    account: ServiceAccount,
    clock: Arc<dyn Clock>,
    /// Found by the first request.
    base: OnceLock<Base>,
    token: TokenCache,
}

/// A request to the Admin REST API, and what its failures mean.
struct Call {
    method: Method,
    /// Below the realm.
    path: String,
    body: Option<serde_json::Value>,
    needs: Right,
    object: KeycloakObject,
    is_list: bool,
}

impl Call {
    fn new(method: Method, path: impl Into<String>, needs: Right, object: KeycloakObject) -> Self {
        Self { method, path: path.into(), body: None, needs, object, is_list: false }
    }

    fn get(path: impl Into<String>, needs: Right, object: KeycloakObject) -> Self {
        Self::new(Method::Get, path, needs, object)
    }

    fn body(mut self, body: serde_json::Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Allows the size and the time of a list without pages.
    fn list(mut self) -> Self {
        self.is_list = true;
        self
    }

    fn request<'a>(&self, prefix: &str, bearer: &'a BearerToken) -> RestRequest<'a> {
        let mut request = RestRequest::new(self.method, format!("{prefix}{}", self.path)).bearer(bearer);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if self.is_list {
            request.at_most(LARGEST_LIST).patience(LIST_PATIENCE)
        } else {
            request.patience(PATIENCE)
        }
    }
}

impl HttpKeycloak {
    /// Creates the client; nothing is sent yet.
    pub(crate) fn new(
        setup: HttpSetup,
        clock: Arc<dyn Clock>,
        account: ServiceAccount,
    ) -> Result<Self, KeycloakError> {
        let rest = RestClient::new(setup, account.url.clone())?;
        Ok(Self { rest, account, clock, base: OnceLock::new(), token: TokenCache::default() })
    }

    /// Sets how long a usual response may take; more work gets more time.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        Self { rest: self.rest.timeout(timeout), ..self }
    }

    fn send(&self, call: &Call) -> Result<RestAnswer, KeycloakError> {
        self.authorized(call, |request| self.rest.send(request))
    }

    fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, KeycloakError> {
        self.send(call)?.json().map_err(|error| call.explain(error))
    }

    fn each<T: DeserializeOwned>(
        &self,
        call: &Call,
        each: &mut dyn FnMut(T),
    ) -> Result<usize, KeycloakError> {
        self.authorized(call, |request| self.rest.each(request, each))
    }

    /// Sends a call with a token; with a new one if it is refused, once.
    fn authorized<T>(
        &self,
        call: &Call,
        mut send: impl FnMut(&RestRequest<'_>) -> Result<T, RestError>,
    ) -> Result<T, KeycloakError> {
        let prefix = format!("{}/admin/realms/{}", self.base()?.prefix, encoded(&self.account.realm));
        let mut bearer = self.token()?;
        let mut answer = send(&call.request(&prefix, &bearer.token));
        if Failure::of(&answer) == Failure::Unauthorized {
            bearer = self.token_after(&bearer)?;
            answer = send(&call.request(&prefix, &bearer.token));
        }
        answer.map_err(|error| call.explain(error))
    }
}

/// Unreserved characters stay (RFC 3986, section 2.3): Keycloak refuses paths that are not normalized.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes one segment of a path or one value of a query.
fn encoded(text: &str) -> String {
    match text {
        // As a segment, these would lead to another path; encoded, they are refused.
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, RESERVED).to_string(),
    }
}
