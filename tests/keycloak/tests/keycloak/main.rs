//! The kit itself, on a real Keycloak and a real Chromium.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

mod browser;
mod provider;
mod realms;
mod server;
mod sign_in;
