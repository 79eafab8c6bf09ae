//! `kcaws admin sync apply`.

use std::path::{Path, PathBuf};

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::platform::foreign_file;
use serde::Serialize;
use serde_json::json;

use super::{PlanningArgs, chain_of, check, check_records, lock, made, print, unwritable, with_planner};
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};
use crate::cli::events::{Event, Phase, Reported};
use crate::platform::audit_file;
use crate::sync::apply::{Applier, Failure, FailureReason, Halt, JsonLines, Outcome};
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
    /// Plan that `sync plan --out` saved
    #[arg(value_name = "PLAN", conflicts_with_all = ["adopt", "max_removals", "allow", "only"])]
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
    plan: &'a Plan,
    /// Null if nothing was applied.
    outcome: Option<&'a Outcome>,
}

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let file = app.access_file(args.planning.file.file.as_deref())?;
    let saved = args.plan.as_ref().map(|path| saved(path, &file, app)).transpose()?;
    let caller = app.caller(&file)?;
    let mut options = args.planning.options(&caller);
    if let Some(saved) = &saved {
        options = PlanOptions { caller: options.caller, ..saved.options().clone() };
    }
    let _lock = lock::acquire(&file, app, ui)?;
    with_planner(&file, app, ui, |planner, ui| {
        let fresh = made(planner, &options, app, ui)?;
        let plan = match &saved {
            Some(saved) => saved.bind(fresh).map_err(AdminError::from)?,
            None => fresh,
        };
        if !args.json {
            print(&plan, ui);
        }
        check(&plan)?;
        if !plan.has_changes() {
            if args.json {
                ui.json(&Report { schema: 1, plan: &plan, outcome: None });
            }
            return check_records(&plan);
        }
        if !args.yes && saved.is_none() {
            ask(ui)?;
        }
        let audit = args.audit.clone().unwrap_or_else(|| file.path.with_extension("audit.jsonl"));
        let outcome = applied(&audit, &caller.arn, planner, &plan, app, ui)?;
        if args.json {
            ui.json(&Report { schema: 1, plan: &plan, outcome: Some(&outcome) });
        } else {
            tell(&outcome, ui);
        }
        check_outcome(&outcome)?;
        check_records(&plan)
    })
}

fn saved(path: &Path, file: &AccessFile, app: &AdminApp) -> Result<SavedPlan, CommandError> {
    let bytes = foreign_file::read(path).map_err(|error| {
        CommandError::new(Exit::Usage, ErrorCode::NoSuchFile, format!("cannot read `{}`", path.display()))
            .because(error.to_string())
            .hint("`kcaws admin sync plan --out plan.json` writes one")
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(SavedPlan::read(&text, &chain_of(file), app.clock.now()).map_err(AdminError::from)?)
}

fn ask(ui: &mut Ui) -> Result<(), CommandError> {
    if !ui.is_interactive() {
        let message = "`sync apply` asks before it changes anything, and nobody can answer";
        return Err(CommandError::new(Exit::Usage, ErrorCode::InputNeeded, message)
            .hint("add --yes, or apply a plan that was saved: `kcaws admin sync apply plan.json`"));
    }
    match ui.ask("Apply these changes? [y/N] ").as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(CommandError::silent()),
    }
}

fn applied(
    audit: &Path,
    actor: &str,
    planner: &Planner<'_>,
    plan: &Plan,
    app: &AdminApp,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let file = audit_file::open(audit).map_err(|error| unwritable(audit, &error))?;
    let phase = Phase::start("apply", "Applying …", app, ui);
    let applier = Applier {
        directory: planner.directory,
        calls: planner.directory_calls,
        audit: &Reported::new(JsonLines::new(file), &phase, Some(plan.cost.writes)),
        actor,
        // Interrupts end the process between two writes by themselves.
        stop: &|| false,
    };
    let outcome = applier.apply(plan);
    drop(phase);
    for failure in &outcome.failures {
        Event::Failed.warn(&json!({
            "action": failure.action, "kind": failure.kind, "name": failure.name, "why": why(failure),
        }));
    }
    Ok(outcome)
}

fn tell(outcome: &Outcome, ui: &mut Ui) {
    for failure in &outcome.failures {
        ui.marked("!", Colour::Red, &failed(failure));
    }
    ui.data(&format!("{} writes done", outcome.writes));
}

fn failed(failure: &Failure) -> String {
    format!("{} {}: {}", failure.kind.title(), failure.name, why(failure))
}

fn why(failure: &Failure) -> String {
    match &failure.reason {
        FailureReason::Changed => "somebody else changed it since the plan was made".to_owned(),
        FailureReason::Gone => "it does not exist any more".to_owned(),
        FailureReason::ForeignObject { id } => format!("{id} has the name and is not from this realm"),
        FailureReason::Refused { message } | FailureReason::Unavailable { message } => message.clone(),
    }
}

fn check_outcome(outcome: &Outcome) -> Result<(), CommandError> {
    let error = |exit, code, message: &str| CommandError::new(exit, code, message);
    let again = "run the same command again: it does the rest";
    match &outcome.halted {
        Some(Halt::Denied(why)) => {
            let failure =
                error(Exit::LoginNeeded, ErrorCode::Scim, "Identity Center denied a write").because(why);
            return Err(failure
                .hint("`kcaws admin token status` shows the SCIM token; then run the same command again"));
        }
        Some(Halt::Unavailable(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::ServerError, "Identity Center does not answer").because(why);
            return Err(failure.hint(again));
        }
        Some(Halt::Audit(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::OutputFile, "the audit file cannot be written").because(why);
            return Err(failure
                .hint("make room for it, or name another with --audit; then run the same command again"));
        }
        Some(Halt::Stopped) => return Err(CommandError::interrupted()),
        Some(Halt::Refused) => {
            return Err(error(Exit::Unsafe, ErrorCode::Refused, "refused for safety: nothing was written")
                .hint(again));
        }
        None => {}
    }
    if outcome.failures.is_empty() {
        return Ok(());
    }
    let message = format!("{} changes failed, all others are done", outcome.failures.len());
    Err(error(Exit::Failed, ErrorCode::SomeFailed, &message).hint(again))
}
