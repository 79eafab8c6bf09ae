//! Selects the session of a command, asking at a terminal if needed, and runs commands over several sessions.

use super::error::{CommandError, ErrorCode, Exit};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession, SessionChoice};

/// Returns the session for `[SESSION]`, asking at a terminal if nothing determines it.
pub(super) fn session(app: &App, named: Option<&str>, ui: &Ui) -> Result<ResolvedSession, CommandError> {
    let sessions = match resolve::session(app, named)? {
        SessionChoice::One(session) => return Ok(*session),
        SessionChoice::Several(sessions) => sessions,
    };
    if !ui.is_interactive() {
        return Err(CommandError::new(Exit::Usage, ErrorCode::WhichSession, "which session?")
            .because(format!("sessions: {}", sessions.join(", ")))
            .hint("name it, or set AWS_PROFILE"));
    }
    let at = ui.pick("Session:", sessions.iter().map(|one| shown(one)).collect())?;
    Ok(ResolvedSession::of(resolve::session_named(app, &sessions[at])?))
}

/// Returns the sessions for commands that show one or all; a section that cannot be used does not hide others.
///
/// The last unusable one is the command's failure, reported later, or at once if there is nothing to show.
pub(super) fn usable<T>(
    names: impl IntoIterator<Item = String>,
    json: bool,
    ui: &mut Ui,
    find: impl Fn(&str) -> Result<T, CommandError>,
) -> Result<(Vec<T>, Result<(), CommandError>), CommandError> {
    let (mut found, mut failure) = (Vec::new(), Ok(()));
    for name in names {
        match find(&name) {
            Ok(one) => found.push(one),
            Err(error) => {
                if let Err(earlier) = std::mem::replace(&mut failure, Err(error)) {
                    ui.error(&earlier, json);
                }
            }
        }
    }
    if found.is_empty() {
        failure?;
        failure = Ok(());
    }
    Ok((found, failure))
}

/// Runs `--all`: tries each session; the last failure is the command's, the others are reported as they occur.
pub(super) fn each<T>(
    all: impl IntoIterator<Item = T>,
    ui: &mut Ui,
    mut run: impl FnMut(T, &mut Ui) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let mut outcome = Ok(());
    for one in all {
        let one = run(one, ui);
        if one.is_err()
            && let Err(earlier) = std::mem::replace(&mut outcome, one)
        {
            ui.error(&earlier, false);
        }
    }
    outcome
}
