//! Logins: the device grant and PKCE, the token record, refresh, logout.
//!
//! Errors here state facts; `cli/error/` adds what the user can type.

pub mod account_access;
pub mod admin_secrets;
pub mod auto_login;
pub(crate) mod bearer;
pub mod device;
pub(crate) mod files;
mod history;
pub mod last_session;
pub mod login;
pub mod logout;
pub mod migrate;
pub mod page;
pub mod pin;
pub mod pkce;
pub mod record;
pub mod refresh;
pub mod sealed_store;
pub mod stale_copies;
pub mod start_url;
pub mod status;
pub mod store_selection;
#[cfg(test)]
pub(crate) mod testing;
pub mod token_location;
pub mod token_store;

use std::time::Duration;

use chrono::{DateTime, Utc};

use self::page::PageFault;
pub use self::record::{Flow, Login, TokenRecord};
use self::start_url::{Instance, StartUrlError};
use crate::platform::loopback::NoPort;
use crate::ports::clock::Clock;
use crate::ports::identity_center::{Endpoints, IdentityCenter, Origin, ServiceError};
use crate::ports::keyring::{KeyringError, SecretStore, StoreKind};
use crate::ports::sealing_key::SealingKeys;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

/// One session and the ports that it needs.
pub struct Session<'a> {
    pub config: &'a SsoSession,
    pub endpoints: &'a Endpoints,
    pub clock: &'a dyn Clock,
    pub state: &'a dyn StateFolder,
    pub store: &'a dyn SecretStore,
    pub center: &'a dyn IdentityCenter,
    pub sealing_keys: &'a dyn SealingKeys,
    /// How long to wait for another process that refreshes.
    pub lock_patience: Duration,
    /// Until when requests for role credentials are retried while AWS throttles or fails, in the clock's elapsed time.
    ///
    /// Zero means one attempt.
    pub retry_until: Duration,
}

/// Why a login is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginNeeded {
    NeverLoggedIn,
    /// The access token has expired, and the login came without a refresh token.
    NotRefreshable,
    /// The service answered `invalid_grant`: the Identity Center session is over, or was ended.
    RefreshRefused,
    /// The session is over, and that was already known.
    SessionOver {
        seen_at: DateTime<Utc>,
    },
    /// The service answered `invalid_grant`, but an interrupted refresh had lost the successor of the token.
    RefreshLost {
        since: DateTime<Utc>,
    },
    RegistrationExpired,
    /// The service answered 401 even to a freshly refreshed token.
    TokenRefused,
    /// The login was made before the session had account access.
    WithoutAccountAccess,
    /// The account access runtime answered 401 to a token that was issued for it, even after a refresh.
    AccountAccessRefused,
}

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("no valid login for session `{session}`")]
    LoginNeeded { session: String, why: LoginNeeded },
    /// A token is only sent to where it came from (rule 12).
    #[error("the login of session `{session}` belongs to {issuer}, not to {asked}{}", .asked.by_setting())]
    ForeignEndpoint { session: String, issuer: Origin, asked: Origin },
    #[error("session `{session}` has no `account_access`, so it has no IAM roles")]
    NoAccountAccess { session: String },
    /// A token is only used for the tenant that the login was made for (rule 12).
    #[error("the login of session `{session}` is for the tenant `{issuer}`, not for `{asked}`")]
    OtherTenant { session: String, issuer: String, asked: String },
    #[error("the login was denied")]
    Denied { reason: Option<String> },
    #[error("the login was not approved in time")]
    CodeExpired,
    /// The code was valid when it was issued; something went wrong in the browser, or someone else has used it.
    #[error("the code is no longer valid (invalid_grant)")]
    CodeRefused,
    /// The browser opened the AWS page and did not return, or never opened it.
    #[error("the browser did not return from the login within {} min", .after.as_secs() / 60)]
    NotBack { after: Duration },
    /// The browser returned without a code (RFC 6749 section 4.1.2.1).
    #[error("AWS ended the login with `{error}`")]
    NoCode { error: String, description: Option<String> },
    #[error(transparent)]
    NoPort(#[from] NoPort),
    #[error("the item of session `{session}` in the {store} is {what}")]
    BadRecord { session: String, store: StoreKind, what: record::RecordError },
    #[error("the {store} did not keep what was written to it")]
    StoreForgets { store: StoreKind },
    /// Another process moved the tokens between opening the store and reading it.
    #[error("the tokens of session `{session}` were just moved to the {to}")]
    Moved { session: String, to: StoreKind },
    #[error("no token store is available")]
    NoStore { tried: Vec<String> },
    /// The page could be anyone's, so no one should sign in there.
    #[error("the login page `{page}` is not an AWS page")]
    StrangePage { page: String, why: PageFault },
    /// The start URL leads to an instance other than that of the first login.
    #[error("the portal of session `{session}` changed from `{pinned}` to `{found}`")]
    PortalChanged { session: String, pinned: Instance, found: Instance },
    #[error("the saved portal pin for session `{session}` is damaged")]
    BadPin { session: String },
    #[error(transparent)]
    StartUrl(#[from] StartUrlError),
    /// AWS lists accounts, but for none of them what the user has there.
    #[error("AWS did not list what you have in account {account_id}{}: {error}", and_others(*.others))]
    NothingListed { account_id: String, others: usize, error: ServiceError },
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    State(#[from] StateError),
}

fn and_others(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " and one more".to_owned(),
        others => format!(" and {others} more"),
    }
}

impl SessionError {
    /// Returns whether a refresh that failed this way leaves no usable login.
    ///
    /// Either the service has ended the login, or what was read is no longer the current one.
    fn ends_the_login(&self) -> bool {
        match self {
            Self::LoginNeeded { why, .. } => {
                !matches!(why, LoginNeeded::NotRefreshable | LoginNeeded::RegistrationExpired)
            }
            Self::Moved { .. } | Self::ForeignEndpoint { .. } | Self::BadRecord { .. } => true,
            _ => false,
        }
    }
}
