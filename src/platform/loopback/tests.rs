use std::io::{Read, Write};
use std::net::TcpStream as StdStream;
use std::sync::atomic::AtomicUsize;

use tokio::sync::oneshot;

use super::*;
use crate::platform::peer_owner::FakePeers;

/// Longer than any pause that could pass for patience, and far below [`LAST_ANSWERS`].
const A_WHILE: Duration = Duration::from_millis(300);

/// A listener that answers its path, and counts how often it did.
struct Served {
    peers: FakePeers,
    authority: String,
    path: String,
    answered: Arc<AtomicUsize>,
    visitors: Arc<Visitors>,
    _end: oneshot::Sender<()>,
}

impl Served {
    fn begin() -> Self {
        let peers = FakePeers::default();
        let loopback = Loopback::listen_to(Arc::new(peers.clone()), 0).expect("a port");
        let (authority, path) = (loopback.authority.clone(), loopback.path());
        let (visitors, answered) = (loopback.visitors(), Arc::<AtomicUsize>::default());
        let (end, ended) = oneshot::channel::<()>();
        let count = answered.clone();
        std::thread::spawn(move || {
            let page = move |_: &Parts| {
                count.fetch_add(1, Ordering::Relaxed);
                Some(page("Here", "it is"))
            };
            let _ = loopback.serve(page, ended);
        });
        Self { peers, authority, path, answered, visitors, _end: end }
    }

    fn head(&self) -> String {
        format!("GET {} HTTP/1.1\r\nHost: {}", self.path, self.authority)
    }

    /// Returns when all connections that were opened before are accepted, answered or not.
    fn settle(&self) {
        let mut stream = StdStream::connect(&self.authority).expect("connects");
        let _ = write!(stream, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    }

    fn is_answered(&self) -> bool {
        ask(&self.authority, &self.head()).ends_with("it is</html>")
    }
}

#[test]
fn another_user_gets_the_404_of_a_wrong_path_and_uses_nothing_up() {
    let served = Served::begin();
    let wrong_path = ask(&served.authority, &format!("GET /x HTTP/1.1\r\nHost: {}", served.authority));
    for uid in [0, 1001, 65534] {
        served.peers.are(Peer::OtherUser(uid));
        let refused = ask(&served.authority, &served.head());
        assert!(refused.starts_with("HTTP/1.1 404") && refused.ends_with("\r\n\r\n"), "{refused}");
        let without_date = |answer: &str| -> Vec<String> {
            answer.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect()
        };
        assert_eq!(without_date(&refused), without_date(&wrong_path), "nothing tells them apart");
    }
    assert_eq!(served.answered.load(Ordering::Relaxed), 0);
    assert_eq!(served.visitors.take_refused(), Some(0));
    served.peers.are(Peer::SameUser);
    assert!(served.is_answered());
}

#[test]
fn who_is_gone_is_not_answered_and_who_is_unknown_is_reported() {
    let served = Served::begin();
    served.peers.are(Peer::Gone);
    let mut stream = StdStream::connect(&served.authority).expect("connects");
    let _ = write!(stream, "{}\r\n\r\n", served.head());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!((answer.len(), served.answered.load(Ordering::Relaxed)), (0, 0));
    assert!(!served.visitors.has_unknown());
    served.peers.are(Peer::Unknown);
    assert!(served.is_answered() && served.visitors.has_unknown());
}

#[test]
fn the_owner_of_a_connection_is_that_of_its_beginning() {
    let served = Served::begin();
    served.peers.are(Peer::OtherUser(1001));
    let mut early = StdStream::connect(&served.authority).expect("connects");
    served.settle();
    served.peers.are(Peer::SameUser);
    write!(early, "{}\r\n\r\n", served.head()).expect("sends");
    let mut answer = String::new();
    early.read_to_string(&mut answer).expect("reads");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(served.is_answered());
}

#[test]
fn a_connection_carries_one_request() {
    let served = Served::begin();
    let head = served.head();
    let mut stream = StdStream::connect(&served.authority).expect("connects");
    write!(stream, "{head}\r\n\r\n{head}\r\n\r\n").expect("sends");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
}

#[test]
fn a_target_in_absolute_form_must_be_this_very_address() {
    let served = Served::begin();
    let (authority, path) = (&served.authority, &served.path);
    for (target, is_right) in [
        (format!("http://{authority}{path}"), true),
        (format!("http://evil.example{path}"), false),
        (format!("http://user@{authority}{path}"), false),
        (format!("https://{authority}{path}"), false),
        (format!("http://127.0.0.1{path}"), false),
        (format!("http://localhost:{}{path}", authority.split_once(':').expect("a port").1), false),
    ] {
        let answer = ask(authority, &format!("GET {target} HTTP/1.1\r\nHost: {authority}"));
        assert_eq!(answer.starts_with("HTTP/1.1 200"), is_right, "{target}: {answer}");
    }
    let other_host = format!("GET http://{authority}{path} HTTP/1.1\r\nHost: evil.example");
    assert!(ask(authority, &other_host).starts_with("HTTP/1.1 404"));
}

/// More than there are places for, of either kind.
#[test]
fn connections_that_say_nothing_keep_no_one_out() {
    let served = Served::begin();
    let mut silent = Vec::new();
    for peer in [Peer::OtherUser(1001), Peer::SameUser, Peer::OtherUser(1001)] {
        served.peers.are(peer);
        for _ in 0..2 * MOST_CONNECTIONS {
            let mut stream = StdStream::connect(&served.authority).expect("connects");
            let _ = write!(stream, "GET /");
            silent.push(stream);
        }
        served.settle();
    }
    served.peers.are(Peer::SameUser);
    assert!(served.is_answered());
}

/// Connections of other users have a separate limit: they never interrupt a request of this user.
#[test]
fn other_users_take_no_place_of_this_one() {
    let served = Served::begin();
    let mut slow = StdStream::connect(&served.authority).expect("connects");
    let head = served.head();
    let (first, rest) = head.split_at(20);
    slow.write_all(first.as_bytes()).expect("sends");
    served.settle();
    served.peers.are(Peer::OtherUser(1001));
    let _silent: Vec<_> =
        (0..3 * MOST_CONNECTIONS).map(|_| StdStream::connect(&served.authority).expect("connects")).collect();
    served.settle();
    assert_eq!(served.visitors.take_refused(), Some(1001), "also who gets no answer is noticed");
    write!(slow, "{rest}\r\n\r\n").expect("sends");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("reads");
    assert!(answer.ends_with("it is</html>"), "{answer}");
}

#[test]
fn who_is_being_answered_at_the_end_still_gets_the_page() {
    let loopback = Loopback::listen().expect("a port");
    let (authority, path) = (loopback.authority.clone(), loopback.path());
    let head = format!("GET {path} HTTP/1.1\r\nHost: {authority}");
    let visitor = std::thread::spawn(move || ask(&authority, &head));
    // The end comes while the page is still being made.
    let asked = Arc::new(tokio::sync::Notify::new());
    let end = asked.clone();
    let slow = move |_| {
        asked.notify_one();
        async {
            tokio::time::sleep(A_WHILE).await;
            Some(page("Late", "but whole"))
        }
    };
    loopback.serve_any(slow, end.notified());
    let answer = visitor.join().expect("asks");
    assert!(answer.ends_with("but whole</html>"), "{answer}");
}
