//! The commands for the realm: the program against a real Keycloak.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

mod fixture;
mod test_client;
mod test_metadata;
mod test_source;
