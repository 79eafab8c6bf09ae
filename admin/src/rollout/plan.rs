//! The plans of both halves, as one.

use std::fmt;

use serde::Serialize;

use crate::access::plan::{AccessPlan, Blocker};
use crate::access::read::SyncedGroups;
use crate::only::Selector;
use crate::sync::plan::{GroupChange, Plan, Refusal};
use crate::sync::scope::MaxRemovals;

/// Both plans; `None` for a half that the access file says nothing about.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct RolloutPlan {
    pub(crate) sync: Option<Plan>,
    pub(crate) access: Option<AccessPlan>,
    /// Why both are not applied together.
    pub(crate) refusals: Vec<RolloutRefusal>,
    pub(crate) cost: RolloutCost,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum RolloutRefusal {
    /// More than a limit that is a number: a percentage is of each kind's own number.
    TooManyRemovals { planned: usize, allowed: usize },
}

impl fmt::Display for RolloutRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRemovals { planned, allowed } => write!(
                f,
                "{planned} removals are planned of users, groups, members and assignments, at most {allowed} are allowed"
            ),
        }
    }
}

/// What reading took, and what applying will take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RolloutCost {
    pub(crate) requests_read: u64,
    pub(crate) requests_to_apply: u64,
    pub(crate) seconds_to_apply: u64,
}

/// Requests to AWS that the plans took, and how many are sent a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reads {
    pub(crate) all: u64,
    pub(crate) of_access: u64,
    pub(crate) per_second: f64,
}

impl RolloutPlan {
    pub(crate) fn new(
        sync: Option<Plan>,
        access: Option<AccessPlan>,
        limit: MaxRemovals,
        reads: Reads,
    ) -> Self {
        let mut plan = Self { sync, access, refusals: Vec::new(), cost: RolloutCost::default() };
        plan.refusals.extend(plan.too_many_removals(limit));
        plan.cost = plan.cost(reads);
        plan
    }

    /// Returns the selectors that name nothing in either half.
    pub(crate) fn unmatched(&self) -> impl Iterator<Item = &Selector> {
        let halves = [
            self.sync.as_ref().map(|plan| &plan.unmatched),
            self.access.as_ref().map(|plan| &plan.unmatched),
        ];
        let mut halves = halves.into_iter().flatten();
        let (first, second) = (halves.next(), halves.next());
        let in_second = move |selector: &&Selector| second.is_none_or(|second| second.contains(selector));
        first.into_iter().flatten().filter(in_second)
    }

    pub(crate) fn has_changes(&self) -> bool {
        self.sync.as_ref().is_some_and(Plan::has_changes)
            || self.access.as_ref().is_some_and(|plan| !plan.is_empty())
    }

    /// Returns whether the plan of access has to be made again after users and groups are written: it may depend on
    /// them.
    pub(crate) fn is_made_again(&self) -> bool {
        let access_changes = self.access.as_ref().is_some_and(|plan| !plan.is_empty());
        access_changes && self.sync.as_ref().is_some_and(Plan::has_changes)
    }

    /// Returns whether it may not be applied.
    #[cfg(test)]
    pub(crate) fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
            || self.sync.as_ref().is_some_and(|plan| !plan.refusals.is_empty())
            || self.access.as_ref().is_some_and(|plan| !plan.blockers.is_empty())
    }

    fn too_many_removals(&self, limit: MaxRemovals) -> Option<RolloutRefusal> {
        let (MaxRemovals::Count(_), Some(sync), Some(access)) = (limit, &self.sync, &self.access) else {
            return None;
        };
        // One half alone has said it already.
        let is_said = sync.refusals.iter().any(|one| matches!(one, Refusal::TooManyRemovals { .. }))
            || access.blockers.iter().any(|one| matches!(one, Blocker::TooManyRemovals { .. }));
        let (planned, allowed) =
            (sync.counted_removals + access.removals.len() + access.entitlements.removals.len(), limit.of(0));
        (planned > allowed && !is_said).then_some(RolloutRefusal::TooManyRemovals { planned, allowed })
    }

    fn cost(&self, reads: Reads) -> RolloutCost {
        let mut cost = RolloutCost { requests_read: reads.all, ..RolloutCost::default() };
        let mut seconds = 0.0;
        if let Some(sync) = &self.sync {
            cost.requests_to_apply += (sync.cost.writes + sync.cost.reads) as u64;
            seconds += sync.cost.seconds;
        }
        if let Some(access) = self.access.as_ref().filter(|plan| !plan.is_empty()) {
            cost.requests_to_apply += access.cost.requests_to_apply as u64;
            cost.seconds_to_apply += access.cost.seconds_to_apply;
        }
        if self.is_made_again() {
            cost.requests_to_apply += reads.of_access;
            #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
            let again = reads.of_access as f64 / reads.per_second;
            seconds += again;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate for people")]
        let seconds = seconds.ceil() as u64;
        cost.seconds_to_apply += seconds;
        cost
    }
}

/// Returns the groups that a sync will create or take over.
pub(crate) fn synced_groups(plan: &Plan) -> SyncedGroups {
    let group = |change: &GroupChange| match change {
        GroupChange::Create { subject, .. } => Some((subject.clone(), None)),
        GroupChange::Update { group, adoption: Some(_), .. } => {
            Some((group.subject.clone(), Some(group.id.clone())))
        }
        GroupChange::GiveWay { .. } | GroupChange::Update { .. } => None,
    };
    plan.groups.iter().filter_map(group).collect()
}
