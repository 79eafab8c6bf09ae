//! `kcaws admin access apply`.

use std::path::{Path, PathBuf};

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::platform::foreign_file;
use serde::Serialize;
use serde_json::json;

use super::{OpenAccess, PlanningArgs, check, entitlements, render, unwritable, with_access};
use crate::access::apply::{AccessFailure, AccessOutcome, ApplyError, EarlierOperations, Recording, apply};
use crate::access::plan::{AccessPlan, SavedAccessPlan};
use crate::app::AdminApp;
use crate::cli::events::{Event, Phase, Reported};
use crate::platform::audit_file;
use crate::sync::apply::JsonLines;

/// Change permission sets and assignments to what the access file says
///
/// Shows the plan and asks first. Additions come before removals. It can be interrupted at any time: the next run takes
/// up what is still running and does the rest. Every write is recorded in the audit file.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin access apply\n  kcaws admin access apply --yes --allow role-removal\n  kcaws admin access apply plan.json"
)]
pub(super) struct ApplyArgs {
    /// Plan that `access plan --out` saved
    #[arg(value_name = "PLAN", conflicts_with_all = ["adopt", "max_removals", "allow", "deep"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    planning: PlanningArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// File to which every write is added as a line of JSON [default: the access file's name with .audit.jsonl]
    #[arg(long, value_name = "PATH")]
    audit: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    plan: &'a AccessPlan,
    /// Null if nothing was applied.
    outcome: Option<&'a AccessOutcome>,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.planning.file.file.as_deref())?;
    with_access(&file, app, ui, |open, ui| {
        let saved = args.plan.as_ref().map(|path| saved(path, open)).transpose()?;
        let given = args.planning.options(&file);
        let options = saved.as_ref().map_or(&given, SavedAccessPlan::options);
        // Before the plan is made: what ends meanwhile is either in it or known here.
        let earlier = if open.has_permission_sets {
            EarlierOperations::read(open.at)?
        } else {
            EarlierOperations::default()
        };
        let plan = open.plan(options, ui)?;
        if let Some(saved) = &saved {
            saved.check(&plan)?;
        }
        if !args.json {
            render::plan(&plan, ui);
        }
        check(&plan)?;
        if plan.is_empty() {
            if args.json {
                ui.json(&Report { schema: 1, plan: &plan, outcome: None });
            }
            return Ok(());
        }
        if !args.yes && saved.is_none() {
            ask(ui)?;
        }
        let (outcome, end) = applied(args, open, &earlier, &plan, ui)?;
        if args.json {
            ui.json(&Report { schema: 1, plan: &plan, outcome: Some(&outcome) });
        } else {
            tell(&outcome, ui);
        }
        end?;
        finished(&outcome)
    })
}

fn saved(path: &Path, open: &OpenAccess<'_>) -> Result<SavedAccessPlan, CommandError> {
    let bytes = foreign_file::read(path).map_err(|error| {
        CommandError::new(Exit::Usage, ErrorCode::NoSuchFile, format!("cannot read `{}`", path.display()))
            .because(error.to_string())
            .hint("`kcaws admin access plan --out plan.json` writes one")
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(SavedAccessPlan::read(&text, &open.chain(), open.app.clock.now())?)
}

fn ask(ui: &mut Ui) -> Result<(), CommandError> {
    if !ui.is_interactive() {
        let message = "`access apply` asks before it changes anything, and nobody can answer";
        return Err(CommandError::new(Exit::Usage, ErrorCode::InputNeeded, message)
            .hint("add --yes, or apply a plan that was saved: `kcaws admin access apply plan.json`"));
    }
    match ui.ask("Apply these changes? [y/N] ").as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(CommandError::silent()),
    }
}

fn applied(
    args: &ApplyArgs,
    open: &OpenAccess<'_>,
    earlier: &EarlierOperations,
    plan: &AccessPlan,
    ui: &Ui,
) -> Result<(AccessOutcome, Result<(), ApplyError>), CommandError> {
    let path = args.audit.clone().unwrap_or_else(|| open.file.path.with_extension("audit.jsonl"));
    let audit = audit_file::open(&path).map_err(|error| unwritable(&path, &error))?;
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| open.app.env.get(name));
    let phase = Phase::start("apply", "Applying …", open.app, ui);
    let applied = apply(
        plan,
        earlier,
        open.at,
        Some(open.account_access),
        Recording {
            audit: &Reported::new(JsonLines::new(audit), &phase, None),
            actor: names.as_deref().unwrap_or("unknown"),
            progress: &mut |done| phase.progress(format!("Applying … {done} done"), done, None, None),
        },
    );
    drop(phase);
    for AccessFailure { what, why, .. } in &applied.0.failures {
        Event::Failed.warn(&json!({ "name": what, "why": why }));
    }
    Ok(applied)
}

fn tell(outcome: &AccessOutcome, ui: &mut Ui) {
    for AccessFailure { what, why, meaning } in &outcome.failures {
        ui.marked("!", Colour::Red, &format!("{what}: {why}"));
        if let Some(meaning) = meaning {
            ui.data(&format!("    {meaning}"));
        }
    }
    if let Some(statement) = &outcome.trust_statement {
        entitlements::trust_statement(statement, ui);
    }
    ui.data(&render::counted(outcome.done, "change done", "changes done"));
    if outcome.left > 0 {
        let left = render::counted(outcome.left, "change", "changes");
        ui.data(&format!("{left} not done, or still running: the next run does the rest"));
    }
}

fn finished(outcome: &AccessOutcome) -> Result<(), CommandError> {
    let failed = outcome.failures.len();
    if failed > 0 {
        let message =
            format!("{}, all others are done", render::counted(failed, "change failed", "changes failed"));
        return Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message)
            .hint("the reasons are above; then run the same command again: it does the rest"));
    }
    if outcome.waiting > 0 {
        let what = render::counted(outcome.waiting, "assignment waits", "assignments wait");
        let message = format!("{what} for groups that are not in Identity Center yet");
        return Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message)
            .hint("run `kcaws admin sync apply`, then this command again"));
    }
    Ok(())
}
