//! Errors of answers, and of questions that cannot be asked.

use super::{CommandError, ErrorCode, Exit};
use crate::configure::answers::BadAnswer;
use crate::platform::picker::PickError;
use crate::profile::portal_url::BadStartUrl;

impl From<BadAnswer> for CommandError {
    fn from(error: BadAnswer) -> Self {
        let failure = Self::new(Exit::Usage, ErrorCode::BadAnswer, error.to_string());
        match error {
            BadAnswer::StartUrl(error) => failure.hint(of_start_url(error)),
            BadAnswer::Region(error) => failure.hint(error.hint()),
            BadAnswer::OtherRegion { in_url, .. } => {
                failure.hint(format!("use --region {in_url}, or leave --region out"))
            }
            BadAnswer::Tenant(_) => failure.hint(TENANT),
            BadAnswer::Name(_) => {
                failure.hint("use letters, digits and `_.@%:+/-`; the first character cannot be `-`")
            }
        }
    }
}

/// What names a tenant of account access manager.
pub(super) const TENANT: &str = "use the ID of the tenant, such as aa-gyxmap389, or the URL of its portal (https://aa-….account-access.REGION.app.aws)";

/// Returns what to enter instead of a text that is not a start URL.
pub(super) fn of_start_url(error: BadStartUrl) -> &'static str {
    match error {
        BadStartUrl::NotHttps => "use your access portal URL, such as https://d-1234567890.awsapps.com/start",
        BadStartUrl::Credentials => "remove everything before the `@`; it is not used to log in",
        BadStartUrl::OtherPage => {
            "open your access portal and copy its address, such as https://d-1234567890.awsapps.com/start"
        }
        BadStartUrl::AccountAccess => {
            "use the URL of the access portal of IAM Identity Center; this one is `account_access` of the session in config.toml"
        }
        BadStartUrl::NoDirectory => {
            "it ends with the directory, as in https://start.home.awsapps.cn/directory/d-1234567890"
        }
        BadStartUrl::NoInstance => {
            "it ends with the instance, as in https://identitycenter.amazonaws.com/ssoins-1234567890abcdef"
        }
    }
}

impl From<PickError> for CommandError {
    fn from(error: PickError) -> Self {
        let message = error.to_string();
        match error {
            PickError::Interrupted => Self::interrupted(),
            PickError::Nothing => Self::new(Exit::Failed, ErrorCode::NothingPicked, message)
                .hint("nothing changed; pass the name to skip this list"),
            PickError::Terminal(error) => Self::new(Exit::Usage, ErrorCode::NoTerminal, message)
                .because(error.to_string())
                .hint("pass it on the command line"),
        }
    }
}
