//! A server that sends byte for byte what a test wants, and nothing that an HTTP library would put right.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is sent, in order; then the connection is closed.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// The same bytes so many times.
    Repeat(Vec<u8>, usize),
    Pause(Duration),
}

pub(crate) struct Request {
    pub(crate) path: String,
    /// As it came, head and body.
    pub(crate) bytes: Vec<u8>,
    pub(crate) body_at: usize,
}

impl Request {
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body_at..]
    }
}

/// Answers a request on its connection.
pub(crate) type Handler = dyn Fn(&Request, &mut TcpStream) + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Lives as long as the process of the suite.
    pub(crate) fn start(handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let handler = handler.clone();
                std::thread::spawn(move || serve(stream, &*handler));
            }
        });
        Self { address, connections }
    }

    /// One that says what `answer` holds at the moment.
    pub(crate) fn saying(answer: Arc<Mutex<Vec<Step>>>) -> Self {
        Self::start(Arc::new(move |_, stream| {
            let steps = answer.lock().unwrap().clone();
            say(&steps, stream);
        }))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, handler: &Handler) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(10)));
    if let Some(request) = read(&mut stream) {
        handler(&request, &mut stream);
    }
    let _ = stream.shutdown(Shutdown::Write);
    // Closing with bytes unread would reset the connection, and what was said with it.
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest), Ok(1..)) {}
}

/// A client that has read enough goes away.
pub(crate) fn say(steps: &[Step], stream: &mut TcpStream) {
    for step in steps {
        let said = match step {
            Step::Send(bytes) => stream.write_all(bytes),
            Step::Repeat(bytes, times) => (0..*times).try_for_each(|_| stream.write_all(bytes)),
            Step::Pause(pause) => {
                std::thread::sleep(*pause);
                Ok(())
            }
        };
        if said.is_err() {
            return;
        }
    }
}

/// Requests are a client's own, and well formed.
fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut part) = (Vec::new(), [0; 16 * 1024]);
    let body_at = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut part).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&part[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body_at]).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < body_at + length {
        match stream.read(&mut part).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
    let target = head.split(' ').nth(1)?;
    let path = target.split('?').next().unwrap_or(target).to_owned();
    Some(Request { path, bytes, body_at })
}
