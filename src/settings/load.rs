//! Reads the files and variables: all of them or none, or those that are right.

use std::path::Path;
use std::str::FromStr;

use super::layer::{Layer, LayerKind};
use super::{FLOWS, FlowChoice, STORES, Settings, SettingsError, SettingsFiles, team};
use crate::console::Via;
use crate::platform::env::Env;
use crate::platform::foreign_file;
use crate::session::store_selection::StorePreference;

const SWITCH: &str = "true, false";

/// The variables that take precedence over the files.
#[derive(Default)]
pub(super) struct Variables {
    pub(super) flow: Option<FlowChoice>,
    pub(super) keyring: Option<StorePreference>,
    pub(super) console_via: Option<Via>,
    pub(super) auto_login: Option<bool>,
    pub(super) browser: Option<String>,
    pub(super) name: Option<String>,
}

impl Variables {
    fn of(env: &Env) -> Result<Self, SettingsError> {
        Ok(Self {
            flow: parsed(env, "KCAWS_FLOW", FLOWS)?,
            keyring: parsed(env, "KCAWS_KEYRING", STORES)?,
            console_via: parsed(env, "KCAWS_CONSOLE_VIA", Via::NAMES)?,
            auto_login: env
                .get("KCAWS_AUTO_LOGIN")
                .map(|value| switch(&value, "KCAWS_AUTO_LOGIN"))
                .transpose()?,
            browser: env.get("KCAWS_BROWSER"),
            name: env.get("KCAWS_NAME_TEMPLATE"),
        })
    }
}

impl Settings {
    /// Reads the settings; a missing file counts as an empty one, unless the user has named it.
    pub fn load(files: &SettingsFiles, env: &Env) -> Result<Self, SettingsError> {
        let layers = layers(files).into_iter().collect::<Result<_, _>>()?;
        Ok(Self::of(layers, files.own(), env, Variables::of(env)?))
    }

    /// Reads what is right, for a command that must work whatever is wrong; the errors are those of what is left out.
    pub fn load_usable(files: &SettingsFiles, env: &Env) -> (Self, Vec<SettingsError>) {
        let (mut usable, mut errors) = (Vec::new(), Vec::new());
        for layer in layers(files) {
            match layer {
                Ok(layer) => usable.push(layer),
                Err(error) => errors.push(error),
            }
        }
        let variables = Variables::of(env).unwrap_or_else(|error| {
            errors.push(error);
            Variables::default()
        });
        (Self::of(usable, files.own(), env, variables), errors)
    }
}

/// Reads each file that is there, the least important first.
fn layers(files: &SettingsFiles) -> Vec<Result<Layer, SettingsError>> {
    let mut layers = Vec::new();
    for path in &files.system {
        layers.extend(of_system(path, files.is_named).transpose());
    }
    let own = files.own().map_or(Ok(None), |path| Layer::read(LayerKind::User, &path));
    match (own, &files.folder) {
        (Ok(Some((own, file))), Some(folder)) => {
            layers.extend(file.team.iter().map(|pin| team::pinned(folder, pin)));
            layers.push(Ok(own));
        }
        (Ok(_), _) => {}
        (Err(error), _) => layers.push(Err(error)),
    }
    layers
}

fn of_system(path: &Path, is_named: bool) -> Result<Option<Layer>, SettingsError> {
    if !is_named && is_out_of_reach(path) {
        return Ok(None);
    }
    match Layer::read(LayerKind::System, path) {
        Ok(Some((layer, _))) => Ok(Some(layer)),
        Ok(None) if is_named => Err(SettingsError::NoSystemFile { path: path.to_path_buf() }),
        Ok(None) => Ok(None),
        Err(error) => Err(SettingsError::InSystemFile(Box::new(error))),
    }
}

/// Returns whether the file is in a folder that this user may not enter.
///
/// Such a folder is skipped (XDG Base Directory Specification), like root's Nix profile after `su`. kcaws's own folder
/// there is not: if it is closed, an administrator wrote settings that no one can read.
fn is_out_of_reach(path: &Path) -> bool {
    let is_closed = |error: std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    path.parent().is_some_and(|folder| std::fs::symlink_metadata(folder).is_err_and(is_closed))
}

/// Checks the content of a file, and not who could write it: a new one for this machine, or the user's own.
pub fn check_file(path: &Path, files: &SettingsFiles) -> Result<(), SettingsError> {
    // By what it leads to, as `..` and links may.
    let is_own = files.own().is_some_and(|own| match (path.canonicalize(), own.canonicalize()) {
        (Ok(path), Ok(own)) => path == own,
        _ => false,
    });
    let kind = if is_own { LayerKind::User } else { LayerKind::System };
    let bytes = foreign_file::read(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_path_buf(), source })?;
    Layer::parse(kind, path, &bytes).map(|_| ())
}

/// Returns the value of a variable.
fn parsed<T: FromStr<Err = ()>>(
    env: &Env,
    name: &str,
    known: &'static str,
) -> Result<Option<T>, SettingsError> {
    let Some(value) = env.get(name) else { return Ok(None) };
    let bad = |()| SettingsError::BadValue { setting: name.to_owned(), value: value.clone(), known };
    value.parse().map(Some).map_err(bad)
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
