//! Requests on loopback.

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// An answer, read in full.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// A client that follows no redirect, uses no proxy and is as patient as with a start: what is asked first is answered by cold code.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(crate::server::PATIENCE));
    config.build().into()
}

/// Sends one request; every status is an answer.
pub(crate) fn send(
    agent: &Agent,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Reply, ureq::Error> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    // Some methods have no body in HTTP, and some servers insist.
    let mut response = if body.is_empty() && matches!(method, "GET" | "DELETE") {
        agent.run(request.body(()).expect("a request"))?
    } else {
        agent.run(request.body(body).expect("a request"))?
    };
    let location = response.headers().get("location").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let status = response.status().as_u16();
    // Screenshots are the largest.
    let body = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string()?;
    Ok(Reply { status, location, body })
}
