//! The macOS Keychain: the user's login keychain.
//!
//! macOS shows its dialogs by itself: for a locked keychain, and for an item whose access list names another build of
//! kcaws (every update of an unsigned one). A command that runs inside another tool must not do that, so the dialogs
//! are off until `unlock` is called, which only interactive commands do.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apple_native_keyring_store::keychain::{Store, decode_error};
use keyring_core::api::CredentialApi;
use keyring_core::{Credential, CredentialStore, Entry};
use security_framework::os::macos::keychain::{SecKeychain, SecPreferencesDomain};

use super::core_store::{Backend, BackendError, CoreStore};
use super::{ItemKey, KeyringError, Prompting, StoreKind};

pub type KeychainStore = CoreStore<Keychain>;

impl KeychainStore {
    pub fn new() -> Result<Self, KeyringError> {
        match Store::new() {
            Ok(store) => Ok(Self(Keychain { store, person: Arc::default() })),
            Err(error) => Err(KeyringError::Absent { store: StoreKind::Keychain, source: Box::new(error) }),
        }
    }
}

pub struct Keychain {
    store: Arc<CredentialStore>,
    /// Whether there is a user to answer a dialog.
    person: Arc<AtomicBool>,
}

impl Backend for Keychain {
    const KIND: StoreKind = StoreKind::Keychain;

    /// Returns the entry that service and account together name; Keychain Access shows both, so both are readable.
    fn entry(&self, key: &ItemKey, _part: &str) -> keyring_core::Result<Entry> {
        let service = format!("kcaws: {}", key.start_url);
        let inner = self.store.build(&service, &key.session, None)?;
        Ok(Entry::new_with_credential(Arc::new(Quiet { inner, person: Arc::clone(&self.person) })))
    }

    fn attend(&self, prompting: Prompting) {
        self.person.store(prompting.patience().is_some(), Ordering::Relaxed);
    }

    /// Unlocks the keychain by the system's dialog, which has its own timeout.
    fn unlock(&self, _patience: Duration) -> keyring_core::Result<()> {
        self.person.store(true, Ordering::Relaxed);
        SecKeychain::default_for_domain(SecPreferencesDomain::User)
            .and_then(|mut keychain| keychain.unlock(None))
            .map_err(decode_error)
    }

    /// Interprets the numbers of `SecBase.h`.
    fn interpret(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<BackendError> {
        match error.downcast_ref::<security_framework::base::Error>()?.code() {
            // errSecInteractionNotAllowed, errSecInteractionRequired: a dialog would be needed.
            -25308 | -25315 => Some(BackendError::Locked),
            // userCanceledErr, errSecAuthFailed: the dialog's "Deny", or a wrong password.
            -128 | -25293 => Some(BackendError::Refused),
            // errSecDuplicateItem: another process has just added it
            -25299 => Some(BackendError::Changing("another process added it".into())),
            // errSecNoDefaultKeychain
            -25307 => Some(BackendError::Absent("this user has no default keychain".into())),
            _ => None,
        }
    }
}

struct Quiet {
    inner: Entry,
    person: Arc<AtomicBool>,
}

impl Quiet {
    fn without_dialogs<T>(
        &self,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T>,
    ) -> keyring_core::Result<T> {
        /// The switch is per process: the first of two threads to leave would turn dialogs on again.
        static ONE: Mutex<()> = Mutex::new(());
        if self.person.load(Ordering::Relaxed) {
            return work(&self.inner);
        }
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let _off = SecKeychain::disable_user_interaction().map_err(decode_error)?;
        work(&self.inner)
    }
}

impl CredentialApi for Quiet {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        self.without_dialogs(|entry| entry.set_secret(secret))
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.without_dialogs(Entry::get_secret)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.without_dialogs(Entry::delete_credential)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        self.without_dialogs(Entry::get_credential).map(|_| None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.inner.get_specifiers()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.inner)
    }
}
