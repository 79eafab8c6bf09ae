//! Where a session's tokens are, and whether that place answers. Looks and never prompts.

use super::choice::{self, Opener, Requested};
use super::{status, vault};
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

/// The store, and whether the item is there.
pub type Whereabouts = (StoreKind, Result<bool, KeyringError>);

/// `None`: no login has chosen a store, and nothing lies where one would have put it.
pub fn of(
    session: &SsoSession,
    requested: Requested,
    state: &dyn StateFolder,
    open: Opener<'_>,
) -> Result<Option<Whereabouts>, StateError> {
    let look = |kind| open(kind).and_then(|store| Ok(vault::stored(&*store, session)?.is_some()));
    if let Some(status) = status::read(state, session)? {
        return Ok(Some((status.store, look(status.store))));
    }
    for kind in choice::candidates(&requested) {
        match look(*kind) {
            Ok(false) => {}
            Err(error) if error.is_absent() => {}
            found => return Ok(Some((*kind, found))),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keyring::SecretStore;
    use crate::ports::keyring::fake::FakeKeyring;
    use crate::session::testing::World;

    #[test]
    fn the_noted_store_is_asked_and_no_other_and_nobody_is_prompted() {
        let world = World::new();
        let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            if kind == world.store.kind() {
                return Ok(Box::new(world.store.clone()));
            }
            Ok(Box::new(FakeKeyring::new(kind)))
        };
        let asked = || of(&world.config, Requested::Named(StoreKind::SecretService), &world.state, &open);
        assert!(asked().expect("looks").is_none(), "nobody has logged in");
        world.log_in(None);
        let found = asked().expect("looks");
        assert!(matches!(found, Some((StoreKind::SecretService, Ok(true)))), "found without a status file");

        let record = world.session().load().expect("loads").expect("there");
        let status = status::SessionStatus::of(&record, StoreKind::File);
        world.session().note_status(&status).expect("noted");
        assert!(matches!(asked().expect("looks"), Some((StoreKind::File, Ok(false)))), "as it is noted");

        world
            .session()
            .note_status(&status::SessionStatus { store: StoreKind::SecretService, ..status })
            .expect("noted");
        world.store.lock();
        let locked = asked().expect("looks");
        assert!(matches!(locked, Some((StoreKind::SecretService, Err(KeyringError::Locked(_))))));
        assert_eq!(world.store.calls().unlock, 0);
    }
}
