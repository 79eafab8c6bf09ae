//! An access token to use now: the stored one, or a fresh one, refreshed once however many processes ask.
//!
//! The order is: look, lock, look again, mark the intent, ask, store, unlock. The service rotates refresh
//! tokens, so what it answered must be stored before anything else happens; an interrupt waits for that.

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
            // Rule 4: what has no successor yet is good to its end. Whoever holds the lock is not waited for so long
            // that no time is left to use it.
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

    /// A record without a login is what is left of one that was over, or of one that was never finished.
    fn without_login(&self, is_stored: bool) -> LoginNeeded {
        let last = if is_stored { last_session::last_session(self.state, self.config) } else { Ok(None) };
        match last {
            Ok(Some(last)) => LoginNeeded::SessionOver { seen_at: last.over_at },
            _ => LoginNeeded::NeverLoggedIn,
        }
    }

    /// The portal refused `refused`, or it is too old. Another process may have refreshed meanwhile.
    pub fn access_token_after_refusal(
        &self,
        refused: &Secret<String>,
    ) -> Result<Secret<String>, SessionError> {
        self.successor_of(refused, self.lock_patience)
    }

    fn successor_of(&self, old: &Secret<String>, patience: Duration) -> Result<Secret<String>, SessionError> {
        let lock = self.lock(patience)?;
        // Only from here on: waiting for another process may be interrupted.
        let _section = CriticalSection::enter();
        // A signal that was held back finds the lock free.
        let _lock = lock;
        // A copy that a move could not remove must not take the refresh token's successor.
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

    /// With the lock held.
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
        // Before the mark: that may take a while too, and is no reason for the next one to be blamed.
        if !self.center.has_time_to_refresh() {
            return Err(ServiceError::NoTime { host: self.endpoints.oidc.host().to_owned() }.into());
        }
        let interrupted = record.login.as_mut().and_then(|login| login.refreshing_since.replace(now));
        // The mark says that a refresh was under way, and writing it proves that the store takes writes now.
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
            // The service said explicitly that this login is over (rule 12): only now is it forgotten. The
            // registration stays. Where forgetting fails, the person must log in all the same.
            Err(refusal @ (ServiceError::InvalidGrant | ServiceError::LostGrant)) => {
                let is_lost = matches!(refusal, ServiceError::LostGrant);
                let interrupted = interrupted.or(is_lost.then_some(now));
                let over = record.login.take();
                // A token that was lost says nothing of the session's end.
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
            // Perhaps the token was rotated and the answer lost on its way; so the mark stays, and explains a
            // refusal that may come of it.
            Err(
                error @ (ServiceError::ServerTrouble { .. }
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

    /// For `status` and `prompt`: not worth failing a good answer for.
    fn note_times(&self, record: &TokenRecord) {
        let _ = self.note_status(&SessionStatus::of(record, self.store.kind()));
    }

    pub fn login_needed(&self, why: LoginNeeded) -> SessionError {
        SessionError::LoginNeeded { session: self.config.name.clone(), why }
    }
}

#[cfg(test)]
mod tests;
