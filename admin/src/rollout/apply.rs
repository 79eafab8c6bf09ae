//! Applies both plans, in an order in which nobody who stays is without access in between.
//!
//! Leavers first, then users, groups and new members, then permission sets and new assignments; after that removed
//! members, removed assignments, and deletions. A half that ends early ends the other: what is left would not be in that
//! order any more.

use serde::Serialize;

use super::{RolloutPlan, synced_groups};
use crate::access::apply::{AccessApplier, AccessOutcome, ApplyError, EarlierOperations, Recording};
use crate::access::plan::{AccessPlan, Bound, Excess};
use crate::access::read::{InstanceAccess, SyncedGroups};
use crate::ports::account_access::AccountAccess;
use crate::sync::apply::{Applier, Outcome, Run};

/// What was done of each half.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RolloutOutcome {
    pub(crate) sync: Option<Outcome>,
    /// `None` also if it was not begun.
    pub(crate) access: Option<AccessOutcome>,
}

/// Why applying ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RolloutError<E> {
    /// The outcome of the sync has the reason.
    #[error("the sync ended early")]
    SyncHalted,
    /// The plan of access could not be made again.
    #[error("the plan of access could not be made again")]
    Planning(E),
    #[error("since the plan was shown, more has to change: {0}")]
    Exceeds(Excess),
    #[error(transparent)]
    Access(ApplyError),
}

/// Makes a plan of access after a sync of these groups, and returns it with what was running before.
type Replan<'a, E> = dyn Fn(SyncedGroups) -> Result<(EarlierOperations, AccessPlan), E> + 'a;

/// What the plan of access is applied with.
pub(crate) struct AccessHalf<'a, E> {
    pub(crate) at: InstanceAccess<'a>,
    pub(crate) account_access: Option<&'a dyn AccountAccess>,
    /// Read before the plan was made.
    pub(crate) earlier: EarlierOperations,
    pub(crate) recording: Recording<'a>,
    /// Makes the plan again, after the sync.
    pub(crate) again: Box<Replan<'a, E>>,
}

/// Applies a plan that is not refused, and returns what was done and why that was not all.
pub(crate) fn apply<E>(
    plan: &RolloutPlan,
    sync: Option<&Applier<'_>>,
    access: Option<AccessHalf<'_, E>>,
) -> (RolloutOutcome, Result<(), RolloutError<E>>) {
    let run = sync.zip(plan.sync.as_ref()).map(|(applier, plan)| applier.start(plan));
    let access = access.zip(plan.access.as_ref());
    let mut outcome = RolloutOutcome::default();
    let end = both(plan, run.as_ref(), access, &mut outcome);
    outcome.sync = run.map(Run::end);
    (outcome, end)
}

fn both<E>(
    plan: &RolloutPlan,
    run: Option<&Run<'_>>,
    access: Option<(AccessHalf<'_, E>, &AccessPlan)>,
    outcome: &mut RolloutOutcome,
) -> Result<(), RolloutError<E>> {
    step(run, Run::additions)?;
    let Some((AccessHalf { at, account_access, earlier, recording, again }, shown)) = access else {
        step(run, Run::removals)?;
        return step(run, Run::deletions);
    };
    let made_again;
    let (earlier, access_plan, without_group, roles_without_group) = if plan.is_made_again() {
        let group = |realm_id: &str| run.and_then(|run| run.group(realm_id));
        let planned = plan.sync.as_ref().map(synced_groups).unwrap_or_default();
        let synced = planned.into_keys().filter_map(|id| Some((group(&id)?, id)));
        let synced = synced.map(|(found, id)| (id, Some(found))).collect();
        let (earlier, fresh) = again(synced).map_err(RolloutError::Planning)?;
        let Bound { plan, without_group, roles_without_group } =
            fresh.within(shown, group).map_err(RolloutError::Exceeds)?;
        made_again = (earlier, plan);
        (&made_again.0, &made_again.1, without_group, roles_without_group)
    } else {
        (&earlier, shown, Vec::new(), Vec::new())
    };
    let mut applier = AccessApplier::new(access_plan, earlier, at, account_access, recording);
    let incomplete = run.map(Run::incomplete_groups).unwrap_or_default();
    applier.after_sync(&without_group, &roles_without_group, incomplete);
    let end = in_turns(run, &mut applier);
    outcome.access = Some(applier.end(end.is_ok()));
    end
}

fn in_turns<E>(run: Option<&Run<'_>>, access: &mut AccessApplier<'_, '_>) -> Result<(), RolloutError<E>> {
    access.additions().map_err(RolloutError::Access)?;
    step(run, Run::removals)?;
    access.removals().map_err(RolloutError::Access)?;
    step(run, Run::deletions)?;
    access.deletions().map_err(RolloutError::Access)
}

/// Takes a step of the sync, unless it has ended early.
fn step<'a, E>(run: Option<&Run<'a>>, step: impl FnOnce(&Run<'a>)) -> Result<(), RolloutError<E>> {
    let Some(run) = run else { return Ok(()) };
    if !run.is_halted() {
        step(run);
    }
    if run.is_halted() { Err(RolloutError::SyncHalted) } else { Ok(()) }
}
