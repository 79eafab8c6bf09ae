//! `kcaws admin offboard`: ends the access of one person.

mod deny_file;
mod print;
mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::ports::sts::CallerIdentity;
use serde_json::json;

use self::deny_file::DenyFile;
use self::report::Report;
use super::FileArg;
use super::events::{Event, Phase, Reported};
use super::planning::{audit_lines, declined, rate};
use super::token::endpoint;
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::identity_center::instance;
use crate::offboard::{
    Applier, Leftover, Offboarder, Ownership, Person, Side, Step, StepAction, StepResult, in_full, leftovers,
    steps,
};
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::keycloak::Keycloak;
use crate::ports::scim::HttpScim;
use crate::ports::sso_admin::SdkAccessAdmin;
use crate::ports::sso_admin::access::AccessAdmin;
use crate::sync::call::{Calls, REALM_RATE};
use crate::sync::target::{AwsDirectory, Directory};

const EXAMPLES: &str = "\
Examples:
  kcaws admin offboard alice@example.com               shows what would happen
  kcaws admin offboard alice@example.com --apply
  kcaws admin offboard alice --apply --yes --json
  kcaws admin offboard alice --apply --deny-policy policies/offboarded.json";

/// End the access of one person, in Keycloak and in Identity Center
///
/// Disables the user in Keycloak and ends their sessions there, sets the user inactive in Identity Center, and removes
/// them from the groups that kcaws keeps. Then prints what still runs, and until when. It can be run again at any time.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct OffboardArgs {
    /// Exact user name or e-mail address
    #[arg(value_name = "USER")]
    user: String,
    #[command(flatten)]
    file: FileArg,
    /// Do it; without this, only show it
    #[arg(long)]
    apply: bool,
    /// Do not ask
    #[arg(short, long, requires = "apply")]
    yes: bool,
    /// Add the user to a policy on disk that denies everything to a list of users
    #[arg(long, value_name = "FILE")]
    deny_policy: Option<PathBuf>,
    /// File to which every write is added as a line of JSON [default: the access file's name with .audit.jsonl]
    #[arg(long, value_name = "PATH")]
    audit: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &OffboardArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.file.file.as_deref())?;
    let policy = args.deny_policy.as_deref().map(DenyFile::read).transpose()?;
    // Without AWS, too, the user is disabled in Keycloak: that is what ends everything else.
    let caller = match app.caller(&file) {
        Ok(caller) => Some(caller),
        Err(error) => {
            ui.warn(&format!("AWS does not say who you are: {}", in_full(&error)));
            None
        }
    };
    let arn = caller.as_ref().map_or("unknown", |caller| &caller.arn);
    with_both_sides(&file, caller.as_ref().and_then(CallerIdentity::user), app, ui, |with, ui| {
        let phase = Phase::start("read", "Reading the realm and Identity Center …", app, ui);
        let found = with.find(&args.user);
        drop(phase);
        let mut person = found?;
        let steps = steps(&person);
        let mut policy = policy.map(|policy| policy.for_user(denied_user(&person))).transpose()?;
        if !args.json {
            print::person(&person, ui);
            print::steps(&steps, ui);
        }
        let results = if args.apply {
            confirm(args, &steps, policy.as_ref(), ui)?;
            let audit = args.audit.clone().unwrap_or_else(|| file.path.with_extension("audit.jsonl"));
            let results = apply((with, arn), &audit, &person, &steps, app, ui)?;
            note(&mut person, &results, app);
            Some(results)
        } else {
            None
        };
        let written = match &mut policy {
            Some(policy) if args.apply => policy.write(app),
            Some(_) | None => Ok(()),
        };
        let report = Report {
            user: &args.user,
            person: &person,
            steps: &steps,
            results: results.as_deref(),
            left: &leftovers(&person),
            denied_user: denied_user(&person),
            policy: policy.as_ref(),
            region: &file.identity_center.region,
            now: app.clock.now(),
        };
        if args.json {
            ui.json(&report.json());
        } else {
            print::report(&report, ui);
        }
        check(&report)?;
        written
    })
}

/// What Identity Center is reached with.
struct Services {
    scim: HttpScim,
    store: SdkIdentityStore,
    access: SdkAccessAdmin,
}

/// Opens both sides. One that cannot be opened does not keep the other from being done.
fn with_both_sides<T>(
    file: &AccessFile,
    caller: Option<&str>,
    app: &AdminApp,
    ui: &mut Ui,
    work: impl FnOnce(&Offboarder<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let rate = rate(app)?;
    let keycloak = app.keycloak(&file.realm, ui.prompting()).map_err(CommandError::from);
    let (keycloak, services) = match (keycloak, services(file, app, ui)) {
        (Err(error), Err(_)) => return Err(error),
        sides => sides,
    };
    let directory =
        services.as_ref().map(|services| AwsDirectory { store: &services.store, scim: &services.scim });
    let (realm_calls, directory_calls) = (Calls::new(&*app.clock, REALM_RATE), Calls::new(&*app.clock, rate));
    let with = Offboarder {
        keycloak: keycloak
            .as_ref()
            .map(|keycloak| keycloak as &dyn Keycloak)
            .map_err(CommandError::with_cause),
        directory: directory
            .as_ref()
            .map(|directory| directory as &dyn Directory)
            .map_err(|error| error.with_cause()),
        access: services.as_ref().ok().map(|services| &services.access as &dyn AccessAdmin),
        settings: file.directory.as_ref(),
        realm_calls: &realm_calls,
        directory_calls: &directory_calls,
        caller,
    };
    work(&with, ui)
}

fn services(file: &AccessFile, app: &AdminApp, ui: &Ui) -> Result<Services, CommandError> {
    let scim = app.scim(&endpoint(file)?, ui.prompting())?;
    let aws = app.aws(file)?;
    let found = instance::find(&file.identity_center, &aws.sso_admin())?;
    let store = aws.identity_store(&found.identity_store_id, false);
    Ok(Services { scim, store, access: aws.access_admin(&found.arn) })
}

/// Returns the id of the user that a policy has to deny.
fn denied_user(person: &Person) -> Option<&str> {
    let user = person.directory.found()?;
    match user.owner {
        Ownership::Ours | Ownership::Foreign => Some(&user.id),
        Ownership::OtherPerson => None,
    }
}

fn confirm(
    args: &OffboardArgs,
    steps: &[Step],
    policy: Option<&DenyFile>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let is_change = !steps.is_empty() || policy.is_some_and(DenyFile::is_changed);
    if args.yes || !is_change || ui.confirm(&format!("End the access of {}?", args.user), "--yes")? {
        Ok(())
    } else {
        Err(declined(ui))
    }
}

fn apply(
    (with, actor): (&Offboarder<'_>, &str),
    audit: &Path,
    person: &Person,
    steps: &[Step],
    app: &AdminApp,
    ui: &Ui,
) -> Result<Vec<StepResult>, CommandError> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let audit = audit_lines(audit, actor, app)?;
    let phase = Phase::start("apply", "Ending the access …", app, ui);
    let audit = Reported::new(audit, &phase, Some(steps.len()));
    let results = Applier { with, audit: &audit, actor }.apply(person, steps);
    drop(phase);
    for result in &results {
        if let Some(why) = &result.error {
            Event::Failed
                .warn(&json!({ "action": result.step.action, "name": result.step.name, "why": why }));
        }
    }
    Ok(results)
}

fn note(person: &mut Person, results: &[StepResult], app: &AdminApp) {
    for result in results.iter().filter(|result| result.error.is_none()) {
        person.note(&result.step, app.clock.now());
    }
}

/// Returns an error if something is left that should not be.
fn check(report: &Report<'_>) -> Result<(), CommandError> {
    let failed = report.results.into_iter().flatten().filter(|result| result.error.is_some());
    let failed: Vec<StepAction> = failed.map(|result| result.step.action).collect();
    let count = failed.len() + report.left.len();
    if count == 0 {
        return Ok(());
    }
    let message = format!(
        "the access of `{}` is not ended everywhere: {count} {} left",
        report.user,
        if count == 1 { "thing is" } else { "things are" }
    );
    let is_in_keycloak =
        failed.contains(&StepAction::DisableInKeycloak) || matches!(report.person.realm, Side::Unread { .. });
    let is_closed = matches!(report.person.directory, Side::Unread { .. });
    let is_foreign = report.left.iter().any(|left| matches!(left, Leftover::ForeignUser { .. }));
    let hint = if is_in_keycloak {
        "run the same command again; until the user is disabled in Keycloak, `kcaws admin sync apply` makes them active again"
    } else if is_closed {
        "correct what keeps Identity Center from being read, see above; then run the same command again: it does the rest"
    } else if is_foreign {
        "disable the user in the console of Identity Center: kcaws changes only users that it owns"
    } else {
        "run the same command again: it does the rest"
    };
    Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message).hint(hint))
}
