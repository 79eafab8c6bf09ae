mod purge;

use super::select;
use clap::Args;

use super::error::{CommandError, ErrorCode, Exit};
use super::login::local_time;
use super::session_args::SessionArgs;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedSession};
use crate::credentials::accounts::cached;
use crate::credentials::cache;
use crate::ports::identity_center::Patience;
use crate::profile::SsoSession;
use crate::session::logout::{LoggedOut, ServerSide};
use crate::session::sealed_store::SealedStore;
use crate::session::status::SessionStatus;
use crate::session::{stale_copies, status};

/// Log out: end the Identity Center session, then remove the tokens from this machine
///
/// The tokens are removed even if AWS cannot be reached. Credentials already issued to tools stay valid until they
/// expire, and the time is shown if known; AWS cannot revoke them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws logout corp\n  kcaws logout corp --idp\n  kcaws logout --all\n  kcaws logout --purge --yes"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct LogoutArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Log out of all sessions
    #[arg(long, conflicts_with_all = ["session", "session_option", "profile"])]
    all: bool,
    /// Then open the realm's logout page; otherwise the next login may not ask for a password
    #[arg(long, conflicts_with = "all")]
    idp: bool,
    /// Log out of all sessions and remove everything kcaws stored on this machine: pins, times, cached credentials,
    /// keys
    #[arg(long, conflicts_with_all = ["session", "session_option", "profile", "all", "idp"])]
    purge: bool,
    /// Do not ask for confirmation
    #[arg(long, requires = "purge")]
    yes: bool,
}

pub(super) fn run(args: &LogoutArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    // A mistake in a file, such as the administrator's, must not keep anyone logged in.
    for error in app.load_usable_settings() {
        let why = CommandError::from(error).with_cause();
        ui.warn(&format!("{why}; logging out without it"));
    }
    if args.purge {
        return purge::run(args.yes, app, ui);
    }
    if !args.all {
        let selected = args.of.select(app, ui)?;
        if args.idp {
            return log_out_there_too(selected, app, ui);
        }
        log_out(selected, app, ui)?;
        ui.say(KEYCLOAK_LIVES);
        return Ok(());
    }
    // The status files include sessions that may have been removed from the config since.
    select::each(status::read_all(app.state())?, ui, |known, ui| {
        log_out(ResolvedSession::of(noted_session(app, &known)), app, ui)
    })
}

/// Returns the session from the config, or else from its status file.
fn noted_session(app: &App, known: &SessionStatus) -> SsoSession {
    let configured = resolve::session_named(app, &known.session).ok();
    let configured = configured.filter(|session| session.start_url == known.start_url);
    configured.unwrap_or_else(|| known.as_session())
}

const KEYCLOAK_LIVES: &str = "The Keycloak session stays open, so the next login may not ask for a password; `logout --idp` ends it too.";

/// Returns the logout page (OpenID Connect RP-Initiated Logout 1.0, as served by Keycloak).
///
/// Without an ID token, which kcaws never has, Keycloak asks for confirmation.
fn logout_page(idp_url: &str) -> String {
    format!("{idp_url}/protocol/openid-connect/logout")
}

/// Logs out at AWS, then at the realm: IAM Identity Center does not support single logout.
fn log_out_there_too(selected: ResolvedSession, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = selected.session.name.clone();
    let page = logout_page(app.settings()?.idp_url(&session)?);
    let outcome = log_out(selected, app, ui);
    ui.tell(
        "The Keycloak session is still active: until it is ended too, the next login will not ask for a password.",
    );
    let browser = app.browser(&session);
    let opened = browser.unavailable().is_none()
        && match browser.open(&page) {
            Ok(()) => true,
            Err(error) => {
                ui.warn(&error.to_string());
                false
            }
        };
    let how = if opened {
        "Opening its logout page"
    } else {
        "Open its logout page in the browser you logged in with"
    };
    ui.tell(&format!("{how}, then click \"Logout\":"));
    ui.tell(&format!("  {}", shown(&page)));
    outcome
}

/// Logs out and always removes cached credentials, even if the keyring cannot be opened or the login has ended.
fn log_out(selected: ResolvedSession, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = selected.session.clone();
    let last_end = cache::last_end(&session.name, app.state(), app.clock.now());
    let outcome = end_login(selected, app, ui);
    if let Some(end) = last_end {
        let until = local_time(end);
        ui.say(&format!(
            "Credentials already issued to tools stay valid until {until}; AWS cannot revoke them."
        ));
    }
    SealedStore::of(&session.name, app.state(), app.sealing_keys()).forget()?;
    cached::forget(&session, app.state())?;
    for (store, error) in stale_copies::tidy(&session, app.state(), &|kind| app.store(kind))? {
        ui.warn(&format!("a copy of the tokens of `{}` remains in the {store}: {error}", session.name));
    }
    if outcome.as_ref().is_err_and(|error| error.exit_code() == Exit::Keyring as u8) {
        ui.warn(&format!("the cached credentials of `{}` were removed, its tokens were not", session.name));
    }
    outcome
}

fn end_login(selected: ResolvedSession, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let name = shown(&selected.session.name);
    let Ok(opened) = OpenSession::if_logged_in(app, selected, Patience::FOR_A_PERSON)? else {
        ui.say(&format!("Not logged in to `{name}`."));
        return Ok(());
    };
    opened.open_store(ui.prompting())?;
    match opened.session().log_out()? {
        LoggedOut::NothingToDo => ui.say(&format!("Not logged in to `{name}`.")),
        LoggedOut::Done(ServerSide::Ended) => {
            ui.say(&format!("Logged out of `{name}`, at Identity Center and here."));
        }
        LoggedOut::Done(ServerSide::WasOver) => {
            ui.say(&format!("Logged out of `{name}`; the Identity Center session had already ended."));
        }
        LoggedOut::Done(ServerSide::Unknown(error)) => {
            let cause = CommandError::from(error).with_cause();
            let message = format!(
                "logged out of `{name}` on this machine, but the Identity Center session could not be ended"
            );
            return Err(CommandError::new(Exit::Failed, ErrorCode::LogoutIncomplete, message)
                .because(cause)
                .hint(
                    "it expires on its own; to end it now, sign out in the access portal in your browser",
                ));
        }
    }
    Ok(())
}
