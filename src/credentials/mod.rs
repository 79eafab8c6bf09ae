//! Role credentials: how they are fetched, and the forms in which tools read them.

pub mod accounts;
pub mod assignments;
pub mod cache;
mod lifetime;
mod rate_limit;
mod retry;
pub mod wire;

use chrono::{DateTime, Utc};

use self::lifetime::Unusable;
use crate::ports::clock::Skew;
use crate::ports::identity_center::{RoleCredentials, ServiceError};
use crate::profile::{Role, RoleName};
use crate::session::{LoginNeeded, Session, SessionError};

#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The user does not have, or no longer has, this permission set in this account (HTTP 403).
    #[error("no access to {} in account {}", .0.role_name, .0.account_id)]
    NotAssigned(Role),
    /// There is no such role in the account (HTTP 404).
    #[error("there is no {} in account {}", .0.role_name, .0.account_id)]
    NoSuchRole(Role),
    /// The tenant, or the role in it, is not what AWS knows.
    #[error("the tenant `{tenant}` has no credentials of `{arn}`: {error}")]
    IamRoleRefused { arn: String, tenant: String, error: Box<ServiceError> },
    /// The clocks disagree, or AWS returned something old.
    #[error("the credentials had already expired on arrival, at {expired_at}")]
    ExpiredOnArrival { expired_at: DateTime<Utc>, skew: Option<Skew> },
    /// The clocks disagree, or this does not come from AWS.
    #[error("the credentials expire too far in the future, at {ends_at}")]
    EndsTooLate { ends_at: DateTime<Utc>, skew: Option<Skew> },
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Role credentials, and the service's time when it issued them.
pub struct Fetched {
    pub credentials: RoleCredentials,
    /// How far the service's clock is ahead of this machine's, if it is believed.
    pub skew: Skew,
}

impl From<ServiceError> for CredentialsError {
    fn from(error: ServiceError) -> Self {
        Self::Session(error.into())
    }
}

impl Session<'_> {
    /// Fetches role credentials; if the portal refuses the token, refreshes it once and fetches again.
    ///
    /// A second refusal requires a login, and nothing is forgotten because of it.
    pub fn fetch_role(&self, role: &Role) -> Result<Fetched, CredentialsError> {
        let name = match &role.role_name {
            RoleName::PermissionSet(name) => name,
            RoleName::IamRole(arn) => return self.fetch_iam_role(role, arn),
        };
        let answer = self.with_token(|token| {
            self.at_the_pace(|| self.center.role_credentials(token, &role.account_id, name))
        })?;
        match answer {
            Ok(credentials) => self.alive(credentials),
            Err(ServiceError::Unauthorized) => Err(self.login_needed(LoginNeeded::TokenRefused).into()),
            Err(ServiceError::Forbidden) => Err(CredentialsError::NotAssigned(role.clone())),
            Err(ServiceError::NotFound) => Err(CredentialsError::NoSuchRole(role.clone())),
            Err(error) => Err(error.into()),
        }
    }

    fn fetch_iam_role(&self, role: &Role, arn: &str) -> Result<Fetched, CredentialsError> {
        let at = self.account_access()?;
        let answer =
            self.with_token(|token| self.at_the_pace(|| self.center.iam_role_credentials(at, token, arn)))?;
        match answer {
            Ok(credentials) => self.alive(credentials),
            Err(ServiceError::Unauthorized) => {
                Err(self.login_needed(LoginNeeded::AccountAccessRefused).into())
            }
            Err(ServiceError::Forbidden) => Err(CredentialsError::NotAssigned(role.clone())),
            // Nothing that the user could repeat: the tenant or the role is not what AWS knows.
            Err(error @ (ServiceError::NotFound | ServiceError::Rejected { .. })) => {
                Err(CredentialsError::IamRoleRefused {
                    arn: arn.to_owned(),
                    tenant: at.tenant.clone(),
                    error: Box::new(error),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn alive(&self, credentials: RoleCredentials) -> Result<Fetched, CredentialsError> {
        Fetched::judged(credentials, self.clock.now(), self.center.clock_skew())
    }
}

impl Fetched {
    /// Checks the credentials' times by the clock that can be right: this machine's, or that of the service's `Date`.
    pub fn judged(
        credentials: RoleCredentials,
        now: DateTime<Utc>,
        skew: Option<Skew>,
    ) -> Result<Self, CredentialsError> {
        let ends_at = credentials.expires_at;
        match lifetime::believed(ends_at, now, skew) {
            Ok(skew) => Ok(Self { credentials, skew }),
            Err(Unusable::Expired) => Err(CredentialsError::ExpiredOnArrival { expired_at: ends_at, skew }),
            Err(Unusable::EndsTooLate) => Err(CredentialsError::EndsTooLate { ends_at, skew }),
        }
    }
}

#[cfg(test)]
mod tests;
