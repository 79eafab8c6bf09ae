//! `kcaws admin access apply`.

use clap::Args;
use kcaws::cli::error::CommandError;
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::outcome::{check_outcome, report_failures, tell_failures, tell_rest};
use super::{ACCESS, Allowed, OpenAccess, check, options, pace, render, with_access};
use crate::access::apply::{AccessOutcome, ApplyError, EarlierOperations, Recording, apply};
use crate::access::plan::{AccessPlan, SavedAccessPlan};
use crate::app::AdminApp;
use crate::cli::events::{Phase, Reported};
use crate::cli::lock;
use crate::cli::planning::{self, ReadingArgs, audit_lines, saved_text};

/// Change permission sets and assignments to what the access file says
///
/// Shows the plan and asks first. Additions come before removals. It can be interrupted at any time: the next run takes
/// up what is still running and does the rest. Every write is recorded in the audit file.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access apply\n  kcaws admin access apply --yes --allow role-removal\n  kcaws admin access apply --only set:PowerUser --only 'account:sandbox-*'\n  kcaws admin access apply plan.json"
)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) common: planning::ApplyArgs<Allowed>,
    #[command(flatten)]
    reading: ReadingArgs<true>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    plan: &'a AccessPlan,
    /// Null if nothing was applied.
    outcome: Option<&'a AccessOutcome>,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let ApplyArgs { common: args, reading } = args;
    let file = app.access_file(args.file.file.as_deref())?;
    let saved = args.plan.as_ref().map(|path| {
        let text = saved_text(path, ACCESS)?;
        Ok::<_, CommandError>(SavedAccessPlan::read(&text, &file.chain(), app.clock.now())?)
    });
    let saved = saved.transpose()?;
    let _lock = lock::acquire(&file, app, ui)?;
    with_access(&file, app, pace(app)?, ui, |open, ui| {
        let given = options(&args.planning, reading.deep, &file);
        let options = saved.as_ref().map_or(&given, SavedAccessPlan::options);
        // Before the plan is made: what ends meanwhile is either in it or known here.
        let earlier = open.earlier_operations()?;
        let plan = open.plan(options, ui)?;
        if let Some(saved) = &saved {
            saved.check(&plan)?;
        }
        planning::warn_of_unmatched(&plan.unmatched, ui);
        if !args.json {
            render::plan(&plan, ui);
        }
        let allowed = check(&plan);
        if allowed.is_err() || plan.is_empty() {
            if args.json {
                ui.json(&Report { schema: 1, plan: &plan, outcome: None });
            }
            return allowed;
        }
        args.ask(ACCESS, &*app.clock, |ui| render::plan(&plan, ui), ui)?;
        let (outcome, end) = applied(args, open, &earlier, &plan, ui)?;
        if args.json {
            ui.json(&Report { schema: 1, plan: &plan, outcome: Some(&outcome) });
        } else {
            tell_failures(&outcome, ui);
            ui.data(&render::counted(outcome.done, "change done", "changes done"));
            tell_rest(&outcome, ui);
        }
        end?;
        check_outcome(&outcome, "run `kcaws admin sync apply`, then this command again")
    })
}

fn applied(
    args: &planning::ApplyArgs<Allowed>,
    open: &OpenAccess<'_>,
    earlier: &EarlierOperations,
    plan: &AccessPlan,
    ui: &Ui,
) -> Result<(AccessOutcome, Result<(), ApplyError>), CommandError> {
    let path = args.audit(open.file);
    let audit = audit_lines(&path, open.actor, open.app)?;
    let phase = Phase::start("apply", "Applying …", open.app, ui);
    let applied = apply(
        plan,
        earlier,
        open.at,
        Some(open.account_access),
        Recording {
            audit: &Reported::new(audit, &phase, None),
            actor: open.actor,
            progress: &mut |done| phase.progress(format!("Applying … {done} done"), done, None, None),
        },
    );
    drop(phase);
    report_failures(&applied.0);
    Ok(applied)
}
