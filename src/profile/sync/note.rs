//! The record of what sync wrote, in the state folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ports::state_folder::{StateError, StateFolder, hashed_name};
use crate::profile::{Document, Role, RoleName, SsoSession};

/// What sync wrote last, by profile.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The default Region given when the session was set up; config.toml takes precedence.
    #[serde(default)]
    pub region: Option<String>,
    pub(super) profiles: BTreeMap<String, Noted>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::profile) struct Noted {
    pub(super) account: String,
    pub(super) role: RoleName,
    pub(in crate::profile) region: Option<String>,
    #[serde(default)]
    pub(in crate::profile) output: Option<String>,
}

impl Noted {
    pub(super) fn is_of(&self, role: &Role) -> bool {
        (&self.account, &self.role) == (&role.account_id, &role.role_name)
    }
}

/// The author of a record. An import recognizes what an earlier one wrote, and never prunes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    Sync,
    Import,
}

impl Note {
    fn file(writer: Writer, session: &SsoSession, document: &Document) -> String {
        let folder = match writer {
            Writer::Sync => "sync",
            Writer::Import => "import",
        };
        let path = document.path().as_os_str().as_encoded_bytes();
        let name = hashed_name(&[session.name.as_bytes(), session.start_url.as_bytes(), path]);
        format!("{folder}/{name}.json")
    }

    /// Reads the record; a lost or damaged one counts as empty, so that nothing is pruned.
    pub fn load(
        state: &dyn StateFolder,
        writer: Writer,
        session: &SsoSession,
        document: &Document,
    ) -> Result<Self, StateError> {
        let bytes = state.read(&Self::file(writer, session, document))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub fn save(
        &self,
        state: &dyn StateFolder,
        writer: Writer,
        session: &SsoSession,
        document: &Document,
    ) -> Result<(), StateError> {
        state.write(&Self::file(writer, session, document), &serde_json::to_vec(self).unwrap_or_default())
    }
}
