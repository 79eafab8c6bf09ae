//! Passes a URL that contains a secret to the browser without putting it on a command line.
//!
//! The browser gets `http://127.0.0.1:PORT/<nonce>`, which redirects once, uncached, and is gone.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::platform::loopback::{Loopback, NoPort, Visitors, redirect};
use crate::platform::thread;
use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
pub enum OneTimeRedirectError {
    #[error(transparent)]
    NoPort(#[from] NoPort),
    #[error("the browser did not open the page within {} s", .0.as_secs())]
    NotFetched(Duration),
}

/// A listener that waits for one browser.
pub struct OneTimeRedirect(Loopback);

impl OneTimeRedirect {
    pub fn listen() -> Result<Self, OneTimeRedirectError> {
        Ok(Self(Loopback::listen()?))
    }

    /// Returns the URL for the browser.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Runs [`OneTimeRedirect::redirect_once`] on a thread of its own.
    ///
    /// It begins before the browser is started and does not wait for its start.
    pub fn serve(self, target: &Secret<String>, patience: Duration) -> Result<Serving, OneTimeRedirectError> {
        let (target, visitors) = (target.clone(), self.0.visitors());
        let (end, ended) = oneshot::channel();
        let thread = thread::start(move || self.redirect_once(&target, patience, ended));
        let thread = thread.map_err(NoPort::NotOpened)?;
        Ok(Serving { thread, visitors, patience, _end: end })
    }

    /// Redirects the first valid request to `target` and ends. Invalid ones do not end the wait.
    fn redirect_once(
        self,
        target: &Secret<String>,
        patience: Duration,
        ended: oneshot::Receiver<()>,
    ) -> Result<(), OneTimeRedirectError> {
        let (done, fetched) = oneshot::channel();
        let (done, target) = (Mutex::new(Some(done)), target.clone());
        let page = move |_: &_| {
            let first = done.lock().ok().and_then(|mut done| done.take())?;
            let answer = redirect(target.expose())?;
            // The receiver is only gone when the wait is over anyway.
            let _ = first.send(());
            Some(answer)
        };
        self.0.serve(page, async {
            tokio::select! {
                _ = fetched => Ok(()),
                _ = ended => Err(OneTimeRedirectError::NotFetched(patience)),
                () = tokio::time::sleep(patience) => Err(OneTimeRedirectError::NotFetched(patience)),
            }
        })
    }
}

/// Waits for the browser on another thread, until it is dropped.
pub struct Serving {
    thread: JoinHandle<Result<(), OneTimeRedirectError>>,
    visitors: Arc<Visitors>,
    patience: Duration,
    _end: oneshot::Sender<()>,
}

impl Serving {
    pub fn visitors(&self) -> Arc<Visitors> {
        self.visitors.clone()
    }

    pub fn wait(self) -> Result<(), OneTimeRedirectError> {
        self.thread.join().unwrap_or(Err(OneTimeRedirectError::NotFetched(self.patience)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::loopback::ask;

    #[test]
    fn the_right_request_is_redirected_once_and_wrong_ones_learn_nothing() {
        let one_time = OneTimeRedirect::listen().expect("listens");
        let (authority, path) = (one_time.0.authority.clone(), format!("/{}", one_time.0.nonce));
        assert_eq!(one_time.url(), format!("http://{authority}{path}"));
        let target = Secret::from("https://signin.aws.amazon.com/federation?SigninToken=hidden");
        let waiter = one_time.serve(&target, Duration::from_secs(20)).expect("a thread");

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
        // Its thread had the listener, and ends with this. (The port may be reused by another process.)
        waiter.wait().expect("fetched");
    }

    #[test]
    fn a_browser_that_never_comes_is_an_error() {
        let one_time = OneTimeRedirect::listen().expect("listens");
        let serving = one_time.serve(&Secret::from("x"), Duration::from_millis(10)).expect("a thread");
        assert!(matches!(serving.wait(), Err(OneTimeRedirectError::NotFetched(_))));
    }

    #[test]
    fn no_one_is_served_any_more_when_the_waiting_is_given_up() {
        let one_time = OneTimeRedirect::listen().expect("listens");
        let authority = one_time.0.authority.clone();
        drop(one_time.serve(&Secret::from("x"), Duration::from_secs(600)).expect("a thread"));
        let mut tries = 0;
        while std::net::TcpStream::connect(&authority).is_ok() {
            tries += 1;
            assert!(tries < 3000, "it still listens");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
