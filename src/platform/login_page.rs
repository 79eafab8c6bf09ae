//! A local page that shows what requested a login, and its code, before the browser goes to AWS.
//!
//! It is for a login that no terminal shows. It is served as long as the login waits, to the first browser that
//! requests it, since its link contains what identifies the login.

use std::sync::{Mutex, PoisonError};

use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};
use hyper::http::request::Parts;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::platform::loopback::{self, Answer, Loopback, NoPort, Visitors};
use crate::platform::thread;

/// What the user compares, and where to continue.
pub struct Shown<'a> {
    pub session: &'a str,
    /// The code of the device grant; a login that redirects to this machine has none.
    pub code: Option<&'a str>,
    pub client_name: &'a str,
    /// What requested the login, such as `credentials of PowerUserAccess in 111122223333`.
    pub asked_by: &'a str,
    /// The AWS page.
    pub next: &'a str,
}

/// A page that is served until this is dropped.
pub struct LoginPage {
    url: String,
    /// Dropping it ends the serving.
    _end: oneshot::Sender<()>,
}

impl LoginPage {
    pub fn show(shown: &Shown<'_>) -> Result<Self, NoPort> {
        let loopback = Loopback::listen()?;
        let (url, visitors) = (loopback.url(), loopback.visitors());
        let only = OneBrowser::at(loopback.path())?;
        let body = body(shown);
        let (end, ended) = oneshot::channel::<()>();
        let server = thread::start(move || {
            let page = move |asked: &Parts| {
                only.admit(asked, || loopback::page("kcaws login", &format!("{body}{}", notice(&visitors))))
            };
            let _ = loopback.serve(page, ended);
        });
        server.map_err(NoPort::NotOpened)?;
        Ok(Self { url, _end: end })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Recognizes the first browser by a cookie, so that it can reload the page.
struct OneBrowser {
    cookie: String,
    path: String,
    is_taken: Mutex<bool>,
}

impl OneBrowser {
    fn at(path: String) -> Result<Self, NoPort> {
        Ok(Self { cookie: format!("kcaws={}", loopback::random::<16>()?), path, is_taken: Mutex::new(false) })
    }

    fn admit(&self, asked: &Parts, page: impl FnOnce() -> Answer) -> Option<Answer> {
        let knows_it = |header: &HeaderValue| {
            header
                .as_bytes()
                .split(|byte| *byte == b';')
                .any(|pair| bool::from(pair.trim_ascii().ct_eq(self.cookie.as_bytes())))
        };
        let was_taken =
            std::mem::replace(&mut *self.is_taken.lock().unwrap_or_else(PoisonError::into_inner), true);
        if was_taken && !asked.headers.get_all(COOKIE).iter().any(knows_it) {
            return None;
        }
        let mut answer = page();
        // For this path alone: cookies ignore ports, and another port may be another user's.
        let cookie = format!("{}; Path={}; HttpOnly; SameSite=Strict", self.cookie, self.path);
        answer.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
        Some(answer)
    }
}

/// Returns the notice about other visitors, for lack of a terminal to report them on.
fn notice(visitors: &Visitors) -> String {
    visitors.take_refused().map_or_else(String::new, |uid| {
        format!(
            "<p>Before you, another user of this machine (uid {uid}) asked for this page and was refused.</p>"
        )
    })
}

fn body(shown: &Shown<'_>) -> String {
    let [session, client_name, asked_by, next] =
        [shown.session, shown.client_name, shown.asked_by, shown.next].map(escaped);
    let compare = match shown.code.map(escaped) {
        Some(code) => format!(
            "<p>The next page shows this code and this client. Go on only if both are the same there, and if this was you, just now.</p>\
             <p><code>{code}</code></p>"
        ),
        None => "<p>The next page shows this client. Go on only if it is the same there, and if this was you, just now.</p>"
            .to_owned(),
    };
    format!(
        "<h1>Log in to AWS session {session}?</h1>\
         <p>Asked for by: {asked_by}.</p>{compare}<p>{client_name}</p>\
         <p><a href=\"{next}\">Go on to AWS</a></p><p>If it was not you, close this tab: nothing happens then.</p>"
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::loopback::ask;

    const SHOWN: Shown<'_> = Shown {
        session: "<corp>",
        code: Some("BCDF-GHJK"),
        client_name: "kcaws alice@laptop",
        asked_by: "credentials of X",
        next: "https://device.sso.eu-central-1.amazonaws.com/?user_code=BCDF-GHJK",
    };

    #[test]
    fn the_first_browser_is_shown_the_code_as_often_as_it_loads_the_page_and_no_other_is() {
        let page = LoginPage::show(&SHOWN).expect("listens");
        let (authority, path) = page.url().trim_start_matches("http://").split_once('/').expect("a path");
        let head = format!("GET /{path} HTTP/1.1\r\nHost: {authority}");
        let stranger = ask(authority, &format!("GET /{path} HTTP/1.1\r\nHost: evil.example.com"));
        assert!(!stranger.contains("BCDF"), "{stranger}");
        let first = ask(authority, &head);
        assert!(first.contains("BCDF-GHJK") && first.contains("&lt;corp&gt;"), "{first}");
        assert!(first.contains("default-src 'none'"), "{first}");
        let cookie =
            first.split_once("set-cookie: ").and_then(|(_, rest)| rest.split_once(';')).expect("a cookie");
        assert!(cookie.1.starts_with(&format!(" Path=/{path}; HttpOnly; SameSite=Strict")), "{first}");
        for other in ["", "\r\nCookie: kcaws=0123456789abcdef0123456789abcdef", "\r\nCookie: kcaws="] {
            let answer = ask(authority, &format!("{head}{other}"));
            assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("BCDF"), "{answer}");
        }
        let again = ask(authority, &format!("{head}\r\nCookie: a=b; {}", cookie.0));
        assert!(again.contains("BCDF-GHJK"), "{again}");
    }
}
