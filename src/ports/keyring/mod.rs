//! Where what can log in as a person lies: the OS keyring. One item per session, so one prompt.
//!
//! Three answers are kept apart everywhere, because a person does something different about each:
//! *locked*, *absent* (no such store here, or a store without a place to keep anything) and *empty* (`Ok(None)`). A
//! read error is never an empty store.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::open::open;
pub use self::prompting::Prompting;
use crate::ports::passphrase::PassphraseError;
use crate::secret::Secret;

#[cfg(target_os = "macos")]
pub mod apple;
pub mod chunks;
#[cfg(any(target_os = "macos", windows))]
pub mod core_store;
pub mod fake;
pub mod file;
#[cfg(target_os = "linux")]
pub mod keyutils;
mod left_over;
mod names;
mod open;
mod prompting;
#[cfg(target_os = "linux")]
pub mod secret_service;
mod steady;
mod text;
#[cfg(windows)]
pub mod windows;

/// Which store. The choice is made once, at login, and written into the session's status file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    SecretService,
    Keyutils,
    Keychain,
    Wincred,
    File,
}

/// Names one item: the session and the start URL exactly as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemKey {
    pub session: String,
    pub start_url: String,
}

impl ItemKey {
    /// A file name for the item: no name from a config file becomes a path.
    pub fn digest(&self) -> String {
        names::digest(self)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The store is there, but a person must unlock it first.
    #[error("the {0} is locked")]
    Locked(StoreKind),
    /// The store is open, and asks a person before it hands out this item (KeePassXC's "confirm when passwords are
    /// retrieved").
    #[error("the {store} does not hand out `{item}` without asking")]
    ItemLocked { store: StoreKind, item: String },
    /// The store is there and has no keyring to put anything into.
    #[error("the {0} has no default keyring")]
    NoDefault(StoreKind),
    /// There is no such store on this machine, or in this environment.
    #[error("the {store} is not available")]
    Absent { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
    /// No answer within the deadline.
    #[error("the {store} did not answer within {} s", .after.as_secs_f32())]
    TooSlow { store: StoreKind, after: Duration },
    /// The store's own prompt was shown, and nobody answered it.
    #[error("the prompt of the {store} was not answered within {} s", .after.as_secs_f32())]
    Unanswered { store: StoreKind, after: Duration },
    /// The store's own prompt ended without a yes.
    #[error("the prompt of the {0} was dismissed")]
    Refused(StoreKind),
    /// The store has to ask a person, and nothing here can show its prompt.
    #[error("the {0} is locked, and nobody can be asked here")]
    NobodyToAsk(StoreKind),
    /// Another process is writing what was asked for. The stores that [`open`] returns look again until the deadline.
    #[error("the {store} is being written to")]
    Changing { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
    /// An item of ours that cannot be understood. Nothing is overwritten.
    #[error("the item in the {store} is damaged: {what}")]
    Damaged { store: StoreKind, what: String },
    /// There is a file, and this passphrase is not its own. Nothing is overwritten.
    #[error("the passphrase does not open the {0}")]
    WrongPassphrase(StoreKind),
    /// The source that was set up for it gave none.
    #[error("the {store} gets no passphrase")]
    NoPassphrase { store: StoreKind, source: PassphraseError },
    #[error("the {store} failed")]
    Failed { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
}

impl KeyringError {
    /// Tells whether there is no place here that could hold an item.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::NoDefault(_))
    }

    /// Tells whether a person in front of the store's own prompt could help.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::ItemLocked { .. })
    }
}

/// One place that keeps secrets for this person.
pub trait SecretStore {
    fn kind(&self) -> StoreKind;
    /// Returns the item; `Ok(None)`: the store works and has no such item. Raises no window unless a person attends.
    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError>;
    /// Creates or replaces. `value` is a single line of text.
    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError>;
    /// Removes; `false` when there was nothing.
    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError>;
    /// Says that a person is there from now on, or not: see [`Prompting`]. Unattended until then.
    fn attend(&self, _prompting: Prompting) {}
    /// Tells whether a write could be tried now, `Locked` where a person must do something first.
    fn ready(&self, key: &ItemKey) -> Result<(), KeyringError> {
        self.get(key).map(|_| ())
    }
    /// Finishes a write that was whole when its process was killed; `true` where there was one. The caller holds the
    /// item's lock, and reads the item after this.
    fn take_up(&self, _key: &ItemKey) -> Result<bool, KeyringError> {
        Ok(false)
    }
    /// The process that keeps the items, where there is one that can be asked.
    fn daemon(&self) -> Option<u32> {
        None
    }
    /// Destroys what the store keeps for itself beside the items: nothing, as a rule.
    fn forget_own_keys(&self) -> Result<(), KeyringError> {
        Ok(())
    }
    /// Makes it ready: may raise the desktop's own prompt, or the terminal's, and wait for the person up to
    /// `patience`. A store without a default keyring makes one. The item matters only to a store that locks each by
    /// itself.
    fn unlock(&self, key: &ItemKey, patience: Duration) -> Result<(), KeyringError>;
}

impl std::fmt::Display for StoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SecretService => "Secret Service",
            Self::Keyutils => "kernel keyring",
            Self::Keychain => "macOS Keychain",
            Self::Wincred => "Windows Credential Manager",
            Self::File => "passphrase-sealed file",
        })
    }
}

/// gnome-keyring 50 with an unencrypted keyring writes a raw newline in a way that makes the whole collection
/// unreadable at its next start, so no store takes one.
fn single_line(store: StoreKind, value: &Secret<String>) -> Result<(), KeyringError> {
    if value.expose().contains(['\n', '\r', '\0']) {
        return Err(KeyringError::Failed { store, source: "the value is not a single line of text".into() });
    }
    Ok(())
}
