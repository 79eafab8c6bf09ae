//! Reads and writes the token record in the keyring, under its locks.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::files::SessionFile;
pub use super::files::item_key;
use super::sealed_store::{NotSealed, Plain, SealedStore};
use super::{Session, SessionError, TokenRecord};
use crate::ports::identity_center::{Endpoints, Issued};
use crate::ports::keyring::{KeyringError, SecretStore};
use crate::ports::lock_wait;
use crate::ports::state_folder::{Lock, StateError, StateFolder};
use crate::profile::SsoSession;
use crate::secret::Secret;

/// The name of a rescued record among the session's sealed files.
const RESCUED: &str = "token";
/// The same as the kernel keyring keeps one.
const RESCUED_LIFE: TimeDelta = TimeDelta::days(7);

/// Returns what a store contains for a session.
///
/// An empty item counts as none: KWallet leaves one if it is killed before it writes its file, and so does a removal
/// that was not confirmed.
pub fn stored(store: &dyn SecretStore, session: &SsoSession) -> Result<Option<Secret<String>>, KeyringError> {
    Ok(store.get(&item_key(session))?.filter(|text| !text.expose().trim().is_empty()))
}

/// Proves that a store keeps what is written, before the user is sent to the browser.
///
/// If it has nothing for the session yet, a record without a login is written, which the login fills in: a removal
/// might have to be confirmed. An existing record is written by the login itself.
pub fn prove(
    store: &dyn SecretStore,
    session: &SsoSession,
    endpoints: &Endpoints,
    state: &dyn StateFolder,
) -> Result<bool, SessionError> {
    if stored(store, session)?.is_some() {
        return Ok(false);
    }
    let _lock = lock(session, state, lock_wait::FOR_A_REFRESH)?;
    if stored(store, session)?.is_some() {
        return Ok(false);
    }
    let text = TokenRecord::empty(session, endpoints).to_text();
    store.set(&item_key(session), &text)?;
    match store.get(&item_key(session))? {
        Some(kept) if kept.expose() == text.expose() => Ok(true),
        _ => Err(SessionError::StoreForgets { store: store.kind() }),
    }
}

impl Session<'_> {
    /// Removes what [`prove`] wrote, after a failed login; a failure is ignored.
    pub fn forget_proof(&self) {
        let Ok(_lock) = self.lock(lock_wait::FOR_A_REFRESH) else { return };
        if self.load_from_anywhere().is_ok_and(|record| record.is_some_and(|record| record.is_empty())) {
            let _ = self.forget();
        }
    }

    /// Loads the record; `None` if nothing is stored.
    ///
    /// A record of another origin is an error: nothing in it may be sent to these endpoints.
    pub fn load(&self) -> Result<Option<TokenRecord>, SessionError> {
        let Some(record) = self.load_from_anywhere()? else { return Ok(None) };
        for (issuer, asked) in
            [(&record.oidc, &self.endpoints.oidc), (&record.portal, &self.endpoints.portal)]
        {
            if !Issued::Token.may_go(issuer, asked) {
                return Err(SessionError::ForeignEndpoint {
                    session: self.config.name.clone(),
                    issuer: issuer.clone(),
                    asked: asked.clone(),
                });
            }
        }
        Ok(Some(record))
    }

    /// Loads the record wherever it came from, for a login that replaces it.
    pub fn load_from_anywhere(&self) -> Result<Option<TokenRecord>, SessionError> {
        if let Some(rescued) = self.rescued() {
            return Ok(Some(rescued));
        }
        let (session, store) = (&self.config.name, self.store.kind());
        let Some(text) = stored(self.store, self.config)? else {
            tracing::info!(target: "kcaws::keyring", %session, %store, "nothing stored");
            return Ok(None);
        };
        tracing::info!(target: "kcaws::keyring", %session, %store, "read the token record");
        let record = TokenRecord::from_text(&text, self.config).map_err(|what| SessionError::BadRecord {
            session: self.config.name.clone(),
            store: self.store.kind(),
            what,
        })?;
        Ok(Some(record))
    }

    pub fn save(&self, record: &TokenRecord) -> Result<(), SessionError> {
        self.store.set(&item_key(self.config), &record.to_text())?;
        tracing::info!(target: "kcaws::keyring", session = %self.config.name, store = %self.store.kind(), "wrote the token record");
        // From here on the store has the newest record; a rescued one would hide it.
        forget_rescued(&self.seal())?;
        Ok(())
    }

    /// Saves a record after the service has rotated the refresh token.
    ///
    /// If the store refuses it, it is sealed into the state folder, and read from there until [`Session::bring_home`].
    pub fn save_or_rescue(&self, record: &TokenRecord) -> Result<(), SessionError> {
        match self.save(record) {
            Err(SessionError::Keyring(refusal)) => {
                let now = self.clock.now();
                let text = record.to_text();
                let sealed = self.seal().epoch().map_err(NotSealed::from).and_then(|epoch| {
                    let value =
                        Plain { text: text.expose().as_bytes(), until: now + RESCUED_LIFE, note: None };
                    self.seal().write(&epoch, RESCUED, &rescue_bound(self.config), &value, now)
                });
                let session = &self.config.name;
                match sealed {
                    Ok(()) => {
                        tracing::warn!(target: "kcaws::keyring", %session, %refusal, "sealed the token record into the state folder");
                        Ok(())
                    }
                    Err(why) => {
                        tracing::warn!(target: "kcaws::keyring", %session, %why, "the token record is lost");
                        Err(refusal.into())
                    }
                }
            }
            outcome => outcome,
        }
    }

    fn rescued(&self) -> Option<TokenRecord> {
        let text = rescued(&self.seal(), self.config, self.clock.now())?;
        TokenRecord::from_text(&text, self.config).ok()
    }

    /// Moves a rescued record into the store if it accepts writes again; a failure is ignored.
    pub fn bring_home(&self) {
        if self.rescued().is_none() {
            return;
        }
        let Ok(_lock) = self.lock(Duration::ZERO) else { return };
        if let Some(record) = self.rescued() {
            let _ = self.save(&record);
        }
    }

    pub fn seal(&self) -> SealedStore<'_> {
        SealedStore::of(&self.config.name, self.state, self.sealing_keys)
    }

    pub fn forget(&self) -> Result<bool, SessionError> {
        Ok(self.store.delete(&item_key(self.config))?)
    }

    /// Acquires the lock for changing the record, which must be read again after this.
    pub fn lock(&self, patience: Duration) -> Result<Lock, SessionError> {
        let lock = lock(self.config, self.state, patience)?;
        take_up(self.config, self.store);
        Ok(lock)
    }
}

pub(super) fn lock(
    session: &SsoSession,
    state: &dyn StateFolder,
    patience: Duration,
) -> Result<Lock, StateError> {
    state.lock(&SessionFile::Lock.of(session), patience)
}

/// Finishes a record that the last holder of the lock had written completely before it was killed.
///
/// A store that does not respond reports that when it is read.
pub(super) fn take_up(session: &SsoSession, store: &dyn SecretStore) {
    match store.take_up(&item_key(session)) {
        Ok(true) => {
            tracing::info!(target: "kcaws::keyring", session = %session.name, "finished a write that was cut off");
        }
        Ok(false) => {}
        Err(error) => {
            tracing::info!(target: "kcaws::keyring", session = %session.name, %error, "what a write left is not looked at");
        }
    }
}

/// Returns whether the tokens in `store` may be sent to these endpoints; those of an unreadable record may not.
pub fn is_issued_at(store: &dyn SecretStore, session: &SsoSession, endpoints: &Endpoints) -> bool {
    let Ok(Some(text)) = store.get(&item_key(session)) else { return false };
    TokenRecord::from_text(&text, session).is_ok_and(|record| record.may_go_to(endpoints))
}

/// Returns the record that the store refused, as text: newer than the store's.
pub(super) fn rescued(
    seal: &SealedStore<'_>,
    session: &SsoSession,
    now: DateTime<Utc>,
) -> Option<Secret<String>> {
    let opened = seal.read(RESCUED, &rescue_bound(session), now)?;
    Some(Secret::new(String::from_utf8(opened.plaintext.to_vec()).ok()?))
}

/// Removes the rescued record, because a store has it now.
pub(super) fn forget_rescued(seal: &SealedStore<'_>) -> Result<bool, StateError> {
    seal.remove(RESCUED)
}

/// Returns what a rescued record is bound to: two start URLs under one session name are two records.
fn rescue_bound(session: &SsoSession) -> [&[u8]; 2] {
    [b"kcaws token record 1", session.start_url.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Fixture;

    fn prove_in(fixture: &Fixture) -> Result<bool, SessionError> {
        prove(&fixture.store, &fixture.config, &fixture.endpoints, &fixture.state)
    }

    #[test]
    fn an_empty_item_is_no_login_and_no_damage() {
        let fixture = Fixture::new();
        for text in ["", " "] {
            fixture.store.set(&item_key(&fixture.config), &text.into()).expect("written");
            assert!(fixture.session().load().expect("loads").is_none());
            assert!(stored(&fixture.store, &fixture.config).expect("looks").is_none());
        }
        fixture.log_in(None);
        assert!(fixture.stored_login().is_some(), "a login fills it");
    }

    #[test]
    fn a_proof_writes_only_where_nothing_is_and_goes_with_a_login_that_came_to_nothing() {
        let fixture = Fixture::new();
        assert!(prove_in(&fixture).expect("keeps it"));
        assert!(fixture.session().load().expect("loads").is_some_and(|record| record.is_empty()));
        fixture.session().forget_proof();
        assert!(stored(&fixture.store, &fixture.config).expect("looks").is_none());

        fixture.log_in(Some("refresh"));
        let writes = fixture.store.calls().set;
        assert!(!prove_in(&fixture).expect("it is there"));
        assert_eq!(fixture.store.calls().set, writes, "what is there is not written over");
        fixture.session().forget_proof();
        assert!(fixture.stored_login().is_some(), "a login stays");
    }

    #[test]
    fn a_store_that_keeps_nothing_is_found_out() {
        let fixture = Fixture::new();
        fixture.store.forget_writes();
        assert!(matches!(prove_in(&fixture), Err(SessionError::StoreForgets { .. })));
    }
}
