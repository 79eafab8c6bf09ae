//! The port to Identity Center's SCIM endpoint, in AWS's dialect (IAM Identity Center SCIM developer guide).

mod error;
#[cfg(test)]
pub(crate) mod fake;
mod http;

pub(crate) use self::error::ScimError;
pub(crate) use self::http::HttpScim;

/// Threads share it.
pub(crate) trait Scim: Send + Sync {
    /// Asks for the endpoint's own description, which proves that endpoint and token belong together.
    fn check(&self) -> Result<(), ScimError>;
}
