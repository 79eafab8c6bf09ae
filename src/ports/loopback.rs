//! A page on 127.0.0.1 for one browser: a path that nobody can guess, the right method, Host and path or 404.
//! A page elsewhere that scans ports, or rebinds a name to 127.0.0.1, learns nothing and spoils nothing.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, HOST, HeaderValue, REFERRER_POLICY};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::sealed::hex;

pub type Answer = Response<Full<Bytes>>;

/// An answer that is under way when the serving ends gets this long to arrive.
const LAST_ANSWER: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
#[error("no loopback port could be opened")]
pub struct NoPort(#[source] pub(super) std::io::Error);

/// Listens already; serves when told to.
pub struct Loopback {
    runtime: Runtime,
    listener: TcpListener,
    pub(super) authority: String,
    pub(super) nonce: String,
}

impl Loopback {
    pub fn listen() -> Result<Self, NoPort> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(NoPort)?;
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

    /// Serves until `end`, whose value is returned. `page` answers the right requests; `None` is a 404.
    pub fn serve<T>(
        self,
        page: impl Fn() -> Option<Answer> + Send + Sync + 'static,
        end: impl Future<Output = T>,
    ) -> T {
        let Self { runtime, listener, authority, nonce } = self;
        let door = Arc::new(Door { authority, path: format!("/{nonce}"), page });
        runtime.block_on(async move {
            let accept = async {
                loop {
                    let Ok((stream, _)) = listener.accept().await else { continue };
                    let door = door.clone();
                    tokio::spawn(async move {
                        let service = service_fn(move |request| {
                            let door = door.clone();
                            async move { Ok::<_, Infallible>(door.answer(&request)) }
                        });
                        // A browser that breaks off hurts nobody.
                        let _ = hyper::server::conn::http1::Builder::new()
                            .keep_alive(false)
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
            };
            let ended = tokio::select! {
                never = accept => never,
                ended = end => ended,
            };
            tokio::time::sleep(LAST_ANSWER).await;
            ended
        })
    }
}

struct Door<P> {
    authority: String,
    path: String,
    page: P,
}

impl<P: Fn() -> Option<Answer>> Door<P> {
    fn answer(&self, request: &Request<Incoming>) -> Answer {
        let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
        let right = request.method() == Method::GET
            && host == Some(self.authority.as_bytes())
            && same_in_constant_time(request.uri().path().as_bytes(), self.path.as_bytes());
        let mut answer = if right { (self.page)() } else { None }.unwrap_or_else(|| {
            let mut nothing = Answer::default();
            *nothing.status_mut() = StatusCode::NOT_FOUND;
            nothing
        });
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        answer
    }
}

/// Takes the same time wherever the first difference is.
pub(super) fn same_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
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
