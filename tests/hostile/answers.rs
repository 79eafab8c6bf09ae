//! The mutations: of a good answer's members, of its body, of the protocol round it, and of refusals.

use std::time::Duration;

use serde_json::{Value, json};

use crate::operations::Operation;
use crate::server::Step;

pub(crate) struct Answer {
    /// What is odd about it.
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    /// It takes as long as the client waits.
    pub(crate) is_slow: bool,
}

impl Answer {
    fn new(name: impl Into<String>, steps: Vec<Step>) -> Self {
        Self { name: name.into(), steps, is_slow: false }
    }

    fn slow(name: &str, steps: Vec<Step>) -> Self {
        Self { is_slow: true, ..Self::new(name, steps) }
    }
}

/// All answers to an operation. `evil` is where no request may go.
pub(crate) fn all(operation: Operation, evil: &str) -> Vec<Answer> {
    let mut answers = members(operation);
    answers.extend(bodies(operation));
    answers.extend(headers(operation, evil));
    answers.extend(frames(operation));
    answers.extend(refusals());
    answers
}

fn head(status: &str, more: &str, length: usize) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n")
}

fn ok(body: &[u8]) -> Vec<Step> {
    with("", body)
}

/// With another header, whose line ends itself.
fn with(header: &str, body: &[u8]) -> Vec<Step> {
    let mut bytes = head("200 OK", header, body.len()).into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Send(bytes)]
}

fn raw(text: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![Step::Send(text.into())]
}

/// What may stand in a member's place.
fn odd_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(9_223_372_036_854_775_807_i64),
        json!(-9_223_372_036_854_775_808_i64),
        json!(18_446_744_073_709_551_615_u64),
        json!(253_402_300_800_000_i64),
        json!(2_147_483_648_i64),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!(""),
        json!(" "),
        json!("a b"),
        json!("a\u{1}b"),
        json!("\u{1b}[2J\u{7f}\u{9b}31m"),
        json!("\r\nx-injected: 1"),
        json!("A\u{2028}[profile x]"),
        json!("\u{202e}\u{200b}\u{feff}Zoë 東京"),
        json!("a\u{0}b"),
        json!("../../etc/passwd"),
        json!("$(touch x)`touch y`"),
        json!("n".repeat(70_000)),
        json!("ë".repeat(70_000)),
        json!("1111222233334"),
        json!("javascript:alert(1)"),
        json!("http://127.0.0.1\\@evil.example/"),
    ]
}

/// The way to each member of each object.
fn ways(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let of = |name: &str, value: &Value, found: &mut Vec<String>| {
        let name = name.replace('~', "~0").replace('/', "~1");
        found.push(format!("/{name}"));
        found.extend(ways(value).into_iter().map(|below| format!("/{name}{below}")));
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| of(name, value, &mut found)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                of(&at.to_string(), item, &mut found);
            }
        }
        _ => {}
    }
    found
}

fn members(operation: Operation) -> Vec<Answer> {
    let good = operation.good();
    let mut answers = Vec::new();
    for way in ways(&good) {
        for odd in odd_values() {
            let mut value = good.clone();
            let shown: String = odd.to_string().chars().take(24).collect();
            *value.pointer_mut(&way).unwrap() = odd;
            answers.push(Answer::new(format!("{way} = {shown}"), ok(&operation.written(&value))));
        }
        let (parent, name) = way.rsplit_once('/').unwrap();
        let mut value = good.clone();
        if let Some(Value::Object(members)) = value.pointer_mut(parent) {
            let was = members.remove(name).unwrap();
            answers.push(Answer::new(format!("without {way}"), ok(&operation.written(&value))));
            // serde_json has no object with a name twice.
            let twice = String::from_utf8(operation.written(&good)).unwrap();
            let member = format!("\"{name}\":");
            let twice = twice.replacen(&member, &format!("{member}{was},{member}"), 1);
            answers.push(Answer::new(format!("{way} twice"), ok(twice.as_bytes())));
        }
    }
    answers
}

fn bodies(operation: Operation) -> Vec<Answer> {
    let good = operation.written(&operation.good());
    let mut answers = Vec::new();
    let mut body = |name: &str, bytes: &[u8]| answers.push(Answer::new(format!("body: {name}"), ok(bytes)));
    for (name, text) in [
        ("empty", ""),
        ("null", "null"),
        ("a list", "[]"),
        ("a text", "\"x\""),
        ("a number", "1"),
        ("NaN", "NaN"),
        ("HTML", "<html><body>502 Bad Gateway</body></html>"),
        ("another language", "%PDF-1.7"),
        ("an entity", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"),
        ("an escape that is none", "{\"accessToken\":\"\\ud800\"}"),
        ("control characters", "{\"a\":\"\u{1b}[2J\u{0}\u{7}\"}"),
        ("two values", "{}{}"),
        ("a comment", "{/* */}"),
        ("a number without end", "{\"expiresIn\":1e999}"),
    ] {
        body(name, text.as_bytes());
    }
    body("with a byte order mark", &[b"\xef\xbb\xbf", good.as_slice()].concat());
    body("not UTF-8", b"{\"accessToken\":\"\xff\xfe\"}");
    body("UTF-16", &good.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<_>>());
    body("something behind it", &[good.as_slice(), b"\0\0garbage"].concat());
    body("blanks before it", &[" ".repeat(100_000).as_bytes(), &good].concat());
    for (name, open) in [("lists", "["), ("objects", "{\"a\":"), ("elements", "<a>")] {
        body(&format!("100,000 nested {name}"), open.repeat(100_000).as_bytes());
    }
    for part in 1..8 {
        body(&format!("cut at {part}/8"), &good[..good.len() * part / 8]);
    }
    let huge = vec![
        Step::Send(head("200 OK", "", 3 * 1024 * 1024 + 4).into_bytes()),
        Step::Send(b"[\"".to_vec()),
        Step::Repeat(vec![b'x'; 64 * 1024], 48),
        Step::Send(b"\"]".to_vec()),
    ];
    answers.push(Answer::new("body: 3 MB", huge));
    answers
}

/// Ten million zeros, as gzip writes them: a stored bomb needs no library.
fn gzip_bomb() -> Vec<u8> {
    // RFC 1952 and RFC 1951: one fixed-Huffman block of a zero and its repetitions, 258 at a time.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut put = |value: u32, length: u32, bytes: &mut Vec<u8>| {
        bits |= value << count;
        count += length;
        while count >= 8 {
            bytes.push(u8::try_from(bits & 0xff).unwrap());
            bits >>= 8;
            count -= 8;
        }
    };
    put(0b011, 3, &mut bytes); // last block, fixed codes
    put(0b0000_1100, 8, &mut bytes); // the literal 0, its code reversed
    for _ in 0..40_000 {
        put(0b1010_0011, 8, &mut bytes); // length 258, reversed
        put(0, 5, &mut bytes); // distance 1
    }
    put(0, 7, &mut bytes); // end of the block
    put(0, 7, &mut bytes);
    bytes.extend_from_slice(&[0; 8]);
    bytes
}

/// Heads that say more than they should, in front of a good answer.
fn headers(operation: Operation, evil: &str) -> Vec<Answer> {
    let body = operation.written(&operation.good());
    let mut answers = Vec::new();
    for date in [
        "31 Dec 262142 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Tue, 24 Nov 2026 12:00:00 +2359",
        "Tue, 24 Nov 2026 23:59:60 GMT",
        "99 Xxx -1 99:99:99 GMT",
        "",
    ] {
        let header = format!("date: {date}\r\n");
        answers.push(Answer::new(format!("Date: {date}"), with(&header, &body)));
        // The head is seen before the body fails.
        let cut = head("200 OK", &header, body.len() + 9);
        answers.push(Answer::new(format!("Date: {date}, and no body"), raw(cut)));
    }
    for status in ["301", "302", "303", "307", "308", "300", "305"] {
        for location in
            [evil.to_owned(), format!("{evil}/token"), "//evil.example".to_owned(), "/".to_owned()]
        {
            let head = head(&format!("{status} Moved"), &format!("location: {location}\r\n"), 0);
            answers.push(Answer::new(format!("{status} to {location}"), raw(head)));
        }
    }
    for (name, header) in [
        ("a refresh", format!("refresh: 0; url={evil}\r\n")),
        ("an alternative service", format!("alt-svc: h2=\"{evil}\"\r\n")),
        ("a cookie", "set-cookie: a=b\r\n".to_owned()),
        ("a header of control characters", "x-amzn-requestid: \u{1b}[2J\r\n".to_owned()),
        ("an error type", "x-amzn-errortype: \u{202e}InvalidGrantException:http://x/\r\n".to_owned()),
        ("a header of 60 KB", format!("x-long: {}\r\n", "a".repeat(60_000))),
        ("a thousand headers", "x-many: a\r\n".repeat(1_000)),
        ("a folded header", "x-folded: a\r\n b\r\n".to_owned()),
        ("a bare line feed", "x-bare: a\nx-more: b\r\n".to_owned()),
        ("a bare carriage return", "x-bare: a\rb\r\n".to_owned()),
        ("a header without a name", ": a\r\n".to_owned()),
        ("a header without a colon", "nothing\r\n".to_owned()),
        ("gzip that is none", "content-encoding: gzip\r\n".to_owned()),
        ("an unknown encoding", "content-encoding: br, x\r\n".to_owned()),
        ("two lengths", "content-length: 1\r\n".to_owned()),
        ("a length and chunks", "transfer-encoding: chunked\r\n".to_owned()),
        ("another type", "content-type: text/html; charset=utf-16\r\n".to_owned()),
    ] {
        answers.push(Answer::new(name, with(&header, &body)));
    }
    answers.push(Answer::new("a gzip bomb", with("content-encoding: gzip\r\n", &gzip_bomb())));
    answers
}

/// What is no HTTP, or HTTP that does not end where it says.
fn frames(operation: Operation) -> Vec<Answer> {
    let body = operation.written(&operation.good());
    let good = [head("200 OK", "", body.len()).as_bytes(), &body].concat();
    let mut answers = Vec::new();
    for (name, text) in [
        ("nothing", ""),
        ("half a status line", "HTTP/1.1 2"),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-le"),
        ("HTTP/0.9", "hello\n"),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n{}"),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/9.9", "HTTP/9.9 200 OK\r\n\r\n"),
        ("a TLS alert", "\u{15}\u{3}\u{1}\0\u{2}\u{2}("),
        ("SSH", "SSH-2.0-OpenSSH_9.9\r\n"),
        ("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
        ("a status of none", "HTTP/1.1 xyz\r\n\r\n"),
        ("204", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("206", "HTTP/1.1 206 Partial\r\ncontent-range: bytes 0-0/9\r\ncontent-length: 1\r\n\r\n{"),
        ("an upgrade", "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
        ("a negative length", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        ("a length of 2^64", "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n"),
        ("a length in hex", "HTTP/1.1 200 OK\r\ncontent-length: 0x10\r\n\r\n"),
        ("a length without an end", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}"),
        ("a chunk of 2^64", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10000000000000000\r\n"),
        ("a chunk of words", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"),
        ("a negative chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n"),
        ("a chunk cut short", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{}"),
        (
            "an extension",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=\"\u{1b}\"\r\n{}\r\n0\r\n\r\n",
        ),
        ("a trailer", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\ndate: x\r\n\r\n"),
        ("an unknown transfer", "HTTP/1.1 200 OK\r\ntransfer-encoding: zip\r\n\r\n{}"),
    ] {
        answers.push(Answer::new(name, raw(text)));
    }
    let informed = ["HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000).as_bytes(), &good].concat();
    answers.push(Answer::new("a flood of 100", raw(informed)));
    answers.push(Answer::new("two answers", raw([good.as_slice(), &good].concat())));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
    answers.push(Answer::new(
        "chunks without an end",
        vec![Step::Send(chunked.into()), Step::Repeat(chunk, 1_000)],
    ));
    answers.push(Answer::new(
        "a body without a length or an end",
        vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n[".to_vec()), Step::Repeat(vec![b' '; 65_536], 1_000)],
    ));
    answers.push(Answer::new(
        "a head without an end",
        vec![Step::Send(b"HTTP/1.1 200 OK\r\nx: ".to_vec()), Step::Repeat(vec![b'a'; 65_536], 100)],
    ));
    let minute = Duration::from_secs(60);
    answers.push(Answer::slow("silence", vec![Step::Pause(minute)]));
    answers.push(Answer::slow(
        "silence after the head",
        vec![Step::Send(head("200 OK", "", body.len()).into_bytes()), Step::Pause(minute)],
    ));
    let drips =
        good.iter().flat_map(|byte| [Step::Send(vec![*byte]), Step::Pause(Duration::from_millis(200))]);
    answers.push(Answer::slow("a byte at a time", drips.collect()));
    answers
}

fn refusals() -> Vec<Answer> {
    let mut answers = Vec::new();
    let errors = [
        "invalid_grant",
        "invalid_client",
        "authorization_pending",
        "slow_down",
        "expired_token",
        "access_denied",
        "unauthorized_client",
        "",
        "\u{1b}[2J\nkcaws: error: fake",
    ];
    for status in [400, 401, 403, 404, 405, 409, 418, 429, 451, 500, 502, 503, 504, 599] {
        let mut refusal = |name: &str, body: &[u8]| {
            let head = head(&format!("{status} X"), "", body.len());
            answers.push(Answer::new(format!("{status}: {name}"), raw([head.as_bytes(), body].concat())));
        };
        for error in errors {
            let body = json!({"error": error, "error_description": "\u{1b}[2J\u{202e}\r\n", "reason": null});
            refusal(error, body.to_string().as_bytes());
        }
        refusal("no body", b"");
        refusal("HTML", b"<html>\x1b[2J</html>");
        refusal("odd types", br#"{"error":{},"error_description":[],"message":1,"__type":null}"#);
        refusal(
            "a long text",
            json!({"error": "x", "error_description": "d".repeat(300_000)}).to_string().as_bytes(),
        );
        refusal("XML", b"<ErrorResponse><Error><Code>\xe2\x80\xae</Code></Error></ErrorResponse>");
    }
    answers
}
