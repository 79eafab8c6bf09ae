//! Holds a plan that was made again to the one that was shown.

use super::plan::{EntitlementChange, EntitlementPlan};
use crate::ports::sso_admin::access::Principal;

impl EntitlementPlan {
    /// Returns what the plan contains beyond the one that was shown. `group` returns the ID of a group that a sync has
    /// created, by its ID in the realm.
    pub(crate) fn excess(&self, shown: &Self, group: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let principal = |change: &EntitlementChange| match &change.planned {
            Some(realm_id) => group(realm_id).map(Principal::Group),
            None => change.of.clone(),
        };
        let is_new = |change: &&EntitlementChange| {
            !shown.additions.iter().any(|shown| is_same(shown, change) && principal(shown) == change.of)
        };
        let is_lost = |change: &&EntitlementChange| !shown.removals.iter().any(|shown| shown.id == change.id);
        let additions = self.additions.iter().filter(is_new).map(|change| format!("assignment of {change}"));
        let removals = self.removals.iter().filter(is_lost).map(|change| format!("removal of {change}"));
        additions.chain(removals).collect()
    }

    /// Takes out what was shown as an addition and now waits for its group, which was not created.
    pub(crate) fn take_without_group(&mut self, shown: &Self) -> Vec<EntitlementChange> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (without_group, waiting) =
            waiting.partition(|change| shown.additions.iter().any(|shown| is_same(shown, change)));
        self.waiting = waiting;
        without_group
    }
}

/// Whether both are about one role and group, as the access file names them.
fn is_same(one: &EntitlementChange, other: &EntitlementChange) -> bool {
    (&one.role_arn, &one.principal) == (&other.role_arn, &other.principal)
}
