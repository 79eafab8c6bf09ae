//! `kcaws admin sync plan`.

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{Allowed, check, check_records, made, options, pace, print, with_planner};
use crate::app::AdminApp;
use crate::cli::planning::{self, save};
use crate::sync::plan::{Plan, SavedPlan};

/// Show what a sync would change
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin sync plan\n  kcaws admin sync plan --exit-code --json\n  kcaws admin sync plan --out plan.json"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) common: planning::PlanArgs<Allowed>,
}

/// The plan as JSON.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) schema: u32,
    pub(super) has_changes: bool,
    #[serde(flatten)]
    pub(super) plan: &'a Plan,
}

pub(super) fn run(args: &PlanArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let args = &args.common;
    let file = app.access_file(args.file.file.as_deref())?;
    let options = options(&args.planning, &app.caller(&file)?);
    let plan = with_planner(&file, app, pace(app)?, ui, |planner, ui| made(planner, &options, app, ui))?;
    planning::warn_of_unmatched(&plan.unmatched, ui);
    if args.json {
        ui.json(&Report { schema: 1, has_changes: plan.has_changes(), plan: &plan });
    } else {
        print(&plan, ui);
    }
    check(&plan)?;
    if let Some(path) = &args.out {
        save(path, &SavedPlan::new(plan.clone(), &file.chain(), &options))?;
    }
    // Bad records are listed. They fail when the plan is applied, and keep nobody from applying the rest.
    match (args.exit_code, plan.has_changes()) {
        (true, true) => Err(CommandError::changes()),
        (true, false) => check_records(&plan),
        (false, _) => Ok(()),
    }
}
