use clap::Args;

use super::error::{CommandError, Exit};
use super::selection::{self, Opened, Selected};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::ports::identity_center::Patience;
use crate::session::logout::{LoggedOut, ServerSide};
use crate::session::seal::Seal;
use crate::session::{copies, status};

/// Log out: end the session at Identity Center, then forget the tokens here
///
/// The tokens here go even when AWS cannot be told. Credentials that tools already hold live on until their own
/// end; AWS has no way to call them back.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  kcaws logout corp\n  kcaws logout --all")]
pub(super) struct LogoutArgs {
    /// Name of an [sso-session …]
    session: Option<String>,
    /// All sessions that are logged in
    #[arg(long, conflicts_with = "session")]
    all: bool,
}

pub(super) fn run(args: &LogoutArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if !args.all {
        return log_out(selection::session(app, args.session.as_deref())?, app, ui);
    }
    // The status files know sessions that the config may have lost since.
    selection::each(status::read_all(&**app.state())?, ui, |known, ui| {
        let configured = app.document()?.session(&known.session).ok();
        let session = configured.filter(|session| session.start_url == known.start_url);
        let session = session.unwrap_or_else(|| known.as_session());
        log_out(Selected { session, profile: None }, app, ui)
    })
}

/// Whatever becomes of the login, what was kept warm goes: a keyring that cannot even be opened, or a login that
/// is over, must not leave it behind.
fn log_out(selected: Selected, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = selected.session.clone();
    let outcome = end_login(selected, app, ui);
    Seal::of(&session.name, &**app.state(), app.warm_keys()).forget()?;
    for (store, error) in copies::tidy(&session, &**app.state(), &|kind| app.store(kind))? {
        ui.warn(&format!("a copy of the tokens of `{}` is left in the {store}: {error}", session.name));
    }
    outcome
}

fn end_login(selected: Selected, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let name = shown(&selected.session.name);
    let Ok(opened) = Opened::if_logged_in(app, selected, Patience::FOR_A_PERSON)? else {
        ui.say(&format!("Nobody was logged in to `{name}`."));
        return Ok(());
    };
    opened.ask_for_passphrase(ui)?;
    match opened.session().log_out()? {
        LoggedOut::NothingToDo => ui.say(&format!("Nobody was logged in to `{name}`.")),
        LoggedOut::Done(ServerSide::Ended) => {
            ui.say(&format!("Logged out of `{name}`, at Identity Center and here."));
        }
        LoggedOut::Done(ServerSide::WasOver) => {
            ui.say(&format!("Logged out of `{name}`; the session at Identity Center was over already."));
        }
        LoggedOut::Done(ServerSide::Unknown(error)) => {
            let cause = CommandError::from(error);
            let message = format!("`{name}` is logged out here, but AWS could not be told");
            return Err(CommandError::new(Exit::Failed, "logout_incomplete", message)
                .because(cause.message)
                .hint("the session at Identity Center ends by itself; the access portal in the browser ends it at once"));
        }
    }
    Ok(())
}
