//! When a plan may not be applied, and what it costs to apply it.

use serde::{Deserialize, Serialize};

use super::notes::ObjectKind;
use super::{GroupChange, Plan, UserChange};
use crate::sync::record::Attribute;
use crate::sync::scope::MaxRemovals;
use crate::sync::target::MOST_MEMBERS;

/// Why nothing may be written.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// Nobody is in scope, but there are active users of an earlier run.
    EmptyScope {
        active: usize,
    },
    /// Fewer than half of the active users are still in scope.
    HalvedScope {
        active: usize,
        in_scope: usize,
    },
    /// Objects belong to another realm.
    OtherRealm {
        realm: String,
        objects: usize,
        example: String,
    },
    /// An object of another owner has the name.
    ForeignObject {
        kind: ObjectKind,
        name: String,
        id: String,
        /// Whether `--adopt` takes it over: not for a user or group that has an object of its own already.
        adoptable: bool,
    },
    /// An object of another owner has the e-mail address.
    ForeignEmail {
        user: String,
        email: String,
        id: String,
    },
    /// An object of another owner has the same name but for its case. It can be adopted.
    DiffersInCase {
        kind: ObjectKind,
        name: String,
        existing: String,
    },
    TooManyRemovals {
        kind: RemovalKind,
        planned: usize,
        allowed: usize,
    },
}

/// What is counted against the limit of removals.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RemovalKind {
    Users,
    /// Memberships of people who stay: a leaver is counted as a user, and an inactive user not at all.
    Members,
    /// Groups that lose all their members because they left the scope.
    Groups,
    Deletions,
    All,
}

/// How many objects of each kind would be removed, of how many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Removals {
    pub(crate) users: Share,
    pub(crate) members: Share,
    pub(crate) groups: Share,
    pub(crate) deletions: Share,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    pub(crate) removed: usize,
    pub(crate) existing: usize,
}

impl Removals {
    /// Returns how many objects would be removed, of all kinds.
    pub(crate) fn removed(&self) -> usize {
        [self.users, self.members, self.groups, self.deletions].iter().map(|share| share.removed).sum()
    }

    /// Returns the first kind of which too many would be removed.
    ///
    /// A percentage is of each kind's own number, a number is for all kinds together.
    pub(crate) fn refusal(&self, limit: MaxRemovals) -> Option<Refusal> {
        let kinds = [
            (RemovalKind::Users, self.users),
            (RemovalKind::Members, self.members),
            (RemovalKind::Groups, self.groups),
            (RemovalKind::Deletions, self.deletions),
        ];
        let shares = match limit {
            MaxRemovals::Percent(_) => kinds.to_vec(),
            MaxRemovals::Count(_) => {
                vec![(RemovalKind::All, Share { removed: self.removed(), existing: 0 })]
            }
        };
        shares.into_iter().find_map(|(kind, share)| {
            let allowed = limit.of(share.existing);
            (share.removed > allowed).then_some(Refusal::TooManyRemovals {
                kind,
                planned: share.removed,
                allowed,
            })
        })
    }
}

/// Below this number, half of the people can leave a small company.
const SMALL: usize = 10;

/// Returns why the scope is not to be believed, given the active users that earlier runs made.
pub(crate) fn scope_refusal(active: usize, in_scope: usize, may_shrink: bool) -> Option<Refusal> {
    if active > 0 && in_scope == 0 {
        return Some(Refusal::EmptyScope { active });
    }
    let is_halved = active >= SMALL && in_scope.saturating_mul(2) < active;
    (is_halved && !may_shrink).then_some(Refusal::HalvedScope { active, in_scope })
}

/// What applying a plan takes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Cost {
    pub(crate) writes: usize,
    /// Existing objects are read again before they are changed.
    pub(crate) reads: usize,
    pub(crate) seconds: f64,
}

impl Cost {
    pub(crate) fn of(plan: &Plan, per_second: f64) -> Self {
        let (mut writes, mut reads) = (0, 0);
        let mut existing = |requests: usize| {
            writes += requests;
            reads += 1;
        };
        plan.deactivations.iter().for_each(|_| existing(1));
        plan.deletions.iter().for_each(|_| existing(1));
        for change in &plan.users {
            if let UserChange::GiveWay(update) | UserChange::Update(update) = change {
                let is_renamed = update.values.iter().any(|value| value.attribute == Attribute::UserName);
                let others = update.values.len() - usize::from(is_renamed);
                let is_patched = others > 0 || update.adoption.is_some();
                existing(usize::from(is_renamed) + usize::from(is_patched) + usize::from(update.activate));
            }
        }
        for change in &plan.groups {
            if let GroupChange::GiveWay { .. } | GroupChange::Update { .. } = change {
                existing(1);
            }
        }
        for change in plan.additions.iter().chain(&plan.removals) {
            let requests = change.members.len().div_ceil(MOST_MEMBERS);
            writes += requests;
            reads += usize::from(change.group.id.is_some());
        }
        let is_created = |change: &&UserChange| matches!(change, UserChange::Create { .. });
        writes += plan.users.iter().filter(is_created).count();
        writes += plan.groups.iter().filter(|change| matches!(change, GroupChange::Create { .. })).count();
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let seconds = (writes + reads) as f64 / per_second;
        Self { writes, reads, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_of_each_kind_and_a_number_of_all() {
        let share = |removed, existing| Share { removed, existing };
        let removals = Removals { users: share(6, 200), members: share(40, 1000), ..Removals::default() };
        assert_eq!(removals.refusal(MaxRemovals::Percent(5)), None);
        let refusal = |kind, planned, allowed| Some(Refusal::TooManyRemovals { kind, planned, allowed });
        assert_eq!(removals.refusal(MaxRemovals::Percent(3)), refusal(RemovalKind::Members, 40, 30));
        assert_eq!(removals.refusal(MaxRemovals::Percent(2)), refusal(RemovalKind::Users, 6, 5));
        assert_eq!(removals.refusal(MaxRemovals::Count(45)), refusal(RemovalKind::All, 46, 45));
        assert_eq!(removals.refusal(MaxRemovals::Count(46)), None);
    }

    #[test]
    fn an_empty_scope_is_never_believed_and_a_halved_one_only_when_asked() {
        assert_eq!(scope_refusal(0, 0, false), None);
        assert_eq!(scope_refusal(3, 0, true), Some(Refusal::EmptyScope { active: 3 }));
        assert_eq!(scope_refusal(100, 49, false), Some(Refusal::HalvedScope { active: 100, in_scope: 49 }));
        assert_eq!(scope_refusal(100, 49, true), None);
        assert_eq!(scope_refusal(100, 50, false), None);
        assert_eq!(scope_refusal(4, 1, false), None);
    }
}
