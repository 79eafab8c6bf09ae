//! The result of a check, and how it is shown.

use serde::Serialize;

use crate::cli::ui::{Colour, Ui};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Ok,
    Warning,
    Error,
}

#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Name of the check; filled in by the table.
    pub(super) name: &'static str,
    pub(super) state: State,
    /// What was checked: a session, a profile, a file, a host.
    pub(super) subject: String,
    pub(super) reason: String,
    /// What to do about it; null if nothing is wrong.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: "", state: State::Ok, subject: subject.into(), reason: reason.into(), fix: None }
    }

    pub(super) fn warning(
        subject: impl Into<String>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { state: State::Warning, fix: Some(fix.into()), ..Self::ok(subject, reason) }
    }

    pub(super) fn error(
        subject: impl Into<String>,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { state: State::Error, ..Self::warning(subject, reason, fix) }
    }

    pub(super) fn print(&self, ui: &mut Ui) {
        let (sign, colour) = match self.state {
            State::Ok => ("ok   ", Colour::Green),
            State::Warning => ("warn ", Colour::Yellow),
            State::Error => ("error", Colour::Red),
        };
        let what = if self.subject.is_empty() {
            self.name.to_owned()
        } else {
            format!("{} ({})", self.name, self.subject)
        };
        ui.marked(sign, colour, &format!("{what}: {}", self.reason));
        if let Some(fix) = &self.fix {
            ui.marked("     ", colour, &format!("\u{2192} {fix}"));
        }
    }
}
