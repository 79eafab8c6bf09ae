//! The product's promise with real parts: real AWS clients whose only credential source is kcaws, and the tokens
//! in a real gnome-keyring; and people of a real Keycloak who log in with a real Chromium.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

#[path = "../cli/fixture.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod fixture;
mod identity_shapes;
mod moto;
mod test_account_access;
mod test_clients;
mod test_clients_table;
mod test_configure;
mod test_identity;
mod test_keycloak;
mod test_keycloak_ends;
mod test_keyring;
mod test_mfa;
mod test_recipes;
mod test_settings;
mod test_sources;
mod test_systemd;
