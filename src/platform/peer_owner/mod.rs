//! Finds out which user of this machine is at the other end of a loopback connection.
//!
//! A port of 127.0.0.1 is open to every user of the machine, and the URL for the browser is on its command line, which
//! every user can read. So a listener checks the owner of the socket at the other end before it answers.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;

/// The user at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The user that this process runs as.
    SameUser,
    /// Any other user, root included: a proxy that runs as root acts for everyone.
    OtherUser(u32),
    /// No open socket of this machine: already closed, or behind an address translation.
    Gone,
    /// This system does not report it.
    Unknown,
}

/// Why the owner of a connection cannot be determined.
#[derive(Debug, thiserror::Error)]
pub enum PeersUnknown {
    /// kcaws has no way to do it on this platform.
    #[error("this platform does not report which user opens a connection")]
    Platform,
    /// The platform has a way, but denies it to this process.
    #[error("this system does not let kcaws see which user opens a connection")]
    Hidden(#[source] std::io::Error),
}

pub trait PeerOwner: Send + Sync {
    fn of(&self, connection: &Connection) -> Peer;
}

/// An accepted connection whose owner is to be determined.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// Of our own socket.
    #[cfg(unix)]
    pub inode: u64,
}

impl Connection {
    pub fn of(stream: &TcpStream) -> std::io::Result<Self> {
        Ok(Self {
            local: stream.local_addr()?,
            remote: stream.peer_addr()?,
            #[cfg(unix)]
            inode: rustix::fs::fstat(stream)?.st_ino,
        })
    }
}

/// Returns the method of this system, tried on a connection of our own.
pub fn of_this_system() -> Result<Arc<dyn PeerOwner>, PeersUnknown> {
    #[cfg(target_os = "linux")]
    return match linux::LinuxPeers::find() {
        Ok(peers) => Ok(Arc::new(peers)),
        // WSL 1 has no such table, and its browsers would not be in it.
        Err(_) if linux::is_wsl_here() => Err(PeersUnknown::Platform),
        Err(error) => Err(PeersUnknown::Hidden(error)),
    };
    #[cfg(target_os = "macos")]
    return macos::Lsof::find().map(|peers| Arc::new(peers) as _).map_err(|_| PeersUnknown::Platform);
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    return Err(PeersUnknown::Platform);
}

/// For systems that do not report the user.
pub struct UnknownPeers;

impl PeerOwner for UnknownPeers {
    fn of(&self, _connection: &Connection) -> Peer {
        Peer::Unknown
    }
}

/// Returns the result that a test has set.
#[derive(Clone)]
pub struct FakePeers(Arc<Mutex<Peer>>);

impl Default for FakePeers {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Peer::SameUser)))
    }
}

impl FakePeers {
    /// Sets the owner of every connection from now on.
    pub fn are(&self, peer: Peer) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }
}

impl PeerOwner for FakePeers {
    fn of(&self, _connection: &Connection) -> Peer {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects this process to itself; returns the accepted end and the other.
#[cfg(any(target_os = "linux", target_os = "macos", all(test, unix)))]
fn own_connection() -> std::io::Result<(std::net::TcpStream, std::net::TcpStream)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let other = std::net::TcpStream::connect(listener.local_addr()?)?;
    // Another process that connects to every port may come first.
    for _ in 0..32 {
        let (accepted, from) = listener.accept()?;
        if from == other.local_addr()? {
            return Ok((accepted, other));
        }
    }
    Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))
}

#[cfg(any(target_os = "linux", target_os = "macos", all(test, unix)))]
impl Connection {
    fn of_std(stream: &std::net::TcpStream) -> std::io::Result<Self> {
        let inode = rustix::fs::fstat(stream)?.st_ino;
        Ok(Self { local: stream.local_addr()?, remote: stream.peer_addr()?, inode })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Checks what every form must report about a connection of this very process.
    fn contract(peers: &dyn PeerOwner) {
        let (accepted, other) = own_connection().expect("connects");
        let connection = Connection::of_std(&accepted).expect("connected");
        assert_eq!(peers.of(&connection), Peer::SameUser);
        drop(other);
    }

    #[test]
    fn both_forms_know_this_user() {
        contract(&FakePeers::default());
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        contract(&*of_this_system().expect("this system tells"));
    }
}
