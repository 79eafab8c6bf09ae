//! Returns a valid access token: the stored one, or one refreshed once however many processes ask.
//!
//! The order is: look, lock, look again, mark the intent, ask, store, unlock. The service rotates refresh tokens, so
//! its response must be stored before anything else happens; an interrupt waits for that.

use std::time::Duration;

use super::last_session;
use super::status::SessionStatus;
use super::{LoginNeeded, Session, SessionError, TokenRecord};
use crate::platform::interrupt::CriticalSection;
use crate::ports::identity_center::{Grant, ServiceError};
use crate::secret::Secret;

impl Session<'_> {
    pub fn access_token(&self) -> Result<Secret<String>, SessionError> {
        self.bring_home();
        let record = self.load()?;
        let is_stored = record.is_some();
        match record.and_then(|record| record.login) {
            Some(login) if login.is_fresh(self.clock.now()) => Ok(login.access_token),
            // A token that cannot be replaced is used until it expires (rule 4). The wait for the lock is short enough
            // to leave time to use it.
            Some(login) if login.expires_at > self.clock.now() => {
                match self.successor_of(&login.access_token, self.lock_patience / 2) {
                    Err(error) if !error.ends_the_login() => {
                        tracing::info!(target: "kcaws::login", session = %self.config.name, %error, "not refreshed; the old token is still good");
                        Ok(login.access_token)
                    }
                    outcome => outcome,
                }
            }
            Some(login) => self.access_token_after_refusal(&login.access_token),
            None => {
                self.still_in_use()?;
                Err(self.login_needed(self.without_login(is_stored)))
            }
        }
    }

    /// Returns why a login is needed: a record without one remains after the end of a login, or of an unfinished one.
    fn without_login(&self, is_stored: bool) -> LoginNeeded {
        let last = if is_stored { last_session::last_session(self.state, self.config) } else { Ok(None) };
        match last {
            Ok(Some(last)) => LoginNeeded::SessionOver { seen_at: last.over_at },
            _ => LoginNeeded::NeverLoggedIn,
        }
    }

    /// Returns a token other than `refused`, which the portal refused or which has expired.
    ///
    /// Another process may have refreshed in the meantime.
    pub fn access_token_after_refusal(
        &self,
        refused: &Secret<String>,
    ) -> Result<Secret<String>, SessionError> {
        self.successor_of(refused, self.lock_patience)
    }

    fn successor_of(&self, old: &Secret<String>, patience: Duration) -> Result<Secret<String>, SessionError> {
        let lock = self.lock(patience)?;
        // Only from here on: the wait for another process may be interrupted.
        let _section = CriticalSection::enter();
        // Dropped first, so that a deferred signal finds the lock free.
        let _lock = lock;
        // A copy that a move could not remove must not use up the refresh token.
        self.still_in_use()?;
        let Some(record) = self.load()? else {
            return Err(self.login_needed(LoginNeeded::NeverLoggedIn));
        };
        match &record.login {
            Some(login) if login.access_token.expose() == old.expose() => self.refresh(record),
            Some(login) if login.is_fresh(self.clock.now()) => Ok(login.access_token.clone()),
            Some(_) => self.refresh(record),
            None => Err(self.login_needed(LoginNeeded::NeverLoggedIn)),
        }
    }

    /// Refreshes the tokens; the caller holds the lock.
    fn refresh(&self, mut record: TokenRecord) -> Result<Secret<String>, SessionError> {
        let now = self.clock.now();
        let login = record.login.as_ref().ok_or_else(|| self.login_needed(LoginNeeded::NeverLoggedIn))?;
        let (Some(refresh_token), Some(registration)) =
            (login.refresh_token.clone(), record.registration_of(login.flow).cloned())
        else {
            return Err(self.login_needed(LoginNeeded::NotRefreshable));
        };
        if registration.ends_at().is_some_and(|end| end <= now) {
            return Err(self.login_needed(LoginNeeded::RegistrationExpired));
        }
        // Before the mark, which must not be blamed on a refresh that was never sent.
        if !self.center.has_time_to_refresh() {
            return Err(ServiceError::NoTime { host: self.endpoints.oidc.host().to_owned() }.into());
        }
        let interrupted = record.login.as_mut().and_then(|login| login.refreshing_since.replace(now));
        // The mark shows that a refresh was in flight, and writing it proves that the store accepts writes now.
        self.save(&record)?;
        match self.center.create_token(&registration, Grant::RefreshToken(&refresh_token)) {
            Ok(token) => {
                let access_token = token.access_token.secret().clone();
                if let Some(login) = &mut record.login {
                    login.renew(token, self.clock.now());
                }
                self.save_or_rescue(&record)?;
                self.note_times(&record);
                Ok(access_token)
            }
            // The service has explicitly ended this login (rule 12): only now is it forgotten. The registration stays.
            // If forgetting fails, a login is needed all the same.
            Err(refusal @ (ServiceError::InvalidGrant | ServiceError::LostGrant)) => {
                let is_lost = matches!(refusal, ServiceError::LostGrant);
                let interrupted = interrupted.or(is_lost.then_some(now));
                let over = record.login.take();
                // A lost token means nothing for the end of the session.
                if let (Some(login), None) = (&over, interrupted) {
                    self.note_end(login);
                }
                if self.save(&record).is_ok() {
                    self.note_times(&record);
                }
                Err(self.login_needed(match interrupted {
                    Some(since) => LoginNeeded::RefreshLost { since },
                    None => LoginNeeded::RefreshRefused,
                }))
            }
            // The token may have been rotated and the response lost on its way. The mark stays, and explains a later
            // refusal.
            Err(
                error @ (ServiceError::ServerError { .. }
                | ServiceError::Unreachable { .. }
                | ServiceError::TimedOut { .. }
                | ServiceError::NotUnderstood { .. }
                | ServiceError::NotAws { .. }),
            ) => Err(error.into()),
            Err(error) => {
                if let Some(login) = &mut record.login {
                    login.refreshing_since = interrupted;
                }
                self.save(&record)?;
                Err(match error {
                    ServiceError::InvalidClient => self.login_needed(LoginNeeded::RegistrationExpired),
                    error => error.into(),
                })
            }
        }
    }

    /// Updates the times for `status` and `prompt`; a failure must not spoil a valid token.
    fn note_times(&self, record: &TokenRecord) {
        let _ = self.note_status(&SessionStatus::of(record, self.store.kind()));
    }

    pub fn login_needed(&self, why: LoginNeeded) -> SessionError {
        SessionError::LoginNeeded { session: self.config.name.clone(), why }
    }
}

#[cfg(test)]
mod tests;
