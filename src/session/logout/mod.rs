//! The end of a login: first over there, then here. What is here goes in any case.

use super::bearer::Bearer;
use super::files::A_REFRESH;
use super::status::SessionStatus;
use super::{LoginNeeded, Session, SessionError};
use crate::platform::interrupt::CriticalSection;
use crate::ports::keyring::KeyringError;
use crate::secret::Secret;

/// What became of the session at Identity Center.
pub enum ServerSide {
    Ended,
    /// It was over already.
    WasOver,
    /// Could not be told: it goes on until its own end.
    Unknown(SessionError),
}

impl ServerSide {
    /// Over is what the service called over: a refresh token that it refused though no answer was ever lost. That there
    /// is no token to go on with says nothing of the person's session.
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
    /// The warm credentials go even where the store is locked and the login itself must stay. They go last: a
    /// process that still read the token began before that, and finds at its end that its time is over.
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
            // Damaged, or another origin's: nobody to tell, but it can still be removed.
            Err(
                error @ (SessionError::BadRecord { .. }
                | SessionError::ForeignEndpoint { .. }
                | SessionError::Keyring(KeyringError::Damaged { .. })),
            ) => Some(ServerSide::Unknown(error)),
            Err(error) => return Err(error),
        };
        let lock = self.lock(A_REFRESH)?;
        let _section = CriticalSection::enter();
        let _lock = lock;
        // Without the status file nobody would find the tokens where they are now.
        self.still_in_use()?;
        self.forget()?;
        self.drop_status()?;
        Ok(server_side.map_or(LoggedOut::NothingToDo, LoggedOut::Done))
    }

    /// After the service has ended it, for a login that comes next: whatever becomes of that one, what is stored is no
    /// login any more, and its end here says nothing of how long sessions last.
    pub fn forget_login(&self) -> Result<(), SessionError> {
        let lock = self.lock(A_REFRESH)?;
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

    /// An access token that has ended is renewed for this last call: without it the session over there would live on. One
    /// that has not is used as it is, since a renewal that fails would leave none at all.
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
