//! A record of every write: who, when, what, and the id by which AWS knows the request.

use std::io::{Result, Write};
use std::sync::atomic::{AtomicBool, Ordering};
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
pub(crate) struct JsonLines<W>(Mutex<W>, AtomicBool);

/// The first record of a run.
#[derive(Serialize)]
struct Start<'a> {
    at: DateTime<Utc>,
    actor: &'a str,
    action: &'static str,
}

impl<W: Write + Send> JsonLines<W> {
    pub(crate) fn new(into: W) -> Self {
        Self(Mutex::new(into), AtomicBool::new(false))
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// Records that writes begin.
    pub(crate) fn start(&self, at: DateTime<Utc>, actor: &str) -> Result<()> {
        self.line(&Start { at, actor, action: "start" })
    }

    /// Writes a record of any kind.
    pub(crate) fn line(&self, entry: &impl Serialize) -> Result<()> {
        let mut line = Vec::new();
        let mut into = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What was written of an earlier record is a line by itself.
        if self.1.load(Ordering::Relaxed) {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        // One write a line, so that two runs may share a file that is open for appending.
        let written = into.write_all(&line).and_then(|()| into.flush());
        self.1.store(written.is_err(), Ordering::Relaxed);
        written
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

    /// Takes half of the second write.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.1 += 1;
            match self.1 {
                2 => self.0.write(&bytes[..bytes.len() / 2]),
                3 => Err(std::io::ErrorKind::StorageFull.into()),
                _ => self.0.write(bytes),
            }
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_record_after_one_that_was_torn_is_a_line_of_its_own() {
        let lines = JsonLines::new(Full(Vec::new(), 0));
        lines.start(DateTime::UNIX_EPOCH, "alice").expect("there is room");
        lines.start(DateTime::UNIX_EPOCH, "bob").expect_err("the disk is full");
        lines.start(DateTime::UNIX_EPOCH, "carol").expect("there is room again");
        let Full(text, _) = lines.0.into_inner().expect("a lock");
        let text = String::from_utf8(text).expect("UTF-8");
        let whole = |actor: &str| {
            format!("{{\"at\":\"1970-01-01T00:00:00Z\",\"actor\":\"{actor}\",\"action\":\"start\"}}")
        };
        let [first, torn, last] = &text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert_eq!((*first, *last), (&*whole("alice"), &*whole("carol")));
        assert!(whole("bob").starts_with(torn) && !torn.is_empty(), "{torn}");
    }

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
