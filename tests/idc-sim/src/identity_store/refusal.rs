//! The exceptions of the model that have members of their own.

use crate::aws_json::Refusal;
use crate::directory::schema::{self, Violation};
use crate::directory::store::Duplicate;

/// What was not found, as `ResourceType` names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource {
    User,
    Group,
    Membership,
    Store,
}

pub(super) fn not_found(resource: Resource, id: &str) -> Refusal {
    let kind = match resource {
        Resource::User => "USER",
        Resource::Group => "GROUP",
        Resource::Membership => "GROUP_MEMBERSHIP",
        Resource::Store => "IDENTITY_STORE",
    };
    Refusal::not_found(format!("{kind} not found.")).with("ResourceType", kind).with("ResourceId", id)
}

pub(super) fn changed_meanwhile() -> Refusal {
    let text = "The resource was modified since the revision that the request names.";
    Refusal::conflict(text).with("Reason", "CONCURRENT_MODIFICATION")
}

impl From<Duplicate> for Refusal {
    fn from(duplicate: Duplicate) -> Self {
        let text = match duplicate {
            Duplicate::UserName => "Duplicate UserName",
            Duplicate::Email => "Duplicate Email",
            Duplicate::ExternalId => "Duplicate ExternalId",
            Duplicate::GroupDisplayName => "Duplicate GroupDisplayName",
            Duplicate::Membership => "Member and Group relationship already exists.",
        };
        Self::conflict(text).with("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION")
    }
}

/// Refuses where there is anything to refuse.
pub(super) fn valid(violations: &[Violation]) -> Result<(), Refusal> {
    if violations.is_empty() { Ok(()) } else { Err(Refusal::validation(schema::message(violations))) }
}
