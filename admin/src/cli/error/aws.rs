//! Errors of AWS's services.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::app::AwsSetupError;
use crate::ports::aws_call::AwsError;

const GET_CREDENTIALS: &str = "name a profile in [identity_center] of the access file, or set AWS_PROFILE; `aws sts get-caller-identity` must work";

impl From<AwsSetupError> for CommandError {
    fn from(error: AwsSetupError) -> Self {
        let message = error.to_string();
        let cause = chain(&error);
        let failure = match error {
            AwsSetupError::Runtime(_) => Self::new(Exit::Failed, ErrorCode::Setup, message)
                .hint("see `ulimit -n`: no descriptor is left"),
            AwsSetupError::NoCredentials { profile, .. } => {
                let message = match profile {
                    Some(profile) => format!("the profile `{profile}` gives no AWS credentials"),
                    None => message,
                };
                Self::new(Exit::LoginNeeded, ErrorCode::AwsCredentials, message).hint(GET_CREDENTIALS)
            }
        };
        failure.because_of(cause)
    }
}

impl From<AwsError> for CommandError {
    fn from(error: AwsError) -> Self {
        let message = error.to_string();
        let cause = chain(&error);
        let failure = |exit, code| Self::new(exit, code, message.clone());
        let failure = match &error {
            AwsError::NoCredentials { .. } => {
                failure(Exit::LoginNeeded, ErrorCode::AwsCredentials).hint(GET_CREDENTIALS)
            }
            AwsError::NotAuthenticated { .. } => failure(Exit::LoginNeeded, ErrorCode::AwsCredentials)
                .hint("get fresh credentials, and check the clock: signatures are valid for five minutes"),
            AwsError::Denied { .. } => failure(Exit::Failed, ErrorCode::AwsDenied).hint(
                "`kcaws admin policy aws` prints the rights that are needed; run it with credentials of the management account or of a delegated administrator",
            ),
            AwsError::Throttled { .. } => failure(Exit::Failed, ErrorCode::Throttled)
                .hint("wait a minute, then run the same command again; others may be using the API"),
            AwsError::Unreachable { .. } => failure(Exit::Failed, ErrorCode::Unreachable)
                .hint("check the network, the proxy (HTTPS_PROXY) and the Region in the access file"),
            AwsError::NotAws { .. } => failure(Exit::Failed, ErrorCode::NotAws)
                .hint("a proxy or a sign-in page of the network answers in AWS's place: check HTTPS_PROXY and the network"),
            AwsError::ServerTrouble { .. } => failure(Exit::Failed, ErrorCode::ServerError)
                .hint("run the same command again in a minute; https://health.aws.amazon.com shows AWS's own state"),
            AwsError::NotFound { .. } => failure(Exit::Failed, ErrorCode::NotFound)
                .hint("it may have been removed a moment ago: run the same command again"),
            AwsError::Conflict { .. } => failure(Exit::Failed, ErrorCode::Busy)
                .hint("another change is not finished: run the same command again in a minute"),
            AwsError::QuotaExceeded { .. } => failure(Exit::Failed, ErrorCode::Refused)
                .hint("Service Quotas in the AWS console shows the quota and raises it"),
            AwsError::UnsettledList { .. } => failure(Exit::Failed, ErrorCode::Busy)
                .hint("something else changes it all the time: run the same command again when that has ended"),
            AwsError::Refused { .. } => {
                failure(Exit::Failed, ErrorCode::Refused).hint("run with -v for details")
            }
            AwsError::Incomplete { .. } | AwsError::EndlessList { .. } | AwsError::RepeatedPage { .. } => failure(Exit::Failed, ErrorCode::NotUnderstood)
                .hint("run the same command again; if it comes again, an endpoint that is not AWS's may have answered: check AWS_ENDPOINT_URL_…"),
        };
        failure.because_of(cause)
    }
}
