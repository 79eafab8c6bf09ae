//! The keys of a file of settings, and which file may set which of them.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use url::Url;

use super::error::SettingsError;
use super::layer::Layer;
use super::team_url::TeamUrl;
use super::{FLOWS, FlowChoice, STORES};
use crate::console::Via;
use crate::ports::browser::is_known_browser;
use crate::ports::identity_center::loopback_or_https;
use crate::profile::naming::ProfileSettings;
use crate::session::account_access::AccountAccessSetting;
use crate::session::store_selection::StorePreference;

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
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

/// Checks the values whose form is known, and that the file may set them.
pub(super) fn check(layer: &Layer, file: &File, trust: Trust) -> Result<(), SettingsError> {
    let place = |key: &[&str]| format!("{}:{}", layer.path.display(), layer.line(key));
    let setting = |key: &[&str]| format!("`{}` in {}", key.join("."), place(key));
    known::<FlowChoice>(file.flow.as_ref(), FLOWS, || setting(&["flow"]))?;
    known::<StorePreference>(file.keyring.as_ref(), STORES, || setting(&["keyring"]))?;
    known::<Via>(file.console_via.as_ref(), Via::NAMES, || setting(&["console-via"]))?;
    let not_here = |key: &[&str]| {
        Err(SettingsError::NotHere {
            place: place(key),
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
    }
    if trust != Trust::Own && !file.team.is_empty() {
        return not_here(&["team"]);
    }
    for (session, table) in &file.sessions {
        known::<FlowChoice>(table.flow.as_ref(), FLOWS, || setting(&["sessions", session, "flow"]))?;
        if trust == Trust::Data && is_program(table.browser.as_ref()) {
            return not_here(&["sessions", session, "browser"]);
        }
        let (session, path) = (session.clone(), Some(layer.path.clone()));
        if table.account_access.as_deref().is_some_and(|text| AccountAccessSetting::parse(text).is_none()) {
            return Err(SettingsError::BadAccountAccess { session, path });
        }
        if table.idp_url.as_deref().is_some_and(|url| !is_idp_url(url)) {
            return Err(SettingsError::BadIdpUrl { session, path });
        }
    }
    Ok(())
}

/// Checks a value of which there are few.
fn known<T: FromStr<Err = ()>>(
    value: Option<&String>,
    known: &'static str,
    setting: impl FnOnce() -> String,
) -> Result<(), SettingsError> {
    match value {
        Some(value) if value.parse::<T>().is_err() => {
            Err(SettingsError::BadValue { setting: setting(), value: value.clone(), known })
        }
        _ => Ok(()),
    }
}

fn is_idp_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| loopback_or_https(&url) && url.has_host())
}
