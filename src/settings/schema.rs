//! The keys of a file of settings, and which file may set which of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::SettingsError;
use super::layer::Layer;
use super::team_url::TeamUrl;
use crate::ports::browser::is_known_browser;
use crate::profile::naming::ProfileSettings;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) flow: Option<String>,
    pub(super) keyring: Option<String>,
    pub(super) auto_login: Option<bool>,
    pub(super) browser: Option<String>,
    pub(super) console_via: Option<String>,
    #[serde(default)]
    pub(super) profiles: ProfileSettings,
    #[serde(default)]
    pub(super) sessions: BTreeMap<String, SessionTable>,
    #[serde(default)]
    pub(super) team: Vec<TeamPin>,
}

/// A `[sessions.NAME]` table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of settings")]
pub(super) struct SessionTable {
    pub(super) start_url: Option<String>,
    pub(super) region: Option<String>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) idp_url: Option<String>,
    pub(super) account_access: Option<String>,
    pub(super) flow: Option<String>,
    pub(super) browser: Option<String>,
    #[serde(default)]
    pub(super) profiles: ProfileSettings,
}

/// A file that the user took from a URL: `[[team]]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, expecting = "a table with `url` and `sha256`")]
pub struct TeamPin {
    pub url: TeamUrl,
    /// Of the file's bytes, in lower-case hex.
    pub sha256: String,
}

/// What a file may decide, by who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Own,
    /// Who could also replace kcaws itself.
    Administrator,
    /// Names and addresses: no program to run, no place for secrets, no login that opens by itself.
    Data,
}

/// Checks that the file may set what it sets.
pub(super) fn check(layer: &Layer, file: &File, trust: Trust) -> Result<(), SettingsError> {
    let not_here = |key: &[&str]| {
        Err(SettingsError::NotHere {
            place: layer.place(key),
            key: key.last().copied().unwrap_or_default().to_owned(),
        })
    };
    let is_program = |browser: Option<&String>| browser.is_some_and(|browser| !is_known_browser(browser));
    if trust == Trust::Data {
        let decides = [("keyring", file.keyring.is_some()), ("auto-login", file.auto_login.is_some())];
        let refused = [("browser", is_program(file.browser.as_ref()))];
        if let Some((key, _)) = decides.into_iter().chain(refused).find(|(_, is_set)| *is_set) {
            return not_here(&[key]);
        }
        let of_session = file.sessions.iter().find(|(_, table)| is_program(table.browser.as_ref()));
        if let Some((session, _)) = of_session {
            return not_here(&["sessions", session, "browser"]);
        }
    }
    if trust != Trust::Own && !file.team.is_empty() {
        return not_here(&["team"]);
    }
    Ok(())
}
