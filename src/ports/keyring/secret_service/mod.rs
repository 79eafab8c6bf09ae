//! The Secret Service (gnome-keyring, `KWallet`, KeePassXC): a store of ours behind `keyring-core`'s traits.
//!
//! The published stores unlock on read and wait for the prompt without end, and their first request, `OpenSession`,
//! races gnome-keyring to death when short-lived clients come in bursts (`gkd_secret_service_get_pkcs11_session:
//! assertion 'client' failed`, then SIGTRAP; gnome-keyring issues 190, 194, 196 and 199). Hence:
//! reads never unlock, every call has a deadline, and a conversation begins harmlessly (see `conversation`).

mod call_error;
mod conversation;
mod prompt;
mod turn;

use std::any::Any;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::attributes::parse_attributes;
use keyring_core::{Credential, Entry, Error};
use tokio::time::timeout_at;

use self::call_error::CallError;
use self::conversation::{Attributes, Conversation};
use self::turn::Turn;
use super::core_store::{Backend, CoreStore, Trouble};
use super::{ItemKey, StoreKind};
use crate::ports::runtime::Runtime;
use crate::ports::thread;

/// One call in total, with waiting for our turn and the second try.
const DEADLINE: Duration = Duration::from_secs(2);
/// A holder of the turn that is stopped must not stop everybody: the turn only spares the daemon a crowd.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

pub type SecretServiceStore = CoreStore<SecretService>;

impl SecretServiceStore {
    /// `bus_address` is the session bus: `DBUS_SESSION_BUS_ADDRESS`, or `unix:path=$XDG_RUNTIME_DIR/bus`.
    /// `lock_file` lets one process at a time talk to the daemon; its folder exists.
    pub fn new(bus_address: Option<String>, lock_file: Option<PathBuf>) -> Self {
        Self(SecretService(Arc::new(Service { bus_address, lock_file })))
    }
}

#[derive(Debug)]
pub struct SecretService(Arc<Service>);

impl Backend for SecretService {
    const KIND: StoreKind = StoreKind::SecretService;

    fn entry(&self, key: &ItemKey, _part: &str) -> keyring_core::Result<Entry> {
        let start_url = HashMap::from([("start_url", key.start_url.as_str())]);
        self.build("kcaws", &key.session, Some(&start_url))
    }

    fn unlock(&self, patience: Duration) -> keyring_core::Result<()> {
        // The patience is the person's; the daemon's own deadline comes on top.
        self.0.talk(DEADLINE + patience, async |service| service.unlock(patience).await)
    }

    fn daemon(&self) -> Option<u32> {
        self.0.talk(DEADLINE, async |service| service.process().await).ok()
    }
}

impl CredentialStoreApi for SecretService {
    fn vendor(&self) -> String {
        format!("kcaws Secret Service store, {}", env!("CARGO_PKG_REPOSITORY"))
    }

    fn id(&self) -> String {
        format!("{} on {:?}", env!("CARGO_PKG_VERSION"), self.0.bus_address)
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        let mut attributes: Attributes = parse_attributes(&["start_url"], modifiers)?;
        attributes.insert("service".to_owned(), service.to_owned());
        attributes.insert("username".to_owned(), user.to_owned());
        let service = Arc::clone(&self.0);
        Ok(Entry::new_with_credential(Arc::new(Item { service, attributes })))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Item {
    service: Arc<Service>,
    attributes: Attributes,
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        self.service.talk(DEADLINE, async |service| service.set(&self.attributes, secret).await)
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        let found = self.service.talk(DEADLINE, async |service| service.get(&self.attributes).await)?;
        found.ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        let deleted = self.service.talk(DEADLINE, async |service| service.delete(&self.attributes).await)?;
        if deleted { Ok(()) } else { Err(Error::NoEntry) }
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        self.get_secret().map(zeroize::Zeroizing::new)?;
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.attributes.get("service")?.clone(), self.attributes.get("username")?.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Service {
    bus_address: Option<String>,
    lock_file: Option<PathBuf>,
}

impl Service {
    /// Runs one conversation to its end, within `patience`, from synchronous code.
    fn talk<T: Send>(
        &self,
        patience: Duration,
        work: impl AsyncFn(&Conversation) -> Result<T, CallError> + Send + Sync,
    ) -> keyring_core::Result<T> {
        if tokio::runtime::Handle::try_current().is_err() {
            return self.talk_here(patience, &work);
        }
        // A runtime cannot be entered from inside another one (tokio panics), so that caller gets a thread.
        std::thread::scope(|scope| {
            let thread = thread::start_in(scope, || self.talk_here(patience, &work));
            match thread.map_err(|error| Error::PlatformFailure(Box::new(error)))?.join() {
                Ok(answer) => answer,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    #[expect(clippy::disallowed_methods, reason = "a deadline against another process is real time")]
    fn talk_here<T>(
        &self,
        patience: Duration,
        work: &impl AsyncFn(&Conversation) -> Result<T, CallError>,
    ) -> keyring_core::Result<T> {
        let start = Instant::now();
        let deadline = start + patience;
        let address = self.bus_address.as_deref().ok_or_else(|| {
            Trouble::Absent("there is no session bus (DBUS_SESSION_BUS_ADDRESS is not set)".into())
        })?;
        let mut turn = self.lock_file.as_deref().and_then(|path| Turn::wait(path, start + TURN_PATIENCE));
        // A runtime per call: nothing of it outlives the call, and a command makes one call or two.
        let runtime = Runtime::new().map_err(|error| Error::PlatformFailure(Box::new(error)))?;
        runtime.block_on(async {
            let mut tries = 0..2;
            loop {
                tries.next();
                let one = async {
                    let conversation = Conversation::begin(address, turn.take()).await?;
                    let answer = work(&conversation).await;
                    turn = conversation.into_turn();
                    answer
                };
                match timeout_at(deadline.into(), one).await {
                    Ok(Ok(value)) => return Ok(value),
                    // The daemon died under us. The bus starts another one if it can.
                    Ok(Err(CallError::Died(_))) if !tries.is_empty() => {}
                    Ok(Err(error)) => return Err(error.into()),
                    Err(_) => return Err(Trouble::TooSlow(patience).into()),
                }
            }
        })
    }
}
