mod list;
mod output;
mod sign_in_url;

use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use self::output::Out;
use self::sign_in_url::ConsoleTarget;
use super::error::CommandError;
use super::role_args::RoleArgs;
use super::ui::Ui;
use super::variables;
use crate::app::App;
use crate::app::resolve::ResolvedRole;
use crate::app::resolve::ResolvedSession;
use crate::console::{Destination, Partition, Via, destination, regions};
use crate::profile::Role;

/// The lengths that AWS accepts for a console session.
const DURATIONS: std::ops::RangeInclusive<Duration> = Duration::from_mins(15)..=Duration::from_hours(12);

const EXAMPLES: &str = "\
Examples:
  kcaws console dev
  kcaws console dev --service logs --region eu-west-1
  kcaws console dev --destination arn:aws:s3:::bucket/key
  kcaws console dev --container      (a Firefox container of the profile's name)
  kcaws console dev --browser chrome --browser-profile 'Profile 1'
  kcaws console dev --via portal
  kcaws console --session corp --account 111122223333 --role PowerUser --print

With federation, the role's credentials are exchanged for a sign-in URL that is valid for 15 minutes; it is passed to \
the browser through a local redirect, never on a command line. With portal, the browser goes to the access portal, where \
you are signed in or sign in; no credentials are used here, and several sessions can be open side by side.";

/// Open the AWS console in the browser with a profile's permission set
///
/// Uses the profile of AWS_PROFILE if none is given, else `default`; without either, asks at a terminal.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConsoleArgs {
    #[command(flatten)]
    of: RoleArgs,
    /// Short name of a service, such as s3, logs, iam (--list-services shows all)
    #[arg(long, short, value_name = "NAME")]
    service: Option<String>,
    /// URL of a console page, or ARN of a resource
    #[arg(long, value_name = "URL|ARN", conflicts_with = "service")]
    destination: Option<String>,
    /// AWS Region of the console, unless the destination has its own [default: $AWS_REGION, then $AWS_DEFAULT_REGION,
    /// then the profile's, then the session's]
    #[arg(long, value_parser = regions::argument)]
    region: Option<String>,
    /// How to sign in: federation or portal [default: `console-via` in config.toml, else federation]
    #[arg(long, value_parser = PossibleValuesParser::new(["federation", "portal"]).try_map(|name| via(&name)))]
    via: Option<Via>,
    /// Length of the console session, from 15m to 12h [default: as long as the credentials are valid]
    #[arg(long, value_parser = duration)]
    duration: Option<Duration>,
    /// End all of the browser's console sessions first
    #[arg(long)]
    logout_first: bool,
    #[command(flatten)]
    out: Out,
    /// List the short names of services (with --json as JSON) and exit
    #[arg(long)]
    list_services: bool,
}

fn via(text: &str) -> Result<Via, String> {
    text.parse().map_err(|()| format!("use one of {}", Via::NAMES))
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = crate::cli::duration::parse(text)?;
    if DURATIONS.contains(&duration) && duration.subsec_nanos() == 0 {
        Ok(duration)
    } else {
        Err("must be between 15m and 12h, in whole seconds".to_owned())
    }
}

impl ConsoleArgs {
    pub(super) fn json(&self) -> bool {
        self.out.json
    }
}

pub(super) fn run(args: &ConsoleArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    if args.list_services {
        list::services(args.json(), ui);
        return Ok(());
    }
    let via = args.via.unwrap_or(app.settings()?.console_via);
    let ResolvedRole { selected, role, region } = args.of.choose_or_ask(app, ui)?;
    let by_hand = variables::region_by_hand(&app.env).map(|(_, region)| region);
    let destination = find(args, &selected, by_hand.or(region))?;
    warn_of_doubts(&destination, &role, ui);
    args.out.check(app, &selected.session.name)?;
    let goal = ConsoleTarget { selected, role, destination };
    let opening = match via {
        Via::Federation => sign_in_url::by_federation(&goal, args.duration, args.logout_first, app, ui)?,
        Via::Portal => sign_in_url::by_portal(&goal, args.duration.is_some() || args.logout_first, app)?,
    };
    args.out.hand_over(&goal, &opening, app, ui)
}

/// Returns the destination, which must be in the login's partition: nothing else can be signed in to.
fn find(
    args: &ConsoleArgs,
    selected: &ResolvedSession,
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

fn warn_of_doubts(destination: &Destination, role: &Role, ui: &mut Ui) {
    if let Some(guess) = &destination.guess {
        ui.warn(guess);
    }
    if let Some(theirs) = destination.account.as_deref().filter(|theirs| *theirs != role.account_id) {
        ui.warn(&format!(
            "the destination belongs to account {theirs}, but the role belongs to {}",
            role.account_id
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_what_aws_takes_and_nothing_is_rounded_to_it() {
        for (text, seconds) in [("15m", 900), ("900s", 900), ("1h1s", 3601), ("12h", 43200)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "14m59s",
            "899s999ms",
            "15m1ms",
            "12h1ms",
            "12h1s",
            "1us",
            "",
            "300000y",
            "18446744073709551615s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
