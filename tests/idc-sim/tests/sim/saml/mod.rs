//! Signing in by an external SAML identity provider.
//!
//! `idp` plays Keycloak. `sign_in` is what works, `metadata` what an administrator exchanges, `attributes` the rules
//! for access control. `hostile` and `wrapping` are responses that must not work, each of them judged by a second
//! verifier too (`judges`).

mod attributes;
mod hostile;
pub(crate) mod idp;
mod judges;
mod metadata;
mod sign_in;
mod wrapping;
