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
pub mod kcaws_profile;
mod known_names;
pub mod line;
pub mod naming;
pub mod plain_name;
pub mod portal_url;
mod portals;
mod reading;
mod reference_errors;
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
pub use self::known_names::KnownNames;
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
    NoSuchSession { name: String, path: PathBuf, known: KnownNames },
    #[error("there is no profile `{name}` in `{path}`", path = .path.display())]
    NoSuchProfile { name: String, path: PathBuf, known: KnownNames },
    #[error("{place}: profile `{name}` is not an IAM Identity Center profile")]
    NotOurs { place: Place, name: String },
    #[error("{place}: the credential_process of profile `{name}` asks kcaws for that very profile")]
    Circular { place: Place, name: String },
    /// `circle` begins and ends with the same profile.
    #[error("{place}: source_profile of profile `{name}` leads in a circle: {}", .circle.join(" \u{2192} "))]
    CircularSource { place: Place, name: String, circle: Vec<String> },
    #[error("{place}: profile `{name}` has `role_arn`, but nothing says whose credentials assume that role")]
    NoSource { place: Place, name: String },
    #[error("{place}: profile `{name}` has both `source_profile` and `credential_source`")]
    TwoSources { place: Place, name: String },
    #[error("{place}: source_profile of `{name}` names `{source_profile}`, which has no credentials")]
    EmptySource { place: Place, name: String, source_profile: String },
    /// Some SDKs take the profile's credentials from another key than the one kcaws would answer for.
    #[error("{place}: {family} tools take the credentials of profile `{name}` from `{key}`")]
    TakenElsewhere { place: Place, name: String, key: &'static str, family: sources::Family },
    #[error("{place}: source_profile of `{name}` names `{source_profile}`, and there is no such profile")]
    NoSuchSource { place: Place, name: String, source_profile: String },
    #[error("{place}: {what}")]
    BadValue { place: Place, what: String },
    /// Not a URL, but one of AWS's portals is easy to see in it.
    #[error("{place}: sso_start_url is not an https URL")]
    BadStartUrl { place: Place, meant: String },
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
    Foreign {
        place: Place,
        name: String,
        /// A key that tools would go on to take, if kcaws wrote a line beside it.
        hides: Option<&'static str>,
    },
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

impl ConfigError {
    /// Tells whether a profile refers to others in a way that leads to no credentials.
    pub fn is_lost_reference(&self) -> bool {
        matches!(
            self,
            Self::CircularSource { .. }
                | Self::NoSource { .. }
                | Self::TwoSources { .. }
                | Self::EmptySource { .. }
                | Self::NoSuchSource { .. }
        )
    }

    /// Tells whether the profile is somebody else's, or nobody's.
    pub fn leaves_no_identity(&self) -> bool {
        matches!(self, Self::NotOurs { .. }) || self.is_lost_reference()
    }
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
