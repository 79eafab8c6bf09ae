//! `kcaws admin access plan`.

use std::path::PathBuf;

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{PlanningArgs, render, unwritable, with_access};
use crate::access::plan::{AccessPlan, SavedAccessPlan};
use crate::app::AdminApp;
use crate::platform::plan_file;

/// Show what would change in permission sets and assignments
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access plan\n  kcaws admin access plan --exit-code --json\n  kcaws admin access plan --out plan.json"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    planning: PlanningArgs,
    /// Save the plan for `access apply PLAN`, which refuses it after an hour or if anything changed
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Exit 7 if there are changes
    #[arg(long)]
    exit_code: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
pub(super) struct Report<'a> {
    schema: u32,
    has_changes: bool,
    #[serde(flatten)]
    plan: &'a AccessPlan,
}

impl<'a> Report<'a> {
    pub(super) fn of(plan: &'a AccessPlan) -> Self {
        Self { schema: 1, has_changes: !plan.is_empty(), plan }
    }
}

pub(super) fn run(args: &PlanArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.planning.file.file.as_deref())?;
    let options = args.planning.options(&file);
    let (plan, chain) = with_access(&file, app, ui, |open, ui| Ok((open.plan(&options, ui)?, open.chain())))?;
    if args.json {
        ui.json(&Report::of(&plan));
    } else {
        render::plan(&plan, ui);
    }
    super::check(&plan)?;
    if let Some(path) = &args.out {
        let saved = SavedAccessPlan::new(&plan, &chain, &options, app.clock.now());
        let text = serde_json::to_vec_pretty(&saved).expect("names and times serialize");
        plan_file::write(path, &text).map_err(|error| unwritable(path, &error))?;
    }
    if args.exit_code && !plan.is_empty() { Err(CommandError::changes()) } else { Ok(()) }
}
