//! A login that a waiting tool asks for: one for all who ask, owned by a process of its own.
//!
//! Three files in the state folder say how it stands: the *login* lock is held by the login while it runs, the
//! *start* lock by whoever is about to start one, and the *unfinished* mark lies there from its beginning until it
//! succeeds. A mark without a running login is a denied, expired or killed one, and for a while nobody tries again:
//! forty tools that each open a tab are the field's oldest complaint.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::files::SessionFile;
use super::status;
use crate::ports::clock::Clock;
use crate::ports::state_folder::{Lock, StateError, StateFolder};
use crate::profile::SsoSession;

/// How long a login that came to nothing keeps others from trying.
const COOL_DOWN: TimeDelta = TimeDelta::minutes(10);
/// How long a started login may take to take its lock: one process start, or a loaded machine.
const TIME_TO_START: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A login that ended this short before we looked is the one that we need.
const JUST_NOW: TimeDelta = TimeDelta::seconds(2);

pub struct AutoLogin<'a> {
    pub config: &'a SsoSession,
    pub state: &'a dyn StateFolder,
    pub clock: &'a dyn Clock,
}

/// What came of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    LoggedIn,
    /// A login was denied or abandoned not long ago.
    CoolingDown,
    /// A login ended not long ago because no browser may be sent to its page.
    NotOpened {
        page: String,
    },
    /// The tab is open, the person is not done.
    Unfinished,
    /// The process that is to own the login could not be started.
    NotStarted,
}

/// A login that ended without one.
struct FailedLogin {
    /// The page that was left for a person to judge.
    unopened_page: Option<String>,
}

impl AutoLogin<'_> {
    /// Has `start` called once for all callers, and waits for the login up to `patience`.
    pub fn wait(
        &self,
        start: impl Fn() -> std::io::Result<()>,
        patience: Duration,
    ) -> Result<Waited, StateError> {
        let since = self.clock.now() - JUST_NOW;
        let deadline = self.clock.elapsed() + patience;
        if let Some(failure) = self.failure()? {
            return Ok(failure);
        }
        if !self.start_once(&start, since)? {
            return Ok(Waited::NotStarted);
        }
        loop {
            if self.logged_in_since(since)? {
                return Ok(Waited::LoggedIn);
            }
            if let Some(failure) = self.failure()? {
                return Ok(failure);
            }
            if self.clock.elapsed() >= deadline {
                return Ok(Waited::Unfinished);
            }
            self.clock.sleep(LOOK_EVERY);
        }
    }

    /// `false`: it was this process's turn to start one, and it could not.
    fn start_once(
        &self,
        start: &impl Fn() -> std::io::Result<()>,
        since: DateTime<Utc>,
    ) -> Result<bool, StateError> {
        let _turn = match self.state.lock(&self.file(SessionFile::StartOfLogin), TIME_TO_START) {
            Ok(turn) => turn,
            // Somebody is at it.
            Err(StateError::Busy { .. }) => return Ok(true),
            Err(error) => return Err(error),
        };
        if self.runs()? || self.mark()?.is_some() || self.logged_in_since(since)? {
            return Ok(true);
        }
        if let Err(error) = start() {
            tracing::info!(target: "kcaws::login", session = %self.config.name, %error, "not started");
            return Ok(false);
        }
        let deadline = self.clock.elapsed() + TIME_TO_START;
        while self.clock.elapsed() < deadline && !self.runs()? && self.mark()?.is_none() {
            self.clock.sleep(LOOK_EVERY);
        }
        Ok(true)
    }

    /// For the login itself: its lock, or `None` when another one runs. From now on it counts as unfinished.
    pub fn begin(&self) -> Result<Option<Lock>, StateError> {
        // Those who look whether it is held hold it for that moment.
        let lock = match self.state.lock(&self.file(SessionFile::Login), TIME_TO_START) {
            Ok(lock) => lock,
            Err(StateError::Busy { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.write_mark(None)?;
        Ok(Some(lock))
    }

    /// For the login itself, before it ends: its page is for a person to judge.
    pub fn leave_unopened(&self, page: &str) -> Result<(), StateError> {
        self.write_mark(Some(page))
    }

    /// There is a login, by this one or any other.
    pub fn forget_failures(&self) -> Result<(), StateError> {
        self.state.remove(&self.file(SessionFile::UnfinishedLogin))?;
        Ok(())
    }

    fn runs(&self) -> Result<bool, StateError> {
        match self.state.lock(&self.file(SessionFile::Login), Duration::ZERO) {
            Ok(_) => Ok(false),
            Err(StateError::Busy { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// What became of the last login, if it failed not long ago and no other runs.
    fn failure(&self) -> Result<Option<Waited>, StateError> {
        if self.runs()? {
            return Ok(None);
        }
        Ok(self.mark()?.map(|failed| match failed.unopened_page {
            Some(page) => Waited::NotOpened { page },
            None => Waited::CoolingDown,
        }))
    }

    /// The page that was not opened stands behind the time.
    fn write_mark(&self, page: Option<&str>) -> Result<(), StateError> {
        let text = format!("{}\n{}", self.clock.now().to_rfc3339(), page.unwrap_or_default());
        self.state.write(&self.file(SessionFile::UnfinishedLogin), text.as_bytes())
    }

    /// Returns the login that was begun not long ago and has not succeeded.
    fn mark(&self) -> Result<Option<FailedLogin>, StateError> {
        let Some(bytes) = self.state.read(&self.file(SessionFile::UnfinishedLogin))? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let (begun, page) = text.split_once('\n').unwrap_or((&text, ""));
        let Ok(begun) = DateTime::parse_from_rfc3339(begun.trim()) else { return Ok(None) };
        // From the future: the clock was set back, and the mark says nothing.
        let age = self.clock.now() - begun.to_utc();
        let is_recent = age >= TimeDelta::zero() && age < COOL_DOWN;
        let unopened_page = Some(page.trim()).filter(|page| !page.is_empty()).map(str::to_owned);
        Ok(is_recent.then_some(FailedLogin { unopened_page }))
    }

    fn logged_in_since(&self, since: DateTime<Utc>) -> Result<bool, StateError> {
        let status = status::read(self.state, self.config)?;
        Ok(status.and_then(|status| status.login).is_some_and(|login| login.logged_in_at >= since))
    }

    fn file(&self, file: SessionFile) -> String {
        file.of(self.config)
    }
}

#[cfg(test)]
mod tests;
