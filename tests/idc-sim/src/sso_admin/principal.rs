//! The one place where assignments meet users and groups: type and id on the wire, a [`Principal`] within.

use sha2::{Digest as _, Sha256};

use super::shapes::PRINCIPAL_ID;
use crate::aws_json::{Refusal, Request};
use crate::directory::{Directory, Principal};
use crate::sigv4::hex;

#[derive(Clone, Copy)]
pub(super) enum PrincipalType {
    User,
    Group,
}

const TYPES: [(&str, PrincipalType); 2] = [("USER", PrincipalType::User), ("GROUP", PrincipalType::Group)];

/// Reads `PrincipalType` and `PrincipalId`.
pub(super) fn read(request: &Request<'_>) -> Result<Principal, Refusal> {
    let kind = request.input.choice("PrincipalType", &TYPES)?;
    let asked = request.input.text("PrincipalId", &PRINCIPAL_ID)?;
    let directory = &request.state.directory;
    let found = match kind {
        PrincipalType::User => {
            directory.users.keys().map(|name| Principal::User(name.clone())).find(|user| id(user) == asked)
        }
        PrincipalType::Group => directory
            .groups
            .keys()
            .map(|name| Principal::Group(name.clone()))
            .find(|group| id(group) == asked),
    };
    found.ok_or_else(|| Refusal::not_found(format!("{} not found.", type_name(kind))))
}

/// Returns the id of a user or group in the identity store.
pub(super) fn id(principal: &Principal) -> String {
    let digest = Sha256::digest(format!("{principal:?}").as_bytes());
    let digits = hex(&digest[..16]);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// Returns the value of `PrincipalType`.
pub(super) fn type_of(principal: &Principal) -> &'static str {
    match principal {
        Principal::User(_) => type_name(PrincipalType::User),
        Principal::Group(_) => type_name(PrincipalType::Group),
    }
}

fn type_name(kind: PrincipalType) -> &'static str {
    match kind {
        PrincipalType::User => "USER",
        PrincipalType::Group => "GROUP",
    }
}

/// Returns a principal and, for a user, the groups that the user is in.
pub(super) fn with_groups(directory: &Directory, principal: Principal) -> Vec<Principal> {
    let groups: Vec<Principal> = match &principal {
        Principal::User(user) => {
            let groups = directory.groups.iter().filter(|(_, members)| members.contains(user));
            groups.map(|(group, _)| Principal::Group(group.clone())).collect()
        }
        Principal::Group(_) => Vec::new(),
    };
    std::iter::once(principal).chain(groups).collect()
}

pub(super) fn exists(directory: &Directory, principal: &Principal) -> bool {
    match principal {
        Principal::User(name) => directory.users.contains_key(name),
        Principal::Group(name) => directory.groups.contains_key(name),
    }
}
