//! Creations that are refused because there is such an object already.

use super::outcome::{FailureReason, StepError, Subject};
use super::{Action, Run, WriteError};
use crate::sync::call::CallError;
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::plan::ObjectKind;
use crate::sync::target::{Created, Receipt};

impl Run<'_> {
    /// Returns the ID of the object if an earlier try, whose answer was lost, created it; else the failure.
    pub(super) fn created_before(
        &self,
        subject: &Subject<'_>,
        external_id: &ExternalId,
        conflict: &CallError,
    ) -> Result<String, StepError> {
        let (directory, error) = (self.with.directory, subject.error(Action::Create));
        let ours = self.read(|| match subject.kind {
            ObjectKind::User => directory.user_by_external_id(external_id),
            ObjectKind::Group => directory.group_by_external_id(external_id),
        });
        if let Some(ours) = ours.map_err(&error)? {
            self.prove_by(subject.kind, &ours).map_err(&error)?;
            self.note_created(subject.id_in_realm, ours.clone());
            return Ok(ours);
        }
        let other = self.read(|| match subject.kind {
            ObjectKind::User => directory.user_by_name(subject.name),
            ObjectKind::Group => directory.group_by_name(subject.name),
        });
        let reason = match other.map_err(&error)? {
            Some(id) => {
                self.prove_by(subject.kind, &id).map_err(&error)?;
                self.taken_by(subject.kind, id).map_err(&error)?
            }
            None => FailureReason::Conflict { message: conflict.in_full() },
        };
        Err(subject.failed(Action::Create, reason))
    }

    /// Returns why a name is not free.
    fn taken_by(&self, kind: ObjectKind, id: String) -> Result<FailureReason, WriteError> {
        let directory = self.with.directory;
        let holder = match kind {
            ObjectKind::User => self
                .read(|| directory.user(&id))?
                .map(|user| (user.external_id, user.record.user_name().to_owned())),
            ObjectKind::Group => {
                self.read(|| directory.group(&id))?.map(|group| (group.external_id, group.name))
            }
        };
        Ok(match holder {
            Some((owner, name))
                if matches!(Owner::of(owner.as_deref(), &self.plan.realm), Owner::ThisRealm(_)) =>
            {
                FailureReason::NotGivenUp { id, name }
            }
            _ => FailureReason::ForeignObject { id },
        })
    }

    /// Records a creation whose answer was lost.
    pub(super) fn record_created(&self, subject: &Subject<'_>, id: &str, members: &[&str]) {
        let created = Created { id: id.to_owned(), receipt: Receipt::default() };
        self.record(Action::Create, subject, members, Ok(&created));
    }
}
