//! The status file: names, times and the store of one session, no secrets. What `status` and `prompt` read, and
//! where the choice of store is kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::files::{A_BLINK, FOLDER, SessionFile};
use super::{Session, SessionError, TokenRecord, last_session, token_store};
use crate::ports::identity_center::Registration;
use crate::ports::keyring::StoreKind;
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
    /// `None` while no login is stored (a registration may be).
    pub login: Option<LoginTimes>,
    #[serde(default)]
    pub registration_expires_at: Option<DateTime<Utc>>,
    /// Whether the login was made at AWS's dual-stack hosts, and goes on there; `None` in a note of before these were
    /// told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dual_stack: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LoginTimes {
    pub logged_in_at: DateTime<Utc>,
    pub access_expires_at: DateTime<Utc>,
    pub refreshable: bool,
    /// Who logged in, once STS has been asked; nothing else tells.
    #[serde(default)]
    pub user: Option<String>,
}

impl SessionStatus {
    pub fn of(record: &TokenRecord, store: StoreKind) -> Self {
        // That which the login is refreshed with.
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

/// The names of all of them, as [`file_name`] makes them.
pub fn noted_files(state: &dyn StateFolder) -> Result<Vec<String>, StateError> {
    let suffix = format!(".{}", SessionFile::Status.suffix());
    let names = state.list(FOLDER)?.into_iter().filter(|name| name.ends_with(&suffix));
    Ok(names.map(|name| format!("{FOLDER}/{name}")).collect())
}

/// All that there are, of sessions that the config may not know any more too.
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

/// The record does not hold the name: a refresh or a move of the same login must not lose it.
fn known_user(
    state: &dyn StateFolder,
    session: &SsoSession,
    logged_in_at: DateTime<Utc>,
) -> Result<Option<String>, StateError> {
    let before = read(state, session)?.and_then(|before| before.login);
    Ok(before.filter(|before| before.logged_in_at == logged_in_at).and_then(|before| before.user))
}

/// Who logged in, as STS says. Not worth failing or waiting long for.
pub fn note_user(state: &dyn StateFolder, session: &SsoSession, user: &str) {
    let Ok(_lock) = token_store::lock(session, state, A_BLINK) else { return };
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
    SessionFile::Status.of(session)
}
