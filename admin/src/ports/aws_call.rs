//! Calls of AWS's SDK clients, and what can come of them.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ssoadmin::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use kcaws::platform::http::{HttpSetup, Page, is_aws_header};
use kcaws::platform::runtime::Runtime;
use kcaws::platform::{excerpt, innermost};

/// A call that AWS did not answer as wished; `operation` is the name in AWS's API reference.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    #[error("there are no AWS credentials for {operation}")]
    NoCredentials {
        operation: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("cannot reach AWS for {operation}: {why}")]
    Unreachable { operation: &'static str, why: String },
    /// The identity lacks the right, or a delegated administrator asks for what only the management account may.
    #[error("AWS denied {operation}: {message}")]
    Denied { operation: &'static str, message: String },
    /// The credentials are expired, unknown or wrongly signed; a wrong clock looks the same.
    #[error("AWS does not accept the credentials for {operation}: {message}")]
    NotAuthenticated { operation: &'static str, message: String },
    #[error("AWS throttled {operation}")]
    Throttled { operation: &'static str, retry_after: Option<Duration> },
    #[error("{operation}: {message}")]
    NotFound { operation: &'static str, message: String },
    /// An earlier change has not spread yet, or another one is going on.
    #[error("{operation}: {message}")]
    Conflict { operation: &'static str, message: String },
    /// AWS takes no more of these.
    #[error("{operation} would exceed a quota: {message}")]
    QuotaExceeded { operation: &'static str, message: String },
    #[error("AWS refused {operation} ({code}): {message}")]
    Refused { operation: &'static str, code: String, message: String },
    #[error("AWS had trouble with {operation} ({status})")]
    ServerTrouble { operation: &'static str, status: u16 },
    #[error("something other than AWS answered {operation} ({status})")]
    NotAws { operation: &'static str, status: u16 },
    #[error("the answer to {operation} lacks {member}")]
    Incomplete { operation: &'static str, member: &'static str },
    #[error("the pages of {operation} do not end")]
    EndlessList { operation: &'static str },
    #[error("the answer to {operation} is another one each time it is read")]
    UnsettledList { operation: &'static str },
    #[error("AWS returned a page of {operation} twice")]
    RepeatedPage { operation: &'static str },
}

/// One page of a list; `next` leads to the following one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsPage<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
    pub(crate) operation: &'static str,
}

/// Blocks on calls of SDK clients, which all share one runtime. Threads share it.
#[derive(Clone)]
pub(crate) struct Caller {
    runtime: Arc<Runtime>,
    http: HttpSetup,
}

impl Caller {
    pub(crate) fn new(runtime: Arc<Runtime>, http: HttpSetup) -> Self {
        Self { runtime, http }
    }

    /// Waits for the answer to `operation`.
    pub(crate) fn call<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.runtime.block_on(request).map_err(|error| self.failure(operation, &error))
    }

    fn failure<E>(&self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        if let Some(Page { status }) = Page::within(error) {
            return AwsError::NotAws { operation, status: *status };
        }
        let Some(raw) = error.raw_response() else { return unanswered(operation, error) };
        let status = raw.status().as_u16();
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        let is_of_aws = code.is_some() || raw.headers().iter().any(|(name, _)| is_aws_header(name));
        match code {
            Some(code) if status != 511 => {
                let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
                let retry_after =
                    raw.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
                refusal(operation, status, code, message, retry_after.map(Duration::from_secs))
            }
            _ if status == 429 => AwsError::Throttled { operation, retry_after: self.http.retry_after() },
            _ if is_of_aws || (500..511).contains(&status) => AwsError::ServerTrouble { operation, status },
            _ => AwsError::NotAws { operation, status },
        }
    }
}

fn unanswered(operation: &'static str, error: &(dyn Error + 'static)) -> AwsError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(source) = next {
        if source.is::<CredentialsError>() {
            return AwsError::NoCredentials { operation, source: innermost(source).into() };
        }
        next = source.source();
    }
    AwsError::Unreachable { operation, why: innermost(error) }
}

/// Returns the variant for an error code of AWS.
pub(crate) fn refusal(
    operation: &'static str,
    status: u16,
    code: &str,
    message: Option<&str>,
    retry_after: Option<Duration>,
) -> AwsError {
    let message = message.map_or_else(|| code.to_owned(), excerpt);
    match code {
        "ThrottlingException" | "TooManyRequestsException" | "Throttling" | "RequestLimitExceeded" => {
            AwsError::Throttled { operation, retry_after }
        }
        "AccessDeniedException" | "AccessDenied" => AwsError::Denied { operation, message },
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidClientTokenId"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch" => AwsError::NotAuthenticated { operation, message },
        "ResourceNotFoundException" => AwsError::NotFound { operation, message },
        "ConflictException" => AwsError::Conflict { operation, message },
        "ServiceQuotaExceededException" => AwsError::QuotaExceeded { operation, message },
        _ if status >= 500 => AwsError::ServerTrouble { operation, status },
        _ => AwsError::Refused { operation, code: excerpt(code), message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_variants() {
        let found = |status, code: &str| refusal("ListInstances", status, code, Some("why"), None);
        assert!(matches!(found(400, "ThrottlingException"), AwsError::Throttled { .. }));
        assert!(matches!(found(400, "AccessDeniedException"), AwsError::Denied { .. }));
        assert!(matches!(found(400, "ExpiredTokenException"), AwsError::NotAuthenticated { .. }));
        assert!(matches!(found(400, "ResourceNotFoundException"), AwsError::NotFound { .. }));
        assert!(matches!(found(409, "ConflictException"), AwsError::Conflict { .. }));
        assert!(matches!(found(402, "ServiceQuotaExceededException"), AwsError::QuotaExceeded { .. }));
        assert!(
            matches!(found(400, "ValidationException"), AwsError::Refused { code, .. } if code == "ValidationException")
        );
        assert!(matches!(found(500, "InternalServerException"), AwsError::ServerTrouble { status: 500, .. }));
    }
}
