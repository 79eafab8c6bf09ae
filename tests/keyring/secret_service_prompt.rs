//! The one way to a prompt, and the order in which things are said.

use std::time::Duration;

use kcaws::ports::keyring::{KeyringError, SecretStore};

use crate::contract::{corp, get, set};
use crate::desktop::Desktop;
use crate::scripted::{Person, Scripted};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn the_person_agrees() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Person::Agrees);
    desktop.store().unlock(&corp(), LONG).expect("unlocked");
    assert!(service.said().contains(&"Prompt".to_owned()));
    // Now that it is open there is nothing to ask.
    desktop.store().unlock(&corp(), LONG).expect("unlocked");
    assert_eq!(service.said().iter().filter(|said| *said == "Prompt").count(), 1);
}

#[test]
fn the_person_refuses() {
    let Some(desktop) = Desktop::empty() else { return };
    let _service = Scripted::start(&desktop.address, Person::Refuses);
    let refused = desktop.store().unlock(&corp(), LONG);
    assert!(matches!(refused, Err(KeyringError::Refused(_))), "{refused:?}");
}

#[test]
fn nobody_is_there_and_the_dialog_goes() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Person::IsNotThere);
    let patience = Duration::from_millis(300);
    let waited = desktop.store().unlock(&corp(), patience);
    assert!(matches!(waited, Err(KeyringError::TooSlow { after, .. }) if after == patience), "{waited:?}");
    assert_eq!(service.said().last().map(String::as_str), Some("Dismiss"));
}

#[test]
fn the_service_ends_while_a_person_thinks() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Person::IsNotThere);
    let store = desktop.store();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.unlock(&corp(), LONG));
        crate::desktop::wait_for("the prompt", || service.said().contains(&"Prompt".to_owned()));
        drop(service);
        let ended = waiting.join().expect("no panic");
        assert!(matches!(ended, Err(KeyringError::Absent { .. })), "{ended:?}");
    });
}

#[test]
fn others_are_answered_while_a_person_thinks() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Person::IsNotThere);
    let store = desktop.store();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| store.unlock(&corp(), Duration::from_secs(5)));
        crate::desktop::wait_for("the prompt", || service.said().contains(&"Prompt".to_owned()));
        let file = std::fs::File::open(desktop.lock_file()).expect("there");
        // A process that another test is about to start holds every lock of ours until it is that other program.
        crate::desktop::wait_for("the turn", || file.try_lock().is_ok());
        drop(file);
        assert!(matches!(store.get(&corp()), Err(KeyringError::Locked(_))));
        assert!(!asked.is_finished(), "the person still thinks");
    });
}

/// A first request that needs a client record kills gnome-keyring; and a read asks nobody anything.
#[test]
fn a_read_begins_harmlessly_and_never_unlocks() {
    let Some(desktop) = Desktop::empty() else { return };
    let service = Scripted::start(&desktop.address, Person::Agrees);
    assert!(matches!(desktop.store().get(&corp()), Err(KeyringError::Locked(_))));
    let said = ["ReadAlias kcaws-none", "OpenSession", "SearchItems", "ReadAlias default", "Get"];
    assert_eq!(service.said(), said);
}

/// gnome-keyring without a program to show its prompt answers for the person: no.
#[test]
fn a_real_daemon_without_a_prompter() {
    let Some(desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    desktop.store().unlock(&corp(), LONG).expect("it is open");
    desktop.lock_default();
    let refused = desktop.store().unlock(&corp(), LONG);
    assert!(matches!(refused, Err(KeyringError::Refused(_))), "{refused:?}");
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
