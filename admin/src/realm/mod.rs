//! Keycloak's side of the connection: the SAML client, the realm's metadata, login events and rights.
//!
//! Nothing here knows commands or files; the realm is reached through [`crate::ports::keycloak`].

pub(crate) mod client;
pub(crate) mod idp_metadata;
pub(crate) mod login_events;
pub(crate) mod name_id;
pub(crate) mod rights;
pub(crate) mod service_provider;
