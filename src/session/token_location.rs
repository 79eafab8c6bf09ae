//! Finds a session's tokens, and whether their store is available; never prompts.

use super::store_selection::{self, StoreOpener, StorePreference};
use super::{TokenRecord, status, token_store};
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

/// What a store contains for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// What a failed login leaves: the registration of the client.
    NoLogin,
    Tokens,
}

/// The store, and what it contains.
pub type TokenLocation = (StoreKind, Result<Found, KeyringError>);

/// Returns the location; `None` if no login has chosen a store and none of the candidates has tokens.
pub fn of(
    session: &SsoSession,
    requested: StorePreference,
    state: &dyn StateFolder,
    open: StoreOpener<'_>,
) -> Result<Option<TokenLocation>, StateError> {
    let look = |kind| {
        let text = open(kind).and_then(|store| token_store::stored(&*store, session))?;
        // An unreadable record may well contain a login.
        Ok(text.map_or(Found::Nothing, |text| match TokenRecord::from_text(&text, session) {
            Ok(record) if record.is_empty() => Found::Nothing,
            Ok(record) if record.login.is_none() => Found::NoLogin,
            _ => Found::Tokens,
        }))
    };
    if let Some(status) = status::read(state, session)? {
        return Ok(Some((status.store, look(status.store))));
    }
    for kind in store_selection::candidates(&requested) {
        match look(*kind) {
            Ok(Found::Nothing) => {}
            Err(error) if error.is_absent() => {}
            found => return Ok(Some((*kind, found))),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::fake::FakeIdentityCenter;
    use crate::ports::keyring::SecretStore;
    use crate::ports::keyring::fake::FakeKeyring;
    use crate::session::testing::Fixture;

    #[test]
    fn the_noted_store_is_asked_and_no_other_and_no_one_is_prompted() {
        let fixture = Fixture::new();
        let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            if kind == fixture.store.kind() {
                return Ok(Box::new(fixture.store.clone()));
            }
            Ok(Box::new(FakeKeyring::new(kind)))
        };
        let asked =
            || of(&fixture.config, StorePreference::Named(StoreKind::SecretService), &fixture.state, &open);
        assert!(asked().expect("looks").is_none(), "no one has logged in");
        fixture.log_in(None);
        let found = asked().expect("looks");
        assert!(
            matches!(found, Some((StoreKind::SecretService, Ok(Found::Tokens)))),
            "found without a status file"
        );

        let record = fixture.session().load().expect("loads").expect("there");
        let status = status::SessionStatus::of(&record, StoreKind::File);
        fixture.session().note_status(&status).expect("noted");
        assert!(
            matches!(asked().expect("looks"), Some((StoreKind::File, Ok(Found::Nothing)))),
            "as it is noted"
        );

        fixture
            .session()
            .note_status(&status::SessionStatus { store: StoreKind::SecretService, ..status })
            .expect("noted");
        fixture.store.lock();
        let locked = asked().expect("looks");
        assert!(matches!(locked, Some((StoreKind::SecretService, Err(KeyringError::Locked(_))))));
        assert_eq!(fixture.store.calls().unlock, 0);
    }

    #[test]
    fn a_registration_is_no_login() {
        let fixture = Fixture::new();
        let open = |_| -> Result<Box<dyn SecretStore>, KeyringError> { Ok(Box::new(fixture.store.clone())) };
        let found = || {
            let requested = StorePreference::Named(StoreKind::SecretService);
            of(&fixture.config, requested, &fixture.state, &open).expect("looks").map(|(_, found)| found)
        };
        let mut record = TokenRecord::empty(&fixture.config, &fixture.endpoints);
        fixture.session().save(&record).expect("saves");
        assert!(found().is_none(), "a proof is nothing");
        record.registration = Some(FakeIdentityCenter::registration("2027-02-22T00:00:00Z"));
        fixture.session().save(&record).expect("saves");
        assert!(matches!(found(), Some(Ok(Found::NoLogin))));
        fixture.log_in(None);
        assert!(matches!(found(), Some(Ok(Found::Tokens))));
    }
}
