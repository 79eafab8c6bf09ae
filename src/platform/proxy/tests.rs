use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::platform::http::{HttpSetup, Unreached};
use crate::ports::clock::SystemClock;

fn of(pairs: &[(&str, &str)]) -> Result<Option<Proxy>, ProxyError> {
    Proxy::from_env(&Env::from_pairs(pairs))
}

fn used(value: &str) -> Proxy {
    of(&[("HTTPS_PROXY", value)]).ok().flatten().unwrap_or_else(|| panic!("{value:?} is used"))
}

/// Name and password as the client below sends them.
fn user_of(proxy: &Proxy) -> Option<String> {
    let read = proxy.matcher.intercept(&Uri::from_static("https://sts.amazonaws.com/")).expect("it is used");
    let sent = read.basic_auth()?.to_str().expect("ASCII").strip_prefix("Basic ")?;
    Some(String::from_utf8(BASE64_STANDARD.decode(sent).expect("base64")).expect("UTF-8"))
}

#[test]
fn a_value_is_used_as_it_is_meant() {
    for (value, address) in [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("HTTP://proxy.example:3128", "http://proxy.example:3128"),
        ("https://proxy.example:443/", "https://proxy.example:443"),
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("proxy", "http://proxy"),
        ("http://proxy.example", "http://proxy.example"),
        ("http://[::1]:3128", "http://[::1]:3128"),
        ("http://10.0.0.1:8080/path?query", "http://10.0.0.1:8080"),
        // Slips that leave no doubt.
        (" http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example:3128 \r\n", "http://proxy.example:3128"),
        ("http:/proxy.example:3128", "http://proxy.example:3128"),
        ("http:///proxy.example:3128", "http://proxy.example:3128"),
        ("http:\\\\proxy.example:3128", "http://proxy.example:3128"),
    ] {
        assert_eq!((used(value).address().as_str(), used(value).has_user()), (address, false), "{value:?}");
    }
}

#[test]
fn a_name_and_a_password_arrive_as_they_were_written() {
    for (value, user) in [
        ("http://me:secret@p:1", "me:secret"),
        ("me:secret@p:1", "me:secret"),
        ("http://me@p:1", "me:"),
        ("http://CORP\\me:secret@p:1", "CORP\\me:secret"),
        ("CORP\\me:secret@p:1", "CORP\\me:secret"),
        ("http://CORP%5Cme:p%40ss@p:1", "CORP\\me:p@ss"),
        ("http://me:a b^c|d[e]f{g}\"<>`@p:1", "me:a b^c|d[e]f{g}\"<>`"),
        ("http://me:p@ss:word@p:1", "me:p@ss:word"),
        ("http://me:100%@p:1", "me:100%"),
        ("http://mé:gehëim@p:1", "mé:gehëim"),
        ("http:/me:secret@p:1/", "me:secret"),
    ] {
        let proxy = used(value);
        assert_eq!(user_of(&proxy).as_deref(), Some(user), "{value}");
        assert!(proxy.has_user() && proxy.address() == "http://p:1", "{value}: {}", proxy.address());
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_not_shown() {
    for (value, flaw) in [
        ("socks5://secret@x:1", Flaw::Scheme),
        ("socks5h://x:1", Flaw::Scheme),
        ("ftp://x", Flaw::Scheme),
        ("://x", Flaw::Scheme),
        ("http://", Flaw::Host),
        ("::::", Flaw::Host),
        ("http://me:sec/ret@p:1", Flaw::Password),
        ("http://me:sec#ret@p:1", Flaw::Password),
        ("http://me:sec?ret@p:1", Flaw::Password),
        ("\"http://secret:1\"", Flaw::Scheme),
        ("'proxy:1'", Flaw::Host),
        ("http://a:1,http://b:2", Flaw::Port),
        ("http://a,b", Flaw::Host),
        ("a:1;b:2", Flaw::Port),
        ("http://a b:1", Flaw::Host),
        ("http://a\\b:1", Flaw::Host),
        ("http://x:99999", Flaw::Port),
        ("http://x:0", Flaw::Port),
        ("http://x:", Flaw::Port),
        ("http://x:+80", Flaw::Port),
        ("http://[::1", Flaw::Host),
        ("http://[x]:1", Flaw::Host),
        ("http://[::1]3128", Flaw::Host),
        ("http://pröxy:1", Flaw::Host),
        ("http://secret@", Flaw::Host),
    ] {
        let error = of(&[("https_proxy", value)]).err().unwrap_or_else(|| panic!("{value:?} is refused"));
        assert_eq!(error, ProxyError { variable: "https_proxy", flaw }, "{value:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_lower_case_spelling_wins_and_an_empty_one_is_none() {
    let variable = |pairs: &[(&str, &str)]| of(pairs).expect("fine").map(|proxy| proxy.variable);
    assert_eq!(variable(&[]), None);
    assert_eq!(variable(&[("HTTPS_PROXY", "a"), ("https_proxy", "b")]), Some("https_proxy"));
    assert_eq!(variable(&[("HTTPS_PROXY", ""), ("https_proxy", "b")]), Some("https_proxy"));
    assert_eq!(variable(&[("HTTPS_PROXY", "a"), ("https_proxy", "")]), Some("HTTPS_PROXY"));
    assert_eq!(variable(&[("HTTPS_PROXY", " "), ("ALL_PROXY", "b")]), Some("ALL_PROXY"));
    assert_eq!(variable(&[("HTTPS_PROXY", "a"), ("ALL_PROXY", "socks5://b")]), Some("HTTPS_PROXY"));
    assert_eq!(variable(&[("HTTP_PROXY", "socks5://x:1")]), None, "nothing of ours goes that way");
    // A CGI program must not take HTTP_PROXY from its caller; this is another variable.
    assert_eq!(variable(&[("HTTPS_PROXY", "a"), ("REQUEST_METHOD", "GET")]), Some("HTTPS_PROXY"));
    assert!(of(&[("HTTPS_PROXY", "socks5://a"), ("ALL_PROXY", "b")]).is_err(), "the one that decides");
}

#[test]
fn hosts_without_proxy_are_named_in_every_form_that_people_write() {
    let leads = |bypass: &str, host: &str| {
        let proxy = of(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", bypass)]).expect("fine").expect("one");
        proxy.leads_to(host)
    };
    let host = "portal.sso.eu-central-1.amazonaws.com";
    for past in [
        "*",
        "amazonaws.com",
        ".amazonaws.com",
        "*.amazonaws.com",
        "AMAZONAWS.COM",
        "localhost, .amazonaws.com",
        "localhost .amazonaws.com",
        "portal.sso.eu-central-1.amazonaws.com:443",
        "amazonaws.com.",
    ] {
        assert!(!leads(past, host), "{past}");
    }
    for no_match in
        ["", "localhost", "aws.com", "portal.sso.eu-central-1.amazonaws.com:8443", "10.0.0.0/8", "*.x"]
    {
        assert!(leads(no_match, host), "{no_match}");
    }
    for (past, host) in [("127.0.0.0/8", "127.0.0.1:8443"), ("[::1]", "[::1]:443"), ("::1", "[::1]")] {
        assert!(!leads(past, host), "{past}");
    }
    let pairs = [("HTTPS_PROXY", "p:1"), ("NO_PROXY", ""), ("no_proxy", "*")];
    assert!(!of(&pairs).expect("fine").expect("one").leads_to(host), "the lower-case one, as above");
}

/// What becomes of a request by a proxy that answers so; `None`: the port is closed.
fn through(scheme: &str, user: &str, answer: Option<&'static str>) -> (Unreached, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let place = listener.local_addr().expect("bound").to_string();
    let server = answer.map(|answer| {
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        })
    });
    let value = format!("{scheme}://{user}{place}");
    let env = Env::from_pairs(&[("HTTPS_PROXY", &value)]);
    let http = HttpSetup::from_env(&env, Arc::new(SystemClock::new())).expect("sets up");
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri("https://sts.eu-central-1.amazonaws.com/".to_owned()).expect("a URI");
    let outcome = http.ask(true, Duration::from_secs(20), request).err().expect("no answer");
    if let Some(server) = server {
        server.join().expect("served");
    }
    (outcome, place)
}

/// The client's error has no type that we could name: these are its texts.
#[test]
fn trouble_with_the_proxy_is_said_of_the_proxy() {
    let host = "sts.eu-central-1.amazonaws.com";
    let (error, place) = through("http", "", None);
    assert_eq!(error.at, format!("the proxy http://{place} (HTTPS_PROXY)"));
    assert!(!error.to_string().contains(host), "{error}");

    let (error, place) = through("https", "", Some("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_eq!(error.why, format!("it does not speak TLS; write HTTPS_PROXY=http://{place}"));

    for (user, answer, why) in [
        ("", "HTTP/1.1 407 No\r\n\r\n", "wants a user name and password (407)"),
        ("me:hunter2@", "HTTP/1.1 407 No\r\n\r\n", "refused the user name and password (407)"),
        ("", "HTTP/1.1 403 No\r\n\r\n", "refuses to connect there"),
        ("", "SSH-2.0-x\r\n", "refuses to connect there"),
        ("", "", "broke off"),
    ] {
        let (error, place) = through("http", user, Some(answer));
        assert_eq!(error.at, host, "{answer}");
        assert!(error.why.starts_with(&format!("the proxy http://{place} (HTTPS_PROXY) {why}")), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
