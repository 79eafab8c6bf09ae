//! IAM Identity Center as a developer's machine sees it: the OIDC service and the access portal, seven
//! operations, none of them signed.
//!
//! [`sdk`] is the real form, over the AWS SDK; [`fake`] answers from a script.

mod answer;
pub mod fake;
mod hosts;
mod origin;
mod reach;
mod received;
pub mod sdk;
mod tries;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::hosts::{is_region, is_sign_in_host};
pub use self::origin::{EndpointError, EndpointSettings, Endpoints, Origin, Override, loopback_or_https};
pub use self::reach::Minted;
pub use self::received::{Token, is_account_id, is_role_name};
use crate::ports::clock::Skew;
use crate::secret::{self, Secret};

/// The scope that makes an access token refreshable and lets it list accounts and fetch role credentials.
pub const ACCOUNT_ACCESS: &str = "sso:account:access";

/// What the service knows us as. Lives until `expires_at`, some 90 days.
#[derive(Clone, Deserialize, Serialize)]
pub struct Registration {
    pub client_id: String,
    #[serde(serialize_with = "secret::expose")]
    pub client_secret: Secret<String>,
    pub expires_at: DateTime<Utc>,
    pub scopes: Vec<String>,
}

impl Registration {
    /// `None` where the service named no time (RFC 7591 section 3.2.1: 0 is never).
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at).filter(|at| at.timestamp() > 0)
    }
}

/// RFC 8628 section 3.2.
#[derive(Clone)]
pub struct DeviceAuthorization {
    pub device_code: Secret<String>,
    /// `None`: the service shows none, and there is nothing to compare.
    pub user_code: Option<String>,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    /// Zero: the service does not say.
    pub expires_in: Duration,
    /// Zero: the service does not say.
    pub interval: Duration,
}

/// What a client registers for. One registration with both grants makes the service answer 500.
#[derive(Clone, Copy)]
pub enum ClientGrant<'a> {
    Device,
    /// RFC 6749 section 4.1. `redirect_uri` stands there without its port (RFC 8252 section 7.3).
    AuthorizationCode {
        redirect_uri: &'a str,
        start_url: &'a str,
    },
}

pub enum Grant<'a> {
    DeviceCode(&'a Secret<String>),
    /// RFC 7636 section 4.5. `redirect_uri` as the browser was given it, with its port.
    AuthorizationCode {
        code: &'a Secret<String>,
        verifier: &'a Secret<String>,
        redirect_uri: &'a str,
    },
    RefreshToken(&'a Secret<String>),
}

#[derive(Clone)]
pub struct IssuedToken {
    pub access_token: Token,
    pub expires_in: Duration,
    pub refresh_token: Option<Token>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

#[derive(Clone)]
pub struct RoleCredentials {
    pub access_key_id: String,
    pub secret_access_key: Secret<String>,
    pub session_token: Secret<String>,
    pub expires_at: DateTime<Utc>,
}

/// One page of a list, and where the next begins.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// How patient one call is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One attempt, from connecting to the last byte.
    pub attempt: Duration,
    /// First attempt included; 5xx, 429 and broken connections are tried again.
    pub attempts: u32,
    /// The same for lists and role credentials.
    pub portal_attempts: u32,
    /// All calls of this client together.
    pub total: Duration,
    /// With less time left no refresh is begun: one that is cut off loses the login.
    pub refresh: Duration,
}

impl Patience {
    /// A tool waits for the answer and gives up itself (newer Rust SDKs after some 20 s): we end within 15 s. The portal
    /// is asked again by who knows the pace of all that ask it.
    pub const FOR_A_TOOL: Self = Self {
        attempt: Duration::from_secs(6),
        attempts: 2,
        portal_attempts: 1,
        total: Duration::from_secs(14),
        refresh: Self::ONE_REFRESH,
    };
    /// A renewal while the old answer is good gets `total`. It connects within that, or not at all; a refresh that has
    /// begun is not cut off with it.
    pub const fn for_a_renewal(total: Duration) -> Self {
        Self { attempt: total, attempts: 1, portal_attempts: 1, total, refresh: Duration::from_secs(2) }
    }
    const ONE_REFRESH: Duration = Duration::from_secs(6);
    /// Many requests at once run into 429s: whoever sends them must see each one to find the pace.
    pub const FOR_A_CROWD: Self = Self {
        attempt: Duration::from_secs(15),
        attempts: 3,
        portal_attempts: 1,
        total: Duration::from_hours(1),
        refresh: Self::ONE_REFRESH,
    };
    /// A person waits and sees what is going on.
    pub const FOR_A_PERSON: Self = Self {
        attempt: Duration::from_secs(15),
        attempts: 3,
        portal_attempts: 3,
        total: Duration::from_hours(1),
        refresh: Self::ONE_REFRESH,
    };
}

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    // Answers of the OIDC service (RFC 6749 section 5.2, RFC 8628 section 3.5).
    #[error("the authorization is still pending")]
    AuthorizationPending,
    #[error("polled too fast")]
    SlowDown,
    #[error("the code has expired")]
    ExpiredToken,
    #[error("access was denied{}", reason_suffix(.reason.as_deref()))]
    AccessDenied { reason: Option<String> },
    #[error("invalid_grant")]
    InvalidGrant,
    /// The same of a refresh token, at another try after an answer that never came: perhaps that one had its successor.
    #[error("invalid_grant, after an answer that was lost")]
    LostGrant,
    #[error("the client registration was refused (invalid_client)")]
    InvalidClient,
    /// Identity Center cannot use the KMS key that the administrator gave it, whatever it was asked for.
    #[error("{operation} was refused: Identity Center cannot use its KMS key ({reason})")]
    KmsKey { operation: &'static str, reason: String },
    /// Any other named refusal: `invalid_request`, `invalid_scope`, …
    #[error("{operation} was refused: {code}{}", reason_suffix(.description.as_deref()))]
    Refused { operation: &'static str, code: String, description: Option<String> },

    // Answers of the portal.
    #[error("the access token was refused (401)")]
    Unauthorized,
    #[error("no access (403)")]
    Forbidden,
    #[error("not found (404)")]
    NotFound,
    /// Any other refusal, in the portal's own words.
    #[error("{operation} was refused: {code}{}", reason_suffix(.message.as_deref()))]
    Rejected { operation: &'static str, code: String, message: Option<String> },

    // Trouble on either.
    #[error("too many requests (429)")]
    Throttled,
    #[error("{host} is in trouble ({status})")]
    ServerTrouble { host: String, status: u16 },
    #[error("cannot reach {host}: {why}")]
    Unreachable { host: String, why: String },
    #[error("{host} did not answer within {} s", .after.as_secs())]
    TimedOut { host: String, after: Duration },
    /// Nothing was sent.
    #[error("there was not enough time left to ask {host}")]
    NoTime { host: String },
    #[error("{host} answered something that is not understood: {why}")]
    NotUnderstood { host: String, why: String },
    /// By its form the answer is none of AWS's: a proxy, a gateway or a captive portal has answered in its place.
    #[error("something that is not AWS answered in place of {host} ({status})")]
    NotAws { host: String, status: u16 },
}

fn reason_suffix(reason: Option<&str>) -> String {
    reason.filter(|text| !text.is_empty()).map(|text| format!(" ({text})")).unwrap_or_default()
}

impl ServiceError {
    /// Worth another try later: nothing was decided.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled
                | Self::SlowDown
                | Self::ServerTrouble { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::NoTime { .. }
        )
    }

    /// The service has decided about what it was given, and says so by name.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::ExpiredToken | Self::AccessDenied { .. })
    }
}

pub trait IdentityCenter: Send + Sync {
    fn register_client(
        &self,
        client_name: &str,
        scopes: &[String],
        grant: ClientGrant<'_>,
    ) -> Result<Registration, ServiceError>;
    fn start_device_authorization(
        &self,
        registration: &Registration,
        start_url: &str,
    ) -> Result<DeviceAuthorization, ServiceError>;
    fn create_token(
        &self,
        registration: &Registration,
        grant: Grant<'_>,
    ) -> Result<IssuedToken, ServiceError>;
    /// `page` is the `next` of the page before.
    fn list_accounts(
        &self,
        access_token: &Secret<String>,
        page: Option<&str>,
        at_most: Option<u16>,
    ) -> Result<Page<Account>, ServiceError>;
    /// Names of the permission sets that the person has in the account.
    fn list_account_roles(
        &self,
        access_token: &Secret<String>,
        account_id: &str,
        page: Option<&str>,
    ) -> Result<Page<String>, ServiceError>;
    fn role_credentials(
        &self,
        access_token: &Secret<String>,
        account_id: &str,
        role_name: &str,
    ) -> Result<RoleCredentials, ServiceError>;
    fn logout(&self, access_token: &Secret<String>) -> Result<(), ServiceError>;
    /// Whether a refresh that begins now can be waited for.
    fn has_time_to_refresh(&self) -> bool;
    /// How far the service's clock is ahead of ours, by the `Date` of its newest answer.
    fn clock_skew(&self) -> Option<Skew>;
    /// Returns how long the service's newest answer asks to wait (`Retry-After`).
    fn retry_after(&self) -> Option<Duration> {
        None
    }
    /// Returns what was in the lists so far and cannot be an account or a permission set, in words.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }
}
