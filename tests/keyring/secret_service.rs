//! The good days, and the three answers that must never be mixed up: locked, absent, empty.

use kcaws::platform::runtime::Runtime;
use kcaws::ports::keyring::secret_service::{BusAddress, SecretServiceStore};
use kcaws::ports::keyring::{KeyringError, SecretStore, StoreKind};
use kcaws::secret::Secret;

use crate::contract::{corp, get, keeps_the_contract, key, set};
use crate::desktop::Desktop;

#[test]
fn contract() {
    let Some(desktop) = Desktop::unlocked() else { return };
    keeps_the_contract(&desktop.store());
}

#[test]
fn works_without_a_lock_file() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let nowhere = Some("/nonexistent/lock".into());
    for lock_file in [None, nowhere] {
        let store = SecretServiceStore::new(Some(desktop.bus()), lock_file);
        set(&store, &corp(), "kept");
        assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
    }
}

#[test]
fn works_inside_an_async_runtime() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async { keeps_the_contract(&desktop.store()) });
}

#[test]
fn other_programs_find_it_where_it_should_be() {
    let Some(desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "the value");
    let found = desktop.secret_tool(&["lookup", "service", "kcaws", "username", "corp"]);
    assert_eq!(found.as_deref(), Ok("the value"));
    let shown = desktop.secret_tool(&["search", "service", "kcaws"]).expect("found");
    for line in [
        "label = kcaws: corp",
        "attribute.start_url = https://sso.example.com/aws",
        "schema = org.freedesktop.Secret.Generic",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
}

#[test]
fn overwriting_leaves_one_item() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    for value in ["first", "second", "third"] {
        set(&store, &corp(), value);
    }
    let shown = desktop.secret_tool(&["search", "--all", "service", "kcaws"]).expect("found");
    assert_eq!(shown.matches("label = ").count(), 1, "{shown}");
}

#[test]
fn locked_is_said_at_once_and_no_one_is_asked() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    set(&store, &corp(), "kept");
    desktop.lock_default();
    says_locked(&store);
    // Nothing is known about other sessions either: the keyring that would hold them is closed.
    let other = store.get(&key("other", "https://sso.example.com/aws"));
    assert!(matches!(other, Err(KeyringError::Locked(_))), "{other:?}", other = other.err());
    assert!(is_locked(&desktop), "nothing was unlocked on the way");
}

#[test]
fn locked_since_the_session_began() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    desktop.kill_keyring();
    desktop.start_keyring(false);
    says_locked(&desktop.store());
}

fn says_locked(store: &SecretServiceStore) {
    let locked = KeyringError::Locked(StoreKind::SecretService).to_string();
    assert_eq!(store.get(&corp()).err().map(|error| error.to_string()), Some(locked.clone()));
    let set = store.set(&corp(), &Secret::from("new"));
    assert_eq!(set.err().map(|error| error.to_string()), Some(locked.clone()));
    assert_eq!(store.delete(&corp()).err().map(|error| error.to_string()), Some(locked));
}

fn is_locked(desktop: &Desktop) -> bool {
    let arguments = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
    let path = desktop.default_collection();
    desktop.ask(&path, "org.freedesktop.DBus.Properties.Get", &arguments).contains("boolean true")
}

#[test]
fn no_bus_no_daemon_and_no_keyring_are_absent() {
    let unset = SecretServiceStore::new(None, None);
    is_absent(&unset, "no session bus");
    let gone = SecretServiceStore::new(Some(BusAddress::parse("unix:path=/nonexistent/bus", None)), None);
    is_absent(&gone, "");
    let nonsense = SecretServiceStore::new(Some(BusAddress::parse("not an address", None)), None);
    is_absent(&nonsense, "");
    let Some(mut desktop) = Desktop::empty() else { return };
    is_absent(&desktop.store(), "org.freedesktop.secrets");
    // A daemon without any keyring: it has nothing of ours, and cannot take anything.
    desktop.start_keyring(false);
    let store = desktop.store();
    for error in [
        store.get(&corp()).err(),
        store.set(&corp(), &Secret::from("value")).err(),
        store.delete(&corp()).err(),
        store.ready(&corp()).err(),
    ] {
        assert!(matches!(error, Some(KeyringError::NoDefault(StoreKind::SecretService))), "{error:?}");
    }
}

fn is_absent(store: &SecretServiceStore, why: &str) {
    for error in [
        store.get(&corp()).err(),
        store.set(&corp(), &Secret::from("value")).err(),
        store.delete(&corp()).err(),
        store.unlock(&corp(), std::time::Duration::ZERO).err(),
    ] {
        let error = error.expect("no one is there");
        assert!(matches!(error, KeyringError::Absent { .. }), "{error:?}");
        assert!(cause(&error).contains(why), "{error:?}");
    }
}

fn cause(error: &KeyringError) -> String {
    std::error::Error::source(error).expect("a cause").to_string()
}
