//! What can be wrong with settings. A message names the file and the line.

use std::path::{Path, PathBuf};

use super::edit::ByHand;
use crate::platform::file_facts::Opening;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {what}", path = .path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    /// A value that the setting does not allow; `setting` includes its place.
    #[error("{setting} cannot be `{value}`")]
    BadValue { setting: String, value: String, known: &'static str },
    /// The same, where any text of a form is allowed.
    #[error("{place}: `{key}` {why}")]
    Invalid { place: String, key: String, why: String },
    #[error("`idp_url` of session `{session}` in {} is not an https URL", shown(.path.as_deref()))]
    BadIdpUrl { session: String, path: Option<PathBuf> },
    #[error("`account_access` of session `{session}` in {} names no tenant", shown(.path.as_deref()))]
    BadAccountAccess { session: String, path: Option<PathBuf> },
    #[error("the realm of session `{session}` is unknown")]
    NoIdpUrl { session: String, path: Option<PathBuf> },
    /// A key that this kind of file must not set, because it runs a program or decides where secrets go.
    #[error("{place}: `{key}` cannot be set here")]
    NotHere { place: String, key: String },
    /// A system-wide file that others could write or replace.
    #[error("`{path}` is not used: {}", of(.path, .opening), path = .path.display())]
    OpenToOthers { path: PathBuf, opening: Opening },
    /// The copy of a team's file is not there, as on another machine with the same config.toml.
    #[error("the settings of {url} are not on this machine")]
    TeamMissing { url: String, own: PathBuf },
    /// The copy is not what the user agreed to.
    #[error("`{path}` is not what you agreed to use from {url}", path = .path.display())]
    TeamChanged { url: String, path: PathBuf, own: PathBuf },
    #[error("there is no folder for config.toml")]
    NoFolder,
    #[error("config.toml cannot be edited: its form is not one that kcaws can change safely")]
    NotEdited { by_hand: ByHand },
}

fn shown(path: Option<&Path>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

/// Returns who could write it, and the folder that lets them.
fn of(path: &Path, opening: &Opening) -> String {
    if opening.path == path {
        return opening.who.to_string();
    }
    format!("`{}`: {}", opening.path.display(), opening.who)
}
