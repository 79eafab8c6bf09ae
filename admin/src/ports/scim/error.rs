//! Why the SCIM endpoint did not do what it was asked.

use std::time::Duration;

use serde::Deserialize;

use crate::platform::rest::{ErrorBody, RestError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ScimError {
    /// The token is unknown, expired or revoked, or belongs to another endpoint.
    #[error("the SCIM endpoint does not accept the token")]
    TokenRefused,
    /// Automatic provisioning is off, or was turned off and on again, which changes the endpoint.
    #[error("there is no such SCIM endpoint")]
    NoEndpoint,
    #[error("the SCIM endpoint has no such user or group")]
    NotFound,
    /// Another user or group has the name, the address or the externalId.
    #[error("the SCIM endpoint reported a conflict: {message}")]
    Conflict { message: String },
    #[error("the SCIM endpoint is throttling")]
    Throttled { retry_after: Option<Duration> },
    /// AWS takes no more users or groups.
    #[error("a quota of Identity Center is used up: {message}")]
    QuotaExceeded { message: String },
    #[error("the SCIM endpoint had trouble ({status})")]
    ServerTrouble { status: u16 },
    #[error("the SCIM endpoint refused the request ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("the answer is not the SCIM endpoint's: {why}")]
    NotUnderstood { why: String },
    #[error(transparent)]
    Rest(RestError),
}

impl From<RestError> for ScimError {
    fn from(error: RestError) -> Self {
        let status = match error {
            RestError::Status(status) => status,
            // A balancer in front of the endpoint, which will recover like the endpoint itself.
            RestError::Page { status: 429 } => return Self::Throttled { retry_after: None },
            RestError::Page { status: status @ 500.. } => return Self::ServerTrouble { status },
            other => return Self::Rest(other),
        };
        match status.status {
            402 => Self::QuotaExceeded { message: message(&status.body) },
            401 | 403 => Self::TokenRefused,
            404 => Self::NoEndpoint,
            409 => Self::Conflict { message: message(&status.body) },
            429 => Self::Throttled { retry_after: status.retry_after },
            500.. => Self::ServerTrouble { status: status.status },
            other => Self::Refused { status: other, message: message(&status.body) },
        }
    }
}

/// An error as SCIM writes it (RFC 7644 section 3.12).
#[derive(Default, Deserialize)]
struct ErrorMembers {
    #[serde(default)]
    detail: Option<String>,
}

/// Returns what the endpoint reports in the body of an error, safe to print.
fn message(body: &ErrorBody) -> String {
    let members: ErrorMembers = body.json().unwrap_or_default();
    let detail = members.detail.filter(|detail| !detail.trim().is_empty());
    detail.map_or_else(|| body.text(), |detail| ErrorBody::from_text(&detail).text())
}
