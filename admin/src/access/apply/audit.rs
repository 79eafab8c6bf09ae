//! A record of every write: who, when, what, and the ID by which AWS knows the operation.

use std::io::{Result, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sync::apply::JsonLines;

/// Keeps the records. After an error nothing more is written to Identity Center.
pub(crate) trait AccessAudit: Send + Sync {
    fn record(&self, entry: &AccessRecord<'_>) -> Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccessAction {
    CreatePermissionSet,
    ChangePermissionSet,
    DeletePermissionSet,
    Assign,
    Unassign,
    Provision,
    CreateEntitlement,
    DeleteEntitlement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AccessRecord<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: &'a str,
    pub(crate) action: AccessAction,
    /// What is done, for people.
    pub(crate) what: &'a str,
    /// ARN of the permission set.
    pub(crate) permission_set_arn: Option<&'a str>,
    /// ARN of an IAM role that account access manager assigns.
    pub(crate) role_arn: Option<&'a str>,
    pub(crate) account_id: Option<&'a str>,
    /// AWS's ID of the request, or of the operation that it started.
    pub(crate) request_id: Option<&'a str>,
    /// Set if it failed.
    pub(crate) error: Option<&'a str>,
}

impl<W: Write + Send> AccessAudit for JsonLines<W> {
    fn record(&self, entry: &AccessRecord<'_>) -> Result<()> {
        self.line(entry)
    }
}
