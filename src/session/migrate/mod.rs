//! Moves a session's tokens from one store to another.
//!
//! At any time at least one store has them, and the status file names one that does. The order: note both stores
//! (`copies`), write, read back and compare, switch the status file, delete the old copy, remove the note. What a
//! killed move leaves behind is removed by the next move, login or logout.

use super::sealed_store::SealedStore;
use super::stale_copies;
use super::status::{self, SessionStatus};
use super::store_selection::{self, StoreOpener};
use super::{LoginNeeded, SessionError, TokenRecord, token_store};
use crate::platform::interrupt::CriticalSection;
use crate::ports::clock::Clock;
use crate::ports::keyring::{KeyringError, Prompting, SecretStore, StoreKind};
use crate::ports::lock_wait;
use crate::ports::sealing_key::SealingKeys;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;
use crate::secret::Secret;

pub struct Migration<'a> {
    pub config: &'a SsoSession,
    pub state: &'a dyn StateFolder,
    pub clock: &'a dyn Clock,
    pub sealing_keys: &'a dyn SealingKeys,
    pub open: StoreOpener<'a>,
}

/// The result of a move. The tokens are in the new store in any case.
pub struct Migrated {
    /// `None` if they were already there.
    pub from: Option<StoreKind>,
    /// Copies that could not be removed; the next move, login or logout tries again.
    pub left_behind: Vec<(StoreKind, KeyringError)>,
}

impl Migration<'_> {
    /// Moves the tokens.
    ///
    /// Prompts, if allowed, come before the lock, so that no process waits for a user.
    pub fn run(
        &self,
        to: StoreKind,
        requested: store_selection::StorePreference,
        prompting: Prompting,
    ) -> Result<Migrated, SessionError> {
        let old = store_selection::of_login(self.config, requested, self.state, self.open)?;
        let old = old.ok_or_else(|| self.nothing_to_move())?;
        store_selection::open_for(&*old, &token_store::item_key(self.config), prompting)?;
        if old.kind() == to {
            return self.settle(&*old);
        }
        let new =
            store_selection::usable(to, &token_store::item_key(self.config), prompting, true, self.open)?;
        let _section = CriticalSection::enter();
        let lock = token_store::lock(self.config, self.state, lock_wait::FOR_A_REFRESH)?;
        // Another process has moved them in the meantime: the opened store is no longer theirs.
        if self.noted_store()?.is_some_and(|noted| noted != old.kind()) {
            drop(lock);
            return self.run(to, requested, prompting);
        }
        token_store::take_up(self.config, &*old);
        self.move_record(&*old, &*new)
    }

    /// Finishes an earlier move, if there is nothing to move.
    fn settle(&self, store: &dyn SecretStore) -> Result<Migrated, SessionError> {
        if token_store::stored(store, self.config)?.is_none() {
            return Err(self.nothing_to_move());
        }
        let _lock = token_store::lock(self.config, self.state, lock_wait::FOR_A_REFRESH)?;
        let keep = self.noted_store()?.unwrap_or(store.kind());
        Ok(Migrated { from: None, left_behind: self.forget_copies_but(keep)? })
    }

    /// Moves the record; the caller holds the lock.
    fn move_record(&self, old: &dyn SecretStore, new: &dyn SecretStore) -> Result<Migrated, SessionError> {
        let seal = SealedStore::of(&self.config.name, self.state, self.sealing_keys);
        let text = match token_store::rescued(&seal, self.config, self.clock.now()) {
            Some(newer) => newer,
            None => token_store::stored(old, self.config)?.ok_or_else(|| self.nothing_to_move())?,
        };
        let record = TokenRecord::from_text(&text, self.config).map_err(|what| SessionError::BadRecord {
            session: self.config.name.clone(),
            store: old.kind(),
            what,
        })?;
        let (from, to) = (old.kind(), new.kind());
        if self.noted_store()?.is_none() {
            status::write(self.state, self.config, &SessionStatus::of(&record, from))?;
        }
        stale_copies::note(self.config, self.state, &[from, to])?;
        if let Err(error) = self.write_and_compare(new, &text) {
            // What was written there is not a login. If its removal fails too, the note stays.
            let _ = self.forget_copies_but(from);
            return Err(error);
        }
        status::write(self.state, self.config, &SessionStatus::of(&record, to))?;
        tracing::info!(target: "kcaws::keyring", session = %self.config.name, %from, %to, "moved the token record");
        token_store::forget_rescued(&seal)?;
        Ok(Migrated { from: Some(from), left_behind: self.forget_copies_but(to)? })
    }

    fn noted_store(&self) -> Result<Option<StoreKind>, StateError> {
        Ok(status::read(self.state, self.config)?.map(|status| status.store))
    }

    fn forget_copies_but(&self, keep: StoreKind) -> Result<Vec<(StoreKind, KeyringError)>, StateError> {
        stale_copies::forget(self.config, self.state, Some(keep), self.open)
    }

    fn write_and_compare(&self, new: &dyn SecretStore, text: &Secret<String>) -> Result<(), SessionError> {
        let key = token_store::item_key(self.config);
        new.set(&key, text)?;
        match new.get(&key)? {
            Some(kept) if kept.expose() == text.expose() => Ok(()),
            _ => Err(SessionError::StoreForgets { store: new.kind() }),
        }
    }

    fn nothing_to_move(&self) -> SessionError {
        SessionError::LoginNeeded { session: self.config.name.clone(), why: LoginNeeded::NeverLoggedIn }
    }
}

#[cfg(test)]
mod tests;
