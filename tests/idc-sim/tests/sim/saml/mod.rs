//! Signing in by an external SAML identity provider.

mod idp;
mod sign_in;
