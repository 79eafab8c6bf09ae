//! Errors of JSON 1.1 services.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::caller::Unauthenticated;
use crate::hosts::Service;
use crate::sigv4::SignatureError;

/// An error answer: exception and message.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    exception: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn of(exception: &'static str, message: impl Into<String>) -> Self {
        Self { exception, message: message.into() }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::of("ValidationException", message)
    }

    /// In the words of the validation that stands before every service.
    pub(crate) fn constraint(member: &str, rule: &str) -> Self {
        let first = member.chars().next().unwrap_or_default().to_ascii_lowercase();
        let rest = member.get(1..).unwrap_or_default();
        Self::validation(format!(
            "1 validation error detected: Value at '{first}{rest}' failed to satisfy constraint: Member must {rule}"
        ))
    }

    /// The body is no JSON object, or a member has another type or name than the model says.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::of("SerializationException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::of("ResourceNotFoundException", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::of("ConflictException", message)
    }

    pub(crate) fn quota(message: impl Into<String>) -> Self {
        Self::of("ServiceQuotaExceededException", message)
    }

    pub(crate) fn throttled() -> Self {
        Self::of("ThrottlingException", "Rate exceeded")
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::of("AccessDeniedException", message)
    }

    /// The words of IAM for what no policy allows.
    pub(crate) fn not_authorized(arn: &str, action: &str, resource: &str) -> Self {
        Self::access_denied(format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} because no identity-based \
             policy allows the {action} action"
        ))
    }

    pub(crate) fn into_answer(self, service: Service) -> (StatusCode, Value) {
        // Organizations has names of its own for two of them (service model 2016-11-28).
        let exception = match (service, self.exception) {
            (Service::Organizations, "ValidationException") => "InvalidInputException",
            (Service::Organizations, "ThrottlingException") => "TooManyRequestsException",
            (_, exception) => exception,
        };
        (StatusCode::BAD_REQUEST, json!({ "__type": exception, "Message": self.message }))
    }
}

impl From<Unauthenticated> for Refusal {
    fn from(error: Unauthenticated) -> Self {
        match error {
            Unauthenticated::Signature(SignatureError::Missing) => {
                Self::of("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Unauthenticated::Signature(SignatureError::Incomplete(text)) => {
                Self::of("IncompleteSignatureException", text)
            }
            Unauthenticated::Signature(SignatureError::DoesNotMatch(text)) | Unauthenticated::Scope(text) => {
                Self::of("InvalidSignatureException", text)
            }
            Unauthenticated::UnknownKey => Self::of(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Unauthenticated::Expired => {
                Self::of("ExpiredTokenException", "The security token included in the request is expired")
            }
        }
    }
}
