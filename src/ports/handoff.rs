//! Hands a URL that carries a secret to the browser without it ever standing on a command line: the browser is
//! given `http://127.0.0.1:PORT/<nonce>`, which redirects once, unstored, and is gone.

use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::loopback::{Loopback, NoPort, redirect};
use crate::secret::Secret;

#[derive(Debug, thiserror::Error)]
pub enum HandoffError {
    #[error(transparent)]
    NoPort(#[from] NoPort),
    #[error("the browser did not ask for the page within {} s", .0.as_secs())]
    NotFetched(Duration),
}

/// A listener that waits for one browser.
pub struct Handoff(Loopback);

impl Handoff {
    pub fn listen() -> Result<Self, HandoffError> {
        Ok(Self(Loopback::listen()?))
    }

    /// What the browser is given.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// [`Handoff::redirect_once`] on a thread of its own: it begins before the browser is started, and does not wait
    /// for that one's start to be over.
    pub fn serve(self, target: &Secret<String>, patience: Duration) -> Serving {
        let target = target.clone();
        Serving { thread: std::thread::spawn(move || self.redirect_once(&target, patience)), patience }
    }

    /// Redirects the first right request to `target` and ends. Wrong ones do not end the wait.
    pub fn redirect_once(self, target: &Secret<String>, patience: Duration) -> Result<(), HandoffError> {
        let (done, fetched) = oneshot::channel();
        let (done, target) = (Mutex::new(Some(done)), target.clone());
        let page = move || {
            let first = done.lock().ok().and_then(|mut done| done.take())?;
            let answer = redirect(target.expose())?;
            // The receiver is gone only when the wait is over anyway.
            let _ = first.send(());
            Some(answer)
        };
        self.0.serve(page, async {
            match tokio::time::timeout(patience, fetched).await {
                Ok(_) => Ok(()),
                Err(_) => Err(HandoffError::NotFetched(patience)),
            }
        })
    }
}

/// Waits for the browser elsewhere.
pub struct Serving {
    thread: JoinHandle<Result<(), HandoffError>>,
    patience: Duration,
}

impl Serving {
    pub fn wait(self) -> Result<(), HandoffError> {
        self.thread.join().unwrap_or(Err(HandoffError::NotFetched(self.patience)))
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::ports::loopback::ask;

    #[test]
    fn the_right_request_is_redirected_once_and_wrong_ones_learn_nothing() {
        let handoff = Handoff::listen().expect("listens");
        let (authority, path) = (handoff.0.authority.clone(), format!("/{}", handoff.0.nonce));
        assert_eq!(handoff.url(), format!("http://{authority}{path}"));
        let target = Secret::from("https://signin.aws.amazon.com/federation?SigninToken=hidden");
        let waiter = handoff.serve(&target, Duration::from_secs(20));

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
        // Its thread had the listener, and ends with this. (Whoever gets the port next is somebody else.)
        waiter.wait().expect("fetched");
    }

    #[test]
    fn a_browser_that_never_comes_is_an_error() {
        let handoff = Handoff::listen().expect("listens");
        let outcome = handoff.redirect_once(&Secret::from("x"), Duration::from_millis(10));
        assert!(matches!(outcome, Err(HandoffError::NotFetched(_))));
    }
}
