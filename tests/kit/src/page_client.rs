//! A person in front of web pages on loopback: follows links, keeps cookies, fills in forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A browser with a cookie jar, for plain http only.
#[derive(Default)]
pub struct PageClient {
    /// By host and port: a page of one server is not told another's cookies.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where a walk arrived.
pub struct Page {
    pub url: String,
    pub status: u16,
    pub body: String,
}

impl PageClient {
    pub fn new() -> Self {
        Self::default()
    }

    /// The browser that [`Self::cookies`] was asked of.
    pub fn with_cookies(lines: &str) -> Self {
        let mut walk = Self::default();
        for line in lines.lines() {
            if let [host, name, value] = line.splitn(3, '\t').collect::<Vec<_>>()[..] {
                walk.cookies.entry(host.into()).or_default().insert(name.into(), value.into());
            }
        }
        walk
    }

    /// Its cookies, for the same person's next walk: host, name and value on a line each, between tabs.
    pub fn cookies(&self) -> String {
        let all = self.cookies.iter().flat_map(|(host, jar)| jar.iter().map(move |(n, v)| (host, n, v)));
        all.fold(String::new(), |mut lines, (host, name, value)| {
            let _ = writeln!(lines, "{host}\t{name}\t{value}");
            lines
        })
    }

    /// Opens an address and follows redirects.
    ///
    /// # Panics
    /// When it is not plain http, or the server breaks off.
    pub fn open(&mut self, url: &str) -> Page {
        self.travel("GET", url, None)
    }

    /// Sends the form that has a submit button (or its value or name) with `button` in it.
    ///
    /// Hidden fields keep their values, `fields` fills in or replaces the others.
    ///
    /// # Panics
    /// When the page has no such form.
    pub fn submit(&mut self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let form = Form::with_button(&page.body, button)
            .unwrap_or_else(|| panic!("no form with {button:?} on {}:\n{}", page.url, page.body));
        let mut values = form.fields;
        for (name, value) in fields {
            values.retain(|(n, _)| n != name);
            values.push(((*name).into(), (*value).into()));
        }
        let encoded: Vec<_> = values.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        let target = resolve(&page.url, &form.action);
        if form.method.eq_ignore_ascii_case("post") {
            self.travel("POST", &target, Some(encoded.join("&")))
        } else {
            let base = target.split('?').next().unwrap_or_default().to_owned();
            self.travel("GET", &format!("{base}?{}", encoded.join("&")), None)
        }
    }

    fn travel(&mut self, method: &str, url: &str, body: Option<String>) -> Page {
        let (mut method, mut url, mut body) = (method.to_owned(), url.to_owned(), body);
        for _ in 0..20 {
            let (status, headers, text) = self.exchange(&method, &url, body.as_deref());
            let location = headers.iter().find(|(n, _)| n == "location").map(|(_, v)| v.clone());
            match location {
                Some(to) if (300..400).contains(&status) => {
                    url = resolve(&url, &to);
                    if !matches!(status, 307 | 308) {
                        (method, body) = ("GET".into(), None);
                    }
                }
                _ => return Page { url, status, body: text },
            }
        }
        panic!("more than 20 redirects, the last one to {url}");
    }

    fn exchange(
        &mut self,
        method: &str,
        url: &str,
        body: Option<&str>,
    ) -> (u16, Vec<(String, String)>, String) {
        let (host, path) = split(url);
        let mut stream = TcpStream::connect(&host).unwrap_or_else(|e| panic!("{url}: {e}"));
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let jar = self.cookies.entry(host.clone()).or_default();
        if !jar.is_empty() {
            let all: Vec<_> = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let _ = write!(request, "Cookie: {}\r\n", all.join("; "));
        }
        if let Some(body) = body {
            let _ = write!(
                request,
                "Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        let _ = write!(request, "\r\n{}", body.unwrap_or_default());
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap_or_else(|e| panic!("{url}: {e}"));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, rest) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{url}: no HTTP answer: {answer}"));
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok()).unwrap_or_else(|| panic!("{head}"));
        let headers: Vec<_> = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
            .collect();
        for (_, cookie) in headers.iter().filter(|(n, _)| n == "set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().into(), value.trim().into());
            }
        }
        let chunked =
            headers.iter().any(|(n, v)| n == "transfer-encoding" && v.eq_ignore_ascii_case("chunked"));
        (status, headers, if chunked { unchunk(rest) } else { rest.to_owned() })
    }
}

fn unchunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(more.get(..size).unwrap_or(more));
        rest = more.get(size + 2..).unwrap_or_default();
    }
    whole
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Host with port, and path with query.
fn split(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is not plain http"));
    let rest = rest.split('#').next().unwrap_or_default();
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    (host, if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

fn resolve(base: &str, to: &str) -> String {
    if to.contains("://") {
        return to.to_owned();
    }
    let (host, path) = split(base);
    let folder = &path[..path.split('?').next().unwrap_or_default().rfind('/').map_or(0, |i| i + 1)];
    match to.as_bytes().first() {
        None => base.to_owned(),
        Some(b'/') => format!("http://{host}{to}"),
        Some(b'?') => format!("http://{host}{}{to}", path.split('?').next().unwrap_or_default()),
        Some(_) => format!("http://{host}{folder}{to}"),
    }
}

/// A form as a button would send it.
pub struct Form {
    pub method: String,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Good for the plain pages of a simulator, not for the web.
    fn with_button(html: &str, button: &str) -> Option<Self> {
        html.split("<form").skip(1).find_map(|rest| {
            let inside = rest.split("</form").next()?;
            let (head, content) = inside.split_once('>')?;
            let mut fields = Vec::new();
            let mut pressed = None;
            for tag in content.split('<') {
                let (tag, label) = tag.split_once('>').unwrap_or((tag, ""));
                let is_button = tag.starts_with("button");
                if !(is_button || tag.starts_with("input")) {
                    continue;
                }
                let kind = attribute(tag, "type").unwrap_or_default();
                let pair = attribute(tag, "name").map(|n| (n, attribute(tag, "value").unwrap_or_default()));
                if is_button || kind == "submit" {
                    let hit = label.contains(button)
                        || pair.as_ref().is_some_and(|(n, v)| n == button || v.contains(button))
                        || attribute(tag, "value").is_some_and(|v| v.contains(button));
                    if hit && pressed.is_none() {
                        pressed = Some(pair);
                    }
                } else {
                    fields.extend(pair);
                }
            }
            fields.extend(pressed?);
            Some(Self {
                method: attribute(head, "method").unwrap_or_else(|| "get".into()),
                action: attribute(head, "action").unwrap_or_default(),
                fields,
            })
        })
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.match_indices(name).find_map(|(i, _)| {
        let before = tag[..i].chars().next_back().is_none_or(char::is_whitespace);
        tag[i + name.len()..].starts_with('=').then_some(i + name.len() + 1).filter(|_| before)
    })?;
    let rest = &tag[start..];
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split(char::is_whitespace).next()?,
    };
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let text =
        text.replace("&quot;", "\"").replace("&#39;", "'").replace("&#x27;", "'").replace("&#x2F;", "/");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl Page {
    /// What a person reads: without tags, style sheets and blank lines.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut unseen = None;
        for (index, piece) in self.body.split('<').enumerate() {
            let (tag, words) =
                if index == 0 { ("", piece) } else { piece.split_once('>').unwrap_or((piece, "")) };
            // A script may have a `<` of its own: it ends where its tag does.
            match unseen {
                Some(name) if tag.strip_prefix('/') == Some(name) => unseen = None,
                Some(_) => continue,
                None => unseen = ["style", "script", "title"].into_iter().find(|name| tag.starts_with(name)),
            }
            if unseen.is_none() {
                let words = unescape(words);
                text.push_str(words.trim());
                text.push_str(if words.trim().is_empty() { "" } else { "\n" });
            }
        }
        text
    }

    /// Whether [`PageClient::submit`] would find it.
    pub fn has_button(&self, button: &str) -> bool {
        self.form(button).is_some()
    }

    /// The form that [`PageClient::submit`] would send.
    pub fn form(&self, button: &str) -> Option<Form> {
        Form::with_button(&self.body, button)
    }

    /// The first words behind `marker`, which stands in a tag, such as `id="error"`.
    pub fn text_behind(&self, marker: &str) -> Option<String> {
        let rest = self.body.split_once(marker)?.1;
        let mut pieces = rest.split('>').skip(1).filter_map(|piece| piece.split('<').next()).map(str::trim);
        pieces.find(|words| !words.is_empty()).map(unescape)
    }

    /// A parameter of the address that the walk arrived at.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.url.split('#').next()?.split_once('?')?.1;
        let pair = query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name)?;
        Some(percent_decode_str(&pair.1.replace('+', " ")).decode_utf8_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_by_its_button_and_keeps_hidden_fields() {
        let html = r#"<form action="/other"><button>Cancel</button></form>
            <form method="post" action="/consent?a=1&amp;b=2"><input type="hidden" name="ticket" value="a&quot;b">
            <input name=user><button name="answer" value="allow">Allow access</button></form>"#;
        let form = Form::with_button(html, "Allow").unwrap();
        assert_eq!((form.method.as_str(), form.action.as_str()), ("post", "/consent?a=1&b=2"));
        let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("ticket", "a\"b"), ("user", ""), ("answer", "allow")]);
    }

    #[test]
    fn cookies_go_on_in_the_next_walk() {
        let mut walk = PageClient::new();
        walk.cookies.entry("localhost:80".into()).or_default().insert("a".into(), "b=c; \u{e4}".into());
        walk.cookies.entry("127.0.0.1:80".into()).or_default().insert("a".into(), String::new());
        assert_eq!(PageClient::with_cookies(&walk.cookies()).cookies, walk.cookies);
        assert!(PageClient::with_cookies("").cookies.is_empty());
    }

    #[test]
    fn scripts_are_not_read() {
        let body = "<title>x</title>a<script>if (1<2) { '<b>c'; }</script><p>b &amp; c</p>".to_owned();
        assert_eq!(Page { url: String::new(), status: 200, body }.text(), "a\nb & c\n");
    }

    #[test]
    fn words_are_found_behind_a_marker() {
        let body = r#"<div class="alert" id="error"><i></i> <b>A &amp; B</b></div>"#.to_owned();
        let page = Page { url: String::new(), status: 200, body };
        assert_eq!(page.text_behind(r#"id="error""#).unwrap(), "A & B");
        assert_eq!(page.text_behind(r#"id="other""#), None);
    }

    #[test]
    fn addresses_resolve_as_in_a_browser() {
        let base = "http://127.0.0.1:80/a/b?x=/y";
        assert_eq!(resolve(base, "/c"), "http://127.0.0.1:80/c");
        assert_eq!(resolve(base, "c"), "http://127.0.0.1:80/a/c");
        assert_eq!(resolve(base, "?z"), "http://127.0.0.1:80/a/b?z");
        assert_eq!(resolve(base, ""), base);
        assert_eq!(resolve(base, "http://127.0.0.1:9/"), "http://127.0.0.1:9/");
    }
}
