//! Errors between a parsed command and the domain.
//!
//! The variants carry the decision; the command line words them.

use super::SetupError;
use super::account::AccountNameError;
use crate::console::regions::NotARegion;
use crate::credentials::CredentialsError;
use crate::credentials::cache::Refusal;
use crate::ports::identity_center::EndpointError;
use crate::ports::keyring::KeyringError;
use crate::ports::passphrase::TypedError;
use crate::ports::service_call::CallError;
use crate::ports::state_folder::StateError;
use crate::profile::identity::RoleArn;
use crate::profile::sources::Taken;
use crate::profile::{ConfigError, Place};
use crate::session::start_url::StartUrlError;
use crate::session::{LoginNeeded, SessionError};
use crate::settings::SettingsError;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Some tools take the profile's credentials from `taken`.
    #[error("{error}")]
    NotOurs { error: Box<ConfigError>, taken: Taken },
    #[error("profile `{profile}` names no account and no permission set")]
    NoRole { profile: String },
    /// The Region may be a typo.
    #[error("{place}: sso_region: {error}")]
    NotARegion { place: Place, error: NotARegion },
    #[error(transparent)]
    Account(#[from] AccountNameError),
    /// AWS refused names that may be typos; `meant` is the beginning of a hint.
    #[error("{error}")]
    NearName { error: Box<AppError>, meant: String },
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Session(SessionError),
    /// A login is needed, and the automatic one did not succeed.
    #[error("{error}")]
    LoginPending { error: Box<AppError>, why: LoginPending },
    #[error(transparent)]
    Credentials(CredentialsError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("an MFA code is needed, and there is no terminal to ask for it")]
    MfaNeeded { serial: String, profile: String },
    #[error(transparent)]
    MfaNotRead(#[from] TypedError),
    #[error("an MFA code has six digits")]
    BadMfaCode,
    #[error("not allowed to assume `{}`", .role.as_str())]
    RoleDenied { role: RoleArn, has_mfa: bool },
}

/// Why the login that a waiting tool needed is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginPending {
    /// The sign-in host of the page is unknown, so the page was shown and not opened.
    NotOpened {
        session: String,
        page: String,
    },
    CoolingDown,
    NotStarted,
    Unfinished,
}

impl AppError {
    /// Returns whether a login would help; after a denial it would not.
    ///
    /// Nor may it help where account access manager rejects a token: a login for each call would go in circles.
    pub fn wants_login(&self) -> bool {
        let Some(SessionError::LoginNeeded { why, .. }) = self.session() else { return false };
        !matches!(why, LoginNeeded::AccountAccessRefused)
    }

    /// Returns whether the tokens were moved to another store in the meantime, so that a second try finds them.
    pub fn tokens_moved(&self) -> bool {
        matches!(self.session(), Some(SessionError::Moved { .. }))
    }

    fn session(&self) -> Option<&SessionError> {
        match self {
            Self::Session(error) => Some(error),
            _ => None,
        }
    }
}

/// Flattens nested errors, so that callers match one pattern each.
impl From<CredentialsError> for AppError {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Session(error) => error.into(),
            error => Self::Credentials(error),
        }
    }
}

impl From<SessionError> for AppError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::State(error) => Self::State(error),
            SessionError::Keyring(error) => Self::Keyring(error),
            error => Self::Session(error),
        }
    }
}

impl From<StartUrlError> for AppError {
    fn from(error: StartUrlError) -> Self {
        Self::Session(error.into())
    }
}

impl Refusal for AppError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::State(StateError::Busy { .. }))
    }

    fn is_gone(&self) -> bool {
        match self {
            Self::NearName { error, .. } => error.is_gone(),
            _ => {
                matches!(self, Self::Credentials(CredentialsError::NotAssigned(_)) | Self::RoleDenied { .. })
            }
        }
    }
}
