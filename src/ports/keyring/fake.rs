//! A keyring in memory, for tests. Clones share one content.

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
    left_over: Option<(ItemKey, Secret<String>)>,
    locked: bool,
    refuse_unlock: bool,
    fail_next: Option<KeyringError>,
    /// How many calls meet another process's write.
    changing: usize,
    /// Whether there is no keyring to store anything in.
    no_default: bool,
    prompting: Prompting,
    /// How many more writes are accepted.
    writes_left: Option<usize>,
    forgets: bool,
    calls: Calls,
}

/// How often each operation was called, for tests that a command uses no more than it needs.
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

    /// Makes the next call, whichever it is, fail with `error`.
    pub fn fail_next(&self, error: KeyringError) {
        self.state().fail_next = Some(error);
    }

    /// Makes the next `calls` calls meet another process's write.
    pub fn change_for(&self, calls: usize) {
        self.state().changing = calls;
    }

    /// Removes the default keyring until a user creates one.
    pub fn remove_default(&self) {
        self.state().no_default = true;
    }

    /// Returns the last policy that the caller set.
    pub fn prompting(&self) -> Prompting {
        self.state().prompting
    }

    /// Accepts `count` more writes, and refuses all others until this is called again.
    pub fn take_writes(&self, count: Option<usize>) {
        self.state().writes_left = count;
    }

    /// Leaves what a process does that is killed after writing `value` and before putting it in place.
    pub fn leave(&self, key: &ItemKey, value: Secret<String>) {
        self.state().left_over = Some((key.clone(), value));
    }

    /// Confirms all further writes without keeping anything.
    pub fn forget_writes(&self) {
        self.state().forgets = true;
    }

    pub fn lock(&self) {
        self.state().locked = true;
    }

    /// Makes the user decline the prompt.
    pub fn refuse_unlock(&self, refuse: bool) {
        self.state().refuse_unlock = refuse;
    }

    pub fn calls(&self) -> Calls {
        self.state().calls
    }

    /// Locks the state; a test that failed elsewhere must not hide behind a poisoned lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, count: impl FnOnce(&mut Calls)) -> Result<MutexGuard<'_, State>, KeyringError> {
        let mut state = self.state();
        count(&mut state.calls);
        if let Some(left) = state.changing.checked_sub(1) {
            state.changing = left;
            return Err(KeyringError::Changing {
                store: self.kind,
                source: "another process is writing".into(),
            });
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

    fn take_up(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        let mut state = self.state();
        let Some((_, value)) = state.left_over.take_if(|(held, _)| held == key) else { return Ok(false) };
        let Some(item) = state.items.iter_mut().find(|(held, _)| held == key) else { return Ok(false) };
        item.1 = value;
        Ok(true)
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
