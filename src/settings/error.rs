//! What can be wrong with settings. A message names the file and the line.

use std::path::{Path, PathBuf};

use super::edit::ByHand;
use crate::console::regions::NotARegion;
use crate::platform::file_facts::Opening;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {what}", path = .path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    /// A word that is none of the `known` ones: a key, or a value of which there are few.
    #[error("{path}:{line}: unknown {what} `{word}`", path = .path.display())]
    Unknown { path: PathBuf, line: usize, what: &'static str, word: String, known: Vec<String> },
    /// A value that the setting does not allow; `setting` includes its place.
    #[error("{setting} cannot be `{value}`")]
    BadValue { setting: String, value: String, known: &'static str },
    /// The same, where any text of a form is allowed.
    #[error("{place}: `{key}` {why}")]
    Invalid { place: String, key: String, why: String },
    #[error("{place}: `{key}` is not a region: `{}`", .error.given)]
    BadRegion { place: String, key: String, error: NotARegion },
    #[error("`idp_url` of session `{session}` in {place} is not an https URL")]
    BadIdpUrl { session: String, place: String },
    #[error("`account_access` of session `{session}` in {place} names no tenant")]
    BadAccountAccess { session: String, place: String },
    #[error("the realm of session `{session}` is unknown")]
    NoIdpUrl { session: String, path: Option<PathBuf> },
    /// A key that this kind of file must not set, because it runs a program or decides where secrets go.
    #[error("{place}: `{key}` cannot be set here")]
    NotHere { place: String, key: String },
    /// A system-wide file that others could write or replace.
    #[error("`{path}` is not used: {}", of(.path, .opening), path = .path.display())]
    OpenToOthers { path: PathBuf, opening: Opening },
    /// A system-wide file that was named must exist; the usual ones need not.
    #[error("KCAWS_SYSTEM_CONFIG names `{path}`, which does not exist", path = .path.display())]
    NoSystemFile { path: PathBuf },
    /// Any error in a system-wide file, which its reader may be unable to change.
    #[error(transparent)]
    InSystemFile(Box<SettingsError>),
    /// The copy of a team's file is not there, as on another machine with the same config.toml.
    #[error("the settings of {url} are not on this machine")]
    TeamMissing { url: String, own: PathBuf },
    /// The copy is not what the user agreed to.
    #[error("`{path}` is not what you agreed to use from {url}", path = .path.display())]
    TeamChanged { url: String, path: PathBuf, own: PathBuf },
    #[error("there is no folder for config.toml")]
    NoFolder,
    #[error("`{path}` cannot be edited: its form is not one that kcaws can change safely", path = .path.display())]
    NotEdited { path: PathBuf, by_hand: ByHand },
}

impl SettingsError {
    /// Returns the error of a TOML parser, with the words that were possible if there are few.
    pub(super) fn of_toml(path: &Path, line: usize, message: &str) -> Self {
        let path = path.to_path_buf();
        // serde's form: "unknown field `a`, expected one of `b`, `c`", or "expected `b` or `c`".
        let unknown = [("unknown field `", "field"), ("unknown variant `", "value")];
        for (start, what) in unknown {
            let rest = message.strip_prefix(start);
            if let Some((word, known)) = rest.and_then(|rest| rest.split_once("`, expected ")) {
                let known = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
                return Self::Unknown { path, line, what, word: word.to_owned(), known };
            }
        }
        Self::Syntax { path, line, what: message.lines().next().unwrap_or_default().to_owned() }
    }
}

/// Returns who could write it, and the folder that lets them.
fn of(path: &Path, opening: &Opening) -> String {
    if opening.path == path {
        return opening.who.to_string();
    }
    format!("`{}`: {}", opening.path.display(), opening.who)
}
