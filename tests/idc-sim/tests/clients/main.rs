//! Clients that know nothing of kcaws, at the simulator: what they accept, AWS may well be.
//!
//! Where one of them and the simulator disagree, the client is right.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod account_access;
mod account_access_admin;
mod admin;
mod debian_cli;
mod env;
mod identity_store;
mod recent_cli;
mod scim;
mod sdks;
mod sso_util;
