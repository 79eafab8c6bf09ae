//! The port to Keycloak: its Admin REST API, as a service account of the realm.

#[cfg(all(test, unix))]
pub(crate) mod contract;
mod data;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod http;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kcaws::ports::clock::Skew;
use serde_json::{Map, Value};

pub(crate) use data::{
    ClientScope, EventsConfig, KeycloakClient, KeycloakGroup, KeycloakUser, LoginEvent, ProtocolMapper,
    RealmSettings, ScopeKind, UserDetail, UserSession,
};
pub(crate) use error::{KeycloakError, KeycloakObject, Right};
#[cfg(test)]
pub(crate) use fake::FakeKeycloak;
pub(crate) use http::{HttpKeycloak, ServiceAccount};

/// How many groups below another one are read with one request.
///
/// Keycloak's own default is 10: with 500 groups that would be fifty requests in place of five.
pub(crate) const CHILDREN_PAGE: usize = 100;

type Result<T> = std::result::Result<T, KeycloakError>;

/// One realm. Threads share it.
pub(crate) trait Keycloak: Send + Sync {
    /// Returns the realm's settings; needs `view-realm`.
    fn realm(&self) -> Result<RealmSettings>;

    /// Returns the version of the server, if the service account is allowed to see it.
    fn server_version(&self) -> Result<Option<String>>;

    /// Returns the rights that the service account's token names; `None` if its tokens do not contain roles.
    fn granted_rights(&self) -> Result<Option<BTreeSet<Right>>>;

    /// Returns how far the server's clock is ahead, by the token that it issued; `None` if its tokens do not say.
    fn clock_skew(&self) -> Result<Option<Skew>>;

    /// Returns whether the service account sees the users that are counted.
    ///
    /// `query-users` alone lets it ask, and shows nobody.
    fn sees_users(&self) -> Result<bool>;

    /// Returns the URL of the realm, as the server itself writes it.
    fn issuer(&self) -> Result<String>;

    /// Returns the realm's SAML metadata, which is public.
    fn descriptor(&self) -> Result<String>;

    /// Returns how many users there are, without service accounts.
    ///
    /// The count is right even if the service account is not allowed to see any of them.
    fn user_count(&self) -> Result<usize>;

    /// Passes on all users, read with one request; returns how many there were.
    fn users(&self, detail: UserDetail, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize>;

    /// Returns the user with an ID; `None` if Keycloak reports that there is none.
    fn user(&self, id: &str) -> Result<Option<KeycloakUser>>;

    /// Returns the user with exactly this name.
    fn user_by_name(&self, username: &str) -> Result<Option<KeycloakUser>>;

    /// Returns the users with exactly this e-mail address; a realm may allow several.
    fn users_by_email(&self, email: &str) -> Result<Vec<KeycloakUser>>;

    /// Returns the groups that a user is a direct member of.
    fn user_groups(&self, id: &str) -> Result<Vec<KeycloakGroup>>;

    /// Returns how many groups there are, on all levels.
    fn group_count(&self) -> Result<usize>;

    /// Returns the groups that are below no other.
    fn top_groups(&self) -> Result<Vec<KeycloakGroup>>;

    /// Returns at most [`CHILDREN_PAGE`] of the groups directly below another, from the one at `first` on.
    fn child_groups(&self, id: &str, first: usize) -> Result<Vec<KeycloakGroup>>;

    /// Passes on the direct members of a group, read with one request; returns how many there were.
    fn members(&self, id: &str, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize>;

    /// Enables or disables a user; needs `manage-users`.
    fn set_user_enabled(&self, id: &str, enabled: bool) -> Result<()>;

    /// Ends all sessions of a user; needs `manage-users`.
    fn log_out_user(&self, id: &str) -> Result<()>;

    /// Returns the sessions of a user.
    fn user_sessions(&self, id: &str) -> Result<Vec<UserSession>>;

    /// Returns the client with exactly this client ID.
    fn client(&self, client_id: &str) -> Result<Option<KeycloakClient>>;

    /// Creates a client and returns its internal ID.
    fn create_client(&self, client: &Map<String, Value>) -> Result<String>;

    /// Changes the members that are given, and attributes one by one; `null` or an empty text removes an attribute.
    fn update_client(&self, id: &str, changes: &Map<String, Value>) -> Result<()>;

    /// Returns the client scopes that a client has.
    fn client_scopes(&self, id: &str, kind: ScopeKind) -> Result<Vec<ClientScope>>;

    fn remove_client_scope(&self, id: &str, kind: ScopeKind, scope: &str) -> Result<()>;

    fn create_mapper(&self, id: &str, mapper: &ProtocolMapper) -> Result<()>;

    /// Replaces a mapper of that internal ID.
    fn update_mapper(&self, id: &str, mapper_id: &str, mapper: &ProtocolMapper) -> Result<()>;

    fn remove_mapper(&self, id: &str, mapper_id: &str) -> Result<()>;

    /// Returns the SAML response that a client would get for a user, unsigned.
    ///
    /// Keycloak has this since 26.7; before that, [`KeycloakObject::Endpoint`] is not found.
    fn example_saml_response(&self, id: &str, user: &str) -> Result<String>;

    fn events_config(&self) -> Result<EventsConfig>;

    /// Replaces the configuration of events; needs `manage-events`.
    fn set_events_config(&self, config: &EventsConfig) -> Result<()>;

    /// Returns the logins and failed logins since a time, the oldest first.
    fn login_events(&self, since: DateTime<Utc>) -> Result<Vec<LoginEvent>>;
}
