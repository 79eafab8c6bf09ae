//! IAM Identity Center as a developer's machine sees it: the OIDC service, the access portal, and the runtime of account
//! access manager.
//!
//! Nine operations, none of them signed. [`sdk`] is the real form, over the AWS SDK; [`fake`] answers from a script.

pub mod account_access;
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

pub use self::account_access::{AccountAccess, IamRole};
pub use self::hosts::{is_region, is_sign_in_host};
pub use self::origin::{EndpointError, EndpointSettings, Endpoints, Origin, Override, loopback_or_https};
pub use self::reach::Issued;
pub use self::received::{Token, is_account_id, is_iam_role_arn, is_role_name};
use crate::ports::clock::Skew;
use crate::secret::{self, Secret};

/// The scope that makes an access token refreshable and lets it list accounts and fetch role credentials.
pub const ACCOUNT_ACCESS: &str = "sso:account:access";

/// A client registration, valid until `expires_at`, some 90 days.
#[derive(Clone, Deserialize, Serialize)]
pub struct Registration {
    pub client_id: String,
    #[serde(serialize_with = "secret::expose")]
    pub client_secret: Secret<String>,
    pub expires_at: DateTime<Utc>,
    pub scopes: Vec<String>,
}

impl Registration {
    /// Returns when it expires; `None` if the service named no time (RFC 7591 section 3.2.1: 0 is never).
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        Some(self.expires_at).filter(|at| at.timestamp() > 0)
    }
}

/// A pending device authorization, RFC 8628 section 3.2.
#[derive(Clone)]
pub struct DeviceAuthorization {
    pub device_code: Secret<String>,
    /// `None` if the service shows none, so that there is nothing to compare.
    pub user_code: Option<String>,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    /// Zero if the service does not name one.
    pub expires_in: Duration,
    /// Zero if the service does not name one.
    pub interval: Duration,
}

/// The grant that a client registers for.
///
/// One registration with both grants makes the service answer 500.
#[derive(Clone, Copy)]
pub enum ClientGrant<'a> {
    Device,
    /// Authorization code, RFC 6749 section 4.1. `redirect_uri` is without its port (RFC 8252 section 7.3).
    AuthorizationCode {
        redirect_uri: &'a str,
        start_url: &'a str,
    },
}

pub enum Grant<'a> {
    DeviceCode(&'a Secret<String>),
    /// Authorization code, RFC 7636 section 4.5. `redirect_uri` as the browser received it, with its port.
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

/// One page of a list, and the mark of the next.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The time limits and retries of calls.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One attempt, from connecting to the last byte.
    pub attempt: Duration,
    /// Including the first attempt; 5xx, 429 and broken connections are retried.
    pub attempts: u32,
    /// The same for lists and role credentials.
    pub portal_attempts: u32,
    /// All calls of this client together.
    pub total: Duration,
    /// With less time left no refresh is started, since an interrupted one loses the login.
    pub refresh: Duration,
}

impl Patience {
    /// Returns the limits for a call on behalf of a tool.
    ///
    /// Newer Rust SDKs give up after some 20 s, so kcaws ends within 15 s. Retries to the portal are left to the
    /// caller, which knows the shared rate.
    pub const FOR_A_TOOL: Self = Self {
        attempt: Duration::from_secs(6),
        attempts: 2,
        portal_attempts: 1,
        total: Duration::from_secs(14),
        refresh: Self::ONE_REFRESH,
    };
    /// Returns the limits of a renewal while the cached credentials are valid.
    ///
    /// It connects within `total` or not at all, but a refresh that has begun is not interrupted.
    pub const fn for_a_renewal(total: Duration) -> Self {
        Self { attempt: total, attempts: 1, portal_attempts: 1, total, refresh: Duration::from_secs(2) }
    }
    const ONE_REFRESH: Duration = Duration::from_secs(6);
    /// Returns the limits for many requests at once.
    ///
    /// These run into 429s, and the sender must see each to find the rate.
    pub const FOR_A_CROWD: Self = Self {
        attempt: Duration::from_secs(15),
        attempts: 3,
        portal_attempts: 1,
        total: Duration::from_hours(1),
        refresh: Self::ONE_REFRESH,
    };
    /// Returns the limits for an interactive command, whose user sees its progress.
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
    // Responses of the OIDC service (RFC 6749 section 5.2, RFC 8628 section 3.5).
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
    /// The same for a refresh token, on a retry after a lost response, which may have contained its successor.
    #[error("invalid_grant, after a response was lost")]
    LostGrant,
    #[error("the client registration was refused (invalid_client)")]
    InvalidClient,
    /// Identity Center cannot use the KMS key that the administrator configured, whatever the request.
    #[error("{operation} was refused: Identity Center cannot use its KMS key ({reason})")]
    KmsKey { operation: &'static str, reason: String },
    /// The start URL or the Region is wrong.
    #[error("{operation} was refused: invalid_request{}", reason_suffix(.description.as_deref()))]
    InvalidRequest { operation: &'static str, description: Option<String> },
    /// AWS does not grant a scope to this client.
    #[error("{operation} was refused: invalid_scope{}", reason_suffix(.description.as_deref()))]
    InvalidScope { operation: &'static str, description: Option<String> },
    /// Any other named refusal: `unauthorized_client`, …
    #[error("{operation} was refused: {code}{}", reason_suffix(.description.as_deref()))]
    Refused { operation: &'static str, code: String, description: Option<String> },

    // Responses of the portal.
    #[error("the access token was refused (401)")]
    Unauthorized,
    #[error("no access (403)")]
    Forbidden,
    #[error("not found (404)")]
    NotFound,
    /// Any other refusal, in the portal's own words.
    #[error("{operation} was refused: {code}{}", reason_suffix(.message.as_deref()))]
    Rejected { operation: &'static str, code: String, message: Option<String> },

    // Errors of either.
    #[error("too many requests (429)")]
    Throttled,
    #[error("{host} returned an error ({status})")]
    ServerError { host: String, status: u16 },
    #[error("cannot reach {host}: {why}")]
    Unreachable { host: String, why: String },
    #[error("{host} did not answer within {} s", .after.as_secs())]
    TimedOut { host: String, after: Duration },
    /// Nothing was sent.
    #[error("there was not enough time left to ask {host}")]
    NoTime { host: String },
    #[error("{host} sent an unexpected response: {why}")]
    NotUnderstood { host: String, why: String },
    /// The response does not have AWS's form: a proxy, a gateway or a captive portal has answered instead.
    #[error("something other than AWS answered in place of {host} ({status})")]
    NotAws { host: String, status: u16 },
}

fn reason_suffix(reason: Option<&str>) -> String {
    reason.filter(|text| !text.is_empty()).map(|text| format!(" ({text})")).unwrap_or_default()
}

impl ServiceError {
    /// Returns whether a retry may succeed later: nothing was decided.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled
                | Self::SlowDown
                | Self::ServerError { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::NoTime { .. }
        )
    }

    /// Returns whether the service explicitly refused what it was given.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::InvalidRequest { .. }
                | Self::InvalidScope { .. }
                | Self::ExpiredToken
                | Self::AccessDenied { .. }
        )
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
    /// Lists one page of accounts; `page` is the `next` of the page before.
    fn list_accounts(
        &self,
        access_token: &Secret<String>,
        page: Option<&str>,
        at_most: Option<u16>,
    ) -> Result<Page<Account>, ServiceError>;
    /// Lists the names of the permission sets that the user has in the account.
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
    /// Lists one page of the IAM roles that account access manager assigns to the user, of all accounts.
    fn list_iam_roles(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        page: Option<&str>,
    ) -> Result<Page<IamRole>, ServiceError>;
    fn iam_role_credentials(
        &self,
        at: &AccountAccess,
        access_token: &Secret<String>,
        role_arn: &str,
    ) -> Result<RoleCredentials, ServiceError>;
    fn logout(&self, access_token: &Secret<String>) -> Result<(), ServiceError>;
    /// Returns whether there is time for a refresh that begins now.
    fn has_time_to_refresh(&self) -> bool;
    /// Returns how far the service's clock is ahead, by the `Date` of its latest response.
    fn clock_skew(&self) -> Option<Skew>;
    /// Returns how long the service's latest response asks to wait (`Retry-After`).
    fn retry_after(&self) -> Option<Duration> {
        None
    }
    /// Returns what the lists contained that cannot be an account or a permission set, in words.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }
}
