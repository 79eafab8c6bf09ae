use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kcaws::platform::env::Env;
use kcaws::ports::clock::SystemClock;
use kcaws::secret::Secret;
use serde::Deserialize;

use super::testing::{TestServer, json, response};
use super::*;

fn get(path: &str) -> RestRequest<'static> {
    RestRequest::new(Method::Get, path)
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Named {
    name: String,
}

#[test]
fn a_request_has_its_path_its_body_and_its_token_and_the_connection_is_kept() {
    let server = TestServer::start(|request| json(&format!(r#"{{"name":{}}}"#, serde_json::json!(request))));
    let client = server.client();
    let token = BearerToken::new(client.origin(), Secret::from("aoa-token"));
    let form =
        RestRequest::new(Method::Post, "/token?a=b").form(&[("client_secret", "a b&c")]).bearer(&token);
    let seen: Named = client.send(&form).expect("answers").json().expect("JSON");
    assert!(seen.name.starts_with("POST /token?a=b HTTP/1.1\r\n"), "{}", seen.name);
    assert!(seen.name.contains("authorization: Bearer aoa-token\r\n"), "{}", seen.name);
    assert!(seen.name.ends_with("\r\n\r\nclient_secret=a+b%26c"), "{}", seen.name);
    for method in [Method::Put, Method::Patch, Method::Delete] {
        let request = RestRequest::new(method, "/x").json(&[1, 2]);
        let seen: Named = client.send(&request).expect("answers").json().expect("JSON");
        assert!(seen.name.starts_with(method.as_str()) && seen.name.ends_with("[1,2]"), "{}", seen.name);
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[test]
fn threads_share_a_client() {
    let server = TestServer::start(|_| json(r#"{"name":"a"}"#));
    let client = server.client();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    client.send(&get("/")).expect("answers");
                }
            });
        }
    });
    assert!(server.connections.load(Ordering::Relaxed) <= 8, "{:?}", server.connections);
}

#[test]
fn a_token_of_another_server_is_not_sent() {
    let server = TestServer::start(|_| json("{}"));
    let client = server.client();
    let other = RestOrigin::parse("https://sso.example.com").expect("a URL");
    let token = BearerToken::new(&other, Secret::from("t"));
    let refused = client.send(&get("/").bearer(&token));
    assert!(matches!(refused, Err(RestError::ForeignToken)));
    let broken = BearerToken::new(client.origin(), Secret::from("hidden\r\nvalue"));
    let error = client.send(&get("/").bearer(&broken)).err().expect("is refused");
    assert!(!error.to_string().contains("hidden"), "{error}");
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);
}

#[test]
fn an_error_has_its_status_its_reason_and_when_to_try_again() {
    let body = format!(r#"{{"error":"no\u001b[2J"}}{}"#, " ".repeat(100_000));
    let server = TestServer::start(move |_| {
        response("429 Too Many Requests", "retry-after: 7\r\nx-amzn-requestid: r-1\r\n", &body)
    });
    let Err(RestError::Status(error)) = server.client().send(&get("/")) else { panic!("it is an error") };
    assert_eq!(
        (error.status, error.retry_after, error.request_id.as_deref()),
        (429, Some(Duration::from_secs(7)), Some("r-1"))
    );
    assert!(error.body.text().starts_with(r#"{"error":"no\u001b"#), "{}", error.body.text());
    assert!(error.body.0.len() <= LARGEST_ERROR);
    let raw = TestServer::start(|_| response("503 Service Unavailable", "", "down\u{1b}[2J\r\n"));
    let error = raw.client().send(&get("/")).err().expect("it is an error");
    assert_eq!(error.to_string(), r"the server answered 503: down\u{1b}[2J");
}

#[test]
fn pages_and_redirects_are_no_answers() {
    let server = TestServer::start(|request| match request.split(' ').nth(1) {
        Some("/moved") => response("302 Found", "location: https://evil.example/\r\n", ""),
        Some("/error") => response("502 Bad Gateway", "content-type: text/html\r\n", "<html>"),
        _ => response("200 OK", "content-type: text/html; charset=utf-8\r\n", "<html>log in"),
    });
    let client = server.client();
    assert!(matches!(client.send(&get("/")), Err(RestError::Page { status: 200 })));
    assert!(matches!(client.send(&get("/error")), Err(RestError::Page { status: 502 })));
    let moved = client.send(&get("/moved"));
    assert!(matches!(moved, Err(RestError::Redirect { status: 302, to }) if to == "https://evil.example/"));
}

#[test]
fn a_response_is_read_up_to_the_size_that_was_allowed() {
    let server = TestServer::start(|_| json(&format!("[{:2000}]", 1)));
    let client = server.client();
    assert!(client.send(&get("/").at_most(2002)).is_ok());
    assert!(matches!(client.send(&get("/").at_most(2001)), Err(RestError::TooLarge { limit: 2001 })));
    let not_json = client.send(&get("/")).expect("answers").json::<Named>();
    assert!(matches!(not_json, Err(RestError::NotJson { .. })));
}

#[test]
fn nobody_there_and_no_answer_in_time_are_reported_with_the_host() {
    let dead = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("bound");
    let setup = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
    let client = RestClient::new(setup, RestOrigin::parse(&format!("http://{dead}")).expect("a URL"))
        .expect("a client");
    let Err(RestError::Unreachable(unreached)) = client.send(&get("/")) else { panic!("nobody is there") };
    assert_eq!(unreached.at, dead.to_string());

    // Begins a response and never ends it.
    let silent = TestServer::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n[".to_vec());
    let client = silent.client();
    let late = client.send(&get("/").patience(Duration::from_millis(300)));
    assert!(matches!(late, Err(RestError::Unreachable(_))));
    let late = client.each::<Named>(&get("/").patience(Duration::from_millis(300)), &mut |_| {});
    assert!(matches!(late, Err(RestError::Unreachable(_))));
}

#[test]
fn a_list_is_passed_on_element_by_element() {
    let server = TestServer::start(|_| {
        let users: Vec<String> =
            (0..5000).map(|number| format!(r#"{{"name":"user-{number}","x":[1]}}"#)).collect();
        json(&format!("[{}]", users.join(",")))
    });
    let mut names = Vec::new();
    let count = server.client().each(&get("/"), &mut |named: Named| names.push(named.name)).expect("reads");
    assert_eq!((count, names.len()), (5000, 5000));
    assert_eq!(names[4999], "user-4999");
}

#[test]
fn a_list_that_is_not_whole_is_an_error() {
    let read = |answer: Vec<u8>| {
        let server = TestServer::start(move |_| answer.clone());
        server.client().each(&get("/").at_most(3 * LARGEST_ELEMENT), &mut |_: Named| {})
    };
    for body in [r#"[{"name":"a"}"#, r#"[{"name":"a"},]"#, r#"[{"name":1}]"#, r#"{"name":"a"}"#, "[] []", ""]
    {
        assert!(matches!(read(json(body)), Err(RestError::NotJson { .. })), "{body}");
    }
    let huge = format!(r#"[{{"name":"a"}},{{"name":"{}"}}]"#, "b".repeat(2 * LARGEST_ELEMENT));
    assert!(matches!(read(json(&huge)), Err(RestError::TooLarge { limit: LARGEST_ELEMENT })));
    let many =
        format!("[{}]", vec![format!(r#"{{"name":"{}"}}"#, "b".repeat(LARGEST_ELEMENT / 2)); 7].join(","));
    assert!(matches!(read(json(&many)), Err(RestError::TooLarge { limit }) if limit == 3 * LARGEST_ELEMENT));
}

#[test]
fn the_first_elements_are_passed_on_before_the_last_ones_are_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (seen, is_seen) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let _ = stream.read(&mut [0; 4096]).expect("a request");
        let elements = |count: usize| vec![r#"{"name":"alice"}"#; count].join(",");
        let (first, rest) = (format!("[{}", elements(1000)), format!(",{}]", elements(10)));
        let length = first.len() + rest.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{first}").expect("sends");
        // A client that wanted the whole list first would never get it.
        is_seen.recv().expect("an element was passed on");
        stream.write_all(rest.as_bytes()).expect("sends");
    });
    let setup = HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up");
    let client = RestClient::new(setup, RestOrigin::parse(&url).expect("a URL")).expect("a client");
    let count = client.each(&get("/"), &mut |_: Named| seen.send(()).unwrap_or_default());
    assert_eq!(count.expect("reads"), 1010);
    server.join().expect("served");
}
