//! Errors while a command resolves its role and gets credentials for it.

use super::{CommandError, ErrorCode, Exit, session::unopened};
use crate::app::account::AccountNameError;
use crate::app::error::{AppError, LoginPending};
use crate::platform::printable::shown;
use crate::profile::ConfigError;
use crate::shell::quote::argument;

impl From<AppError> for CommandError {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        match error {
            AppError::Config(error) => error.into(),
            AppError::NotOurs { error, taken } => Self::from(*error)
                .because(format!("tools use `{}` at {} for its credentials", taken.key, taken.place)),
            AppError::NoRole { .. } => Self::new(Exit::Configuration, ErrorCode::NoRole, message)
                .hint("add sso_account_id and sso_role_name to it, or pass --session, --account and --role"),
            AppError::NotARegion { place, error } => {
                let (what, hint) = (format!("sso_region: {error}"), error.hint());
                Self::from(ConfigError::BadValue { place, what }).hint(hint)
            }
            AppError::Account(AccountNameError::None { meant, .. }) => {
                Self::new(Exit::Usage, ErrorCode::NoSuchAccount, message)
                    .hint(format!("{meant}`kcaws accounts` lists them"))
            }
            AppError::Account(AccountNameError::Several { ids, .. }) => {
                Self::new(Exit::Usage, ErrorCode::WhichAccount, message)
                    .hint(format!("use the account ID: {}", ids.join(" or ")))
            }
            AppError::NearName { error, meant } => {
                Self::from(*error).hint(format!("{meant}`kcaws accounts` shows what is assigned to you"))
            }
            AppError::Settings(error) => error.into(),
            AppError::Session(error) => error.into(),
            AppError::LoginPending { error, why } => {
                let error = Self::from(*error);
                match why {
                    LoginPending::NotOpened { session, page } => unopened(&page, &session),
                    LoginPending::CoolingDown => error.because("a login failed a moment ago"),
                    LoginPending::NotStarted => error.because("the login could not be started automatically"),
                    LoginPending::Unfinished => error
                        .because("a login is waiting in the browser")
                        .hint("finish the login in the open tab, then try again"),
                }
            }
            AppError::Credentials(error) => error.into(),
            AppError::Keyring(error) => error.into(),
            AppError::State(error) => error.into(),
            AppError::Setup(error) => error.into(),
            AppError::Endpoint(error) => error.into(),
            AppError::Call(error) => error.into(),
            AppError::MfaNeeded { serial, profile } => Self::new(Exit::Usage, ErrorCode::MfaNeeded, message)
                .because(format!("the profile has `mfa_serial = {}`", shown(&serial)))
                .hint(format!(
                    "run `kcaws whoami --profile {}` in a terminal first: the credentials are kept for up to an hour",
                    argument(&profile)
                )),
            AppError::MfaNotRead(_) => Self::new(Exit::Usage, ErrorCode::MfaNeeded, message)
                .hint("run the same command again, and type the code that your MFA device shows"),
            AppError::BadMfaCode => {
                Self::new(Exit::Usage, ErrorCode::MfaCode, message).hint("run the same command again")
            }
            AppError::RoleDenied { has_mfa, .. } => {
                let error = Self::new(Exit::NotAssigned, ErrorCode::RoleDenied, message);
                if has_mfa {
                    error
                        .because("AWS STS answered AccessDenied: the MFA code was wrong or already used, or the role does not trust you")
                        .hint("try again with the next code from your device")
                } else {
                    error
                        .because("AWS STS answered AccessDenied: the role does not trust you, expects another external_id, or does not exist")
                        .hint("ask the role's owner to allow your permission set's role in its trust policy")
                }
            }
        }
    }
}
