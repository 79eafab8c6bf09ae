//! The profile of a command that names none: the one that AWS's own tools would use.

use crate::app::App;
use crate::app::resolve::{check_config_file_of, identity, in_files};
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::variables;
use crate::profile::ConfigError;

const DEFAULT: &str = "default";

/// Returns the profile that tools use if none is named: that of the environment, else `[default]` if kcaws serves it.
///
/// Keys and a web identity in the environment take precedence over `[default]`; tools then use no profile.
pub(in crate::cli) fn unnamed_profile(app: &App) -> Result<Option<String>, CommandError> {
    if let Some(profile) = app.env.profile() {
        return Ok(Some(profile));
    }
    if variables::before_a_profile(&app.env).is_some() {
        return Ok(None);
    }
    check_config_file_of(app, DEFAULT)?;
    match identity(app, DEFAULT) {
        Err(ConfigError::NotOurs { .. }) => Ok(None),
        Err(ConfigError::NoSuchProfile { name, .. }) if name == DEFAULT => Ok(None),
        // Problems with it are reported when it is used.
        _ => Ok(Some(DEFAULT.to_owned())),
    }
}

/// Returns the error that no profile is named.
pub(in crate::cli) fn which_profile(app: &App) -> CommandError {
    let error = CommandError::new(Exit::Usage, ErrorCode::WhichProfile, "which profile?");
    let is_there = || in_files(app, |files| Ok(files.has(DEFAULT))).is_ok_and(|is_there| is_there);
    if !is_there() {
        return error;
    }
    error.because(match variables::before_a_profile(&app.env) {
        Some((first, verb)) => format!("{first} in the environment: {verb} precedence over [default]"),
        None => "[default] does not get its credentials from kcaws".to_owned(),
    })
}
