//! A person as both sides have them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::plan::{Step, StepAction};
use crate::sync::owner::ExternalId;

/// What one side has of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Side<T> {
    Found(T),
    Absent,
    /// The side could not be read.
    Unread {
        reason: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) realm: Side<RealmAccount>,
    pub(crate) directory: Side<DirectoryAccount>,
    /// How long the realm's sessions last at most; AWS ends a portal session no later.
    pub(crate) session_lifespan: Option<TimeDelta>,
    /// The longest session of their permission sets, if it could be read.
    pub(crate) role_session: Option<TimeDelta>,
}

/// A user of the realm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RealmAccount {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) email: Option<String>,
    pub(crate) enabled: bool,
    /// `None` if they could not be read.
    pub(crate) sessions: Option<usize>,
    /// Whether the user comes from a user federation, which may enable them again.
    pub(crate) federated: bool,
    pub(crate) external_id: Option<ExternalId>,
}

/// A user of Identity Center.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DirectoryAccount {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) active: bool,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) owner: Ownership,
    pub(crate) external_id: Option<String>,
    pub(crate) groups: Vec<GroupMembership>,
    /// Why the groups could not be read.
    pub(crate) groups_unread: Option<String>,
}

/// The owner of a user of Identity Center, as seen from one person of the realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ownership {
    /// This realm's, and this person's.
    Ours,
    /// This realm's, but that of another person who is still there.
    OtherPerson,
    /// Not from this realm.
    Foreign,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GroupMembership {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) standing: GroupStanding,
}

/// Whether a membership is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupStanding {
    Ours,
    Foreign,
    Protected,
}

impl<T> Side<T> {
    pub(crate) fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Absent | Self::Unread { .. } => None,
        }
    }
}

impl Person {
    /// Records that a step was taken.
    pub(crate) fn note(&mut self, step: &Step, now: DateTime<Utc>) {
        match (step.action, &mut self.realm, &mut self.directory) {
            (StepAction::DisableInKeycloak, Side::Found(user), _) => user.enabled = false,
            (StepAction::EndSessions, Side::Found(user), _) => user.sessions = Some(0),
            (StepAction::Deactivate, _, Side::Found(user)) => {
                (user.active, user.updated_at) = (false, Some(now));
            }
            (StepAction::LeaveGroup, _, Side::Found(user)) => user.groups.retain(|group| group.id != step.id),
            (_, _, Side::Absent | Side::Unread { .. }) | (_, Side::Absent | Side::Unread { .. }, _) => {}
        }
    }
}

impl DirectoryAccount {
    /// Returns a time by which the user was inactive; the last change is the earliest that is known.
    pub(crate) fn inactive_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (!self.active).then(|| self.updated_at.unwrap_or(now).min(now))
    }
}
