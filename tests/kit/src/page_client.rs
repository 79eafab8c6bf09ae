//! A person in front of web pages on loopback: follows links, keeps cookies, fills in forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use scraper::{ElementRef, Html, Node, Selector};
use ureq::Agent;
use url::Url;

/// A browser with a cookie jar, for plain http only.
pub struct PageClient {
    agent: Agent,
    /// By host and port: a server gets no cookies of another one.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that was opened, after redirects.
pub struct Page {
    pub url: String,
    pub status: u16,
    pub body: String,
}

impl Default for PageClient {
    fn default() -> Self {
        // Redirects are followed here: each one may set cookies. Idle connections would keep servers waiting.
        let config = Agent::config_builder().max_redirects(0).http_status_as_error(false).proxy(None);
        let config = config.max_idle_connections(0).timeout_global(Some(Duration::from_mins(1)));
        Self { agent: config.build().new_agent(), cookies: BTreeMap::new() }
    }
}

impl PageClient {
    pub fn new() -> Self {
        Self::default()
    }

    /// The browser that [`Self::cookies`] was asked of.
    pub fn with_cookies(lines: &str) -> Self {
        let mut client = Self::default();
        for line in lines.lines() {
            if let [host, name, value] = line.splitn(3, '\t').collect::<Vec<_>>()[..] {
                client.cookies.entry(host.into()).or_default().insert(name.into(), value.into());
            }
        }
        client
    }

    /// Its cookies, for the next client of the same person: host, name and value on a line each, between tabs.
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
        self.travel(parsed(url), None)
    }

    /// Sends the form that has a submit button (or its value or name) with `button` in it.
    ///
    /// Hidden fields keep their values, `fields` fills in or replaces the others.
    ///
    /// # Panics
    /// When the page has no such form.
    pub fn submit(&mut self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let form = page
            .form(button)
            .unwrap_or_else(|| panic!("no form with {button:?} on {}:\n{}", page.url, page.body));
        let mut values = form.fields;
        for (name, value) in fields {
            values.retain(|(n, _)| n != name);
            values.push(((*name).into(), (*value).into()));
        }
        let mut target =
            parsed(&page.url).join(&form.action).unwrap_or_else(|e| panic!("{}: {e}", form.action));
        if form.method.eq_ignore_ascii_case("post") {
            self.travel(target, Some(values))
        } else {
            target.query_pairs_mut().clear().extend_pairs(values);
            self.travel(target, None)
        }
    }

    /// Goes where the redirects lead; `fields` are those of a form that is posted.
    fn travel(&mut self, mut url: Url, mut fields: Option<Vec<(String, String)>>) -> Page {
        for _ in 0..20 {
            let (status, location, body) = self.exchange(&url, fields.as_deref());
            match location {
                Some(to) if (300..400).contains(&status) => {
                    url = url.join(&to).unwrap_or_else(|e| panic!("{to}: {e}"));
                    fields = fields.filter(|_| matches!(status, 307 | 308));
                }
                _ => return Page { url: url.into(), status, body },
            }
        }
        panic!("more than 20 redirects, the last one to {url}");
    }

    /// Returns the status, the address of a redirect and the body.
    fn exchange(&mut self, url: &Url, fields: Option<&[(String, String)]>) -> (u16, Option<String>, String) {
        assert_eq!(url.scheme(), "http", "{url} is not plain http");
        let host = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
        let jar = self.cookies.entry(host).or_default();
        let cookies =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let cookies = Some(cookies).filter(|cookies| !cookies.is_empty());
        let answer = match fields {
            None => {
                let request = self.agent.get(url.as_str());
                match &cookies {
                    Some(cookies) => request.header("Cookie", cookies).call(),
                    None => request.call(),
                }
            }
            Some(fields) => {
                let request =
                    self.agent.post(url.as_str()).header("Origin", url.origin().ascii_serialization());
                let request = match &cookies {
                    Some(cookies) => request.header("Cookie", cookies),
                    None => request,
                };
                request.send_form(fields.iter().map(|(name, value)| (name, value)))
            }
        };
        let mut answer = answer.unwrap_or_else(|e| panic!("{url}: {e}"));
        let body = answer.body_mut().read_to_vec().unwrap_or_else(|e| panic!("{url}: {e}"));
        let header = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        for cookie in answer.headers().get_all("set-cookie").iter().map(header) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().into(), value.trim().into());
            }
        }
        let location = answer.headers().get("location").map(header);
        (answer.status().as_u16(), location, String::from_utf8_lossy(&body).into_owned())
    }
}

fn parsed(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|e| panic!("{url}: {e}"))
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

/// A form as a button would send it.
pub struct Form {
    pub method: String,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Returns what `form` sends, if it has that button.
    fn pressed(form: ElementRef<'_>, button: &str) -> Option<Self> {
        let attribute = |element: ElementRef<'_>, name| element.attr(name).map(str::to_owned);
        let (mut fields, mut pressed) = (Vec::new(), None);
        for control in form.select(&selector("input, button")) {
            let value = attribute(control, "value").unwrap_or_default();
            let pair = attribute(control, "name").map(|name| (name, value.clone()));
            if control.value().name() != "button" && control.attr("type") != Some("submit") {
                fields.extend(pair);
                continue;
            }
            let label: String = control.text().collect();
            let is_named = control.attr("name") == Some(button);
            if pressed.is_none() && (is_named || label.contains(button) || value.contains(button)) {
                pressed = Some(pair);
            }
        }
        fields.extend(pressed?);
        let method = attribute(form, "method").unwrap_or_else(|| "get".into());
        Some(Self { method, action: attribute(form, "action").unwrap_or_default(), fields })
    }
}

impl Page {
    /// Returns the page as a browser without scripts has it: the parser takes the content of `noscript` for text.
    fn document(&self) -> Html {
        Html::parse_document(&self.body.replace("<noscript>", "").replace("</noscript>", ""))
    }

    /// What a person reads: without tags, style sheets and blank lines.
    pub fn text(&self) -> String {
        let document = self.document();
        let mut text = String::new();
        for node in document.tree.root().descendants() {
            let parent = node.parent().and_then(|parent| Some(parent.value().as_element()?.name()));
            let Node::Text(words) = node.value() else { continue };
            if !words.trim().is_empty() && !matches!(parent, Some("style" | "script" | "title")) {
                text.push_str(words.trim());
                text.push('\n');
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
        let document = self.document();
        document.select(&selector("form")).find_map(|form| Form::pressed(form, button))
    }

    /// The first words in an element that a CSS selector names, such as `#error`.
    pub fn text_in(&self, element: &str) -> Option<String> {
        let (document, selector) = (self.document(), selector(element));
        let mut texts = document.select(&selector).flat_map(|element| element.text());
        texts.find_map(|words| Some(words.trim().to_owned()).filter(|words| !words.is_empty()))
    }

    /// A parameter of the address that the client arrived at.
    pub fn query(&self, name: &str) -> Option<String> {
        let url = parsed(&self.url);
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        Page { url: "http://localhost/".to_owned(), status: 200, body: body.to_owned() }
    }

    #[test]
    fn a_form_is_found_by_its_button_and_keeps_hidden_fields() {
        let html = r#"<form action="/other"><button>Cancel</button></form>
            <form method="post" action="/consent?a=1&amp;b=2"><input type="hidden" name="ticket" value="a&quot;b">
            <input name=user><button name="answer" value="allow">Allow access</button></form>"#;
        let form = page(html).form("Allow").unwrap();
        assert_eq!((form.method.as_str(), form.action.as_str()), ("post", "/consent?a=1&b=2"));
        let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("ticket", "a\"b"), ("user", ""), ("answer", "allow")]);
        assert!(!page(html).has_button("Deny"));
    }

    #[test]
    fn cookies_go_on_in_the_next_walk() {
        let mut client = PageClient::new();
        client.cookies.entry("localhost:80".into()).or_default().insert("a".into(), "b=c; \u{e4}".into());
        client.cookies.entry("127.0.0.1:80".into()).or_default().insert("a".into(), String::new());
        assert_eq!(PageClient::with_cookies(&client.cookies()).cookies, client.cookies);
        assert!(PageClient::with_cookies("").cookies.is_empty());
    }

    #[test]
    fn a_button_for_browsers_without_scripts_is_found() {
        let html = r#"<form method="post" action="/acs"><input type="hidden" name="SAMLResponse" value="x">
            <noscript><p>Press it</p><input type="submit" value="Continue"></noscript></form>"#;
        assert!(page(html).has_button("Continue"));
    }

    #[test]
    fn scripts_are_not_read() {
        let page = page("<title>x</title>a<script>if (1<2) { '<b>c'; }</script><p>b &amp; c</p>");
        assert_eq!(page.text(), "a\nb & c\n");
    }

    #[test]
    fn words_are_found_by_a_selector() {
        let page = page(r#"<div class="alert" id="error"><i></i> <b>A &amp; B</b></div>"#);
        assert_eq!(page.text_in("#error").unwrap(), "A & B");
        assert_eq!(page.text_in("#other"), None);
    }
}
