//! Signing in by an external SAML identity provider.
//!
//! `idp` plays Keycloak. `sign_in` is what works, `metadata` what an administrator exchanges, `attributes` the rules
//! for access control. `corpus`, `weapons` and `wrapping` are responses that must not work, `hostile` tries them, and
//! `judges` has a second opinion of their signatures.

mod attributes;
mod corpus;
mod hostile;
pub(crate) mod idp;
mod judges;
mod metadata;
mod sign_in;
mod weapons;
mod wrapping;
