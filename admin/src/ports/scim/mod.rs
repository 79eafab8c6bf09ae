//! The port to Identity Center's SCIM endpoint, in AWS's dialect (IAM Identity Center SCIM developer guide).

mod error;
mod http;

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::error::ScimError;
pub(crate) use self::http::HttpScim;

/// Threads share it. Nothing is repeated here: the caller paces its requests.
pub(crate) trait Scim: Send + Sync {
    /// Asks for the endpoint's own description, which proves that endpoint and token belong together.
    fn check(&self) -> Result<(), ScimError>;

    /// Returns the address of the endpoint.
    fn endpoint(&self) -> &str;

    /// Returns whether the endpoint has a resource of this id.
    fn has(&self, kind: ScimKind, id: &str) -> Result<bool, ScimError>;

    /// Returns the id of the resource with this value of a unique attribute, such as `userName` or `externalId`.
    fn find(&self, kind: ScimKind, attribute: &str, value: &str) -> Result<Option<String>, ScimError>;

    /// Creates a resource and returns its id. A group may name members: [`ScimError::NotFound`] is about one of them.
    fn create(&self, kind: ScimKind, resource: &Value) -> Result<ScimCreated, ScimError>;

    /// Changes what the operations name, and nothing else.
    fn patch(
        &self,
        kind: ScimKind,
        id: &str,
        operations: &[PatchOperation],
    ) -> Result<ScimReceipt, ScimError>;

    fn delete(&self, kind: ScimKind, id: &str) -> Result<ScimReceipt, ScimError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScimKind {
    User,
    Group,
}

/// One operation of a PATCH (RFC 7644 section 3.5.2).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PatchOperation {
    pub(crate) op: PatchKind,
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PatchKind {
    Add,
    Replace,
    Remove,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScimReceipt {
    pub(crate) request_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScimCreated {
    pub(crate) id: String,
    pub(crate) receipt: ScimReceipt,
}
