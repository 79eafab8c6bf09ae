//! The session that a command uses: named, that of a profile, or found.

use super::select;
use clap::Args;

use super::error::{CommandError, ErrorCode};
use super::ui::Ui;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::profile::{Document, SsoSession};
use crate::settings::Settings;
use crate::shell::quote::argument;
use crate::similar::similar;

#[derive(Args, Clone, Debug, Default)]
pub(super) struct SessionArgs {
    /// Name of an [sso-session …] [default: that of $AWS_PROFILE, else the only one]
    #[arg(conflicts_with_all = ["session_option", "profile"])]
    session: Option<String>,
    /// Same as SESSION
    #[arg(long = "session", value_name = "SESSION", conflicts_with = "profile")]
    session_option: Option<String>,
    /// The session of this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
}

impl SessionArgs {
    pub(super) fn of(name: &str) -> Self {
        Self { session: Some(name.to_owned()), ..Self::default() }
    }

    fn named(&self) -> Option<&str> {
        self.session.as_deref().or(self.session_option.as_deref())
    }

    /// Returns the session: named, from the environment, or by asking.
    pub(super) fn select(&self, app: &App, ui: &Ui) -> Result<ResolvedSession, CommandError> {
        match (&self.profile, self.named()) {
            (Some(profile), _) => Ok(resolve::session_of_profile(app, profile)?),
            (None, Some(name)) => {
                select::session(app, Some(name), ui).map_err(|error| explained(error, app, name))
            }
            (None, None) => select::session(app, None, ui),
        }
    }

    /// Returns the name of the session given on the command line, for commands that otherwise apply to all.
    pub(super) fn name(&self, app: &App) -> Result<Option<String>, CommandError> {
        match (&self.profile, self.named()) {
            (Some(profile), _) => Ok(Some(resolve::session_of_profile(app, profile)?.session.name)),
            (None, Some(name)) => {
                named(app, name)?;
                Ok(Some(name.to_owned()))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Returns the session of this name, or an error with what may be meant.
pub(super) fn named(app: &App, name: &str) -> Result<SsoSession, CommandError> {
    resolve::session_named(app, name).map_err(|error| explained(error.into(), app, name))
}

/// Adds a hint if a profile was given, as with `aws sso login --profile`, or a session that is not set up yet.
fn explained(error: CommandError, app: &App, name: &str) -> CommandError {
    let is_profile =
        app.document().is_ok_and(|document| document.profile_names().iter().any(|one| one == name));
    if error.code() != ErrorCode::NoSuchSession {
        return error;
    }
    if is_profile {
        let name = argument(name);
        return error.hint(format!("`{name}` is a profile; for its session, use --profile {name}"));
    }
    // Broken settings are the error of commands that need them.
    let offers = app.settings().map(Settings::offers).unwrap_or_default();
    let offered: Vec<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
    if offered.contains(&name) {
        return error.hint(format!("run `kcaws configure {}` to set it up", argument(name)));
    }
    let in_file = app.document().map(Document::session_names).unwrap_or_default();
    match similar(name, in_file.iter().map(String::as_str).chain(offered.iter().copied())).first() {
        Some(near) if !in_file.contains(near) => error
            .hint(format!("did you mean `{near}`? run `kcaws configure {}` to set it up", argument(near))),
        _ => error,
    }
}
