//! What has no port of its own.

pub(crate) mod audit_file;
pub(crate) mod output_file;
pub(crate) mod rest;
pub(crate) mod signed_requests;
pub(crate) mod unrecorded;
