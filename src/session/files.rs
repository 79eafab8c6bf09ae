//! The files of a session in the state folder.

use crate::ports::keyring::ItemKey;
use crate::profile::SsoSession;

pub(super) const FOLDER: &str = "sessions";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionFile {
    Status,
    History,
    StaleCopies,
    /// Held while the token record is read and written.
    Lock,
    /// Held by a login while it runs.
    Login,
    /// Held by a process that is about to start a login.
    StartOfLogin,
    /// Exists from the beginning of a login until it succeeds.
    UnfinishedLogin,
}

impl SessionFile {
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Status => "json",
            Self::History => "known",
            Self::StaleCopies => "copies",
            Self::Lock => "lock",
            Self::Login => "login",
            Self::StartOfLogin => "start",
            Self::UnfinishedLogin => "unfinished",
        }
    }

    /// Returns its name in the state folder.
    pub(super) fn of(self, session: &SsoSession) -> String {
        format!("{FOLDER}/{}.{}", item_key(session).digest(), self.suffix())
    }
}

/// Returns the key that the session's tokens are stored under, here and in the keyring.
pub fn item_key(session: &SsoSession) -> ItemKey {
    ItemKey { session: session.name.clone(), start_url: session.start_url.clone() }
}
