//! Maps every error of the core to message, cause, hint and exit code.
//!
//! The matches are exhaustive: a new error does not compile until it has a hint. All hints of kcaws are here. Form:
//! lower case, no full stop, the object in backticks; the hint is a command to paste or the one thing to look at. A
//! message that does not help is a bug.

mod app;
mod asking;
mod cause;
mod code;
mod config;
mod console;
mod keyring;
mod network;
mod profile;
mod session;
mod settings;
mod situation;
#[cfg(all(test, unix))]
mod snapshots;

pub use self::code::ErrorCode;
pub(super) use self::console::not_opened;
pub(super) use self::session::unopened;

use std::io::ErrorKind;

use serde_json::json;

pub use self::cause::{Cause, chain};
use self::keyring::StoreHint;
pub use self::situation::{Doing, Situation};

use crate::platform::loopback::NoPort;
use crate::platform::one_time_redirect::OneTimeRedirectError;
use crate::platform::private_file::PrivateFileError;
use crate::ports::identity_center::EndpointError;
use crate::ports::state_folder::StateError;

/// The exit codes; `docs/troubleshooting.md` has the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success, or a failure that is not reported (a closed pipe).
    Done = 0,
    /// The network, a refusal by AWS, or I/O.
    Failed = 1,
    Usage = 2,
    Configuration = 3,
    LoginNeeded = 4,
    Keyring = 5,
    NotAssigned = 6,
    /// `plan --exit-code` of `kcaws admin` found changes.
    Changes = 7,
    /// Refused for safety by `kcaws admin`: nothing was written.
    Unsafe = 8,
    /// Only `exec`; the same as in env(1) and timeout(1).
    BeforeCommand = 125,
    CannotRun = 126,
    NotFound = 127,
    Interrupted = 130,
}

#[derive(Debug)]
pub struct CommandError {
    exit: Exit,
    code: ErrorCode,
    pub message: String,
    pub cause: Option<String>,
    hint: Option<Hint>,
}

/// What to do about it.
#[derive(Debug)]
enum Hint {
    Text(String),
    /// A hint that depends on the command.
    OfStore(StoreHint),
}

impl CommandError {
    pub fn new(exit: Exit, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), cause: None, hint: None }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(Hint::Text(hint.into()));
        self
    }

    /// Returns the hint for that situation.
    pub fn hint_in(&self, situation: Situation) -> Option<String> {
        Some(match self.hint.as_ref()? {
            Hint::Text(text) => text.clone(),
            Hint::OfStore(hint) => hint.text(situation).to_owned(),
        })
    }

    /// Turns the exit code into `exec`'s for failures before the command, unless it is about the command itself.
    pub(super) fn before_the_command(self) -> Self {
        match self.exit {
            Exit::CannotRun | Exit::NotFound => self,
            _ => Self { exit: Exit::BeforeCommand, ..self },
        }
    }

    pub fn silent() -> Self {
        Self::new(Exit::Done, ErrorCode::ClosedPipe, "")
    }

    /// Returns the end of `plan --exit-code` when there are changes, which is not an error.
    pub fn changes() -> Self {
        Self::new(Exit::Changes, ErrorCode::Changes, "")
    }

    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, ErrorCode::Interrupted, "")
    }

    pub fn output(error: &std::io::Error) -> Self {
        let failure =
            Self::new(Exit::Failed, ErrorCode::Output, "cannot write the output").because(error.to_string());
        failure.hint(match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "free up space where stdout goes, then run the same command again"
            }
            _ => "check where stdout of this command goes, then run it again",
        })
    }

    pub fn is_silent(&self) -> bool {
        matches!(self.exit, Exit::Done | Exit::Interrupted | Exit::Changes)
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns whether a login would help; not after a denial.
    pub(super) fn wants_login(&self) -> bool {
        self.code == ErrorCode::LoginNeeded
    }

    pub fn exit_code(&self) -> u8 {
        self.exit as u8
    }

    /// Returns the fields of the error in the log.
    pub fn as_event(&self, situation: Situation) -> serde_json::Value {
        let hint = self.hint_in(situation);
        json!({
            "code": self.code.as_str(), "message": self.message, "cause": self.cause, "hint": hint,
            "exit_code": self.exit_code(),
        })
    }

    pub fn as_json(&self, situation: Situation) -> serde_json::Value {
        let hint = self.hint_in(situation);
        json!({"error": {"code": self.code.as_str(), "message": self.message, "cause": self.cause, "hint": hint}})
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The hint for `sudo -E`; it never suggests changing the owner, since the folder contains the owner's login.
pub(super) const AS_ROOT: &str = "run it without sudo, or with `sudo -H` to use root's home; in a container, set XDG_STATE_HOME to a folder owned by root";

impl From<StateError> for CommandError {
    fn from(error: StateError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::State, error.to_string());
        let cause = chain(&error);
        let failure = match &error {
            StateError::NoHome => Self { exit: Exit::Configuration, ..failure }.hint("set HOME"),
            StateError::Unsafe { .. } => Self { exit: Exit::Configuration, ..failure }
                .hint("the state folder must be accessible only to you; `kcaws doctor` shows how to fix it"),
            StateError::RootInAnothersHome { .. } => {
                Self { exit: Exit::Configuration, code: ErrorCode::Root, ..failure }.hint(AS_ROOT)
            }
            StateError::Io { source, .. } if source.kind() == ErrorKind::ReadOnlyFilesystem => {
                failure.hint("that file system is read-only: set XDG_STATE_HOME to a folder on another one")
            }
            StateError::Io { .. } => failure.hint(
                "check the free space and the permissions of the folder (XDG_STATE_HOME) with `kcaws doctor`",
            ),
            StateError::Busy { .. } => Self { code: ErrorCode::Busy, ..failure }
                .hint("wait for it or end that process, then try again"),
            StateError::NoRandom => {
                failure.hint("the system forbids getrandom(2); check the sandbox that kcaws runs in")
            }
            StateError::NoLocks { .. } => failure.hint("set XDG_STATE_HOME to a folder on a local disk"),
        };
        failure.because_of(cause)
    }
}

impl From<EndpointError> for CommandError {
    fn from(error: EndpointError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::Endpoint, error.to_string());
        match error {
            EndpointError::NotAUrl { .. } => failure.hint("an endpoint looks like https://sso.example.com"),
            EndpointError::PlainHttp { .. } => failure.hint("use https, or a loopback address for tests"),
            EndpointError::UserInfo { .. } | EndpointError::MoreThanAPath { .. } => failure.hint(
                "an endpoint is a scheme, a host and an optional path, such as https://sso.example.com",
            ),
            EndpointError::Foreign { issuer, asked } => {
                let failure = Self { code: ErrorCode::ForeignEndpoint, ..failure };
                if asked.by_setting().is_empty() {
                    failure.hint(format!(
                        "set AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_SIGNIN to an endpoint at {}",
                        issuer.host()
                    ))
                } else {
                    failure
                        .hint("unset it, or set it to a host of the AWS partition that the login belongs to")
                }
            }
            EndpointError::Rules(_) => failure.hint(
                "check sso_region, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL_…",
            ),
        }
    }
}

impl From<NoPort> for CommandError {
    fn from(error: NoPort) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::NoPort, error.to_string()).hint(match &error {
            NoPort::NotOpened(source) if source.kind() == ErrorKind::AddrInUse => {
                "choose another --port: another program is listening on this one"
            }
            NoPort::NotOpened(source) if source.kind() == ErrorKind::WouldBlock => {
                "the system does not allow another thread: see `ulimit -u`"
            }
            NoPort::NotOpened(_) => "check whether something on this machine blocks listening on 127.0.0.1",
            NoPort::ForAnybody(_) => {
                "allow netlink sockets (NETLINK_SOCK_DIAG) or mount /proc in the sandbox that kcaws runs in"
            }
        });
        failure.because_of(chain(&error))
    }
}

impl From<PrivateFileError> for CommandError {
    fn from(error: PrivateFileError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::OutputFile, error.to_string()).hint(match &error {
            PrivateFileError::NotAFile { .. } => "use a file that does not exist yet, or a regular file",
            PrivateFileError::Io { .. } => {
                "check the free space and the permissions of the folder that --output names"
            }
        });
        failure.because_of(chain(&error))
    }
}

impl From<OneTimeRedirectError> for CommandError {
    fn from(error: OneTimeRedirectError) -> Self {
        let failure = Self::new(Exit::Failed, ErrorCode::Handoff, error.to_string())
            .hint("`kcaws console --print` prints the URL instead");
        failure.because_of(chain(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_cannot_be_written_has_a_hint_about_stdout() {
        for (kind, word) in [(ErrorKind::StorageFull, "free up space"), (ErrorKind::Other, "stdout")] {
            let error = CommandError::output(&kind.into());
            assert!(error.hint_in(Situation::default()).is_some_and(|hint| hint.contains(word)), "{error:?}");
        }
    }
}
