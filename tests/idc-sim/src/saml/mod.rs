//! Identity Center as a SAML 2.0 service provider: metadata out, the identity provider's metadata in, requests out,
//! responses in.
//!
//! `metadata` is what an administrator carries between the two sides, `request` sends the browser away, `acs` takes it
//! back: `response` reads and verifies a message, `rules` holds it against what Identity Center wants, and `refusal`
//! names what was wrong. `trail` is what an administrator finds in CloudTrail afterwards.

pub(crate) mod acs;
pub(crate) mod metadata;
mod place;
mod refusal;
pub(crate) mod request;
mod response;
mod rules;
pub(crate) mod trail;
mod xml;

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
