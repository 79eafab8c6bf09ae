//! Opens a store by its kind on this platform, without touching it yet.

use std::rc::Rc;
use std::sync::Arc;

use super::file::FileStore;
use super::steady::Steady;
use super::{KeyringError, SecretStore, StoreKind};
use crate::platform::env::Env;
use crate::platform::folders::Folders;
use crate::ports::passphrase::PassphraseSource;
use crate::ports::state_folder::StateFolder;

pub fn open(
    kind: StoreKind,
    env: &Env,
    folders: &Folders,
    state: &Arc<dyn StateFolder>,
    passphrases: &Rc<dyn PassphraseSource>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    #[cfg(not(target_os = "linux"))]
    let _ = (env, folders); // they say where a desktop's bus is, and its lock
    match kind {
        #[cfg(target_os = "linux")]
        StoreKind::SecretService => {
            let lock_file = folders.state.as_ref().map(|folder| folder.join("secret-service.lock"));
            let bus = super::secret_service::BusAddress::find(env);
            Ok(Steady::boxed(super::secret_service::SecretServiceStore::new(bus, lock_file)))
        }
        #[cfg(target_os = "linux")]
        StoreKind::Keyutils => Ok(Steady::boxed(super::keyutils::KeyutilsStore::new(state.clone()))),
        #[cfg(target_os = "macos")]
        StoreKind::Keychain => Ok(Steady::boxed(super::apple::KeychainStore::new()?)),
        #[cfg(windows)]
        StoreKind::Wincred => Ok(Steady::boxed(super::windows::WincredStore::new()?)),
        StoreKind::File => Ok(Steady::boxed(FileStore::new(state.clone(), passphrases.clone()))),
        elsewhere => Err(not_here(elsewhere)),
    }
}

fn not_here(kind: StoreKind) -> KeyringError {
    KeyringError::Absent { store: kind, source: "this platform has no such store".into() }
}
