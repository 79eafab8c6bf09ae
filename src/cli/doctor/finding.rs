//! The result of a check, and how it is shown.

use serde::Serialize;

use crate::cli::ui::{Colour, Ui};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    Warning,
    Error,
}

#[derive(Debug, Serialize)]
pub struct Finding {
    /// Name of the check; filled in by the table.
    pub name: &'static str,
    pub state: State,
    /// What was checked: a session, a profile, a file, a host.
    pub subject: String,
    pub reason: String,
    /// What to do about it; null if nothing is wrong.
    pub fix: Option<String>,
}

impl Finding {
    pub fn ok(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: "", state: State::Ok, subject: subject.into(), reason: reason.into(), fix: None }
    }

    pub fn warning(subject: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Warning, fix: Some(fix.into()), ..Self::ok(subject, reason) }
    }

    pub fn error(subject: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Error, ..Self::warning(subject, reason, fix) }
    }

    pub fn print(&self, ui: &mut Ui) {
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
