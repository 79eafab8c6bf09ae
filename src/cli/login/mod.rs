mod device;
mod person;
mod pkce;
mod qr;

use super::select;
use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use super::error::{CommandError, ErrorCode, Exit};
use super::session_args::SessionArgs;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::app::open::OpenSession;
use crate::app::resolve::{self, ResolvedSession};
use crate::platform::login_page::{self, LoginPage};
use crate::platform::process::{self, user_at_host};
use crate::ports::browser::{Browser, BrowserError};
use crate::ports::state_folder::Lock;
use crate::profile::SsoSession;
use crate::session::auto_login::AutoLogin;
use crate::session::logout::ServerSide;
use crate::session::page::PageUrl;
use crate::session::start_url::{self, Portal};
use crate::session::status::SessionStatus;
use crate::session::{Flow, Session, SessionError, last_session, stale_copies, status};
use crate::settings::FlowChoice;

const EXAMPLES: &str = "\
Examples:
  kcaws login corp
  kcaws login --no-browser
  kcaws login --flow pkce
  kcaws login --qr
  kcaws login --all
  kcaws login --profile dev

The session is defined in ~/.aws/config, where the AWS CLI reads it too:
  [sso-session corp]
  sso_start_url = https://d-1234567890.awsapps.com/start
  sso_region = eu-central-1
  sso_registration_scopes = sso:account:access";

/// Log in through the browser (IAM Identity Center and Keycloak) and store the tokens in the OS keyring
///
/// Uses the device authorization grant (RFC 8628): a code is shown, which you approve in any browser, also on another
/// device. With PKCE (RFC 7636), the browser on this machine is redirected back to kcaws; you have five minutes.
/// Without SESSION, uses the session of AWS_PROFILE, else the only one; otherwise you are asked to choose.
#[derive(Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub(super) struct LoginArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Log in to all sessions in the config, one after the other
    #[arg(long, conflicts_with_all = ["session", "session_option", "profile"])]
    all: bool,
    /// How to log in: device, pkce, or auto (pkce if a browser can be opened on this machine, else device)
    /// [default: $KCAWS_FLOW, else `flow` in config.toml, else device]
    #[arg(long, value_name = "FLOW", value_parser = PossibleValuesParser::new(FlowChoice::NAMES).try_map(|name| parse_flow(&name)))]
    flow: Option<FlowChoice>,
    /// Show a QR code of the page (automatic if no browser can be opened); `complete` includes the code, so that there
    /// is nothing to type and nothing to compare
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "page")]
    qr: Option<QrContent>,
    /// Show the page and the code without opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Log out first even if still logged in; otherwise the new login keeps the old expiry
    #[arg(long)]
    force: bool,
    /// Start the login shared by all waiting tools (auto-login); names what requested it
    #[arg(long, hide = true, value_name = "ASKED_BY", conflicts_with_all = ["all", "no_browser", "force", "qr"])]
    detached: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum QrContent {
    Page,
    Complete,
}

/// Logs in as `kcaws login NAME` does.
pub(super) fn into(name: &str, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    run(&LoginArgs { of: SessionArgs::of(name), ..LoginArgs::default() }, app, ui)
}

pub(super) fn run(args: &LoginArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if args.flow == Some(FlowChoice::Pkce) && args.qr.is_some() {
        let message = "a QR code is for another device, but a PKCE login must finish on this one";
        return Err(CommandError::new(Exit::Usage, ErrorCode::Usage, message)
            .hint("leave out either --qr or --flow pkce"));
    }
    if !args.all {
        return log_in(args, args.of.select(app, ui)?, app, ui);
    }
    let document = app.document()?;
    resolve::check_config_file(app)?;
    let names = document.session_names();
    if names.is_empty() {
        return Err(document.no_sessions().into());
    }
    select::each(names, ui, |name, ui| {
        let session = resolve::session_named(app, &name)?;
        log_in(args, ResolvedSession::of(session), app, ui)
    })
}

fn log_in(
    args: &LoginArgs,
    mut selected: ResolvedSession,
    app: &App,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    // Held to the end, so that no other login starts.
    let _detached = match &args.detached {
        Some(_) => match begin_detached(app, &selected.session)? {
            Some(lock) => Some(lock),
            None => return Ok(()),
        },
        None => None,
    };
    resolve::check_region(app, &selected.session)?;
    // If only the portal knows its Region, there is nothing to check before that is known.
    let mut portal = None;
    if selected.session.region.is_empty() {
        let found = resolve::portal(app, &selected.session)?;
        selected.session.region.clone_from(&found.region);
        portal = Some(found);
    }
    let noted = status::read(app.state(), &selected.session)?.map(|before| before.store);
    let mut opened = OpenSession::for_login(app, selected, noted, ui.prompting())?;
    for reason in opened.unexpectedly_passed_over() {
        ui.warn(&format!("{reason}; storing the tokens in the {} instead", opened.store_kind()));
    }
    let outcome = log_in_with(args, &mut opened, portal, app, ui);
    if outcome.is_err() {
        opened.give_up();
    }
    outcome
}

fn log_in_with(
    args: &LoginArgs,
    opened: &mut OpenSession<'_>,
    portal: Option<Portal>,
    app: &App,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if !args.force
        && let Some(status) = opened.session().check()?
    {
        auto_login(app, &opened.selected.session).forget_failures()?;
        ui.say(&format!("Already logged in to `{}`; {}.", shown(&status.session), life(&status)));
        return Ok(());
    }
    let portal = match portal {
        Some(portal) => portal,
        None => resolve::portal(app, &opened.selected.session)?,
    };
    // Before the old login is ended: a valid login is not given up for one that may not succeed.
    opened.session().check_pin(&portal)?;
    if args.force {
        end_old_login(&opened.session(), ui)?;
    }
    opened.at(&portal)?;
    let session = opened.session();
    let name = &session.config.name;
    if portal.start_url != session.config.start_url {
        ui.say(&format!("The portal is `{}`, in {}.", shown(&portal.start_url), shown(&portal.region)));
    }

    if let Some(access) = &session.endpoints.account_access {
        ui.say(&format!("The sign-in page asks for account access, too (tenant {}).", shown(&access.tenant)));
    }
    let client_name = format!("kcaws {}", user_at_host(&app.env));
    let attempt = Attempt { args, app, session: &session, portal: &portal, client_name: &client_name };
    let last_user = last_session::last_user(session.state, session.config)?;
    let status = attempt.log_in(ui)?;
    session.pin_if_first(&portal)?;
    // Best effort: the old store may not exist any more, which may be why another was chosen.
    let _ = stale_copies::tidy(session.config, session.state, &|kind| app.store(kind));
    ui.say(&format!(
        "Logged in to `{}`. Tokens are stored in the {}; {}.",
        shown(name),
        status.store,
        life(&status)
    ));
    // Only useful to a user at a terminal.
    if let Some(last) = last_user.filter(|_| ui.is_interactive()) {
        person::compare(app, session.config, &last, ui);
    }
    Ok(())
}

/// Adds a hint about a wrong Region, which shows only in the browser, and here as a code that is not approved.
///
/// If the portal's host contains the Region, it cannot be wrong.
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
        "it was not approved, the sign-in was refused in the browser, or `sso_region` is wrong (the page then shows invalid_grant)"
    } else {
        "`sso_region` is not the Region of this portal, or the code was already used"
    };
    error.because(cause).hint(format!(
        "run `kcaws login` again; if the page shows an error, compare `sso_region = {}` in {place} with the Region of your Identity Center",
        portal.region
    ))
}

fn begin_detached(app: &App, session: &SsoSession) -> Result<Option<Lock>, CommandError> {
    process::leave_session();
    Ok(auto_login(app, session).begin()?)
}

fn auto_login<'a>(app: &'a App, session: &'a SsoSession) -> AutoLogin<'a> {
    AutoLogin { config: session, state: app.state(), clock: &*app.clock }
}

/// One login, with either flow.
struct Attempt<'a> {
    args: &'a LoginArgs,
    app: &'a App,
    session: &'a Session<'a>,
    portal: &'a Portal,
    client_name: &'a str,
}

impl Attempt<'_> {
    fn log_in(&self, ui: &mut Ui) -> Result<SessionStatus, CommandError> {
        let setting = self.app.settings()?.flow(&self.session.config.name);
        let (flow, why) = choose(self.args, setting, &*self.browser());
        if let Some(why) = why {
            ui.say(why);
        }
        if flow == Flow::Pkce
            && let Some(status) = pkce::log_in(self, ui)?
        {
            return Ok(status);
        }
        device::log_in(self, ui)
    }

    fn browser(&self) -> Box<dyn Browser> {
        self.app.browser(&self.session.config.name)
    }

    /// Opens an AWS page in the browser by its URL; the only place that does.
    fn open_page(&self, page: &PageUrl) -> Result<(), BrowserError> {
        match page.to_open().filter(|_| page.is_bare()) {
            Some(url) => self.browser().open(url),
            None => Err(BrowserError::NotStarted(
                "its command line would reveal this login to other users".to_owned(),
            )),
        }
    }

    /// Opens a local page that shows which tool requested the detached login, before the browser goes to AWS.
    ///
    /// If AWS's page must not be opened there is nothing to wait for, and the waiting tools get the URL.
    fn open_local_page(
        &self,
        asked_by: &str,
        code: Option<&str>,
        next: &PageUrl,
    ) -> Result<LoginPage, CommandError> {
        let session = &self.session.config.name;
        let Some(next) = next.to_open() else {
            auto_login(self.app, self.session.config).leave_unopened(next.as_str())?;
            return Err(super::error::unopened(next.as_str(), session));
        };
        let page = LoginPage::show(&login_page::Shown {
            session,
            code,
            client_name: self.client_name,
            asked_by,
            next,
        })?;
        self.browser().open(page.url()).map_err(|error| {
            CommandError::new(Exit::Failed, ErrorCode::Browser, error.to_string())
                .hint("run `kcaws login` in a terminal")
        })?;
        Ok(page)
    }
}

/// Prefers the URL if both are given.
fn insists_on_pkce(args: &LoginArgs) -> bool {
    args.flow == Some(FlowChoice::Pkce) && args.no_browser
}

/// Returns the flow, and why it is not the requested one.
fn choose(args: &LoginArgs, setting: FlowChoice, browser: &dyn Browser) -> (Flow, Option<&'static str>) {
    match args.flow.unwrap_or(setting) {
        FlowChoice::Device => (Flow::Device, None),
        FlowChoice::Auto if args.qr.is_some() || args.no_browser || !browser.opens_here() => {
            (Flow::Device, None)
        }
        FlowChoice::Pkce if args.qr.is_some() => (
            Flow::Device,
            Some("A QR code is for another device, but PKCE must finish on this one: using the device flow."),
        ),
        FlowChoice::Pkce if !insists_on_pkce(args) && browser.unavailable().is_some() => (
            Flow::Device,
            Some("PKCE needs a browser on this machine, but none can be opened: using the device flow."),
        ),
        FlowChoice::Auto | FlowChoice::Pkce => (Flow::Pkce, None),
    }
}

fn parse_flow(text: &str) -> Result<FlowChoice, String> {
    text.parse().map_err(|()| format!("use one of {}", FlowChoice::NAMES.join(", ")))
}

fn end_old_login(session: &Session<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    match session.load() {
        Ok(Some(record)) if record.login.is_some() => {}
        // A session of another endpoint cannot be ended from here.
        Ok(_) | Err(SessionError::ForeignEndpoint { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    match session.end_at_the_service() {
        ServerSide::Ended => {
            session.forget_login()?;
            ui.say("Ended the old Identity Center session; credentials already issued to tools stay valid until they expire.");
        }
        ServerSide::WasOver => session.forget_login()?,
        ServerSide::Unknown(error) => {
            ui.warn(&format!(
                "the old session could not be ended ({error}); the new login may keep its expiry"
            ));
        }
    }
    Ok(())
}

/// Describes how long the login lasts, as far as it is known.
fn life(status: &SessionStatus) -> String {
    let Some(login) = &status.login else { return "not logged in".to_owned() };
    let until = local_time(login.access_expires_at);
    if login.refreshable {
        format!(
            "access is valid until {until} and renews automatically while the Identity Center session lasts"
        )
    } else {
        format!("access is valid until {until}; then log in again")
    }
}

pub(super) fn local_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M").to_string()
}

fn clock_face(left: Duration) -> String {
    format!("{}:{:02} left", left.as_secs() / 60, left.as_secs() % 60)
}

#[cfg(test)]
mod tests;
