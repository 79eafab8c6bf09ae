//! `kcaws admin access`: permission sets and assignments.

mod apply;
mod entitlements;
mod export;
mod plan;
mod render;
mod who;

use std::cell::OnceCell;
use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::ports::keyring::Prompting;
use serde_json::json;

use super::FileArg;
use super::events::{Event, Phase};
use super::sync::rate;
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::entitlements::EntitlementAccess;
use crate::access::plan::{AccessPlan, Acting, Allowance, PlanInput, PlanOptions, make, owner_tag};
use crate::access::read::{AssignmentReading, GroupDirectory, InstanceAccess, RealmGroups, partition_of};
use crate::access::requests::Requests;
use crate::access::settings::{AccessSettings, GroupReference};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::identity_center::instance::{self, Standing, standing};
use crate::ports::account_access::SdkAccountAccess;
use crate::ports::iam::Iam;
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::keycloak::HttpKeycloak;
use crate::ports::organizations::{Organizations, SdkOrganizations};
use crate::sync::scope::MaxRemovals;

const EXAMPLES: &str = "\
Examples:
  kcaws admin access plan
  kcaws admin access apply
  kcaws admin access plan --out plan.json && kcaws admin access apply plan.json
  kcaws admin access export > now.toml
  kcaws admin access who --account 012345678901";

/// Keep permission sets and their assignments to groups as the access file says
///
/// [permission_sets], [accounts] and [[assign]] of the access file say which group has which permission set where. Only
/// permission sets that kcaws created or adopted are changed, and only their assignments are removed. An [[assign]] with
/// `role` gives groups an IAM role by account access manager.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct AccessArgs {
    #[command(subcommand)]
    command: AccessCommand,
}

#[derive(Debug, Subcommand)]
enum AccessCommand {
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Export(export::ExportArgs),
    Who(who::WhoArgs),
}

/// What decides about a plan.
#[derive(Args, Debug)]
struct PlanningArgs {
    #[command(flatten)]
    file: FileArg,
    /// Take over permission sets of the file that kcaws did not create
    #[arg(long)]
    adopt: bool,
    /// Most assignments that may be removed, as a number or a percentage [default: 5%, at least 5]
    #[arg(long, value_name = "N|P%")]
    max_removals: Option<MaxRemovals>,
    /// Allow what is refused otherwise
    #[arg(long, value_name = "WHAT", value_enum)]
    allow: Vec<Allowed>,
    /// Read every permission set in every account: sees assignments of single users and deleted groups
    #[arg(long)]
    deep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allowed {
    /// The last assignment of a permission set in an account goes, and its role with it
    RoleRemoval,
    /// The access that kcaws itself is using goes
    OwnAccess,
}

impl PlanningArgs {
    fn options(&self, file: &AccessFile) -> PlanOptions {
        let of_file = file.directory.as_ref().map(|directory| directory.max_removals);
        let allowance = |allowed: &Allowed| match allowed {
            Allowed::RoleRemoval => Allowance::RoleRemoval,
            Allowed::OwnAccess => Allowance::OwnAccess,
        };
        PlanOptions {
            adopt: self.adopt,
            allowed: self.allow.iter().map(allowance).collect(),
            max_removals: self.max_removals.or(of_file).unwrap_or_default(),
            reading: reading(self.deep),
        }
    }
}

fn reading(deep: bool) -> AssignmentReading {
    if deep { AssignmentReading::Deep } else { AssignmentReading::Quick }
}

impl AccessArgs {
    pub(super) fn name(&self) -> &'static str {
        match &self.command {
            AccessCommand::Plan(_) => "access plan",
            AccessCommand::Apply(_) => "access apply",
            AccessCommand::Export(_) => "access export",
            AccessCommand::Who(_) => "access who",
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            AccessCommand::Plan(args) => args.json,
            AccessCommand::Apply(args) => args.json,
            AccessCommand::Export(args) => args.json,
            AccessCommand::Who(args) => args.json,
        }
    }
}

pub(super) fn run(args: &AccessArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    match &args.command {
        AccessCommand::Plan(args) => plan::run(args, app, ui),
        AccessCommand::Apply(args) => apply::run(args, app, ui),
        AccessCommand::Export(args) => export::run(args, app, ui),
        AccessCommand::Who(args) => who::run(args, app, ui),
    }
}

/// Everything that is read and written, opened.
struct OpenAccess<'a> {
    app: &'a AdminApp,
    file: &'a AccessFile,
    at: InstanceAccess<'a>,
    instance_arn: &'a str,
    has_permission_sets: bool,
    account_access: &'a SdkAccountAccess,
    organizations: &'a SdkOrganizations,
    store: &'a SdkIdentityStore,
    acting: &'a Acting,
    partition: &'a str,
    prompting: Prompting,
    /// Opened when a group of the realm is looked for.
    keycloak: OnceCell<HttpKeycloak>,
}

/// Opens the instance of the access file, if these credentials may administer it.
fn with_access<T>(
    file: &AccessFile,
    app: &AdminApp,
    ui: &mut Ui,
    work: impl FnOnce(&OpenAccess<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let requests = Requests::new(&*app.clock, rate(app)?);
    let aws = app.aws(file)?;
    let found = instance::find(&file.identity_center, &aws.sso_admin()).map_err(AdminError::from)?;
    let caller = app.caller(file)?;
    let organizations = aws.organizations();
    let standing = standing(&caller.account, &found, &organizations)?;
    if matches!(standing, Standing::Member | Standing::AccountInstance) {
        let message = format!("the account {} may not administer this instance", caller.account);
        return Err(CommandError::new(Exit::Unsafe, ErrorCode::AwsDenied, message)
            .hint("use credentials of the management account or of a delegated administrator"));
    }
    let organization = requests.ask(|| organizations.organization())?;
    let acting = Acting {
        permission_set: Acting::permission_set_of(&caller.arn),
        role: Acting::role_of(&caller.arn),
        account: caller.account,
        management: organization.management_account,
        is_delegate: standing == Standing::DelegatedAdministrator,
    };
    let admin = aws.access_admin(&found.arn);
    let open = OpenAccess {
        app,
        file,
        at: InstanceAccess { admin: &admin, requests: &requests },
        instance_arn: &found.arn,
        // Older answers do not say so, and have them.
        has_permission_sets: found.permission_sets_enabled != Some(false),
        account_access: &aws.account_access(),
        organizations: &organizations,
        store: &aws.identity_store(&found.identity_store_id, false),
        acting: &acting,
        partition: partition_of(&found.arn),
        prompting: ui.prompting(),
        keycloak: OnceCell::new(),
    };
    work(&open, ui)
}

impl OpenAccess<'_> {
    /// Returns the groups of the realm.
    fn realm(&self) -> Result<RealmGroups<'_>, CommandError> {
        if self.keycloak.get().is_none() {
            let keycloak = self.app.keycloak(&self.file.realm, self.prompting)?;
            // It was just looked at.
            let _ = self.keycloak.set(keycloak);
        }
        let keycloak = self.keycloak.get().expect("it was set above");
        Ok(RealmGroups::open(keycloak)?)
    }

    fn inventory(&self, needs: InventoryNeeds) -> Result<AccountInventory, CommandError> {
        Ok(AccountInventory::read(self.organizations, self.at.requests, needs)?)
    }

    fn groups(&self) -> Result<GroupDirectory, CommandError> {
        Ok(GroupDirectory::read(self.store, self.at.requests)?)
    }

    fn plan(&self, options: &PlanOptions, ui: &Ui) -> Result<AccessPlan, CommandError> {
        let settings = &self.file.access;
        // First what needs no request.
        let wanted_sets = settings.wanted_sets(self.folder())?;
        let phase = Phase::start("read", "Reading permission sets and assignments …", self.app, ui);
        let realm = if names_realm_groups(settings) { Some(self.realm()?) } else { None };
        let inventory = self.inventory(needs(settings))?;
        let groups = self.groups()?;
        let application = self.application()?;
        let entitlements = application.as_ref().map(|(application, iam)| EntitlementAccess {
            service: self.account_access,
            application,
            iam: iam.as_ref().map(|iam| iam as &dyn Iam),
        });
        let plan = make(&PlanInput {
            settings,
            wanted_sets: &wanted_sets,
            owner: &owner_tag(&self.file.realm.url()),
            partition: self.partition,
            at: self.at,
            inventory: &inventory,
            groups: &groups,
            realm: realm.as_ref(),
            acting: self.acting,
            options,
            has_permission_sets: self.has_permission_sets,
            entitlements,
        });
        drop(phase);
        let plan = plan?;
        report(&plan);
        Ok(plan)
    }

    /// Returns the folder of the access file, beside which inline policies are.
    fn folder(&self) -> &Path {
        self.file.path.parent().unwrap_or(Path::new(""))
    }

    /// Returns what a saved plan is for.
    fn chain(&self) -> String {
        format!("{} {}", self.file.identity_center.instance, self.file.realm.url())
    }
}

fn needs(settings: &AccessSettings) -> InventoryNeeds {
    let selectors = settings.accounts.values().flatten();
    InventoryNeeds::of(selectors.chain(settings.assign.iter().flat_map(|assign| &assign.accounts)))
}

fn names_realm_groups(settings: &AccessSettings) -> bool {
    let of_sets = settings.assign.iter().flat_map(|assign| &assign.groups);
    let mut groups = of_sets.chain(settings.roles.iter().flat_map(|role| &role.groups));
    groups.any(|group| matches!(group, GroupReference::Realm(_)))
}

/// Reports what a plan is about, for `--log json`.
fn report(plan: &AccessPlan) {
    Event::Planned.tell(&json!({
        "changes": !plan.is_empty(), "permission_sets": plan.permission_sets.len(),
        "additions": plan.additions.len(), "removals": plan.removals.len(),
        "provisioning": plan.provisioning.len(), "waiting": plan.waiting.len(),
        "entitlement_additions": plan.entitlements.additions.len(),
        "entitlement_removals": plan.entitlements.removals.len(),
    }));
    plan.blockers.iter().for_each(|blocker| Event::Refused.warn(&json!({ "why": blocker.to_string() })));
}

/// Returns an error if the plan must not be applied.
fn check(plan: &AccessPlan) -> Result<(), CommandError> {
    let Some(first) = plan.blockers.first() else { return Ok(()) };
    let message = "refused for safety: nothing was written";
    let cause = match plan.blockers.len() {
        1 => first.to_string(),
        count => format!("{first}, and {} more reasons above", count - 1),
    };
    Err(CommandError::new(Exit::Unsafe, ErrorCode::Refused, message).because(cause).hint(first.remedy()))
}

/// A file that could not be written.
fn unwritable(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Failed, ErrorCode::OutputFile, format!("cannot write `{}`", path.display()))
        .because(error.to_string())
        .hint("nothing was written to Identity Center; name another file")
}
