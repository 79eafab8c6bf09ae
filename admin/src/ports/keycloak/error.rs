//! Why Keycloak did not do what it was asked.

use std::fmt;
use std::time::Duration;

use kcaws::platform::http::Unreached;

/// A role of the realm's client `realm-management`, as a service account gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Right {
    ViewUsers,
    ViewRealm,
    ViewClients,
    ViewEvents,
    ManageClients,
    ManageEvents,
    ManageUsers,
}

impl Right {
    pub(crate) const ALL: [Self; 7] = [
        Self::ViewUsers,
        Self::ViewRealm,
        Self::ViewClients,
        Self::ViewEvents,
        Self::ManageClients,
        Self::ManageEvents,
        Self::ManageUsers,
    ];

    /// Returns the rights that this one contains.
    pub(crate) fn implied(self) -> &'static [Self] {
        match self {
            Self::ManageClients => &[Self::ViewClients],
            Self::ManageUsers => &[Self::ViewUsers],
            Self::ManageEvents => &[Self::ViewEvents],
            Self::ViewUsers | Self::ViewRealm | Self::ViewClients | Self::ViewEvents => &[],
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ViewUsers => "view-users",
            Self::ViewRealm => "view-realm",
            Self::ViewClients => "view-clients",
            Self::ViewEvents => "view-events",
            Self::ManageClients => "manage-clients",
            Self::ManageEvents => "manage-events",
            Self::ManageUsers => "manage-users",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something of a realm that a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeycloakObject {
    User,
    Group,
    Client,
    ClientScope,
    Mapper,
    /// Part of the API that this version of Keycloak does not have.
    Endpoint,
}

impl fmt::Display for KeycloakObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Client => "client",
            Self::ClientScope => "client scope",
            Self::Mapper => "mapper",
            Self::Endpoint => "endpoint",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeycloakError {
    #[error(transparent)]
    Unreachable(#[from] Unreached),
    /// Neither below the URL nor below its `/auth`.
    #[error("no Keycloak answers at {url}: {why}")]
    NotKeycloak { url: String, why: String },
    #[error("there is no realm `{realm}` at {url}")]
    NoRealm { realm: String, url: String },
    /// The client is unknown or has another secret, or it has no service account.
    #[error("Keycloak refused the service account `{client_id}`: {why}")]
    ServiceAccount { client_id: String, why: String },
    /// A new token was refused too.
    #[error("Keycloak does not accept the token that it issued to the service account")]
    TokenRefused,
    #[error("the service account does not have the role `{needs}`")]
    Forbidden { needs: Right },
    #[error("the {object} does not exist: {message}")]
    NotFound { object: KeycloakObject, message: String },
    #[error("it already exists: {message}")]
    Conflict { message: String },
    /// HTTP 429 or 5xx: the same request may succeed later.
    #[error("Keycloak returned an error ({status}): {message}")]
    Unavailable { status: u16, message: String, retry_after: Option<Duration> },
    #[error("Keycloak refused the request ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("Keycloak's response is not understood: {why}")]
    Response { why: String },
}

/// What Keycloak's `UsersResource` reports of a user that does not exist.
pub(crate) const NO_SUCH_USER: &str = "User not found";

impl KeycloakError {
    /// Returns whether Keycloak itself reported that a user does not exist.
    ///
    /// Any other 404 may be that of a proxy, of another path, or about the realm, and must not end anybody's access.
    pub(crate) fn is_no_such_user(&self) -> bool {
        matches!(self, Self::NotFound { object: KeycloakObject::User, message } if message == NO_SUCH_USER)
    }

    /// Returns the right that is missing, if that is the reason.
    pub(crate) fn missing_right(&self) -> Option<Right> {
        match self {
            Self::Forbidden { needs } => Some(*needs),
            _ => None,
        }
    }
}
