//! Interprets a failed SDK call.
//!
//! The SDK's own error types are not enough: the portal's 403 is in no service model, and the OIDC service names its
//! errors in the body (`error`) as well as in a header that proxies drop. A status only counts as AWS's with a mark of
//! AWS's: a header of its own, or a body of its form. Gateways, proxies and captive portals answer in its place, with
//! any status and with pages of their own.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sso::error::SdkError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use serde::Deserialize;
use serde_json::Value;

use super::{Origin, ServiceError};
use crate::platform::http::{Answer, HttpSetup, Page, is_aws_header};
use crate::platform::{excerpt, innermost};

/// The longest text from the portal that is shown, in characters.
const LONGEST_TEXT: usize = 300;

/// The body of an OIDC error, RFC 6749 section 5.2. `reason` came with customer-managed KMS keys (2025).
#[derive(Deserialize)]
struct OidcBody {
    #[serde(default)]
    error: String,
    error_description: Option<String>,
    reason: Option<String>,
}

/// What `reason` begins with if Identity Center's customer-managed key is the problem. AWS adds new ones.
const OF_KMS: &str = "KMS_";

/// The form in which the called service reports errors.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Oidc,
    /// The portal, and the runtime of account access manager.
    Portal,
}

/// Where a call was sent, for messages.
pub(super) struct Called<'a> {
    pub(super) operation: &'static str,
    pub(super) service: Service,
    pub(super) origin: &'a Origin,
    pub(super) attempt: Duration,
    pub(super) http: &'a HttpSetup,
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
            (None, _) => self.failure(error),
            (Some(raw), _) if raw.status().is_success() => self.unreadable(raw, error),
            (Some(raw), Service::Oidc) => self.oidc(raw),
            (Some(raw), Service::Portal) => self.portal(raw),
        }
    }

    fn oidc(&self, raw: &HttpResponse) -> ServiceError {
        let status = raw.status().as_u16();
        let is_marked = has_aws_header(raw);
        let body = raw.body().bytes().and_then(|body| serde_json::from_slice::<OidcBody>(body).ok());
        match body {
            Some(OidcBody { reason: Some(reason), .. }) if reason.starts_with(OF_KMS) => {
                ServiceError::KmsKey { operation: self.operation, reason: excerpt(&reason) }
            }
            // RFC 6749 section 5.2: with any other status, this form is only AWS's if it has AWS's mark.
            Some(body)
                if !body.error.is_empty()
                    && (matches!(status, 400 | 401) || (is_marked && (400..500).contains(&status))) =>
            {
                self.oidc_refusal(body)
            }
            _ => self.by_status(status, is_marked),
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
            "invalid_request" => ServiceError::InvalidRequest { operation: self.operation, description: why },
            "invalid_scope" => ServiceError::InvalidScope { operation: self.operation, description: why },
            _ => ServiceError::Refused {
                operation: self.operation,
                code: excerpt(&body.error),
                description: why,
            },
        }
    }

    fn portal(&self, raw: &HttpResponse) -> ServiceError {
        let body = PortalBody::of(raw.body().bytes().unwrap_or_default());
        self.refusal(raw.status().as_u16(), has_aws_header(raw), body)
    }

    /// Reads the response to a plain request, whose errors have the portal's form.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, ServiceError> {
        let is_marked = answer.headers.iter().any(|(name, _)| is_aws_header(name));
        if !(200..300).contains(&answer.status) {
            let kind = answer.headers.get("x-amzn-errortype");
            return Err(self.refusal(answer.status, is_marked, PortalBody::of(&answer.body).or_kind(kind)));
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            if is_marked || answer.body.trim_ascii_start().starts_with(b"{") {
                // The error's own text would quote the response.
                let why = format!("line {}, column {}", error.line(), error.column());
                ServiceError::NotUnderstood { host: self.host(), why }
            } else {
                ServiceError::NotAws { host: self.host(), status: answer.status }
            }
        })
    }

    fn refusal(&self, status: u16, is_marked: bool, body: PortalBody) -> ServiceError {
        match status {
            _ if !(is_marked || body.is_of_aws()) => self.by_status(status, false),
            401 => ServiceError::Unauthorized,
            403 => ServiceError::Forbidden,
            404 => ServiceError::NotFound,
            // Throttling is a 429 in the service's model, and a 400 as in other AWS services.
            400 if body.is_throttling() => ServiceError::Throttled,
            429 => ServiceError::Throttled,
            400..500 if body.is_of_aws() => ServiceError::Rejected {
                operation: self.operation,
                code: shortened(body.kind.unwrap_or_else(|| status.to_string())),
                message: body.message.map(shortened),
            },
            _ => self.by_status(status, true),
        }
    }

    /// Returns the error for a status: 429 and 5xx are worth a retry, from a gateway too.
    ///
    /// 511 is not: it means "sign in to this network" (RFC 6585 section 6).
    fn by_status(&self, status: u16, is_of_aws: bool) -> ServiceError {
        let host = self.host();
        match status {
            429 => ServiceError::Throttled,
            511 => ServiceError::NotAws { host, status },
            500..600 => ServiceError::ServerError { host, status },
            _ if !is_of_aws => ServiceError::NotAws { host, status },
            _ => ServiceError::NotUnderstood {
                host,
                why: format!("HTTP status {status} to {}", self.operation),
            },
        }
    }

    /// Returns the error for a success status with something that the SDK cannot parse.
    fn unreadable<E>(&self, raw: &HttpResponse, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: std::error::Error + 'static,
    {
        let begins_like_json =
            raw.body().bytes().is_some_and(|body| body.trim_ascii_start().starts_with(b"{"));
        if has_aws_header(raw) || begins_like_json {
            return ServiceError::NotUnderstood { host: self.host(), why: innermost(error) };
        }
        ServiceError::NotAws { host: self.host(), status: raw.status().as_u16() }
    }

    /// Returns the error for a call without a readable response.
    fn failure<E>(&self, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: std::error::Error + 'static,
    {
        let host = self.host();
        if let Some(Page { status }) = Page::within(error) {
            return ServiceError::NotAws { host, status: *status };
        }
        match error {
            SdkError::TimeoutError(_) => self.timed_out(self.attempt),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => self.timed_out(self.attempt),
            SdkError::DispatchFailure(_) => {
                let (host, why) = self.http.unreached(&host, error);
                ServiceError::Unreachable { host, why }
            }
            _ => ServiceError::NotUnderstood { host, why: innermost(error) },
        }
    }

    pub(super) fn timed_out(&self, after: Duration) -> ServiceError {
        ServiceError::TimedOut { host: self.http.with_proxy(self.origin.host()), after }
    }

    /// Returns the error for an invalid member: what is passed on to other programs must look as AWS writes it.
    pub(super) fn strange(&self, member: &'static str) -> ServiceError {
        let why = format!("invalid `{member}` in the response to {}", self.operation);
        ServiceError::NotUnderstood { host: self.host(), why }
    }

    pub(super) fn missing(&self, member: &'static str) -> ServiceError {
        let why = format!("`{member}` is missing in the response to {}", self.operation);
        ServiceError::NotUnderstood { host: self.host(), why }
    }
}

/// The body of the portal's errors.
///
/// `{"message":"No access","__type":"com.amazonaws.switchboard.portal#ForbiddenException"}`
#[derive(Default)]
struct PortalBody {
    /// Without the part up to `#`.
    kind: Option<String>,
    message: Option<String>,
}

impl PortalBody {
    fn of(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else { return Self::default() };
        let text = |name| Some(body.get(name)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
        let kind: Option<String> = text("__type");
        let kind = kind.map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
        Self { kind, message: text("message").or_else(|| text("Message")) }
    }

    /// Adds the name in the header `x-amzn-ErrorType`, which may have a URL behind a colon.
    fn or_kind(self, header: Option<&str>) -> Self {
        let named = header.and_then(|header| header.split(':').next()).map(str::to_owned);
        Self { kind: self.kind.or(named), ..self }
    }

    fn is_of_aws(&self) -> bool {
        self.kind.is_some() || self.message.is_some()
    }

    fn is_throttling(&self) -> bool {
        matches!(self.kind.as_deref(), Some("TooManyRequestsException" | "ThrottlingException"))
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn has_aws_header(raw: &HttpResponse) -> bool {
    raw.headers().iter().any(|(name, _)| is_aws_header(name))
}

/// Retries a bare 429; the SDK only recognizes AWS's own, by the name in its body.
#[derive(Debug)]
pub(super) struct Bare429;

impl ClassifyRetry for Bare429 {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|answer| answer.status().as_u16()) {
            Some(429) => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "429 of any form"
    }
}

/// Returns the raw response of any status that the SDK could not make sense of, if there was one.
fn raw_answer<E>(error: &SdkError<E, HttpResponse>) -> Option<&HttpResponse> {
    match error {
        SdkError::ServiceError(context) => Some(context.raw()),
        SdkError::ResponseError(context) => Some(context.raw()),
        _ => None,
    }
}

pub(super) fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(crate::platform::http::CONNECT_TIMEOUT.min(attempt))
        .operation_attempt_timeout(attempt)
        .build()
}

#[cfg(test)]
mod tests;
