//! Steps about users.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::outcome::{FailureReason, StepError, Subject};
use super::{Action, Attempt, Run, Values, WriteError};
use crate::sync::call::CallError;
use crate::sync::plan::{Deactivation, Deletion, Existing, ObjectKind, UserChange, UserUpdate};
use crate::sync::record::{Attribute, Record};
use crate::sync::target::{DirectoryUser, Receipt, UserPatch};

impl Run<'_> {
    pub(super) fn deactivate(&self, leaver: &Deactivation) -> Result<(), StepError> {
        let subject = of_user(&leaver.user);
        let found = self.found_user(&leaver.user, Action::Deactivate, Attempt::First)?;
        if found.active {
            let id = &leaver.user.id;
            let call = || self.with.directory.set_active(id, false);
            self.write_without_name(Action::Deactivate, &subject, &[], call)
                .map_err(subject.error(Action::Deactivate))?;
        }
        Ok(())
    }

    pub(super) fn delete(&self, leaver: &Deletion) -> Result<(), StepError> {
        let subject = of_user(&leaver.user);
        // Leaving the last groups may have changed the revision.
        let found = self.found_user(&leaver.user, Action::Delete, Attempt::Second)?;
        if found.active {
            return Err(subject.failed(Action::Delete, FailureReason::Changed));
        }
        let was_sent = AtomicBool::new(false);
        let call = || match self.with.directory.delete_user(&leaver.user.id) {
            // It was done by an earlier try, whose answer was a failure or was lost.
            Err(CallError::Missing) if was_sent.load(Ordering::Relaxed) => Ok(Receipt::default()),
            other => {
                was_sent.store(true, Ordering::Relaxed);
                other
            }
        };
        match self.write_without_name(Action::Delete, &subject, &[], call) {
            // Somebody else was faster.
            Ok(_) | Err(WriteError::Call(CallError::Missing)) => Ok(()),
            Err(error) => Err(subject.error(Action::Delete)(error)),
        }
    }

    /// Keeps users out of groups whom a change that failed was to activate or to take over.
    pub(super) fn leave_out_users(&self, updates: &[&UserChange], failed: &HashSet<String>) {
        for change in updates {
            let (UserChange::GiveWay(update) | UserChange::Update(update)) = change else { continue };
            if failed.contains(&update.user.id) && (update.activate || update.adoption.is_some()) {
                self.left_out().unusable.insert(update.user.subject.clone());
            }
        }
    }

    pub(super) fn change_user(&self, change: &UserChange, attempt: Attempt) -> Result<(), StepError> {
        match change {
            UserChange::Create { subject, record } => self.create_user(subject, record),
            UserChange::GiveWay(update) => self.update_user(update, attempt, Values::Temporary),
            UserChange::Update(update) => self.update_user(update, attempt, Values::Planned),
        }
    }

    fn create_user(&self, id_in_realm: &str, record: &Record) -> Result<(), StepError> {
        let name = record.user_name();
        let subject = Subject { kind: ObjectKind::User, id: None, name, id_in_realm };
        let external_id = self.plan.external_id(id_in_realm).map_err(|error| {
            subject.failed(Action::Create, FailureReason::Refused { message: error.to_string() })
        })?;
        let call = || self.with.directory.create_user(&external_id, record);
        match self.write(Action::Create, &subject, &[], call) {
            Ok(created) => self.note_created(id_in_realm, created.id),
            Err(WriteError::Call(conflict @ CallError::Conflict { .. })) => {
                let ours = self.created_before(&subject, &external_id, &conflict)?;
                self.record_created(&subject, &ours, &[]);
            }
            Err(other) => return Err(subject.error(Action::Create)(other)),
        }
        Ok(())
    }

    fn update_user(&self, update: &UserUpdate, attempt: Attempt, values: Values) -> Result<(), StepError> {
        let (user, directory) = (&update.user, self.with.directory);
        let subject = of_user(user);
        let write = |action, call: &dyn Fn() -> Result<Receipt, CallError>| {
            self.write_values(values, action, &subject, call).map_err(subject.error(action))
        };
        let adopts = update.adoption.is_some();
        let external_id = self.plan.external_id(&user.subject).map_err(|error| {
            subject.failed(Action::Update, FailureReason::Refused { message: error.to_string() })
        })?;
        match &update.adoption {
            None => drop(self.found_user(user, Action::Update, attempt)?),
            Some(adoption) => {
                let found = self.look_up_user(user, Action::Update, attempt)?;
                let is_adopted = found.external_id.as_deref() == Some(&external_id.to_string());
                if found.external_id != adoption.previous && !is_adopted {
                    return Err(subject.failed(Action::Update, FailureReason::Changed));
                }
            }
        }
        let others = update.values.iter().filter(|value| value.attribute != Attribute::UserName);
        let patch = UserPatch {
            external_id: adopts.then_some(&external_id),
            values: others.map(|value| (value.attribute, value.to.as_deref())).collect(),
        };
        if adopts || !patch.values.is_empty() {
            write(Action::Update, &|| directory.patch_user(&user.id, &patch))?;
        }
        let name = update.values.iter().find(|value| value.attribute == Attribute::UserName);
        if let Some(name) = name.and_then(|name| name.to.as_deref()) {
            write(Action::Rename, &|| directory.rename_user(&user.id, name))?;
        }
        if update.activate {
            self.write_without_name(Action::Activate, &subject, &[], || directory.set_active(&user.id, true))
                .map_err(subject.error(Action::Activate))?;
        }
        Ok(())
    }

    /// Reads a user again, who must still be this tool's.
    fn found_user(
        &self,
        user: &Existing,
        action: Action,
        attempt: Attempt,
    ) -> Result<DirectoryUser, StepError> {
        let found = self.look_up_user(user, action, attempt)?;
        let expected = self.plan.external_id(&user.subject).ok().map(|id| id.to_string());
        if found.external_id == expected {
            Ok(found)
        } else {
            Err(of_user(user).failed(action, FailureReason::Changed))
        }
    }

    fn look_up_user(
        &self,
        user: &Existing,
        action: Action,
        attempt: Attempt,
    ) -> Result<DirectoryUser, StepError> {
        let subject = of_user(user);
        let found = self.read(|| self.with.directory.user(&user.id)).map_err(subject.error(action))?;
        let Some(found) = found else { return Err(subject.failed(action, FailureReason::Gone)) };
        let is_changed =
            user.revision.is_some() && found.revision.is_some() && user.revision != found.revision;
        if is_changed && attempt == Attempt::First {
            return Err(subject.failed(action, FailureReason::Changed));
        }
        Ok(found)
    }
}

fn of_user(user: &Existing) -> Subject<'_> {
    Subject { kind: ObjectKind::User, id: Some(&user.id), name: &user.name, id_in_realm: &user.subject }
}
