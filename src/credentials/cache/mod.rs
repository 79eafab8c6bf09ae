//! The credential cache: one sealed entry per session, config file, environment, account and role.
//!
//! An entry is served without any request while it is valid. ARCHITECTURE.md has the table of what is answered when.

mod entry;
mod expiry_note;
mod failed_renewal;

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use self::entry::{Entry, Freshness, IssuerFingerprint};
pub use self::expiry_note::{ExpiryNote, last_end};
pub use self::failed_renewal::{FailedRenewal, gone, is_gone};
use super::{CredentialsError, Fetched};
use crate::platform::env::Env;
use crate::platform::file_stamp::FileStamp;
use crate::ports::clock::Clock;
use crate::ports::sealing_key::SealingKeys;
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};
use crate::profile::Role;
use crate::profile::services::{ACCOUNT_ACCESS_VARIABLE, DECIDING_VARIABLES};
use crate::secret::Secret;
use crate::session::SessionError;
use crate::session::sealed_store::{self, Epoch, LOCK, NotSealed, Plain, SealedStore};

/// Identifies this format in what the entries are sealed with.
const FORMAT: &[u8] = b"kcaws warm credentials 1";

/// The whole call: newer Rust SDKs give up after some 20 s, and a terminal should not look dead before that.
const WHOLE_CALL: Duration = Duration::from_millis(14_500);
/// A renewal may not take longer while the cached credentials are valid.
const RENEWAL: Duration = Duration::from_secs(3);
/// After waiting for another process in vain, this much time must be left for a try of one's own.
const LAST_TRY: Duration = Duration::from_secs(1);

const ASKED: usize = 6;
const FIELDS: usize = ASKED + DECIDING_VARIABLES.len();

/// Identifies what is requested, as far as a warm call can.
///
/// The start URL is not part of it, since that would require reading the config file. It is in the entry, guarded by
/// the file's stamp.
pub struct CacheKey<'a> {
    session: &'a str,
    role: &'a Role,
    fields: [Cow<'a, [u8]>; FIELDS],
    name: String,
    stamp: Option<FileStamp>,
}

impl<'a> CacheKey<'a> {
    /// Creates a key.
    ///
    /// `endpoints_of_profile` are those of the profile's own `services` section, empty without one.
    pub fn new(
        session: &'a str,
        role: &'a Role,
        config: &'a Path,
        env: &Env,
        endpoints_of_profile: &'a str,
    ) -> Self {
        let asked: [&[u8]; ASKED] = [
            FORMAT,
            session.as_bytes(),
            role.account_id.as_bytes(),
            role.role_name.as_str().as_bytes(),
            config.as_os_str().as_encoded_bytes(),
            endpoints_of_profile.as_bytes(),
        ];
        let runtime = env.by_hand_raw(ACCOUNT_ACCESS_VARIABLE).filter(|_| role.role_name.arn().is_some());
        let fields = std::array::from_fn(|at| match (asked.get(at), &runtime) {
            // The keys of permission sets are as they were before there were IAM roles.
            (Some(_), Some(runtime)) if at == ASKED - 1 => {
                Cow::Owned([endpoints_of_profile.as_bytes(), b"\0", runtime.as_encoded_bytes()].concat())
            }
            (Some(field), _) => Cow::Borrowed(*field),
            (None, _) => Cow::Owned(
                env.by_hand_raw(DECIDING_VARIABLES[at - ASKED]).unwrap_or_default().into_encoded_bytes(),
            ),
        });
        let wanted = Self { session, role, fields, name: String::new(), stamp: None };
        Self { name: hashed_name(&wanted.bound()), ..wanted }
    }

    /// Adds the stamp of the config file.
    ///
    /// It must have been taken before the file was read, so that a change between the two is noticed.
    #[must_use]
    pub fn stamped(self, stamp: Option<FileStamp>) -> Self {
        Self { stamp, ..self }
    }

    /// Returns where the entry's times are stored, for readers that may not open it.
    pub fn note_path(&self) -> String {
        sealed_store::note_path(self.session, &self.name)
    }

    fn mark_name(&self) -> String {
        format!("{}{}", self.name, failed_renewal::SUFFIX)
    }

    fn bound(&self) -> [&[u8]; FIELDS] {
        self.fields.each_ref().map(AsRef::as_ref)
    }
}

/// How much time a fetch may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchBudget {
    pub total: Duration,
    /// Whether to wait for other processes; never while the cached credentials are valid.
    pub waits: bool,
}

/// What a failed fetch means to a caller that still has valid credentials.
pub trait Refusal: From<StateError> + std::fmt::Display {
    /// Returns whether another process holds the fetch lock.
    fn is_busy(&self) -> bool;
    /// Returns whether the permission set is no longer assigned (HTTP 403).
    fn is_gone(&self) -> bool;
}

impl From<StateError> for CredentialsError {
    fn from(error: StateError) -> Self {
        Self::Session(error.into())
    }
}

impl Refusal for CredentialsError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Session(SessionError::State(StateError::Busy { .. })))
    }

    fn is_gone(&self) -> bool {
        matches!(self, Self::NotAssigned(_))
    }
}

/// Credentials found in the cache.
pub struct CachedCredentials {
    /// By this machine's clock.
    pub ends_at: DateTime<Utc>,
    pub line: Secret<Vec<u8>>,
}

pub struct CredentialCache<'a> {
    pub state: &'a dyn StateFolder,
    pub keys: &'a dyn SealingKeys,
    pub clock: &'a dyn Clock,
}

impl CredentialCache<'_> {
    /// Answers a warm call, which reads no config and sends no request.
    ///
    /// `None` means that the caller must take the long way.
    pub fn at_once(&self, wanted: &CacheKey<'_>) -> Option<Secret<Vec<u8>>> {
        let now = self.clock.now();
        let (entry, _) = self.read(wanted, now)?;
        if !entry.is_of(wanted.stamp) {
            return None;
        }
        match entry.freshness(now) {
            Freshness::Good => Some(entry.into_line()),
            Freshness::NearItsEnd => self.failed_lately(wanted, now).then(|| entry.into_line()),
            Freshness::Useless => None,
        }
    }

    /// Returns the cached credentials of a role and when they expire; sends no request and changes nothing.
    pub fn kept(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<CachedCredentials> {
        let now = self.clock.now();
        let (entry, _) = self.read(wanted, now)?;
        let good = entry.is_issued_by(issuer) && entry.freshness(now) != Freshness::Useless;
        good.then(|| CachedCredentials { ends_at: entry.expires_here_at(), line: entry.into_line() })
    }

    /// Serves credentials according to the table.
    ///
    /// `fetch` is called at most once, with the time it may take.
    pub fn serve<E: Refusal>(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        fetch: impl Fn(FetchBudget) -> Result<Fetched, E>,
    ) -> Result<Secret<Vec<u8>>, E> {
        match self.look(wanted, issuer) {
            Some((entry, Freshness::Good)) => Ok(entry.into_line()),
            Some((entry, _)) => {
                let renewed = self.renewed(wanted, issuer, &entry, fetch);
                Ok(renewed.unwrap_or_else(|| entry.into_line()))
            }
            None => self.fetched(wanted, issuer, None, fetch),
        }
    }

    /// Returns new credentials unless cached ones last until `until`, for callers that ask for a lifetime.
    ///
    /// A failure is reported, and the cached credentials stay for others.
    pub fn renew<E: Refusal>(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        until: DateTime<Utc>,
        fetch: impl Fn(FetchBudget) -> Result<Fetched, E>,
    ) -> Result<Secret<Vec<u8>>, E> {
        self.fetched(wanted, issuer, Some(until), fetch)
    }

    /// Returns when the cached credentials expire, by this machine's clock.
    pub fn ends_at(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<DateTime<Utc>> {
        self.look(wanted, issuer).map(|(entry, _)| entry.expires_here_at())
    }

    /// Tries a quick renewal.
    ///
    /// A failure is not reported, since the cached credentials are valid.
    fn renewed<E: Refusal>(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        old: &Entry,
        fetch: impl Fn(FetchBudget) -> Result<Fetched, E>,
    ) -> Option<Secret<Vec<u8>>> {
        if self.failed_lately(wanted, self.clock.now()) {
            return None;
        }
        let lock = self.state.lock(&self.lock_name(wanted), Duration::ZERO);
        if matches!(lock, Err(StateError::Busy { .. })) {
            return None;
        }
        if let Some((entry, Freshness::Good)) = self.look(wanted, issuer) {
            return Some(entry.into_line());
        }
        if self.failed_lately(wanted, self.clock.now()) {
            return None;
        }
        let epoch = self.seal(wanted).epoch();
        match fetch(FetchBudget { total: RENEWAL, waits: false }) {
            Ok(fetched) => Some(self.keep(wanted, issuer, epoch, &fetched)),
            Err(error) => {
                tracing::info!(target: "kcaws::warm", session = wanted.session, %error, "not renewed");
                if !error.is_busy() {
                    self.mark(wanted, old, error.is_gone());
                }
                None
            }
        }
    }

    /// Fetches when no cached credentials are valid for long enough.
    ///
    /// One process fetches, the others wait for its result.
    fn fetched<E: Refusal>(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        until: Option<DateTime<Utc>>,
        fetch: impl Fn(FetchBudget) -> Result<Fetched, E>,
    ) -> Result<Secret<Vec<u8>>, E> {
        let enough = |entry: &Entry| until.is_none_or(|until| entry.expires_here_at() >= until);
        let left = || WHOLE_CALL.saturating_sub(self.clock.elapsed());
        let lock = self.state.lock(&self.lock_name(wanted), left().saturating_sub(LAST_TRY));
        match &lock {
            Ok(_) => {
                if let Some((entry, _)) = self.look(wanted, issuer).filter(|(entry, _)| enough(entry)) {
                    return Ok(entry.into_line());
                }
            }
            Err(StateError::Busy { .. }) => return Err(lock.err().map(E::from).expect("it is an error")),
            // A folder that takes no lock takes no entry either; the credentials do not depend on it.
            Err(error) => {
                tracing::info!(target: "kcaws::warm", session = wanted.session, %error, "nothing is kept warm");
            }
        }
        // Before the token is read, so that a logout after this discards the result.
        let epoch = self.seal(wanted).epoch();
        let fetched = fetch(FetchBudget { total: left().max(LAST_TRY), waits: true })?;
        Ok(self.keep(wanted, issuer, epoch, &fetched))
    }

    /// Caches the credentials if possible, and returns them.
    fn keep(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        epoch: Result<Epoch, StateError>,
        fetched: &Fetched,
    ) -> Secret<Vec<u8>> {
        let now = self.clock.now();
        let stamp = wanted.stamp.filter(|stamp| stamp.is_settled(now));
        let entry = Entry::of(fetched, wanted.role, issuer, stamp, now);
        let kept = epoch.map_err(NotSealed::from).and_then(|epoch| self.write(wanted, &epoch, &entry, now));
        match kept {
            Ok(()) => {
                tracing::info!(target: "kcaws::warm", session = wanted.session, "kept warm");
                let _ = self.seal(wanted).remove(&wanted.mark_name());
            }
            Err(why) => {
                tracing::info!(target: "kcaws::warm", session = wanted.session, %why, "not kept warm");
            }
        }
        entry.into_line()
    }

    /// Returns the entry if it was made under the current settings.
    ///
    /// An entry of other settings is dropped; one whose config file has changed in other places gets the new stamp.
    fn look(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<(Entry, Freshness)> {
        let now = self.clock.now();
        let (entry, epoch) = self.read(wanted, now)?;
        if !entry.is_issued_by(issuer) {
            let _ = self.seal(wanted).remove(&wanted.name);
            return None;
        }
        let freshness = match entry.freshness(now) {
            Freshness::Useless => return None,
            freshness => freshness,
        };
        let entry = match wanted.stamp.filter(|stamp| stamp.is_settled(now)) {
            stamp @ Some(_) if !entry.is_of(stamp) => {
                let entry = entry.stamped(stamp);
                // If this fails, the next call only takes this path again.
                let _ = self.write(wanted, &epoch, &entry, now);
                entry
            }
            _ => entry,
        };
        Some((entry, freshness))
    }

    fn read(&self, wanted: &CacheKey<'_>, now: DateTime<Utc>) -> Option<(Entry, Epoch)> {
        let opened = self.seal(wanted).read(&wanted.name, &wanted.bound(), now)?;
        Some((Entry::from_bytes(opened.plaintext)?, opened.epoch))
    }

    fn write(
        &self,
        wanted: &CacheKey<'_>,
        epoch: &Epoch,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<(), NotSealed> {
        let note = ExpiryNote { ends_at: entry.expires_here_at(), issuer: entry.issuer() }.to_text();
        let value =
            Plain { text: &entry.to_bytes(), until: entry.expires_here_at(), note: Some(note.as_bytes()) };
        self.seal(wanted).write(epoch, &wanted.name, &wanted.bound(), &value, now)
    }

    fn failed_lately(&self, wanted: &CacheKey<'_>, now: DateTime<Utc>) -> bool {
        let path = self.seal(wanted).path(&wanted.mark_name());
        FailedRenewal::read(self.state, &path).is_some_and(|mark| mark.is_recent(now))
    }

    fn mark(&self, wanted: &CacheKey<'_>, old: &Entry, gone: bool) {
        let mark = FailedRenewal {
            at: self.clock.now(),
            session: wanted.session.to_owned(),
            account_id: wanted.role.account_id.clone(),
            role_name: wanted.role.role_name.clone(),
            gone,
            until: old.expires_here_at(),
        };
        mark.write(self.state, &self.seal(wanted).path(&wanted.mark_name()));
    }

    fn seal<'b>(&'b self, wanted: &CacheKey<'b>) -> SealedStore<'b> {
        SealedStore::of(wanted.session, self.state, self.keys)
    }

    fn lock_name(&self, wanted: &CacheKey<'_>) -> String {
        self.seal(wanted).path(&format!("{}{LOCK}", wanted.name))
    }
}

#[cfg(test)]
mod tests;
