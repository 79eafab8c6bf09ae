//! The one loopback server.
//!
//! It serves the pages that a login and the console open, the browser's callback, and the endpoint of `serve`.
//!
//! A request is only answered if it comes from a process of the same user that has the path, with the right method and
//! Host; any other gets an empty 404 and uses nothing up. A web page that scans ports, or rebinds a name to 127.0.0.1,
//! learns nothing, and neither does another user of this machine who reads the address from a browser's command line.
//! Sending no request, half of one or too long a one does not help either, on any number of connections.

mod connections;
mod page;
mod visitors;

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use self::connections::{Asked, Connections};
pub use self::page::Answer;
pub(crate) use self::page::{page, redirect};
pub use self::visitors::Visitors;
use crate::platform::aead::hex;
use crate::platform::peer_owner::{self, Connection, Peer, PeerOwner, PeersUnknown, UnknownPeers};
use crate::platform::runtime::Runtime;

/// Responses that are in progress when the serving ends get this long to finish.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// A browser on this machine sends its request at once.
const TIME_TO_ASK: Duration = Duration::from_secs(10);
/// Request line and headers; an authorization code is some hundred bytes.
const LONGEST_REQUEST: usize = 16 * 1024;
/// Connections at a time.
const MOST_CONNECTIONS: usize = 128;
/// The limit of connections of other users, who are only refused; beyond it they get no response at all.
const MOST_REFUSED: usize = 64;
/// Connections that the system queues until they are accepted: beyond this a new one waits for a second.
const WAITING: u32 = 4096;
/// The system has no descriptor for a connection: it may have one a moment later.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum NoPort {
    #[error("no loopback port could be opened")]
    NotOpened(#[source] std::io::Error),
    /// A page that signs in must not go to the first process that asks.
    #[error("no page can be handed to a browser of this user alone")]
    ForAnybody(#[source] PeersUnknown),
}

/// A listener that accepts connections, and serves them when asked to.
pub struct Loopback {
    runtime: Runtime,
    listener: TcpListener,
    peers: Arc<dyn PeerOwner>,
    visitors: Arc<Visitors>,
    pub(crate) authority: String,
    pub(crate) nonce: String,
}

impl Loopback {
    /// Listens for processes of this user.
    ///
    /// If the platform can identify users but denies that to kcaws, this is an error. If it cannot, everyone who has
    /// the path is served, and [`Visitors`] records that.
    pub fn listen() -> Result<Self, NoPort> {
        match peer_owner::of_this_system() {
            Ok(peers) => Self::listen_to(peers, 0),
            Err(PeersUnknown::Platform) => Self::listen_to(Arc::new(UnknownPeers), 0),
            Err(hidden @ PeersUnknown::Hidden(_)) => Err(NoPort::ForAnybody(hidden)),
        }
    }

    /// Listens for requests that also need a token: the owner of a connection is only checked if that is cheap.
    ///
    /// Port 0 means any.
    pub(crate) fn listen_for_token(port: u16) -> Result<Self, NoPort> {
        // With `lsof`, each connection would cost a process.
        let peers = if cfg!(target_os = "macos") { None } else { peer_owner::of_this_system().ok() };
        Self::listen_to(peers.unwrap_or_else(|| Arc::new(UnknownPeers)), port)
    }

    pub(crate) fn listen_to(peers: Arc<dyn PeerOwner>, port: u16) -> Result<Self, NoPort> {
        let runtime = Runtime::new().map_err(NoPort::NotOpened)?;
        let listener = runtime.block_on(async { bind(port) }).map_err(NoPort::NotOpened)?;
        let port = listener.local_addr().map_err(NoPort::NotOpened)?.port();
        let authority = format!("127.0.0.1:{port}");
        Ok(Self { runtime, listener, peers, visitors: Arc::default(), authority, nonce: random::<16>()? })
    }

    /// Returns the URL for the browser, which may be on a command line.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.authority, self.nonce)
    }

    /// Returns the record of visitors, kept up to date while this serves.
    pub fn visitors(&self) -> Arc<Visitors> {
        self.visitors.clone()
    }

    /// Serves until `end`, whose value is returned.
    ///
    /// `page` answers requests for [`Loopback::url`]; `None` is a 404.
    pub fn serve<T>(
        self,
        page: impl Fn(&Parts) -> Option<Answer> + Send + Sync + 'static,
        end: impl Future<Output = T>,
    ) -> T {
        let path = self.path();
        let page =
            move |asked: Parts| std::future::ready(if is(&asked.uri, &path) { page(&asked) } else { None });
        self.serve_any(page, end)
    }

    /// Returns the path of [`Loopback::url`].
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.nonce)
    }

    /// Serves as [`Loopback::serve`] does, with a `page` that checks path and query itself.
    ///
    /// It only receives GET requests of this user with this very address as their Host.
    pub(crate) fn serve_any<T, F>(
        self,
        page: impl Fn(Parts) -> F + Send + Sync + 'static,
        end: impl Future<Output = T>,
    ) -> T
    where
        F: Future<Output = Option<Answer>> + Send + 'static,
    {
        let Self { runtime, listener, peers, visitors, authority, .. } = self;
        // Every response in progress holds a receiver.
        let (busy, _) = watch::channel(());
        let handler = Arc::new(Handler { authority, page, peers, visitors, busy: busy.clone() });
        runtime.block_on(async move {
            let ended = tokio::select! {
                never = accept(&listener, &handler) => never,
                ended = end => ended,
            };
            // A visitor that is too slow loses: the process cannot wait for one that does not read.
            let _ = tokio::time::timeout(LAST_ANSWERS, busy.closed()).await;
            ended
        })
    }
}

/// Listens; must be called within a runtime.
fn bind(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Closed connections must not block a port that was requested by number.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((std::net::Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(WAITING)
}

/// Returns random bytes in hex.
pub(crate) fn random<const LENGTH: usize>() -> Result<String, NoPort> {
    let mut random = [0_u8; LENGTH];
    getrandom::fill(&mut random).map_err(|error| NoPort::NotOpened(std::io::Error::other(error)))?;
    Ok(hex(&random))
}

struct Handler<P> {
    authority: String,
    page: P,
    peers: Arc<dyn PeerOwner>,
    visitors: Arc<Visitors>,
    busy: watch::Sender<()>,
}

/// Accepts connections without end.
async fn accept<P, F, Never>(listener: &TcpListener, handler: &Arc<Handler<P>>) -> Never
where
    P: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Option<Answer>> + Send + 'static,
{
    let (mut ours, mut refused) =
        (Connections::at_most(MOST_CONNECTIONS), Connections::at_most(MOST_REFUSED));
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let peer = Connection::of(&stream).map_or(Peer::Gone, |connection| handler.peers.of(&connection));
            let places = match peer {
                Peer::SameUser | Peer::Unknown => Some(&mut ours),
                Peer::OtherUser(_) if refused.has_place() => Some(&mut refused),
                // Many connections of others must cost this user next to nothing.
                Peer::OtherUser(_) => {
                    handler.visitors.note(peer);
                    None
                }
                // There is no one to answer.
                Peer::Gone => None,
            };
            if let Some(places) = places {
                let asked = Asked::default();
                let task = tokio::spawn(handler.clone().welcome(stream, peer, asked.clone()));
                places.add(task.abort_handle(), asked);
            }
        } else {
            // Usually the process has as many descriptors as it may.
            if !refused.end_one_that_waits() {
                ours.end_one_that_waits();
            }
            tokio::time::sleep(PAUSE).await;
        }
        // Connections in progress come before new ones.
        tokio::task::yield_now().await;
    }
}

impl<P, F> Handler<P>
where
    P: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Option<Answer>> + Send + 'static,
{
    async fn welcome(self: Arc<Self>, stream: TcpStream, peer: Peer, asked: Asked) {
        // From the request until the response is sent and the connection is closed.
        let answering = OnceLock::new();
        let service = service_fn(|request| {
            asked.store(true, Ordering::Relaxed);
            answering.get_or_init(|| self.busy.subscribe());
            let handler = self.clone();
            async move { Ok::<_, Infallible>(handler.answer(request, peer).await) }
        });
        // A browser that breaks off does no harm.
        let _ = http1().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        self.visitors.note(peer);
        let (head, _) = request.into_parts();
        let is_admitted = matches!(peer, Peer::SameUser | Peer::Unknown) && self.is_meant(&head);
        let answer = if is_admitted { (self.page)(head).await } else { None };
        page::with_every_header(answer.unwrap_or_else(page::not_found))
    }

    /// Accepts a GET for this very address.
    ///
    /// It is checked by the only Host and, in absolute form (RFC 9112 section 3.2.2), by the target too.
    fn is_meant(&self, head: &Parts) -> bool {
        let mut hosts = head.headers.get_all(HOST).iter();
        let is_target = match (head.uri.scheme_str(), head.uri.authority()) {
            (None, None) => true,
            (Some("http"), Some(authority)) => authority.as_str() == self.authority,
            _ => false,
        };
        head.method == Method::GET
            && is_target
            && hosts.next().map(HeaderValue::as_bytes) == Some(self.authority.as_bytes())
            && hosts.next().is_none()
    }
}

/// Reads one request per connection, bounded in time and length.
fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(TIME_TO_ASK).max_buf_size(LONGEST_REQUEST);
    builder.keep_alive(false);
    builder
}

/// Compares in constant time: the path is a secret of this user.
pub(crate) fn is(asked: &Uri, path: &str) -> bool {
    asked.path().as_bytes().ct_eq(path.as_bytes()).into()
}

/// Sends one request with `head` (request line and headers), for the tests of what is served.
#[cfg(test)]
pub(crate) fn ask(authority: &str, head: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(authority).expect("connects");
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("reads");
    answer
}

#[cfg(test)]
mod tests;
