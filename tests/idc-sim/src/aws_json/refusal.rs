//! Errors of JSON 1.1 services.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::caller::Unauthenticated;
use crate::hosts::Service;
use crate::sigv4::SignatureError;

/// An error answer: exception, message, and what else the exception has.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    exception: &'static str,
    message: String,
    members: Vec<(&'static str, Value)>,
}

impl Refusal {
    pub(crate) fn of(exception: &'static str, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), members: Vec::new() }
    }

    /// Adds a member of the exception.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::of("ValidationException", message)
    }

    /// Refuses a member in the words of the validation that AWS runs before every service.
    pub(crate) fn constraint(member: &str, rule: &str) -> Self {
        let first = member.chars().next().unwrap_or_default().to_ascii_lowercase();
        let rest = member.get(1..).unwrap_or_default();
        Self::validation(format!(
            "1 validation error detected: Value at '{first}{rest}' failed to satisfy constraint: Member must {rule}"
        ))
    }

    /// Refuses a body that is no JSON object, or a member of another name or type than in the model.
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

    /// Refuses what AWS itself keeps a caller from, whatever the caller's policies are
    /// (aws-samples/iam-identity-center-team#59).
    pub(crate) fn not_authorized(arn: &str, action: &str, resource: &str) -> Self {
        Self::access_denied(format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource}"
        ))
    }

    /// Refuses in the words of IAM what no policy allows.
    pub(crate) fn no_policy_allows(arn: &str, action: &str, resource: &str) -> Self {
        Self::access_denied(crate::caller::no_policy_allows(arn, action, resource))
    }

    /// Returns the exception and the message, for a service with another form of errors.
    pub(crate) fn into_parts(self) -> (&'static str, String) {
        (self.exception, self.message)
    }

    pub(crate) fn into_answer(self, service: Service, request_id: &str) -> (StatusCode, Value) {
        // Organizations has names of its own for two of them (service model 2016-11-28).
        let exception = match (service, self.exception) {
            (Service::Organizations, "ValidationException") => "InvalidInputException",
            (Service::Organizations, "ThrottlingException") => "TooManyRequestsException",
            (_, exception) => exception,
        };
        let mut body = json!({ "__type": exception, "Message": self.message });
        if service == Service::IdentityStore {
            body["RequestId"] = request_id.into();
            if exception == "ThrottlingException" {
                body["RetryAfterSeconds"] = 1.into();
            }
        }
        for (name, value) in self.members {
            body[name] = value;
        }
        (StatusCode::BAD_REQUEST, body)
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
