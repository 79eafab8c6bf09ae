//! The Credential Manager itself: on Windows, and wherever its programs run.
#![expect(clippy::disallowed_methods, reason = "the test starts itself as the writer that is killed")]

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kcaws::ports::keyring::windows::WincredStore;
use kcaws::ports::keyring::{ItemKey, KeyringError, SecretStore as _};
use keyring_core::api::CredentialStoreApi as _;

use crate::contract::{get, keeps_the_contract, key, set};

/// One slot holds 2,560 bytes: these are one, two and three.
const LENGTHS: [(char, usize); 3] = [('a', 100), ('b', 4000), ('c', 7000)];
const ROUNDS: u64 = 100;
const WRITER: &str = "KCAWS_TEST_WRITER";

/// One test at a time: a program that lists credentials in wine while they change finds its memory damaged.
/// (Without the lists, the same tests run beside each other for hundreds of kills. kcaws lists nothing.)
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn store() -> WincredStore {
    WincredStore::new().expect("Windows has a Credential Manager")
}

fn torn() -> ItemKey {
    key("torn", "https://sso.example.com/torn")
}

fn values() -> [String; 3] {
    LENGTHS.map(|(letter, length)| String::from(letter).repeat(length))
}

/// The names of all slots of an item that the Credential Manager has.
fn slots_of(session: &str) -> Vec<String> {
    let all = windows_native_keyring_store::Store::new().expect("opens");
    let pattern = format!("^kcaws:{session}@");
    let found = all.search(&HashMap::from([("pattern", pattern.as_str())])).expect("searches");
    found.iter().map(|entry| format!("{:?}", entry.get_specifiers())).collect()
}

#[test]
fn the_credential_manager_keeps_the_contract_and_nothing_else() {
    let _alone = alone();
    keeps_the_contract(&store());
    assert_eq!(slots_of("corp"), [""; 0], "no piece is left behind");
}

#[test]
fn a_long_value_is_stored_in_pieces_and_all_of_them_go() {
    let _alone = alone();
    let (store, key) = (store(), key("long", "https://sso.example.com/long"));
    set(&store, &key, &values()[2]);
    assert_eq!(slots_of("long").len(), 4, "a head and three pieces: {:?}", slots_of("long"));
    set(&store, &key, &values()[0]);
    assert_eq!(slots_of("long").len(), 1, "it fits into the head");
    assert!(store.delete(&key).expect("deletes"));
    assert_eq!(slots_of("long"), [""; 0]);
}

/// No test by itself: the writer that the next one kills.
#[test]
fn a_writer_without_end() {
    if std::env::var_os(WRITER).is_none() {
        return;
    }
    let (store, values) = (store(), values());
    for value in values.iter().cycle() {
        set(&store, &torn(), value);
        eprintln!("written");
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_value_or_the_new_or_a_named_damage() {
    let _alone = alone();
    let (store, values) = (store(), values());
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    set(&store, &torn(), &values[0]);
    for round in 0..ROUNDS {
        let mut writer = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "wincred::a_writer_without_end", "--nocapture"])
            .env(WRITER, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut said = BufReader::new(writer.stderr.take().expect("piped")).lines();
        assert_eq!(said.next().expect("it says something").expect("text"), "written", "round {round}");
        std::thread::sleep(Duration::from_micros(700 * round));
        writer.kill().expect("is there");
        writer.wait().expect("ends");

        let outcome = match store.get(&torn()) {
            Ok(Some(value)) => {
                let value = value.expose();
                let which = values.iter().position(|one| one == value);
                let which =
                    which.unwrap_or_else(|| panic!("round {round}: a mixture, {} {value}", value.len()));
                format!("value {which}")
            }
            Ok(None) => panic!("round {round}: there was a value all the time"),
            Err(error @ KeyringError::Damaged { .. }) => error.to_string(),
            Err(error) => panic!("round {round}: {error}"),
        };
        *found.entry(outcome).or_default() += 1;
    }
    eprintln!("after {ROUNDS} kills: {found:?}");
    // The next writer repairs it and finds what was left behind. (Before that, wine cannot list: a slot itself may be
    // torn there, which Windows rules out.)
    set(&store, &torn(), &values[1]);
    assert_eq!(get(&store, &torn()).as_deref(), Some(values[1].as_str()));
    assert_eq!(slots_of("torn").len(), 3, "a head and two pieces: {:?}", slots_of("torn"));
    assert!(store.delete(&torn()).expect("deletes"));
    assert_eq!(slots_of("torn"), [""; 0]);
}
