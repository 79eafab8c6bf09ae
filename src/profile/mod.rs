//! `~/.aws/config`: its content, and what that means to kcaws.

mod additions;
pub mod backups;
pub mod botocore;
pub mod diff;
pub mod document;
pub mod draft;
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
mod removal;
mod role;
pub mod save;
pub mod services;
pub mod sources;
pub mod sync;
pub mod target;
pub mod tool_settings;
mod trust;

use std::path::PathBuf;

pub use self::document::{Document, Heading};
pub use self::known_names::KnownNames;
pub use self::removal::OwnLine;
pub use self::role::{InvalidRole, Role, RoleName};
pub use self::target::{SsoSession, Target};

/// An error in the config, and its place.
///
/// Paths and lines are in every message; values are not, since one may be a secret.
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
    #[error("{place}: the credential_process of profile `{name}` asks kcaws for the same profile")]
    Circular { place: Place, name: String },
    /// `circle` begins and ends with the same profile.
    #[error("{place}: source_profile of profile `{name}` forms a loop: {}", .circle.join(" \u{2192} "))]
    CircularSource { place: Place, name: String, circle: Vec<String> },
    #[error("{place}: profile `{name}` has `role_arn`, but neither `source_profile` nor `credential_source`")]
    NoSource { place: Place, name: String },
    #[error("{place}: profile `{name}` has both `source_profile` and `credential_source`")]
    TwoSources { place: Place, name: String },
    #[error("{place}: source_profile of `{name}` names `{source_profile}`, which has no credentials")]
    EmptySource { place: Place, name: String, source_profile: String },
    /// Some SDKs take the profile's credentials from a key other than the one that kcaws would answer for.
    #[error("{place}: {family} tools take the credentials of profile `{name}` from `{key}`")]
    TakenElsewhere { place: Place, name: String, key: &'static str, family: sources::Family },
    #[error("{place}: source_profile of `{name}` names `{source_profile}`, and there is no such profile")]
    NoSuchSource { place: Place, name: String, source_profile: String },
    #[error("{place}: {what}")]
    BadValue { place: Place, what: String },
    /// Not a URL, but recognizable as that of an AWS portal.
    #[error("{place}: sso_start_url is not an https URL")]
    BadStartUrl { place: Place, meant: String },
    #[error("{place}: sso_region is not `{in_url}`, the region of the portal that the start URL names")]
    WrongRegion { place: Place, in_url: String },
    /// The AWS CLI and Python refuse the whole file because of it.
    #[error("{place}: {what} is already defined at {first}")]
    Doubled { place: Place, what: String, first: Place },
    /// Not all tools read the file the same way, or at all.
    #[error("{place}: {what}")]
    Unshared { place: Place, what: &'static str },
    /// A profile that kcaws did not write, and overwriting was not allowed.
    #[error("{place}: profile `{name}` was not written by kcaws")]
    Foreign {
        place: Place,
        name: String,
        /// A key that tools would still use if kcaws wrote a line beside it.
        hides: Option<&'static str>,
    },
    #[error("`{name}` is not a valid section name")]
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
    /// Returns whether a profile refers to others in a way that leads to no credentials.
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

    /// Returns whether the profile belongs to another tool, or to none.
    pub fn leaves_no_identity(&self) -> bool {
        matches!(self, Self::NotOurs { .. }) || self.is_lost_reference()
    }
}

/// File and line, in the form that editors understand.
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
