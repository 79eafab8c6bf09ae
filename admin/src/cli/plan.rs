//! `kcaws admin plan`.

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::planning::{self, ReadingArgs, save};
use super::rollout::{Allowed, RolloutOptions, check, check_records, print, with_rollout};
use crate::app::AdminApp;
use crate::rollout::{RolloutPlan, SavedRollout};

/// Show what would change in users, groups, permission sets and assignments
///
/// `sync plan` and `access plan` in one: groups that are not in Identity Center yet are planned with their assignments.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin plan\n  kcaws admin plan --exit-code --json\n  kcaws admin plan --only group:/aws/PowerUser\n  kcaws admin plan --out plan.json"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) common: planning::PlanArgs<Allowed>,
    #[command(flatten)]
    reading: ReadingArgs<false>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    has_changes: bool,
    #[serde(flatten)]
    plan: &'a RolloutPlan,
}

pub(super) fn run(args: &PlanArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let PlanArgs { common: args, reading } = args;
    let file = app.access_file(args.file.file.as_deref())?;
    let options = RolloutOptions::new(&args.planning, reading.deep, &file, &app.caller(&file)?);
    let plan = with_rollout(&file, app, ui, |open, ui| open.plan(&options, ui))?;
    planning::warn_of_unmatched(plan.unmatched(), ui);
    if args.json {
        ui.json(&Report { schema: 1, has_changes: plan.has_changes(), plan: &plan });
    } else {
        print(&plan, ui);
    }
    check(&plan)?;
    if let Some(path) = &args.out {
        let (sync, access) = (&options.sync, &options.access);
        save(path, &SavedRollout::new(&plan, &file.chain(), sync, access, app.clock.now()))?;
    }
    // Bad records are listed. They fail when the plan is applied, and keep nobody from applying the rest.
    match (args.exit_code, plan.has_changes()) {
        (true, true) => Err(CommandError::changes()),
        (true, false) => check_records(&plan),
        (false, _) => Ok(()),
    }
}
