//! `kcaws admin access`: permission sets and assignments.

mod apply;
mod entitlements;
mod export;
pub(super) mod outcome;
mod plan;
pub(super) mod render;
mod who;

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::ports::keyring::Prompting;
use serde_json::json;

use super::FileArg;
use super::events::{Event, Phase};
use super::planning::{PlanningArgs, Subject, pace};
use crate::access::accounts::{AccountInventory, InventoryNeeds};
use crate::access::apply::EarlierOperations;
use crate::access::entitlements::EntitlementAccess;
use crate::access::plan::{
    AccessPlan, AccessPlanError, Acting, Allowance, PlanInput, PlanOptions, make, owner_tag,
};
use crate::access::read::{
    AssignmentReading, GroupDirectory, InstanceAccess, RealmGroups, SyncedGroups, partition_of,
};
use crate::access::requests::Requests;
use crate::access::settings::{AccessSettings, GroupReference};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::identity_center::instance::{self, Standing, standing};
use crate::only::{Only, OnlyKind};
use crate::pacing::Pace;
use crate::ports::account_access::{AccountAccess, SdkAccountAccess};
use crate::ports::iam::Iam;
use crate::ports::identity_store::SdkIdentityStore;
use crate::ports::keycloak::HttpKeycloak;
use crate::ports::organizations::{Organizations, SdkOrganizations};
use crate::sync::scope::MaxRemovals;

/// The command, for messages.
const ACCESS: &str = "kcaws admin access";

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allowed {
    /// The last assignment of a permission set in an account goes, and its role with it
    RoleRemoval,
    /// The access that kcaws itself is using goes
    OwnAccess,
}

impl Subject for Allowed {
    const KINDS: &'static [OnlyKind] = &[OnlyKind::PermissionSet, OnlyKind::Account, OnlyKind::Group];
}

/// Returns the options of a plan.
fn options(args: &PlanningArgs<Allowed>, deep: bool, file: &AccessFile) -> PlanOptions {
    let allowance = |allowed: &Allowed| match allowed {
        Allowed::RoleRemoval => Allowance::RoleRemoval,
        Allowed::OwnAccess => Allowance::OwnAccess,
    };
    PlanOptions {
        adopt: args.adopt,
        allowed: args.allow.iter().map(allowance).collect(),
        max_removals: max_removals(args.max_removals, file),
        reading: reading(deep),
        only: Only::new(&args.only),
    }
}

/// Returns how much may be removed: what was given, or what the file says.
pub(in crate::cli) fn max_removals(given: Option<MaxRemovals>, file: &AccessFile) -> MaxRemovals {
    let of_file = file.directory.as_ref().map(|directory| directory.max_removals);
    given.or(of_file).unwrap_or_default()
}

pub(in crate::cli) fn reading(deep: bool) -> AssignmentReading {
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
            AccessCommand::Plan(args) => args.common.json,
            AccessCommand::Apply(args) => args.common.json,
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
pub(super) struct OpenAccess<'a> {
    app: &'a AdminApp,
    file: &'a AccessFile,
    pub(super) at: InstanceAccess<'a>,
    /// Who runs kcaws, for the audit file.
    pub(super) actor: &'a str,
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

/// Opens the instance of the access file, if these credentials may administer it. Requests keep to `pace`.
pub(super) fn with_access<'a, T>(
    file: &AccessFile,
    app: &'a AdminApp,
    pace: Arc<Pace<'a>>,
    ui: &mut Ui,
    work: impl FnOnce(&OpenAccess<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let requests = Requests::paced(pace);
    let aws = app.aws(file)?;
    let found = instance::find(&file.identity_center, &aws.sso_admin()).map_err(AdminError::from)?;
    let caller = app.caller(file)?;
    let organizations = aws.organizations();
    let standing = standing(&caller.account, &found, &organizations)?;
    if matches!(standing, Standing::Member | Standing::AccountInstance) {
        let message = format!("the account {} may not administer this instance", caller.account);
        return Err(CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, message)
            .hint("use credentials of the management account or of a delegated administrator"));
    }
    let organization = requests.ask(|| organizations.organization())?;
    let acting = Acting {
        permission_set: Acting::permission_set_of(&caller.arn),
        role: Acting::role_of(&caller.arn),
        account: caller.account.clone(),
        management: organization.management_account,
        is_delegate: standing == Standing::DelegatedAdministrator,
    };
    let admin = aws.access_admin(&found.arn);
    let open = OpenAccess {
        app,
        file,
        at: InstanceAccess { admin: &admin, requests: &requests },
        actor: &caller.arn,
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

    /// Returns what is running already; it is asked for before a plan is made.
    pub(super) fn earlier_operations(&self) -> Result<EarlierOperations, CommandError> {
        Ok(if self.has_permission_sets {
            EarlierOperations::read(self.at)?
        } else {
            EarlierOperations::default()
        })
    }

    /// Returns account access manager, for entitlements.
    pub(super) fn account_access(&self) -> &dyn AccountAccess {
        self.account_access
    }

    fn plan(&self, options: &PlanOptions, ui: &Ui) -> Result<AccessPlan, CommandError> {
        self.plan_after(options, SyncedGroups::new(), ui)
    }

    /// Returns a plan that is applied after a sync of these groups.
    pub(super) fn plan_after(
        &self,
        options: &PlanOptions,
        synced: SyncedGroups,
        ui: &Ui,
    ) -> Result<AccessPlan, CommandError> {
        let phase = Phase::start("read", "Reading permission sets and assignments …", self.app, ui);
        let plan = self.planned(options, synced);
        drop(phase);
        let plan = plan?;
        report(&plan);
        Ok(plan)
    }

    /// Returns such a plan, while another phase is shown.
    pub(super) fn planned(
        &self,
        options: &PlanOptions,
        synced: SyncedGroups,
    ) -> Result<AccessPlan, CommandError> {
        let settings = &self.file.access;
        // First what needs no request.
        let wanted_sets = settings
            .wanted_sets(self.folder())
            .map_err(|error| self.at_line(settings.set_lines.get(error.set()).copied(), error.into()))?;
        let realm = if names_realm_groups(settings) { Some(self.realm()?) } else { None };
        let inventory = self.inventory(needs(settings))?;
        let groups = self.groups()?.after(synced);
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
        plan.map_err(|error| self.mistake(error))
    }

    /// Names the line of the access file, if the error is about one.
    fn mistake(&self, error: AccessPlanError) -> CommandError {
        let line = match &error {
            AccessPlanError::NoSuchSet { set } => self.file.access.set_lines.get(set).copied(),
            other => other.line(),
        };
        self.at_line(line, error.into())
    }

    fn at_line(&self, line: Option<usize>, mut error: CommandError) -> CommandError {
        if let Some(line) = line {
            error.message = format!("{}:{line}: {}", self.file.path.display(), error.message);
        }
        error
    }

    /// Returns the folder of the access file, beside which inline policies are.
    fn folder(&self) -> &Path {
        self.file.path.parent().unwrap_or(Path::new(""))
    }
}

fn needs(settings: &AccessSettings) -> InventoryNeeds {
    let selectors = settings.accounts.values().flatten();
    InventoryNeeds::of(selectors.chain(settings.assign.iter().flat_map(|assign| &assign.accounts)))
}

fn names_realm_groups(settings: &AccessSettings) -> bool {
    settings.groups().any(|group| matches!(group, GroupReference::Realm(_)))
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
pub(super) fn check(plan: &AccessPlan) -> Result<(), CommandError> {
    let Some(first) = plan.blockers.first() else { return Ok(()) };
    let message = "refused for safety: nothing was written";
    let cause = match plan.blockers.len() {
        1 => first.to_string(),
        count => format!("{first}, and {} more reasons above", count - 1),
    };
    Err(CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, message).because(cause).hint(first.remedy()))
}
