//! The status file: names, times and the store of one session, no secrets. What `status` and `prompt` read, and
//! where the choice of store is kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Session, SessionError, TokenRecord, vault};
use crate::ports::keyring::StoreKind;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

const FOLDER: &str = "sessions";
const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct SessionStatus {
    pub schema: u32,
    pub session: String,
    pub start_url: String,
    pub region: String,
    pub store: StoreKind,
    /// `None` while no login is stored (a registration may be).
    pub login: Option<LoginTimes>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LoginTimes {
    pub logged_in_at: DateTime<Utc>,
    pub access_expires_at: DateTime<Utc>,
    pub refreshable: bool,
}

impl SessionStatus {
    pub fn of(record: &TokenRecord, store: StoreKind) -> Self {
        Self {
            schema: SCHEMA,
            session: record.session.clone(),
            start_url: record.start_url.clone(),
            region: record.region.clone(),
            store,
            login: record.login.as_ref().map(|login| LoginTimes {
                logged_in_at: login.logged_in_at,
                access_expires_at: login.expires_at,
                refreshable: login.refresh_token.is_some(),
            }),
        }
    }

    /// The session as it was when this was noted, for when the config has lost it.
    pub fn as_session(&self) -> SsoSession {
        SsoSession {
            name: self.session.clone(),
            start_url: self.start_url.clone(),
            region: self.region.clone(),
            scopes: Vec::new(),
        }
    }

    /// As far as the clock tells: a refreshable login may have been ended by the service meanwhile.
    pub fn is_logged_in(&self, now: DateTime<Utc>) -> bool {
        self.login.as_ref().is_some_and(|login| login.refreshable || login.access_expires_at > now)
    }
}

/// By the file's name, for who has noted it.
pub fn read_noted(state: &dyn StateFolder, file: &str) -> Option<SessionStatus> {
    serde_json::from_slice(&state.read(file).ok()??).ok()
}

/// `None` also for a file that cannot be understood: it is a note, not a truth, and the next login rewrites it.
pub fn read(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<SessionStatus>, StateError> {
    let bytes = state.read(&file_name(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// All that there are, of sessions that the config may not know any more too.
pub fn read_all(state: &dyn StateFolder) -> Result<Vec<SessionStatus>, StateError> {
    let mut all = Vec::new();
    for name in state.list(FOLDER)? {
        if let Some(stem) = name.strip_suffix(".json") {
            let bytes = state.read(&format!("{FOLDER}/{stem}.json"))?;
            all.extend(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()));
        }
    }
    Ok(all)
}

pub(super) fn write(
    state: &dyn StateFolder,
    session: &SsoSession,
    status: &SessionStatus,
) -> Result<(), StateError> {
    let text = serde_json::to_vec_pretty(status).expect("names and times serialize");
    state.write(&file_name(session), &text)
}

impl Session<'_> {
    pub fn note_status(&self, status: &SessionStatus) -> Result<(), SessionError> {
        Ok(write(self.state, self.config, status)?)
    }

    /// The store that a login or a move elsewhere chose since ours was opened; surely only with the lock held.
    pub(super) fn moved_to(&self) -> Result<Option<StoreKind>, StateError> {
        let noted = read(self.state, self.config)?.map(|status| status.store);
        Ok(noted.filter(|store| *store != self.store.kind()))
    }

    /// An error where the tokens are not in our store any more: what it holds says nothing then.
    pub(super) fn still_in_use(&self) -> Result<(), SessionError> {
        match self.moved_to()? {
            Some(to) => Err(SessionError::Moved { session: self.config.name.clone(), to }),
            None => Ok(()),
        }
    }

    pub fn drop_status(&self) -> Result<(), SessionError> {
        self.state.remove(&file_name(self.config))?;
        Ok(())
    }
}

pub fn file_name(session: &SsoSession) -> String {
    format!("{FOLDER}/{}.json", vault::item_key(session).digest())
}
