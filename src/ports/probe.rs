//! Checks whether a host answers at all: one request that reveals nothing about the user.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use chrono::{DateTime, Utc};

use crate::platform::http::{HttpSetup, Unreached};

/// A user waits, and hosts are asked in parallel.
const TIMEOUT: Duration = Duration::from_secs(8);

/// A response with any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The host's clock.
    pub date: Option<DateTime<Utc>>,
}

pub trait Probe: Sync {
    /// Sends `HEAD` without cookies or tokens, and follows no redirects. `Err` is why there was no response.
    fn ask(&self, url: &str) -> Result<Answer, String>;
}

/// Uses the proxy and the roots that all requests of this process use.
pub struct HttpProbe(pub HttpSetup);

impl HttpProbe {
    fn of(url: &str) -> Result<HttpRequest, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method("HEAD").map_err(|error| error.to_string())?;
        request.set_uri(url.to_owned()).map_err(|error| error.to_string())?;
        request.headers_mut().insert("user-agent", concat!("kcaws/", env!("CARGO_PKG_VERSION")));
        Ok(request)
    }
}

impl Probe for HttpProbe {
    fn ask(&self, url: &str) -> Result<Answer, String> {
        let answer = self.0.ask(url.starts_with("https:"), TIMEOUT, Self::of(url)?);
        let answer = answer.map_err(|unreached| match &unreached {
            Unreached { at, why } if url.split('/').nth(2) == Some(at) => why.clone(),
            of_the_proxy => of_the_proxy.to_string(),
        })?;
        let date = answer.headers.get("date");
        Ok(Answer {
            status: answer.status,
            date: date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc()),
        })
    }
}

/// Responses by URL; all other hosts are unreachable.
#[derive(Default)]
pub struct FakeProbe(pub BTreeMap<String, Answer>);

impl Probe for FakeProbe {
    fn ask(&self, url: &str) -> Result<Answer, String> {
        self.0.get(url).cloned().ok_or_else(|| "connection refused".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::Arc;

    use super::*;
    use crate::platform::env::Env;
    use crate::ports::clock::SystemClock;

    const DATE: &str = "Tue, 24 Nov 2026 08:00:00 GMT";

    fn contract(probe: &dyn Probe, alive: &str, dead: &str) {
        let answer = probe.ask(alive).expect("answers");
        assert_eq!(answer.status, 403);
        assert_eq!(answer.date.expect("has one").to_rfc3339(), "2026-11-24T08:00:00+00:00");
        assert!(!probe.ask(dead).expect_err("no one there").is_empty());
    }

    #[test]
    fn both_probes_keep_the_contract() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
        let alive = format!("http://{}/", listener.local_addr().expect("bound"));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = [0; 1024];
            let read = stream.read(&mut request).expect("reads");
            write!(stream, "HTTP/1.1 403 Forbidden\r\ndate: {DATE}\r\ncontent-length: 0\r\n\r\n")
                .expect("answers");
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        // Bound and dropped, so that nothing listens there.
        let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("bound");
        let dead = format!("http://{dead}/");
        let setup =
            HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
        contract(&HttpProbe(setup), &alive, &dead);
        let request = server.join().expect("served");
        assert!(request.starts_with("HEAD / HTTP/1.1\r\n"), "{request}");

        let date = DateTime::parse_from_rfc2822(DATE).expect("a date").to_utc();
        let answer = Answer { status: 403, date: Some(date) };
        contract(&FakeProbe([("http://alive/".to_owned(), answer)].into()), "http://alive/", "http://dead/");
    }
}
