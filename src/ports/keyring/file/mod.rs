//! A store for machines without any keyring: one file per item in the state folder, sealed under a passphrase.
//!
//! It is used by explicit choice only, and never unencrypted. Reads and writes use the passphrase of a descriptor or a
//! command; only `unlock` prompts. The derived key is kept as long as the process runs, so that a command asks once.

mod form;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use self::form::{Header, Sealed};
use super::left_over;
use super::text::{state_failed, text};
use super::{ItemKey, KeyringError, SecretStore, StoreKind, single_line};
use crate::platform::aead::Key;
use crate::ports::passphrase::{PassphraseError, PassphraseSource, Question};
use crate::ports::state_folder::{StateError, StateFolder};
use crate::secret::Secret;

const KIND: StoreKind = StoreKind::File;
const FOLDER: &str = "sealed";
/// How often the passphrase may be mistyped.
const TRIES: usize = 3;

pub struct FileStore {
    state: Arc<dyn StateFolder>,
    passphrases: Rc<dyn PassphraseSource>,
    opened: RefCell<Vec<OpenedItem>>,
}

/// A header whose passphrase is known, of a file that exists or is to be created.
struct OpenedItem {
    item: ItemKey,
    header: Header,
    key: Key,
}

impl FileStore {
    pub fn new(state: Arc<dyn StateFolder>, passphrases: Rc<dyn PassphraseSource>) -> Self {
        Self { state, passphrases, opened: RefCell::default() }
    }

    fn read(&self, item: &ItemKey) -> Result<Option<Sealed>, KeyringError> {
        let file = self.state.read(&file_name(item)).map_err(state)?;
        file.map(|file| Sealed::read(&file).map_err(|what| KeyringError::Damaged { store: KIND, what }))
            .transpose()
    }

    /// Returns the key of an existing file, without prompting.
    fn key_at_hand(&self, item: &ItemKey, file: &Sealed) -> Result<Option<Key>, KeyringError> {
        if let Some((_, key)) = self.remembered(item, |header| *header == file.header) {
            return Ok(Some(key));
        }
        let Some(passphrase) = self.passphrases.given(&item.session).map_err(no_passphrase)? else {
            return Ok(None);
        };
        match self.try_on(item, file, &passphrase)? {
            Some(key) => Ok(Some(key)),
            None => Err(KeyringError::WrongPassphrase(KIND)),
        }
    }

    /// Returns the key for a file that does not exist yet, without prompting.
    fn new_at_hand(&self, item: &ItemKey) -> Result<Option<(Header, Key)>, KeyringError> {
        if let Some(opened) = self.remembered(item, |_| true) {
            return Ok(Some(opened));
        }
        match self.passphrases.given(&item.session).map_err(no_passphrase)? {
            Some(passphrase) => self.begin(item, &passphrase).map(Some),
            None => Ok(None),
        }
    }

    fn begin(&self, item: &ItemKey, passphrase: &Secret<String>) -> Result<(Header, Key), KeyringError> {
        let header = Header::new().map_err(failed)?;
        let key = header.key(passphrase).map_err(|error| failed(error.to_string()))?;
        self.remember(item, header, &key);
        Ok((header, key))
    }

    fn try_on(
        &self,
        item: &ItemKey,
        file: &Sealed,
        passphrase: &Secret<String>,
    ) -> Result<Option<Key>, KeyringError> {
        let key = file.header.key(passphrase).map_err(|error| failed(error.to_string()))?;
        if !file.is_opened_by(&key) {
            return Ok(None);
        }
        self.remember(item, file.header, &key);
        Ok(Some(key))
    }

    fn remember(&self, item: &ItemKey, header: Header, key: &Key) {
        self.opened.borrow_mut().push(OpenedItem { item: item.clone(), header, key: key.clone() });
    }

    fn remembered(&self, item: &ItemKey, fits: impl Fn(&Header) -> bool) -> Option<(Header, Key)> {
        let opened = self.opened.borrow();
        let known = opened.iter().rev().find(|known| known.item == *item && fits(&known.header))?;
        Some((known.header, known.key.clone()))
    }
}

impl SecretStore for FileStore {
    fn kind(&self) -> StoreKind {
        KIND
    }

    fn get(&self, item: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        let Some(file) = self.read(item)? else { return Ok(None) };
        let key = self.key_at_hand(item, &file)?.ok_or(KeyringError::Locked(KIND))?;
        let value = file
            .open(&key, item)
            .map_err(|error| KeyringError::Damaged { store: KIND, what: error.to_string() })?;
        text(KIND, value).map(Some)
    }

    fn set(&self, item: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(KIND, value)?;
        // An existing file keeps its passphrase: another process's must not be replaced unread.
        let (header, key) = match self.read(item)? {
            Some(file) => self.key_at_hand(item, &file)?.map(|key| (file.header, key)),
            None => self.new_at_hand(item)?,
        }
        .ok_or(KeyringError::Locked(KIND))?;
        let file = header.seal(&key, item, value.expose().as_bytes()).map_err(failed)?;
        self.state.write_record(&file_name(item), &file).map_err(state)
    }

    fn delete(&self, item: &ItemKey) -> Result<bool, KeyringError> {
        self.state.remove_record(&file_name(item)).map_err(state)
    }

    fn take_up(&self, item: &ItemKey) -> Result<bool, KeyringError> {
        // A successor is sealed under the same passphrase and salt; without the key it cannot be recognized.
        let Some(present) = self.read(item)? else { return Ok(false) };
        if self.state.left_overs(&file_name(item)).map_err(state)?.is_empty() {
            return Ok(false);
        }
        let Some(key) = self.key_at_hand(item, &present)? else { return Ok(false) };
        let is_whole = |file: &[u8]| {
            let whole = Sealed::read(file)
                .is_ok_and(|file| file.header == present.header && file.open(&key, item).is_ok());
            Ok(whole)
        };
        left_over::take_up(&*self.state, &file_name(item), is_whole, state)
    }

    fn ready(&self, item: &ItemKey) -> Result<(), KeyringError> {
        let at_hand = match self.read(item)? {
            Some(file) => self.key_at_hand(item, &file)?.is_some(),
            None => self.new_at_hand(item)?.is_some(),
        };
        if at_hand { Ok(()) } else { Err(KeyringError::Locked(KIND)) }
    }

    /// Prompts without a deadline: a user who has typed half a passphrase is still there.
    fn unlock(&self, item: &ItemKey, _patience: Duration) -> Result<(), KeyringError> {
        match self.ready(item) {
            Err(KeyringError::Locked(_)) => {}
            answer => return answer,
        }
        let session = &item.session;
        let Some(file) = self.read(item)? else {
            let passphrase = self.passphrases.ask(Question::New { session }).map_err(no_passphrase)?;
            self.begin(item, &passphrase)?;
            self.passphrases.keep(session, &passphrase);
            return Ok(());
        };
        for attempt in 0..TRIES {
            let question = Question::Known { session, again: attempt > 0 };
            let passphrase = self.passphrases.ask(question).map_err(no_passphrase)?;
            if self.try_on(item, &file, &passphrase)?.is_some() {
                self.passphrases.keep(session, &passphrase);
                return Ok(());
            }
        }
        Err(KeyringError::WrongPassphrase(KIND))
    }
}

fn file_name(item: &ItemKey) -> String {
    format!("{FOLDER}/{}", item.digest())
}

fn no_passphrase(error: PassphraseError) -> KeyringError {
    match error {
        // There is no one to prompt; the user unlocks it by other means.
        PassphraseError::NoTerminal(_) => KeyringError::Locked(KIND),
        source => KeyringError::NoPassphrase { store: KIND, source },
    }
}

fn state(error: StateError) -> KeyringError {
    state_failed(KIND, error)
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> KeyringError {
    KeyringError::Failed { store: KIND, source: error.into() }
}
