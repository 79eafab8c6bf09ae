//! The order of calls to the service.
//!
//! A search makes KeePassXC prompt if its database is locked, so the keyring's `Locked` is read first. A locked keyring
//! does not always need a user: `Unlock` is tried, and only a prompt that would show a window is avoided (see
//! [`Prompting`](crate::ports::keyring::Prompting)).

use std::cell::Cell;

use zbus::{ObjectPath, OwnedObjectPath};
use zeroize::Zeroizing;

use super::KIND;
use super::call_error::CallError;
use super::calls::{Calls, item_label};
use super::prompt::{self, Limit};
use super::turn::Turn;
use super::wallet;
use crate::ports::keyring::{ItemKey, KeyringError};

/// One operation on the store, which takes several calls to the service.
pub(super) struct Conversation {
    pub(super) calls: Calls,
    pub(super) turn: Cell<Option<Turn>>,
    pub(super) attended: bool,
    pub(super) limit: Limit,
}

impl Conversation {
    pub(super) async fn get(&self, key: &ItemKey) -> Result<Option<Zeroizing<Vec<u8>>>, CallError> {
        let default = self.open_default().await?;
        let found = self.calls.search(key).await?;
        let item = match (found.open.into_iter().next(), found.locked.into_iter().next()) {
            (Some(item), _) => item,
            (None, Some(item)) => {
                self.open_item(&item, key).await?;
                item
            }
            (None, None) if default.is_some() => return Ok(None),
            (None, None) => return Err(KeyringError::NoDefault(KIND).into()),
        };
        let session = self.calls.open_session().await?;
        match self.calls.secret(&item, &session).await {
            // The keyring is unlocked, and yet the item is not.
            Err(error) if error.is_locked() => {
                self.open_item(&item, key).await?;
                self.calls.secret(&item, &session).await.map(Some)
            }
            outcome => outcome.map(Some),
        }
    }

    /// Writes into the existing item, or creates one.
    ///
    /// KeePassXC before 2.7.5 asks the user to confirm every replacement.
    pub(super) async fn set(&self, key: &ItemKey, value: &[u8]) -> Result<(), CallError> {
        let collection = self.open_default().await?.ok_or(KeyringError::NoDefault(KIND))?;
        let found = self.calls.search(key).await?;
        let session = self.calls.open_session().await?;
        let is_here = |item: &&OwnedObjectPath| collection_of(item) == Some(collection.as_str());
        let here = found.open.iter().chain(&found.locked).find(is_here);
        match here {
            Some(item) => self.write(item, &session, key, value).await?,
            None => {
                if let Some(prompt) = self.calls.create_item(&collection, &session, key, value).await? {
                    self.complete(&prompt).await?;
                }
            }
        }
        // Another keyring may contain an older item, from when it was the default: a search would find both.
        for other in found.open.iter().filter(|item| Some(*item) != here) {
            self.delete_item(other, &session).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        item: &OwnedObjectPath,
        session: &ObjectPath<'_>,
        key: &ItemKey,
        value: &[u8],
    ) -> Result<(), CallError> {
        match self.calls.set_secret(item, session, value).await {
            Err(error) if error.is_locked() => {
                self.open_item(item, key).await?;
                self.calls.set_secret(item, session, value).await
            }
            outcome => outcome,
        }
    }

    /// Removes every item of that key, including those that the service only releases after a prompt.
    pub(super) async fn delete(&self, key: &ItemKey) -> Result<bool, CallError> {
        let default = self.open_default().await?;
        let found = self.calls.search(key).await?;
        if found.open.is_empty() && found.locked.is_empty() {
            return if default.is_some() { Ok(false) } else { Err(KeyringError::NoDefault(KIND).into()) };
        }
        let session = self.calls.open_session().await?;
        for item in found.open.iter().chain(&found.locked) {
            match self.delete_item(item, &session).await {
                Err(error) if error.is_locked() => {
                    self.open_item(item, key).await?;
                    self.delete_item(item, &session).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(true)
    }

    /// Checks whether an item could be written now.
    pub(super) async fn ready(&self, key: &ItemKey) -> Result<(), CallError> {
        self.open_default().await?.ok_or(KeyringError::NoDefault(KIND))?;
        let found = self.calls.search(key).await?;
        match found.locked.first() {
            Some(item) if found.open.is_empty() => self.open_item(item, key).await,
            _ => Ok(()),
        }
    }

    /// Does the same, and creates a missing keyring.
    pub(super) async fn unlock(&self, key: &ItemKey) -> Result<(), CallError> {
        if self.calls.default_collection().await?.is_none()
            && let Some(prompt) = self.calls.create_default().await?
        {
            self.complete(&prompt).await?;
        }
        self.ready(key).await
    }

    /// Returns the unlocked default keyring; `None` if there is none, in which case a search shows no prompt.
    async fn open_default(&self) -> Result<Option<OwnedObjectPath>, CallError> {
        if let Some(collection) = self.calls.default_collection().await? {
            self.open_collection(&collection).await?;
            return Ok(Some(collection));
        }
        let collections = self.calls.collections().await?;
        for collection in &collections {
            if !self.calls.is_locked(collection).await? {
                return Ok(None);
            }
        }
        let why =
            if collections.is_empty() { KeyringError::NoDefault(KIND) } else { KeyringError::Locked(KIND) };
        Err(why.into())
    }

    async fn open_collection(&self, collection: &OwnedObjectPath) -> Result<(), CallError> {
        if !self.calls.is_locked(collection).await? {
            return Ok(());
        }
        let Some(prompt) = self.calls.unlock(collection).await? else {
            return self.must_be_open(collection, KeyringError::Locked(KIND)).await;
        };
        if !self.attended && !wallet::is_open(&self.calls, collection).await {
            prompt::dismiss(&self.calls, &prompt).await;
            return Err(KeyringError::Locked(KIND).into());
        }
        self.complete(&prompt).await?;
        self.must_be_open(collection, KeyringError::Refused(KIND)).await
    }

    async fn must_be_open(
        &self,
        collection: &OwnedObjectPath,
        otherwise: KeyringError,
    ) -> Result<(), CallError> {
        if self.calls.is_locked(collection).await? { Err(otherwise.into()) } else { Ok(()) }
    }

    /// Handles an item found among the locked: its keyring is locked, or the user has to confirm each item.
    async fn open_item(&self, item: &OwnedObjectPath, key: &ItemKey) -> Result<(), CallError> {
        if let Some(collection) = collection_of(item).and_then(|path| OwnedObjectPath::try_from(path).ok())
            && self.calls.is_locked(&collection).await?
        {
            return self.open_collection(&collection).await;
        }
        let Some(prompt) = self.calls.unlock(item).await? else { return Ok(()) };
        if !self.attended {
            prompt::dismiss(&self.calls, &prompt).await;
            return Err(KeyringError::ItemLocked { store: KIND, item: item_label(key) }.into());
        }
        self.complete(&prompt).await
    }

    async fn delete_item(&self, item: &OwnedObjectPath, session: &ObjectPath<'_>) -> Result<(), CallError> {
        let Some(prompt) = self.calls.delete(item).await? else { return Ok(()) };
        // The removal may need a confirmation, and a recycle bin may keep the item: what goes there contains no token
        // any more.
        let is_blank = self.calls.set_secret(item, session, b"").await.is_ok();
        match self.complete(&prompt).await {
            Err(CallError::Keyring(KeyringError::Refused(_) | KeyringError::Unanswered { .. }))
                if is_blank =>
            {
                tracing::warn!(target: "kcaws::keyring", "an empty item is left in the Secret Service");
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn complete(&self, prompt: &OwnedObjectPath) -> Result<(), CallError> {
        if self.attended {
            // A user takes longer to answer than other processes may wait.
            drop(self.turn.take());
        }
        prompt::complete(&self.calls, prompt, self.limit).await
    }
}

/// Returns the keyring of an item, by its path: specification, "Object Paths".
fn collection_of(item: &OwnedObjectPath) -> Option<&str> {
    item.as_str().rsplit_once('/').map(|(collection, _)| collection)
}
