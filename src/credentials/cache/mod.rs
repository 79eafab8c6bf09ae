//! Role credentials kept warm: one sealed entry per session, config file, environment, account and role, served
//! without asking anybody while it is good. (What is answered when: the table in ARCHITECTURE.md.)

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
use crate::profile::services::DECIDING_VARIABLES;
use crate::secret::Secret;
use crate::session::SessionError;
use crate::session::sealed_store::{self, Epoch, LOCK, NotSealed, Plain, SealedStore};

/// Names this format in what the boxes are bound to.
const FORMAT: &[u8] = b"kcaws warm credentials 1";

/// The whole call: newer Rust SDKs give up after some 20 s, and a terminal should not look dead before that.
const WHOLE_CALL: Duration = Duration::from_millis(14_500);
/// While the old answer is good, a new one may not take longer.
const RENEWAL: Duration = Duration::from_secs(3);
/// After waiting for another process in vain there must be time left to try oneself.
const LAST_TRY: Duration = Duration::from_secs(1);

const ASKED: usize = 6;
const FIELDS: usize = ASKED + DECIDING_VARIABLES.len();

/// What is asked for, as far as a warm call knows it. The start URL is not among it: that would mean to read the
/// config file, so it is in the entry, behind the file's stamp.
pub struct CacheKey<'a> {
    session: &'a str,
    role: &'a Role,
    fields: [Cow<'a, [u8]>; FIELDS],
    name: String,
    stamp: Option<FileStamp>,
}

impl<'a> CacheKey<'a> {
    /// `endpoints_of_profile`: those that a profile's own `services` section gives, and nothing where there are none.
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
            role.role_name.as_bytes(),
            config.as_os_str().as_encoded_bytes(),
            endpoints_of_profile.as_bytes(),
        ];
        let fields = std::array::from_fn(|at| match asked.get(at) {
            Some(field) => Cow::Borrowed(*field),
            None => Cow::Owned(
                env.by_hand_raw(DECIDING_VARIABLES[at - ASKED]).unwrap_or_default().into_encoded_bytes(),
            ),
        });
        let wanted = Self { session, role, fields, name: String::new(), stamp: None };
        Self { name: hashed_name(&wanted.bound()), ..wanted }
    }

    /// `stamp` must be older than the reading of the file: a change between the two must show.
    #[must_use]
    pub fn stamped(self, stamp: Option<FileStamp>) -> Self {
        Self { stamp, ..self }
    }

    /// Where the times of the answer stand, for who may not open it.
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

/// How much time a fetch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchBudget {
    pub total: Duration,
    /// For other processes: no time at all while the old answer is good.
    pub waits: bool,
}

/// What a failed fetch means to somebody who still holds a good answer.
pub trait Refusal: From<StateError> + std::fmt::Display {
    /// Another process is at it.
    fn is_busy(&self) -> bool;
    /// 403.
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

/// Credentials that are at hand.
pub struct CachedCredentials {
    /// By our clock.
    pub ends_at: DateTime<Utc>,
    pub line: Secret<Vec<u8>>,
}

pub struct CredentialCache<'a> {
    pub state: &'a dyn StateFolder,
    pub keys: &'a dyn SealingKeys,
    pub clock: &'a dyn Clock,
}

impl CredentialCache<'_> {
    /// The warm call: an answer that needs neither the config nor anybody. `None`: take the long way.
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

    /// What is kept for a role, and until when; asks nobody and changes nothing.
    pub fn kept(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<CachedCredentials> {
        let now = self.clock.now();
        let (entry, _) = self.read(wanted, now)?;
        let good = entry.is_minted_by(issuer) && entry.freshness(now) != Freshness::Useless;
        good.then(|| CachedCredentials { ends_at: entry.expires_here_at(), line: entry.into_line() })
    }

    /// Every row of the table. `fetch` may take as long as it is told, and is asked at most once.
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

    /// A new answer unless a warm one lasts until `until`, for somebody who asks how long it lasts: a failure is
    /// told, and the old answer stays for others.
    pub fn renew<E: Refusal>(
        &self,
        wanted: &CacheKey<'_>,
        issuer: IssuerFingerprint,
        until: DateTime<Utc>,
        fetch: impl Fn(FetchBudget) -> Result<Fetched, E>,
    ) -> Result<Secret<Vec<u8>>, E> {
        self.fetched(wanted, issuer, Some(until), fetch)
    }

    /// When the warm answer ends, by this machine's clock.
    pub fn ends_at(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<DateTime<Utc>> {
        self.look(wanted, issuer).map(|(entry, _)| entry.expires_here_at())
    }

    /// A new answer, if that is quickly had. No failure is worth a word: the old one is good.
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

    /// Nothing good (enough) is left: one process fetches, the others wait for what it leaves.
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
            // A folder that takes no lock takes no entry either; the answer does not depend on it.
            Err(error) => {
                tracing::info!(target: "kcaws::warm", session = wanted.session, %error, "nothing is kept warm");
            }
        }
        // Before the token is read: a logout after this ends what comes of it.
        let epoch = self.seal(wanted).epoch();
        let fetched = fetch(FetchBudget { total: left().max(LAST_TRY), waits: true })?;
        Ok(self.keep(wanted, issuer, epoch, &fetched))
    }

    /// The answer, kept where it can be.
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

    /// An entry of the present settings. One of other settings is dropped; one whose config file has changed
    /// elsewhere only gets the new stamp.
    fn look(&self, wanted: &CacheKey<'_>, issuer: IssuerFingerprint) -> Option<(Entry, Freshness)> {
        let now = self.clock.now();
        let (entry, epoch) = self.read(wanted, now)?;
        if !entry.is_minted_by(issuer) {
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
                // Without it the next call comes this way again, no more.
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
