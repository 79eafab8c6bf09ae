//! What a failed SDK call means to us. The SDK's own error types cannot tell: the portal's 403 is in no service
//! model, and the OIDC service names its errors in the body (`error`) as well as in a header that proxies drop.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sso::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::Deserialize;

use super::{Origin, ServiceError};
use crate::ports::{excerpt, innermost};

/// Body of an OIDC error, RFC 6749 section 5.2. `reason` came with customer-managed KMS keys (2025).
#[derive(Deserialize)]
struct OidcBody {
    #[serde(default)]
    error: String,
    error_description: Option<String>,
    reason: Option<String>,
}

/// What the `reason` begins with where the customer-managed key of Identity Center is the trouble. AWS adds new ones.
const OF_KMS: &str = "KMS_";

/// The two speak of errors differently.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Oidc,
    Portal,
}

/// Where a call went, to speak of it.
pub(super) struct Called<'a> {
    pub(super) operation: &'static str,
    pub(super) service: Service,
    pub(super) origin: &'a Origin,
    pub(super) attempt: Duration,
}

impl Called<'_> {
    fn host(&self) -> String {
        self.origin.host().to_owned()
    }

    pub(super) fn failed_with<E>(&self, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: std::error::Error + 'static,
    {
        match (raw_answer(error), self.service) {
            (None, _) => self.trouble(error),
            (Some(raw), Service::Oidc) => self.oidc(raw),
            (Some(raw), Service::Portal) => self.portal(raw.status().as_u16()),
        }
    }

    fn oidc(&self, raw: &HttpResponse) -> ServiceError {
        let status = raw.status().as_u16();
        match raw.body().bytes().and_then(|body| serde_json::from_slice::<OidcBody>(body).ok()) {
            Some(OidcBody { reason: Some(reason), .. }) if reason.starts_with(OF_KMS) => {
                ServiceError::KmsKey { operation: self.operation, reason: excerpt(&reason) }
            }
            Some(body) if !body.error.is_empty() && !(500..600).contains(&status) => self.oidc_refusal(body),
            _ => self.by_status(status),
        }
    }

    fn oidc_refusal(&self, body: OidcBody) -> ServiceError {
        let why = body.reason.or(body.error_description).map(|text| excerpt(&text));
        match body.error.as_str() {
            "authorization_pending" => ServiceError::AuthorizationPending,
            "slow_down" => ServiceError::SlowDown,
            "expired_token" => ServiceError::ExpiredToken,
            "access_denied" => ServiceError::AccessDenied { reason: why },
            "invalid_grant" => ServiceError::InvalidGrant,
            "invalid_client" => ServiceError::InvalidClient,
            _ => ServiceError::Refused {
                operation: self.operation,
                code: excerpt(&body.error),
                description: why,
            },
        }
    }

    fn portal(&self, status: u16) -> ServiceError {
        match status {
            401 => ServiceError::Unauthorized,
            403 => ServiceError::Forbidden,
            404 => ServiceError::NotFound,
            _ => self.by_status(status),
        }
    }

    fn by_status(&self, status: u16) -> ServiceError {
        let host = self.host();
        match status {
            429 => ServiceError::Throttled,
            500..600 => ServiceError::ServerTrouble { host, status },
            _ => ServiceError::NotUnderstood {
                host,
                why: format!("HTTP status {status} to {}", self.operation),
            },
        }
    }

    /// No answer that could be read.
    fn trouble<E>(&self, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: std::error::Error + 'static,
    {
        let host = self.host();
        match error {
            SdkError::TimeoutError(_) => ServiceError::TimedOut { host, after: self.attempt },
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                ServiceError::TimedOut { host, after: self.attempt }
            }
            SdkError::DispatchFailure(_) => ServiceError::Unreachable { host, why: innermost(error) },
            _ => ServiceError::NotUnderstood { host, why: innermost(error) },
        }
    }

    /// What other programs are handed must look as AWS has it.
    pub(super) fn strange(&self, member: &'static str) -> ServiceError {
        let why = format!("`{member}` is none in the answer to {}", self.operation);
        ServiceError::NotUnderstood { host: self.host(), why }
    }

    pub(super) fn missing(&self, member: &'static str) -> ServiceError {
        let why = format!("`{member}` is missing in the answer to {}", self.operation);
        ServiceError::NotUnderstood { host: self.host(), why }
    }
}

/// The raw answer where there was one with an error status. A 200 that cannot be parsed is no refusal.
fn raw_answer<E>(error: &SdkError<E, HttpResponse>) -> Option<&HttpResponse> {
    match error {
        SdkError::ServiceError(context) => Some(context.raw()),
        SdkError::ResponseError(context) if !context.raw().status().is_success() => Some(context.raw()),
        _ => None,
    }
}

pub(super) fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(super::super::http::CONNECT_TIMEOUT.min(attempt))
        .operation_attempt_timeout(attempt)
        .build()
}
