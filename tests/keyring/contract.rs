//! What every store keeps to, whatever it is made of.

use kcaws::ports::keyring::{ItemKey, KeyringError, SecretStore};
use kcaws::secret::Secret;

pub(crate) fn key(session: &str, start_url: &str) -> ItemKey {
    ItemKey { session: session.to_owned(), start_url: start_url.to_owned() }
}

pub(crate) fn corp() -> ItemKey {
    key("corp", "https://sso.example.com/aws")
}

pub(crate) fn get(store: &impl SecretStore, key: &ItemKey) -> Option<String> {
    store.get(key).expect("the store answers").map(|value| value.expose().clone())
}

pub(crate) fn set(store: &impl SecretStore, key: &ItemKey, value: &str) {
    store.set(key, &Secret::from(value)).expect("the store takes it");
}

/// Leaves the store as empty as it found it.
pub(crate) fn keeps_the_contract(store: &impl SecretStore) {
    comes_and_goes(store);
    keeps_items_apart(store);
    takes_what_there_is(store);
    refuses_a_second_line(store);
}

fn comes_and_goes(store: &impl SecretStore) {
    let key = corp();
    assert_eq!(get(store, &key), None, "empty is an answer, not an error");
    assert!(!store.delete(&key).expect("deletes nothing"), "there was nothing to delete");
    set(store, &key, "first");
    assert_eq!(get(store, &key).as_deref(), Some("first"));
    set(store, &key, "second");
    assert_eq!(get(store, &key).as_deref(), Some("second"), "overwritten");
    assert!(store.delete(&key).expect("deletes"), "there was something");
    assert_eq!(get(store, &key), None);
    assert!(!store.delete(&key).expect("deletes nothing"), "and now there is not");
}

fn keeps_items_apart(store: &impl SecretStore) {
    let items = [
        (corp(), "one"),
        (key("corp", "https://sso.example.com/aws/"), "the same session, another start URL"),
        (key("corp2", "https://sso.example.com/aws"), "another session, the same start URL"),
        (key("cor", "phttps://sso.example.com/aws"), "the same letters, cut elsewhere"),
        (key("CORP", "https://sso.example.com/aws"), "another case"),
    ];
    for (key, value) in &items {
        set(store, key, value);
    }
    for (key, value) in &items {
        assert_eq!(get(store, key).as_deref(), Some(*value), "{key:?}");
    }
    assert!(store.delete(&items[0].0).expect("deletes"));
    assert_eq!(get(store, &items[0].0), None);
    for (key, value) in &items[1..] {
        assert_eq!(get(store, key).as_deref(), Some(*value), "{key:?}");
        assert!(store.delete(key).expect("deletes"));
    }
}

fn takes_what_there_is(store: &impl SecretStore) {
    // A token record holds two tokens and a client secret: more than Windows' 2,560 bytes.
    let long = "t".repeat(4096);
    let values = [long.as_str(), "", r#"{"a":"b\n","c":"ü 名 \u0000"}"#, " spaces around "];
    for value in values {
        set(store, &corp(), value);
        assert_eq!(get(store, &corp()).as_deref(), Some(value));
    }
    assert!(store.delete(&corp()).expect("deletes"));
    let names = [
        "übung",
        "名前",
        "it's",
        "\"quoted\"",
        "two words",
        "../../etc",
        "a\u{202e}b",
        "%s{}",
        "🦀",
        "a.b@c",
    ];
    for name in names {
        let odd = key(name, &format!("https://sso.example.com/{name}"));
        set(store, &odd, name);
        assert_eq!(get(store, &odd).as_deref(), Some(name));
    }
    for name in names {
        let odd = key(name, &format!("https://sso.example.com/{name}"));
        assert_eq!(get(store, &odd).as_deref(), Some(name), "still there beside the others");
        assert!(store.delete(&odd).expect("deletes"), "{name}");
    }
}

fn refuses_a_second_line(store: &impl SecretStore) {
    set(store, &corp(), "kept");
    for value in ["two\nlines", "cr\r", "nul\0"] {
        let refused = store.set(&corp(), &Secret::from(value));
        assert!(matches!(refused, Err(KeyringError::Failed { .. })), "{refused:?}");
    }
    assert_eq!(get(store, &corp()).as_deref(), Some("kept"));
    assert!(store.delete(&corp()).expect("deletes"));
}
