//! Which store a session's tokens lie in. Chosen once, at login, and noted in the status file; every later call
//! uses exactly that one. A locked store is never a reason to use another.

use std::time::Duration;

use super::{SessionError, status, vault};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::state_folder::StateFolder;
use crate::profile::SsoSession;

/// How long the person may take with the desktop's unlock prompt.
pub(super) const PROMPT_PATIENCE: Duration = Duration::from_mins(1);

pub type Opener<'a> = &'a dyn Fn(StoreKind) -> Result<Box<dyn SecretStore>, KeyringError>;

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
            "file" => StoreKind::File,
            _ => return Err(()),
        }))
    }
}

/// The store for a login: usable now, after a prompt where `may_prompt`. `noted` is that of the last login: where
/// it still answers, `auto` stays with it.
pub fn for_login(
    session: &SsoSession,
    requested: Requested,
    noted: Option<StoreKind>,
    may_prompt: bool,
    open: Opener<'_>,
) -> Result<Box<dyn SecretStore>, SessionError> {
    if let Requested::Named(kind) = requested {
        return Ok(usable(kind, session, may_prompt, open)?);
    }
    let others = CANDIDATES.iter().copied().filter(|kind| Some(*kind) != noted);
    let mut tried = Vec::new();
    for kind in noted.into_iter().chain(others) {
        match usable(kind, session, may_prompt, open) {
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

/// Ready for a write to this session's item.
pub fn usable(
    kind: StoreKind,
    session: &SsoSession,
    may_prompt: bool,
    open: Opener<'_>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    let (store, key) = (open(kind)?, vault::item_key(session));
    match store.ready(&key) {
        Err(KeyringError::Locked(_)) if may_prompt => store.unlock(&key, PROMPT_PATIENCE)?,
        answer => answer?,
    }
    Ok(store)
}

/// For a command that a person runs: a passphrase is asked for at the terminal itself. The desktop's prompts are
/// for `login` and `store migrate` alone: a refused one must stay refused for everything else.
pub fn ask_for_passphrase(store: &dyn SecretStore, session: &SsoSession) -> Result<(), KeyringError> {
    let key = vault::item_key(session);
    if store.kind() == StoreKind::File && matches!(store.get(&key), Err(KeyringError::Locked(_))) {
        store.unlock(&key, PROMPT_PATIENCE)?;
    }
    Ok(())
}

/// Where a login that nothing is noted about may have put its tokens.
pub(super) fn candidates(requested: &Requested) -> &[StoreKind] {
    match requested {
        Requested::Named(kind) => std::slice::from_ref(kind),
        Requested::Auto => CANDIDATES,
    }
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
    for kind in candidates(&requested) {
        let found = open(*kind).and_then(|store| Ok((store.get(&vault::item_key(session))?, store)));
        match found {
            Ok((Some(_), store)) => return Ok(Some(store)),
            Ok((None, _)) | Err(KeyringError::Absent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keyring::fake::FakeKeyring;
    use crate::session::testing::corp;

    fn chosen(noted: Option<StoreKind>, absent: Option<StoreKind>) -> StoreKind {
        let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            if absent == Some(kind) {
                return Err(KeyringError::Absent { store: kind, source: "gone".into() });
            }
            Ok(Box::new(FakeKeyring::new(kind)))
        };
        for_login(&corp(), Requested::Auto, noted, false, &open).expect("a store").kind()
    }

    #[test]
    fn auto_never_chooses_the_file_and_stays_where_the_last_login_lies() {
        assert!(!CANDIDATES.contains(&StoreKind::File));
        assert_eq!(chosen(None, None), CANDIDATES[0]);
        assert_eq!(chosen(Some(StoreKind::File), None), StoreKind::File, "moved there on purpose");
        assert_eq!(chosen(Some(StoreKind::Keyutils), Some(StoreKind::Keyutils)), CANDIDATES[0]);
    }

    #[test]
    fn only_a_passphrase_is_asked_for_outside_a_login() {
        let (desktop, file) = (FakeKeyring::default(), FakeKeyring::new(StoreKind::File));
        desktop.lock();
        file.lock();
        ask_for_passphrase(&desktop, &corp()).expect("left alone");
        ask_for_passphrase(&file, &corp()).expect("asked");
        assert_eq!((desktop.calls().unlock, file.calls().unlock), (0, 1));
    }
}
