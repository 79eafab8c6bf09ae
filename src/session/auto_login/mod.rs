//! A login that waiting tools request: one for all of them, owned by a process of its own.
//!
//! Three files in the state folder hold its state. The *login* lock is held by the login while it runs, the *start*
//! lock by the process that is about to start one, and the *unfinished* mark exists from its beginning until it
//! succeeds. A mark without a running login means that it was denied, expired or killed, and for a while no process
//! tries again: forty tools that each open a browser tab are an old complaint.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::files::SessionFile;
use super::status;
use crate::ports::clock::Clock;
use crate::ports::state_folder::{Lock, StateError, StateFolder};
use crate::profile::SsoSession;

/// How long a failed login keeps other processes from trying.
const COOL_DOWN: TimeDelta = TimeDelta::minutes(10);
/// How long a started login may take to acquire its lock: a process start on a busy machine.
const TIME_TO_START: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A login that ended this recently is the one that was waited for.
const JUST_NOW: TimeDelta = TimeDelta::seconds(2);

pub struct AutoLogin<'a> {
    pub config: &'a SsoSession,
    pub state: &'a dyn StateFolder,
    pub clock: &'a dyn Clock,
}

/// The result of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    LoggedIn,
    /// A login was denied or abandoned recently.
    CoolingDown,
    /// A login ended recently because no browser may be sent to its page.
    NotOpened {
        page: String,
    },
    /// The browser was opened, and the user has not finished.
    Unfinished,
    /// The process that was to own the login could not be started.
    NotStarted,
}

/// A login that failed.
struct FailedLogin {
    /// The page that was shown and not opened.
    unopened_page: Option<String>,
}

impl AutoLogin<'_> {
    /// Calls `start` once for all waiting processes, and waits for the login up to `patience`.
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

    /// Starts a login unless one runs; `false` if it was this process's turn and it failed.
    fn start_once(
        &self,
        start: &impl Fn() -> std::io::Result<()>,
        since: DateTime<Utc>,
    ) -> Result<bool, StateError> {
        let _turn = match self.state.lock(&self.file(SessionFile::StartOfLogin), TIME_TO_START) {
            Ok(turn) => turn,
            // Another process is starting one.
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

    /// Acquires the login's lock, or returns `None` if another one runs; from now on the login counts as unfinished.
    pub fn begin(&self) -> Result<Option<Lock>, StateError> {
        // A process that checks whether the lock is held takes it for a moment.
        let lock = match self.state.lock(&self.file(SessionFile::Login), TIME_TO_START) {
            Ok(lock) => lock,
            Err(StateError::Busy { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.write_mark(None)?;
        Ok(Some(lock))
    }

    /// Records, before the login ends, that its page was not opened.
    pub fn leave_unopened(&self, page: &str) -> Result<(), StateError> {
        self.write_mark(Some(page))
    }

    /// Removes the mark, because there is a login now, whichever process made it.
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

    /// Returns the result of the last login, if it failed recently and no other runs.
    fn failure(&self) -> Result<Option<Waited>, StateError> {
        if self.runs()? {
            return Ok(None);
        }
        Ok(self.mark()?.map(|failed| match failed.unopened_page {
            Some(page) => Waited::NotOpened { page },
            None => Waited::CoolingDown,
        }))
    }

    /// Writes the mark: the time, followed by the page that was not opened.
    fn write_mark(&self, page: Option<&str>) -> Result<(), StateError> {
        let text = format!("{}\n{}", self.clock.now().to_rfc3339(), page.unwrap_or_default());
        self.state.write(&self.file(SessionFile::UnfinishedLogin), text.as_bytes())
    }

    /// Returns the login that was begun recently and has not succeeded.
    fn mark(&self) -> Result<Option<FailedLogin>, StateError> {
        let Some(bytes) = self.state.read(&self.file(SessionFile::UnfinishedLogin))? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let (begun, page) = text.split_once('\n').unwrap_or((&text, ""));
        let Ok(begun) = DateTime::parse_from_rfc3339(begun.trim()) else { return Ok(None) };
        // A mark from the future is ignored: the clock was set back.
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
