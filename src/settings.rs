//! kcaws's own settings: `config.toml` in the platform's config folder, and the `KCAWS_…` variables that beat it.
//!
//! ```toml
//! flow = "device"       # how login goes: device, pkce or auto
//! keyring = "auto"      # where login keeps tokens
//! auto-login = false    # whether a tool without a login opens one
//! browser = "firefox"   # another browser than the desktop's, by name or path
//! console-via = "federation"  # how `console` signs in: federation, portal
//!
//! [sessions.corp]       # as in [sso-session corp]
//! idp_url = "https://sso.example.com/realms/corp"   # the realm, for `logout --idp`
//! account_access = "aa-gyxmap389"                    # IAM roles by account access manager
//! ```
//!
//! Never read on the hot path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use url::Url;

use crate::console::Via;
use crate::platform::env::Env;
use crate::platform::foreign_file;
use crate::ports::identity_center::loopback_or_https;
use crate::profile::naming::ProfileSettings;
use crate::session::account_access::AccountAccessSetting;
use crate::session::store_selection::StorePreference;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub flow: FlowChoice,
    pub keyring: StorePreference,
    pub auto_login: bool,
    pub browser: Option<String>,
    pub console_via: Via,
    /// The `[profiles]` table: names and Regions of what `sync` writes.
    pub profiles: ProfileSettings,
    /// By session name, without a trailing slash.
    idp_urls: BTreeMap<String, String>,
    /// By session name.
    account_access: BTreeMap<String, AccountAccessSetting>,
    /// The file in which a session's settings would be.
    path: Option<PathBuf>,
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

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {what}", path = .path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    /// A value that the setting does not allow; `setting` includes its place.
    #[error("{setting} cannot be `{value}`")]
    BadValue { setting: String, value: String, known: &'static str },
    #[error("`idp_url` of session `{session}` in {} is not an https URL", shown(.path.as_deref()))]
    BadIdpUrl { session: String, path: Option<PathBuf> },
    #[error("`account_access` of session `{session}` in {} names no tenant", shown(.path.as_deref()))]
    BadAccountAccess { session: String, path: Option<PathBuf> },
    #[error("the realm of session `{session}` is unknown")]
    NoIdpUrl { session: String, path: Option<PathBuf> },
}

const FLOWS: &str = "auto, device, pkce";
const STORES: &str = "auto, secret-service, keyutils, keychain, wincred, file";
const SWITCH: &str = "true, false";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    flow: Option<String>,
    keyring: Option<String>,
    auto_login: Option<bool>,
    browser: Option<String>,
    console_via: Option<String>,
    #[serde(default)]
    profiles: ProfileSettings,
    #[serde(default)]
    sessions: BTreeMap<String, OfSession>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfSession {
    idp_url: Option<String>,
    account_access: Option<String>,
}

impl Settings {
    /// Reads the settings. `folder` is kcaws's config folder; a missing file counts as an empty one.
    pub fn load(folder: Option<&Path>, env: &Env) -> Result<Self, SettingsError> {
        let path = folder.map(|folder| folder.join("config.toml"));
        let file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        let place = |name: &str| format!("`{name}` in {}", shown(path.as_deref()));
        let flow = match (env.get("KCAWS_FLOW"), file.flow) {
            (Some(value), _) => one_of(&value, FLOWS, || "KCAWS_FLOW".to_owned())?,
            (None, Some(value)) => one_of(&value, FLOWS, || place("flow"))?,
            (None, None) => FlowChoice::default(),
        };
        let keyring = match (env.get("KCAWS_KEYRING"), file.keyring) {
            (Some(value), _) => one_of(&value, STORES, || "KCAWS_KEYRING".to_owned())?,
            (None, Some(value)) => one_of(&value, STORES, || place("keyring"))?,
            (None, None) => StorePreference::Auto,
        };
        let auto_login = match env.get("KCAWS_AUTO_LOGIN") {
            Some(value) => switch(&value, "KCAWS_AUTO_LOGIN")?,
            None => file.auto_login.unwrap_or(false),
        };
        let browser = env.get("KCAWS_BROWSER").or(file.browser).filter(|name| !name.is_empty());
        let console_via = match (env.get("KCAWS_CONSOLE_VIA"), file.console_via) {
            (Some(value), _) => one_of(&value, Via::NAMES, || "KCAWS_CONSOLE_VIA".to_owned())?,
            (None, Some(value)) => one_of(&value, Via::NAMES, || place("console-via"))?,
            (None, None) => Via::default(),
        };
        let mut profiles = file.profiles;
        profiles.name = env.get("KCAWS_NAME_TEMPLATE").or(profiles.name);
        let (mut idp_urls, mut account_access) = (BTreeMap::new(), BTreeMap::new());
        for (session, settings) in file.sessions {
            if let Some(text) = settings.account_access {
                let Some(setting) = AccountAccessSetting::parse(&text) else {
                    return Err(SettingsError::BadAccountAccess { session, path });
                };
                account_access.insert(session.clone(), setting);
            }
            let Some(url) = settings.idp_url else { continue };
            match Url::parse(&url) {
                Ok(parsed) if loopback_or_https(&parsed) && parsed.has_host() => {}
                _ => return Err(SettingsError::BadIdpUrl { session, path }),
            }
            idp_urls.insert(session, url.trim_end_matches('/').to_owned());
        }
        Ok(Self { flow, keyring, auto_login, browser, console_via, profiles, idp_urls, account_access, path })
    }

    /// Returns the tenant of account access manager; `None` if the session has none.
    pub fn account_access(&self, session: &str) -> Option<&AccountAccessSetting> {
        self.account_access.get(session)
    }

    /// Returns the realm's URL, `https://<Keycloak>/realms/<realm>`.
    pub fn idp_url(&self, session: &str) -> Result<&str, SettingsError> {
        self.idp_urls
            .get(session)
            .map(String::as_str)
            .ok_or_else(|| SettingsError::NoIdpUrl { session: session.to_owned(), path: self.path.clone() })
    }
}

fn read(path: &Path) -> Result<File, SettingsError> {
    let text = foreign_file::read(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is not valid UTF-8"))
    });
    let text = match text {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(source) => return Err(SettingsError::Unreadable { path: path.to_path_buf(), source }),
    };
    toml::from_str(&text).map_err(|error| {
        let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
        SettingsError::Syntax {
            path: path.to_path_buf(),
            line: before.matches('\n').count() + 1,
            what: error.message().lines().next().unwrap_or_default().to_owned(),
        }
    })
}

fn one_of<T: FromStr<Err = ()>>(
    value: &str,
    known: &'static str,
    setting: impl FnOnce() -> String,
) -> Result<T, SettingsError> {
    value.parse().map_err(|()| SettingsError::BadValue { setting: setting(), value: value.to_owned(), known })
}

fn switch(value: &str, name: &str) -> Result<bool, SettingsError> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            Err(SettingsError::BadValue { setting: name.to_owned(), value: value.to_owned(), known: SWITCH })
        }
    }
}

fn shown(path: Option<&Path>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::ports::keyring::StoreKind;

    fn load(file: Option<&str>, env: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().expect("a temp folder");
        if let Some(text) = file {
            let mut temp = tempfile::NamedTempFile::new_in(&folder).expect("creates");
            temp.write_all(text.as_bytes()).expect("writes");
            temp.persist(folder.path().join("config.toml")).expect("persists");
        }
        Settings::load(Some(folder.path()), &Env::from_pairs(env))
    }

    #[test]
    fn without_a_file_everything_has_its_default() {
        for settings in [load(None, &[]), Settings::load(None, &Env::from_pairs(&[]))] {
            let settings = settings.expect("loads");
            assert_eq!(
                (settings.flow, settings.keyring, settings.auto_login, settings.console_via),
                (FlowChoice::Device, StorePreference::Auto, false, Via::Federation)
            );
            assert!(matches!(settings.idp_url("corp"), Err(SettingsError::NoIdpUrl { .. })));
        }
    }

    #[test]
    fn a_variable_beats_the_file() {
        let file = Some("flow = \"pkce\"\nkeyring = \"keyutils\"\nauto-login = true\n");
        let settings = load(file, &[]).expect("loads");
        assert_eq!(settings.flow, FlowChoice::Pkce);
        assert_eq!(settings.keyring, StorePreference::Named(StoreKind::Keyutils));
        assert!(settings.auto_login);
        let env = [("KCAWS_FLOW", "device"), ("KCAWS_KEYRING", "auto"), ("KCAWS_AUTO_LOGIN", "false")];
        let settings = load(file, &env).expect("loads");
        assert_eq!(
            (settings.flow, settings.keyring, settings.auto_login),
            (FlowChoice::Device, StorePreference::Auto, false)
        );
        let file = Some("browser = \"firefox\"\nconsole-via = \"portal\"\n");
        let settings = load(file, &[]).expect("loads");
        assert_eq!((settings.browser.as_deref(), settings.console_via), (Some("firefox"), Via::Portal));
        let env = [("KCAWS_BROWSER", "edge"), ("KCAWS_CONSOLE_VIA", "federation")];
        let settings = load(file, &env).expect("loads");
        assert_eq!((settings.browser.as_deref(), settings.console_via), (Some("edge"), Via::Federation));
    }

    #[test]
    fn the_names_of_profiles_can_be_set() {
        let file = Some("[profiles]\nname = \"{role}\"\n[profiles.accounts.dev]\nalias = \"d\"\n");
        let profiles = load(file, &[]).expect("loads").profiles;
        assert_eq!(profiles.name.as_deref(), Some("{role}"));
        assert_eq!(profiles.accounts["dev"].alias.as_deref(), Some("d"));
        let profiles = load(file, &[("KCAWS_NAME_TEMPLATE", "{account_id}")]).expect("loads").profiles;
        assert_eq!(profiles.name.as_deref(), Some("{account_id}"));
    }

    #[test]
    fn each_session_has_its_realm() {
        let file = "[sessions.corp]\nidp_url = \"https://sso.example.com/realms/corp/\"\n\
                    [sessions.local]\nidp_url = \"http://127.0.0.1:8080/realms/dev\"\n[sessions.bare]\n";
        let settings = load(Some(file), &[]).expect("loads");
        assert_eq!(settings.idp_url("corp").expect("set"), "https://sso.example.com/realms/corp");
        assert_eq!(settings.idp_url("local").expect("set"), "http://127.0.0.1:8080/realms/dev");
        assert!(settings.idp_url("bare").is_err());
        for url in ["http://sso.example.com/realms/corp", "sso.example.com", "javascript:alert(1)", ""] {
            let refused = load(Some(&format!("[sessions.corp]\nidp_url = \"{url}\"\n")), &[]);
            assert!(matches!(refused, Err(SettingsError::BadIdpUrl { .. })), "{url}");
        }
    }

    #[test]
    fn a_session_may_have_account_access() {
        let file = "[sessions.corp]\naccount_access = \"aa-gyxmap389\"\n[sessions.bare]\n";
        let settings = load(Some(file), &[]).expect("loads");
        assert_eq!(settings.account_access("corp").map(|found| found.tenant.as_str()), Some("aa-gyxmap389"));
        assert_eq!(settings.account_access("bare"), None);
        let refused = load(Some("[sessions.corp]\naccount_access = \"https://example.com\"\n"), &[]);
        assert!(matches!(refused, Err(SettingsError::BadAccountAccess { .. })));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let error = |file, env: &[(&str, &str)]| load(file, env).expect_err("refused").to_string();
        assert!(error(Some("\nkeyrin = 1\n"), &[]).contains("config.toml:2: "));
        assert!(error(Some("keyring = \n"), &[]).contains("config.toml:1: "));
        assert!(error(Some("keyring = \"floppy\"\n"), &[]).contains("`floppy`"));
        assert_eq!(error(None, &[("KCAWS_FLOW", "pkse")]), "KCAWS_FLOW cannot be `pkse`");
        assert_eq!(error(None, &[("KCAWS_AUTO_LOGIN", "often")]), "KCAWS_AUTO_LOGIN cannot be `often`");
        assert_eq!(error(None, &[("KCAWS_CONSOLE_VIA", "saml")]), "KCAWS_CONSOLE_VIA cannot be `saml`");
    }

    #[test]
    fn every_flow_has_a_name_that_is_read_back() {
        for (name, flow) in
            FlowChoice::NAMES.into_iter().zip([FlowChoice::Auto, FlowChoice::Device, FlowChoice::Pkce])
        {
            assert_eq!(name.parse(), Ok(flow));
            assert_eq!(load(None, &[("KCAWS_FLOW", name)]).expect("loads").flow, flow);
            assert!(FLOWS.contains(name));
        }
    }
}
