//! A page on this machine that says what asked for a login, and shows its code, before the browser goes to AWS: for
//! a login that no terminal shows. It is there as long as the login waits.

use tokio::sync::oneshot;

use super::loopback::{self, Loopback, NoPort};

/// What the person compares and where they go on.
pub struct Shown<'a> {
    pub session: &'a str,
    /// Of the device grant; a login that comes back to this machine has none.
    pub code: Option<&'a str>,
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
        let body = body(shown);
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let page = move || Some(loopback::page("kcaws login", &body));
            let _ = loopback.serve(page, ended);
        });
        Ok(Self { url, _end: end })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
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
    use crate::ports::loopback::ask;

    #[test]
    fn the_page_shows_the_code_as_often_as_it_is_loaded_and_ends_with_the_login() {
        let shown = Shown {
            session: "<corp>",
            code: Some("BCDF-GHJK"),
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
