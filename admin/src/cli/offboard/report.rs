//! What was found, what was done, and what is left, as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::deny_file::{DenyFile, DenyFileState};
use crate::offboard::clocks::Clocks;
use crate::offboard::deny_policy::statement;
use crate::offboard::{DirectoryAccount, Leftover, Person, RealmAccount, Side, Step, StepResult};

pub(super) struct Report<'a> {
    pub(super) user: &'a str,
    pub(super) person: &'a Person,
    pub(super) steps: &'a [Step],
    /// `None` if nothing was to be applied.
    pub(super) results: Option<&'a [StepResult]>,
    pub(super) left: &'a [Leftover],
    pub(super) denied_user: Option<&'a str>,
    pub(super) policy: Option<&'a DenyFile>,
    pub(super) region: &'a str,
    pub(super) now: DateTime<Utc>,
}

#[derive(Serialize)]
pub(super) struct JsonReport<'a> {
    schema: u32,
    user: &'a str,
    applied: bool,
    keycloak: &'a Side<RealmAccount>,
    identity_center: &'a Side<DirectoryAccount>,
    steps: Vec<JsonStep<'a>>,
    left: &'a [Leftover],
    clocks: Option<Clocks>,
    deny_statement: Option<Value>,
    deny_policy: Option<JsonPolicy>,
    console_url: String,
}

#[derive(Serialize)]
struct JsonStep<'a> {
    #[serde(flatten)]
    step: &'a Step,
    state: StepState,
    error: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum StepState {
    Planned,
    Done,
    Failed,
}

#[derive(Serialize)]
struct JsonPolicy {
    path: String,
    state: DenyFileState,
}

impl<'a> Report<'a> {
    pub(super) fn clocks(&self) -> Option<Clocks> {
        Clocks::at(self.now, self.person)
    }

    pub(super) fn deny_statement(&self) -> Option<Value> {
        self.denied_user.map(statement)
    }

    /// Returns the page of the console with the users, whose sessions AWS ends nowhere else.
    pub(super) fn console_url(&self) -> String {
        let region = self.region;
        format!("https://{region}.console.aws.amazon.com/singlesignon/home?region={region}#/users")
    }

    pub(super) fn json(&self) -> JsonReport<'a> {
        let steps = match self.results {
            None => self
                .steps
                .iter()
                .map(|step| JsonStep { step, state: StepState::Planned, error: None })
                .collect(),
            Some(results) => results.iter().map(JsonStep::of).collect(),
        };
        let policy =
            |file: &DenyFile| JsonPolicy { path: file.path.display().to_string(), state: file.state };
        JsonReport {
            schema: 1,
            user: self.user,
            applied: self.results.is_some(),
            keycloak: &self.person.realm,
            identity_center: &self.person.directory,
            steps,
            left: self.left,
            clocks: self.clocks(),
            deny_statement: self.deny_statement(),
            deny_policy: self.policy.map(policy),
            console_url: self.console_url(),
        }
    }
}

impl<'a> JsonStep<'a> {
    fn of(result: &'a StepResult) -> Self {
        let state = if result.error.is_none() { StepState::Done } else { StepState::Failed };
        Self { step: &result.step, state, error: result.error.as_deref() }
    }
}
