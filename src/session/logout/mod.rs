//! Ends a login: first at the service, then here.
//!
//! What is stored here is removed in any case.

use super::bearer::Bearer;
use super::status::SessionStatus;
use super::{LoginNeeded, Session, SessionError};
use crate::platform::interrupt::CriticalSection;
use crate::ports::keyring::KeyringError;
use crate::ports::lock_wait;
use crate::secret::Secret;

/// The result for the session at Identity Center.
pub enum ServerSide {
    Ended,
    /// It had already ended.
    WasOver,
    /// Unknown; the session continues until it expires.
    Unknown(SessionError),
}

impl ServerSide {
    /// Judges a logout without a usable token.
    ///
    /// The session is over if the service says so: it refused a refresh token although no response was ever lost. A
    /// mere lack of tokens means nothing for the session.
    fn without_token(error: SessionError) -> Self {
        match error {
            SessionError::LoginNeeded {
                why:
                    LoginNeeded::RefreshRefused | LoginNeeded::SessionOver { .. } | LoginNeeded::NeverLoggedIn,
                ..
            } => Self::WasOver,
            error => Self::Unknown(error),
        }
    }
}

pub enum LoggedOut {
    /// Nothing was stored here.
    NothingToDo,
    Done(ServerSide),
}

impl Session<'_> {
    /// Logs out.
    ///
    /// The cached credentials are removed even if the store is locked and the login itself must stay. They are removed
    /// last: a process that read the token before finds at its end that the epoch has changed.
    pub fn log_out(&self) -> Result<LoggedOut, SessionError> {
        let outcome = self.end_login();
        self.seal().forget()?;
        outcome
    }

    fn end_login(&self) -> Result<LoggedOut, SessionError> {
        let server_side = match self.load() {
            Ok(None) => None,
            Ok(Some(record)) if record.login.is_none() => None,
            Ok(Some(_)) => Some(self.end_at_the_service()),
            // Damaged, or from another origin: no service to call, but it can still be removed.
            Err(
                error @ (SessionError::BadRecord { .. }
                | SessionError::ForeignEndpoint { .. }
                | SessionError::Keyring(KeyringError::Damaged { .. })),
            ) => Some(ServerSide::Unknown(error)),
            Err(error) => return Err(error),
        };
        let lock = self.lock(lock_wait::FOR_A_REFRESH)?;
        let _section = CriticalSection::enter();
        let _lock = lock;
        // Without the status file the tokens could no longer be found in their present store.
        self.still_in_use()?;
        self.forget()?;
        self.drop_status()?;
        Ok(server_side.map_or(LoggedOut::NothingToDo, LoggedOut::Done))
    }

    /// Forgets a login that the service has ended, before the next one.
    ///
    /// Whatever becomes of the next login, the stored one is over. Its end says nothing about how long sessions last.
    pub fn forget_login(&self) -> Result<(), SessionError> {
        let lock = self.lock(lock_wait::FOR_A_REFRESH)?;
        let _section = CriticalSection::enter();
        let _lock = lock;
        self.still_in_use()?;
        if let Some(mut record) = self.load()?
            && record.login.take().is_some()
        {
            self.save(&record)?;
            self.note_status(&SessionStatus::of(&record, self.store.kind()))?;
        }
        Ok(())
    }

    /// Ends the session at the service.
    ///
    /// An expired access token is renewed for this last call, since otherwise the session would continue there. A valid
    /// one is used as it is, since a failed renewal would leave none at all.
    pub fn end_at_the_service(&self) -> ServerSide {
        let token = match self.last_access_token() {
            Ok(token) => token,
            Err(error) => return ServerSide::without_token(error),
        };
        match Bearer::new(self, token).ask(|token| self.center.logout(token)) {
            Ok(Ok(())) => ServerSide::Ended,
            Ok(Err(error)) => ServerSide::Unknown(error.into()),
            Err(error) => ServerSide::without_token(error),
        }
    }

    fn last_access_token(&self) -> Result<Secret<String>, SessionError> {
        match self.load()?.and_then(|record| record.login) {
            Some(login) if login.expires_at > self.clock.now() => Ok(login.access_token),
            _ => self.access_token(),
        }
    }
}

#[cfg(test)]
mod tests;
