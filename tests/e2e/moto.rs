//! moto, which stands for AWS's other services, with what it was asked.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use kcaws_test_kit::{Client, Running, TestEnv, clients};

/// What is in the one bucket that there is.
pub(crate) const BUCKET: &str = "data";
pub(crate) const OBJECT: &str = "greeting.txt";

pub(crate) struct Moto {
    _server: Running,
    host: String,
    requests: PathBuf,
}

impl Moto {
    /// `None`, and the test is skipped, where it is not installed.
    pub(crate) fn start(env: &TestEnv) -> Option<Self> {
        let line = clients().command_line_or_skip(Client::Moto)?;
        let requests = env.root().join("moto-requests");
        let mut server = env
            .command_line(line)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_ENABLE_RECORDING", "1")
            .env("MOTO_RECORDER_FILEPATH", &requests)
            .env("PYTHONUNBUFFERED", "1")
            .spawn();
        let line = server.wait_for_stderr("Running on http://");
        let host = line.split_once("http://").unwrap().1.trim().trim_end_matches('/').to_owned();
        let moto = Self { _server: server, host, requests };
        moto.put(&format!("/{BUCKET}"), "");
        moto.put(&format!("/{BUCKET}/{OBJECT}"), "hello");
        Some(moto)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// How many requests were signed with this key; with any, if `None`.
    pub(crate) fn signed(&self, key: Option<&str>) -> usize {
        let mark = key.map_or_else(|| "Credential=".to_owned(), |key| format!("Credential={key}/"));
        let requests = std::fs::read_to_string(&self.requests).unwrap();
        requests.lines().filter(|request| request.contains(&mark)).count()
    }

    fn put(&self, path: &str, body: &str) {
        let mut stream = std::net::TcpStream::connect(&self.host).unwrap();
        write!(
            stream,
            "PUT {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "PUT {path}: {answer}");
    }
}
