//! Linux: finds the peer's socket in the kernel's table.
//!
//! The table is read by netlink (`sock_diag(7)`) or, if a sandbox forbids that, from `/proc/net/tcp`.
//!
//! The row of our own end is read after it, unless another user is refused anyway. As long as our end is open, no other
//! connection can have the same two addresses, so the row that was read before belongs to this connection and to no
//! later one. Our own row also proves that the table is that of our network namespace, and that its numbers are those
//! of our user namespace.

use std::io::{BufRead, BufReader, Error, ErrorKind, Result};
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

use super::{Connection, Peer, PeerOwner, own_connection};

pub(super) struct LinuxPeers {
    table: Table,
    uid: u32,
    is_wsl: bool,
}

enum Table {
    SockDiag(Mutex<SockDiag>),
    Proc(PathBuf),
}

/// A socket, as both forms of the table show it.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    state: u8,
    uid: u32,
    /// 0 means that no process has it open, and that its user ID is not meaningful.
    inode: u32,
}

/// `net/tcp_states.h`: a connection that was established and has not ended.
const ESTABLISHED: u8 = 1;
const FIN_WAIT_1: u8 = 4;
const FIN_WAIT_2: u8 = 5;
const CLOSE_WAIT: u8 = 8;

/// The user ID that a user namespace shows for every user without one in it.
const OVERFLOW_UID: u32 = 65534;

impl LinuxPeers {
    /// Returns the first form of the table that has a connection of our own.
    pub(super) fn find() -> Result<Self> {
        let uid = rustix::process::geteuid().as_raw();
        if uid == OVERFLOW_UID && !has_all_users(Path::new("/proc/self/uid_map")) {
            return Err(Error::other("this user namespace shows other users under this user's number"));
        }
        let is_wsl = is_wsl_here();
        let sock_diag = SockDiag::open().map(|socket| Table::SockDiag(Mutex::new(socket)));
        let works = |table: Table| {
            let peers = Self { table, uid, is_wsl: false };
            peers.try_on_ourselves()?;
            Ok(Self { is_wsl, ..peers })
        };
        sock_diag.and_then(works).or_else(|_| works(Table::Proc("/proc/self/net".into())))
    }

    fn try_on_ourselves(&self) -> Result<()> {
        let (accepted, _other) = own_connection()?;
        match self.look(&Connection::of_std(&accepted)?)? {
            Peer::SameUser => Ok(()),
            _ => Err(Error::other("the socket table does not show kcaws's own socket")),
        }
    }

    fn look(&self, connection: &Connection) -> Result<Peer> {
        let (SocketAddr::V4(local), SocketAddr::V4(remote)) = (connection.local, connection.remote) else {
            return Ok(Peer::Gone);
        };
        let theirs = self.judge(self.table.row(remote, local)?);
        if let Peer::OtherUser(_) = theirs {
            return Ok(theirs);
        }
        let ours = self.table.row(local, remote)?;
        let is_open = ours.is_some_and(|row| {
            u64::from(row.inode) == connection.inode & u64::from(u32::MAX)
                && row.uid == self.uid
                && matches!(row.state, ESTABLISHED | CLOSE_WAIT)
        });
        Ok(if is_open { theirs } else { Peer::Gone })
    }

    fn judge(&self, theirs: Option<Row>) -> Peer {
        let is_live = |row: &Row| {
            row.inode != 0 && matches!(row.state, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2 | CLOSE_WAIT)
        };
        match theirs.filter(is_live) {
            Some(row) if row.uid == self.uid => Peer::SameUser,
            // Windows' browsers connect through a relay that runs as root, or from outside this machine's table. A user
            // who can become another user in WSL can start Windows programs, and through them a shell as root.
            Some(row) if row.uid == 0 && self.is_wsl => Peer::Unknown,
            None if self.is_wsl => Peer::Unknown,
            Some(row) => Peer::OtherUser(row.uid),
            None => Peer::Gone,
        }
    }
}

impl PeerOwner for LinuxPeers {
    fn of(&self, connection: &Connection) -> Peer {
        // It worked when the listening began; an error since then proves nothing.
        self.look(connection).unwrap_or(Peer::Gone)
    }
}

impl Table {
    /// Returns the socket whose own address is `local`, connected to `remote`.
    fn row(&self, local: SocketAddrV4, remote: SocketAddrV4) -> Result<Option<Row>> {
        match self {
            Self::SockDiag(socket) => {
                socket.lock().unwrap_or_else(PoisonError::into_inner).row(local, remote)
            }
            Self::Proc(folder) => {
                let [local, remote] = [local, remote].map(Written::of);
                let found = row_in(&folder.join("tcp"), &local.v4, &remote.v4)?;
                if found.is_some() {
                    return Ok(found);
                }
                // A program that only uses IPv6 may connect to a mapped address.
                match row_in(&folder.join("tcp6"), &local.v6, &remote.v6) {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    other => other,
                }
            }
        }
    }
}

/// The kernel answers within the same call.
struct SockDiag {
    socket: OwnedFd,
    sequence: u32,
}

/// `linux/sock_diag.h`, `linux/inet_diag.h`, `linux/netlink.h`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const HEADER: usize = 16;
const REQUEST: usize = HEADER + 56;
const REPLY: usize = HEADER + 72;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;

impl SockDiag {
    fn open() -> Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        Ok(Self { socket, sequence: 0 })
    }

    fn row(&mut self, local: SocketAddrV4, remote: SocketAddrV4) -> Result<Option<Row>> {
        self.sequence = self.sequence.wrapping_add(1);
        rustix::net::send(&self.socket, &request(self.sequence, local, remote), SendFlags::empty())?;
        loop {
            let mut buffer = [0_u8; 4096];
            let (length, _) = rustix::net::recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT)?;
            let reply = &buffer[..length];
            // What an earlier call left unread is not ours.
            if u32_at(reply, 8) == Some(self.sequence) {
                return row_of(reply, local.port(), remote.port());
            }
        }
    }
}

fn request(sequence: u32, local: SocketAddrV4, remote: SocketAddrV4) -> Vec<u8> {
    let mut request = Vec::with_capacity(REQUEST);
    request.extend_from_slice(&72_u32.to_ne_bytes());
    request.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request.extend_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    request.extend_from_slice(&sequence.to_ne_bytes());
    request.extend_from_slice(&0_u32.to_ne_bytes());
    request.extend_from_slice(&[AF_INET, IPPROTO_TCP, 0, 0]);
    request.extend_from_slice(&u32::MAX.to_ne_bytes()); // in any state
    request.extend_from_slice(&local.port().to_be_bytes());
    request.extend_from_slice(&remote.port().to_be_bytes());
    for address in [local, remote] {
        request.extend_from_slice(&address.ip().octets());
        request.extend_from_slice(&[0; 12]);
    }
    request.extend_from_slice(&0_u32.to_ne_bytes()); // by any interface
    request.extend_from_slice(&[0xff; 8]); // without a cookie
    request
}

fn row_of(reply: &[u8], local: u16, remote: u16) -> Result<Option<Row>> {
    let bad = || Error::from(ErrorKind::InvalidData);
    match u16_at(reply, 4).ok_or_else(bad)? {
        SOCK_DIAG_BY_FAMILY if reply.len() >= REPLY => {
            let port = |at: usize| reply.get(at..at + 2).map(|port| u16::from_be_bytes([port[0], port[1]]));
            // If there is no connection, the kernel returns a listener.
            if (port(HEADER + 4), port(HEADER + 6)) != (Some(local), Some(remote)) {
                return Ok(None);
            }
            let number = |at| u32_at(reply, at).ok_or_else(bad);
            Ok(Some(Row { state: reply[HEADER + 1], uid: number(HEADER + 64)?, inode: number(HEADER + 68)? }))
        }
        NLMSG_ERROR => {
            let code = u32_at(reply, HEADER).ok_or_else(bad)?.cast_signed();
            let error = Error::from_raw_os_error(code.wrapping_neg());
            if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) }
        }
        _ => Err(bad()),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Formats an address as in `/proc/net/tcp` and `tcp6` (proc_net_tcp in the kernel's documentation).
///
/// Each 32 bits are a number in this machine's byte order, in hex.
struct Written {
    v4: String,
    v6: String,
}

impl Written {
    fn of(address: SocketAddrV4) -> Self {
        let port = address.port();
        let words = |octets: &[u8]| {
            let words = octets.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
            words.fold(String::new(), |text, word| format!("{text}{:08X}", u32::from_ne_bytes(word)))
        };
        Self {
            v4: format!("{}:{port:04X}", words(&address.ip().octets())),
            v6: format!("{}:{port:04X}", words(&address.ip().to_ipv6_mapped().octets())),
        }
    }
}

fn row_in(file: &Path, local: &str, remote: &str) -> Result<Option<Row>> {
    for line in BufReader::new(std::fs::File::open(file)?).lines() {
        let line = line?;
        let fields: Vec<&str> = line.split_ascii_whitespace().take(10).collect();
        let &[_, own, other, state, _, _, _, uid, _, inode] = fields.as_slice() else { continue };
        if own != local || other != remote {
            continue;
        }
        let bad = |_| Error::from(ErrorKind::InvalidData);
        return Ok(Some(Row {
            state: u8::from_str_radix(state, 16).map_err(bad)?,
            uid: uid.parse().map_err(bad)?,
            inode: inode.parse().map_err(bad)?,
        }));
    }
    Ok(None)
}

/// Returns whether every user has an ID here, which is not the case in a container's user namespace.
fn has_all_users(uid_map: &Path) -> bool {
    let map = std::fs::read_to_string(uid_map).unwrap_or_default();
    map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
}

pub(super) fn is_wsl_here() -> bool {
    is_wsl(&rustix::system::uname().release().to_string_lossy())
}

/// Returns whether this is a kernel of WSL: `5.15.167.4-microsoft-standard-WSL2`, `4.4.0-19041-Microsoft`.
fn is_wsl(release: &str) -> bool {
    release.to_ascii_lowercase().contains("microsoft")
}

#[cfg(test)]
mod tests;
