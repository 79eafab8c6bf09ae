//! Role credentials: how they are got, and the form in which tools take them.

pub mod access;
pub mod listing;
mod pace;
mod retry;
pub mod warm;
pub mod wire;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::identity_center::{RoleCredentials, ServiceError};
use crate::profile::Role;
use crate::session::{LoginNeeded, Session, SessionError};

#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// 403: this person has not this permission set in this account, or has it no more.
    #[error("no access to {} in account {}", .0.role_name, .0.account_id)]
    NotAssigned(Role),
    /// 404.
    #[error("there is no {} in account {}", .0.role_name, .0.account_id)]
    NoSuchRole(Role),
    /// The clocks disagree, or AWS handed out something old.
    #[error("the credentials had expired on arrival, at {expired_at}")]
    ExpiredOnArrival { expired_at: DateTime<Utc>, skew: Option<TimeDelta> },
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Role credentials, and what the service's clock said when it handed them out.
pub struct Fetched {
    pub credentials: RoleCredentials,
    /// How far the service's clock is ahead of ours.
    pub skew: TimeDelta,
}

impl From<ServiceError> for CredentialsError {
    fn from(error: ServiceError) -> Self {
        Self::Session(error.into())
    }
}

impl Session<'_> {
    /// [`Session::role_credentials`], for keeping.
    pub fn fetch_role(&self, role: &Role) -> Result<Fetched, CredentialsError> {
        let credentials = self.role_credentials(role)?;
        Ok(Fetched { credentials, skew: self.center.clock_skew().unwrap_or_default() })
    }

    /// One fetch; when the portal refuses the token, one refresh and one more fetch. A second refusal is for a
    /// person to mend, and nothing is forgotten because of it.
    pub fn role_credentials(&self, role: &Role) -> Result<RoleCredentials, CredentialsError> {
        let fetch = |token| {
            self.at_the_pace(|| self.center.role_credentials(token, &role.account_id, &role.role_name))
        };
        let token = self.access_token()?;
        let answer = match fetch(&token) {
            Err(ServiceError::Unauthorized) => fetch(&self.access_token_after_refusal(&token)?),
            answer => answer,
        };
        match answer {
            Ok(credentials) => self.alive(credentials),
            Err(ServiceError::Unauthorized) => Err(self.login_needed(LoginNeeded::TokenRefused).into()),
            Err(ServiceError::Forbidden) => Err(CredentialsError::NotAssigned(role.clone())),
            Err(ServiceError::NotFound) => Err(CredentialsError::NoSuchRole(role.clone())),
            Err(error) => Err(error.into()),
        }
    }

    /// Judged by the service's clock, not by ours.
    fn alive(&self, credentials: RoleCredentials) -> Result<RoleCredentials, CredentialsError> {
        let skew = self.center.clock_skew();
        let now = self.clock.now() + skew.unwrap_or_default();
        if credentials.expires_at > now {
            return Ok(credentials);
        }
        Err(CredentialsError::ExpiredOnArrival { expired_at: credentials.expires_at, skew })
    }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
