//! Being logged in: the device grant and PKCE, the token record, refresh, logout.
//!
//! Says what is the case; what a person should type about it stands in `cli/error.rs`.

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

/// One session and all it needs of the world.
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
    /// Until when role credentials are asked for again while AWS refuses or has trouble, in the clock's elapsed time;
    /// zero: they are asked for once.
    pub retry_until: Duration,
}

/// Why a person must log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginNeeded {
    NeverLoggedIn,
    /// The access token is old, and the login came without a refresh token.
    NotRefreshable,
    /// The service said `invalid_grant`: the Identity Center session is over, or was ended.
    RefreshRefused,
    /// As above, and that was seen before.
    SessionOver {
        seen_at: DateTime<Utc>,
    },
    /// As above, but a refresh was cut off before its answer could be stored: that lost the token.
    RefreshLost {
        since: DateTime<Utc>,
    },
    RegistrationExpired,
    /// 401 even with a token fresh from a refresh.
    TokenRefused,
}

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("no valid login for session `{session}`")]
    LoginNeeded { session: String, why: LoginNeeded },
    /// Rule 12: a token goes only to where it came from.
    #[error("the login of session `{session}` belongs to {minted}, not to {asked}{}", .asked.by_setting())]
    ForeignEndpoint { session: String, minted: Origin, asked: Origin },
    #[error("the login was denied")]
    Denied { reason: Option<String> },
    #[error("nobody approved the login in time")]
    CodeExpired,
    /// The code was good when it was handed out; the browser leg went wrong or somebody used it.
    #[error("the code is not valid any more (invalid_grant)")]
    CodeRefused,
    /// The browser went to AWS and did not come back, or never went.
    #[error("the browser did not come back from the login within {} min", .after.as_secs() / 60)]
    NotBack { after: Duration },
    /// RFC 6749 section 4.1.2.1: the browser came back without a code.
    #[error("AWS ended the login with `{error}`")]
    NoCode { error: String, description: Option<String> },
    #[error(transparent)]
    NoPort(#[from] NoPort),
    #[error("the item of session `{session}` in the {store} is {what}")]
    BadRecord { session: String, store: StoreKind, what: record::RecordError },
    #[error("the {store} did not keep what was written to it")]
    StoreForgets { store: StoreKind },
    /// Between opening the store and asking it, another process moved the tokens.
    #[error("the tokens of session `{session}` moved to the {to} a moment ago")]
    Moved { session: String, to: StoreKind },
    #[error("no store for tokens is available")]
    NoStore { tried: Vec<String> },
    /// Nobody should sign in there.
    #[error("the login page `{page}` is not a page of AWS")]
    StrangePage { page: String, why: PageFault },
    /// The start URL leads to another instance than at the first login.
    #[error("the portal of session `{session}` changed from `{pinned}` to `{found}`")]
    PortalChanged { session: String, pinned: Instance, found: Instance },
    #[error("the note of whose portal session `{session}` has is damaged")]
    BadPin { session: String },
    #[error(transparent)]
    StartUrl(#[from] StartUrlError),
    /// AWS lists accounts and tells of none what the person has there.
    #[error("AWS does not tell what you have in account {account_id}{}: {error}", and_others(*.others))]
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
    /// A refresh that ended so leaves nothing to go on with: the service said that the login is over, or what was read
    /// is not the login that there is now.
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
