use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::platform::loopback::ask;

const STATE: &str = "s-8JqP_w1v2k3l4m5n6o7p8q9r0s1t2u3v4w5x6y7z8";
/// A broken test's, not a measure.
const LONG: Duration = Duration::from_secs(30);

fn listen() -> LoopbackCallback {
    LoopbackCallback::listen(&STATE.into()).expect("listens")
}

fn get(authority: &str, query: &str) -> String {
    ask(authority, &format!("GET {PATH}?{query} HTTP/1.1\r\nHost: {authority}"))
}

fn code(returned: Option<CallbackResult>) -> Option<String> {
    match returned? {
        CallbackResult::Code(code) => Some(code.expose().clone()),
        CallbackResult::Denied { .. } | CallbackResult::Refused { .. } => None,
    }
}

/// Checks both forms: an address with a port, no request, invalid ones, the valid one.
fn contract(callback: Box<dyn Callback>, visit: &dyn Fn(&str, bool)) {
    let redirect_uri = callback.redirect_uri();
    let registered =
        url::Url::parse(&redirect_uri).map(|mut url| url.set_port(None).map(|()| url.to_string()));
    assert_eq!(registered, Ok(Ok(REGISTERED.to_owned())), "any port, and nothing else is different");
    assert!(callback.wait(Duration::from_millis(10)).is_none());
    for wrong in [
        "code=c",
        "code=c&state=other",
        "state=STATE",
        "code=&state=STATE",
        "error=&state=STATE",
        "code=c&state=STATE&state=STATE",
        "code=c&code=d&state=STATE",
        "code=c&error=access_denied&state=STATE",
        "error=access_denied&state=other",
    ] {
        visit(wrong, false);
        assert!(callback.wait(Duration::from_millis(10)).is_none(), "{wrong}");
    }
    visit("state=STATE&code=a%2Fb%2Bc&iss=https%3A%2F%2Fexample.com", true);
    assert_eq!(code(callback.wait(LONG)).as_deref(), Some("a/b+c"));
    callback.close(LoginOutcome::LoggedIn);
}

#[test]
fn both_forms_keep_the_contract() {
    let fake = FakeCallback::default();
    contract(Box::new(fake.listen(&STATE.into())), &|query, _| fake.visit(query));
    let callback = listen();
    let authority = callback.authority.clone();
    contract(Box::new(callback), &|query, is_right| {
        let (authority, query) = (authority.clone(), query.replace("STATE", STATE));
        let visitor = std::thread::spawn(move || get(&authority, &query));
        // The right one is answered only at the end.
        if !is_right {
            let answer = visitor.join().expect("no panic");
            assert!(answer.starts_with("HTTP/1.1 404") && answer.ends_with("\r\n\r\n"), "{answer}");
        }
    });
}

#[test]
fn a_refusal_comes_back_as_it_is_called() {
    let refusal = "error=server_error&error_description=not+today&state=s";
    match read(refusal, &"s".into()) {
        Some(CallbackResult::Refused { error, description }) => {
            assert_eq!((error.as_str(), description.as_deref()), ("server_error", Some("not today")));
        }
        _ => panic!("not understood"),
    }
    match read("error=access_denied&state=s", &"s".into()) {
        Some(CallbackResult::Denied { description }) => assert_eq!(description, None),
        _ => panic!("not understood"),
    }
}

#[test]
fn the_tab_is_told_the_end_and_holds_nothing_else() {
    for (outcome, words) in [
        (Some(LoginOutcome::LoggedIn), "You are logged in"),
        (Some(LoginOutcome::Failed), "failed"),
        (None, "failed"),
    ] {
        let callback = listen();
        let authority = callback.authority.clone();
        let asked = authority.clone();
        let tab = std::thread::spawn(move || get(&asked, &format!("code=the-code&state={STATE}")));
        assert_eq!(code(callback.wait(LONG)).as_deref(), Some("the-code"));
        // The second one with the state is late.
        assert!(get(&authority, &format!("code=the-code&state={STATE}")).starts_with("HTTP/1.1 404"));
        match outcome {
            Some(outcome) => Box::new(callback).close(outcome),
            None => drop(callback),
        }
        let page = tab.join().expect("no panic");
        assert!(page.contains(words) && page.contains("You can close this tab"), "{page}");
        assert!(!page.contains("the-code") && !page.contains(STATE), "{page}");
        let head = page.to_lowercase();
        for header in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
        ] {
            assert!(head.contains(header), "{header} is missing: {page}");
        }
    }
}

#[test]
fn one_browser_is_sent_on_and_anyone_who_reads_the_command_line_later_is_not() {
    let callback = listen();
    let authority = callback.authority.clone();
    let entry = callback.send_on("https://oidc.eu-central-1.amazonaws.com/authorize?state=s");
    let path = entry.strip_prefix(&format!("http://{authority}")).expect("ours");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}");
    let first = ask(&authority, &request);
    assert!(
        first.starts_with("HTTP/1.1 303") && first.contains("amazonaws.com/authorize?state=s"),
        "{first}"
    );
    assert!(ask(&authority, &request).starts_with("HTTP/1.1 404"));
}

#[test]
fn wrong_requests_of_every_kind_neither_learn_anything_nor_end_the_wait() {
    let callback = listen();
    let authority = callback.authority.clone();
    let right = format!("{PATH}?code=c&state={STATE}");
    for wrong in [
        format!("POST {right} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 0"),
        format!("HEAD {right} HTTP/1.1\r\nHost: {authority}"),
        format!("GET {right} HTTP/1.1\r\nHost: rebound.example.com"),
        format!("GET {right} HTTP/1.1\r\nHost: localhost:1"),
        format!("GET {right} HTTP/1.1\r\nHost: {authority}\r\nHost: rebound.example.com"),
        format!("GET {right} HTTP/1.0"),
        format!("GET {right}/ HTTP/1.1\r\nHost: {authority}").replace("callback", "callback/"),
        format!("GET /OAuth/callback?code=c&state={STATE} HTTP/1.1\r\nHost: {authority}"),
        format!("GET / HTTP/1.1\r\nHost: {authority}"),
        format!("GET /favicon.ico HTTP/1.1\r\nHost: {authority}"),
    ] {
        let answer = ask(&authority, &wrong);
        assert!(
            answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.0 404"),
            "{wrong}: {answer}"
        );
        assert!(answer.ends_with("\r\n\r\n"), "nothing in it: {answer}");
    }
    let oversized = format!("{PATH}?code={}&state={STATE}", "x".repeat(LONGEST));
    for garbage in
        [format!("GET {oversized} HTTP/1.1\r\nHost: {authority}\r\n\r\n"), "\u{16}\u{3}\u{1}".repeat(99)]
    {
        let mut stream = TcpStream::connect(&authority).expect("connects");
        // It may be gone before it has read all.
        let _ = stream.write_all(garbage.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains("200"), "{answer}");
    }
    assert!(callback.wait(Duration::from_millis(10)).is_none());
    let asked = authority.clone();
    let tab = std::thread::spawn(move || get(&asked, &format!("code=c&state={STATE}")));
    assert_eq!(code(callback.wait(LONG)).as_deref(), Some("c"));
    Box::new(callback).close(LoginOutcome::LoggedIn);
    assert!(tab.join().expect("no panic").contains("You are logged in"));
}

/// More than a request may have.
const LONGEST: usize = 64 * 1024;

#[test]
fn connections_that_say_nothing_or_half_of_it_keep_no_one_out() {
    let callback = listen();
    let authority = callback.authority.clone();
    let silent: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(&authority).expect("connects");
            if number % 2 == 0 {
                let _ = write!(stream, "GET {PATH}?code=");
            }
            stream
        })
        .collect();
    let asked = authority.clone();
    let tab = std::thread::spawn(move || get(&asked, &format!("code=c&state={STATE}")));
    assert_eq!(code(callback.wait(LONG)).as_deref(), Some("c"));
    Box::new(callback).close(LoginOutcome::LoggedIn);
    assert!(tab.join().expect("no panic").contains("You are logged in"));
    drop(silent);
}

#[test]
fn no_one_but_this_machine_can_connect() {
    let callback = listen();
    let port = callback.authority.rsplit(':').next().expect("a port");
    // Another loopback address is another interface to a listener.
    assert!(TcpStream::connect(format!("127.0.0.2:{port}")).is_err());
    assert!(TcpStream::connect(format!("[::1]:{port}")).is_err());
}
