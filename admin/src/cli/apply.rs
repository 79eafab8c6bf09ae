//! `kcaws admin apply`.

use clap::Args;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use serde::Serialize;

use super::access::render::counted;
use super::access::{OpenAccess, outcome as access_outcome};
use super::events::{Phase, Reported};
use super::lock;
use super::planning::{self, ReadingArgs, audit_lines, saved_text};
use super::rollout::{
    ADMIN, Allowed, OpenRollout, RolloutOptions, check, check_records, print, with_rollout,
};
use super::sync::outcome as sync_outcome;
use crate::access::apply::{EarlierOperations, Recording};
use crate::access::plan::AccessPlan;
use crate::access_file::AccessFile;
use crate::app::AdminApp;
use crate::rollout::{AccessHalf, RolloutError, RolloutOutcome, RolloutPlan, SavedRollout, apply};
use crate::sync::apply::Applier;

/// Change Identity Center to what the access file says: users, groups, permission sets and assignments
///
/// `sync apply` and `access apply` in one, in an order in which nobody who stays is without access in between. Shows the
/// plan and asks first. It can be interrupted at any time: the next run takes up what is still running and does the rest.
/// Every write is recorded in the audit file.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws admin apply\n  kcaws admin apply --yes --max-removals 20\n  kcaws admin apply --only user:alice@example.com\n  kcaws admin apply plan.json"
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
    plan: &'a RolloutPlan,
    /// Null if nothing was applied.
    outcome: Option<&'a RolloutOutcome>,
}

type End = Result<(), RolloutError<CommandError>>;

pub(super) fn run(args: &ApplyArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let ApplyArgs { common: args, reading } = args;
    let file = app.access_file(args.file.file.as_deref())?;
    let saved = args.plan.as_ref().map(|path| {
        let text = saved_text(path, ADMIN)?;
        Ok::<_, CommandError>(SavedRollout::read(&text, &file.chain(), app.clock.now())?)
    });
    let saved = saved.transpose()?;
    let caller = app.caller(&file)?;
    let mut options = RolloutOptions::new(&args.planning, reading.deep, &file, &caller);
    if let Some(saved) = &saved {
        options = RolloutOptions::of(saved, options);
    }
    let _lock = lock::acquire(&file, app, ui)?;
    with_rollout(&file, app, ui, |open, ui| {
        // Before the plan is made: what ends meanwhile is either in it or known here.
        let earlier = open.access.map(OpenAccess::earlier_operations).transpose()?;
        let plan = open.plan(&options, ui)?;
        if let Some(saved) = &saved {
            saved.check(&plan)?;
        }
        planning::warn_of_unmatched(plan.unmatched(), ui);
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
        args.ask(ADMIN, &*app.clock, |ui| print(&plan, ui), ui)?;
        let again = Again { open, options: &options, earlier };
        let (outcome, end) = applied(args, &file, &caller.arn, again, &plan, ui)?;
        if args.json {
            ui.json(&Report { schema: 1, plan: &plan, outcome: Some(&outcome) });
        } else {
            tell(&outcome, ui);
        }
        check_end(outcome, end)?;
        check_records(&plan)
    })
}

/// What the plan of access was made with, and is made with again.
struct Again<'a> {
    open: &'a OpenRollout<'a>,
    options: &'a RolloutOptions,
    earlier: Option<EarlierOperations>,
}

fn applied(
    args: &planning::ApplyArgs<Allowed>,
    file: &AccessFile,
    actor: &str,
    Again { open, options, earlier }: Again<'_>,
    plan: &RolloutPlan,
    ui: &Ui,
) -> Result<(RolloutOutcome, End), CommandError> {
    let path = args.audit(file);
    let lines = audit_lines(&path, actor, open.app)?;
    let phase = Phase::start("apply", "Applying …", open.app, ui);
    // How many writes permission sets and assignments take is not known before.
    let writes = plan.sync.as_ref().map(|plan| plan.cost.writes);
    let total = writes.filter(|_| plan.access.as_ref().is_none_or(AccessPlan::is_empty));
    let audit = Reported::new(lines, &phase, total);
    let sync = open.sync.map(|planner| Applier {
        directory: planner.directory,
        calls: planner.directory_calls,
        audit: &audit,
        actor,
        // Interrupts end the process between two writes by themselves.
        stop: &|| false,
    });
    let shown = &phase;
    let mut progress = |done| shown.progress(format!("Applying … {done} done"), done, None, None);
    let access = open.access.zip(earlier).map(|(open, earlier)| AccessHalf {
        at: open.at,
        account_access: Some(open.account_access()),
        earlier,
        recording: Recording { audit: &audit, actor, progress: &mut progress },
        again: Box::new(move |synced| {
            shown.show("Reading permission sets and assignments again …".to_owned());
            let earlier = open.earlier_operations()?;
            Ok((earlier, open.planned(&options.access.held_to_plan(), synced)?))
        }),
    });
    let (outcome, end) = apply(plan, sync.as_ref(), access);
    drop(phase);
    outcome.sync.iter().for_each(sync_outcome::report_failures);
    outcome.access.iter().for_each(access_outcome::report_failures);
    Ok((outcome, end))
}

fn tell(outcome: &RolloutOutcome, ui: &mut Ui) {
    let mut done = Vec::new();
    if let Some(sync) = &outcome.sync {
        sync_outcome::tell_failures(sync, ui);
        let writes = usize::try_from(sync.writes).unwrap_or(usize::MAX);
        done.push(counted(writes, "write to users and groups done", "writes to users and groups done"));
    }
    if let Some(access) = &outcome.access {
        access_outcome::tell_failures(access, ui);
        done.push(counted(access.done, "change of access done", "changes of access done"));
    }
    ui.data(&done.join(", "));
    outcome.access.iter().for_each(|access| access_outcome::tell_rest(access, ui));
}

/// Returns an error unless everything was done.
fn check_end(outcome: RolloutOutcome, end: End) -> Result<(), CommandError> {
    let of_sync = outcome.sync.map_or(Ok(()), sync_outcome::check_outcome);
    match end {
        Ok(()) | Err(RolloutError::SyncHalted) => {}
        Err(RolloutError::Planning(error)) => return Err(error),
        Err(RolloutError::Access(error)) => return Err(error.into()),
        Err(RolloutError::Exceeds(what)) => {
            let message = "refused for safety: the plan does not fit any more";
            return Err(CommandError::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .because(format!("since it was shown, more has to change: {what}"))
                .hint("users and groups are written, nobody has lost access; run the same command again, which shows a new plan"));
        }
    }
    of_sync?;
    let hint = "[directory] of the access file does not select these groups, or their names are taken";
    outcome.access.as_ref().map_or(Ok(()), |access| access_outcome::check_outcome(access, hint))
}
