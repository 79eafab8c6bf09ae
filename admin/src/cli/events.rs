//! What a command reports while it works: a spinner for people, events for `--log json`. `docs/json-admin.md` has them all.

use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kcaws::cli::log::json::{self, Level};
use kcaws::cli::ui::{ProgressBar, Ui};
use kcaws::ports::clock::Clock;
use serde_json::{Value, json};

use crate::access::apply::{AccessAudit, AccessRecord};
use crate::app::AdminApp;
use crate::realm::client::{ClientAudit, ClientWrite};
use crate::sync::apply::{Audit, AuditEntry};

/// The events of administrators' commands. Four more are the library's: `message`, `error`, `wait`, `detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Started,
    PhaseStarted,
    PhaseFinished,
    Progress,
    Planned,
    Write,
    Failed,
    Blocked,
    Refused,
    Finding,
    Finished,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::PhaseStarted => "phase_started",
            Self::PhaseFinished => "phase_finished",
            Self::Progress => "progress",
            Self::Planned => "planned",
            Self::Write => "write",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
            Self::Finding => "finding",
            Self::Finished => "finished",
        }
    }

    pub(super) fn tell(self, fields: &Value) {
        json::event(Level::Info, self.name(), fields);
    }

    pub(super) fn warn(self, fields: &Value) {
        json::event(Level::Warning, self.name(), fields);
    }
}

/// A part of a command that takes a while. It ends when it is dropped.
pub(super) struct Phase {
    name: &'static str,
    bar: ProgressBar,
    clock: Arc<dyn Clock>,
    began: Duration,
}

impl Phase {
    pub(super) fn start(name: &'static str, text: &str, app: &AdminApp, ui: &Ui) -> Self {
        Event::PhaseStarted.tell(&json!({ "phase": name }));
        let (clock, bar) = (app.clock.clone(), ui.spinner(text));
        Self { name, bar, began: clock.elapsed(), clock }
    }

    /// Shows how far it is. `what` is what the next part is about.
    pub(super) fn progress(&self, text: String, done: usize, total: Option<usize>, what: Option<&str>) {
        self.bar.set_message(text);
        Event::Progress.tell(&json!({ "phase": self.name, "done": done, "total": total, "what": what }));
    }

    /// Shows what is going on, to people.
    pub(super) fn show(&self, text: String) {
        self.bar.set_message(text);
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        let seconds = seconds(self.clock.elapsed().saturating_sub(self.began));
        Event::PhaseFinished.tell(&json!({ "phase": self.name, "seconds": seconds }));
    }
}

/// Returns a time in seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}

/// Records every write, and reports it, also one that the audit file does not take: then it is recorded nowhere else.
pub(super) struct Reported<'a, A> {
    audit: A,
    phase: &'a Phase,
    total: Option<usize>,
    done: AtomicUsize,
}

impl<'a, A> Reported<'a, A> {
    pub(super) fn new(audit: A, phase: &'a Phase, total: Option<usize>) -> Self {
        Self { audit, phase, total, done: AtomicUsize::new(0) }
    }

    fn tell(&self, mut fields: Value, is_error: bool) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        self.phase.show(format!("Applying … {done}{of} writes"));
        fields["phase"] = self.phase.name.into();
        fields["done"] = done.into();
        fields["total"] = self.total.into();
        if is_error { Event::Write.warn(&fields) } else { Event::Write.tell(&fields) }
    }
}

impl<A: Audit> Audit for Reported<'_, A> {
    fn record(&self, entry: &AuditEntry<'_>) -> Result<()> {
        let recorded = self.audit.record(entry);
        let fields = json!({
            "action": entry.action, "kind": entry.kind, "id": entry.id, "name": entry.name,
            "members": entry.members.len(), "request_id": entry.request_id, "why": entry.error,
        });
        self.tell(fields, entry.error.is_some());
        recorded
    }
}

impl<A: AccessAudit> AccessAudit for Reported<'_, A> {
    fn record(&self, entry: &AccessRecord<'_>) -> Result<()> {
        let recorded = self.audit.record(entry);
        let fields = json!({
            "action": entry.action, "kind": "permission_set", "id": entry.permission_set_arn, "name": entry.what,
            "members": 0, "request_id": entry.request_id, "why": entry.error,
        });
        self.tell(fields, entry.error.is_some());
        recorded
    }
}

impl<A: ClientAudit> ClientAudit for Reported<'_, A> {
    fn record(&self, write: &ClientWrite<'_>) -> Result<()> {
        let recorded = self.audit.record(write);
        let fields = json!({
            "action": write.action, "kind": "client", "id": null, "name": write.client_id,
            "members": 0, "request_id": null, "why": write.error,
        });
        self.tell(fields, write.error.is_some());
        recorded
    }
}

#[cfg(test)]
mod tests {
    use kcaws::ports::clock::FakeClock;

    use super::*;
    use crate::realm::client::{ClientAction, Kept};

    #[test]
    fn a_write_that_the_full_audit_file_lacks_is_reported_all_the_same() {
        let clock = Arc::new(FakeClock::at("2026-11-29T08:00:00Z"));
        let phase = Phase { name: "apply", bar: ProgressBar::hidden(), clock, began: Duration::ZERO };
        let reported = Reported::new(Kept { room: 1, ..Kept::default() }, &phase, None);
        let write = ClientWrite {
            action: ClientAction::UpdateClient,
            client_id: "urn:amazon:webservices",
            paths: Vec::new(),
            error: None,
        };
        assert!(ClientAudit::record(&reported, &write).is_ok());
        assert!(ClientAudit::record(&reported, &write).is_err());
        assert_eq!(reported.done.into_inner(), 2);
    }
}
