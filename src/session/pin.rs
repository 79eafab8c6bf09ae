//! The pin: the instance that a session's start URL leads to.
//!
//! Trust on first use, because a company's own start URL that is redirected to another Identity Center passes every
//! other check: that one is AWS's too.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::files::SessionFile;
use super::history::{History, change};
use super::start_url::{Instance, Portal};
use super::{Session, SessionError, token_store};
use crate::ports::clock::Clock;
use crate::ports::lock_wait;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

#[derive(Deserialize, Serialize)]
pub(super) struct Pin {
    instance: String,
    since: DateTime<Utc>,
}

/// Returns the instance that the session is pinned to; `None` before the first login.
///
/// An unreadable note is an error: it must not count as a missing pin.
pub fn pinned(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<Instance>, SessionError> {
    let Some(bytes) = state.read(&SessionFile::History.of(session))? else { return Ok(None) };
    let unreadable = |_| SessionError::BadPin { session: session.name.clone() };
    let history: History = serde_json::from_slice(&bytes).map_err(unreadable)?;
    Ok(history.pin.map(|pin| Instance::noted(pin.instance)))
}

/// Pins the session to the portal's instance, whatever it was pinned to before.
pub fn pin(
    state: &dyn StateFolder,
    clock: &dyn Clock,
    session: &SsoSession,
    portal: &Portal,
) -> Result<(), StateError> {
    let _lock = token_store::lock(session, state, lock_wait::FOR_A_REFRESH)?;
    let pin = Pin { instance: portal.instance.as_str().to_owned(), since: clock.now() };
    change(state, session, |history| history.pin = Some(pin))
}

impl Session<'_> {
    /// Checks the portal before anything is sent; without a pin every portal is accepted.
    pub fn check_pin(&self, portal: &Portal) -> Result<(), SessionError> {
        match pinned(self.state, self.config)? {
            Some(pinned) if pinned != portal.instance => Err(SessionError::PortalChanged {
                session: self.config.name.clone(),
                pinned,
                found: portal.instance.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Pins the session at its first login; later ones have been checked against the pin.
    pub fn pin_if_first(&self, portal: &Portal) -> Result<(), SessionError> {
        if pinned(self.state, self.config)?.is_none() {
            pin(self.state, self.clock, self.config, portal)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::last_session::last_session;
    use crate::session::testing::Fixture;

    fn portal(instance: &str) -> Portal {
        Portal {
            start_url: format!("https://{instance}.awsapps.com/start"),
            region: "eu-central-1".to_owned(),
            instance: Instance::noted(instance.to_owned()),
        }
    }

    #[test]
    fn the_first_portal_is_pinned_and_another_is_refused_until_it_is_trusted() {
        let fixture = Fixture::new();
        let session = fixture.session();
        session.check_pin(&portal("d-1111111111")).expect("nothing is pinned");
        session.pin_if_first(&portal("d-1111111111")).expect("pinned");
        session.check_pin(&portal("d-1111111111")).expect("the same");
        let refused = session.check_pin(&portal("d-2222222222"));
        assert!(matches!(refused, Err(SessionError::PortalChanged { .. })));
        session.pin_if_first(&portal("d-2222222222")).expect("no second first");
        assert_eq!(
            pinned(&fixture.state, &fixture.config).expect("reads").expect("pinned").as_str(),
            "d-1111111111"
        );
        pin(&fixture.state, &fixture.clock, &fixture.config, &portal("d-2222222222")).expect("trusted");
        session.check_pin(&portal("d-2222222222")).expect("now it is");
    }

    #[test]
    fn a_pin_that_cannot_be_read_is_not_none() {
        let fixture = Fixture::new();
        fixture.state.write(&SessionFile::History.of(&fixture.config), b"{").expect("writes");
        assert!(matches!(fixture.session().check_pin(&portal("d-1")), Err(SessionError::BadPin { .. })));
        assert!(last_session(&fixture.state, &fixture.config).expect("reads").is_none());
    }
}
