//! Hands a URL that carries a secret to the browser without it ever standing on a command line: the browser is
//! given `http://127.0.0.1:PORT/<nonce>`, which redirects once, unstored, and is gone.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, HOST, LOCATION, REFERRER_POLICY};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::sealed::hex;
use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
pub enum HandoffError {
    #[error("no loopback port could be opened")]
    NoPort(#[source] std::io::Error),
    #[error("the browser did not ask for the page within {} s", .0.as_secs())]
    NotFetched(Duration),
}

/// A listener that waits for one browser.
pub struct Handoff {
    runtime: Runtime,
    listener: TcpListener,
    authority: String,
    nonce: String,
}

impl Handoff {
    pub fn listen() -> Result<Self, HandoffError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(HandoffError::NoPort)?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(HandoffError::NoPort)?;
        let port = listener.local_addr().map_err(HandoffError::NoPort)?.port();
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| HandoffError::NoPort(std::io::Error::other(error)))?;
        Ok(Self { runtime, listener, authority: format!("127.0.0.1:{port}"), nonce: hex(&random) })
    }

    /// What the browser is given.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.authority, self.nonce)
    }

    /// Redirects the first right request to `target` and ends. Wrong requests are answered 404 and do not end
    /// the wait: a page that scans ports must not be able to spoil it.
    pub fn redirect_once(self, target: &Secret<String>, patience: Duration) -> Result<(), HandoffError> {
        let Self { runtime, listener, authority, nonce } = self;
        let (done, fetched) = oneshot::channel();
        let page = Arc::new(Page {
            path: format!("/{nonce}"),
            authority,
            target: target.clone(),
            done: Mutex::new(Some(done)),
        });
        runtime.block_on(async move {
            let serve = async {
                loop {
                    let Ok((stream, _)) = listener.accept().await else { continue };
                    let page = page.clone();
                    tokio::spawn(async move {
                        let service = service_fn(move |request| {
                            let page = page.clone();
                            async move { Ok::<_, Infallible>(page.answer(&request)) }
                        });
                        let _ = hyper::server::conn::http1::Builder::new()
                            .keep_alive(false)
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
            };
            tokio::select! {
                () = serve => unreachable!("the accept loop has no end"),
                outcome = tokio::time::timeout(patience, fetched) => match outcome {
                    Ok(_) => {
                        // The answer is on its way out of the connection's task: let it finish.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Ok(())
                    }
                    Err(_) => Err(HandoffError::NotFetched(patience)),
                },
            }
        })
    }
}

struct Page {
    path: String,
    authority: String,
    target: Secret<String>,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl Page {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let host = request.headers().get(HOST).map(hyper::header::HeaderValue::as_bytes);
        let right = request.method() == Method::GET
            && host == Some(self.authority.as_bytes())
            && same_in_constant_time(request.uri().path().as_bytes(), self.path.as_bytes());
        let once = if right { self.done.lock().ok().and_then(|mut done| done.take()) } else { None };
        let mut response = Response::new(Full::default());
        response.headers_mut().insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
        response
            .headers_mut()
            .insert(REFERRER_POLICY, hyper::header::HeaderValue::from_static("no-referrer"));
        match (once, hyper::header::HeaderValue::from_str(self.target.expose())) {
            (Some(done), Ok(mut location)) => {
                location.set_sensitive(true);
                *response.status_mut() = StatusCode::SEE_OTHER;
                response.headers_mut().insert(LOCATION, location);
                // The receiver is gone only when the wait is over anyway.
                let _ = done.send(());
            }
            _ => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        response
    }
}

/// Takes the same time wherever the first difference is.
pub fn same_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    fn ask(authority: &str, head: &str) -> String {
        let mut stream = TcpStream::connect(authority).expect("connects");
        write!(stream, "{head}\r\nConnection: close\r\n\r\n").expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        answer
    }

    #[test]
    fn the_right_request_is_redirected_once_and_wrong_ones_learn_nothing() {
        let handoff = Handoff::listen().expect("listens");
        let (authority, path) = (handoff.authority.clone(), format!("/{}", handoff.nonce));
        assert_eq!(handoff.url(), format!("http://{authority}{path}"));
        let target = Secret::from("https://signin.aws.amazon.com/federation?SigninToken=hidden");
        let waiter = std::thread::spawn(move || handoff.redirect_once(&target, Duration::from_secs(20)));

        for wrong in [
            format!("GET /0000 HTTP/1.1\r\nHost: {authority}"),
            format!("POST {path} HTTP/1.1\r\nHost: {authority}"),
            format!("GET {path} HTTP/1.1\r\nHost: rebound.example.com"),
        ] {
            let answer = ask(&authority, &wrong);
            assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("hidden"), "{answer}");
        }
        let answer = ask(&authority, &format!("GET {path} HTTP/1.1\r\nHost: {authority}"));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        assert!(answer.to_lowercase().contains("cache-control: no-store"), "{answer}");
        assert!(answer.contains("SigninToken=hidden"), "{answer}");
        waiter.join().expect("no panic").expect("fetched");
        assert!(TcpStream::connect(&authority).is_err(), "the listener is gone");
    }

    #[test]
    fn a_browser_that_never_comes_is_an_error() {
        let handoff = Handoff::listen().expect("listens");
        let outcome = handoff.redirect_once(&Secret::from("x"), Duration::from_millis(10));
        assert!(matches!(outcome, Err(HandoffError::NotFetched(_))));
    }
}
