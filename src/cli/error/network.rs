//! The way to AWS: the set-up of the client, proxies, certificates, and answers that are not AWS's.

use super::{CommandError, ErrorCode, Exit, chain};
use crate::app::SetupError;
use crate::platform::http::HttpSetupError;
use crate::ports::service_call::{CallError, CallErrorKind, CalledService};

/// Both places of a company's certificate are named: the AWS CLI reads both.
pub(super) const NO_WAY_THERE: &str = "check the network, the VPN and HTTPS_PROXY; a company certificate goes into AWS_CA_BUNDLE, or into `ca_bundle` of ~/.aws/config";

/// What to do about an answer that is none of AWS's.
pub(super) fn in_between(status: u16) -> &'static str {
    match status {
        511 => "this network wants you to sign in first: open http://neverssl.com in a browser",
        407 => "a proxy wants a user name and password: HTTPS_PROXY=http://USER:PASSWORD@host:port",
        _ => {
            "a proxy, a gateway or a captive portal answers here: check HTTPS_PROXY, the VPN and what your company filters; -v shows more"
        }
    }
}

impl From<SetupError> for CommandError {
    fn from(error: SetupError) -> Self {
        let cause = chain(&error);
        let failure = match &error {
            SetupError::Http(HttpSetupError::Roots(_)) => {
                Self::new(Exit::Configuration, ErrorCode::CaBundle, error.to_string())
                    .hint("AWS_CA_BUNDLE names a file with PEM certificates; unset it if it is not needed")
            }
            SetupError::Http(HttpSetupError::Proxy(proxy)) => {
                Self::new(Exit::Configuration, ErrorCode::Proxy, error.to_string())
                    .hint(format!("write {}=http://host:port, or unset it", proxy.variable))
            }
            SetupError::Runtime(_) => Self::new(Exit::Failed, ErrorCode::Setup, error.to_string())
                .hint("the system refuses more open files or threads: `ulimit -a`"),
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
        match error.trouble {
            CallErrorKind::Refused { code: Some(code), .. } if code == "ExpiredToken" => {
                failure.hint("they ended a moment ago; run the same command again")
            }
            CallErrorKind::Refused { .. } => {
                failure.hint("check this machine's clock and the region, then try again")
            }
            CallErrorKind::Overloaded { .. } => failure.hint("try again in a moment"),
            CallErrorKind::Unreachable(_) => failure.hint(NO_WAY_THERE),
            CallErrorKind::NotAws { status } => failure.hint(in_between(status)),
            CallErrorKind::NotUnderstood => failure.hint("a proxy or a captive portal may stand between"),
        }
    }
}
