//! Errors of the SCIM endpoint.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};

use crate::platform::rest::RestError;
use crate::ports::scim::ScimError;

impl From<ScimError> for CommandError {
    fn from(error: ScimError) -> Self {
        let message = error.to_string();
        let failure = |exit, code| Self::new(exit, code, message.clone());
        match &error {
            ScimError::TokenRefused => failure(Exit::LoginNeeded, ErrorCode::Scim).hint(
                "tokens end after a year, and when automatic provisioning is turned off: `kcaws admin token rotate` replaces it, and a file that KCAWS_SCIM_TOKEN_FILE names needs the new one too",
            ),
            ScimError::NoEndpoint => failure(Exit::Configuration, ErrorCode::Scim).hint(
                "turning automatic provisioning off and on changes the endpoint: copy it again from the console into scim_endpoint, then `kcaws admin token set`",
            ),
            ScimError::NotFound => failure(Exit::Failed, ErrorCode::NotFound)
                .hint("it may have been removed a moment ago: run the same command again"),
            ScimError::Conflict { .. } => failure(Exit::Failed, ErrorCode::Scim)
                .hint("another user or group has the same name: `kcaws admin sync plan` shows which"),
            ScimError::QuotaExceeded { .. } => failure(Exit::Failed, ErrorCode::Refused)
                .hint("Service Quotas in the AWS console shows the quota and raises it"),
            ScimError::Throttled { .. } => failure(Exit::Failed, ErrorCode::Throttled)
                .hint("wait a minute, then run the same command again"),
            ScimError::ServerTrouble { .. } => failure(Exit::Failed, ErrorCode::ServerError)
                .hint("run the same command again in a minute"),
            ScimError::Refused { .. } => failure(Exit::Failed, ErrorCode::Scim).hint("run with -v for details"),
            ScimError::NotUnderstood { .. } => failure(Exit::Failed, ErrorCode::NotUnderstood)
                .hint("check scim_endpoint in the access file: it is copied from the console"),
            ScimError::Rest(RestError::Unreachable(_)) => failure(Exit::Failed, ErrorCode::Unreachable)
                .hint("check scim_endpoint in the access file, the network and the proxy (HTTPS_PROXY)"),
            ScimError::Rest(_) => failure(Exit::Failed, ErrorCode::NotUnderstood)
                .hint("something before AWS may answer in its place: check scim_endpoint and the proxy"),
        }
    }
}
