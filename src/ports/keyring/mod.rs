//! The keyring, where everything that can log in as the user is stored: one item per session, so one prompt.
//!
//! Three results are kept apart everywhere, since the user does something different about each: *locked*, *absent* (no
//! such store here, or a store without a place to keep anything) and *empty* (`Ok(None)`). A read error never counts as
//! an empty store.

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

/// A kind of store. It is chosen once, at login, and recorded in the session's status file.
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
    /// Returns a file name for the item: no name from a config file becomes a path.
    pub fn digest(&self) -> String {
        names::digest(self)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The store exists, but the user must unlock it first.
    #[error("the {0} is locked")]
    Locked(StoreKind),
    /// The store is unlocked, but asks before it releases this item.
    ///
    /// This is KeePassXC's "confirm when passwords are retrieved".
    #[error("the {store} does not hand out `{item}` without asking")]
    ItemLocked { store: StoreKind, item: String },
    /// The store exists but has no keyring to store anything in.
    #[error("the {0} has no default keyring")]
    NoDefault(StoreKind),
    /// There is no such store on this machine, or in this environment.
    #[error("the {store} is not available")]
    Absent { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
    /// No response within the deadline.
    #[error("the {store} did not answer within {} s", .after.as_secs_f32())]
    TooSlow { store: StoreKind, after: Duration },
    /// The store's own prompt was shown and not answered.
    #[error("the prompt of the {store} was not answered within {} s", .after.as_secs_f32())]
    Unanswered { store: StoreKind, after: Duration },
    /// The store's own prompt was dismissed or declined.
    #[error("the prompt of the {0} was dismissed")]
    Refused(StoreKind),
    /// The store has to prompt, and its prompt cannot be shown here.
    #[error("the {0} is locked, and there is no way to prompt here")]
    NobodyToAsk(StoreKind),
    /// Another process is writing the item. The stores that [`open`] returns retry until the deadline.
    #[error("the {store} is being written to")]
    Changing { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
    /// An item of kcaws that cannot be parsed. Nothing is overwritten.
    #[error("the item in the {store} is damaged: {what}")]
    Damaged { store: StoreKind, what: String },
    /// The file was sealed under another passphrase. Nothing is overwritten.
    #[error("wrong passphrase for the {0}")]
    WrongPassphrase(StoreKind),
    /// The configured source of the passphrase gave none.
    #[error("there is no passphrase for the {store}")]
    NoPassphrase { store: StoreKind, source: PassphraseError },
    #[error("the {store} failed")]
    Failed { store: StoreKind, source: Box<dyn std::error::Error + Send + Sync> },
}

impl KeyringError {
    /// Returns whether there is no place here that could keep an item.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::NoDefault(_))
    }

    /// Returns whether the store's own prompt could help, if a user answers it.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::ItemLocked { .. })
    }
}

/// One store of this user's secrets.
pub trait SecretStore {
    fn kind(&self) -> StoreKind;
    /// Returns the item, or `Ok(None)` if the store works and has no such item.
    ///
    /// Shows no window unless a user attends.
    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError>;
    /// Creates or replaces an item. `value` is a single line of text.
    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError>;
    /// Removes an item; `false` if there was none.
    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError>;
    /// Sets whether a user attends from now on; see [`Prompting`]. Unattended until then.
    fn attend(&self, _prompting: Prompting) {}
    /// Checks whether a write could be tried now; `Locked` if the user must do something first.
    fn ready(&self, key: &ItemKey) -> Result<(), KeyringError> {
        self.get(key).map(|_| ())
    }
    /// Finishes a write that was complete when its process was killed; `true` if there was one.
    ///
    /// The caller holds the item's lock, and reads the item after this.
    fn take_up(&self, _key: &ItemKey) -> Result<bool, KeyringError> {
        Ok(false)
    }
    /// Returns the process that keeps the items, if there is one that can be asked.
    fn daemon(&self) -> Option<u32> {
        None
    }
    /// Destroys what the store keeps for itself beside the items, which most stores do not.
    fn forget_own_keys(&self) -> Result<(), KeyringError> {
        Ok(())
    }
    /// Makes the store ready: may show the desktop's or the terminal's prompt, and wait up to `patience` for the user.
    ///
    /// A store without a default keyring creates one. The item only matters to a store that locks each by itself.
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

/// Refuses a value of more than one line.
///
/// gnome-keyring 50 with an unencrypted keyring writes a raw newline in a way that makes the whole collection
/// unreadable at its next start, so no store accepts one.
fn single_line(store: StoreKind, value: &Secret<String>) -> Result<(), KeyringError> {
    if value.expose().contains(['\n', '\r', '\0']) {
        return Err(KeyringError::Failed { store, source: "the value is not a single line of text".into() });
    }
    Ok(())
}
