//! A page on 127.0.0.1 for one browser: a path that nobody can guess, the right method, Host and path or 404.
//! A page elsewhere that scans ports, or rebinds a name to 127.0.0.1, learns nothing and spoils nothing. Nor does
//! who sends no request, half of one or too long a one, on as many connections as he likes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::runtime::Runtime;
use super::sealed::hex;

pub type Answer = Response<Full<Bytes>>;

/// Answers that are under way when the serving ends get this long to leave.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// A browser on this machine sends its request at once.
const TIME_TO_ASK: Duration = Duration::from_secs(10);
/// Request line and headers; an authorization code is some hundred bytes.
const LONGEST_REQUEST: usize = 16 * 1024;
/// Connections at a time. One more ends the oldest: whoever holds them all keeps nobody out.
const MOST_CONNECTIONS: usize = 64;
/// The system has no descriptor for a connection: it may have one a moment later.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
#[error("no loopback port could be opened")]
pub struct NoPort(#[source] pub(super) std::io::Error);

#[cfg(test)]
impl NoPort {
    pub(crate) fn because(error: std::io::Error) -> Self {
        Self(error)
    }
}

/// Listens already; serves when told to.
pub struct Loopback {
    runtime: Runtime,
    listener: TcpListener,
    pub(super) authority: String,
    pub(super) nonce: String,
}

impl Loopback {
    pub fn listen() -> Result<Self, NoPort> {
        let runtime = Runtime::new().map_err(NoPort)?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(NoPort)?;
        let port = listener.local_addr().map_err(NoPort)?.port();
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| NoPort(std::io::Error::other(error)))?;
        Ok(Self { runtime, listener, authority: format!("127.0.0.1:{port}"), nonce: hex(&random) })
    }

    /// What the browser is given. No secret: it may stand on a command line.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.authority, self.nonce)
    }

    /// Serves until `end`, whose value is returned. `page` answers who knows [`Loopback::url`]; `None` is a 404.
    pub fn serve<T>(
        self,
        page: impl Fn() -> Option<Answer> + Send + Sync + 'static,
        end: impl Future<Output = T>,
    ) -> T {
        let path = self.path();
        let page = move |asked: Uri| std::future::ready(if is(&asked, &path) { page() } else { None });
        self.serve_any(page, end)
    }

    /// The path of [`Loopback::url`].
    pub(super) fn path(&self) -> String {
        format!("/{}", self.nonce)
    }

    /// As [`Loopback::serve`], for a `page` that looks at path and query itself. It sees only GET requests that
    /// name this very address as their Host.
    pub(super) fn serve_any<T, F>(
        self,
        page: impl Fn(Uri) -> F + Send + Sync + 'static,
        end: impl Future<Output = T>,
    ) -> T
    where
        F: Future<Output = Option<Answer>> + Send + 'static,
    {
        let Self { runtime, listener, authority, .. } = self;
        // Whoever is being answered holds a receiver.
        let (busy, _) = watch::channel(());
        let door = Arc::new(Door { authority, page, busy: busy.clone() });
        runtime.block_on(async move {
            let accept = async {
                let mut connections = VecDeque::<AbortHandle>::new();
                loop {
                    let Ok((stream, _)) = listener.accept().await else {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    };
                    connections.retain(|connection| !connection.is_finished());
                    if connections.len() >= MOST_CONNECTIONS
                        && let Some(oldest) = connections.pop_front()
                    {
                        oldest.abort();
                    }
                    connections.push_back(tokio::spawn(door.clone().welcome(stream)).abort_handle());
                    // Those who are there already come before those who knock.
                    tokio::task::yield_now().await;
                }
            };
            let ended = tokio::select! {
                never = accept => never,
                ended = end => ended,
            };
            // Too late is a visitor's loss: the process cannot wait for one who does not read.
            let _ = tokio::time::timeout(LAST_ANSWERS, busy.closed()).await;
            ended
        })
    }
}

struct Door<P> {
    authority: String,
    page: P,
    busy: watch::Sender<()>,
}

impl<P, F> Door<P>
where
    P: Fn(Uri) -> F + Send + Sync + 'static,
    F: Future<Output = Option<Answer>> + Send + 'static,
{
    async fn welcome(self: Arc<Self>, stream: TcpStream) {
        // From the request on until the answer has left and the connection is shut.
        let answering = OnceLock::new();
        let service = service_fn(|request| {
            answering.get_or_init(|| self.busy.subscribe());
            let door = self.clone();
            async move { Ok::<_, Infallible>(door.answer(&request).await) }
        });
        // A browser that breaks off hurts nobody.
        let _ = http1().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: &Request<Incoming>) -> Answer {
        let mut hosts = request.headers().get_all(HOST).iter();
        let right = request.method() == Method::GET
            && hosts.next().map(HeaderValue::as_bytes) == Some(self.authority.as_bytes())
            && hosts.next().is_none();
        let page = if right { (self.page)(request.uri().clone()).await } else { None };
        let mut answer = page.unwrap_or_else(|| {
            let mut nothing = Answer::default();
            *nothing.status_mut() = StatusCode::NOT_FOUND;
            nothing
        });
        for (name, value) in ON_EVERY_ANSWER {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}

/// Nothing of ours is kept, framed, guessed at or told to the next site, and no script runs in it.
const ON_EVERY_ANSWER: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

/// One request a connection, soon and not too long.
pub(super) fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(TIME_TO_ASK).max_buf_size(LONGEST_REQUEST);
    builder.keep_alive(false);
    builder
}

/// In constant time: the path is what keeps others out.
pub(super) fn is(asked: &Uri, path: &str) -> bool {
    asked.path().as_bytes().ct_eq(path.as_bytes()).into()
}

/// A page of ours: `title` and `body` are HTML.
pub(super) fn page(title: &str, body: &str) -> Answer {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}}\
         code{{font-size:2rem;letter-spacing:.1em}}</style>{body}</html>"
    );
    let mut answer = Answer::new(Full::new(Bytes::from(html)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

/// Sends the browser on; `None` where `target` cannot stand in a header.
pub(super) fn redirect(target: &str) -> Option<Answer> {
    let mut location = HeaderValue::from_str(target).ok()?;
    location.set_sensitive(true);
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, location);
    Some(answer)
}

/// One request with `head` (request line and headers), for the tests of what is served.
#[cfg(test)]
pub(super) fn ask(authority: &str, head: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(authority).expect("connects");
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("reads");
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any pause that could pass for patience, and far below [`LAST_ANSWERS`].
    const A_WHILE: Duration = Duration::from_millis(300);

    #[test]
    fn who_is_being_answered_at_the_end_still_gets_the_page() {
        let loopback = Loopback::listen().expect("a port");
        let (authority, path) = (loopback.authority.clone(), loopback.path());
        let head = format!("GET {path} HTTP/1.1\r\nHost: {authority}");
        let visitor = std::thread::spawn(move || ask(&authority, &head));
        // The end comes while the page is still being made.
        let asked = Arc::new(tokio::sync::Notify::new());
        let end = asked.clone();
        let slow = move |_| {
            asked.notify_one();
            async {
                tokio::time::sleep(A_WHILE).await;
                Some(page("Late", "but whole"))
            }
        };
        loopback.serve_any(slow, end.notified());
        let answer = visitor.join().expect("asks");
        assert!(answer.ends_with("but whole</html>"), "{answer}");
    }
}
