//! Every error of the core, mapped to message, cause, hint and exit code, exhaustively: a new error does not
//! compile until somebody has thought of what a person should do about it. All hints of kcaws stand here.
//!
//! Form: lower case, no full stop, the object in backticks; the hint is a command to paste or the one thing to
//! look at. A message that does not help is a bug.

mod keyring;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::SetupError;
use crate::credentials::CredentialsError;
use crate::credentials::warm::Refusal;
use crate::ports::handoff::HandoffError;
use crate::ports::http::HttpSetupError;
use crate::ports::identity_center::{EndpointError, ServiceError};
use crate::ports::loopback::NoPort;
use crate::ports::signin::SigninError;
use crate::ports::state_folder::StateError;
use crate::profile::ConfigError;
use crate::session::record::RecordError;
use crate::session::{LoginNeeded, SessionError};
use crate::settings::SettingsError;

/// README has the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Nothing went wrong that anybody wants to hear of.
    Done = 0,
    /// Network, AWS refused, I/O.
    Failed = 1,
    Usage = 2,
    Configuration = 3,
    LoginNeeded = 4,
    Keyring = 5,
    NotAssigned = 6,
}

#[derive(Debug)]
pub(super) struct CommandError {
    exit: Exit,
    /// For programs: stable, snake_case.
    code: &'static str,
    pub(super) message: String,
    pub(super) cause: Option<String>,
    pub(super) hint: Option<String>,
}

impl CommandError {
    pub(super) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), cause: None, hint: None }
    }

    pub(super) fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn silent() -> Self {
        Self::new(Exit::Done, "closed_pipe", "")
    }

    pub(super) fn output(error: &std::io::Error) -> Self {
        Self::new(Exit::Failed, "output", "cannot write the answer").because(error.to_string())
    }

    pub(super) fn is_silent(&self) -> bool {
        self.exit == Exit::Done
    }

    /// A login would help; not so after a denial.
    pub(super) fn wants_login(&self) -> bool {
        self.code == "login_needed"
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit as u8
    }

    pub(super) fn as_json(&self) -> serde_json::Value {
        json!({"error": {"code": self.code, "message": self.message, "cause": self.cause, "hint": self.hint}})
    }
}

impl Refusal for CommandError {
    fn is_busy(&self) -> bool {
        self.code == "busy"
    }

    fn is_gone(&self) -> bool {
        self.exit == Exit::NotAssigned
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// A name as it can be pasted into a shell.
fn argument(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@%:+/-".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

/// `"cause: cause"`, as far as the sources add something.
fn chain(error: &dyn std::error::Error) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        next = source.source();
    }
    (!texts.is_empty()).then(|| texts.join(": "))
}

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::LoginNeeded { session, why } => login_needed(message, &session, &why),
            SessionError::ForeignEndpoint { session, .. } => {
                Self::new(Exit::Configuration, "foreign_endpoint", message).hint(format!(
                    "unset the AWS_ENDPOINT_URL_… variables that do not belong to this login, or run `kcaws login {}` for the new place", argument(&session)
                ))
            }
            SessionError::Denied { reason } => {
                let error = Self::new(Exit::LoginNeeded, "denied", message)
                    .hint("run `kcaws login` again and press Allow, if it was you who started it");
                match reason {
                    Some(reason) => error.because(reason),
                    None => error,
                }
            }
            SessionError::CodeExpired => Self::new(Exit::LoginNeeded, "code_expired", message)
                .hint("run `kcaws login` again; a code lives about ten minutes"),
            SessionError::CodeRefused => Self::new(Exit::LoginNeeded, "code_refused", message)
                .because("the code was used already, or `sso_region` is not the region of this start URL")
                .hint("compare `sso_region` in ~/.aws/config with the region of your Identity Center, then log in again"),
            SessionError::BadRecord { session, what, .. } => {
                let error = Self::new(Exit::Keyring, "bad_record", message);
                match what {
                    RecordError::FromTheFuture(_) => error.hint("use the newer kcaws that wrote it"),
                    RecordError::Damaged | RecordError::Foreign => error.hint(format!(
                        "it was left as it is; `kcaws logout {}` removes it, then log in again", argument(&session)
                    )),
                }
            }
            SessionError::StoreForgets { .. } => Self::new(Exit::Keyring, "store_forgets", message)
                .hint("choose another store: KCAWS_KEYRING=keyutils kcaws login"),
            SessionError::NoStore { tried } => Self::new(Exit::Keyring, "no_store", message)
                .because(tried.join("; "))
                .hint("start a Secret Service (gnome-keyring, KWallet, KeePassXC), log in where the kernel keyring is allowed, or choose a passphrase: KCAWS_KEYRING=file kcaws login"),
            SessionError::StrangePage { .. } => Self::new(Exit::Failed, "strange_page", message)
                .hint("do not sign in there; check AWS_ENDPOINT_URL_SSO_OIDC and the network"),
            SessionError::Service(error) => error.into(),
            SessionError::Keyring(error) => error.into(),
            SessionError::State(error) => error.into(),
        }
    }
}

fn login_needed(message: String, session: &str, why: &LoginNeeded) -> CommandError {
    let cause = match why {
        LoginNeeded::NeverLoggedIn => "nobody is logged in".to_owned(),
        LoginNeeded::NotRefreshable => {
            "the access token has expired and came without a refresh token".to_owned()
        }
        LoginNeeded::RefreshRefused => "the refresh token was refused (invalid_grant)".to_owned(),
        LoginNeeded::RefreshLost { since } => format!(
            "the refresh token was refused (invalid_grant); a refresh at {} was cut off before its answer could be stored",
            since.format("%H:%M:%SZ")
        ),
        LoginNeeded::RegistrationExpired => "the client registration has expired".to_owned(),
        LoginNeeded::TokenRefused => "AWS refused the access token (401), a fresh one too".to_owned(),
    };
    CommandError::new(Exit::LoginNeeded, "login_needed", message)
        .because(cause)
        .hint(format!("run `kcaws login {}`", argument(session)))
}

impl From<ServiceError> for CommandError {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        let failed = |code| Self::new(Exit::Failed, code, message.clone());
        match &error {
            ServiceError::Unreachable { .. } => failed("unreachable").hint(
                "check the network, the VPN and HTTPS_PROXY; a company certificate goes into AWS_CA_BUNDLE",
            ),
            ServiceError::TimedOut { .. } => {
                failed("timeout").hint("check the network, the VPN and HTTPS_PROXY, then try again")
            }
            ServiceError::ServerTrouble { .. } => failed("server_trouble").hint("try again in a moment"),
            // Besides its meaning in RFC 8628, `slow_down` is how the OIDC service throttles.
            ServiceError::Throttled | ServiceError::SlowDown => {
                failed("throttled").hint("try again in a moment; AWS allows some 20 requests a second")
            }
            ServiceError::NotUnderstood { .. } => {
                failed("not_understood").hint("a proxy or a captive portal may stand between; -vv shows more")
            }
            ServiceError::Refused { code, .. } if code == "invalid_request" => failed("refused").hint(
                "compare `sso_start_url` and `sso_region` in ~/.aws/config with your access portal's URL",
            ),
            ServiceError::Refused { .. } => failed("refused")
                .hint("compare `sso_registration_scopes` in ~/.aws/config with the AWS documents"),
            ServiceError::InvalidClient => failed("invalid_client").hint("run `kcaws login --force`"),
            ServiceError::Unauthorized => failed("unauthorized").hint("run `kcaws login`"),
            ServiceError::Forbidden => Self::new(Exit::NotAssigned, "forbidden", message)
                .hint("`kcaws accounts` shows what you have"),
            ServiceError::NotFound => failed("not_found").hint("`kcaws accounts` shows what you have"),
            // These are steps of a login, and the login turns them into its own words.
            ServiceError::AuthorizationPending
            | ServiceError::ExpiredToken
            | ServiceError::AccessDenied { .. }
            | ServiceError::InvalidGrant => {
                Self::new(Exit::LoginNeeded, "login_needed", message).hint("run `kcaws login`")
            }
        }
    }
}

impl From<CredentialsError> for CommandError {
    fn from(error: CredentialsError) -> Self {
        let message = error.to_string();
        match error {
            CredentialsError::NotAssigned(_) => Self::new(Exit::NotAssigned, "not_assigned", message)
                .because("AWS answered 403 (No access)")
                .hint("`kcaws accounts` shows what you have; an administrator can assign more"),
            CredentialsError::NoSuchRole(_) => Self::new(Exit::Failed, "no_such_role", message)
                .because("AWS answered 404")
                .hint("`kcaws accounts` shows the accounts and permission sets that you have"),
            CredentialsError::ExpiredOnArrival { skew, .. } => {
                let error = Self::new(Exit::Failed, "expired_on_arrival", message)
                    .hint("check this machine's clock; if it is right, try again");
                match skew.filter(|skew| skew.abs() >= TimeDelta::seconds(60)) {
                    Some(skew) => error.because(clock_words(skew)),
                    None => error,
                }
            }
            CredentialsError::Session(error) => error.into(),
        }
    }
}

/// Named from a minute on: below that it harms nothing.
fn clock_words(skew: TimeDelta) -> String {
    let (seconds, side) =
        (skew.num_seconds().abs(), if skew > TimeDelta::zero() { "behind" } else { "ahead of" });
    format!("this machine's clock is {seconds} s {side} AWS's")
}

impl From<StateError> for CommandError {
    fn from(error: StateError) -> Self {
        let failure = Self::new(Exit::Failed, "state", error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            StateError::NoHome => Self { exit: Exit::Configuration, ..failure }.hint("set HOME"),
            StateError::Unsafe { .. } => Self { exit: Exit::Configuration, ..failure }.hint(
                "kcaws keeps its state in a folder that only you can enter; move that one away or mend it",
            ),
            StateError::Io { .. } => {
                failure.hint("check the space and the rights of the folder (XDG_STATE_HOME)")
            }
            StateError::Busy { .. } => {
                Self { code: "busy", ..failure }.hint("wait for it, or end that process, then try again")
            }
            StateError::NoRandom => {
                failure.hint("the system forbids getrandom(2); check the sandbox that kcaws runs in")
            }
            StateError::NoLocks { .. } => {
                failure.hint("put the state folder on a local disk: set XDG_STATE_HOME")
            }
        };
        match cause {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let failure = Self::new(Exit::Configuration, "config", error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            ConfigError::Unreadable { .. } => failure.hint("check the rights of the file (AWS_CONFIG_FILE)"),
            ConfigError::Syntax { .. } | ConfigError::BadValue { .. } => failure.hint("mend that line"),
            ConfigError::MissingKey { key, .. } => {
                failure.hint(format!("add the line `{key} = …` to that section"))
            }
            ConfigError::NoSuchSession { known, .. } if known.is_empty() => {
                Self { code: "no_such_session", ..failure }
                    .hint("`kcaws login --help` shows the lines that it takes")
            }
            ConfigError::NoSuchSession { known, .. } => {
                Self { code: "no_such_session", ..failure }.hint(format!("there are: {}", known.join(", ")))
            }
            ConfigError::NoSuchProfile { .. } => Self { code: "no_such_profile", ..failure }
                .hint("`aws configure list-profiles` shows what there is"),
            ConfigError::NotOurs { .. } => Self { code: "not_ours", ..failure }
                .hint("name --session, --account and --role, or give the profile an sso_session"),
            ConfigError::Circular { .. } => Self { code: "circular", ..failure }
                .hint("name --session, --account and --role in its credential_process instead of --profile"),
            ConfigError::NoHome => failure.hint("set HOME or AWS_CONFIG_FILE"),
            ConfigError::NoSessions { .. } => Self { code: "no_sessions", ..failure }
                .hint("`kcaws login --help` shows the lines that it takes"),
        };
        match cause {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        let failure = Self::new(Exit::Configuration, "settings", error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            SettingsError::Unreadable { .. } => failure.hint("check the rights of the file"),
            SettingsError::Syntax { .. } => failure.hint("mend that line; README has the list of settings"),
            SettingsError::BadValue { known, .. } => failure.hint(format!("it is one of {known}")),
        };
        match cause {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

impl From<EndpointError> for CommandError {
    fn from(error: EndpointError) -> Self {
        let failure = Self::new(Exit::Configuration, "endpoint", error.to_string());
        match error {
            EndpointError::NotAUrl { .. } => failure.hint("an endpoint looks like https://sso.example.com"),
            EndpointError::PlainHttp { .. } => failure.hint("use https, or a loopback address for tests"),
            EndpointError::Rules(_) => failure.hint(
                "check sso_region, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL_…",
            ),
        }
    }
}

impl From<SetupError> for CommandError {
    fn from(error: SetupError) -> Self {
        let cause = chain(&error);
        let failure = match &error {
            SetupError::Http(HttpSetupError::CaBundle { .. } | HttpSetupError::NoCertificate { .. }) => {
                Self::new(Exit::Configuration, "ca_bundle", error.to_string())
                    .hint("AWS_CA_BUNDLE names a file with PEM certificates; unset it if it is not needed")
            }
            SetupError::Runtime(_) => Self::new(Exit::Failed, "setup", error.to_string())
                .hint("the system refuses more open files or threads: `ulimit -a`"),
        };
        match cause {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

impl From<SigninError> for CommandError {
    fn from(error: SigninError) -> Self {
        let failure = Self::new(Exit::Failed, "signin", error.to_string());
        match error {
            SigninError::Refused { .. } => {
                failure.hint("check this machine's clock and the region, then try again")
            }
            SigninError::ServerTrouble { .. } => {
                failure.hint("try again in a moment, or with another --region")
            }
            SigninError::Unreachable { .. } => failure.hint(
                "check the network, the VPN and HTTPS_PROXY; a company certificate goes into AWS_CA_BUNDLE",
            ),
            SigninError::NotUnderstood { .. } => {
                failure.hint("a proxy or a captive portal may stand between")
            }
        }
    }
}

impl From<NoPort> for CommandError {
    fn from(error: NoPort) -> Self {
        let failure = Self::new(Exit::Failed, "no_port", error.to_string())
            .hint("see whether something on this machine forbids listening on 127.0.0.1");
        match chain(&error) {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

impl From<HandoffError> for CommandError {
    fn from(error: HandoffError) -> Self {
        let failure = Self::new(Exit::Failed, "handoff", error.to_string())
            .hint("`kcaws console --print` prints the URL instead");
        match chain(&error) {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_hint_can_be_pasted() {
        assert_eq!(argument("corp-1.eu"), "corp-1.eu");
        assert_eq!(argument("https://d-1.awsapps.com/start/#/"), "'https://d-1.awsapps.com/start/#/'");
        assert_eq!(argument("it's; rm -rf"), r"'it'\''s; rm -rf'");
    }
}
