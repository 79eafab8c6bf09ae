//! The simulator, seen from outside: by a small HTTP client, over both ways in.

#![allow(clippy::disallowed_methods, reason = "test code")]

mod account_access;
mod admin;
mod assume_role;
mod bindings;
mod client;
mod clock;
mod console;
mod control;
mod device;
mod directory;
mod errors;
mod faults;
mod identity;
mod identity_store;
mod log;
mod pages;
mod people;
mod pkce;
mod portal;
mod program;
mod proxy;
mod refresh;
mod registration;
mod saml;
mod scim;
mod secrets;
