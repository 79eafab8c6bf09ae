//! Errors of the connection to AWS: client set-up, proxies, certificates, and responses that are not from AWS.

use super::{CommandError, ErrorCode, Exit, chain};
use crate::app::SetupError;
use crate::platform::http::HttpSetupError;
use crate::ports::service_call::{CallError, CallErrorKind, CalledService, RefusalCode};

/// Names both settings for a company certificate, since the AWS CLI reads both.
pub(super) const NO_WAY_THERE: &str = "check the network, the VPN and HTTPS_PROXY; for a company certificate set AWS_CA_BUNDLE, or `ca_bundle` in ~/.aws/config";

/// Returns what to do about a response that is not from AWS.
pub(super) fn in_between(status: u16) -> &'static str {
    match status {
        511 => "this network requires you to sign in first: open http://neverssl.com in a browser",
        407 => "a proxy requires a username and password: HTTPS_PROXY=http://USER:PASSWORD@host:port",
        _ => {
            "a proxy, gateway or captive portal answered instead of AWS: check HTTPS_PROXY, the VPN and your company's filters; -v shows more"
        }
    }
}

impl From<SetupError> for CommandError {
    fn from(error: SetupError) -> Self {
        let cause = chain(&error);
        let failure = match &error {
            SetupError::Http(HttpSetupError::Roots(_)) => {
                Self::new(Exit::Configuration, ErrorCode::CaBundle, error.to_string()).hint(
                    "set AWS_CA_BUNDLE to a file with PEM certificates, or unset it if you do not need it",
                )
            }
            SetupError::Http(HttpSetupError::Proxy(proxy)) => {
                Self::new(Exit::Configuration, ErrorCode::Proxy, error.to_string())
                    .hint(format!("set {}=http://host:port, or unset it", proxy.variable))
            }
            SetupError::Runtime(_) => Self::new(Exit::Failed, ErrorCode::Setup, error.to_string())
                .hint("the system does not allow more open files or threads: see `ulimit -a`"),
        };
        failure.because_of(cause)
    }
}

impl From<CallError> for CommandError {
    fn from(error: CallError) -> Self {
        let code = match error.service {
            CalledService::Sts => ErrorCode::Sts,
            CalledService::Signin => ErrorCode::Signin,
        };
        let failure = Self::new(Exit::Failed, code, error.to_string());
        match error.kind {
            CallErrorKind::Refused { code: Some(RefusalCode::ExpiredToken), .. } => {
                failure.hint("they have just expired; run the same command again")
            }
            CallErrorKind::Refused { .. } => {
                failure.hint("check this machine's clock and the Region, then try again")
            }
            CallErrorKind::Overloaded { .. } => failure.hint("try again in a moment"),
            CallErrorKind::Unreachable(_) => failure.hint(NO_WAY_THERE),
            CallErrorKind::NotAws { status } => failure.hint(in_between(status)),
            CallErrorKind::NotUnderstood => {
                failure.hint("a proxy or captive portal may be answering instead of AWS")
            }
        }
    }
}
