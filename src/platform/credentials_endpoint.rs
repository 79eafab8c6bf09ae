//! Serves role credentials on 127.0.0.1 to one program and its children.
//!
//! This is the container credential provider of the AWS SDKs (AWS SDKs and Tools reference guide, "Container credential
//! provider"). A request needs the token, the right path and the right Host; any other learns nothing.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use subtle::ConstantTimeEq;

use crate::platform::loopback::{self, Answer, Loopback, NoPort, Visitors};
use crate::platform::thread;
use crate::secret::Secret;

/// One JSON object, or text for the program's error message.
pub type Given = Result<Secret<Vec<u8>>, String>;

pub struct CredentialsEndpoint {
    pub url: String,
    pub token: Secret<String>,
    visitors: Arc<Visitors>,
}

struct Handler {
    path: String,
    token: Secret<String>,
    give: Box<dyn Fn() -> Given + Send + Sync>,
}

impl CredentialsEndpoint {
    /// Serves on threads of its own until the process ends.
    ///
    /// `give` may take its time. Port 0 means any.
    pub fn start(port: u16, give: impl Fn() -> Given + Send + Sync + 'static) -> Result<Self, NoPort> {
        let loopback = Loopback::listen_for_token(port)?;
        let (url, token) = (loopback.url(), Secret::new(loopback::random::<32>()?));
        let handler = Arc::new(Handler { path: loopback.path(), token: token.clone(), give: Box::new(give) });
        let visitors = loopback.visitors();
        let server = thread::start(move || {
            let answer = move |asked: Parts| {
                let handler = handler.clone();
                async move { handler.answer(&asked).await }
            };
            loopback.serve_any(answer, std::future::pending::<()>());
        });
        server.map_err(NoPort::NotOpened)?;
        Ok(Self { url, token, visitors })
    }

    pub fn visitors(&self) -> Arc<Visitors> {
        self.visitors.clone()
    }
}

impl Handler {
    async fn answer(self: Arc<Self>, asked: &Parts) -> Option<Answer> {
        if !loopback::is(&asked.uri, &self.path) {
            return None;
        }
        let given = asked.headers.get(AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
        let is_allowed = bool::from(given.ct_eq(self.token.expose().as_bytes()));
        let (status, body) = if is_allowed {
            // It waits for the network, on a runtime of its own.
            match thread::run_apart(move || (self.give)()).await {
                Ok(Ok(json)) => (StatusCode::OK, Bytes::copy_from_slice(json.expose())),
                Ok(Err(words)) => (StatusCode::INTERNAL_SERVER_ERROR, refusal(&words)),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, refusal(&format!("kcaws: {error}"))),
            }
        } else {
            (StatusCode::UNAUTHORIZED, Bytes::new())
        };
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = status;
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(answer)
    }
}

fn refusal(words: &str) -> Bytes {
    serde_json::json!({"code": "KcawsError", "message": words}).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::loopback::ask;

    #[test]
    fn only_who_knows_path_host_and_token_is_given_anything() {
        let endpoint =
            CredentialsEndpoint::start(0, || Ok(Secret::new(b"{\"given\":1}".to_vec()))).expect("listens");
        let (authority, path) = endpoint.url.trim_start_matches("http://").split_once('/').expect("a path");
        assert!(authority.starts_with("127.0.0.1:"));
        let token = endpoint.token.expose();
        let right = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {token}");
        for _ in 0..2 {
            let given = ask(authority, &right);
            assert!(given.starts_with("HTTP/1.1 200") && given.ends_with("{\"given\":1}"), "{given}");
        }
        for (wrong, status) in [
            (right.replace(token, "guessed"), 401),
            (format!("GET /{path} HTTP/1.1\r\nHost: {authority}"), 401),
            (right.replace("Host: 127", "Host: evil.127"), 404),
            (right.replace("GET", "POST"), 404),
            (right.replace(path, "credentials"), 404),
        ] {
            let refused = ask(authority, &wrong);
            assert!(refused.starts_with(&format!("HTTP/1.1 {status}")), "{refused}");
            assert!(!refused.contains("given"), "{refused}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let endpoint = CredentialsEndpoint::start(0, || Err("no valid login".to_owned())).expect("listens");
        let (authority, path) = endpoint.url.trim_start_matches("http://").split_once('/').expect("a path");
        let token = endpoint.token.expose();
        let response =
            ask(authority, &format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {token}"));
        assert!(response.starts_with("HTTP/1.1 500") && response.contains("no valid login"), "{response}");
    }
}
