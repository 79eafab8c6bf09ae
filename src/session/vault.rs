//! The token record's place in the keyring, and the locks round it.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Session, SessionError, TokenRecord};
use crate::ports::keyring::ItemKey;
use crate::ports::state_folder::Lock;
use crate::profile::SsoSession;

/// A file name for a session: no name from a config file becomes a path, and two sessions never share one.
pub fn file_stem(session: &SsoSession) -> String {
    let mut hash = Sha256::new();
    for field in [&session.name, &session.start_url] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().iter().take(16).fold(String::new(), |stem, byte| stem + &format!("{byte:02x}"))
}

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
        let Some(text) = self.store.get(&item_key(self.config))? else { return Ok(None) };
        let record = TokenRecord::from_text(&text, self.config).map_err(|what| SessionError::BadRecord {
            session: self.config.name.clone(),
            store: self.store.kind(),
            what,
        })?;
        Ok(Some(record))
    }

    pub fn save(&self, record: &TokenRecord) -> Result<(), SessionError> {
        Ok(self.store.set(&item_key(self.config), &record.to_text())?)
    }

    pub fn forget(&self) -> Result<bool, SessionError> {
        Ok(self.store.delete(&item_key(self.config))?)
    }

    /// Held by whoever changes the record: read it again after this, then change it, then let go.
    pub fn lock(&self, patience: Duration) -> Result<Lock, SessionError> {
        Ok(self.state.lock(&format!("sessions/{}.lock", file_stem(self.config)), patience)?)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::ports::identity_center::{Endpoints, Origin};

    pub const ENDPOINT: &str = "http://127.0.0.1:1";

    pub fn corp() -> SsoSession {
        SsoSession {
            name: "corp".to_owned(),
            start_url: "https://d-1234567890.awsapps.com/start".to_owned(),
            region: "eu-central-1".to_owned(),
            scopes: vec!["sso:account:access".to_owned()],
        }
    }

    pub fn endpoints() -> Endpoints {
        Endpoints { oidc: Origin::new(ENDPOINT), portal: Origin::new(ENDPOINT) }
    }

    #[test]
    fn file_names_are_hashes_that_do_not_run_together() {
        let named = |name: &str, url: &str| {
            file_stem(&SsoSession { name: name.to_owned(), start_url: url.to_owned(), ..corp() })
        };
        assert_eq!(named("a", "bc").len(), 32);
        assert_ne!(named("a", "bc"), named("ab", "c"));
        assert!(named("../../etc", "x").bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
