//! Crowds and bursts: what killed gnome-keyring under other clients.

use std::process::{Command, Stdio};

use kcaws::ports::keyring::SecretStore;
use kcaws::ports::keyring::secret_service::{BusAddress, SecretServiceStore};

use crate::contract::{corp, get, key, set};
use crate::desktop::Desktop;

const CROWD: usize = 16;
const BUS: &str = "KCAWS_TEST_KEYRING_BUS";

#[test]
fn sixteen_threads_at_once() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    let names: Vec<String> = (0..CROWD).map(|number| format!("session-{number}")).collect();
    let store = desktop.store();
    std::thread::scope(|scope| {
        for name in &names {
            let (store, own) = (&store, key(name, "u"));
            scope.spawn(move || {
                set(store, &own, name);
                set(store, &corp(), "the same");
                assert_eq!(get(store, &own).as_ref(), Some(name));
            });
        }
    });
    for name in &names {
        assert_eq!(get(&store, &key(name, "u")).as_ref(), Some(name));
    }
    assert_eq!(get(&store, &corp()).as_deref(), Some("the same"));
    assert!(desktop.keyring_is_alive());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "starts itself as the crowd")]
fn sixteen_processes_at_once() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    let start = || {
        Command::new(std::env::current_exe().expect("known"))
            .args(["--exact", "secret_service_under_load::one_of_the_crowd", "--nocapture"])
            .env(BUS, format!("{}\n{}", desktop.address, desktop.lock_file().display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts")
    };
    let crowd: Vec<_> = (0..CROWD).map(|_| start()).collect();
    for process in crowd {
        let output = process.wait_with_output().expect("ends");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    assert!(desktop.keyring_is_alive());
}

/// Does nothing unless `sixteen_processes_at_once` started it.
#[test]
#[expect(clippy::disallowed_methods, reason = "its parent passes the address")]
fn one_of_the_crowd() {
    let Ok(passed) = std::env::var(BUS) else { return };
    let (address, lock_file) = passed.split_once('\n').expect("two lines");
    let store = SecretServiceStore::new(Some(BusAddress::parse(address, None)), Some(lock_file.into()));
    for _ in 0..10 {
        assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
    }
}

/// Without our lock file, so that the crowd is one. Other clients: dead after 69 to 2,701 reads.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the long form is chosen by the environment, and takes real time"
)]
fn a_burst_of_reads_leaves_the_daemon_alive() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    let store = SecretServiceStore::new(Some(desktop.bus()), None);
    set(&store, &corp(), "kept");
    let (threads, reads) = (4, if kcaws_test_kit::is_long() { 20_000 } else { 2_000 });
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..reads / threads {
                    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
                }
            });
        }
    });
    eprintln!("{reads} reads by {threads} threads: {:?}", start.elapsed());
    assert!(desktop.keyring_is_alive());
    assert_eq!(store.get(&corp()).expect("answers").map(|value| value.expose().len()), Some(4));
}
