//! What Keycloak's Admin REST API returns, as far as it is used here.
//!
//! Members that a version does not have yet are absent; unknown ones are ignored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings of a realm that matter to Identity Center.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RealmSettings {
    pub(crate) id: String,
    pub(crate) realm: String,
    /// In seconds. AWS ends a portal session no later.
    pub(crate) sso_session_max_lifespan: i64,
    /// In seconds.
    pub(crate) sso_session_idle_timeout: i64,
    #[serde(default)]
    pub(crate) login_with_email_allowed: bool,
    #[serde(default)]
    pub(crate) duplicate_emails_allowed: bool,
}

/// How much of a user is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserDetail {
    /// Without attributes.
    Brief,
    Full,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeycloakUser {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) email_verified: bool,
    /// Every version sends it, in brief answers too. A missing one must not pass for `false`, which ends access.
    pub(crate) enabled: bool,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    /// The user federation (LDAP, …) that the user comes from.
    pub(crate) federation_link: Option<String>,
    /// Set if the user is the service account of a client. Lists of users leave these out, members of groups do not.
    pub(crate) service_account_client_id: Option<String>,
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeycloakGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Such as `/aws/PowerUser`. A slash in a name is escaped as `~/` by newer versions.
    pub(crate) path: String,
    /// How many groups are directly below; `None` in versions before 23.
    pub(crate) sub_group_count: Option<u64>,
    /// Filled by versions before 23 only.
    #[serde(default)]
    pub(crate) sub_groups: Vec<KeycloakGroup>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserSession {
    pub(crate) id: String,
    pub(crate) ip_address: Option<String>,
    /// In milliseconds since 1970.
    pub(crate) start: Option<i64>,
    /// In milliseconds since 1970.
    pub(crate) last_access: Option<i64>,
    /// Client IDs by the clients' internal IDs.
    #[serde(default)]
    pub(crate) clients: BTreeMap<String, String>,
}

/// A client of a realm: an application that Keycloak logs users in to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeycloakClient {
    /// The internal ID, by which a client is changed.
    pub(crate) id: String,
    /// For SAML, the entity ID of the service provider.
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) protocol: Option<String>,
    #[serde(default)]
    pub(crate) redirect_uris: BTreeSet<String>,
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) protocol_mappers: Vec<ProtocolMapper>,
    #[serde(default)]
    pub(crate) default_client_scopes: BTreeSet<String>,
    #[serde(default)]
    pub(crate) optional_client_scopes: BTreeSet<String>,
    /// All other members, among them those that plans compare.
    #[serde(flatten)]
    pub(crate) other: BTreeMap<String, Value>,
}

/// What a client adds to its assertions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtocolMapper {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) protocol: Option<String>,
    /// The provider, such as `saml-user-attribute-mapper`.
    #[serde(rename = "protocolMapper")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, String>,
}

/// Mappers that several clients share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ClientScope {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Whether a client scope is always used, or when a request asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScopeKind {
    Default,
    Optional,
}

/// Which events a realm records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventsConfig {
    #[serde(default)]
    pub(crate) events_enabled: bool,
    /// An empty list stands for all of them.
    #[serde(default)]
    pub(crate) enabled_event_types: Vec<String>,
    /// Settings that are sent back as they were received.
    #[serde(flatten)]
    pub(crate) other: BTreeMap<String, Value>,
}

/// An event of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginEvent {
    /// In milliseconds since 1970.
    pub(crate) time: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) error: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) ip_address: Option<String>,
    #[serde(default)]
    pub(crate) details: BTreeMap<String, String>,
}
