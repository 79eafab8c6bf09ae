//! What is sealed in the state folder for one session: cached credentials, and a token record that the store refused.
//!
//! All of it is under one key, so that destroying the key ends all of it. The key's ID is the session's epoch: logout
//! destroys the key and names a new ID. A process that began under the old one notices when it writes, and discards
//! its result.
//!
//! ```text
//! warm/<session>.id      the ID of the present key, 16 bytes
//! warm/<session>.lock    held while the ID is compared and a file written, never during a request or a prompt
//! warm/<session>-<name>  16 bytes ID of its key, then the sealed box
//! warm/<session>-<name>.note  times and no secret, for readers that may not open the box
//! ```
//! The session is named by the hash of its name alone, since a warm call has nothing else. A second session of that
//! name in another config file shares the key and the logout, but nothing else: what is sealed is bound to its session.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::platform::aead::{self, SealError};
use crate::ports::lock_wait;
use crate::ports::sealing_key::{ID_LEN, KeyId, NoPlace, SealingKeys};
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};

const FOLDER: &str = "warm";
/// File suffix of locks in the session folder.
pub const LOCK: &str = ".lock";
/// File suffix of expiry notes.
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

pub struct Unsealed {
    pub epoch: Epoch,
    pub plaintext: Zeroizing<Vec<u8>>,
}

/// What is to be sealed, and how long its key must be kept.
pub struct Plain<'a> {
    pub text: &'a [u8],
    pub until: DateTime<Utc>,
    /// What may be read beside it without a key; a logout removes it as well.
    pub note: Option<&'a [u8]>,
}

#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    #[error("you were logged out in the meantime")]
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

    /// Opens a sealed file.
    ///
    /// `None` if it does not exist, its key is lost, or it was sealed for something else: callers treat all of these
    /// alike.
    pub fn read(&self, name: &str, bound: &[&[u8]], now: DateTime<Utc>) -> Option<Unsealed> {
        let file = self.state.read(&self.path(name)).ok()??;
        let (id, sealed) = file.split_first_chunk::<ID_LEN>()?;
        let key = self.keys.get(id, now)?;
        let plaintext = aead::open(&key, &self.bound(id, bound), sealed).ok()?;
        Some(Unsealed { epoch: Epoch(*id), plaintext })
    }

    /// Returns the current epoch.
    ///
    /// It must be read before fetching anything that will be sealed.
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

    /// Ends the epoch: destroys the key and removes the files, each even if another step fails.
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
            // Interrupted writes; their key is destroyed too.
            self.state.sweep(&self.stem)?;
            // Read again: the epoch may have begun while waiting for the lock.
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

    /// Returns the sealed files and the marks beside them, but not the locks, which may be held.
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
        // A damaged file counts as a missing one.
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    fn begin_epoch(&self) -> Result<Epoch, StateError> {
        let mut id = KeyId::default();
        getrandom::fill(&mut id).map_err(|_| StateError::NoRandom)?;
        let path = format!("{}.id", self.stem);
        if let Err(error) = self.state.write(&path, &id) {
            // On a full disk, removing the epoch ends the old one as well.
            let _ = self.state.remove(&path);
            return Err(error);
        }
        Ok(Epoch(id))
    }

    fn lock(&self) -> Result<crate::ports::state_folder::Lock, StateError> {
        self.state.lock(&format!("{}{LOCK}", self.stem), lock_wait::FOR_CLEANING_UP)
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

/// Returns the path of the note beside a sealed file.
pub fn note_path(session: &str, name: &str) -> String {
    format!("{}-{name}{NOTE}", stem(session))
}

/// Returns the notes of all sealed files of a session.
pub fn note_paths(session: &str, state: &dyn StateFolder) -> Result<Vec<String>, StateError> {
    let stem = format!("{}-", stem(session));
    let paths = state.list(FOLDER)?.into_iter().map(|name| format!("{FOLDER}/{name}"));
    Ok(paths.filter(|path| path.starts_with(&stem) && path.ends_with(NOTE)).collect())
}

/// Destroys the keys of every session, before the state folder is removed.
pub fn destroy_all_keys(state: &dyn StateFolder, keys: &dyn SealingKeys) -> Result<(), StateError> {
    for name in state.list(FOLDER)? {
        // On Windows a held lock cannot even be read.
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
