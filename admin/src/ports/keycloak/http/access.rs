//! How the Admin REST API is reached: the base path and the service account's token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use kcaws::ports::clock::Skew;
use kcaws::secret::Secret;
use serde::Deserialize;

use super::failure::{general, message};
use super::{HttpKeycloak, encoded};
use crate::platform::rest::{BearerToken, Method, RestError, RestRequest};
use crate::ports::keycloak::{KeycloakError, Right};

/// Below what Keycloak is: nothing, or `/auth` before version 17 and where it is configured.
const PREFIXES: [&str; 2] = ["", "/auth"];

/// What the first request finds out.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) prefix: &'static str,
    pub(super) issuer: String,
}

/// The token of the service account, fetched once for all threads.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<Option<IssuedToken>>);

#[derive(Clone)]
pub(super) struct IssuedToken {
    pub(super) token: BearerToken,
    /// By the process's own clock; some time before its end.
    renew_at: Duration,
    /// Tells tokens apart without a look at them.
    number: u64,
    /// The rights that the token names, for a report; the server decides by itself.
    pub(super) rights: Option<BTreeSet<Right>>,
    /// How far the server's clock is ahead of ours.
    pub(super) skew: Option<Skew>,
}

/// The claims of an access token that are looked at.
#[derive(Default, Deserialize)]
struct Claims {
    /// The roles of the realm's own administration; lightweight tokens have none.
    resource_access: Option<BTreeMap<String, ClientRoles>>,
    /// When it was issued, in seconds since 1970.
    iat: Option<i64>,
}

#[derive(Default, Deserialize)]
struct ClientRoles {
    roles: Vec<String>,
}

impl Claims {
    /// Reads the middle part of a JSON Web Token; a token of another form has no claims.
    fn of(token: &Secret<String>) -> Self {
        let payload = token.expose().split('.').nth(1);
        let decoded = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok()).map(Secret::new);
        decoded.and_then(|payload| serde_json::from_slice(payload.expose()).ok()).unwrap_or_default()
    }

    fn rights(&self) -> Option<BTreeSet<Right>> {
        let management = self.resource_access.as_ref()?.get("realm-management");
        let has = |right: &Right| {
            management.is_some_and(|granted| granted.roles.iter().any(|role| role == right.as_str()))
        };
        Some(Right::ALL.into_iter().filter(has).collect())
    }

    fn skew(&self, now: DateTime<Utc>) -> Option<Skew> {
        Skew::between(DateTime::from_timestamp(self.iat?, 0)?, now)
    }
}

impl IssuedToken {
    #[cfg(test)]
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret<String>,
    /// In seconds.
    expires_in: u64,
}

/// Why a prefix is not the right one.
enum Elsewhere {
    /// Keycloak's own form of "not found", or that of any other server.
    NotFound {
        is_json: bool,
    },
    Other(String),
}

impl HttpKeycloak {
    /// Returns where Keycloak is below the URL; found by the first request and remembered.
    pub(super) fn base(&self) -> Result<&Base, KeycloakError> {
        if let Some(base) = self.base.get() {
            return Ok(base);
        }
        let found = self.find_base()?;
        Ok(self.base.get_or_init(|| found))
    }

    fn find_base(&self) -> Result<Base, KeycloakError> {
        let mut first = None;
        for prefix in PREFIXES {
            match self.probe(prefix)? {
                Ok(base) => return Ok(base),
                Err(elsewhere) => {
                    first.get_or_insert(elsewhere);
                }
            }
        }
        let url = self.account.url.url();
        Err(match first {
            Some(Elsewhere::NotFound { is_json: true }) => {
                KeycloakError::NoRealm { realm: self.account.realm.clone(), url }
            }
            Some(Elsewhere::Other(why)) => KeycloakError::NotKeycloak { url, why },
            Some(Elsewhere::NotFound { is_json: false }) | None => {
                KeycloakError::NotKeycloak { url, why: "not found (404)".to_owned() }
            }
        })
    }

    /// Asks for a public document of the realm, before any secret is sent.
    fn probe(&self, prefix: &'static str) -> Result<Result<Base, Elsewhere>, KeycloakError> {
        let realm = encoded(&self.account.realm);
        let path = format!("{prefix}/realms/{realm}/.well-known/openid-configuration");
        let answer = self.rest.send(&RestRequest::new(Method::Get, path));
        match answer.and_then(|answer| answer.json::<Discovery>()) {
            Ok(found) => Ok(Ok(Base { prefix, issuer: found.issuer })),
            Err(RestError::Status(error)) if error.status == 404 => {
                let is_json = error.body.json::<serde_json::Map<String, serde_json::Value>>().is_some();
                Ok(Err(Elsewhere::NotFound { is_json }))
            }
            Err(RestError::Page { status: 404 }) => Ok(Err(Elsewhere::NotFound { is_json: false })),
            Err(
                error
                @ (RestError::Unreachable(_) | RestError::Status(_) | RestError::Page { status: 500.. }),
            ) => Err(general(error)),
            Err(other) => Ok(Err(Elsewhere::Other(other.to_string()))),
        }
    }

    /// Returns a token that is still valid for a while.
    pub(super) fn token(&self) -> Result<IssuedToken, KeycloakError> {
        let mut cached = self.token.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some(issued) if self.clock.elapsed() < issued.renew_at => Ok(issued.clone()),
            old => {
                let number = old.as_ref().map_or(0, |old| old.number + 1);
                Ok(cached.insert(self.fetch_token(number)?).clone())
            }
        }
    }

    /// Returns a token that is not the refused one.
    pub(super) fn token_after(&self, refused: &IssuedToken) -> Result<IssuedToken, KeycloakError> {
        {
            let mut cached = self.token.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(issued) = cached.as_mut().filter(|issued| issued.number == refused.number) {
                issued.renew_at = Duration::ZERO;
            }
        }
        self.token()
    }

    fn fetch_token(&self, number: u64) -> Result<IssuedToken, KeycloakError> {
        let base = self.base()?;
        let path =
            format!("{}/realms/{}/protocol/openid-connect/token", base.prefix, encoded(&self.account.realm));
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.account.client_id.as_str()),
            ("client_secret", self.account.secret.expose().as_str()),
        ];
        let answer = self.rest.send(&RestRequest::new(Method::Post, path).form(&form));
        let answer =
            answer.and_then(|answer| answer.json::<TokenAnswer>()).map_err(|error| self.refused(error))?;
        let life = Duration::from_secs(answer.expires_in.min(24 * 60 * 60));
        let claims = Claims::of(&answer.access_token);
        let (rights, skew) = (claims.rights(), claims.skew(self.clock.now()));
        let token = BearerToken::new(&self.account.url, answer.access_token);
        // A fifth early: the shortest life in use is a minute, and a request may take some seconds.
        Ok(IssuedToken { token, renew_at: self.clock.elapsed() + life * 4 / 5, number, rights, skew })
    }

    fn refused(&self, error: RestError) -> KeycloakError {
        match error {
            // RFC 6749, section 5.2.
            RestError::Status(error) if matches!(error.status, 400 | 401 | 403) => {
                KeycloakError::ServiceAccount {
                    client_id: self.account.client_id.clone(),
                    why: message(&error.body),
                }
            }
            other => general(other),
        }
    }
}
