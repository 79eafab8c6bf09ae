//! The fake passes what the real ones pass, and does what tests want of it.

use std::time::Duration;

use kcaws::ports::keyring::fake::{Calls, FakeKeyring};
use kcaws::ports::keyring::{KeyringError, SecretStore, StoreKind};

use crate::contract::{corp, get, keeps_the_contract, set};

#[test]
fn contract() {
    keeps_the_contract(&FakeKeyring::default());
}

#[test]
fn clones_are_one_store() {
    let store = FakeKeyring::new(StoreKind::Keychain);
    set(&store.clone(), &corp(), "shared");
    assert_eq!(get(&store, &corp()).as_deref(), Some("shared"));
    assert_eq!(store.calls(), Calls { get: 1, set: 1, ..Calls::default() });
}

#[test]
fn fails_once_when_asked_to() {
    let store = FakeKeyring::default();
    store.fail_next(KeyringError::TooSlow { store: store.kind(), after: Duration::from_secs(2) });
    assert!(matches!(store.get(&corp()), Err(KeyringError::TooSlow { .. })));
    assert_eq!(get(&store, &corp()), None);
}

#[test]
fn locked_until_the_person_agrees() {
    let store = FakeKeyring::default();
    set(&store, &corp(), "kept");
    store.lock();
    assert!(matches!(store.get(&corp()), Err(KeyringError::Locked(_))));
    store.refuse_unlock(true);
    assert!(matches!(store.unlock(&corp(), Duration::ZERO), Err(KeyringError::Refused(_))));
    store.refuse_unlock(false);
    store.unlock(&corp(), Duration::ZERO).expect("unlocks");
    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
}
