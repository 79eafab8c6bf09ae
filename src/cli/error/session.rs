//! Errors of the login: those of `session`, `credentials` and the services they use.

use chrono::TimeDelta;

use super::network::{NO_WAY_THERE, in_between};
use super::{CommandError, ErrorCode, Exit};
use crate::credentials::CredentialsError;
use crate::ports::clock::Skew;
use crate::ports::identity_center::ServiceError;
use crate::session::record::RecordError;
use crate::session::start_url::StartUrlError;
use crate::session::{LoginNeeded, SessionError};
use crate::shell::quote::argument;

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::LoginNeeded { session, why } => login_needed(message, &session, &why),
            SessionError::ForeignEndpoint { session, .. } => {
                Self::new(Exit::Configuration, ErrorCode::ForeignEndpoint, message).hint(format!(
                    "unset the AWS_ENDPOINT_URL_… variables that do not belong to this login, or run `kcaws login {}` for the new endpoint", argument(&session)
                ))
            }
            SessionError::NoAccountAccess { session } => {
                Self::new(Exit::Configuration, ErrorCode::NoAccountAccess, message).hint(format!(
                    "add to config.toml: sessions.\"{session}\".account_access = \"aa-…\"; the tenant is the first part of the portal's host, https://aa-….account-access.REGION.app.aws"
                ))
            }
            SessionError::OtherTenant { session, .. } => {
                Self::new(Exit::Configuration, ErrorCode::OtherTenant, message).hint(format!(
                    "set `account_access` in config.toml back, or run `kcaws login {}` for the new tenant",
                    argument(&session)
                ))
            }
            SessionError::Denied { reason } => {
                let error = Self::new(Exit::LoginNeeded, ErrorCode::Denied, message)
                    .hint("if you started this login, run `kcaws login` again and choose Allow");
                match reason {
                    Some(reason) => error.because(reason),
                    None => error,
                }
            }
            SessionError::CodeExpired => Self::new(Exit::LoginNeeded, ErrorCode::CodeExpired, message)
                .because("it was not approved, or the sign-in was refused in the browser (as for a user disabled in Keycloak or Identity Center)")
                .hint("run `kcaws login` again; a code is valid for about ten minutes"),
            SessionError::CodeRefused => Self::new(Exit::LoginNeeded, ErrorCode::CodeRefused, message)
                .because("the code was already used")
                .hint("run `kcaws login` again, and approve the code in one browser only"),
            SessionError::NotBack { .. } => Self::new(Exit::LoginNeeded, ErrorCode::NoCallback, message)
                .because("it was not approved, the browser is not on this machine, or AWS's page showed an error")
                .hint("run `kcaws login` again, or with --flow device, which any browser on any device can approve"),
            SessionError::NoCode { description, .. } => {
                let error = Self::new(Exit::LoginNeeded, ErrorCode::NoCode, message)
                    .hint("run `kcaws login` again, or with --flow device");
                error.because_of(description)
            }
            SessionError::NoPort(error) => error.into(),
            SessionError::BadRecord { session, what, .. } => {
                let error = Self::new(Exit::Keyring, ErrorCode::BadRecord, message);
                match what {
                    RecordError::FromTheFuture(_) => error.hint("use the newer version of kcaws that wrote it"),
                    RecordError::Damaged | RecordError::Foreign => error.hint(format!(
                        "run `kcaws logout {}` to remove it, then log in again; nothing was changed", argument(&session)
                    )),
                }
            }
            SessionError::StoreForgets { .. } => Self::new(Exit::Keyring, ErrorCode::StoreNotPersistent, message)
                .hint("choose another store: KCAWS_KEYRING=keyutils kcaws login"),
            SessionError::Moved { .. } => {
                Self::new(Exit::Failed, ErrorCode::Moved, message).hint("nothing is lost; run the same command again")
            }
            SessionError::NoStore { tried } => Self::new(Exit::Keyring, ErrorCode::NoStore, message)
                .because(tried.join("; "))
                .hint("start a Secret Service (gnome-keyring, KWallet, KeePassXC), allow the kernel keyring, or use a passphrase: KCAWS_KEYRING=file kcaws login"),
            SessionError::StrangePage { why, .. } => Self::new(Exit::Failed, ErrorCode::UnexpectedPage, message)
                .because(why.to_string())
                .hint("do not sign in there; check AWS_ENDPOINT_URL_SSO_OIDC and the network"),
            SessionError::PortalChanged { session, .. } => {
                Self::new(Exit::Configuration, ErrorCode::PortalChanged, message)
                    .because("the start URL leads to a different Identity Center than at the first login; nothing was sent there")
                    .hint(format!("ask your administrator; if the change is intended, run `kcaws trust {}`", argument(&session)))
            }
            SessionError::BadPin { session } => Self::new(Exit::Configuration, ErrorCode::BadPin, message)
                .hint(format!("run `kcaws trust {}` to see where it leads and pin it again", argument(&session))),
            SessionError::StartUrl(error) => error.into(),
            SessionError::NothingListed { error, .. } => {
                let is_transient = error.is_transient();
                let error = Self { message, ..Self::from(error) };
                if is_transient {
                    return error;
                }
                error.hint("ask an administrator whether the account is suspended or being closed")
            }
            SessionError::Service(error) => error.into(),
            SessionError::Keyring(error) => error.into(),
            SessionError::State(error) => error.into(),
        }
    }
}

impl From<StartUrlError> for CommandError {
    fn from(error: StartUrlError) -> Self {
        let wrong = Self::new(Exit::Configuration, ErrorCode::StartUrl, error.to_string());
        let usual = "`sso_start_url` must be your access portal URL, or one that redirects directly to it";
        match error {
            StartUrlError::NotAws { leads_to, .. } => wrong
                .because(format!("it leads to `{leads_to}`, and kcaws does not follow a second redirect"))
                .hint(usual),
            StartUrlError::PlainHttp { leads_to, .. } => {
                wrong.because(format!("it leads to `{leads_to}`")).hint(usual)
            }
            StartUrlError::Status { status, .. } if status == 429 || status >= 500 => {
                Self { exit: Exit::Failed, ..wrong }.hint("try again in a moment")
            }
            StartUrlError::NotHttps { .. }
            | StartUrlError::NoLocation { .. }
            | StartUrlError::Status { .. } => wrong.hint(usual),
            StartUrlError::Bad(error) => wrong.hint(super::asking::of_start_url(error)),
            StartUrlError::NoRegion { .. } => {
                wrong.hint("add the line `sso_region = …` to the session in ~/.aws/config")
            }
            StartUrlError::NoAnswer(_) => {
                Self { exit: Exit::Failed, code: ErrorCode::Unreachable, ..wrong }.hint(NO_WAY_THERE)
            }
        }
    }
}

/// AWS gives the same response after the session's expiry and after an administrator ended it.
const OVER: &str = "the Identity Center session has expired or was ended by an administrator; role credentials issued before stay valid until they expire";

fn login_needed(message: String, session: &str, why: &LoginNeeded) -> CommandError {
    let cause = match why {
        LoginNeeded::NeverLoggedIn => "not logged in".to_owned(),
        LoginNeeded::NotRefreshable => {
            "the access token has expired and there is no refresh token".to_owned()
        }
        LoginNeeded::RefreshRefused => {
            format!("the refresh token was refused (invalid_grant): {OVER}")
        }
        LoginNeeded::SessionOver { seen_at } => {
            format!("noticed at {}: {OVER}", seen_at.format("%Y-%m-%d %H:%M UTC"))
        }
        LoginNeeded::RefreshLost { since } => format!(
            "the refresh token was refused (invalid_grant); a refresh at {} was interrupted before its response could be stored",
            since.format("%H:%M:%SZ")
        ),
        LoginNeeded::RegistrationExpired => "the client registration has expired".to_owned(),
        LoginNeeded::WithoutAccountAccess => {
            format!("`{session}` was logged in without account access, which IAM roles need")
        }
        LoginNeeded::AccountAccessRefused => {
            "account access manager rejected the access token (401), even after a refresh".to_owned()
        }
        LoginNeeded::TokenRefused => "AWS rejected the access token (401), even after a refresh".to_owned(),
    };
    CommandError::new(Exit::LoginNeeded, ErrorCode::LoginNeeded, message)
        .because(cause)
        .hint(match why {
            LoginNeeded::AccountAccessRefused => format!(
                "run `kcaws login --force {}` once; if a new login is rejected too, AWS does not give its token account access: compare the tenant and its Region in `account_access` (config.toml) with the portal's URL",
                argument(session)
            ),
            _ => format!("run `kcaws login {}`", argument(session)),
        })
}

/// Returns the error of a login without a terminal whose page must not be opened automatically.
pub(in crate::cli) fn unopened(page: &str, session: &str) -> CommandError {
    let message = format!("no valid login for session `{session}`");
    CommandError::new(Exit::LoginNeeded, ErrorCode::LoginNeeded, message)
        .because(format!(
            "a login was started, but its page is not at a known AWS sign-in host, so it was not opened: {page}"
        ))
        .hint(format!("run `kcaws login {}` in a terminal, and open the page yourself", argument(session)))
}

/// Returns what the administrator has to change about the key.
fn about_the_key(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "KMS_NotFoundException" => (
            "AWS cannot find the KMS key that Identity Center is configured with",
            "check that the key exists",
        ),
        "KMS_DisabledException" => ("the KMS key of Identity Center is disabled", "enable the key"),
        "KMS_InvalidStateException" => (
            "the KMS key of Identity Center is in a state that does not allow its use",
            "cancel its deletion or finish its import",
        ),
        "KMS_InvalidKeyUsageException" => {
            ("the KMS key of Identity Center is not an encryption key", "choose a symmetric encryption key")
        }
        _ => (
            "the KMS key policy does not allow Identity Center to use the key",
            "allow it, as described in the Identity Center user guide",
        ),
    }
}

impl From<ServiceError> for CommandError {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        let failed = |code| Self::new(Exit::Failed, code, message.clone());
        match &error {
            ServiceError::Unreachable { .. } => failed(ErrorCode::Unreachable).hint(NO_WAY_THERE),
            ServiceError::TimedOut { .. } => {
                failed(ErrorCode::Timeout).hint("check the network, the VPN and HTTPS_PROXY, then try again")
            }
            ServiceError::NoTime { .. } => failed(ErrorCode::Timeout)
                .hint("run the same command again; the keyring or another kcaws process took too long"),
            ServiceError::ServerError { .. } => failed(ErrorCode::ServerError).hint("try again in a moment"),
            // Besides its meaning in RFC 8628, `slow_down` is how the OIDC service throttles.
            ServiceError::Throttled | ServiceError::SlowDown => failed(ErrorCode::Throttled)
                .because(
                    "AWS allows about 20 requests per second for one login, and other requests came first",
                )
                .hint("run the same command again in a moment"),
            ServiceError::NotUnderstood { .. } => failed(ErrorCode::NotUnderstood)
                .hint("a proxy or captive portal may be answering instead of AWS; -v shows more"),
            ServiceError::KmsKey { reason, .. } => {
                let (cause, change) = about_the_key(reason);
                failed(ErrorCode::KmsKey).because(cause).hint(format!(
                    "ask the administrator of Identity Center to {change} (`kcaws explain {}`); your login is kept; logging in again would not help",
                    argument(reason)
                ))
            }
            ServiceError::NotAws { status, .. } => failed(ErrorCode::NotAws).hint(in_between(*status)),
            ServiceError::Rejected { .. } => failed(ErrorCode::Refused)
                .hint("compare `sso_region`, the account and the permission set with your access portal"),
            ServiceError::InvalidRequest { .. } => failed(ErrorCode::Refused).hint(
                "compare `sso_start_url` and `sso_region` in ~/.aws/config with your access portal's URL",
            ),
            ServiceError::InvalidScope { .. } => failed(ErrorCode::InvalidScope)
                .hint("remove `account_access` from config.toml if it is set there, and compare `sso_registration_scopes` in ~/.aws/config with the AWS documentation; your login is kept"),
            ServiceError::Refused { .. } => failed(ErrorCode::Refused)
                .hint("compare `sso_registration_scopes` in ~/.aws/config with the AWS documentation"),
            ServiceError::InvalidClient => failed(ErrorCode::InvalidClient).hint("run `kcaws login --force`"),
            ServiceError::Unauthorized => failed(ErrorCode::Unauthorized).hint("run `kcaws login`"),
            // For a role these are other errors.
            ServiceError::Forbidden => Self::new(Exit::NotAssigned, ErrorCode::Forbidden, message)
                .hint("ask an administrator whether your user has any assignments"),
            ServiceError::NotFound => {
                failed(ErrorCode::NotFound).hint("ask an administrator whether your user has any assignments")
            }
            // These are steps of a login, which reports them with its own messages.
            ServiceError::AuthorizationPending
            | ServiceError::ExpiredToken
            | ServiceError::AccessDenied { .. }
            | ServiceError::InvalidGrant
            | ServiceError::LostGrant => {
                Self::new(Exit::LoginNeeded, ErrorCode::LoginNeeded, message).hint("run `kcaws login`")
            }
        }
    }
}

impl From<CredentialsError> for CommandError {
    fn from(error: CredentialsError) -> Self {
        let message = error.to_string();
        match error {
            CredentialsError::NotAssigned(role) if role.role_name.arn().is_some() => {
                Self::new(Exit::NotAssigned, ErrorCode::NotAssigned, message)
                    .because("account access manager answered 403: the role is not assigned to you, or does not trust it")
                    .hint("`kcaws explain 403` tells which; `kcaws accounts --refresh` lists what is assigned to you")
            }
            CredentialsError::IamRoleRefused { .. } => {
                Self::new(Exit::Configuration, ErrorCode::IamRoleRefused, message).hint(
                    "compare `account_access` in config.toml and the role's ARN, with its path, with `kcaws accounts --refresh`",
                )
            }
            CredentialsError::NotAssigned(_) => Self::new(Exit::NotAssigned, ErrorCode::NotAssigned, message)
                .because("AWS answered 403 (No access)")
                .hint("`kcaws accounts` shows what is assigned to you; an administrator can assign more"),
            CredentialsError::NoSuchRole(_) => Self::new(Exit::Failed, ErrorCode::NoSuchRole, message)
                .because("AWS answered 404")
                .hint("`kcaws accounts` shows the accounts and permission sets that you have"),
            CredentialsError::ExpiredOnArrival { skew, .. } => {
                let error = Self::new(Exit::Failed, ErrorCode::ExpiredOnArrival, message)
                    .hint("check this machine's clock; if it is right, try again");
                match skew.filter(|skew| skew.differs_from(Skew::NONE, TimeDelta::minutes(1))) {
                    Some(skew) => error.because(clock_words(skew)),
                    None => error,
                }
            }
            CredentialsError::EndsTooLate { skew, .. } => {
                let error = Self::new(Exit::Failed, ErrorCode::EndsTooLate, message)
                    .because("AWS never issues credentials for longer than 12 h")
                    .hint("check this machine's clock; if it is right, check the proxy and AWS_ENDPOINT_URL_SSO");
                match skew.filter(|skew| skew.differs_from(Skew::NONE, TimeDelta::minutes(1))) {
                    Some(skew) => error.because(clock_words(skew)),
                    None => error,
                }
            }
            CredentialsError::Session(error) => error.into(),
        }
    }
}

/// Describes the clock difference, which is reported only from one minute.
fn clock_words(skew: Skew) -> String {
    let (seconds, side) =
        (skew.seconds().unsigned_abs(), if skew.seconds() > 0 { "behind" } else { "ahead of" });
    format!("this machine's clock is {seconds} s {side} AWS's")
}
