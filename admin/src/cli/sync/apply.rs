//! `kcaws admin sync apply`.

use std::path::Path;

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::outcome::{check_outcome, report_failures, tell_failures};
use super::{Allowed, SYNC, check, check_records, made, options, pace, print, with_planner};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::cli::access::render::counted;
use crate::cli::events::{Phase, Reported};
use crate::cli::lock;
use crate::cli::planning::{self, audit_lines, saved_text};
use crate::sync::apply::{Applier, Outcome};
use crate::sync::plan::{Plan, PlanOptions, Planner, SavedPlan};

/// Change Identity Center so that it is in step with the realm
///
/// Shows the plan and asks first. It can be interrupted at any time: the next run does the rest. Every write is recorded
/// in the audit file.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin sync apply\n  kcaws admin sync apply --yes --max-removals 20\n  kcaws admin sync apply --only user:alice@example.com\n  kcaws admin sync apply plan.json"
)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) common: planning::ApplyArgs<Allowed>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    plan: &'a Plan,
    /// Null if nothing was applied.
    outcome: Option<&'a Outcome>,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let args = &args.common;
    let file = app.access_file(args.file.file.as_deref())?;
    let saved = args.plan.as_ref().map(|path| saved(path, &file, app)).transpose()?;
    let caller = app.caller(&file)?;
    let mut options = options(&args.planning, &caller);
    if let Some(saved) = &saved {
        options = PlanOptions { caller: options.caller, ..saved.options().clone() };
    }
    let _lock = lock::acquire(&file, app, ui)?;
    with_planner(&file, app, pace(app)?, ui, |planner, ui| {
        let fresh = made(planner, &options, app, ui)?;
        let plan = match &saved {
            Some(saved) => saved.bind(fresh).map_err(AdminError::from)?,
            None => fresh,
        };
        planning::warn_of_unmatched(&plan.unmatched, ui);
        if !args.json {
            print(&plan, ui);
        }
        let allowed = check(&plan);
        if allowed.is_err() || !plan.has_changes() {
            if args.json {
                ui.json(&Report { schema: 1, plan: &plan, outcome: None });
            }
            return allowed.and_then(|()| check_records(&plan));
        }
        args.ask(SYNC, &*app.clock, |ui| print(&plan, ui), ui)?;
        let outcome = applied(&args.audit(&file), &caller.arn, planner, &plan, app, ui)?;
        if args.json {
            ui.json(&Report { schema: 1, plan: &plan, outcome: Some(&outcome) });
        } else {
            tell_failures(&outcome, ui);
            let writes = usize::try_from(outcome.writes).unwrap_or(usize::MAX);
            ui.data(&counted(writes, "write done", "writes done"));
        }
        check_outcome(outcome)?;
        check_records(&plan)
    })
}

fn saved(path: &Path, file: &AccessFile, app: &AdminApp) -> Result<SavedPlan, CommandError> {
    Ok(SavedPlan::read(&saved_text(path, SYNC)?, &file.chain(), app.clock.now()).map_err(AdminError::from)?)
}

fn applied(
    audit: &Path,
    actor: &str,
    planner: &Planner<'_>,
    plan: &Plan,
    app: &AdminApp,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let lines = audit_lines(audit, actor, app)?;
    let phase = Phase::start("apply", "Applying …", app, ui);
    let applier = Applier {
        directory: planner.directory,
        calls: planner.directory_calls,
        audit: &Reported::new(lines, &phase, Some(plan.cost.writes)),
        actor,
        // Interrupts end the process between two writes by themselves.
        stop: &|| false,
    };
    let outcome = applier.apply(plan);
    drop(phase);
    report_failures(&outcome);
    Ok(outcome)
}
