//! Which store a session's tokens lie in. Chosen once, at login, and noted in the status file; every later call
//! uses exactly that one. A locked store is never a reason to use another.

use std::time::Duration;

use super::{SessionError, status, vault};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::state_folder::StateFolder;
use crate::profile::SsoSession;

/// How long the person may take with the desktop's unlock prompt.
const PROMPT_PATIENCE: Duration = Duration::from_mins(1);

type Opener<'a> = &'a dyn Fn(StoreKind) -> Result<Box<dyn SecretStore>, KeyringError>;

/// `KCAWS_KEYRING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    Auto,
    Named(StoreKind),
}

/// The stores that `auto` tries, in order.
#[cfg(target_os = "linux")]
const CANDIDATES: &[StoreKind] = &[StoreKind::SecretService, StoreKind::Keyutils];
#[cfg(target_os = "macos")]
const CANDIDATES: &[StoreKind] = &[StoreKind::Keychain];
#[cfg(windows)]
const CANDIDATES: &[StoreKind] = &[StoreKind::Wincred];
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
const CANDIDATES: &[StoreKind] = &[StoreKind::SecretService];

impl std::str::FromStr for Requested {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(Self::Named(match text {
            "auto" => return Ok(Self::Auto),
            "secret-service" => StoreKind::SecretService,
            "keyutils" => StoreKind::Keyutils,
            "keychain" => StoreKind::Keychain,
            "wincred" => StoreKind::Wincred,
            _ => return Err(()),
        }))
    }
}

/// The store for a login: usable now, after a prompt where `may_prompt`.
pub fn for_login(
    session: &SsoSession,
    requested: Requested,
    may_prompt: bool,
    open: Opener<'_>,
) -> Result<Box<dyn SecretStore>, SessionError> {
    let usable = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
        let store = open(kind)?;
        match store.get(&vault::item_key(session)) {
            Err(KeyringError::Locked(_)) if may_prompt => store.unlock(PROMPT_PATIENCE)?,
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(store)
    };
    if let Requested::Named(kind) = requested {
        return Ok(usable(kind)?);
    }
    let mut tried = Vec::new();
    for kind in CANDIDATES {
        match usable(*kind) {
            Ok(store) => return Ok(store),
            Err(error @ (KeyringError::Absent { .. } | KeyringError::TooSlow { .. })) => {
                tried.push(match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(SessionError::NoStore { tried })
}

/// The store of the login that there is; `None` when there can be none.
pub fn of_login(
    session: &SsoSession,
    requested: Requested,
    state: &dyn StateFolder,
    open: Opener<'_>,
) -> Result<Option<Box<dyn SecretStore>>, SessionError> {
    if let Some(status) = status::read(state, session)? {
        return Ok(Some(open(status.store)?));
    }
    // The state folder was cleared. Tokens in the keyring are still good, so look where a login would have
    // put them.
    let candidates = match &requested {
        Requested::Named(kind) => std::slice::from_ref(kind),
        Requested::Auto => CANDIDATES,
    };
    for kind in candidates {
        let found = open(*kind).and_then(|store| Ok((store.get(&vault::item_key(session))?, store)));
        match found {
            Ok((Some(_), store)) => return Ok(Some(store)),
            Ok((None, _)) | Err(KeyringError::Absent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
