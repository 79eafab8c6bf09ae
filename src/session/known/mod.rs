//! What is known of a session beyond its present login, and outlives a logout: whose portal it is, and how long its
//! last Identity Center session lasted. Names and times, no secret; one small file beside the status file.
//!
//! The pin is trust on first use: a company's own start URL that is bent to somebody else's Identity Center passes
//! every other check, because that one is AWS's too.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::start_url::{Instance, Portal};
use super::{Login, Session, SessionError, token_store};
use crate::ports::clock::Clock;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

const SCHEMA: u32 = 1;
/// Nobody holds the record longer than a refresh takes.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize, Serialize)]
struct Known {
    schema: u32,
    session: String,
    start_url: String,
    #[serde(default)]
    pin: Option<Pin>,
    #[serde(default)]
    last_session: Option<LastSession>,
    /// Who had the last login, as far as STS was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_user: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Pin {
    instance: String,
    since: DateTime<Utc>,
}

/// An Identity Center session whose end was seen: it was alive, and later it was over.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LastSession {
    pub logged_in_at: DateTime<Utc>,
    pub alive_at: DateTime<Utc>,
    pub over_at: DateTime<Utc>,
}

impl LastSession {
    /// It lasted no less than this, and no more than that.
    pub fn bounds(&self) -> (TimeDelta, TimeDelta) {
        (self.alive_at - self.logged_in_at, self.over_at - self.logged_in_at)
    }
}

/// The instance that the session is pinned to; `None` before the first login. An unreadable note is an error: it
/// must not count as none.
pub fn pinned(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<Instance>, SessionError> {
    let Some(bytes) = state.read(&file_name(session))? else { return Ok(None) };
    let unreadable = |_| SessionError::BadPin { session: session.name.clone() };
    let known: Known = serde_json::from_slice(&bytes).map_err(unreadable)?;
    Ok(known.pin.map(|pin| Instance::noted(pin.instance)))
}

/// How the last one that ended went; `None` also where the note cannot be understood.
pub fn last_session(
    state: &dyn StateFolder,
    session: &SsoSession,
) -> Result<Option<LastSession>, StateError> {
    Ok(read(state, session)?.and_then(|known| known.last_session))
}

/// Returns who had the last login that STS was asked about; `None` also where the note cannot be understood.
pub fn last_user(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<String>, StateError> {
    Ok(read(state, session)?.and_then(|known| known.last_user))
}

/// With the lock held; not worth failing for.
pub(super) fn note_user(state: &dyn StateFolder, session: &SsoSession, user: &str) {
    if !matches!(last_user(state, session), Ok(Some(last)) if last == user) {
        let _ = change(state, session, |known| known.last_user = Some(user.to_owned()));
    }
}

/// Pins the session to the portal's instance, whatever it was pinned to before.
pub fn pin(
    state: &dyn StateFolder,
    clock: &dyn Clock,
    session: &SsoSession,
    portal: &Portal,
) -> Result<(), StateError> {
    let _lock = token_store::lock(session, state, LOCK_PATIENCE)?;
    let pin = Pin { instance: portal.instance.as_str().to_owned(), since: clock.now() };
    change(state, session, |known| known.pin = Some(pin))
}

impl Session<'_> {
    /// Before anything is sent. Without a pin any portal is the right one.
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

    /// The first login decides; later ones have been checked against it.
    pub fn pin_if_first(&self, portal: &Portal) -> Result<(), SessionError> {
        if pinned(self.state, self.config)?.is_none() {
            pin(self.state, self.clock, self.config, portal)?;
        }
        Ok(())
    }

    /// The service refused to renew `login`. With the lock held; not worth failing for.
    pub(super) fn note_end(&self, login: &Login) {
        let last = LastSession {
            logged_in_at: login.logged_in_at,
            alive_at: login.obtained_at,
            over_at: self.clock.now(),
        };
        // A clock that was set back tells nothing.
        if last.logged_in_at <= last.alive_at && last.alive_at <= last.over_at {
            let _ = change(self.state, self.config, |known| known.last_session = Some(last));
        }
    }
}

fn read(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<Known>, StateError> {
    let bytes = state.read(&file_name(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn change(
    state: &dyn StateFolder,
    session: &SsoSession,
    how: impl FnOnce(&mut Known),
) -> Result<(), StateError> {
    let mut known = read(state, session)?.unwrap_or_else(|| Known {
        schema: SCHEMA,
        session: session.name.clone(),
        start_url: session.start_url.clone(),
        pin: None,
        last_session: None,
        last_user: None,
    });
    how(&mut known);
    let text = serde_json::to_vec_pretty(&known).expect("names and times serialize");
    state.write(&file_name(session), &text)
}

fn file_name(session: &SsoSession) -> String {
    format!("sessions/{}.known", token_store::item_key(session).digest())
}

#[cfg(test)]
mod tests;
