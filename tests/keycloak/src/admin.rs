//! The Admin REST API, as the first administrator of a throw-away server.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;

use crate::http::{self, Reply};

/// A token of `admin-cli` lives 60 s.
const TOKEN_LIFE: Duration = Duration::from_secs(30);

pub(crate) struct Admin {
    agent: Agent,
    base: String,
    token: Mutex<Option<(String, Instant)>>,
}

impl Admin {
    pub(crate) fn new(base: &str) -> Self {
        Self { agent: http::agent(), base: base.to_owned(), token: Mutex::default() }
    }

    /// `None` while the server is not ready.
    pub(crate) fn new_token(&self) -> Option<String> {
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.base);
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let reply = http::send(&self.agent, "POST", &url, &[kind], form.into()).ok()?;
        if reply.status != 200 {
            return None;
        }
        Some(reply.json()["access_token"].as_str()?.to_owned())
    }

    fn token(&self) -> String {
        let mut kept = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*kept {
            Some((token, since)) if since.elapsed() < TOKEN_LIFE => token.clone(),
            _ => {
                let token = self.new_token().expect("the administrator gets a token");
                *kept = Some((token.clone(), Instant::now()));
                token
            }
        }
    }

    /// `path` is below `/admin/realms`.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: String,
    ) -> Result<Reply, ureq::Error> {
        let url = format!("{}/admin/realms{path}", self.base);
        let authorization = format!("Bearer {}", self.token());
        let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
        http::send(&self.agent, method, &url, &headers, body)
    }

    /// # Panics
    /// When the answer is not 2xx.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let reply = self.try_send(method, path, "application/json", body);
        let reply = reply.unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        assert!((200..300).contains(&reply.status), "{method} {path}: {} {}", reply.status, reply.body);
        reply
    }

    /// Creates something and returns its id.
    #[track_caller]
    pub(crate) fn create(&self, path: &str, body: &Value) -> String {
        let reply = self.send("POST", path, Some(body));
        let location = reply.location.expect("a Location");
        location.rsplit('/').next().expect("an id").to_owned()
    }

    /// Without authorization: what everybody may read.
    #[track_caller]
    pub(crate) fn get_public(&self, path: &str) -> String {
        let reply =
            http::send(&self.agent, "GET", &format!("{}{path}", self.base), &[], String::new()).unwrap();
        assert_eq!(reply.status, 200, "GET {path}: {}", reply.body);
        reply.body
    }
}
