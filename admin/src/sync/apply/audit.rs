//! A record of every write: who, when, what, and the id by which AWS knows the request.

use std::io::{Result, Write};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::sync::owner::ExternalId;
use crate::sync::plan::ObjectKind;

/// Keeps the records. After an error nothing more is written.
pub(crate) trait Audit: Send + Sync {
    fn record(&self, entry: &AuditEntry<'_>) -> Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Create,
    Update,
    Rename,
    Activate,
    Deactivate,
    AddMembers,
    RemoveMembers,
    Delete,
    /// Of a user in Keycloak.
    DisableInKeycloak,
    /// Of a user in Keycloak.
    EndSessions,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AuditEntry<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: &'a str,
    pub(crate) action: Action,
    pub(crate) kind: ObjectKind,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) external_id: Option<ExternalId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    /// Set if the write failed.
    pub(crate) error: Option<String>,
}

/// Records as lines of JSON.
pub(crate) struct JsonLines<W>(Mutex<W>);

impl<W: Write + Send> JsonLines<W> {
    pub(crate) fn new(into: W) -> Self {
        Self(Mutex::new(into))
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes a record of any kind.
    pub(crate) fn line(&self, entry: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut into = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that two runs may share a file that is open for appending.
        into.write_all(&line)?;
        into.flush()
    }
}

impl<W: Write + Send> Audit for JsonLines<W> {
    fn record(&self, entry: &AuditEntry<'_>) -> Result<()> {
        self.line(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_whatever_the_name() {
        let lines = JsonLines::new(Vec::new());
        let entry = AuditEntry {
            at: DateTime::UNIX_EPOCH,
            actor: "alice",
            action: Action::AddMembers,
            kind: ObjectKind::Group,
            id: Some("g-1"),
            name: "Dev\nOps",
            external_id: ExternalId::new("r", "g").ok(),
            members: vec!["bob@example.com"],
            request_id: Some("req-1"),
            error: None,
        };
        lines.record(&entry).expect("memory takes everything");
        let text = String::from_utf8(lines.0.into_inner().expect("a lock")).expect("UTF-8");
        assert_eq!(
            text,
            "{\"at\":\"1970-01-01T00:00:00Z\",\"actor\":\"alice\",\"action\":\"add_members\",\"kind\":\"group\",\
             \"id\":\"g-1\",\"name\":\"Dev\\nOps\",\"external_id\":\"kc:r:g\",\"members\":[\"bob@example.com\"],\
             \"request_id\":\"req-1\",\"error\":null}\n"
        );
    }
}
