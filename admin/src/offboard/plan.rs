//! What is still to be done for a person, and what cannot be done from here.

use serde::Serialize;

use super::person::{DirectoryAccount, GroupStanding, Ownership, Person, Side};
use crate::sync::owner::ExternalId;

/// One change, in the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    pub(crate) action: StepAction,
    /// In Keycloak for the first two actions, in Identity Center for the others; that of the group to leave.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) external_id: Option<ExternalId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepAction {
    DisableInKeycloak,
    EndSessions,
    Deactivate,
    LeaveGroup,
}

/// Access that the steps do not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Leftover {
    /// Keycloak could not be read.
    Keycloak { reason: String },
    /// Identity Center could not be read.
    IdentityCenter { reason: String },
    /// The groups of the user in Identity Center could not be read.
    Groups { reason: String },
    /// The user in Identity Center is not from this realm.
    ForeignUser { id: String, user_name: String },
    /// The user in Identity Center belongs to somebody else in the realm.
    OtherPersonsUser { id: String, user_name: String },
}

/// Returns what is still to be done; nothing if it was done before.
pub(crate) fn steps(person: &Person) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Side::Found(user) = &person.realm {
        let step = |action| Step {
            action,
            id: user.id.clone(),
            name: user.user_name.clone(),
            external_id: user.external_id.clone(),
        };
        if user.enabled {
            steps.push(step(StepAction::DisableInKeycloak));
        }
        // Until the user is disabled, another session may begin.
        if user.enabled || user.sessions != Some(0) {
            steps.push(step(StepAction::EndSessions));
        }
    }
    if let Side::Found(user) = &person.directory
        && user.owner == Ownership::Ours
    {
        add_steps_of(user, &mut steps);
    }
    steps
}

fn add_steps_of(user: &DirectoryAccount, steps: &mut Vec<Step>) {
    let external_id = |id: &Option<String>| id.as_deref().and_then(|id| id.parse().ok());
    if user.active {
        steps.push(Step {
            action: StepAction::Deactivate,
            id: user.id.clone(),
            name: user.user_name.clone(),
            external_id: external_id(&user.external_id),
        });
    }
    for group in user.groups.iter().filter(|group| group.standing == GroupStanding::Ours) {
        steps.push(Step {
            action: StepAction::LeaveGroup,
            id: group.id.clone(),
            name: group.name.clone(),
            external_id: external_id(&group.external_id),
        });
    }
}

/// Returns the access that the steps do not end.
pub(crate) fn leftovers(person: &Person) -> Vec<Leftover> {
    let mut left = Vec::new();
    if let Side::Unread { reason } = &person.realm {
        left.push(Leftover::Keycloak { reason: reason.clone() });
    }
    match &person.directory {
        Side::Absent => {}
        Side::Unread { reason } => left.push(Leftover::IdentityCenter { reason: reason.clone() }),
        Side::Found(user) => {
            let (id, user_name) = (user.id.clone(), user.user_name.clone());
            match user.owner {
                Ownership::Ours => {
                    left.extend(user.groups_unread.clone().map(|reason| Leftover::Groups { reason }));
                }
                Ownership::OtherPerson => left.push(Leftover::OtherPersonsUser { id, user_name }),
                Ownership::Foreign if user.active => left.push(Leftover::ForeignUser { id, user_name }),
                Ownership::Foreign => {}
            }
        }
    }
    left
}
