//! `~/.aws/config`: what the file says, and what it means to kcaws.

mod additions;
pub mod backups;
pub mod dialects;
pub mod diff;
pub mod document;
pub mod draft;
mod headers;
pub mod identity;
pub mod invisible;
pub mod line;
pub mod naming;
pub mod own;
mod reading;
pub mod references;
pub mod save;
pub mod services;
pub mod sources;
mod strict;
pub mod sync;
pub mod target;
pub mod tool_settings;
mod trust;

use std::path::PathBuf;

pub use self::document::{Document, Heading};
pub use self::target::{Role, SsoSession, Target};

/// What is wrong with the config, and where. Paths and lines are in every message; values are not, because
/// somebody may have put a secret there.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{place}: {what}")]
    Syntax { place: Place, what: &'static str },
    #[error("{place}: [{section}] has no `{key}`")]
    MissingKey { place: Place, section: String, key: &'static str },
    #[error("there is no [sso-session {name}] in `{path}`", path = .path.display())]
    NoSuchSession { name: String, path: PathBuf, known: Vec<String> },
    #[error("there is no profile `{name}` in `{path}`", path = .path.display())]
    NoSuchProfile { name: String, path: PathBuf, known: Vec<String> },
    #[error("{place}: profile `{name}` does not get its credentials through an SSO session")]
    NotOurs { place: Place, name: String },
    #[error("{place}: the credential_process of profile `{name}` asks kcaws for that very profile")]
    Circular { place: Place, name: String },
    /// Some SDKs take the profile's credentials from another key than the one kcaws would answer for.
    #[error("{place}: {family} tools take the credentials of profile `{name}` from `{key}`")]
    TakenElsewhere { place: Place, name: String, key: &'static str, family: sources::Family },
    #[error("{place}: source_profile of `{name}` names `{source_profile}`, and there is no such profile")]
    NoSuchSource { place: Place, name: String, source_profile: String },
    #[error("{place}: {what}")]
    BadValue { place: Place, what: String },
    #[error("{place}: sso_region is not `{told}`, the region of the portal that the start URL names")]
    WrongRegion { place: Place, told: String },
    /// The AWS CLI and Python refuse the whole file for it.
    #[error("{place}: {what} is there already, at {first}")]
    Doubled { place: Place, what: String, first: Place },
    /// Not all tools read the file the same way, or at all.
    #[error("{place}: {what}")]
    Unshared { place: Place, what: &'static str },
    /// A profile that we did not write, and nobody said that we may.
    #[error("{place}: profile `{name}` was not written by kcaws")]
    Foreign { place: Place, name: String },
    #[error("`{name}` cannot be the name of a section")]
    BadName { name: String },
    #[error("the value of `{key}` cannot be written so that every tool reads it")]
    CannotBeWritten { key: String },
    #[error("AWS_CONFIG_FILE names `{path}`, which does not exist", path = .path.display())]
    NoSuchFile { path: PathBuf },
    #[error("there is no home folder, and AWS_CONFIG_FILE is not set")]
    NoHome,
    #[error("no session is set up: `{path}` has no [sso-session …]", path = .path.display())]
    NoSessions { path: PathBuf },
}

/// File and line, as editors understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}
