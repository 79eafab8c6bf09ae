//! Whether the realm records logins, and recording them for a while.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ports::keycloak::{EventsConfig, Keycloak, KeycloakError};

/// The events that show how a login went.
const NEEDED: [&str; 2] = ["LOGIN", "LOGIN_ERROR"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingState {
    On,
    /// The realm records nothing, or other events only.
    Off,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordingError {
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    /// Somebody else changed the configuration meanwhile; theirs stays.
    #[error("the configuration of events was changed by somebody else meanwhile")]
    ChangedMeanwhile,
}

/// Records logins from [`begin`](Self::begin) until it is dropped or finished.
#[must_use]
pub(crate) struct Recording(Arc<Change>);

struct Change {
    keycloak: Arc<dyn Keycloak>,
    /// The configurations before and during the recording; taken out by the one that puts it back.
    configs: Mutex<Option<(EventsConfig, EventsConfig)>>,
}

impl RecordingState {
    pub(crate) fn read(keycloak: &dyn Keycloak) -> Result<Self, KeycloakError> {
        Ok(Self::of(&keycloak.events_config()?))
    }

    fn of(config: &EventsConfig) -> Self {
        let has = |kind: &&str| config.enabled_event_types.iter().any(|enabled| enabled == kind);
        let has_all = config.enabled_event_types.is_empty() || NEEDED.iter().all(has);
        if config.events_enabled && has_all { Self::On } else { Self::Off }
    }
}

impl Recording {
    /// Prepares to switch the recording of logins on; `None` if it is on already. Nothing is changed yet.
    pub(crate) fn prepare(keycloak: Arc<dyn Keycloak>) -> Result<Option<Self>, KeycloakError> {
        let before = keycloak.events_config()?;
        if RecordingState::of(&before) == RecordingState::On {
            return Ok(None);
        }
        let during = with_logins(&before);
        let configs = Mutex::new(Some((before, during)));
        Ok(Some(Self(Arc::new(Change { keycloak, configs }))))
    }

    /// Switches the recording on.
    ///
    /// What [`undo`](Self::undo) returns has to be in place before: an interrupt in between would leave it on.
    pub(crate) fn begin(&self) -> Result<(), KeycloakError> {
        let configs = self.0.configs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        configs.map_or(Ok(()), |(_, during)| self.0.keycloak.set_events_config(&during))
    }

    /// Returns what puts the configuration back when the process is interrupted.
    pub(crate) fn undo(&self) -> impl FnOnce() + Send + use<> {
        let change = Arc::clone(&self.0);
        move || {
            let _ = change.put_back();
        }
    }

    /// Puts the configuration back, and reports if that fails.
    pub(crate) fn finish(self) -> Result<(), RecordingError> {
        self.0.put_back()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.0.put_back();
    }
}

impl Change {
    fn put_back(&self) -> Result<(), RecordingError> {
        let configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((before, during)) = configs else { return Ok(()) };
        let current = self.keycloak.events_config()?;
        if current == before {
            return Ok(());
        }
        if !is_same(&current, &during) {
            return Err(RecordingError::ChangedMeanwhile);
        }
        Ok(self.keycloak.set_events_config(&before)?)
    }
}

/// Adds what is needed to a configuration, and nothing else.
fn with_logins(before: &EventsConfig) -> EventsConfig {
    let mut during = before.clone();
    during.events_enabled = true;
    if !during.enabled_event_types.is_empty() {
        let missing =
            NEEDED.iter().filter(|kind| !before.enabled_event_types.iter().any(|enabled| enabled == *kind));
        during.enabled_event_types.extend(missing.map(|kind| (*kind).to_owned()));
    }
    during
}

/// Keycloak returns the types in another order than they were written.
fn is_same(one: &EventsConfig, other: &EventsConfig) -> bool {
    let sorted = |config: &EventsConfig| {
        let mut config = config.clone();
        config.enabled_event_types.sort();
        config
    };
    sorted(one) == sorted(other)
}
