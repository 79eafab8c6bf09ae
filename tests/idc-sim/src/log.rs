//! The request log: what came in, and what was answered.

use std::time::SystemTime;

use crate::route::Route;

/// By which of the two ways a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Plain HTTP at [`crate::IdcSim::url`].
    Plain,
    /// HTTPS through [`crate::IdcSim::proxy_url`].
    Proxy,
}

/// One request. It holds secrets, bodies and headers as they came.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// When it came, by the simulator's clock.
    pub at: SystemTime,
    /// By which way it came.
    pub entry: Entry,
    /// What it asked for.
    pub route: Route,
    /// `GET`, `POST`, …
    pub method: String,
    /// The host it was sent to, with the port if there was one.
    pub host: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark; as it came, still encoded.
    pub query: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
    /// The status that was answered; `None` while it is being answered or if the connection was cut.
    pub status: Option<u16>,
}

impl LoggedRequest {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The operation that `X-Amz-Target` names, `SWBExternalService.ListInstances` and so on.
    pub fn target(&self) -> Option<&str> {
        self.header("x-amz-target")
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `null` if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The decoded value of a parameter in the query.
    pub fn query_value(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The decoded value of a field in a form body.
    pub fn form_value(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(&self.body);
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// The log itself. Numbers stay valid when it is cleared while a request is on its way.
#[derive(Debug, Default)]
pub(crate) struct Log {
    cleared: usize,
    requests: Vec<LoggedRequest>,
}

impl Log {
    /// Adds a request and returns its number.
    pub(crate) fn push(&mut self, request: LoggedRequest) -> usize {
        self.requests.push(request);
        self.cleared + self.requests.len() - 1
    }

    pub(crate) fn answered(&mut self, number: usize, status: u16) {
        let request = number.checked_sub(self.cleared).and_then(|index| self.requests.get_mut(index));
        if let Some(request) = request {
            request.status = Some(status);
        }
    }

    pub(crate) fn all(&self) -> &[LoggedRequest] {
        &self.requests
    }

    pub(crate) fn clear(&mut self) {
        self.cleared += self.requests.len();
        self.requests.clear();
    }
}
