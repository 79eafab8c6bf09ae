//! Servers on loopback in place of Keycloak: one that answers as a test wants, and a proxy with a mistake.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What a server says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Json(u16, &'static str),
    Page(u16),
    Redirect,
    /// 100 MB of a JSON text.
    Huge,
    /// Half of what is announced, then nothing.
    Cut,
    /// Nothing at all, for as long as the client waits.
    Silence,
}

/// The request that is answered wrongly; all before it are answered well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Discovery,
    Descriptor,
    Token,
    Admin,
    /// None is.
    Nowhere,
}

const HUGE: usize = 100 * 1024 * 1024;
const NO_ONE_LISTENS: &str = "http://127.0.0.1:1";

/// Returns the URL at which nobody listens.
pub(crate) fn gone() -> String {
    NO_ONE_LISTENS.to_owned()
}

/// Starts a Keycloak with one fault, which lives as long as the suite, and returns its URL.
pub(crate) fn keycloak(place: Place, answer: Answer) -> String {
    serve(move |request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let at = place_of(&path);
        if at == place {
            return answer.say(stream);
        }
        match at {
            Place::Discovery => json(stream, 200, r#"{"issuer":"https://sso.example.com/realms/corp"}"#),
            Place::Token => {
                json(stream, 200, r#"{"access_token":"SIMSECRET-a-token","expires_in":300}"#);
            }
            Place::Admin if path.contains("/users/count") => json(stream, 200, "0"),
            Place::Admin if path.contains("/users?") => json(stream, 200, "[]"),
            _ => json(stream, 404, r#"{"error":"not found"}"#),
        }
    })
}

fn place_of(path: &str) -> Place {
    if path.contains("/.well-known/") {
        Place::Discovery
    } else if path.ends_with("/descriptor") {
        Place::Descriptor
    } else if path.ends_with("/token") {
        Place::Token
    } else {
        Place::Admin
    }
}

/// Starts a proxy that passes everything on and tells nobody its own name.
pub(crate) fn forward(url: &str) -> String {
    let target = url.trim_start_matches("http://").to_owned();
    serve(move |request, stream| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let is_kept = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !["host", "connection"].contains(&name.as_str())
        };
        let head = head.lines().filter(is_kept).collect::<Vec<_>>().join("\r\n");
        let mut inside = TcpStream::connect(&target).unwrap();
        let forwarded = format!("{head}\r\nHost: {target}\r\nConnection: close\r\n\r\n{body}");
        inside.write_all(forwarded.as_bytes()).unwrap();
        let _ = std::io::copy(&mut inside, stream);
    })
}

impl Answer {
    fn say(self, stream: &mut TcpStream) {
        match self {
            Self::Json(status, body) => json(stream, status, body),
            Self::Page(status) => send(stream, status, "Content-Type: text/html", "<html>SIMSECRET</html>"),
            Self::Redirect => send(stream, 302, "Location: https://elsewhere.example.com/", ""),
            Self::Huge => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
                let _ = stream.write_all(format!("{head}Content-Length: {HUGE}\r\n\r\n\"").as_bytes());
                let part = vec![b'x'; 64 * 1024];
                // A client that has read enough goes away.
                while stream.write_all(&part).is_ok() {}
            }
            Self::Silence => drop(std::io::copy(stream, &mut std::io::sink())),
            Self::Cut => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
                let _ = stream.write_all(format!("{head}\r\n{{\"issuer\":").as_bytes());
            }
        }
    }
}

fn json(stream: &mut TcpStream, status: u16, body: &str) {
    send(stream, status, "Content-Type: application/json", body);
}

fn send(stream: &mut TcpStream, status: u16, header: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Status\r\n{header}\r\nContent-Length: {length}\r\n");
    let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes());
}

/// Answers each connection once.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
                if let Some(request) = request(&mut stream) {
                    answer(&request, &mut stream);
                }
                let _ = stream.shutdown(Shutdown::Write);
                // Closing with bytes unread would reset the connection.
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
    url
}

/// Reads head and body, which are text.
fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut part) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut part).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
}
