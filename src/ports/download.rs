//! Fetches a team's file of settings: one request, and no redirect followed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use url::Url;

use super::redirects::NoAnswer;
use crate::platform::http::{HttpSetup, Unreached};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A response with any status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downloaded {
    pub status: u16,
    /// As it was sent, so it may be relative or invalid.
    pub location: Option<String>,
    /// How it is compressed, if it is: no request asks for that.
    pub encoding: Option<String>,
    /// 2 MB at most.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub is_cut: bool,
}

pub trait Download {
    /// Sends one GET, with neither cookies nor authorization. https only.
    fn get(&self, url: &Url) -> Result<Downloaded, NoAnswer>;
}

/// Uses the proxy and the roots that all requests of this process use.
pub struct HttpDownload(pub HttpSetup);

impl Download for HttpDownload {
    fn get(&self, url: &Url) -> Result<Downloaded, NoAnswer> {
        let host = url.host_str().unwrap_or_default();
        let failed = |why: String| NoAnswer { host: host.to_owned(), why };
        if url.scheme() != "https" {
            return Err(failed("it is not https".to_owned()));
        }
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method("GET").map_err(|error| failed(error.to_string()))?;
        request.set_uri(url.as_str().to_owned()).map_err(|error| failed(error.to_string()))?;
        // Some web application firewalls refuse clients without a user agent.
        request.headers_mut().insert("user-agent", concat!("kcaws/", env!("CARGO_PKG_VERSION")));
        let answer = self.0.ask_at_most(true, TIMEOUT, request);
        tracing::info!(target: "kcaws::team", host, answered = answer.is_ok(), "asked");
        let answer = answer.map_err(|Unreached { at, why }| NoAnswer { host: at, why })?;
        let header = |name| answer.headers.get(name).map(str::to_owned);
        let (location, encoding) = (header("location"), header("content-encoding"));
        let (body, is_cut) = (answer.body.to_vec(), answer.is_cut);
        Ok(Downloaded { status: answer.status, location, encoding, body, is_cut })
    }
}

/// Serves the responses of each URL in order, and 404 for any other.
#[derive(Default)]
pub struct FakeDownload {
    answers: Mutex<BTreeMap<String, VecDeque<Downloaded>>>,
    asked: Mutex<Vec<String>>,
}

impl FakeDownload {
    pub fn will(&self, url: &str, status: u16, location: Option<&str>, body: &str) {
        let location = location.map(str::to_owned);
        self.will_send(url, Downloaded { status, location, body: body.into(), ..Downloaded::default() });
    }

    pub fn will_send(&self, url: &str, answer: Downloaded) {
        let mut answers = self.answers.lock().expect("no test panics while holding it");
        answers.entry(url.to_owned()).or_default().push_back(answer);
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics while holding it").clone()
    }
}

impl Download for FakeDownload {
    fn get(&self, url: &Url) -> Result<Downloaded, NoAnswer> {
        self.asked.lock().expect("no test panics while holding it").push(url.to_string());
        if url.scheme() != "https" {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(NoAnswer { host, why: "it is not https".to_owned() });
        }
        let mut answers = self.answers.lock().expect("no test panics while holding it");
        let answer = answers.get_mut(url.as_str()).and_then(VecDeque::pop_front);
        Ok(answer.unwrap_or(Downloaded { status: 404, ..Downloaded::default() }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::platform::env::Env;
    use crate::ports::clock::SystemClock;

    /// What both forms promise; the rest of the real one is seen by the suite of the program.
    #[test]
    fn nothing_is_fetched_without_tls() {
        let http =
            HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("is set up");
        let forms: [Box<dyn Download>; 2] = [Box::new(HttpDownload(http)), Box::new(FakeDownload::default())];
        for form in forms {
            let url = Url::parse("http://127.0.0.1:1/kcaws.toml").expect("is one");
            let refused = form.get(&url).expect_err("refused");
            assert_eq!(refused.to_string(), "cannot reach 127.0.0.1: it is not https");
        }
    }
}
