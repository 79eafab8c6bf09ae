//! The status file: names, times and the store of one session, no secrets.
//!
//! It is what `status` and `prompt` read, and it holds the choice of store.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::files::{FOLDER, SessionFile};
use super::{Session, SessionError, TokenRecord, last_session, token_store};
use crate::ports::identity_center::Registration;
use crate::ports::keyring::StoreKind;
use crate::ports::lock_wait;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct SessionStatus {
    pub schema: u32,
    pub session: String,
    pub start_url: String,
    pub region: String,
    pub store: StoreKind,
    /// `None` while no login is stored; there may still be a registration.
    pub login: Option<LoginTimes>,
    #[serde(default)]
    pub registration_expires_at: Option<DateTime<Utc>>,
    /// Whether the login was made at AWS's dual-stack hosts, and is renewed there.
    ///
    /// `None` in files written before the two were distinguished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dual_stack: Option<bool>,
    /// The tenant of account access manager that the login is for, if it has its scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LoginTimes {
    pub logged_in_at: DateTime<Utc>,
    pub access_expires_at: DateTime<Utc>,
    pub refreshable: bool,
    /// The user who logged in, once STS has been asked; there is no other source.
    #[serde(default)]
    pub user: Option<String>,
}

impl SessionStatus {
    pub fn of(record: &TokenRecord, store: StoreKind) -> Self {
        // The flow that the login is refreshed with.
        let flow = record.login.as_ref().map(|login| login.flow).unwrap_or_default();
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
                user: None,
            }),
            registration_expires_at: record.registration_of(flow).and_then(Registration::ends_at),
            dual_stack: Some(record.oidc.is_dual_stack()),
            tenant: record.account_access_of_login().map(|access| access.tenant.clone()),
        }
    }

    /// Returns the session as it was when this was written, for when the config no longer has it.
    pub fn as_session(&self) -> SsoSession {
        SsoSession {
            name: self.session.clone(),
            start_url: self.start_url.clone(),
            region: self.region.clone(),
            scopes: Vec::new(),
        }
    }

    /// Returns whether there is a login by the clock; the service may have ended a refreshable one in the meantime.
    pub fn is_logged_in(&self, now: DateTime<Utc>) -> bool {
        self.login.as_ref().is_some_and(|login| login.refreshable || login.access_expires_at > now)
    }
}

/// Reads a status by file name, for callers that stored only the name.
pub fn read_noted(state: &dyn StateFolder, file: &str) -> Option<SessionStatus> {
    serde_json::from_slice(&state.read(file).ok()??).ok()
}

/// Reads a status; `None` also for a file that cannot be parsed, since the next login rewrites it.
pub fn read(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<SessionStatus>, StateError> {
    let bytes = state.read(&file_name(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Returns the names of all of them, as [`file_name`] makes them.
pub fn noted_files(state: &dyn StateFolder) -> Result<Vec<String>, StateError> {
    let suffix = format!(".{}", SessionFile::Status.suffix());
    let names = state.list(FOLDER)?.into_iter().filter(|name| name.ends_with(&suffix));
    Ok(names.map(|name| format!("{FOLDER}/{name}")).collect())
}

/// Reads all statuses, also those of sessions that are no longer in the config.
pub fn read_all(state: &dyn StateFolder) -> Result<Vec<SessionStatus>, StateError> {
    let mut all = Vec::new();
    for name in noted_files(state)? {
        let bytes = state.read(&name)?;
        all.extend(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()));
    }
    Ok(all)
}

pub(super) fn write(
    state: &dyn StateFolder,
    session: &SsoSession,
    status: &SessionStatus,
) -> Result<(), StateError> {
    let mut status = status.clone();
    if let Some(login) = &mut status.login
        && login.user.is_none()
    {
        login.user = known_user(state, session, login.logged_in_at)?;
    }
    let text = serde_json::to_vec_pretty(&status).expect("names and times serialize");
    state.write(&file_name(session), &text)
}

/// Returns the user of the same login: a refresh or a move must not lose the name, which the record does not contain.
fn known_user(
    state: &dyn StateFolder,
    session: &SsoSession,
    logged_in_at: DateTime<Utc>,
) -> Result<Option<String>, StateError> {
    let before = read(state, session)?.and_then(|before| before.login);
    Ok(before.filter(|before| before.logged_in_at == logged_in_at).and_then(|before| before.user))
}

/// Stores the user that STS reported; a failure is ignored, and no lock is waited for long.
pub fn note_user(state: &dyn StateFolder, session: &SsoSession, user: &str) {
    let Ok(_lock) = token_store::lock(session, state, lock_wait::FOR_A_NOTE) else { return };
    last_session::note_user(state, session, user);
    let Ok(Some(mut status)) = read(state, session) else { return };
    if let Some(login) = &mut status.login
        && login.user.as_deref() != Some(user)
    {
        login.user = Some(user.to_owned());
        let _ = write(state, session, &status);
    }
}

impl Session<'_> {
    pub fn note_status(&self, status: &SessionStatus) -> Result<(), SessionError> {
        Ok(write(self.state, self.config, status)?)
    }

    /// Returns the store that a login or a move has chosen since ours was opened; reliable only with the lock held.
    pub(super) fn moved_to(&self) -> Result<Option<StoreKind>, StateError> {
        let noted = read(self.state, self.config)?.map(|status| status.store);
        Ok(noted.filter(|store| *store != self.store.kind()))
    }

    /// Fails if the tokens are no longer in our store, whose content means nothing then.
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
    SessionFile::Status.of(session)
}
