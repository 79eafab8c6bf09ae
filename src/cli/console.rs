use std::time::Duration;

use clap::Args;

use super::error::{CommandError, Exit};
use super::role_args::{Chosen, RoleArgs};
use super::selection::{Opened, Selected};
use super::ui::{Ui, shown};
use crate::app::App;
use crate::console;
use crate::ports::browser::NoBrowser;
use crate::ports::handoff::Handoff;
use crate::ports::identity_center::{Origin, Override, Patience, checked};
use crate::profile::services::{Service, endpoint_override};

/// How long a browser may take from its start to asking for the page.
const BROWSER_PATIENCE: Duration = Duration::from_mins(1);

/// Open the AWS console in the browser with a profile's permission set
///
/// Signs in through AWS's federation endpoint. The printed URL signs in whoever opens it within 15 minutes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws console dev\n  kcaws console --session corp --account 111122223333 --role PowerUserAccess --print"
)]
pub(super) struct ConsoleArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// Region of the console; else that of the profile, else that of the session
    #[arg(long)]
    region: Option<String>,
    /// Print the URL instead of opening it
    #[arg(long)]
    print: bool,
}

pub(super) fn run(args: &ConsoleArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let Chosen { selected, role, region } = args.of.choose(app)?;
    let region = args.region.clone().or(region).unwrap_or_else(|| selected.session.region.clone());
    let signin = signin_origin(app, &selected, &region)?;
    let browser = app.browser();
    if !args.print {
        refuse_without_browser(browser.unavailable())?;
    }
    let opened = Opened::for_use(app, selected, Patience::FOR_A_PERSON, ui)?;
    let credentials = opened.session().role_credentials(&role)?;
    let token = app.signin(signin.clone())?.signin_token(&credentials)?;
    let issuer = &opened.selected.session.start_url;
    let url = console::login_url(signin.as_str(), issuer, &console::home(&region), &token);
    if args.print {
        ui.secret_data(&url);
        return Ok(());
    }
    let handoff = Handoff::listen()?;
    if let Err(error) = browser.open(&handoff.url()) {
        return Err(CommandError::new(Exit::Failed, "browser", error.to_string())
            .hint("`kcaws console --print` prints the URL instead"));
    }
    handoff.redirect_once(&url, BROWSER_PATIENCE)?;
    let (name, account) = (shown(&role.role_name), &role.account_id);
    ui.say(&format!("The console of account {account} opens as {name}."));
    Ok(())
}

fn signin_origin(app: &App, selected: &Selected, region: &str) -> Result<Origin, CommandError> {
    let given = endpoint_override(Service::Signin, &app.env, app.document()?, selected.profile.as_deref());
    let given = given.unwrap_or_else(|| Override {
        setting: "the region's sign-in host".to_owned(),
        url: console::signin_origin(region),
    });
    Ok(Origin::new(&checked(&given)?))
}

fn refuse_without_browser(missing: Option<NoBrowser>) -> Result<(), CommandError> {
    let why = match missing {
        None => return Ok(()),
        Some(NoBrowser::Ssh) => "over SSH no browser is opened",
        Some(NoBrowser::NoDisplay) => "there is no display here",
    };
    Err(CommandError::new(Exit::Failed, "no_browser", why)
        .hint("`kcaws console --print` prints the URL; open it within 15 minutes where you sit"))
}
