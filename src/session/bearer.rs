//! Uses the access token, and renews it once if the service refuses it.

use super::{Session, SessionError};
use crate::ports::identity_center::ServiceError;
use crate::secret::Secret;

/// A token that has not been refused yet, or the one that replaced it.
pub(crate) struct Bearer<'a> {
    session: &'a Session<'a>,
    token: Secret<String>,
    may_renew: bool,
}

impl<'a> Bearer<'a> {
    pub(crate) fn new(session: &'a Session<'a>, token: Secret<String>) -> Self {
        Self { session, token, may_renew: true }
    }

    /// Calls `call`, and once more with another token if this one is refused (401).
    ///
    /// The inner result is the service's; a second refusal is part of it.
    pub(crate) fn ask<T>(
        &mut self,
        ask: impl Fn(&Secret<String>) -> Result<T, ServiceError>,
    ) -> Result<Result<T, ServiceError>, SessionError> {
        match ask(&self.token) {
            Err(ServiceError::Unauthorized) if self.may_renew => {
                self.token = self.session.access_token_after_refusal(&self.token)?;
                self.may_renew = false;
                Ok(ask(&self.token))
            }
            answer => Ok(answer),
        }
    }
}

impl Session<'_> {
    /// Calls the service with the access token; see [`Bearer::ask`].
    pub(crate) fn with_token<T>(
        &self,
        ask: impl Fn(&Secret<String>) -> Result<T, ServiceError>,
    ) -> Result<Result<T, ServiceError>, SessionError> {
        Bearer::new(self, self.access_token()?).ask(ask)
    }
}
