//! The token record's place in the keyring, and the locks round it.

use std::time::Duration;

use super::{Session, SessionError, TokenRecord};
use crate::ports::keyring::ItemKey;
use crate::ports::state_folder::Lock;
use crate::profile::SsoSession;

pub fn item_key(session: &SsoSession) -> ItemKey {
    ItemKey { session: session.name.clone(), start_url: session.start_url.clone() }
}

impl Session<'_> {
    /// `None`: nothing is stored. A record of another origin is an error: nothing of it may go to these
    /// endpoints.
    pub fn load(&self) -> Result<Option<TokenRecord>, SessionError> {
        let Some(record) = self.load_from_anywhere()? else { return Ok(None) };
        for (minted, asked) in
            [(&record.oidc, &self.endpoints.oidc), (&record.portal, &self.endpoints.portal)]
        {
            if minted != asked {
                return Err(SessionError::ForeignEndpoint {
                    session: self.config.name.clone(),
                    minted: minted.clone(),
                    asked: asked.clone(),
                });
            }
        }
        Ok(Some(record))
    }

    /// The record wherever it came from: for a login, which replaces it.
    pub fn load_from_anywhere(&self) -> Result<Option<TokenRecord>, SessionError> {
        let (session, store) = (&self.config.name, self.store.kind());
        let Some(text) = self.store.get(&item_key(self.config))? else {
            tracing::info!(target: "kcaws::keyring", %session, %store, "nothing stored");
            return Ok(None);
        };
        tracing::info!(target: "kcaws::keyring", %session, %store, "read the token record");
        let record = TokenRecord::from_text(&text, self.config).map_err(|what| SessionError::BadRecord {
            session: self.config.name.clone(),
            store: self.store.kind(),
            what,
        })?;
        Ok(Some(record))
    }

    pub fn save(&self, record: &TokenRecord) -> Result<(), SessionError> {
        self.store.set(&item_key(self.config), &record.to_text())?;
        tracing::info!(target: "kcaws::keyring", session = %self.config.name, store = %self.store.kind(), "wrote the token record");
        Ok(())
    }

    pub fn forget(&self) -> Result<bool, SessionError> {
        Ok(self.store.delete(&item_key(self.config))?)
    }

    /// Held by whoever changes the record: read it again after this, then change it, then let go.
    pub fn lock(&self, patience: Duration) -> Result<Lock, SessionError> {
        Ok(self.state.lock(&format!("sessions/{}.lock", item_key(self.config).digest()), patience)?)
    }
}
