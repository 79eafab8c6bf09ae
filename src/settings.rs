//! kcaws's own settings: `config.toml` in the platform's config folder, and the `KCAWS_…` variables that beat it.
//!
//! ```toml
//! keyring = "auto"      # where login keeps tokens
//! auto-login = false    # whether a tool that finds nobody logged in opens one login
//! browser = "firefox"   # another browser than the desktop's, by name or path
//! console-via = "federation"  # how `console` signs in: federation, portal
//! ```
//!
//! Never read on the hot path.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::console::Via;
use crate::ports::env::Env;
use crate::session::choice::Requested;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub keyring: Requested,
    pub auto_login: bool,
    pub browser: Option<String>,
    pub console_via: Via,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {what}", path = .path.display())]
    Syntax { path: PathBuf, line: usize, what: String },
    /// A value that is none of those that the setting knows; `setting` says where it stands.
    #[error("{setting} cannot be `{value}`")]
    BadValue { setting: String, value: String, known: &'static str },
}

const STORES: &str = "auto, secret-service, keyutils, keychain, wincred, file";
const SWITCH: &str = "true, false";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    keyring: Option<String>,
    auto_login: Option<bool>,
    browser: Option<String>,
    console_via: Option<String>,
}

impl Settings {
    /// `folder` is kcaws's config folder; a missing file is an empty one.
    pub fn load(folder: Option<&Path>, env: &Env) -> Result<Self, SettingsError> {
        let path = folder.map(|folder| folder.join("config.toml"));
        let file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        let keyring = match env.get("KCAWS_KEYRING") {
            Some(value) => store(&value, || "KCAWS_KEYRING".to_owned())?,
            None => match file.keyring {
                Some(value) => store(&value, || format!("`keyring` in {}", shown(path.as_deref())))?,
                None => Requested::Auto,
            },
        };
        let auto_login = match env.get("KCAWS_AUTO_LOGIN") {
            Some(value) => switch(&value, "KCAWS_AUTO_LOGIN")?,
            None => file.auto_login.unwrap_or(false),
        };
        let browser = env.get("KCAWS_BROWSER").or(file.browser).filter(|name| !name.is_empty());
        let console_via = match (env.get("KCAWS_CONSOLE_VIA"), file.console_via) {
            (Some(value), _) => via(&value, || "KCAWS_CONSOLE_VIA".to_owned())?,
            (None, Some(value)) => via(&value, || format!("`console-via` in {}", shown(path.as_deref())))?,
            (None, None) => Via::default(),
        };
        Ok(Self { keyring, auto_login, browser, console_via })
    }
}

fn read(path: &Path) -> Result<File, SettingsError> {
    let text = match std::fs::read_to_string(path) {
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

fn store(value: &str, setting: impl FnOnce() -> String) -> Result<Requested, SettingsError> {
    value.parse().map_err(|()| SettingsError::BadValue {
        setting: setting(),
        value: value.to_owned(),
        known: STORES,
    })
}

fn via(value: &str, setting: impl FnOnce() -> String) -> Result<Via, SettingsError> {
    value.parse().map_err(|()| SettingsError::BadValue {
        setting: setting(),
        value: value.to_owned(),
        known: Via::NAMES,
    })
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

    const DEFAULTS: Settings =
        Settings { keyring: Requested::Auto, auto_login: false, browser: None, console_via: Via::Federation };

    #[test]
    fn without_a_file_everything_has_its_default() {
        let defaults = DEFAULTS;
        assert_eq!(load(None, &[]).expect("loads"), defaults);
        assert_eq!(Settings::load(None, &Env::from_pairs(&[])).expect("loads"), defaults);
    }

    #[test]
    fn a_variable_beats_the_file() {
        let file = Some("keyring = \"keyutils\"\nauto-login = true\n");
        let settings = load(file, &[]).expect("loads");
        assert_eq!(settings.keyring, Requested::Named(StoreKind::Keyutils));
        assert!(settings.auto_login);
        let env = [("KCAWS_KEYRING", "auto"), ("KCAWS_AUTO_LOGIN", "false")];
        let settings = load(file, &env).expect("loads");
        assert_eq!(settings, DEFAULTS);
        let file = Some("browser = \"firefox\"\nconsole-via = \"portal\"\n");
        let settings = load(file, &[]).expect("loads");
        assert_eq!((settings.browser.as_deref(), settings.console_via), (Some("firefox"), Via::Portal));
        let env = [("KCAWS_BROWSER", "edge"), ("KCAWS_CONSOLE_VIA", "federation")];
        let settings = load(file, &env).expect("loads");
        assert_eq!((settings.browser.as_deref(), settings.console_via), (Some("edge"), Via::Federation));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let error = |file, env: &[(&str, &str)]| load(file, env).expect_err("refused").to_string();
        assert!(error(Some("\nkeyrin = 1\n"), &[]).contains("config.toml:2: "));
        assert!(error(Some("keyring = \n"), &[]).contains("config.toml:1: "));
        assert!(error(Some("keyring = \"floppy\"\n"), &[]).contains("`floppy`"));
        assert_eq!(error(None, &[("KCAWS_AUTO_LOGIN", "often")]), "KCAWS_AUTO_LOGIN cannot be `often`");
        assert_eq!(error(None, &[("KCAWS_CONSOLE_VIA", "saml")]), "KCAWS_CONSOLE_VIA cannot be `saml`");
    }
}
