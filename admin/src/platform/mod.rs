//! What has no port of its own.

pub(crate) mod rest;
pub(crate) mod signed_requests;
