//! Slow, dying, dead and reborn daemons.

use std::time::Duration;

use kcaws::ports::keyring::{KeyringError, SecretStore};
use rustix::process::{Signal, kill_process};

use crate::contract::{corp, get, set};
use crate::desktop::{Desktop, pause, wait_for};

#[test]
fn a_daemon_that_does_not_answer_is_too_slow() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    set(&store, &corp(), "kept");
    kill_process(desktop.keyring_pid(), Signal::STOP).expect("stopped");
    for error in [store.get(&corp()).err(), store.delete(&corp()).err()] {
        let deadline = Duration::from_secs(2);
        assert!(matches!(error, Some(KeyringError::TooSlow { after, .. }) if after == deadline), "{error:?}");
    }
    kill_process(desktop.keyring_pid(), Signal::CONT).expect("goes on");
    // What was asked for meanwhile may come to pass, so no value is promised here.
    store.get(&corp()).expect("answers again");
}

#[test]
fn killed_between_calls() {
    let Some(mut desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    set(&store, &corp(), "kept");
    desktop.kill_keyring();
    assert!(matches!(store.get(&corp()), Err(KeyringError::Absent { .. })));
    desktop.start_keyring(true);
    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
}

#[test]
fn killed_in_the_middle_of_a_call() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    set(&store, &corp(), "kept");
    let answer = get_while(&desktop, || {
        kill_process(desktop.keyring_pid(), Signal::KILL).expect("killed");
    });
    assert!(matches!(answer, Err(KeyringError::Absent { .. })), "{:?}", answer.err());
}

#[test]
fn killed_in_the_middle_and_started_again_by_the_bus() {
    let Some(desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    desktop.let_the_bus_start_it();
    let answer = get_while(&desktop, || {
        kill_process(desktop.keyring_pid(), Signal::KILL).expect("killed");
    });
    // The second try reaches the new daemon, before or after it has opened its keyring.
    match answer {
        Ok(value) => assert_eq!(value.as_deref(), Some("kept")),
        Err(error) => assert!(matches!(error, KeyringError::Locked(_)), "{error:?}"),
    }
    wait_for("an open keyring", || desktop.store().get(&corp()).is_ok_and(|value| value.is_some()));
}

#[test]
fn the_bus_ends_in_the_middle_of_a_call() {
    let Some(desktop) = Desktop::unlocked() else { return };
    set(&desktop.store(), &corp(), "kept");
    let answer = get_while(&desktop, || kill_process(desktop.bus_pid(), Signal::KILL).expect("killed"));
    assert!(matches!(answer, Err(KeyringError::Absent { .. })), "{:?}", answer.err());
}

/// A read of a stopped daemon, with something happening half-way.
fn get_while(desktop: &Desktop, happens: impl FnOnce()) -> Result<Option<String>, KeyringError> {
    kill_process(desktop.keyring_pid(), Signal::STOP).expect("stopped");
    let store = desktop.store();
    std::thread::scope(|scope| {
        let reader =
            scope.spawn(|| store.get(&corp()).map(|value| value.map(|value| value.expose().clone())));
        pause(Duration::from_millis(300));
        happens();
        reader.join().expect("no panic")
    })
}

/// A process that is stopped while it holds the turn must not stop everybody else.
#[test]
fn a_turn_that_never_ends_is_not_waited_for() {
    let Some(desktop) = Desktop::unlocked() else { return };
    let store = desktop.store();
    set(&store, &corp(), "kept");
    let file = std::fs::File::open(desktop.lock_file()).expect("there");
    file.lock().expect("held");
    assert_eq!(get(&store, &corp()).as_deref(), Some("kept"));
}
