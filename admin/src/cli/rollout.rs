//! What `kcaws admin plan` and `kcaws admin apply` have in common: both halves, opened, planned and printed.

use std::sync::Arc;

use clap::ValueEnum;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::ports::sts::CallerIdentity;
use serde_json::json;

use super::access::{self, OpenAccess, with_access};
use super::events::Event;
use super::planning::{PlanningArgs, Subject, pace};
use super::sync::{self, with_planner};
use crate::access::plan::{Allowance, PlanOptions as AccessOptions};
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::only::{Only, OnlyKind, left_out};
use crate::pacing::Pace;
use crate::rollout::{Reads, RolloutPlan, SavedRollout, synced_groups};
use crate::sync::plan::{Plan, PlanOptions as SyncOptions, Planner};
use crate::sync::render;

/// The command, for messages.
pub(super) const ADMIN: &str = "kcaws admin";

const WAITS: &str = "its group is not in Identity Center, and is not created now";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Allowed {
    /// Fewer than half of the users are left in scope
    SmallerScope,
    /// The last assignment of a permission set in an account goes, and its role with it
    RoleRemoval,
    /// The access that kcaws itself is using goes
    OwnAccess,
}

impl Subject for Allowed {
    const KINDS: &'static [OnlyKind] = &OnlyKind::ALL;
}

/// What both plans are made with.
pub(super) struct RolloutOptions {
    pub(super) sync: SyncOptions,
    pub(super) access: AccessOptions,
}

impl RolloutOptions {
    pub(super) fn new(
        args: &PlanningArgs<Allowed>,
        deep: bool,
        file: &AccessFile,
        caller: &CallerIdentity,
    ) -> Self {
        let allowance = |allowed: &Allowed| match allowed {
            Allowed::SmallerScope => None,
            Allowed::RoleRemoval => Some(Allowance::RoleRemoval),
            Allowed::OwnAccess => Some(Allowance::OwnAccess),
        };
        Self {
            sync: SyncOptions {
                adopt: args.adopt,
                max_removals: args.max_removals,
                allow_smaller_scope: args.allow.contains(&Allowed::SmallerScope),
                caller: caller.user().map(str::to_owned),
                only: Only::new(&args.only),
            },
            access: AccessOptions {
                adopt: args.adopt,
                allowed: args.allow.iter().filter_map(allowance).collect(),
                max_removals: access::max_removals(args.max_removals, file),
                reading: access::reading(deep),
                only: Only::new(&args.only),
            },
        }
    }

    /// Returns the options of a saved plan.
    pub(super) fn of(saved: &SavedRollout, given: Self) -> Self {
        let caller = given.sync.caller.clone();
        let sync = saved.sync_options().map(|options| SyncOptions { caller, ..options.clone() });
        let access = saved.access_options().cloned();
        Self { sync: sync.unwrap_or(given.sync), access: access.unwrap_or(given.access) }
    }
}

/// Both halves, opened; `None` for one that the access file says nothing about.
pub(super) struct OpenRollout<'a> {
    pub(super) app: &'a AdminApp,
    pub(super) sync: Option<&'a Planner<'a>>,
    pub(super) access: Option<&'a OpenAccess<'a>>,
    pace: Arc<Pace<'a>>,
}

/// Opens the halves that the access file has. It says which one it leaves alone.
pub(super) fn with_rollout<T>(
    file: &AccessFile,
    app: &AdminApp,
    ui: &mut Ui,
    work: impl FnOnce(&OpenRollout<'_>, &mut Ui) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let pace = pace(app)?;
    let path = file.path.display();
    match (file.directory.is_some(), file.access.is_empty()) {
        (true, false) => with_planner(file, app, pace.clone(), ui, |planner, ui| {
            with_access(file, app, pace.clone(), ui, |open, ui| {
                work(&OpenRollout { app, sync: Some(planner), access: Some(open), pace }, ui)
            })
        }),
        (true, true) => {
            ui.say(&format!(
                "`{path}` has no permission sets: permission sets and assignments stay as they are"
            ));
            with_planner(file, app, pace.clone(), ui, |planner, ui| {
                work(&OpenRollout { app, sync: Some(planner), access: None, pace }, ui)
            })
        }
        (false, false) => {
            ui.say(&format!("`{path}` has no [directory]: users and groups stay as they are"));
            with_access(file, app, pace.clone(), ui, |open, ui| {
                work(&OpenRollout { app, sync: None, access: Some(open), pace }, ui)
            })
        }
        (false, true) => {
            let message = format!("`{path}` has neither [directory] nor permission sets");
            Err(CommandError::new(Exit::Configuration, ErrorCode::AccessFile, message)
                .hint("add [directory] for users and groups, [permission_sets] and [[assign]] for access"))
        }
    }
}

impl OpenRollout<'_> {
    pub(super) fn plan(&self, options: &RolloutOptions, ui: &Ui) -> Result<RolloutPlan, CommandError> {
        let sync = self.sync.map(|planner| sync::made(planner, &options.sync, self.app, ui)).transpose()?;
        let before = self.pace.sent();
        let access = self.access.map(|open| {
            open.plan_after(&options.access, sync.as_ref().map(synced_groups).unwrap_or_default(), ui)
        });
        let mut access = access.transpose()?;
        let all = self.pace.sent();
        if let Some(plan) = &mut access {
            plan.cost.requests_read = all - before;
        }
        let reads = Reads { all, of_access: all - before, per_second: self.pace.highest_rate() };
        let plan = RolloutPlan::new(sync, access, options.access.max_removals, reads);
        for refusal in &plan.refusals {
            Event::Refused.warn(&json!({ "why": refusal.to_string() }));
        }
        Ok(plan)
    }
}

/// Prints both plans, and what they come to on one line.
pub(super) fn print(plan: &RolloutPlan, ui: &mut Ui) {
    if let Some(sync) = &plan.sync {
        sync::print_changes(sync, ui);
    }
    if let Some(access) = &plan.access {
        access::render::changes(access, WAITS, ui);
    }
    for refusal in &plan.refusals {
        ui.marked("!", Colour::Red, &refusal.to_string());
    }
    ui.data(&summary(plan));
}

fn summary(plan: &RolloutPlan) -> String {
    let of_sync = plan.sync.as_ref().map_or(0, |plan| plan.left_out);
    let left_out = left_out(of_sync + plan.access.as_ref().map_or(0, |plan| plan.left_out));
    if !plan.has_changes() {
        return format!("no changes ({} requests){left_out}", plan.cost.requests_read);
    }
    let sync = plan.sync.iter().filter(|plan| plan.has_changes()).map(render::counts);
    let access = plan.access.iter().filter(|plan| !plan.is_empty()).map(access::render::counts);
    let counts: Vec<String> = sync.chain(access).collect();
    let cost = &plan.cost;
    format!(
        "{}; about {} requests and {} s to apply{left_out}",
        counts.join("; "),
        cost.requests_to_apply,
        cost.seconds_to_apply
    )
}

/// Returns an error if the plan must not be applied.
pub(super) fn check(plan: &RolloutPlan) -> Result<(), CommandError> {
    plan.sync.as_ref().map_or(Ok(()), sync::check)?;
    plan.access.as_ref().map_or(Ok(()), access::check)?;
    let Some(refusal) = plan.refusals.first() else { return Ok(()) };
    Err(CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, "refused for safety: nothing was written")
        .because(refusal.to_string())
        .hint("pass --max-removals if that is right"))
}

/// Returns an error if records of the realm cannot be written as they are.
pub(super) fn check_records(plan: &RolloutPlan) -> Result<(), CommandError> {
    plan.sync.as_ref().map_or(Ok(()), |plan: &Plan| sync::check_records(plan))
}
