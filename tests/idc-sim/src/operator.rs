//! What a person or an administrator does from outside: shared by the handle and the control endpoints.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::oidc::device::{self, UserCodeError, normal_user_code};
use crate::oidc::token;
use crate::secret;
use crate::state::{Decision, DeviceGrant, Login, Registration, Sim, State};

/// A device code that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCode {
    /// `PMPJ-VZCJ`
    pub user_code: String,
    /// As registered, and as the consent page shows it.
    pub client_name: String,
    /// As registered.
    pub scopes: Vec<String>,
}

/// A login that was made without the flow: what a client would have in its token cache.
#[derive(Clone, Debug)]
pub struct SeededLogin {
    /// The user who is logged in.
    pub user: String,
    /// Where the tokens are good.
    pub region: String,
    /// Of the instance.
    pub start_url: String,
    /// Of the registration.
    pub client_id: String,
    /// Of the registration.
    pub client_secret: String,
    /// `aoa…`
    pub access_token: String,
    /// `aor…`; empty where the login has none.
    pub refresh_token: String,
    /// Of the access token.
    pub expires_at: SystemTime,
    /// Of the client secret.
    pub registration_expires_at: SystemTime,
}

impl SeededLogin {
    /// The content of `~/.aws/sso/cache/<sha1>.json`, with the keys and the order that the AWS CLI
    /// writes (observed of AWS CLI 2.36.7).
    pub fn token_cache(&self) -> Value {
        json!({
            "startUrl": self.start_url,
            "region": self.region,
            "accessToken": self.access_token,
            "expiresAt": rfc3339(self.expires_at),
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "registrationExpiresAt": rfc3339(self.registration_expires_at),
            "refreshToken": self.refresh_token,
        })
    }
}

impl Sim {
    pub(crate) fn pending_codes(&self) -> Vec<PendingCode> {
        pending(&self.state(), self.now())
    }

    pub(crate) fn wait_for_pending(&self, timeout: Duration) -> Option<PendingCode> {
        let mut found = None;
        self.wait_until(timeout, |state| {
            found = pending(state, self.now()).into_iter().next();
            found.is_some()
        });
        found
    }

    /// The error is for people.
    pub(crate) fn approve(&self, user_code: &str, user: &str) -> Result<(), String> {
        let now = self.now();
        // The code first: a typing error must not start a session.
        let user_code = normal_user_code(user_code);
        device::asking_client(self, &user_code, now).map_err(|error| error.to_string())?;
        let session = self.state().session_of(&self.settings, user, now);
        let session = session.ok_or_else(|| format!("{user} may not sign in"))?;
        device::decide(self, &user_code, Decision::Approved(session), now).map_err(|error| error.to_string())
    }

    pub(crate) fn deny(&self, user_code: &str) -> Result<(), UserCodeError> {
        device::decide(self, &normal_user_code(user_code), Decision::Denied, self.now())
    }

    pub(crate) fn expire_access_tokens(&self) {
        for token in self.state().access_tokens.values_mut() {
            // Dead for good, also to a clock that is moved back.
            token.expires = SystemTime::UNIX_EPOCH;
        }
    }

    /// `None` if the user may not sign in.
    pub(crate) fn seed_login(&self, user: &str, region: &str, scopes: Vec<String>) -> Option<SeededLogin> {
        let now = self.now();
        let mut state = self.state();
        let session = state.session_of(&self.settings, user, now)?;
        let client_id = secret::client_id(region);
        let registration = Registration {
            client_secret: secret::client_secret(),
            client_name: "seeded".to_owned(),
            scopes,
            grant_types: None,
            redirect_uris: Vec::new(),
            region: region.to_owned(),
            expires: now + self.settings.registration_life,
        };
        let login = state.add_login(Login::new(&client_id, &registration, session, region));
        let short = registration.has_short_tokens(&self.settings);
        let refreshable = registration.is_refreshable(&self.settings);
        let minted = token::mint(&self.settings, &mut state, login, short, refreshable, now);
        let seeded = SeededLogin {
            user: user.to_owned(),
            region: region.to_owned(),
            start_url: self.settings.start_url.clone(),
            client_id: client_id.clone(),
            client_secret: registration.client_secret.clone(),
            access_token: minted.access_token,
            refresh_token: minted.refresh_token.unwrap_or_default(),
            expires_at: now + minted.life,
            registration_expires_at: registration.expires,
        };
        state.registrations.insert(client_id, registration);
        Some(seeded)
    }
}

fn pending(state: &State, now: SystemTime) -> Vec<PendingCode> {
    let waits = |grant: &&DeviceGrant| grant.decision == Decision::Pending && now < grant.expires;
    let mut grants: Vec<_> = state.device_grants.values().filter(waits).collect();
    grants.sort_by_key(|grant| grant.created);
    let codes = grants.into_iter().filter_map(|grant| {
        let registration = state.registrations.get(&grant.client_id)?;
        Some(PendingCode {
            user_code: grant.user_code.clone(),
            client_name: registration.client_name.clone(),
            scopes: registration.scopes.clone(),
        })
    });
    codes.collect()
}
