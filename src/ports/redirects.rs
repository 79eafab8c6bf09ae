//! Finds where a company's own start URL redirects to: one request, and no redirect followed.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use url::Url;

use crate::platform::http::{HttpSetup, Unreached};

/// The same as the AWS CLI waits for one response.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Head,
    Get,
}

/// The relevant part of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// As it was sent, so it may be relative or invalid.
    pub location: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot reach {host}: {why}")]
pub struct NoAnswer {
    pub host: String,
    pub why: String,
}

pub trait Redirects {
    /// Sends one request, with neither cookies nor authorization. https only.
    fn ask(&self, method: Method, url: &Url) -> Result<Answer, NoAnswer>;
}

/// Uses the proxy and the roots that all requests of this process use.
pub struct HttpRedirects(pub HttpSetup);

impl HttpRedirects {
    fn send(&self, method: Method, url: &Url) -> Result<Answer, Unreached> {
        let failed = |why: String| Unreached { at: url.host_str().unwrap_or_default().to_owned(), why };
        let mut request = HttpRequest::new(SdkBody::empty());
        let method = if method == Method::Head { "HEAD" } else { "GET" };
        request.set_method(method).map_err(|error| failed(error.to_string()))?;
        request.set_uri(url.as_str().to_owned()).map_err(|error| failed(error.to_string()))?;
        // Some web application firewalls refuse clients without a user agent.
        request.headers_mut().insert("user-agent", concat!("kcaws/", env!("CARGO_PKG_VERSION")));
        let answer = self.0.ask(true, TIMEOUT, request)?;
        Ok(Answer { status: answer.status, location: answer.headers.get("location").map(str::to_owned) })
    }
}

impl Redirects for HttpRedirects {
    fn ask(&self, method: Method, url: &Url) -> Result<Answer, NoAnswer> {
        let no_answer = |why: String| NoAnswer { host: url.host_str().unwrap_or_default().to_owned(), why };
        if url.scheme() != "https" {
            return Err(no_answer("it is not https".to_owned()));
        }
        let mut plain = url.clone();
        plain.set_fragment(None);
        // A name and password in the URL are not sent to anyone.
        let _ = (plain.set_username(""), plain.set_password(None));
        let answer = self.send(method, &plain);
        tracing::info!(target: "kcaws::start_url", host = url.host_str(), ?method, answered = answer.is_ok(), "asked");
        answer.map_err(|Unreached { at, why }| NoAnswer { host: at, why })
    }
}

/// Responds in order, and records the requests.
#[derive(Default)]
pub struct FakeRedirects {
    answers: Mutex<VecDeque<Result<Answer, NoAnswer>>>,
    asked: Mutex<Vec<(Method, String)>>,
}

impl FakeRedirects {
    pub fn will(&self, status: u16, location: Option<&str>) {
        let answer = Answer { status, location: location.map(str::to_owned) };
        self.answers.lock().expect("no test panics while holding it").push_back(Ok(answer));
    }

    pub fn will_fail(&self, why: &str) {
        let no_answer = NoAnswer { host: "sso.example.com".to_owned(), why: why.to_owned() };
        self.answers.lock().expect("no test panics while holding it").push_back(Err(no_answer));
    }

    pub fn asked(&self) -> Vec<(Method, String)> {
        self.asked.lock().expect("no test panics while holding it").clone()
    }
}

impl Redirects for FakeRedirects {
    fn ask(&self, method: Method, url: &Url) -> Result<Answer, NoAnswer> {
        self.asked.lock().expect("no test panics while holding it").push((method, url.to_string()));
        let answer = self.answers.lock().expect("no test panics while holding it").pop_front();
        answer.expect("asked once more than the script foresees")
    }
}
