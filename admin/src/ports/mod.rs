//! Everything outside the process that only administrators need. Each port is a trait with a real and a fake form.

pub(crate) mod account_access;
pub(crate) mod aws_call;
pub(crate) mod iam;
pub(crate) mod identity_store;
pub(crate) mod keycloak;
pub(crate) mod organizations;
pub(crate) mod scim;
pub(crate) mod sso_admin;
#[cfg(all(test, unix))]
pub(crate) mod testing;
