//! Selects the store of a session's tokens.
//!
//! It is chosen once, at login, and recorded in the status file; every later call uses exactly that one. A locked store
//! is never a reason to use another.

use super::{SessionError, status, token_store};
use crate::ports::keyring::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind};
use crate::ports::state_folder::StateFolder;
use crate::profile::SsoSession;

pub type StoreOpener<'a> = &'a dyn Fn(StoreKind) -> Result<Box<dyn SecretStore>, KeyringError>;

/// The value of `KCAWS_KEYRING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorePreference {
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

impl std::str::FromStr for StorePreference {
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

/// The store chosen for a login, and those that `auto` would have preferred.
pub struct SelectedStore {
    pub store: Box<dyn SecretStore>,
    pub passed_over: Vec<SessionError>,
}

/// Proves that a store keeps what is written to it.
pub type Proof<'a> = &'a dyn Fn(&dyn SecretStore) -> Result<(), SessionError>;

/// Chooses the store for a login: usable now, after a prompt if `prompting` allows one, and proven by a write.
///
/// `noted` is the store of the last login: `auto` stays with it while it is available. A locked store ends the search;
/// one that is missing, has no keyring to write to, or does not respond or keep what is written is passed over.
pub fn for_login(
    key: &ItemKey,
    requested: StorePreference,
    noted: Option<StoreKind>,
    prompting: Prompting,
    open: StoreOpener<'_>,
    proof: Proof<'_>,
) -> Result<SelectedStore, SessionError> {
    let proven = |kind, make_default| {
        let store = usable(kind, key, prompting, make_default, open)?;
        proof(&*store)?;
        Ok(store)
    };
    if let StorePreference::Named(kind) = requested {
        return Ok(SelectedStore { store: proven(kind, true)?, passed_over: Vec::new() });
    }
    let others = CANDIDATES.iter().copied().filter(|kind| Some(*kind) != noted);
    let mut passed_over = Vec::new();
    for kind in noted.into_iter().chain(others) {
        match proven(kind, false) {
            Ok(store) => return Ok(SelectedStore { store, passed_over }),
            Err(error) if is_no_place(&error) => passed_over.push(error),
            Err(error) => return Err(error),
        }
    }
    Err(SessionError::NoStore { tried: passed_over.iter().map(in_full).collect() })
}

/// Returns whether tokens cannot be kept there, whatever the user answers to a prompt.
fn is_no_place(error: &SessionError) -> bool {
    match error {
        SessionError::StoreForgets { .. } => true,
        SessionError::Keyring(error) => error.is_absent() || matches!(error, KeyringError::TooSlow { .. }),
        _ => false,
    }
}

fn in_full(error: &SessionError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Makes sure that a store is ready for a write to this session's item.
///
/// `make_default`: even if the user has to create the first keyring.
pub fn usable(
    kind: StoreKind,
    key: &ItemKey,
    prompting: Prompting,
    make_default: bool,
    open: StoreOpener<'_>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    let store = open(kind)?;
    let answer = store.ready(key);
    store.attend(prompting);
    match (answer, prompting.patience()) {
        (Err(error), Some(patience))
            if error.is_locked() || (make_default && matches!(error, KeyringError::NoDefault(_))) =>
        {
            store.unlock(key, patience)?;
        }
        (answer, _) => answer?,
    }
    Ok(store)
}

/// Opens a store for a command that takes the tokens out of it, prompting a user at the terminal.
pub fn open_for(store: &dyn SecretStore, key: &ItemKey, prompting: Prompting) -> Result<(), KeyringError> {
    let Some(patience) = prompting.patience() else { return Ok(()) };
    let answer = store.get(key);
    store.attend(prompting);
    match answer {
        Err(error) if error.is_locked() => store.unlock(key, patience),
        // Other problems show up when the tokens are taken out.
        _ => Ok(()),
    }
}

/// Asks for a passphrase at the terminal, for all other interactive commands.
///
/// Prompts of the desktop are not shown: one that was declined must stay declined.
pub fn ask_for_passphrase(store: &dyn SecretStore, key: &ItemKey) -> Result<(), KeyringError> {
    match store.kind() {
        StoreKind::File => open_for(store, key, Prompting::ATTENDED),
        _ => Ok(()),
    }
}

/// Returns the stores in which a login without a status file may have put its tokens.
pub(super) fn candidates(requested: &StorePreference) -> &[StoreKind] {
    match requested {
        StorePreference::Named(kind) => std::slice::from_ref(kind),
        StorePreference::Auto => CANDIDATES,
    }
}

/// Returns the store of the current login; `None` if there can be none.
pub fn of_login(
    session: &SsoSession,
    requested: StorePreference,
    state: &dyn StateFolder,
    open: StoreOpener<'_>,
) -> Result<Option<Box<dyn SecretStore>>, SessionError> {
    if let Some(status) = status::read(state, session)? {
        return Ok(Some(open(status.store)?));
    }
    // The state folder was cleared. Tokens in the keyring are still valid, so look where a login would have put them.
    for kind in candidates(&requested) {
        let found = open(*kind).and_then(|store| Ok((token_store::stored(&*store, session)?, store)));
        match found {
            Ok((Some(_), store)) => return Ok(Some(store)),
            Ok((None, _)) => {}
            Err(error) if error.is_absent() => {}
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

    const DESKTOP: StoreKind = StoreKind::SecretService;

    /// Chooses a store as a login does, with `desktop` as the first candidate.
    fn choose(
        requested: StorePreference,
        noted: Option<StoreKind>,
        prompting: Prompting,
        open: StoreOpener<'_>,
    ) -> Result<SelectedStore, SessionError> {
        let proof =
            |store: &dyn SecretStore| Ok(store.set(&token_store::item_key(&corp()), &"proof".into())?);
        for_login(&token_store::item_key(&corp()), requested, noted, prompting, open, &proof)
    }

    fn chosen(noted: Option<StoreKind>, absent: Option<StoreKind>) -> StoreKind {
        let open = |kind| -> Result<Box<dyn SecretStore>, KeyringError> {
            if absent == Some(kind) {
                return Err(KeyringError::Absent { store: kind, source: "gone".into() });
            }
            Ok(Box::new(FakeKeyring::new(kind)))
        };
        choose(StorePreference::Auto, noted, Prompting::Unattended, &open).expect("a store").store.kind()
    }

    /// Opens a new store for every kind except the first one of `auto`.
    fn with(first: &FakeKeyring) -> impl Fn(StoreKind) -> Result<Box<dyn SecretStore>, KeyringError> {
        let first = first.clone();
        move |kind| Ok(Box::new(if kind == first.kind() { first.clone() } else { FakeKeyring::new(kind) }))
    }

    #[test]
    fn a_locked_store_is_never_a_reason_to_use_another() {
        let first = FakeKeyring::new(CANDIDATES[0]);
        first.lock();
        let alone = choose(StorePreference::Auto, None, Prompting::Unattended, &with(&first)).err();
        assert!(matches!(alone, Some(SessionError::Keyring(KeyringError::Locked(_)))), "{alone:?}");
        assert_eq!(first.calls().unlock, 0);
        first.refuse_unlock(true);
        let refused = choose(StorePreference::Auto, None, Prompting::ATTENDED, &with(&first)).err();
        assert!(matches!(refused, Some(SessionError::Keyring(KeyringError::Refused(_)))), "{refused:?}");
        first.refuse_unlock(false);
        let opened = choose(StorePreference::Auto, None, Prompting::ATTENDED, &with(&first)).expect("opened");
        assert_eq!((opened.store.kind(), first.prompting()), (CANDIDATES[0], Prompting::ATTENDED));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn auto_passes_over_what_cannot_keep_anything_and_says_why() {
        let no_default = FakeKeyring::new(DESKTOP);
        no_default.remove_default();
        for prompting in [Prompting::Unattended, Prompting::ATTENDED] {
            let chosen =
                choose(StorePreference::Auto, None, prompting, &with(&no_default)).expect("the kernel");
            assert_eq!(chosen.store.kind(), StoreKind::Keyutils);
            let why = SessionError::Keyring(KeyringError::NoDefault(DESKTOP)).to_string();
            assert_eq!(chosen.passed_over.iter().map(ToString::to_string).collect::<Vec<_>>(), [why]);
        }
        assert_eq!(no_default.calls().unlock, 0, "no one is asked to make one");
    }

    #[test]
    fn a_person_who_names_a_store_without_a_keyring_may_make_one() {
        let store = FakeKeyring::new(DESKTOP);
        store.remove_default();
        let named = StorePreference::Named(DESKTOP);
        let alone = choose(named, None, Prompting::Unattended, &with(&store)).err();
        assert!(matches!(alone, Some(SessionError::Keyring(KeyringError::NoDefault(_)))), "{alone:?}");
        choose(named, None, Prompting::ATTENDED, &with(&store)).expect("made");
        assert_eq!((store.calls().unlock, store.calls().set), (1, 1));
    }

    /// The choice depends on a write, not on a look.
    #[test]
    fn a_store_that_takes_no_write_is_not_chosen() {
        let store = FakeKeyring::new(DESKTOP);
        store.take_writes(Some(0));
        let refused =
            choose(StorePreference::Named(DESKTOP), None, Prompting::Unattended, &with(&store)).err();
        assert!(matches!(refused, Some(SessionError::Keyring(KeyringError::Locked(_)))), "{refused:?}");
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
        ask_for_passphrase(&desktop, &token_store::item_key(&corp())).expect("left alone");
        ask_for_passphrase(&file, &token_store::item_key(&corp())).expect("asked");
        assert_eq!((desktop.calls().unlock, file.calls().unlock), (0, 1));
    }
}
