//! The exceptions of the model.

use axum::http::StatusCode;
use serde_json::{Map, Value};

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

#[derive(Debug)]
pub(super) struct Refusal {
    exception: &'static str,
    message: String,
    members: Vec<(&'static str, Value)>,
}

impl Refusal {
    pub(super) fn new(exception: &'static str, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), members: Vec::new() }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// The body is no JSON, or a member has the wrong type.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    pub(super) fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "The operation is not known")
    }

    pub(super) fn throttled() -> Self {
        let mut refusal = Self::new("ThrottlingException", "Rate exceeded");
        refusal.members.push(("RetryAfterSeconds", 1.into()));
        refusal
    }

    pub(super) fn not_found(resource: Resource, id: &str) -> Self {
        let kind = match resource {
            Resource::User => "USER",
            Resource::Group => "GROUP",
            Resource::Membership => "GROUP_MEMBERSHIP",
            Resource::Store => "IDENTITY_STORE",
        };
        let mut refusal = Self::new("ResourceNotFoundException", format!("{kind} not found."));
        refusal.members.push(("ResourceType", kind.into()));
        refusal.members.push(("ResourceId", id.into()));
        refusal
    }

    pub(super) fn changed_meanwhile() -> Self {
        let text = "The resource was modified since the revision that the request names.";
        Self::conflict("CONCURRENT_MODIFICATION", text)
    }

    fn conflict(reason: &'static str, message: &str) -> Self {
        let mut refusal = Self::new("ConflictException", message);
        refusal.members.push(("Reason", reason.into()));
        refusal
    }

    pub(super) fn into_body(self, request_id: &str) -> (StatusCode, Map<String, Value>) {
        let mut body = Map::new();
        body.insert("__type".into(), self.exception.into());
        body.insert("Message".into(), self.message.into());
        body.insert("RequestId".into(), request_id.into());
        for (name, value) in self.members {
            body.insert(name.to_owned(), value);
        }
        (StatusCode::BAD_REQUEST, body)
    }
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
        Self::conflict("UNIQUENESS_CONSTRAINT_VIOLATION", text)
    }
}

/// Refuses where there is anything to refuse.
pub(super) fn valid(violations: &[Violation]) -> Result<(), Refusal> {
    if violations.is_empty() { Ok(()) } else { Err(Refusal::validation(schema::message(violations))) }
}
