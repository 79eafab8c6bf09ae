use std::net::{Ipv6Addr, TcpListener, TcpStream};

use super::*;

/// Both forms of the table, for every test.
fn tables() -> [LinuxPeers; 2] {
    let uid = rustix::process::geteuid().as_raw();
    let sock_diag = Table::SockDiag(Mutex::new(SockDiag::open().expect("netlink")));
    [sock_diag, Table::Proc("/proc/self/net".into())].map(|table| LinuxPeers { table, uid, is_wsl: false })
}

fn owner(peers: &LinuxPeers, accepted: &TcpStream) -> Peer {
    peers.of(&Connection::of_std(accepted).expect("connected"))
}

#[test]
fn a_connection_of_this_user_is_known_as_such_half_closed_too() {
    for peers in tables() {
        let (accepted, other) = own_connection().expect("connects");
        assert_eq!(owner(&peers, &accepted), Peer::SameUser);
        other.shutdown(std::net::Shutdown::Write).expect("half closed");
        assert_eq!(owner(&peers, &accepted), Peer::SameUser);
    }
}

#[test]
fn a_connection_to_a_mapped_address_is_known_too() {
    for peers in tables() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listens");
        let mapped: Ipv6Addr = "::ffff:127.0.0.1".parse().expect("an address");
        let port = listener.local_addr().expect("bound").port();
        let Ok(_other) = TcpStream::connect((mapped, port)) else {
            kcaws_test_kit::skip!("no IPv6 on this machine");
        };
        let (accepted, _) = listener.accept().expect("accepts");
        assert_eq!(owner(&peers, &accepted), Peer::SameUser);
    }
}

#[test]
fn who_has_closed_is_no_one() {
    for peers in tables() {
        let (accepted, other) = own_connection().expect("connects");
        drop(other);
        assert_eq!(owner(&peers, &accepted), Peer::Gone);
    }
}

/// Not even a listener at the very port, with our own end open, is mistaken for the connection.
#[test]
fn a_port_that_is_another_sockets_now_is_not_believed() {
    for peers in tables() {
        let (accepted, _other) = own_connection().expect("connects");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listens");
        let moved = Connection {
            remote: listener.local_addr().expect("bound"),
            ..Connection::of_std(&accepted).expect("connected")
        };
        assert_eq!(peers.of(&moved), Peer::Gone);
    }
}

#[test]
fn a_table_that_does_not_show_our_own_end_vouches_for_no_one() {
    for peers in tables() {
        let (accepted, _other) = own_connection().expect("connects");
        let connection = Connection::of_std(&accepted).expect("connected");
        assert_eq!(peers.of(&Connection { inode: connection.inode + 1, ..connection }), Peer::Gone);
        let owner = peers.uid;
        let another = LinuxPeers { uid: owner + 1, ..peers };
        assert_eq!(another.of(&connection), Peer::OtherUser(owner));
    }
}

#[test]
fn a_table_that_cannot_be_read_is_found_out_before_anybody_is_served() {
    let [_, peers] = tables();
    let closed = LinuxPeers { table: Table::Proc("/nonexistent".into()), ..peers };
    assert!(closed.try_on_ourselves().is_err());
    let (accepted, _other) = own_connection().expect("connects");
    assert_eq!(owner(&closed, &accepted), Peer::Gone);
    assert_eq!(LinuxPeers::find().map(|_| ()).ok(), Some(()), "this machine's can be read");
}

#[test]
fn the_owner_decides_and_root_is_another_user() {
    let [peers, _] = tables();
    let peers = LinuxPeers { uid: 1000, ..peers };
    let wsl = LinuxPeers { uid: 1000, is_wsl: true, ..tables().into_iter().next().expect("two") };
    let row = |state, uid, inode| Some(Row { state, uid, inode });
    for (theirs, expected, in_wsl) in [
        (row(ESTABLISHED, 1000, 7), Peer::SameUser, Peer::SameUser),
        (row(ESTABLISHED, 1001, 7), Peer::OtherUser(1001), Peer::OtherUser(1001)),
        (row(ESTABLISHED, 0, 7), Peer::OtherUser(0), Peer::Unknown),
        (row(ESTABLISHED, OVERFLOW_UID, 7), Peer::OtherUser(OVERFLOW_UID), Peer::OtherUser(OVERFLOW_UID)),
        // Of a closed socket, the number of the user is not its own.
        (row(FIN_WAIT_2, 1000, 0), Peer::Gone, Peer::Unknown),
        // TIME_WAIT, SYN_SENT and LISTEN.
        (row(6, 1000, 7), Peer::Gone, Peer::Unknown),
        (row(2, 1000, 7), Peer::Gone, Peer::Unknown),
        (row(10, 1000, 7), Peer::Gone, Peer::Unknown),
        (None, Peer::Gone, Peer::Unknown),
    ] {
        let shown = format!("{theirs:?}");
        let again = theirs.as_ref().and_then(|theirs| row(theirs.state, theirs.uid, theirs.inode));
        assert_eq!((peers.judge(theirs), wsl.judge(again)), (expected, in_wsl), "{shown}");
    }
}

#[test]
fn namespaces_and_wsl_are_told_by_what_the_kernel_says() {
    let map = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().expect("creates");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("writes");
        has_all_users(file.path())
    };
    assert!(map("         0          0 4294967295\n"));
    assert!(!map("         0       1000          1\n") && !map("0 0 65536\n") && !map(""));
    assert!(!has_all_users(Path::new("/nonexistent")));
    assert!(is_wsl("5.15.167.4-microsoft-standard-WSL2") && is_wsl("4.4.0-19041-Microsoft"));
    assert!(!is_wsl("6.1.0-30-amd64"));
}

#[test]
fn an_error_of_the_kernel_is_none_of_its_rows() {
    let mut reply = vec![0_u8; 36];
    reply[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
    let mut with = |code: i32| {
        reply[16..20].copy_from_slice(&code.to_ne_bytes());
        row_of(&reply, 1, 2)
    };
    assert_eq!(with(-2).expect("no such socket"), None);
    assert!(with(-1).is_err() && with(-93).is_err());
    assert!(row_of(&[0; 4], 1, 2).is_err());
}
