//! What a sync will do, as data: it is shown, saved, compared and applied.

mod claims;
mod confirm;
mod file;
mod groups;
mod leavers;
mod limits;
mod lookups;
mod matching;
mod notes;
mod part;
mod people;
pub(crate) mod renames;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::file::{LONGEST_LIFE, SavedPlan, SavedPlanError};
pub(crate) use self::limits::{Cost, Refusal, RemovalKind};
pub(crate) use self::lookups::UNIQUE;
#[cfg(test)]
pub(crate) use self::notes::ProtectedObject;
pub(crate) use self::notes::{Blocked, KeptBecause, Note, ObjectKind};
use super::call::Calls;
use super::owner::ExternalId;
use super::read_fault::PlanError;
use super::record::{Attribute, Record};
use super::scope::{DirectorySettings, MaxRemovals};
use super::source::{self, Realm};
use super::target::{self, Directory};
use crate::only::{Only, OnlyKind, Selector};

/// What the one who runs the sync decides.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanOptions {
    /// Takes over objects of the same name that this tool does not own.
    pub(crate) adopt: bool,
    /// Overrides the limit of the settings.
    pub(crate) max_removals: Option<MaxRemovals>,
    /// Accepts that fewer than half of the people are left in scope.
    pub(crate) allow_smaller_scope: bool,
    /// The user name of the one who runs the sync, who is never locked out.
    pub(crate) caller: Option<String>,
    /// The part of the changes that is meant.
    #[serde(default, skip_serializing_if = "Only::is_everything")]
    pub(crate) only: Only,
}

/// Changes to Identity Center, in the order in which they are applied.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    pub(crate) realm: String,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) scope: ScopeCounts,
    pub(crate) deactivations: Vec<Deactivation>,
    pub(crate) users: Vec<UserChange>,
    pub(crate) groups: Vec<GroupChange>,
    pub(crate) additions: Vec<MemberChange>,
    pub(crate) removals: Vec<MemberChange>,
    pub(crate) deletions: Vec<Deletion>,
    /// Records that cannot be written as they are. They fail alone, on every run.
    pub(crate) blocked: Vec<Blocked>,
    /// Why nothing may be written at all.
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) notes: Vec<Note>,
    /// Changes of objects and members that were not asked for.
    #[serde(default)]
    pub(crate) left_out: usize,
    /// Selectors that name nothing on either side, such as one with a typo.
    #[serde(skip)]
    pub(crate) unmatched: Vec<Selector>,
    pub(crate) cost: Cost,
    /// What counts against a limit of removals that is a number.
    pub(crate) counted_removals: usize,
}

/// How much is in scope.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ScopeCounts {
    pub(crate) users: usize,
    pub(crate) groups: usize,
    pub(crate) memberships: usize,
}

/// A user who becomes inactive.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Deactivation {
    pub(crate) user: Existing,
    pub(crate) departure: Departure,
}

/// Why a user leaves.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Departure {
    /// It was not looked up, because the plan is refused anyway.
    #[default]
    Unconfirmed,
    Deleted,
    Disabled,
    OutOfScope,
}

/// An object of Identity Center, as it was when the plan was made: the precondition of a change.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Existing {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The id in the realm.
    pub(crate) subject: String,
    pub(crate) revision: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum UserChange {
    Create {
        subject: String,
        record: Record,
    },
    /// Gives up a name that somebody else takes in this plan, for a temporary one: see [`renames`].
    GiveWay(UserUpdate),
    Update(UserUpdate),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct UserUpdate {
    pub(crate) user: Existing,
    /// Set if the user is taken over.
    pub(crate) adoption: Option<Adoption>,
    pub(crate) activate: bool,
    pub(crate) values: Vec<ValueChange>,
}

/// The taking over of an object.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Adoption {
    /// The externalId that it had.
    pub(crate) previous: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ValueChange {
    pub(crate) attribute: Attribute,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum GroupChange {
    /// The first members come with the request, the others are [`Plan::additions`].
    Create {
        subject: String,
        name: String,
        path: String,
        members: Vec<Member>,
    },
    /// Gives up its name for a temporary one: see [`renames`].
    GiveWay {
        group: Existing,
        name: String,
    },
    Update {
        group: Existing,
        name: String,
        adoption: Option<Adoption>,
    },
}

/// Members that join or leave one group.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct MemberChange {
    pub(crate) group: GroupTarget,
    pub(crate) members: Vec<Member>,
}

/// A group, which may be one that the same plan creates.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct GroupTarget {
    pub(crate) id: Option<String>,
    pub(crate) subject: String,
    pub(crate) name: String,
}

/// A user, who may be one that the same plan creates.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Member {
    pub(crate) id: Option<String>,
    pub(crate) subject: String,
    pub(crate) user_name: String,
}

/// A user who left so long ago that the settings have them deleted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Deletion {
    pub(crate) user: Existing,
    pub(crate) departure: Departure,
    pub(crate) inactive_since: DateTime<Utc>,
}

impl Plan {
    pub(crate) fn has_changes(&self) -> bool {
        !(self.deactivations.is_empty()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.additions.is_empty()
            && self.removals.is_empty()
            && self.deletions.is_empty())
    }

    /// Returns the externalId of an object of the realm.
    pub(crate) fn external_id(&self, subject: &str) -> Result<ExternalId, super::owner::ExternalIdError> {
        ExternalId::new(&self.realm, subject)
    }
}

/// What a plan is made with.
#[derive(Clone, Copy)]
pub(crate) struct Planner<'a> {
    pub(crate) realm: &'a dyn Realm,
    pub(crate) directory: &'a dyn Directory,
    pub(crate) settings: &'a DirectorySettings,
    pub(crate) realm_calls: &'a Calls<'a>,
    pub(crate) directory_calls: &'a Calls<'a>,
}

impl Planner<'_> {
    /// Reads both sides, compares them, and confirms singly everything that would be taken away.
    pub(crate) fn plan(&self, options: &PlanOptions) -> Result<Plan, PlanError> {
        let now = self.directory_calls.clock().now();
        let realm = source::read(self.realm, self.realm_calls, self.settings)?;
        let directory = target::read(self.directory, self.directory_calls, self.settings, &realm)?;
        let matching = matching::Matching::new(&realm, &directory);
        let names = lookups::Lookups::new(&realm, &directory, &matching);
        let names = names.look_up(self.realm, self.realm_calls)?;
        let mut draft = matching::Draft::new(&realm, &directory, &matching, &names, self.settings, options);
        draft.compare_people(now);
        let groups = draft.groups_with_members();
        let members = target::read_members(self.directory, self.directory_calls, &directory, &groups)?;
        draft.compare_groups(&members);
        let mut plan = draft.into_plan(&members, now, self.directory_calls.highest_rate());
        plan.unmatched = unmatched(&options.only, &realm, &directory);
        if plan.refusals.is_empty() {
            confirm::confirm(&mut plan, self.realm, self.realm_calls, &realm.tree)?;
        }
        Ok(plan)
    }
}

/// Returns the selectors that name nothing on either side.
fn unmatched(
    only: &Only,
    realm: &source::RealmSnapshot,
    directory: &target::DirectorySnapshot,
) -> Vec<Selector> {
    only.unmatched(|kind| match kind {
        OnlyKind::User => {
            let people = realm.people.iter().flat_map(source::Person::names);
            people.chain(directory.users.iter().map(|user| user.record.user_name())).collect()
        }
        OnlyKind::Group => {
            let in_realm = realm.groups.iter().flat_map(|group| [group.path.as_str(), group.name.as_str()]);
            in_realm.chain(directory.groups.iter().map(|group| &*group.name)).collect()
        }
        OnlyKind::PermissionSet | OnlyKind::Account => Vec::new(),
    })
}
