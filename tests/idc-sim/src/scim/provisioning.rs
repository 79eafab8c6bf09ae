//! Automatic provisioning: the tenant, and the tokens that open it.

use std::time::{Duration, SystemTime};

use crate::secret;
use crate::state::Sim;

/// At most so many tokens at one time (user guide, "Rotate an access token").
const MOST_TOKENS: usize = 2;

const TOKEN_LIFE: Duration = Duration::from_hours(365 * 24);

#[derive(Clone, Debug)]
struct Token {
    value: String,
    expires: SystemTime,
}

/// Switched on from the start, without a token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provisioning {
    tenant: String,
    is_off: bool,
    tokens: Vec<Token>,
}

impl Provisioning {
    pub(crate) fn new(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), ..Self::default() }
    }

    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Generates an access token for a year, as the console does.
    pub(crate) fn issue_token(&mut self, now: SystemTime) -> Result<String, String> {
        if self.is_off {
            return Err("automatic provisioning is off".to_owned());
        }
        if self.tokens.len() >= MOST_TOKENS {
            return Err(format!("there are {MOST_TOKENS} access tokens already"));
        }
        let value = secret::scim_token();
        self.tokens.push(Token { value: value.clone(), expires: now + TOKEN_LIFE });
        Ok(value)
    }

    /// Deletes an access token, expired or not.
    pub(crate) fn delete_token(&mut self, value: &str) -> Result<(), String> {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.value != value);
        if self.tokens.len() < before { Ok(()) } else { Err("no such access token".to_owned()) }
    }

    /// Switches automatic provisioning off: every token is gone.
    pub(crate) fn switch_off(&mut self) {
        self.is_off = true;
        self.tokens.clear();
    }

    /// Switches automatic provisioning on: with another tenant than before (slashdevops/idp-scim-sync#42).
    pub(crate) fn switch_on(&mut self) {
        if self.is_off {
            self.is_off = false;
            self.tenant = secret::scim_tenant();
        }
    }

    pub(super) fn admits(&self, tenant: &str, authorization: Option<&str>, now: SystemTime) -> bool {
        let token = authorization.and_then(|header| header.strip_prefix("Bearer "));
        let is_known = |token| self.tokens.iter().any(|known| known.value == token && now < known.expires);
        !self.is_off && tenant == self.tenant && token.is_some_and(is_known)
    }
}

impl Sim {
    /// Who issued the external ids of what SCIM has made.
    pub(crate) fn external_id_issuer(&self) -> String {
        let settings = &self.settings.directory;
        let issuer = settings.external_id_issuer.clone();
        issuer.unwrap_or_else(|| format!("https://scim.aws.com/{}", settings.scim_tenant))
    }
}
