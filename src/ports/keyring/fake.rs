//! A keyring in memory, for tests: what the rest of the program is tried against. Clones share one content.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind, single_line};
use crate::secret::Secret;

#[derive(Clone)]
pub struct FakeKeyring {
    kind: StoreKind,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct State {
    items: Vec<(ItemKey, Secret<String>)>,
    locked: bool,
    refuse_unlock: bool,
    fail_next: Option<KeyringError>,
    /// So many calls meet another process's write.
    changing: usize,
    /// There is no keyring to put anything into.
    no_default: bool,
    prompting: Prompting,
    /// From then on the store takes no writes.
    writes_left: Option<usize>,
    forgets: bool,
    calls: Calls,
}

/// How often each was asked: a test of "touches nothing it does not need" wants zeros here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    pub get: usize,
    pub set: usize,
    pub delete: usize,
    pub unlock: usize,
}

impl FakeKeyring {
    pub fn new(kind: StoreKind) -> Self {
        Self { kind, state: Arc::default() }
    }

    /// The next call, whichever it is, ends with `error`.
    pub fn fail_next(&self, error: KeyringError) {
        self.state().fail_next = Some(error);
    }

    /// The next `calls` calls meet another process's write.
    pub fn change_for(&self, calls: usize) {
        self.state().changing = calls;
    }

    /// Has no default keyring, until a person makes one.
    pub fn remove_default(&self) {
        self.state().no_default = true;
    }

    /// What the caller said of the person in front of it.
    pub fn prompting(&self) -> Prompting {
        self.state().prompting
    }

    /// Takes `count` more writes, and refuses the others until told something else.
    pub fn take_writes(&self, count: Option<usize>) {
        self.state().writes_left = count;
    }

    /// From now on it says yes to a write and keeps nothing.
    pub fn forget_writes(&self) {
        self.state().forgets = true;
    }

    pub fn lock(&self) {
        self.state().locked = true;
    }

    /// Lets the person say no to the prompt.
    pub fn refuse_unlock(&self, refuse: bool) {
        self.state().refuse_unlock = refuse;
    }

    pub fn calls(&self) -> Calls {
        self.state().calls
    }

    /// A test that failed elsewhere must not hide behind a poisoned lock here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, count: impl FnOnce(&mut Calls)) -> Result<MutexGuard<'_, State>, KeyringError> {
        let mut state = self.state();
        count(&mut state.calls);
        if let Some(left) = state.changing.checked_sub(1) {
            state.changing = left;
            return Err(KeyringError::Changing { store: self.kind, source: "another process writes".into() });
        }
        match state.fail_next.take() {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }

    fn open_unlocked(&self, count: impl FnOnce(&mut Calls)) -> Result<MutexGuard<'_, State>, KeyringError> {
        let state = self.open(count)?;
        if state.no_default {
            return Err(KeyringError::NoDefault(self.kind));
        }
        if state.locked { Err(KeyringError::Locked(self.kind)) } else { Ok(state) }
    }
}

impl Default for FakeKeyring {
    fn default() -> Self {
        Self::new(StoreKind::SecretService)
    }
}

impl SecretStore for FakeKeyring {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        let state = self.open_unlocked(|calls| calls.get += 1)?;
        Ok(state.items.iter().find(|(held, _)| held == key).map(|(_, value)| value.clone()))
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(self.kind, value)?;
        let mut state = self.open_unlocked(|calls| calls.set += 1)?;
        match &mut state.writes_left {
            Some(0) => return Err(KeyringError::Locked(self.kind)),
            Some(left) => *left -= 1,
            None => {}
        }
        if !state.forgets {
            state.items.retain(|(held, _)| held != key);
            state.items.push((key.clone(), value.clone()));
        }
        Ok(())
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        let mut state = self.open_unlocked(|calls| calls.delete += 1)?;
        let before = state.items.len();
        state.items.retain(|(held, _)| held != key);
        Ok(state.items.len() < before)
    }

    fn attend(&self, prompting: Prompting) {
        self.state().prompting = prompting;
    }

    fn unlock(&self, _key: &ItemKey, _patience: Duration) -> Result<(), KeyringError> {
        let mut state = self.open(|calls| calls.unlock += 1)?;
        if (state.locked || state.no_default) && state.refuse_unlock {
            return Err(KeyringError::Refused(self.kind));
        }
        state.locked = false;
        state.no_default = false;
        Ok(())
    }
}
