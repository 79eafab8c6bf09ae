//! macOS: `lsof`, a part of the system, shows every process the sockets of its own user's processes.
//!
//! A peer that is not among them is another user's, or already closed.

use std::ffi::OsString;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::{Connection, Peer, PeerOwner};
use crate::ports::command_runner::{CommandRunner, SystemCommands};

const LSOF: &str = "/usr/sbin/lsof";
/// It usually takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Lsof;

impl Lsof {
    /// Returns it if it finds a connection of our own.
    pub(super) fn find() -> Result<Self> {
        let (accepted, _other) = super::own_connection()?;
        match Self.of(&Connection::of_std(&accepted)?) {
            Peer::SameUser => Ok(Self),
            _ => Err(Error::other("lsof does not show kcaws's own connection")),
        }
    }
}

impl PeerOwner for Lsof {
    fn of(&self, connection: &Connection) -> Peer {
        let uid = rustix::process::geteuid().as_raw().to_string();
        let port = format!("-i4TCP:{}", connection.remote.port());
        // Addresses and ports as numbers, all conditions combined, one field per line.
        let args = ["-n", "-P", "-w", "-a", "-u", &uid, &port, "-F", "n"].map(OsString::from);
        let shown = SystemCommands.run(Path::new(LSOF), &args, &[], PATIENCE);
        let is_ours = shown.is_ok_and(|output| is_among(output.stdout.expose(), connection));
        if is_ours { Peer::SameUser } else { Peer::Gone }
    }
}

/// Returns whether the other end of `connection` is in the output of `lsof -F n`.
fn is_among(lines: &str, connection: &Connection) -> bool {
    let Connection { local: SocketAddr::V4(local), remote: SocketAddr::V4(remote), .. } = connection else {
        return false;
    };
    let name = format!("n{remote}->{local}");
    lines.lines().any(|line| line == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_other_end_of_this_very_connection_counts() {
        let connection = Connection {
            local: "127.0.0.1:50001".parse().expect("an address"),
            remote: "127.0.0.1:50002".parse().expect("an address"),
            inode: 1,
        };
        let lines = |name: &str| format!("p123\nf12\nn127.0.0.1:50002\nf13\n{name}\n");
        assert!(is_among(&lines("n127.0.0.1:50002->127.0.0.1:50001"), &connection));
        for other in
            ["n127.0.0.1:50001->127.0.0.1:50002", "n127.0.0.1:50002->127.0.0.1:500011", "n*:50002", ""]
        {
            assert!(!is_among(&lines(other), &connection), "{other}");
        }
    }
}
