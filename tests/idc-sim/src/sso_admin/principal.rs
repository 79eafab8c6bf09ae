//! The one place where assignments meet users and groups: type and id on the wire, a [`PrincipalId`] within.

use super::shapes::PRINCIPAL_ID;
use crate::aws_json::{Refusal, Request};
use crate::directory::{Directory, PrincipalId};

#[derive(Clone, Copy)]
pub(super) enum PrincipalType {
    User,
    Group,
}

const TYPES: [(&str, PrincipalType); 2] = [("USER", PrincipalType::User), ("GROUP", PrincipalType::Group)];

/// Reads `PrincipalType` and `PrincipalId`.
pub(super) fn read(request: &Request<'_>) -> Result<PrincipalId, Refusal> {
    let kind = request.input.choice("PrincipalType", &TYPES)?;
    let asked = request.input.text("PrincipalId", &PRINCIPAL_ID)?;
    let store = &request.state.directory.store;
    let found = match kind {
        PrincipalType::User => store.user(asked).map(|user| PrincipalId::User(user.id.clone())),
        PrincipalType::Group => store.group(asked).map(|group| PrincipalId::Group(group.id.clone())),
    };
    found.ok_or_else(|| Refusal::not_found(format!("{} not found.", type_name(kind))))
}

/// Returns the id of a user or group in the identity store.
pub(super) fn id(principal: &PrincipalId) -> &str {
    match principal {
        PrincipalId::User(id) => id.as_str(),
        PrincipalId::Group(id) => id.as_str(),
    }
}

/// Returns the value of `PrincipalType`.
pub(super) fn type_of(principal: &PrincipalId) -> &'static str {
    match principal {
        PrincipalId::User(_) => type_name(PrincipalType::User),
        PrincipalId::Group(_) => type_name(PrincipalType::Group),
    }
}

fn type_name(kind: PrincipalType) -> &'static str {
    match kind {
        PrincipalType::User => "USER",
        PrincipalType::Group => "GROUP",
    }
}

/// Returns a principal and, for a user, the groups that the user is in.
pub(super) fn with_groups(directory: &Directory, principal: PrincipalId) -> Vec<PrincipalId> {
    let groups: Vec<PrincipalId> = match &principal {
        PrincipalId::User(user) => {
            let memberships = directory.store.memberships_of(user.as_str(), None);
            memberships.map(|membership| PrincipalId::Group(membership.group.clone())).collect()
        }
        PrincipalId::Group(_) => Vec::new(),
    };
    std::iter::once(principal).chain(groups).collect()
}

pub(super) fn exists(directory: &Directory, principal: &PrincipalId) -> bool {
    match principal {
        PrincipalId::User(id) => directory.store.user(id.as_str()).is_some(),
        PrincipalId::Group(id) => directory.store.group(id.as_str()).is_some(),
    }
}
