//! `kcaws admin access plan`.

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::{Allowed, check, options, pace, render, with_access};
use crate::access::plan::{AccessPlan, SavedAccessPlan};
use crate::app::AdminApp;
use crate::cli::planning::{self, ReadingArgs, save};

/// Show what would change in permission sets and assignments
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access plan\n  kcaws admin access plan --exit-code --json\n  kcaws admin access plan --out plan.json"
)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) common: planning::PlanArgs<Allowed>,
    #[command(flatten)]
    reading: ReadingArgs<false>,
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
    let PlanArgs { common: args, reading } = args;
    let file = app.access_file(args.file.file.as_deref())?;
    let options = options(&args.planning, reading.deep, &file);
    let plan = with_access(&file, app, pace(app)?, ui, |open, ui| open.plan(&options, ui))?;
    planning::warn_of_unmatched(&plan.unmatched, ui);
    if args.json {
        ui.json(&Report::of(&plan));
    } else {
        render::plan(&plan, ui);
    }
    check(&plan)?;
    if let Some(path) = &args.out {
        save(path, &SavedAccessPlan::new(&plan, &file.chain(), &options, app.clock.now()))?;
    }
    if args.exit_code && !plan.is_empty() { Err(CommandError::changes()) } else { Ok(()) }
}
