//! kcaws's own settings: `config.toml` of the machine, of the team and of the user, and the `KCAWS_…` variables that
//! beat them.
//!
//! ```toml
//! flow = "device"       # how login goes: device, pkce or auto
//! keyring = "auto"      # where login keeps tokens
//! auto-login = false    # whether a tool without a login opens one
//! browser = "firefox"   # another browser than the desktop's, by name or path
//! console-via = "federation"  # how `console` signs in: federation, portal
//!
//! [sessions.corp]       # as in [sso-session corp]
//! start_url = "https://sso.example.com/aws"         # what `configure corp` writes to ~/.aws/config
//! region = "eu-central-1"
//! idp_url = "https://sso.example.com/realms/corp"   # the realm, for `logout --idp`
//! account_access = "aa-gyxmap389"                    # IAM roles by account access manager
//! ```
//!
//! Each value is that of the last file that sets it (`settings show`). Never read on the hot path.

mod edit;
mod entry;
mod error;
mod layer;
mod lines;
mod load;
mod schema;
pub mod team;
mod team_url;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use toml::{Table, Value};

pub use self::edit::{ByHand, key_part, with_session_key, with_team};
use self::entry::entries;
pub use self::entry::{Entry, Source};
pub use self::error::SettingsError;
pub use self::layer::{Layer, LayerKind, Leaf};
use self::load::Variables;
pub use self::load::check_file;
pub use self::schema::TeamPin;
use self::schema::{File, SessionTable};
pub use self::team_url::TeamUrl;
use crate::console::Via;
use crate::platform::env::Env;
use crate::profile::naming::ProfileSettings;
use crate::session::account_access::AccountAccessSetting;
use crate::session::store_selection::StorePreference;

/// The files that settings are read from.
#[derive(Clone, Debug, Default)]
pub struct SettingsFiles {
    /// For everyone on this machine, the least important first.
    pub system: Vec<PathBuf>,
    /// Whether the user has named the system-wide file, which must then exist.
    pub is_named: bool,
    /// The user's config folder of kcaws.
    pub folder: Option<PathBuf>,
}

impl SettingsFiles {
    /// Returns the user's own file.
    pub fn own(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("config.toml"))
    }
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub keyring: StorePreference,
    pub auto_login: bool,
    pub console_via: Via,
    flow: FlowChoice,
    flow_of_env: Option<FlowChoice>,
    browser: Option<String>,
    browser_of_env: Option<String>,
    name_of_env: Option<String>,
    profiles: ProfileSettings,
    sessions: BTreeMap<String, SessionTable>,
    /// Every value with where it comes from, sorted by key.
    pub entries: Vec<Entry>,
    /// The files, the least important first, that are there.
    pub layers: Vec<Layer>,
    /// The file in which a session's settings would be.
    path: Option<PathBuf>,
}

/// What the settings say about a session that `~/.aws/config` need not have yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOffer {
    pub name: String,
    pub start_url: String,
    pub region: Option<String>,
    pub scopes: Option<Vec<String>>,
    /// The file and line of the start URL.
    pub place: String,
}

/// The login flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowChoice {
    /// PKCE if a browser opens on this machine, the device grant elsewhere.
    Auto,
    #[default]
    Device,
    Pkce,
}

impl FlowChoice {
    pub const NAMES: [&'static str; 3] = ["auto", "device", "pkce"];
}

impl FromStr for FlowChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "device" => Ok(Self::Device),
            "pkce" => Ok(Self::Pkce),
            _ => Err(()),
        }
    }
}

const FLOWS: &str = "auto, device, pkce";
const STORES: &str = "auto, secret-service, keyutils, keychain, wincred, file";

impl Settings {
    fn of(layers: Vec<Layer>, path: Option<PathBuf>, env: &Env, variables: Variables) -> Self {
        let file = merged(&layers);
        let entries = entries(&layers, env, variables.auto_login);
        Self {
            keyring: variables
                .keyring
                .or_else(|| file.keyring.as_ref().and_then(|name| name.parse().ok()))
                .unwrap_or(StorePreference::Auto),
            auto_login: variables.auto_login.or(file.auto_login).unwrap_or(false),
            console_via: variables.console_via.unwrap_or_else(|| of_file(file.console_via.as_ref())),
            flow: of_file(file.flow.as_ref()),
            flow_of_env: variables.flow,
            browser: file.browser,
            browser_of_env: variables.browser,
            name_of_env: variables.name,
            profiles: file.profiles,
            sessions: file.sessions,
            entries,
            layers,
            path,
        }
    }

    /// Returns how a login of the session goes.
    pub fn flow(&self, session: &str) -> FlowChoice {
        let of_session = self.sessions.get(session).and_then(|table| table.flow.as_ref()?.parse().ok());
        self.flow_of_env.or(of_session).unwrap_or(self.flow)
    }

    /// Returns the browser for a session, by name or path; `None` for the desktop's.
    pub fn browser(&self, session: &str) -> Option<&str> {
        let of_session = self.sessions.get(session).and_then(|table| table.browser.as_deref());
        let browser = self.browser_of_env.as_deref().or(of_session).or(self.browser.as_deref());
        browser.filter(|name| !name.is_empty())
    }

    /// Returns how profiles of the session are named, and what is written to them.
    pub fn profiles(&self, session: &str) -> ProfileSettings {
        let mut profiles = self.profiles.clone();
        if let Some(table) = self.sessions.get(session) {
            profiles.override_by(&table.profiles);
        }
        profiles.name = self.name_of_env.clone().or(profiles.name);
        profiles
    }

    /// Returns the tenant of account access manager; `None` if the session has none.
    pub fn account_access(&self, session: &str) -> Option<AccountAccessSetting> {
        AccountAccessSetting::parse(self.sessions.get(session)?.account_access.as_deref()?)
    }

    /// Returns the realm's URL, `https://<Keycloak>/realms/<realm>`, without a trailing slash.
    pub fn idp_url(&self, session: &str) -> Result<&str, SettingsError> {
        self.sessions
            .get(session)
            .and_then(|table| table.idp_url.as_deref())
            .map(|url| url.trim_end_matches('/'))
            .ok_or_else(|| SettingsError::NoIdpUrl { session: session.to_owned(), path: self.path.clone() })
    }

    /// Returns the sessions whose start URL is set here, for `configure`.
    pub fn offers(&self) -> Vec<SessionOffer> {
        let offer = |(name, table): (&String, &SessionTable)| {
            Some(SessionOffer {
                name: name.clone(),
                start_url: table.start_url.clone()?,
                region: table.region.clone(),
                scopes: table.scopes.clone(),
                place: self.place(&["sessions", name, "start_url"]),
            })
        };
        self.sessions.iter().filter_map(offer).collect()
    }

    /// Returns the file and line, or the variable, that a value comes from.
    pub fn place(&self, key: &[&str]) -> String {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or(&Source::Default, |entry| &entry.source).to_string()
    }
}

/// Parses a value of a file that has been checked by itself.
fn of_file<T: FromStr<Err = ()> + Default>(value: Option<&String>) -> T {
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// Puts the values together: each is that of the last file that sets it.
fn merged(layers: &[Layer]) -> File {
    let mut table = Table::new();
    for leaf in layers.iter().flat_map(|layer| &layer.leaves) {
        insert(&mut table, &leaf.key, leaf.value.clone());
    }
    // Every file had this form by itself.
    Value::Table(table).try_into().unwrap_or_default()
}

fn insert(table: &mut Table, key: &[String], value: Value) {
    let Some((last, above)) = key.split_last() else { return };
    let mut table = table;
    for name in above {
        let below = table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(below) = below else { return };
        table = below;
    }
    table.insert(last.clone(), value);
}

#[cfg(test)]
mod tests;
