//! Takes the steps, each by itself: one that fails does not keep the others from being taken.

use serde::Serialize;

use super::{Offboarder, Person, Step, StepAction};
use crate::platform::unrecorded::Unrecorded;
use crate::ports::keycloak::{Keycloak, KeycloakError};
use crate::sync::apply::{Action, Audit, AuditEntry};
use crate::sync::call::{CallError, Calls};
use crate::sync::plan::ObjectKind;
use crate::sync::target::{Directory, Receipt, Sides};

/// What the steps are taken with.
pub(crate) struct Applier<'a> {
    pub(crate) with: &'a Offboarder<'a>,
    pub(crate) audit: &'a dyn Audit,
    /// Who runs the command, for the audit file.
    pub(crate) actor: &'a str,
}

/// A step, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StepResult {
    #[serde(flatten)]
    pub(crate) step: Step,
    /// Why it failed; null if it is done.
    pub(crate) error: Option<String>,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("somebody else changed it meanwhile")]
    Changed,
    #[error("the SCIM endpoint belongs to another Identity Center: `{}` has no such object of `{}`", .0.written, .0.read)]
    Elsewhere(Sides),
    #[error("the audit file cannot be written: {0}")]
    Audit(String),
}

impl Applier<'_> {
    /// Takes the steps in their order.
    pub(crate) fn apply(&self, person: &Person, steps: &[Step]) -> Vec<StepResult> {
        let mut broken_audit = None;
        let mut results = Vec::new();
        for step in steps {
            let result = match &broken_audit {
                Some(why) => Err(StepError::Audit(String::clone(why))),
                None => self.take(person, step),
            };
            if let Err(StepError::Audit(why)) = &result {
                broken_audit = Some(why.clone());
            }
            let error = result.err().map(|error| super::search::in_full(&error));
            results.push(StepResult { step: step.clone(), error });
        }
        results
    }

    fn take(&self, person: &Person, step: &Step) -> Result<(), StepError> {
        match step.action {
            StepAction::DisableInKeycloak => {
                self.in_realm(step, |keycloak| keycloak.set_user_enabled(&step.id, false))
            }
            StepAction::EndSessions => self.in_realm(step, |keycloak| keycloak.log_out_user(&step.id)),
            StepAction::Deactivate => self.in_directory(
                step,
                &[],
                |directory| {
                    let found = self.with.directory_calls.ask(|| directory.user(&step.id))?;
                    Ok(found.map(|user| user.external_id))
                },
                |directory| directory.set_active(&step.id, false),
            ),
            StepAction::LeaveGroup => {
                let Some(user) = person.directory.found() else { return Ok(()) };
                self.in_directory(
                    step,
                    &[&user.user_name],
                    |directory| {
                        let found = self.with.directory_calls.ask(|| directory.group(&step.id))?;
                        Ok(found.map(|group| group.external_id))
                    },
                    |directory| directory.remove_members(&step.id, &[&user.id]),
                )
            }
        }
    }

    fn in_realm(
        &self,
        step: &Step,
        call: impl Fn(&dyn Keycloak) -> Result<(), KeycloakError>,
    ) -> Result<(), StepError> {
        let Ok(keycloak) = self.with.keycloak else { return Ok(()) };
        self.write(step, &[], self.with.realm_calls, || match call(keycloak) {
            Ok(()) => Ok(Receipt::default()),
            // The user was deleted meanwhile.
            Err(error) if error.is_no_such_user() => Ok(Receipt::default()),
            Err(error) => Err(error.into()),
        })
    }

    /// Writes to an object of Identity Center that is still there and has the owner that was read.
    fn in_directory(
        &self,
        step: &Step,
        members: &[&str],
        owner: impl Fn(&dyn Directory) -> Result<Option<Option<String>>, CallError>,
        call: impl Fn(&dyn Directory) -> Result<Receipt, CallError>,
    ) -> Result<(), StepError> {
        let Ok(directory) = self.with.directory else { return Ok(()) };
        let expected = step.external_id.as_ref().map(ToString::to_string);
        match owner(directory)? {
            None => Ok(()),
            Some(owner) if owner == expected => {
                let (kind, id) = (step.action.kind(), &step.id);
                if !self.with.directory_calls.ask(|| directory.is_writable(kind, id))? {
                    return Err(StepError::Elsewhere(directory.sides()));
                }
                self.write(step, members, self.with.directory_calls, || call(directory))
            }
            Some(_) => Err(StepError::Changed),
        }
    }

    /// Sends a request that changes something, and records it.
    fn write(
        &self,
        step: &Step,
        members: &[&str],
        calls: &Calls<'_>,
        call: impl Fn() -> Result<Receipt, CallError>,
    ) -> Result<(), StepError> {
        let unrecorded = Unrecorded::default();
        let result = calls.ask(|| unrecorded.send(&call));
        let entry = AuditEntry {
            at: calls.clock().now(),
            actor: self.actor,
            action: step.action.audited(),
            kind: step.action.kind(),
            id: Some(&step.id),
            name: &step.name,
            external_id: step.external_id.clone(),
            members: members.to_vec(),
            request_id: result.as_ref().ok().and_then(|receipt| receipt.request_id.as_deref()),
            error: result.as_ref().err().map(CallError::in_full),
        };
        let recorded = self.audit.record(&entry);
        drop(unrecorded);
        result?;
        recorded.map_err(|error| StepError::Audit(error.to_string()))
    }
}

impl StepAction {
    fn audited(self) -> Action {
        match self {
            Self::DisableInKeycloak => Action::DisableInKeycloak,
            Self::EndSessions => Action::EndSessions,
            Self::Deactivate => Action::Deactivate,
            Self::LeaveGroup => Action::RemoveMembers,
        }
    }

    fn kind(self) -> ObjectKind {
        match self {
            Self::DisableInKeycloak | Self::EndSessions | Self::Deactivate => ObjectKind::User,
            Self::LeaveGroup => ObjectKind::Group,
        }
    }
}
