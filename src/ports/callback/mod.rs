//! The browser's callback at the end of a login, RFC 8252 section 7.3: a port of 127.0.0.1 that accepts one response.
//!
//! Any request without the state (RFC 6749 section 10.12) gets a 404, learns nothing, and does not end the wait for the
//! right one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::http::request::Parts;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::platform::loopback::{self, Answer, Loopback, NoPort, Visitors};
use crate::platform::thread;
use crate::secret::Secret;

/// AWS accepts this path and no other (aws/aws-cli registers it, too).
const PATH: &str = "/oauth/callback";
/// The registered URI. The service accepts any port in its place: RFC 8252 section 7.3.
pub const REGISTERED: &str = "http://127.0.0.1/oauth/callback";

/// What the browser returned with.
pub enum CallbackResult {
    Code(Secret<String>),
    /// The user, or Identity Center on their behalf, denied access.
    Denied {
        description: Option<String>,
    },
    /// Any other error: RFC 6749 section 4.1.2.1: `error` and `error_description`.
    Refused {
        error: String,
        description: Option<String>,
    },
}

/// The result that the tab shows at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    LoggedIn,
    Failed,
}

pub trait Callback {
    /// Returns the redirect URI, with the port.
    fn redirect_uri(&self) -> String;
    /// Returns an address that redirects one browser to `target`.
    ///
    /// It may be on a command line, where others can read it: with the real URL they could log this user in as
    /// themselves.
    fn send_on(&self, target: &str) -> String;
    /// Waits up to `patience` for the response. The tab stays open until [`Callback`] is finished.
    fn wait(&self, patience: Duration) -> Option<CallbackResult>;
    /// Returns who sent requests so far.
    fn visitors(&self) -> Arc<Visitors>;
    /// Answers the waiting tab and stops listening. Dropping it is [`LoginOutcome::Failed`].
    fn close(self: Box<Self>, outcome: LoginOutcome);
}

/// Parses the `query` of a request with the right state; anything else is `None`.
fn read(query: &str, state: &Secret<String>) -> Option<CallbackResult> {
    let mut values = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        // RFC 6749 section 3.1: each at most once.
        if values.insert(name, Secret::new(value.into_owned())).is_some() {
            return None;
        }
    }
    let given = values.remove("state")?;
    if !bool::from(given.expose().as_bytes().ct_eq(state.expose().as_bytes())) {
        return None;
    }
    let mut value = |name| values.remove(name).filter(|value| !value.expose().is_empty());
    match (value("code"), value("error")) {
        (Some(code), None) => Some(CallbackResult::Code(code)),
        (None, Some(error)) => {
            let description = value("error_description").map(|text| text.expose().clone());
            Some(match error.expose().as_str() {
                "access_denied" => CallbackResult::Denied { description },
                error => CallbackResult::Refused { error: error.to_owned(), description },
            })
        }
        _ => None,
    }
}

/// A callback that already listens, on a thread of its own.
pub struct LoopbackCallback {
    authority: String,
    entry: String,
    visitors: Arc<Visitors>,
    shared: Arc<CallbackState>,
    returned: mpsc::Receiver<CallbackResult>,
    outcome: Option<oneshot::Sender<LoginOutcome>>,
    end: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// The state that the requests share.
struct CallbackState {
    state: Secret<String>,
    entry_path: String,
    /// Where the browser is redirected to, once.
    target: Mutex<Option<String>>,
    /// Taken by the first valid response.
    first: Mutex<Option<First>>,
}

struct First {
    tell: mpsc::Sender<CallbackResult>,
    outcome: oneshot::Receiver<LoginOutcome>,
}

impl LoopbackCallback {
    /// Starts to listen; a valid response contains `state`.
    pub fn listen(state: &Secret<String>) -> Result<Self, NoPort> {
        let loopback = Loopback::listen()?;
        let (tell, returned) = mpsc::channel();
        let (outcome, outcome_comes) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let shared = Arc::new(CallbackState {
            state: state.clone(),
            entry_path: loopback.path(),
            target: Mutex::default(),
            first: Mutex::new(Some(First { tell, outcome: outcome_comes })),
        });
        let (authority, entry, visitors) = (loopback.authority.clone(), loopback.url(), loopback.visitors());
        let handler = shared.clone();
        let server = thread::start(move || {
            let page = move |asked| {
                let shared = handler.clone();
                async move { shared.answer(&asked).await }
            };
            let _ = loopback.serve_any(page, ended);
        });
        let (outcome, end) = (Some(outcome), Some(end));
        let server = Some(server.map_err(NoPort::NotOpened)?);
        Ok(Self { authority, entry, visitors, shared, returned, outcome, end, server })
    }
}

impl CallbackState {
    async fn answer(&self, asked: &Parts) -> Option<Answer> {
        let asked = &asked.uri;
        if loopback::is(asked, &self.entry_path) {
            let target = self.target.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            return loopback::redirect(&target);
        }
        if !loopback::is(asked, PATH) {
            return None;
        }
        let returned = read(asked.query()?, &self.state)?;
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        first.tell.send(returned).ok()?;
        Some(last_page(first.outcome.await.unwrap_or(LoginOutcome::Failed)))
    }
}

fn last_page(outcome: LoginOutcome) -> Answer {
    match outcome {
        LoginOutcome::LoggedIn => loopback::page(
            "kcaws: logged in",
            "<h1>You are logged in</h1><p>The tokens are stored. You can close this tab.</p>",
        ),
        LoginOutcome::Failed => loopback::page(
            "kcaws: not logged in",
            "<h1>The login failed</h1><p>Where you started it, you read why. You can close this tab.</p>",
        ),
    }
}

impl Callback for LoopbackCallback {
    fn redirect_uri(&self) -> String {
        format!("http://{}{PATH}", self.authority)
    }

    fn send_on(&self, target: &str) -> String {
        *self.shared.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target.to_owned());
        self.entry.clone()
    }

    fn wait(&self, patience: Duration) -> Option<CallbackResult> {
        self.returned.recv_timeout(patience).ok()
    }

    fn visitors(&self) -> Arc<Visitors> {
        self.visitors.clone()
    }

    fn close(mut self: Box<Self>, outcome: LoginOutcome) {
        if let Some(waiting) = self.outcome.take() {
            // No tab may be left waiting.
            let _ = waiting.send(outcome);
        }
    }
}

impl Drop for LoopbackCallback {
    fn drop(&mut self) {
        self.outcome = None;
        self.end = None;
        if let Some(server) = self.server.take() {
            // The tab's page is being sent: the process must not end before that.
            let _ = server.join();
        }
    }
}

/// Takes the queries that a test passes in; `STATE` in them is replaced by the state.
#[derive(Clone, Default)]
pub struct FakeCallback {
    state: String,
    queries: Arc<Mutex<VecDeque<String>>>,
    closed: Arc<Mutex<Option<LoginOutcome>>>,
}

impl FakeCallback {
    pub fn visit(&self, query: &str) {
        self.queries.lock().expect("no test panics while holding it").push_back(query.to_owned());
    }

    /// Returns the same callback, listening for `state`.
    #[must_use]
    pub fn listen(&self, state: &Secret<String>) -> Self {
        Self { state: state.expose().clone(), ..self.clone() }
    }

    pub fn outcome(&self) -> Option<LoginOutcome> {
        *self.closed.lock().expect("no test panics while holding it")
    }
}

impl Callback for FakeCallback {
    fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:1{PATH}")
    }

    fn send_on(&self, target: &str) -> String {
        target.to_owned()
    }

    fn wait(&self, _patience: Duration) -> Option<CallbackResult> {
        let state = Secret::from(self.state.as_str());
        let mut queries = self.queries.lock().expect("no test panics while holding it");
        std::iter::from_fn(|| queries.pop_front())
            .find_map(|query| read(&query.replace("STATE", &self.state), &state))
    }

    fn visitors(&self) -> Arc<Visitors> {
        Arc::default()
    }

    fn close(self: Box<Self>, outcome: LoginOutcome) {
        *self.closed.lock().expect("no test panics while holding it") = Some(outcome);
    }
}

#[cfg(test)]
mod tests;
