//! Plain REST APIs: blocking requests over kept connections, with bounds.
//!
//! One client talks to one origin, follows no redirect, and reads no more of a response than it may.

mod body;
mod error;
mod origin;
mod request;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use kcaws::platform::http::{HttpSetup, Unreached};
use kcaws::platform::printable::shown;
use kcaws::platform::running_time::within;
use kcaws::platform::runtime::Runtime;
use serde::de::DeserializeOwned;

use body::BodyReader;
use error::LARGEST_ERROR;
pub(crate) use error::{ErrorBody, RestError, StatusError};
pub(crate) use origin::{BearerToken, RestOrigin};
use request::PATIENCE;
pub(crate) use request::{Method, RestRequest};

/// An element of a list is not larger. Checked to the size of a read buffer.
const LARGEST_ELEMENT: usize = 1024 * 1024;

/// A client of one REST API. Threads share it, and with it its connections.
pub(crate) struct RestClient {
    origin: RestOrigin,
    setup: HttpSetup,
    connector: SharedHttpConnector,
    runtime: Runtime,
    /// Replaces the usual [`PATIENCE`]; longer ones change in proportion.
    timeout: Duration,
}

/// A response with a success status.
pub(crate) struct RestAnswer {
    headers: Headers,
    body: Vec<u8>,
}

impl RestAnswer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    pub(crate) fn text(&self) -> Result<&str, RestError> {
        std::str::from_utf8(&self.body).map_err(|error| RestError::NotJson { why: error.to_string() })
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RestError> {
        serde_json::from_slice(&self.body).map_err(|error| RestError::NotJson { why: error.to_string() })
    }
}

impl RestClient {
    /// Creates a client; no connection is opened yet.
    pub(crate) fn new(setup: HttpSetup, origin: RestOrigin) -> Result<Self, Unreached> {
        let unreached =
            |error: std::io::Error| Unreached { at: origin.host().to_owned(), why: error.to_string() };
        let runtime = Runtime::new().map_err(unreached)?;
        Ok(Self { connector: setup.pooled(origin.is_https()), origin, setup, runtime, timeout: PATIENCE })
    }

    /// Sets how long a usual response may take.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        Self { timeout: timeout.unwrap_or(PATIENCE), ..self }
    }

    fn patience(&self, request: &RestRequest<'_>) -> Duration {
        request.patience.mul_f64(self.timeout.as_secs_f64() / PATIENCE.as_secs_f64())
    }

    #[cfg(test)]
    pub(crate) fn origin(&self) -> &RestOrigin {
        &self.origin
    }

    /// Sends a request and reads the whole response.
    pub(crate) fn send(&self, request: &RestRequest<'_>) -> Result<RestAnswer, RestError> {
        let (response, left) = self.start(request)?;
        let headers = response.headers().clone();
        let body = BodyReader::new(self, response, left, request.largest, request.largest).read_all()?;
        Ok(RestAnswer { headers, body })
    }

    /// Sends a request whose response is a list, and passes on its elements one at a time.
    ///
    /// The list is never in memory as a whole. Returns how many elements there were; an error also means that the list
    /// was not complete, and what was passed on before it must not be taken for all.
    pub(crate) fn each<T: DeserializeOwned>(
        &self,
        request: &RestRequest<'_>,
        each: &mut dyn FnMut(T),
    ) -> Result<usize, RestError> {
        let (response, left) = self.start(request)?;
        let element = LARGEST_ELEMENT.min(request.largest);
        BodyReader::new(self, response, left, request.largest, element).read_elements(each)
    }

    /// Sends a request, and returns the response with a success status before its body, and how much time is left.
    fn start(&self, request: &RestRequest<'_>) -> Result<(HttpResponse, Duration), RestError> {
        let call = self.connector.call(self.http_request(request)?);
        let patience = self.patience(request);
        let waited = self.runtime.block_on(within(patience, call));
        let left = patience.saturating_sub(waited.ran);
        let response = match waited.value {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(self.unreached(&error).into()),
            None => return Err(self.late(patience).into()),
        };
        let status = response.status().as_u16();
        if response.status().is_success() && !is_page(response.headers()) {
            return Ok((response, left));
        }
        if let (300..400, Some(to)) = (status, response.headers().get("location")) {
            return Err(RestError::Redirect { status, to: shown(to) });
        }
        if is_page(response.headers()) {
            return Err(RestError::Page { status });
        }
        Err(RestError::Status(Box::new(self.status_error(response, left))))
    }

    fn status_error(&self, response: HttpResponse, left: Duration) -> StatusError {
        let header = |name| response.headers().get(name).map(str::trim);
        let retry_after =
            header("retry-after").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let request_id = header("x-amzn-requestid").map(shown);
        let status = response.status().as_u16();
        // A status without its reason is still one.
        let body = BodyReader::new(self, response, left, LARGEST_ERROR, LARGEST_ERROR).read_beginning();
        StatusError { status, retry_after, request_id, body: ErrorBody(body) }
    }

    fn http_request(&self, request: &RestRequest<'_>) -> Result<HttpRequest, RestError> {
        let malformed = |error: &dyn Error| RestError::Malformed(error.to_string());
        let body = request
            .body
            .as_ref()
            .map_or_else(SdkBody::empty, |body| SdkBody::from(body.text.expose().as_str()));
        let mut http = HttpRequest::new(body);
        http.set_method(request.method.as_str()).map_err(|error| malformed(&error))?;
        http.set_uri(self.origin.join(&request.path)).map_err(|error| malformed(&error))?;
        let headers = http.headers_mut();
        headers.insert("user-agent", concat!("kcaws-admin/", env!("CARGO_PKG_VERSION")));
        headers.insert("accept", request.accept);
        if let Some(body) = &request.body {
            headers.insert("content-type", body.content_type);
        }
        if let Some(bearer) = request.bearer {
            let header = bearer.header_for(&self.origin).ok_or(RestError::ForeignToken)?;
            // The error would contain the header.
            let inserted = headers.try_insert("authorization", header.expose().clone());
            inserted.map_err(|_| {
                RestError::Malformed("the token has characters that no header can have".to_owned())
            })?;
        }
        Ok(http)
    }

    fn unreached(&self, error: &(dyn Error + 'static)) -> Unreached {
        let (at, why) = self.setup.unreached(self.origin.host(), error);
        Unreached { at, why }
    }

    fn late(&self, patience: Duration) -> Unreached {
        let at = self.setup.with_proxy(self.origin.host());
        Unreached { at, why: format!("no answer within {:.0} s", patience.as_secs_f64()) }
    }

    fn broken_off(&self) -> Unreached {
        let at = self.setup.with_proxy(self.origin.host());
        Unreached { at, why: "the response was not complete in time".to_owned() }
    }
}

fn is_page(headers: &Headers) -> bool {
    headers.get("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"))
}
