//! `kcaws admin sync`: users, groups and members.

mod apply;
mod explain;
mod hints;
pub(super) mod outcome;
mod plan;

use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::ports::sts::CallerIdentity;
use serde_json::json;

use super::events::{Event, Phase};
use super::planning::{PlanningArgs, Subject, pace};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::identity_center::instance;
use crate::only::{Only, OnlyKind};
use crate::pacing::Pace;
use crate::sync::call::{Calls, REALM_RATE};
use crate::sync::plan::{MemberChange, Plan, PlanOptions, Planner};
use crate::sync::render::{Line, Sign, blocked_text, lines, refused, summary};
use crate::sync::scope::DirectorySettings;
use crate::sync::source::KeycloakRealm;
use crate::sync::target::AwsDirectory;

/// The command, for messages.
const SYNC: &str = "kcaws admin sync";

const EXAMPLES: &str = "\
Examples:
  kcaws admin sync plan
  kcaws admin sync apply
  kcaws admin sync plan --out plan.json && kcaws admin sync apply plan.json
  kcaws admin sync explain alice@example.com";

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allowed {
    /// Fewer than half of the users are left in scope
    SmallerScope,
}

impl Subject for Allowed {
    const KINDS: &'static [OnlyKind] = &[OnlyKind::User, OnlyKind::Group];
}

/// Returns the options of a plan that `caller` makes.
fn options(args: &PlanningArgs<Allowed>, caller: &CallerIdentity) -> PlanOptions {
    PlanOptions {
        adopt: args.adopt,
        max_removals: args.max_removals,
        allow_smaller_scope: args.allow.contains(&Allowed::SmallerScope),
        caller: caller.user().map(str::to_owned),
        only: Only::new(&args.only),
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
            SyncCommand::Plan(args) => args.common.json,
            SyncCommand::Apply(args) => args.common.json,
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

/// Opens both sides and hands over what a plan is made with. Requests to AWS keep to `pace`.
pub(in crate::cli) fn with_planner<'a, T>(
    file: &AccessFile,
    app: &'a AdminApp,
    pace: Arc<Pace<'a>>,
    ui: &mut Ui,
    work: impl FnOnce(&Planner<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let settings = directory_of(file)?;
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
    let (realm_calls, directory_calls) = (Calls::new(&*app.clock, REALM_RATE), Calls::paced(pace));
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

/// Reads both sides and returns the plan.
pub(in crate::cli) fn made(
    planner: &Planner<'_>,
    options: &PlanOptions,
    app: &AdminApp,
    ui: &Ui,
) -> Result<Plan, CommandError> {
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
    print_changes(plan, ui);
    ui.data(&summary(plan));
}

pub(in crate::cli) fn print_changes(plan: &Plan, ui: &mut Ui) {
    for Line { sign, text } in lines(plan) {
        ui.marked(sign.text(), colour(sign), &text);
    }
}

fn colour(sign: Sign) -> Colour {
    match sign {
        Sign::Added => Colour::Green,
        Sign::Changed | Sign::Noted => Colour::Yellow,
        Sign::Removed | Sign::Failed => Colour::Red,
    }
}

/// Returns an error if the plan must not be applied.
pub(in crate::cli) fn check(plan: &Plan) -> Result<(), CommandError> {
    let Some(first) = plan.refusals.first() else { return Ok(()) };
    let failure =
        CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, "refused for safety: nothing was written");
    Err(failure.because(refused(first)).hint(hints::of_refusal(first, plan)))
}

/// Returns an error if records cannot be written as they are: the rest was not held up by them.
pub(in crate::cli) fn check_records(plan: &Plan) -> Result<(), CommandError> {
    let count = plan.blocked.len();
    if count == 0 {
        return Ok(());
    }
    let message = format!("{count} {} cannot be written", if count == 1 { "record" } else { "records" });
    Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message)
        .hint(hints::of_records(&plan.blocked)))
}
