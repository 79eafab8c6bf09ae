//! The Secret Service (gnome-keyring, `KWallet`, KeePassXC): a client of our own.
//!
//! The published clients wait without end for the prompt of a locked keyring, do not complete the prompts that
//! KeePassXC answers, and their first request, `OpenSession`, crashes gnome-keyring by a race when short-lived clients
//! come in bursts (`gkd_secret_service_get_pkcs11_session: assertion 'client' failed`, then SIGTRAP; gnome-keyring
//! issues 190, 194, 196 and 199). Hence every call has a deadline, a conversation begins harmlessly (see `calls`), and
//! one place decides what may show a window ([`Prompting`]).

mod bus;
mod call_error;
mod calls;
mod conversation;
mod prompt;
mod turn;
mod wallet;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout_at;
use zbus::Connection;

pub use self::bus::BusAddress;
use self::call_error::CallError;
use self::calls::Calls;
use self::conversation::Conversation;
use self::prompt::Limit;
use self::turn::Turn;
use super::text::text;
use super::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind, single_line};
use crate::platform::runtime::Runtime;
use crate::platform::thread;
use crate::secret::Secret;

const KIND: StoreKind = StoreKind::SecretService;
/// One call in total, including the wait for the turn and the second try.
const DEADLINE: Duration = Duration::from_secs(2);
/// A stopped holder of the turn must not block everyone: the turn only spares the daemon a crowd.
const TURN_PATIENCE: Duration = Duration::from_secs(1);
/// The part of the deadline that is kept for dismissing an unanswered dialog.
const TO_DISMISS: Duration = Duration::from_millis(250);

pub struct SecretServiceStore {
    bus_address: Option<BusAddress>,
    lock_file: Option<PathBuf>,
    prompting: Mutex<Prompting>,
    /// The connection of the last call, for the next one.
    line: Mutex<Option<Line>>,
}

impl SecretServiceStore {
    /// Creates a client; `lock_file`, whose folder exists, lets one process at a time use the daemon.
    pub fn new(bus_address: Option<BusAddress>, lock_file: Option<PathBuf>) -> Self {
        Self { bus_address, lock_file, prompting: Mutex::default(), line: Mutex::default() }
    }

    fn prompting(&self) -> Prompting {
        *self.prompting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one conversation to its end, from synchronous code.
    fn talk<T: Send>(
        &self,
        prompting: Prompting,
        work: impl AsyncFn(&Conversation) -> Result<T, CallError> + Send + Sync,
    ) -> Result<T, KeyringError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return self.talk_here(prompting, &work);
        }
        // tokio panics if a runtime is entered from inside another one, so such a caller gets a thread.
        std::thread::scope(|scope| {
            match thread::start_in(scope, || self.talk_here(prompting, &work)).map_err(not_set_up)?.join() {
                Ok(answer) => answer,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    fn talk_here<T>(
        &self,
        prompting: Prompting,
        work: &impl AsyncFn(&Conversation) -> Result<T, CallError>,
    ) -> Result<T, KeyringError> {
        let Some(address) = &self.bus_address else {
            let why = "there is no session bus (DBUS_SESSION_BUS_ADDRESS is not set)";
            return Err(CallError::absent(why).into());
        };
        // Another thread that uses it is not waited for: it may be waiting for a user.
        let kept = self.line.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut line = kept.map_or_else(Line::new, Ok)?;
        let times = Times::of(prompting);
        let turn = self.lock_file.as_deref().and_then(|path| Turn::wait(path, times.turn_until));
        let answer = line.talk(address, times, turn, work);
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        Ok(answer?)
    }
}

impl SecretStore for SecretServiceStore {
    fn kind(&self) -> StoreKind {
        KIND
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        let value = self.talk(self.prompting(), async |service| service.get(key).await)?;
        value.map(|bytes| text(KIND, bytes)).transpose()
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(KIND, value)?;
        self.talk(self.prompting(), async |service| service.set(key, value.expose().as_bytes()).await)
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        self.talk(self.prompting(), async |service| service.delete(key).await)
    }

    fn attend(&self, prompting: Prompting) {
        *self.prompting.lock().unwrap_or_else(PoisonError::into_inner) = prompting;
    }

    fn ready(&self, key: &ItemKey) -> Result<(), KeyringError> {
        self.talk(self.prompting(), async |service| service.ready(key).await)
    }

    fn unlock(&self, key: &ItemKey, patience: Duration) -> Result<(), KeyringError> {
        self.talk(Prompting::Attended { patience }, async |service| service.unlock(key).await)
    }

    fn daemon(&self) -> Option<u32> {
        self.talk(Prompting::Unattended, async |service| service.calls.process().await).ok()
    }
}

/// The deadline of one call, and its parts.
#[derive(Clone, Copy)]
struct Times {
    until: Instant,
    turn_until: Instant,
    is_attended: bool,
    prompts: Limit,
}

impl Times {
    #[expect(clippy::disallowed_methods, reason = "a deadline against another process is real time")]
    fn of(prompting: Prompting) -> Self {
        let start = Instant::now();
        // `patience` is the user's; the daemon's own deadline is added.
        let (prompts_until, patience) = match prompting {
            Prompting::Unattended => (start + DEADLINE.saturating_sub(TO_DISMISS), DEADLINE),
            Prompting::Attended { patience } => (start + patience, patience),
        };
        Self {
            until: start + prompting.patience().unwrap_or_default() + DEADLINE,
            turn_until: start + TURN_PATIENCE,
            is_attended: prompting.patience().is_some(),
            prompts: Limit { until: prompts_until.into(), patience },
        }
    }
}

/// A connection and its runtime.
///
/// To KeePassXC each connection is another program, whose access the user has to confirm again, so the calls of one
/// command share it.
struct Line {
    bus: Option<Connection>,
    runtime: Runtime,
}

impl Line {
    fn new() -> Result<Self, KeyringError> {
        Ok(Self { bus: None, runtime: Runtime::new().map_err(not_set_up)? })
    }

    fn talk<T>(
        &mut self,
        address: &BusAddress,
        times: Times,
        mut turn: Option<Turn>,
        work: &impl AsyncFn(&Conversation) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let Self { runtime, bus } = self;
        runtime.block_on(async {
            let mut tries = 0..2;
            loop {
                tries.next();
                let one = async {
                    let connection = match bus.take() {
                        Some(kept) => kept,
                        None => address.connect().await?,
                    };
                    let conversation = Conversation {
                        calls: Calls::greet(connection.clone()).await?,
                        turn: turn.take().into(),
                        attended: times.is_attended,
                        limit: times.prompts,
                    };
                    let answer = work(&conversation).await;
                    turn = conversation.turn.into_inner();
                    *bus = Some(connection);
                    answer
                };
                match timeout_at(times.until.into(), one).await {
                    Ok(Ok(value)) => return Ok(value),
                    // The daemon died, or another process replaced the item. The bus starts another daemon if it can.
                    Ok(Err(CallError::Died(_))) if !tries.is_empty() => *bus = None,
                    Ok(Err(CallError::Changing(_))) if !tries.is_empty() => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Err(CallError::too_slow(DEADLINE)),
                }
            }
        })
    }
}

/// Returns the error for a lack of threads or descriptors.
fn not_set_up(error: std::io::Error) -> KeyringError {
    KeyringError::Failed { store: KIND, source: Box::new(error) }
}
