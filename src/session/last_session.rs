//! The last Identity Center session that was seen to end, and its user.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::history::{change, read};
use super::{Login, Session};
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

/// An Identity Center session that was seen to end: valid at one time, over at a later one.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LastSession {
    pub logged_in_at: DateTime<Utc>,
    pub alive_at: DateTime<Utc>,
    pub over_at: DateTime<Utc>,
}

impl LastSession {
    /// Returns the shortest and the longest time that it can have lasted.
    pub fn bounds(&self) -> (TimeDelta, TimeDelta) {
        (self.alive_at - self.logged_in_at, self.over_at - self.logged_in_at)
    }
}

/// Returns the last session that ended; `None` also if the note cannot be parsed.
pub fn last_session(
    state: &dyn StateFolder,
    session: &SsoSession,
) -> Result<Option<LastSession>, StateError> {
    Ok(read(state, session)?.and_then(|history| history.last_session))
}

/// Returns the user of the last login that STS was asked about; `None` also if the note cannot be parsed.
pub fn last_user(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<String>, StateError> {
    Ok(read(state, session)?.and_then(|history| history.last_user))
}

/// Stores the user; the caller holds the lock, and a failure is ignored.
pub(super) fn note_user(state: &dyn StateFolder, session: &SsoSession, user: &str) {
    if !matches!(last_user(state, session), Ok(Some(last)) if last == user) {
        let _ = change(state, session, |history| history.last_user = Some(user.to_owned()));
    }
}

impl Session<'_> {
    /// Records that the service refused to renew `login`; the caller holds the lock, and a failure is ignored.
    pub(super) fn note_end(&self, login: &Login) {
        let last = LastSession {
            logged_in_at: login.logged_in_at,
            alive_at: login.obtained_at,
            over_at: self.clock.now(),
        };
        // If the clock was set back, the times mean nothing.
        if last.logged_in_at <= last.alive_at && last.alive_at <= last.over_at {
            let _ = change(self.state, self.config, |history| history.last_session = Some(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ports::identity_center::ServiceError;
    use crate::session::pin::pinned;
    use crate::session::testing::{Fixture, portal};

    #[test]
    fn the_end_of_a_session_is_learned_by_seeing_it_and_outlives_logout_and_pin() {
        let fixture = Fixture::new();
        fixture.session().pin_if_first(&portal()).expect("pinned");
        fixture.log_in(Some("refresh-1"));
        fixture.clock.advance(Duration::from_hours(8));
        fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
        assert!(fixture.session().access_token().is_err());
        let last = last_session(&fixture.state, &fixture.config).expect("reads").expect("seen");
        assert_eq!(last.bounds(), (TimeDelta::zero(), TimeDelta::hours(8)), "no one asked in between");
        assert!(fixture.session().log_out().is_ok());
        assert_eq!(last_session(&fixture.state, &fixture.config).expect("reads"), Some(last));
        assert!(pinned(&fixture.state, &fixture.config).expect("reads").is_some());
    }

    #[test]
    fn a_refresh_token_that_was_lost_tells_nothing_of_the_sessions_end() {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        fixture.clock.advance(Duration::from_mins(61));
        fixture
            .center
            .tokens
            .will(Err(ServiceError::TimedOut { host: "oidc".to_owned(), after: Duration::ZERO }));
        assert!(fixture.session().access_token().is_err());
        fixture.center.tokens.will(Err(ServiceError::InvalidGrant));
        assert!(fixture.session().access_token().is_err());
        assert!(last_session(&fixture.state, &fixture.config).expect("reads").is_none());
    }
}
