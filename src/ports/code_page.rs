//! A page on this machine that shows a login's code before the browser goes to AWS: for a login that no terminal
//! shows. It is there as long as the login waits.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use tokio::sync::oneshot;

use super::loopback::{Answer, Loopback, NoPort};

/// What the person compares and where they go on.
pub struct Shown<'a> {
    pub session: &'a str,
    pub code: &'a str,
    pub client_name: &'a str,
    /// What asked for the login, such as `credentials of PowerUserAccess in 111122223333`.
    pub asked_by: &'a str,
    /// AWS's page.
    pub next: &'a str,
}

/// Served until dropped.
pub struct CodePage {
    url: String,
    /// Dropping it ends the serving.
    _end: oneshot::Sender<()>,
}

impl CodePage {
    pub fn show(shown: &Shown<'_>) -> Result<Self, NoPort> {
        let loopback = Loopback::listen()?;
        let url = loopback.url();
        let html = Bytes::from(html(shown));
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let page = move || {
                let mut answer = Answer::new(Full::new(html.clone()));
                let headers = answer.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
                headers.insert(
                    CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static(
                        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                    ),
                );
                Some(answer)
            };
            let _ = loopback.serve(page, ended);
        });
        Ok(Self { url, _end: end })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

fn html(shown: &Shown<'_>) -> String {
    let [session, code, client_name, asked_by, next] =
        [shown.session, shown.code, shown.client_name, shown.asked_by, shown.next].map(escaped);
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>kcaws login</title>\
         <style>body{{font:1.1rem/1.5 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}}\
         code{{font-size:2rem;letter-spacing:.1em}}</style>\
         <h1>Log in to AWS session {session}?</h1>\
         <p>Asked for by: {asked_by}.</p>\
         <p>The next page shows this code and this client. Go on only if both are the same there, and if this was you, just now.</p>\
         <p><code>{code}</code></p><p>{client_name}</p>\
         <p><a href=\"{next}\">Go on to AWS</a></p><p>If it was not you, close this tab: nothing happens then.</p></html>"
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
    use crate::ports::loopback::ask;

    #[test]
    fn the_page_shows_the_code_as_often_as_it_is_loaded_and_ends_with_the_login() {
        let shown = Shown {
            session: "<corp>",
            code: "BCDF-GHJK",
            client_name: "kcaws alice@laptop",
            asked_by: "credentials of X",
            next: "https://device.sso.eu-central-1.amazonaws.com/?user_code=BCDF-GHJK",
        };
        let page = CodePage::show(&shown).expect("listens");
        let (authority, path) = page.url().trim_start_matches("http://").split_once('/').expect("a path");
        for _ in 0..2 {
            let answer = ask(authority, &format!("GET /{path} HTTP/1.1\r\nHost: {authority}"));
            assert!(answer.contains("BCDF-GHJK") && answer.contains("&lt;corp&gt;"), "{answer}");
            assert!(answer.contains("default-src 'none'"), "{answer}");
        }
        let stranger = ask(authority, &format!("GET /{path} HTTP/1.1\r\nHost: evil.example.com"));
        assert!(!stranger.contains("BCDF"), "{stranger}");
    }
}
