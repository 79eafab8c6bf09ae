//! What a sync will do, as data: it is shown, saved, compared and applied.

mod confirm;
mod file;
mod groups;
mod limits;
mod matching;
mod notes;
mod people;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::file::{SavedPlan, SavedPlanError};
pub use self::limits::{Cost, Refusal, RemovalKind};
pub use self::notes::{Blocked, Note, ObjectKind, ProtectedObject};
use super::call::Calls;
use super::owner::ExternalId;
use super::read_fault::PlanError;
use super::record::{Attribute, Record};
use super::scope::{DirectorySettings, MaxRemovals};
use super::source::{self, Realm};
use super::target::{self, Directory};

/// What the one who runs the sync decides.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Takes over objects of the same name that this tool does not own.
    pub adopt: bool,
    /// Overrides the limit of the settings.
    pub max_removals: Option<MaxRemovals>,
    /// Accepts that fewer than half of the people are left in scope.
    pub allow_smaller_scope: bool,
    /// The user name of the one who runs the sync, who is never locked out.
    pub caller: Option<String>,
}

/// Changes to Identity Center, in the order in which they are applied.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Plan {
    pub realm: String,
    pub made_at: DateTime<Utc>,
    pub scope: ScopeCounts,
    pub deactivations: Vec<Deactivation>,
    pub users: Vec<UserChange>,
    pub groups: Vec<GroupChange>,
    pub additions: Vec<MemberChange>,
    pub removals: Vec<MemberChange>,
    pub deletions: Vec<Deletion>,
    /// Records that cannot be written as they are. They fail alone, on every run.
    pub blocked: Vec<Blocked>,
    /// Why nothing may be written at all.
    pub refusals: Vec<Refusal>,
    pub notes: Vec<Note>,
    pub cost: Cost,
}

/// How much is in scope.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct ScopeCounts {
    pub users: usize,
    pub groups: usize,
    pub memberships: usize,
}

/// A user who becomes inactive.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Deactivation {
    pub user: Existing,
    pub departure: Departure,
}

/// Why a user leaves.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// It was not looked up, because the plan is refused anyway.
    #[default]
    Unconfirmed,
    Deleted,
    Disabled,
    OutOfScope,
}

/// An object of Identity Center, as it was when the plan was made: the precondition of a change.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Existing {
    pub id: String,
    pub name: String,
    /// The id in the realm.
    pub subject: String,
    pub revision: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum UserChange {
    Create { subject: String, record: Record },
    Update(UserUpdate),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserUpdate {
    pub user: Existing,
    /// Set if the user is taken over.
    pub adoption: Option<Adoption>,
    pub activate: bool,
    pub values: Vec<ValueChange>,
}

/// The taking over of an object.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// The externalId that it had.
    pub previous: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct ValueChange {
    pub attribute: Attribute,
    pub from: Option<String>,
    pub to: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum GroupChange {
    /// The first members come with the request, the others are [`Plan::additions`].
    Create {
        subject: String,
        name: String,
        path: String,
        members: Vec<Member>,
    },
    Update {
        group: Existing,
        name: String,
        adoption: Option<Adoption>,
    },
}

/// Members that join or leave one group.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct MemberChange {
    pub group: GroupTarget,
    pub members: Vec<Member>,
}

/// A group, which may be one that the same plan creates.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct GroupTarget {
    pub id: Option<String>,
    pub subject: String,
    pub name: String,
}

/// A user, who may be one that the same plan creates.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Member {
    pub id: Option<String>,
    pub subject: String,
    pub user_name: String,
}

/// A user who left so long ago that the settings have them deleted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Deletion {
    pub user: Existing,
    pub departure: Departure,
    pub inactive_since: DateTime<Utc>,
}

impl Plan {
    pub fn has_changes(&self) -> bool {
        !(self.deactivations.is_empty()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.additions.is_empty()
            && self.removals.is_empty()
            && self.deletions.is_empty())
    }

    /// Returns the externalId of an object of the realm.
    pub fn external_id(&self, subject: &str) -> Result<ExternalId, super::owner::ExternalIdError> {
        ExternalId::new(&self.realm, subject)
    }
}

/// What a plan is made with.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    pub realm: &'a dyn Realm,
    pub directory: &'a dyn Directory,
    pub settings: &'a DirectorySettings,
    pub realm_calls: &'a Calls<'a>,
    pub directory_calls: &'a Calls<'a>,
}

impl Planner<'_> {
    /// Reads both sides, compares them, and confirms singly everything that would be taken away.
    pub fn plan(&self, options: &PlanOptions) -> Result<Plan, PlanError> {
        let now = self.directory_calls.clock().now();
        let realm = source::read(self.realm, self.realm_calls, self.settings)?;
        let directory = target::read(self.directory, self.directory_calls, self.settings, &realm.realm)?;
        let matching = matching::Matching::new(&realm, &directory);
        let mut draft = matching::Draft::new(&realm, &directory, &matching, self.settings, options);
        draft.compare_people(now);
        let groups = draft.groups_with_members();
        let members = target::read_members(self.directory, self.directory_calls, &directory, &groups)?;
        draft.compare_groups(&members);
        let mut plan = draft.into_plan(now, self.directory_calls.per_second());
        if plan.refusals.is_empty() {
            confirm::confirm(&mut plan, self.realm, self.realm_calls, &realm.tree)?;
        }
        Ok(plan)
    }
}
