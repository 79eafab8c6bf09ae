//! `kcaws admin sync plan`.

use std::path::PathBuf;

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{PlanningArgs, chain_of, check, check_records, made, print, unwritable, with_planner};
use crate::app::AdminApp;
use crate::platform::plan_file;
use crate::sync::plan::{Plan, SavedPlan};

/// Show what a sync would change
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin sync plan\n  kcaws admin sync plan --exit-code --json\n  kcaws admin sync plan --out plan.json"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    planning: PlanningArgs,
    /// Save the plan for `sync apply PLAN`, which refuses it after an hour or if anything changed
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Exit 7 if there are changes
    #[arg(long)]
    exit_code: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
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
    let file = app.access_file(args.planning.file.file.as_deref())?;
    let options = args.planning.options(&app.caller(&file)?);
    let plan = with_planner(&file, app, ui, |planner, ui| made(planner, &options, app, ui))?;
    if args.json {
        ui.json(&Report { schema: 1, has_changes: plan.has_changes(), plan: &plan });
    } else {
        print(&plan, ui);
    }
    check(&plan)?;
    if let Some(path) = &args.out {
        let saved = SavedPlan::new(plan.clone(), &chain_of(&file), &options);
        let text = serde_json::to_vec_pretty(&saved).expect("names and times serialize");
        plan_file::write(path, &text).map_err(|error| unwritable(path, &error))?;
    }
    check_records(&plan)?;
    if args.exit_code && plan.has_changes() { Err(CommandError::changes()) } else { Ok(()) }
}
