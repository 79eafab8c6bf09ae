//! The administrator's secrets: the service account's and the SCIM token, in the keyring or in a file of the caller.
//!
//! A secret is kept under the address that it is for, so that another server never gets it (rule 12). What the state
//! folder records is where it is stored and since when, never the secret.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kcaws::app::App;
use kcaws::platform::foreign_file;
use kcaws::ports::keyring::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind};
use kcaws::ports::state_folder::{StateError, hashed_name};
use kcaws::secret::Secret;
use kcaws::session::admin_secrets::{self, Place};
use kcaws::session::{SessionError, store_selection};
use kcaws::settings::SettingsError;
use serde::{Deserialize, Serialize};

const SCHEMA: u32 = 1;
/// How long another process may hold the lock of a secret: it may be prompting.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// The client secret of the realm's service account.
    KeycloakClient,
    /// The bearer token of the SCIM endpoint.
    ScimToken,
}

/// A secret and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminSecret {
    pub(crate) kind: SecretKind,
    /// The realm's URL and the client, or the SCIM endpoint.
    pub(crate) of: String,
}

/// Where a secret is stored, and since when.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct SecretRecord {
    schema: u32,
    #[serde(flatten)]
    pub(crate) place: Place,
    pub(crate) stored_at: DateTime<Utc>,
    /// When it was made, as far as the administrator said.
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("there is no {} for {}", .0.kind.label(), .0.of)]
    Missing(AdminSecret),
    #[error("{variable}: cannot read `{}`", .path.display())]
    UnreadableFile { variable: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{variable}: `{}` does not begin with a line of text", .path.display())]
    NotALine { variable: &'static str, path: PathBuf },
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Store(#[from] SessionError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the record of the {} is damaged", .0.label())]
    DamagedRecord(SecretKind),
}

impl SecretKind {
    /// Returns the variable that names a file with the secret: a path, or `/dev/fd/3` for a descriptor.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::KeycloakClient => "KCAWS_KEYCLOAK_SECRET_FILE",
            Self::ScimToken => "KCAWS_SCIM_TOKEN_FILE",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::KeycloakClient => "client secret",
            Self::ScimToken => "SCIM token",
        }
    }
}

impl AdminSecret {
    /// Returns the variable's file that holds the secret, if one is named.
    pub(crate) fn file(&self, app: &App) -> Option<PathBuf> {
        app.env.get(self.kind.variable()).map(PathBuf::from)
    }

    /// Returns the secret from the file that the environment names, else from the keyring.
    pub(crate) fn read(&self, app: &App, prompting: Prompting) -> Result<Secret<String>, SecretError> {
        if let Some(path) = self.file(app) {
            return self.in_file(path);
        }
        let missing = || SecretError::Missing(self.clone());
        let record = self.record(app)?.ok_or_else(missing)?;
        let (store, key) = (app.store(record.place.store)?, self.item());
        store_selection::open_for(&*store, &key, prompting)?;
        store.get(&key)?.ok_or_else(missing)
    }

    /// Removes the secret from the keyring, and returns where it was; `None` if it was not kept.
    pub(crate) fn remove(&self, app: &App, prompting: Prompting) -> Result<Option<StoreKind>, SecretError> {
        let _lock = app.state().lock(&self.file_name("lock"), LOCK_PATIENCE)?;
        let Some(record) = self.record(app)? else { return Ok(None) };
        let (store, key) = (app.store(record.place.store)?, self.item());
        store_selection::open_for(&*store, &key, prompting)?;
        let was_there = store.delete(&key)?;
        app.state().remove(&self.file_name("json"))?;
        Ok(was_there.then_some(record.place.store))
    }

    /// Keeps the secret in the keyring that settings and platform choose, and returns where that is.
    pub(crate) fn keep(
        &self,
        app: &App,
        value: &Secret<String>,
        created_at: DateTime<Utc>,
        prompting: Prompting,
    ) -> Result<SecretRecord, SecretError> {
        let _lock = app.state().lock(&self.file_name("lock"), LOCK_PATIENCE)?;
        let (requested, before, key) =
            (app.settings()?.keyring, self.record(app).ok().flatten(), self.item());
        let written = |store: &dyn SecretStore| {
            store.set(&key, value)?;
            let is_kept = store.get(&key)?.is_some_and(|kept| kept.expose() == value.expose());
            if is_kept { Ok(()) } else { Err(SessionError::StoreForgets { store: store.kind() }) }
        };
        let noted = before.as_ref().map(|record| record.place.store);
        let chosen =
            store_selection::for_login(&key, requested, noted, prompting, &|kind| app.store(kind), &written)?;
        let record = SecretRecord {
            schema: SCHEMA,
            place: Place {
                store: chosen.store.kind(),
                label: self.kind.label().to_owned(),
                of: self.of.clone(),
            },
            stored_at: app.clock.now(),
            created_at,
        };
        let text = serde_json::to_vec(&record).expect("names and times serialize");
        app.state().write(&self.file_name("json"), &text)?;
        // The copy in the store of before would outlive the next rotation.
        if let Some(old) = before.filter(|before| before.place.store != record.place.store) {
            app.store(old.place.store)?.delete(&key)?;
        }
        Ok(record)
    }

    /// Returns where the secret is in the keyring; `None` if it was never kept there.
    pub(crate) fn record(&self, app: &App) -> Result<Option<SecretRecord>, SecretError> {
        let Some(bytes) = app.state().read(&self.file_name("json"))? else { return Ok(None) };
        let record: Option<SecretRecord> = serde_json::from_slice(&bytes).ok();
        let is_known = |record: &SecretRecord| record.schema == SCHEMA;
        record.filter(is_known).map(Some).ok_or(SecretError::DamagedRecord(self.kind))
    }

    fn in_file(&self, path: PathBuf) -> Result<Secret<String>, SecretError> {
        let variable = self.kind.variable();
        let bytes = foreign_file::read(&path).map(Secret::new);
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(source) => return Err(SecretError::UnreadableFile { variable, path, source }),
        };
        let line = bytes.expose().split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        match std::str::from_utf8(line) {
            Ok(line) if is_line(line) => Ok(line.into()),
            _ => Err(SecretError::NotALine { variable, path }),
        }
    }

    fn item(&self) -> ItemKey {
        admin_secrets::item(self.kind.label(), &self.of)
    }

    fn file_name(&self, ending: &str) -> String {
        format!(
            "{}/{}.{ending}",
            admin_secrets::FOLDER,
            hashed_name(&[self.kind.label().as_bytes(), self.of.as_bytes()])
        )
    }
}

/// Returns whether the text can be a secret: one line of visible ASCII, as both services make them.
pub(crate) fn is_line(text: &str) -> bool {
    !text.is_empty() && text.len() <= 8192 && text.bytes().all(|byte| byte.is_ascii_graphic())
}
