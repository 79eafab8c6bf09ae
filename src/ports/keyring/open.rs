//! Opens a store by its kind, as this platform has it. Opening touches nothing yet.

use std::rc::Rc;
use std::sync::Arc;

use super::file::FileStore;
use super::{KeyringError, SecretStore, StoreKind};
use crate::ports::env::Env;
use crate::ports::folders::Folders;
use crate::ports::passphrase::PassphraseSource;
use crate::ports::state_folder::StateFolder;

pub fn open(
    kind: StoreKind,
    env: &Env,
    folders: &Folders,
    state: &Arc<dyn StateFolder>,
    passphrases: &Rc<dyn PassphraseSource>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    if kind == StoreKind::File {
        return Ok(Box::new(FileStore::new(state.clone(), passphrases.clone())));
    }
    of_platform(kind, env, folders, state)
}

#[cfg(target_os = "linux")]
fn of_platform(
    kind: StoreKind,
    env: &Env,
    folders: &Folders,
    state: &Arc<dyn StateFolder>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    match kind {
        StoreKind::SecretService => {
            let lock_file = folders.state.as_ref().map(|folder| folder.join("secret-service.lock"));
            Ok(Box::new(super::secret_service::SecretServiceStore::new(bus_address(env), lock_file)))
        }
        StoreKind::Keyutils => Ok(Box::new(super::keyutils::KeyutilsStore::new(state.clone()))),
        StoreKind::Keychain | StoreKind::Wincred | StoreKind::File => Err(not_here(kind)),
    }
}

/// As D-Bus clients find it: the variable, else the well-known socket of the user's session.
#[cfg(target_os = "linux")]
fn bus_address(env: &Env) -> Option<String> {
    env.get("DBUS_SESSION_BUS_ADDRESS").or_else(|| {
        let socket = std::path::PathBuf::from(env.raw("XDG_RUNTIME_DIR")?).join("bus");
        socket.exists().then(|| format!("unix:path={}", socket.display()))
    })
}

#[cfg(target_os = "macos")]
fn of_platform(
    kind: StoreKind,
    _env: &Env,
    _folders: &Folders,
    _state: &Arc<dyn StateFolder>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    match kind {
        StoreKind::Keychain => Ok(Box::new(super::apple::KeychainStore::new()?)),
        _ => Err(not_here(kind)),
    }
}

#[cfg(windows)]
fn of_platform(
    kind: StoreKind,
    _env: &Env,
    _folders: &Folders,
    _state: &Arc<dyn StateFolder>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    match kind {
        StoreKind::Wincred => Ok(Box::new(super::windows::WincredStore::new()?)),
        _ => Err(not_here(kind)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn of_platform(
    kind: StoreKind,
    _env: &Env,
    _folders: &Folders,
    _state: &Arc<dyn StateFolder>,
) -> Result<Box<dyn SecretStore>, KeyringError> {
    Err(not_here(kind))
}

fn not_here(kind: StoreKind) -> KeyringError {
    KeyringError::Absent { store: kind, source: "this platform has no such store".into() }
}
