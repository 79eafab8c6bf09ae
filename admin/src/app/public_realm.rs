//! The realm for calls that need no secret.

use kcaws::secret::Secret;

use super::{AdminApp, AdminError};
use crate::access_file::RealmSettings;
use crate::platform::rest::RestOrigin;
use crate::ports::keycloak::{HttpKeycloak, KeycloakError, ServiceAccount};

impl AdminApp {
    /// Returns the realm as everybody sees it, without a look at any keyring.
    pub(crate) fn public_keycloak(&self, realm: &RealmSettings) -> Result<HttpKeycloak, AdminError> {
        let url = RestOrigin::parse(realm.url.as_str());
        let account = ServiceAccount {
            url: url.map_err(|error| KeycloakError::Response { why: error.to_string() })?,
            realm: realm.name.clone(),
            client_id: realm.client_id.clone(),
            secret: Secret::from(""),
        };
        Ok(HttpKeycloak::new(self.http()?.clone(), self.clock.clone(), account)?)
    }
}
