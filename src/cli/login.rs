use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use clap::Args;

use super::error::{CommandError, Exit};
use super::selection::{self, Opened};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::ports::browser::NoBrowser;
use crate::ports::code_page::{self, CodePage};
use crate::ports::identity_center::DeviceAuthorization;
use crate::ports::process::{self, user_at_host};
use crate::ports::state_folder::Lock;
use crate::profile::SsoSession;
use crate::session::auto::AutoLogin;
use crate::session::device::{self, Waiting};
use crate::session::logout::ServerSide;
use crate::session::start_url::{self, Portal};
use crate::session::status::SessionStatus;
use crate::session::{Session, SessionError, copies, status};

const EXAMPLES: &str = "\
Examples:
  kcaws login corp
  kcaws login --no-browser

The session stands in ~/.aws/config, where the AWS CLI reads it too:
  [sso-session corp]
  sso_start_url = https://d-1234567890.awsapps.com/start
  sso_region = eu-central-1
  sso_registration_scopes = sso:account:access";

/// Log in: the browser goes through IAM Identity Center and Keycloak, the tokens go into the OS keyring
///
/// Uses the device authorization grant (RFC 8628): a code is shown, you approve it in any browser, also on
/// another device. Without SESSION it is that of AWS_PROFILE, else the only one there is.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct LoginArgs {
    /// Name of an [sso-session …]
    session: Option<String>,
    /// Show the page and the code, open nothing
    #[arg(long)]
    no_browser: bool,
    /// Log out first, even if the login is still good: a new login would inherit its end
    #[arg(long)]
    force: bool,
    /// How a waiting tool starts the one login for all (auto-login); says what asked for it
    #[arg(long, hide = true, value_name = "ASKED_BY", conflicts_with_all = ["no_browser", "force"])]
    detached: Option<String>,
}

pub(super) fn run(args: &LoginArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let mut selected = selection::session(app, args.session.as_deref())?;
    // Held to the end: while it is, nobody starts another.
    let _detached = match &args.detached {
        Some(_) => match begin_detached(app, &selected.session)? {
            Some(lock) => Some(lock),
            None => return Ok(()),
        },
        None => None,
    };
    selection::check_region(app, &selected.session)?;
    // Where only the portal tells its region, there is nothing to look at before that is known.
    let mut portal = None;
    if selected.session.region.is_empty() {
        let found = selection::portal(app, &selected.session)?;
        selected.session.region.clone_from(&found.region);
        portal = Some(found);
    }
    let noted = status::read(&**app.state(), &selected.session)?.map(|before| before.store);
    let opened = Opened::for_login(app, selected, noted, ui.is_interactive())?;
    if !args.force
        && let Some(status) = opened.session().check()?
    {
        auto_login(app, &opened.selected.session).forget_failures()?;
        ui.say(&format!("Already logged in to `{}`; {}.", shown(&status.session), life(&status)));
        return Ok(());
    }
    let portal = match portal {
        Some(portal) => portal,
        None => selection::portal(app, &opened.selected.session)?,
    };
    // Before the old login is ended: nothing valid goes for a login that may not be.
    opened.session().check_pin(&portal)?;
    if args.force {
        end_old_login(&opened.session(), ui)?;
    }
    let opened = opened.at(&portal)?;
    let session = opened.session();
    let name = &session.config.name;
    if portal.start_url != session.config.start_url {
        ui.say(&format!("The portal is `{}`, in {}.", shown(&portal.start_url), shown(&portal.region)));
    }

    let client_name = format!("kcaws {}", user_at_host(&app.env));
    let pending = session.begin_login(&client_name, &portal)?;
    present(&pending.authorization, &client_name, name, ui);
    let _page = if let Some(asked_by) = &args.detached {
        Some(open_code_page(app, name, &client_name, asked_by, &pending.authorization)?)
    } else {
        open_browser(args, app, &pending.authorization, ui);
        None
    };
    let spinner = ui.spinner("Waiting for you to approve …");
    let mut troubled = false;
    let token = device::wait_for_approval(
        session.center,
        session.clock,
        &pending.registration,
        &pending.authorization,
        |waiting| match waiting {
            Waiting::Pending { left } => {
                spinner.set_message(format!("Waiting for you to approve … {}", clock_face(left)));
            }
            Waiting::Trouble { what, .. } => {
                spinner.set_message(format!("{}; trying again …", shown(&what)));
                if !troubled && spinner.is_hidden() {
                    ui.say(&format!("{}; trying again", shown(&what)));
                }
                troubled = true;
            }
        },
    );
    spinner.finish_and_clear();
    let token = token.map_err(|error| explained(error, app, name, &portal))?;
    let status = session.complete_login(pending.registration, token)?;
    session.pin_if_first(&portal)?;
    // Best effort: the old store may be gone, which is perhaps why the person chose another.
    let _ = copies::tidy(session.config, session.state, &|kind| app.store(kind));
    ui.say(&format!(
        "Logged in to `{}`. The tokens lie in the {}; {}.",
        shown(name),
        status.store,
        life(&status)
    ));
    Ok(())
}

/// A wrong region shows in the browser only, and here as a code that nobody approves or that is refused. Where the
/// portal's host tells its region, it cannot be wrong.
fn explained(error: SessionError, app: &App, session: &str, portal: &Portal) -> CommandError {
    let expired = matches!(error, SessionError::CodeExpired);
    let may_be_the_region = expired || matches!(error, SessionError::CodeRefused);
    let error = CommandError::from(error);
    if !may_be_the_region || start_url::region_of(&portal.start_url).is_some() {
        return error;
    }
    let place = app.document().ok().and_then(|document| document.place_of_region(session));
    let place = place.map_or_else(|| "the config".to_owned(), |place| place.to_string());
    let cause = if expired {
        "nobody pressed Allow, the sign-in was refused in the browser, or `sso_region` is wrong (the page then says invalid_grant)"
    } else {
        "`sso_region` is not the region of this portal, or the code was used already"
    };
    error.because(cause).hint(format!(
        "run `kcaws login` again; if the page shows an error, compare `sso_region = {}` in {place} with the region of your Identity Center",
        portal.region
    ))
}

fn begin_detached(app: &App, session: &SsoSession) -> Result<Option<Lock>, CommandError> {
    process::leave_session();
    Ok(auto_login(app, session).begin()?)
}

fn auto_login<'a>(app: &'a App, session: &'a SsoSession) -> AutoLogin<'a> {
    AutoLogin { config: session, state: &**app.state(), clock: &*app.clock }
}

/// No terminal shows the code of a detached login: a page on this machine does, before the browser goes to AWS.
fn open_code_page(
    app: &App,
    session: &str,
    client_name: &str,
    asked_by: &str,
    authorization: &DeviceAuthorization,
) -> Result<CodePage, CommandError> {
    let page = CodePage::show(&code_page::Shown {
        session,
        code: &authorization.user_code,
        client_name,
        asked_by,
        next: page_of(authorization),
    })?;
    app.browser().open(page.url()).map_err(|error| {
        CommandError::new(Exit::Failed, "browser", error.to_string()).hint("run `kcaws login` in a terminal")
    })?;
    Ok(page)
}

fn page_of(authorization: &DeviceAuthorization) -> &str {
    authorization.verification_uri_complete.as_ref().unwrap_or(&authorization.verification_uri)
}

/// What the person compares with the page before pressing Allow.
fn present(authorization: &DeviceAuthorization, client_name: &str, session: &str, ui: &mut Ui) {
    ui.tell(&format!("Logging in to session `{}`. Open this page and approve the code:", shown(session)));
    ui.tell("");
    ui.tell(&format!("  page:   {}", shown(&authorization.verification_uri)));
    ui.tell(&format!("  code:   {}", shown(&authorization.user_code)));
    ui.tell(&format!("  client: {}", shown(client_name)));
    ui.tell("");
    ui.tell("Approve only if you started this just now, and if code and client are the same there.");
}

fn open_browser(args: &LoginArgs, app: &App, authorization: &DeviceAuthorization, ui: &mut Ui) {
    if args.no_browser {
        return;
    }
    let browser = app.browser();
    match browser.unavailable() {
        Some(NoBrowser::Ssh) => ui.say("No browser is opened over SSH: use the one where you sit."),
        Some(NoBrowser::NoDisplay) => ui.say("There is no display here: use a browser on any device."),
        None => match browser.open(page_of(authorization)) {
            Ok(()) => ui.say("Your browser opens now."),
            Err(error) => ui.warn(&format!("{error}; open the page yourself")),
        },
    }
}

fn end_old_login(session: &Session<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    match session.load() {
        Ok(Some(record)) if record.login.is_some() => {}
        // That of another place cannot be ended from here.
        Ok(_) | Err(SessionError::ForeignEndpoint { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    match session.end_at_the_service() {
        ServerSide::Ended => ui.say("The old session at Identity Center is ended; credentials that tools hold live on until their own end."),
        ServerSide::WasOver => {}
        ServerSide::Unknown(error) => {
            ui.warn(&format!("the old session could not be ended ({error}); the new login may inherit its end"));
        }
    }
    Ok(())
}

/// What is known about how long it lasts, and no more.
fn life(status: &SessionStatus) -> String {
    let Some(login) = &status.login else { return "not logged in".to_owned() };
    let until = local_time(login.access_expires_at);
    if login.refreshable {
        format!("access until {until}, renewed by itself as long as the Identity Center session lives")
    } else {
        format!("access until {until}, then log in again")
    }
}

fn local_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M").to_string()
}

fn clock_face(left: Duration) -> String {
    format!("{}:{:02} left", left.as_secs() / 60, left.as_secs() % 60)
}
