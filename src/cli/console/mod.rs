mod list;

use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::error::{CommandError, Exit};
use super::provider::Provider;
use super::role_args::{Chosen, RoleArgs};
use super::selection::Selected;
use super::ui::{Ui, shown};
use crate::app::App;
use crate::console::{self, Destination, Partition, destination};
use crate::ports::browser::NoBrowser;
use crate::ports::handoff::Handoff;
use crate::ports::identity_center::{Origin, Override, RoleCredentials, checked};
use crate::profile::services::{Service, endpoint_override};

/// How long a browser may take from its start to asking for the page.
const BROWSER_PATIENCE: Duration = Duration::from_mins(1);
/// A console that ends sooner is a nuisance: warm credentials with less left are renewed first, if they can be.
const WORTH_OPENING: TimeDelta = TimeDelta::minutes(30);

const EXAMPLES: &str = "\
Examples:
  kcaws console dev
  kcaws console dev --service logs --region eu-west-1
  kcaws console dev --destination arn:aws:s3:::bucket/key
  kcaws console --session corp --account 111122223333 --role PowerUserAccess --print";

/// Open the AWS console in the browser with a profile's permission set
///
/// Signs in through AWS's federation endpoint. The printed URL signs in whoever opens it within 15 minutes. Without a
/// profile it is that of AWS_PROFILE; a person at a terminal is asked.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConsoleArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// A service by its short name, such as s3, logs, iam (--list-services shows all)
    #[arg(long, short, value_name = "NAME")]
    service: Option<String>,
    /// A page of the console by its URL, or a resource by its ARN
    #[arg(long, value_name = "URL|ARN", conflicts_with = "service")]
    destination: Option<String>,
    /// Region of the console, where the destination tells none; else that of the profile, else that of the session
    #[arg(long)]
    region: Option<String>,
    /// Print the URL instead of opening it
    #[arg(long)]
    print: bool,
    /// List the short names of services and do nothing else
    #[arg(long)]
    list_services: bool,
    /// Machine-readable, with --list-services
    #[arg(long, requires = "list_services")]
    pub(super) json: bool,
}

pub(super) fn run(args: &ConsoleArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if args.list_services {
        list::services(args.json, ui);
        return Ok(());
    }
    let Chosen { selected, role, region } = args.of.choose_or_ask(app, ui)?;
    let destination = find(args, &selected, region)?;
    warn_of_another_account(&destination, &role.account_id, ui);
    let signin = signin_origin(app, &selected, &destination.region)?;
    let browser = app.browser();
    if !args.print {
        refuse_without_browser(browser.unavailable())?;
    }
    let provider = Provider::for_a_person(app, selected, role, ui)?;
    let credentials = credentials(&provider, app)?;
    let Provider { selected, role, .. } = provider;
    let token = app.signin(signin.clone())?.signin_token(&credentials)?;
    let url = console::login_url(signin.as_str(), &selected.session.start_url, &destination.url, &token);
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

/// Of the login's own partition: nothing else can be signed in to.
fn find(
    args: &ConsoleArgs,
    selected: &Selected,
    region: Option<String>,
) -> Result<Destination, CommandError> {
    let partition = Partition::of_region(&selected.session.region);
    let region = args.region.clone().or(region).unwrap_or_else(|| selected.session.region.clone());
    destination::checked_region(&region, partition)?;
    Ok(match (&args.service, &args.destination) {
        (Some(name), _) => destination::service(name, partition, &region)?,
        (_, Some(given)) => destination::of(given, partition, &region)?,
        (None, None) => destination::home(partition, &region),
    })
}

fn warn_of_another_account(destination: &Destination, account: &str, ui: &mut Ui) {
    if let Some(theirs) = destination.account.as_deref().filter(|theirs| *theirs != account) {
        ui.warn(&format!("the destination belongs to account {theirs}, the role to {account}"));
    }
}

/// Warm ones, or new ones that stay warm for others.
fn credentials(provider: &Provider<'_>, app: &App) -> Result<RoleCredentials, CommandError> {
    let credentials = provider.credentials()?;
    let until = app.clock.now() + WORTH_OPENING;
    if credentials.expires_at >= until {
        return Ok(credentials);
    }
    // A short console is better than none.
    Ok(provider.credentials_until(until).map_or(credentials, |(longer, _)| longer))
}

fn signin_origin(app: &App, selected: &Selected, region: &str) -> Result<Origin, CommandError> {
    let given = endpoint_override(Service::Signin, &app.env, app.document()?, selected.profile.as_deref());
    let given = given.unwrap_or_else(|| Override {
        setting: "the region's sign-in host".to_owned(),
        url: Partition::of_region(region).signin_origin(region),
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
