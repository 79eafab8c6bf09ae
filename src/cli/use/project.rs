//! What the project of the current folder wants from `kcaws use`.

use crate::app::App;
use crate::app::resolve;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::ui::{Ui, shown};
use crate::platform::current_folder;
use crate::project::{Hints, Permission, ProjectFile};
use crate::shell::quote::argument;

/// The wishes of a file that the user has allowed; without such a file there are none.
#[derive(Default)]
pub(super) struct AllowedProject {
    pub(super) hints: Hints,
    /// The file, as it is shown.
    pub(super) name: String,
}

/// Returns what the file wants, if the user has allowed it, and prints why it is not used.
pub(super) fn of_current_folder(app: &App, ui: &mut Ui) -> Result<AllowedProject, CommandError> {
    // A folder that is gone belongs to no project.
    let Ok(folder) = current_folder() else { return Ok(AllowedProject::default()) };
    let file = match ProjectFile::find(&folder) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(AllowedProject::default()),
        // It may be anyone's, in a folder far above.
        Err(error) => {
            let why = CommandError::from(error).with_cause();
            ui.warn(&shown(&format!("{why}; going on without it")));
            return Ok(AllowedProject::default());
        }
    };
    let name = shown(&file.path.display().to_string());
    let why = match file.permission(app.state())? {
        Permission::Allowed => {
            ui.say(&format!("kcaws: using {name}"));
            return Ok(AllowedProject { hints: file.hints()?, name });
        }
        Permission::Changed => "it has changed since you allowed it",
        Permission::Never => "you have not allowed it",
    };
    ui.warn(&format!("{name} is not used: {why}; read it, then run `kcaws allow`"));
    Ok(AllowedProject::default())
}

/// Adds where the profile is from to an error about it.
pub(super) fn blamed(mut error: CommandError, file: &str) -> CommandError {
    error.cause.get_or_insert_with(|| format!("{file} names that profile"));
    error
}

/// Returns the error that the session of the project has no profile: most likely there is no such session.
pub(super) fn no_profiles(session: &str, file: &str, app: &App) -> CommandError {
    let cause = format!("{file} names that session");
    match resolve::session_named(app, session) {
        Err(error) => CommandError::from(error).because(cause),
        Ok(_) => CommandError::new(
            Exit::Configuration,
            ErrorCode::NoProfiles,
            format!("no profile of session `{session}` gets its credentials from kcaws"),
        )
        .because(cause)
        .hint(format!("run `kcaws configure {}` to create some", argument(session))),
    }
}
