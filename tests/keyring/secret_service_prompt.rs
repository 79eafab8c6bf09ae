//! Prompts: those that complete by themselves, those that a person answers, and those that no one may see.

use std::time::Duration;

use kcaws::ports::keyring::{KeyringError, Prompting, SecretStore};

use crate::contract::{corp, get, set};
use crate::desktop::{Desktop, wait_for};
use crate::scripted::{Person, Script, Scripted};

const LONG: Duration = Duration::from_secs(20);
const WRITES: &[&str] = &["CreateItem", "Delete"];
const ALL: &[&str] = &["Unlock", "CreateCollection", "CreateItem", "Delete"];

#[test]
fn a_service_whose_writes_and_removals_are_prompts_works_without_a_person() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Script { prompts: WRITES, ..Script::default() });
    let store = desktop.store();
    set(&store, &corp(), "first");
    set(&store, &corp(), "second");
    assert_eq!(get(&store, &corp()).as_deref(), Some("second"));
    assert!(store.delete(&corp()).expect("removed"));
    assert_eq!(get(&store, &corp()), None);
    assert_eq!(service.said().iter().filter(|said| *said == "Prompt").count(), 2, "made, and removed");
}

#[test]
fn every_prompt_completes_while_a_person_attends() {
    let Some(desktop) = Desktop::empty() else { return };
    let script = Script { has_default: false, is_locked: true, prompts: ALL, ..Script::default() };
    let _service = Scripted::start(&desktop.address, script);
    let store = desktop.store();
    assert!(matches!(store.ready(&corp()), Err(KeyringError::NoDefault(_))));
    store.unlock(&corp(), LONG).expect("made and opened");
    set(&store, &corp(), "kept");
    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
}

/// By method: what a call that needs it says when the prompt is not answered with a yes.
#[test]
fn whatever_becomes_of_a_prompt_is_distinguished_for_every_method() {
    type Call = fn(&dyn SecretStore) -> Option<KeyringError>;
    let unlock: Call = |store| store.unlock(&corp(), Duration::from_millis(400)).err();
    let write: Call = |store| store.set(&corp(), &"new".into()).err();
    let cases: [(&str, Script, Call); 3] = [
        ("Unlock", Script { is_locked: true, prompts: &["Unlock"], ..Script::default() }, unlock),
        (
            "CreateCollection",
            Script { has_default: false, prompts: &["CreateCollection"], ..Script::default() },
            unlock,
        ),
        ("CreateItem", Script { prompts: WRITES, ..Script::default() }, write),
    ];
    for (method, script, call) in cases {
        for person in [Person::Refuses, Person::IsNotThere, Person::Dies] {
            let Some(desktop) = Desktop::empty() else { return };
            let service = Scripted::start(&desktop.address, Script { person, ..script });
            let error = call(&desktop.store()).unwrap_or_else(|| panic!("{method}, {person:?}: done"));
            let is_right = match person {
                Person::Refuses => matches!(error, KeyringError::Refused(_)),
                Person::IsNotThere => matches!(error, KeyringError::Unanswered { .. }),
                Person::Dies => matches!(error, KeyringError::Absent { .. } | KeyringError::Failed { .. }),
                Person::Agrees => false,
            };
            assert!(is_right, "{method}, {person:?}: {error:?}");
            let is_dismissed = service.said().last().is_some_and(|said| said == "Dismiss");
            assert_eq!(is_dismissed, person == Person::IsNotThere, "{method}, {person:?}");
        }
    }
}

/// KeePassXC before 2.7.5 raises a window for every replacement.
#[test]
fn an_item_that_is_there_is_written_to_and_not_replaced() {
    let Some(desktop) = Desktop::empty() else { return };
    let script = Script { has_item: true, prompts: WRITES, person: Person::IsNotThere, ..Script::default() };
    let service = Scripted::start(&desktop.address, script);
    set(&desktop.store(), &corp(), "new");
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("new"));
    assert!(!service.has_said("Prompt"));
}

/// A token must not outlive a logout because no one pressed a button.
#[test]
fn a_removal_that_no_one_confirms_leaves_an_empty_item() {
    for person in [Person::Refuses, Person::IsNotThere] {
        let Some(desktop) = Desktop::empty() else { return };
        let script = Script { prompts: &["Delete"], has_item: true, person, ..Script::default() };
        let _service = Scripted::start(&desktop.address, script);
        assert!(desktop.store().delete(&corp()).expect("emptied"));
        assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some(""), "{person:?}");
    }
}

#[test]
fn the_person_agrees() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::locked(&desktop.address, Person::Agrees);
    desktop.store().unlock(&corp(), LONG).expect("unlocked");
    assert!(service.has_said("Prompt"));
    // Now that it is open there is nothing to ask.
    desktop.store().unlock(&corp(), LONG).expect("unlocked");
    assert_eq!(service.said().iter().filter(|said| *said == "Prompt").count(), 1);
}

#[test]
fn others_are_answered_while_a_person_thinks() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::locked(&desktop.address, Person::IsNotThere);
    let store = desktop.store();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| store.unlock(&corp(), Duration::from_secs(5)));
        wait_for("the prompt", || service.has_said("Prompt"));
        let file = std::fs::File::open(desktop.lock_file()).expect("there");
        // A process that another test is about to start holds every lock of ours until it is that other program.
        wait_for("the turn", || file.try_lock().is_ok());
        drop(file);
        assert!(matches!(store.get(&corp()), Err(KeyringError::Locked(_))));
        assert!(!asked.is_finished(), "the person still thinks");
    });
}

/// A first request that needs a client record kills gnome-keyring, and a search makes KeePassXC ask someone.
#[test]
fn nothing_that_is_asked_of_a_locked_keyring_raises_a_window() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::locked(&desktop.address, Person::Agrees);
    let store = desktop.store();
    for error in [
        store.get(&corp()).err(),
        store.set(&corp(), &"new".into()).err(),
        store.delete(&corp()).err(),
        store.ready(&corp()).err(),
    ] {
        assert!(matches!(error, Some(KeyringError::Locked(_))), "{error:?}");
        let said = ["ReadAlias kcaws-none", "ReadAlias default", "Get", "Unlock", "Dismiss"];
        assert_eq!(service.said()[..5], said);
    }
    assert!(!service.has_said("SearchItems") && !service.has_said("Prompt"));
}

/// KeePassXC without an open database has no keyring at all, and a search would ask for one.
#[test]
fn without_any_keyring_nothing_is_searched() {
    let Some(desktop) = Desktop::empty() else { return };
    let script = Script { has_default: false, ..Script::default() };
    let service = Scripted::start(&desktop.address, script);
    assert!(matches!(desktop.store().get(&corp()), Err(KeyringError::NoDefault(_))));
    assert!(!service.has_said("SearchItems"));
}

#[test]
fn a_locked_keyring_that_opens_without_a_prompt_is_read_and_written_from_anywhere() {
    let Some(desktop) = Desktop::empty() else { return };
    let script = Script { is_locked: true, has_item: true, ..Script::default() };
    let _service = Scripted::start(&desktop.address, script);
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
    for call in [
        |store: &dyn SecretStore| store.ready(&corp()),
        |store: &dyn SecretStore| store.set(&corp(), &"new".into()),
        |store: &dyn SecretStore| store.delete(&corp()).map(drop),
    ] {
        let Some(desktop) = Desktop::empty() else { return };
        let _service = Scripted::start(&desktop.address, script);
        call(&desktop.store()).expect("opened");
    }
}

/// KWallet's `Unlock` always answers a prompt; opened by PAM, it completes without a window.
#[test]
fn an_open_wallet_is_unlocked_from_anywhere_and_a_closed_one_is_not() {
    for daemon in ["org.kde.kwalletd5", "org.kde.kwalletd6"] {
        for is_wallet_open in [true, false] {
            let Some(desktop) = Desktop::empty() else { return };
            let names: &'static [&'static str] = vec!["org.freedesktop.secrets", daemon].leak();
            let script = Script {
                names,
                is_locked: true,
                has_item: true,
                prompts: &["Unlock"],
                is_wallet_open,
                ..Script::default()
            };
            let service = Scripted::start(&desktop.address, script);
            let answer = desktop.store().get(&corp());
            assert_eq!(service.has_said("Prompt"), is_wallet_open, "{daemon}");
            match answer {
                Ok(value) => assert!(is_wallet_open && value.is_some(), "{daemon}"),
                Err(error) => {
                    assert!(!is_wallet_open && matches!(error, KeyringError::Locked(_)), "{error:?}");
                }
            }
        }
    }
}

#[test]
fn an_item_that_has_to_be_confirmed_is_named_and_confirmed_only_where_a_person_attends() {
    let Some(desktop) = Desktop::empty() else { return };
    let script = Script { confirms_access: true, has_item: true, prompts: &["Unlock"], ..Script::default() };
    let service = Scripted::start(&desktop.address, script);
    let store = desktop.store();
    for error in [store.get(&corp()).err(), store.ready(&corp()).err()] {
        let named = matches!(&error, Some(KeyringError::ItemLocked { item, .. }) if item == "kcaws: corp");
        assert!(named, "{error:?}");
    }
    assert!(!service.has_said("Prompt"));
    store.attend(Prompting::Attended { patience: LONG });
    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
}

/// Plasma without gnome-keyring may offer the service by that name alone.
#[test]
fn a_service_that_has_only_kdes_name_is_found() {
    let Some(desktop) = Desktop::empty() else { return };
    let names = &["org.kde.secretservicecompat"];
    let _service = Scripted::start(&desktop.address, Script { names, ..Script::default() });
    keeps_a_value(&desktop);
}

fn keeps_a_value(desktop: &Desktop) {
    set(&desktop.store(), &corp(), "kept");
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
}

#[test]
fn of_several_addresses_the_first_that_answers_is_the_bus() {
    let Some(desktop) = Desktop::empty() else { return };
    let _service = Scripted::start(&desktop.address, Script::default());
    let list = format!("unix:path=/nonexistent/bus;{};unix:path=/neither", desktop.address);
    set(&desktop.store_at(&list), &corp(), "kept");
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
}

/// gnome-keyring without a program to show its prompt answers for the person: no.
#[test]
fn a_real_daemon_without_a_prompter_has_no_one_to_ask() {
    let Some(desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    desktop.store().unlock(&corp(), LONG).expect("it is open");
    desktop.lock_default();
    let refused = desktop.store().unlock(&corp(), LONG);
    assert!(matches!(refused, Err(KeyringError::NobodyToAsk(_))), "{refused:?}");
    assert!(matches!(desktop.store().get(&corp()), Err(KeyringError::Locked(_))));
}

#[test]
fn unlocked_again_by_whomever() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    desktop.lock_default();
    desktop.kill_keyring();
    desktop.start_keyring(true);
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
}

/// Autologin desktops: the file is there, its password is empty, and the daemon says Locked until someone asks it.
#[test]
fn a_gnome_keyring_without_a_password_opens_for_anyone_who_reads() {
    let Some(mut desktop) = Desktop::empty() else { return };
    desktop.write_keyring_without_password();
    desktop.start_keyring(false);
    // Not the whole contract: such a keyring is a plain text file, which drops blanks at the start of a value.
    set(&desktop.store(), &corp(), "kept");
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
    desktop.kill_keyring();
    desktop.start_keyring(false);
    assert_eq!(get(&desktop.store(), &corp()).as_deref(), Some("kept"));
    assert!(desktop.store().delete(&corp()).expect("deletes"));
    assert_eq!(get(&desktop.store(), &corp()), None);
}
