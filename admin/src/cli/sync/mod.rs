//! `kcaws admin sync`: users, groups and members.

mod apply;
mod explain;
mod lock;
mod plan;

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::ports::sts::CallerIdentity;
use serde_json::json;

use super::FileArg;
use super::events::{Event, Phase};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::identity_center::instance;
use crate::only::{Only, Selector};
use crate::pacing::DEFAULT_RATE;
use crate::sync::call::{Calls, REALM_RATE};
use crate::sync::plan::{MemberChange, Plan, PlanOptions, Planner};
use crate::sync::render::{Line, Sign, blocked_text, lines, refused, summary};
use crate::sync::scope::{DirectorySettings, MaxRemovals};
use crate::sync::source::KeycloakRealm;
use crate::sync::target::AwsDirectory;

const EXAMPLES: &str = "\
Examples:
  kcaws admin sync plan
  kcaws admin sync apply
  kcaws admin sync plan --out plan.json && kcaws admin sync apply plan.json
  kcaws admin sync explain alice@example.com";

/// The variable with the requests a second.
const RATE_VARIABLE: &str = "KCAWS_ADMIN_RATE";

/// Keep users, groups and members of Identity Center in step with the realm
///
/// [directory] of the access file selects the groups; their members are the users. Only users and groups that kcaws
/// created or adopted are changed. Nobody is deleted unless `leavers = "delete"` asks for it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct SyncArgs {
    #[command(subcommand)]
    command: SyncCommand,
}

#[derive(Debug, Subcommand)]
enum SyncCommand {
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Explain(explain::ExplainArgs),
}

/// What decides about a plan.
#[derive(Args, Debug)]
struct PlanningArgs {
    #[command(flatten)]
    file: FileArg,
    /// Take over users and groups of the same name that kcaws did not create
    #[arg(long)]
    adopt: bool,
    /// Most users, members and groups that may be removed, as a number or a percentage [default: 5%, at least 5]
    #[arg(long, value_name = "N|P%")]
    max_removals: Option<MaxRemovals>,
    /// Allow what is refused otherwise
    #[arg(long, value_name = "WHAT", value_enum)]
    allow: Vec<Allowed>,
    /// Make only these changes: user:PATTERN or group:PATTERN; can be repeated
    #[arg(long, value_name = "KIND:PATTERN", value_parser = Selector::of_sync)]
    only: Vec<Selector>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allowed {
    /// Fewer than half of the users are left in scope
    SmallerScope,
}

impl PlanningArgs {
    /// Returns the options of a plan that `caller` makes.
    fn options(&self, caller: &CallerIdentity) -> PlanOptions {
        PlanOptions {
            adopt: self.adopt,
            max_removals: self.max_removals,
            allow_smaller_scope: self.allow.contains(&Allowed::SmallerScope),
            caller: caller.user().map(str::to_owned),
            only: Only::new(&self.only),
        }
    }
}

impl SyncArgs {
    pub(super) fn name(&self) -> &'static str {
        match &self.command {
            SyncCommand::Plan(_) => "sync plan",
            SyncCommand::Apply(_) => "sync apply",
            SyncCommand::Explain(_) => "sync explain",
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            SyncCommand::Plan(args) => args.json,
            SyncCommand::Apply(args) => args.json,
            SyncCommand::Explain(args) => args.json,
        }
    }
}

pub(super) fn run(args: &SyncArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        SyncCommand::Plan(args) => plan::run(args, app, ui),
        SyncCommand::Apply(args) => apply::run(args, app, ui),
        SyncCommand::Explain(args) => explain::run(args, app, ui),
    }
}

/// Opens both sides and hands over what a plan is made with.
fn with_planner<T>(
    file: &AccessFile,
    app: &AdminApp,
    ui: &mut Ui,
    work: impl FnOnce(&Planner<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let settings = directory_of(file)?;
    let rate = rate(app)?;
    let endpoint = file.identity_center.scim_endpoint.as_ref().ok_or_else(|| {
        CommandError::new(
            Exit::Configuration,
            ErrorCode::AccessFile,
            "there is no scim_endpoint in the access file",
        )
        .hint("copy it from the console: Identity Center, Settings, Identity source, Manage provisioning")
    })?;
    let keycloak = app.keycloak(&file.realm, ui.prompting())?;
    let scim = app.scim(endpoint, ui.prompting())?;
    let aws = app.aws(file)?;
    let found = instance::find(&file.identity_center, &aws.sso_admin()).map_err(AdminError::from)?;
    let with_enterprise = settings.attributes.keys().any(|attribute| attribute.is_enterprise());
    let store = aws.identity_store(&found.identity_store_id, with_enterprise);
    let realm = KeycloakRealm(&keycloak);
    let directory = AwsDirectory { store: &store, scim: &scim };
    let (realm_calls, directory_calls) = (Calls::new(&*app.clock, REALM_RATE), Calls::new(&*app.clock, rate));
    let planner = Planner {
        realm: &realm,
        directory: &directory,
        settings,
        realm_calls: &realm_calls,
        directory_calls: &directory_calls,
    };
    work(&planner, ui)
}

fn directory_of(file: &AccessFile) -> Result<&DirectorySettings, CommandError> {
    file.directory.as_ref().ok_or_else(|| {
        let message = format!("there is no [directory] in `{}`", file.path.display());
        CommandError::new(Exit::Configuration, ErrorCode::AccessFile, message)
            .hint("add [directory] with groups = [\"/aws/**\"]: the groups whose members are the users")
    })
}

/// Returns the requests a second to AWS.
pub(in crate::cli) fn rate(app: &AdminApp) -> Result<f64, CommandError> {
    let Some(text) = app.env.get(RATE_VARIABLE) else { return Ok(DEFAULT_RATE) };
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| {
        let message = format!("{RATE_VARIABLE}: `{text}` is not a number of requests a second");
        CommandError::new(Exit::Configuration, ErrorCode::Settings, message).hint("unset it for 20")
    })
}

/// Returns what a saved plan is for.
fn chain_of(file: &AccessFile) -> String {
    format!("{} {}", file.identity_center.instance, file.realm.url())
}

/// Reads both sides and returns the plan.
fn made(planner: &Planner<'_>, options: &PlanOptions, app: &AdminApp, ui: &Ui) -> Result<Plan, CommandError> {
    let phase = Phase::start("read", "Reading the realm and Identity Center …", app, ui);
    let plan = planner.plan(options);
    drop(phase);
    let plan = plan.map_err(AdminError::from)?;
    report(&plan);
    Ok(plan)
}

/// Reports what a plan is about, for `--log json`.
fn report(plan: &Plan) {
    let members = |changes: &[MemberChange]| changes.iter().map(|change| change.members.len()).sum::<usize>();
    Event::Planned.tell(&json!({
        "changes": plan.has_changes(), "users": plan.users.len(), "groups": plan.groups.len(),
        "additions": members(&plan.additions), "removals": members(&plan.removals),
        "leavers": plan.deactivations.len() + plan.deletions.len(),
        "writes": plan.cost.writes, "seconds": plan.cost.seconds,
    }));
    plan.blocked.iter().for_each(|blocked| Event::Blocked.warn(&json!({ "why": blocked_text(blocked) })));
    plan.refusals.iter().for_each(|refusal| Event::Refused.warn(&json!({ "why": refused(refusal) })));
}

fn print(plan: &Plan, ui: &mut Ui) {
    for Line { sign, text } in lines(plan) {
        ui.marked(sign.text(), colour(sign), &text);
    }
    ui.data(&summary(plan));
}

fn colour(sign: Sign) -> Colour {
    match sign {
        Sign::Added => Colour::Green,
        Sign::Changed | Sign::Noted => Colour::Yellow,
        Sign::Removed | Sign::Failed => Colour::Red,
    }
}

/// Returns an error if the plan must not be applied.
fn check(plan: &Plan) -> Result<(), CommandError> {
    let Some(first) = plan.refusals.first() else { return Ok(()) };
    let failure =
        CommandError::new(Exit::Unsafe, ErrorCode::Refused, "refused for safety: nothing was written");
    Err(failure.because(refused(first)).hint(
        "if this is what you want: --adopt takes objects over, --max-removals N and --allow smaller-scope raise the limits",
    ))
}

/// Returns an error if records cannot be written as they are: the rest was not held up by them.
fn check_records(plan: &Plan) -> Result<(), CommandError> {
    let count = plan.blocked.len();
    if count == 0 {
        return Ok(());
    }
    let message = format!("{count} {} cannot be written", if count == 1 { "record" } else { "records" });
    Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message)
        .hint("correct them in Keycloak: see above"))
}

/// A file that could not be written.
pub(in crate::cli) fn unwritable(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
        .because(error.to_string())
        .hint("nothing was written to Identity Center; name another file")
}
