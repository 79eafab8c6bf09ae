//! Retries a call that meets another process's write, in every store, until the deadline.

use std::time::Duration;

use super::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind};
use crate::ports::clock::{Clock, SystemClock};
use crate::secret::Secret;

/// How long a store may be in the middle of a write. One takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A store that never returns [`KeyringError::Changing`].
pub(super) struct Steady<S, C = SystemClock> {
    store: S,
    clock: C,
}

impl<S: SecretStore> Steady<S> {
    pub(super) fn boxed(store: S) -> Box<dyn SecretStore>
    where
        S: 'static,
    {
        Box::new(Self { store, clock: SystemClock::default() })
    }
}

impl<S: SecretStore, C: Clock> Steady<S, C> {
    fn again<T>(&self, call: impl Fn(&S) -> Result<T, KeyringError>) -> Result<T, KeyringError> {
        let until = self.clock.elapsed() + DEADLINE;
        let mut pause = FIRST_PAUSE;
        loop {
            match call(&self.store) {
                Err(KeyringError::Changing { store, source }) if self.clock.elapsed() >= until => {
                    return Err(KeyringError::Failed { store, source });
                }
                Err(KeyringError::Changing { .. }) => self.clock.sleep(pause),
                answer => return answer,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl<S: SecretStore, C: Clock> SecretStore for Steady<S, C> {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        self.again(|store| store.get(key))
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        self.again(|store| store.set(key, value))
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        self.again(|store| store.delete(key))
    }

    fn attend(&self, prompting: Prompting) {
        self.store.attend(prompting);
    }

    fn ready(&self, key: &ItemKey) -> Result<(), KeyringError> {
        self.again(|store| store.ready(key))
    }

    fn take_up(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        self.again(|store| store.take_up(key))
    }

    fn daemon(&self) -> Option<u32> {
        self.store.daemon()
    }

    fn forget_own_keys(&self) -> Result<(), KeyringError> {
        self.store.forget_own_keys()
    }

    fn unlock(&self, key: &ItemKey, patience: Duration) -> Result<(), KeyringError> {
        self.again(|store| store.unlock(key, patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::FakeClock;
    use crate::ports::keyring::fake::FakeKeyring;

    fn store() -> Steady<FakeKeyring, FakeClock> {
        Steady { store: FakeKeyring::default(), clock: FakeClock::at("2026-11-24T08:00:00Z") }
    }

    fn key() -> ItemKey {
        ItemKey { session: "corp".to_owned(), start_url: "https://sso.example.com".to_owned() }
    }

    #[test]
    fn a_write_that_was_cut_off_is_finished_by_the_store_below() {
        let steady = store();
        steady.set(&key(), &Secret::from("old")).expect("written");
        steady.store.leave(&key(), Secret::from("new"));
        assert!(steady.take_up(&key()).expect("looks"));
        assert_eq!(steady.get(&key()).expect("read").expect("there").expose(), "new");
    }

    #[test]
    fn whatever_meets_a_write_is_tried_again() {
        let steady = store();
        let meets_a_write = || steady.store.change_for(3);
        meets_a_write();
        steady.set(&key(), &Secret::from("value")).expect("written at last");
        meets_a_write();
        assert_eq!(
            steady.get(&key()).expect("read").map(|value| value.expose().clone()),
            Some("value".into())
        );
        meets_a_write();
        steady.ready(&key()).expect("ready at last");
        meets_a_write();
        assert!(steady.delete(&key()).expect("removed at last"));
        assert_eq!(steady.store.calls().get, 4 + 4);
    }

    #[test]
    fn a_write_without_end_is_a_failure_at_the_deadline() {
        let steady = store();
        steady.store.change_for(usize::MAX);
        let begun = steady.clock.elapsed();
        assert!(matches!(steady.get(&key()), Err(KeyringError::Failed { .. })));
        let took = steady.clock.elapsed().saturating_sub(begun);
        assert!((DEADLINE..DEADLINE * 2).contains(&took), "{took:?}");
    }
}
