//! What lies sealed in the state folder for one session: warm credentials, and a token record that the store
//! refused. All under one key, so that destroying the key ends all of it.
//!
//! The key's id is the session's epoch: logout destroys the key and names a new id. Whoever began under the old one
//! finds that out when writing, and throws the result away.
//!
//! ```text
//! warm/<session>.id      the id of the present key, 16 bytes
//! warm/<session>.lock    held while the id is compared and a file written, never while anybody is asked
//! warm/<session>-<name>  16 bytes id of its key, then the sealed box
//! warm/<session>-<name>.note  times and no secret, for who may not open the box
//! ```
//! The session is named by its hash and by its name alone: a warm call knows no more. A second session of that name,
//! in another config file, shares the key and the logout, and nothing else: what is sealed is bound to where it
//! belongs.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::files::A_MOMENT;
use crate::platform::aead::{self, SealError};
use crate::ports::sealing_key::{ID_LEN, KeyId, NoPlace, SealingKeys};
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};

const FOLDER: &str = "warm";
/// Locks end so, this room's and those of the single fetch.
pub const LOCK: &str = ".lock";
/// And notes so.
pub const NOTE: &str = ".note";

pub struct SealedStore<'a> {
    session: &'a str,
    state: &'a dyn StateFolder,
    keys: &'a dyn SealingKeys,
    stem: String,
}

/// The time between two logouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(KeyId);

pub struct Opened {
    pub epoch: Epoch,
    pub plaintext: Zeroizing<Vec<u8>>,
}

/// What is to be sealed, and how long its key must live for it.
pub struct Plain<'a> {
    pub text: &'a [u8],
    pub until: DateTime<Utc>,
    /// What may be read beside it, without a key; it goes with the logout as well.
    pub note: Option<&'a [u8]>,
}

#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    #[error("a logout came between")]
    OldEpoch,
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    #[error(transparent)]
    SealedStore(#[from] SealError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl<'a> SealedStore<'a> {
    pub fn of(session: &'a str, state: &'a dyn StateFolder, keys: &'a dyn SealingKeys) -> Self {
        Self { session, state, keys, stem: stem(session) }
    }

    pub fn path(&self, name: &str) -> String {
        let mut path = String::with_capacity(self.stem.len() + 1 + name.len());
        path.push_str(&self.stem);
        path.push('-');
        path.push_str(name);
        path
    }

    /// `None`: nothing there, its key is lost, or it was sealed for something else. All are answered the same way.
    pub fn read(&self, name: &str, bound: &[&[u8]], now: DateTime<Utc>) -> Option<Opened> {
        let file = self.state.read(&self.path(name)).ok()??;
        let (id, sealed) = file.split_first_chunk::<ID_LEN>()?;
        let key = self.keys.get(id, now)?;
        let plaintext = aead::open(&key, &self.bound(id, bound), sealed).ok()?;
        Some(Opened { epoch: Epoch(*id), plaintext })
    }

    /// To be asked before anything that shall be sealed is fetched.
    pub fn epoch(&self) -> Result<Epoch, StateError> {
        if let Some(id) = self.current_id()? {
            return Ok(Epoch(id));
        }
        let _lock = self.lock()?;
        match self.current_id()? {
            Some(id) => Ok(Epoch(id)),
            None => self.begin_epoch(),
        }
    }

    pub fn write(
        &self,
        epoch: &Epoch,
        name: &str,
        bound: &[&[u8]],
        value: &Plain<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), NotSealed> {
        let _lock = self.lock()?;
        if self.current_id()? != Some(epoch.0) {
            return Err(NotSealed::OldEpoch);
        }
        let key = self.keys.keep(&epoch.0, value.until, now)?;
        let mut file = epoch.0.to_vec();
        file.extend_from_slice(&aead::seal(&key, &self.bound(&epoch.0, bound), value.text)?);
        self.state.write_cached(&self.path(name), &file)?;
        match value.note {
            Some(note) => Ok(self.state.write_cached(&note_path(self.session, name), note)?),
            None => Ok(()),
        }
    }

    pub fn remove(&self, name: &str) -> Result<bool, StateError> {
        self.state.remove(&self.path(name))
    }

    /// Ends the epoch: the key is destroyed and the files removed, each even where another step fails.
    pub fn forget(&self) -> Result<(), StateError> {
        let files = self.files();
        let current = self.current_id();
        if matches!((&files, &current), (Ok(files), Ok(None)) if files.is_empty()) {
            return self.state.sweep(&self.stem);
        }
        let lock = self.lock();
        if let Ok(Some(id)) = current {
            self.keys.destroy(&id);
        }
        let begun = lock.and_then(|_lock| {
            // Writes that were cut off; their key goes too.
            self.state.sweep(&self.stem)?;
            // Read again: the epoch may have begun while waiting.
            if let Some(id) = self.current_id()? {
                self.keys.destroy(&id);
            }
            self.begin_epoch()
        });
        let mut outcome = begun.map(|_| ());
        for file in files? {
            if let Ok(Some(contents)) = self.state.read(&file)
                && let Some(id) = contents.first_chunk()
            {
                self.keys.destroy(id);
            }
            outcome = outcome.and(self.state.remove(&file).map(|_| ()));
        }
        outcome
    }

    /// What is sealed, and the marks beside it; not the locks, which somebody may hold.
    fn files(&self) -> Result<Vec<String>, StateError> {
        let mut names = self.state.list(FOLDER)?;
        names.retain_mut(|name| {
            name.insert(0, '/');
            name.insert_str(0, FOLDER);
            name.strip_prefix(&self.stem).is_some_and(|rest| rest.starts_with('-') && !rest.ends_with(LOCK))
        });
        Ok(names)
    }

    fn current_id(&self) -> Result<Option<KeyId>, StateError> {
        let bytes = self.state.read(&format!("{}.id", self.stem))?;
        // Damaged is as good as absent.
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    fn begin_epoch(&self) -> Result<Epoch, StateError> {
        let mut id = KeyId::default();
        getrandom::fill(&mut id).map_err(|_| StateError::NoRandom)?;
        let path = format!("{}.id", self.stem);
        if let Err(error) = self.state.write(&path, &id) {
            // On a full disk, no epoch at all ends the old one as well.
            let _ = self.state.remove(&path);
            return Err(error);
        }
        Ok(Epoch(id))
    }

    fn lock(&self) -> Result<crate::ports::state_folder::Lock, StateError> {
        self.state.lock(&format!("{}{LOCK}", self.stem), A_MOMENT)
    }

    fn bound<'b>(&'b self, id: &'b KeyId, fields: &[&'b [u8]]) -> Vec<&'b [u8]> {
        let mut bound = Vec::with_capacity(2 + fields.len());
        bound.push(id.as_slice());
        bound.push(self.session.as_bytes());
        bound.extend_from_slice(fields);
        bound
    }
}

fn stem(session: &str) -> String {
    format!("{FOLDER}/{}", hashed_name(&[session.as_bytes()]))
}

/// Where the note beside a box lies.
pub fn note_path(session: &str, name: &str) -> String {
    format!("{}-{name}{NOTE}", stem(session))
}

/// The notes beside all boxes of a session.
pub fn note_paths(session: &str, state: &dyn StateFolder) -> Result<Vec<String>, StateError> {
    let stem = format!("{}-", stem(session));
    let paths = state.list(FOLDER)?.into_iter().map(|name| format!("{FOLDER}/{name}"));
    Ok(paths.filter(|path| path.starts_with(&stem) && path.ends_with(NOTE)).collect())
}

/// Destroys the keys of every session: for a state folder that is about to go.
pub fn destroy_all_keys(state: &dyn StateFolder, keys: &dyn SealingKeys) -> Result<(), StateError> {
    for name in state.list(FOLDER)? {
        // On Windows a lock that somebody holds cannot even be read.
        if !name.ends_with(LOCK)
            && let Some(bytes) = state.read(&format!("{FOLDER}/{name}"))?
            && let Some(id) = bytes.first_chunk()
        {
            keys.destroy(id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
