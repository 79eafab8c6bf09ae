use std::path::Path;

use kcaws_test_keycloak::{Server, require_keycloak};
use kcaws_test_kit::wait_for;
use rustix::process::{Pid, Signal, kill_process};

/// The processes that have `part` on their command line.
fn processes(part: &str) -> Vec<u32> {
    let named = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(part)
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(named).collect()
}

/// Java itself, not what is about to become it.
fn java_in(place: &Path) -> Vec<u32> {
    let is_java = |pid: &u32| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "java")
    };
    processes(&format!("-Dkc.home.dir={}", place.display())).into_iter().filter(is_java).collect()
}

/// Addresses other than loopback that the process listens on.
fn open_to_others(pid: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()))
        .collect();
    let mut open = Vec::new();
    for table in ["tcp", "tcp6"] {
        for line in std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap().lines().skip(1) {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (local, state, inode) = (columns[1], columns[3], columns[9]);
            // 0A: listening. 127.0.0.1, the same as a mapped address, ::1.
            let loopback = local.starts_with("0100007F:")
                || local.starts_with("0000000000000000FFFF00000100007F:")
                || local.starts_with("00000000000000000000000001000000:");
            if state == "0A" && !loopback && sockets.iter().any(|socket| socket == inode) {
                open.push(local.to_owned());
            }
        }
    }
    open
}

#[test]
fn a_server_listens_on_loopback_only_and_leaves_neither_process_nor_file() {
    let _ = require_keycloak!();
    let server = Server::start().unwrap();
    let place = server.place().to_owned();
    let java = java_in(&place);
    assert_eq!(java.len(), 1);
    assert_eq!(open_to_others(java[0]), Vec::<String>::new());
    assert!(place.join("data/h2/keycloakdb.mv.db").is_file());
    drop(server);
    assert_eq!(processes(place.to_str().unwrap()), Vec::<u32>::new());
    assert!(!place.exists());
}

#[test]
fn java_ends_even_when_what_holds_it_is_killed() {
    let _ = require_keycloak!();
    let server = Server::begin();
    let place = server.place().to_owned();
    wait_for("java to come up", || (!java_in(&place).is_empty()).then_some(()));
    let holder = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
    kill_process(holder, Signal::KILL).unwrap();
    wait_for("java to end", || java_in(&place).is_empty().then_some(()));
    drop(server);
    std::fs::remove_dir_all(place).unwrap();
}
