//! The files that a session has in the state folder, and for how long their locks are waited for.

use std::time::Duration;

use crate::ports::keyring::ItemKey;
use crate::profile::SsoSession;

pub(super) const FOLDER: &str = "sessions";

/// Nobody holds a session's lock longer than a refresh takes: two requests.
pub(super) const A_REFRESH: Duration = Duration::from_secs(20);
/// For tidying up, which the next command does too.
pub(super) const A_MOMENT: Duration = Duration::from_secs(2);
/// For a note that is not worth waiting for.
pub(crate) const A_BLINK: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionFile {
    Status,
    History,
    StaleCopies,
    /// Held by whoever reads and writes the token record.
    Lock,
    /// Held by a login while it runs.
    Login,
    /// Held by whoever is about to start a login.
    StartOfLogin,
    /// Left by a login until it succeeds.
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

/// Returns what the session's tokens are stored under, here and in the keyring.
pub fn item_key(session: &SsoSession) -> ItemKey {
    ItemKey { session: session.name.clone(), start_url: session.start_url.clone() }
}
