//! Steps about groups and their members.

use std::collections::HashSet;

use super::outcome::{FailureReason, StepError, Subject};
use super::{Action, Attempt, Run, WriteError};
use crate::sync::call::CallError;
use crate::sync::owner::ExternalId;
use crate::sync::plan::{Adoption, Existing, GroupChange, GroupTarget, Member, MemberChange, ObjectKind};
use crate::sync::target::{GroupPatch, MOST_MEMBERS, Page};

/// A member of a group: the user's id, and the user's name for the audit file.
type Resolved<'a> = (String, &'a str);

impl Run<'_> {
    pub(super) fn change_group(&self, change: &GroupChange, attempt: Attempt) -> Result<(), StepError> {
        match change {
            GroupChange::Create { subject, name, members, .. } => {
                let created = self.create_group(subject, name, members);
                created.inspect_err(|_| self.leave_out(self.created(subject), members))
            }
            GroupChange::GiveWay { group, name } => self.update_group(group, name, None, attempt),
            GroupChange::Update { group, name, adoption } => {
                self.update_group(group, name, adoption.as_ref(), attempt)
            }
        }
    }

    fn create_group(&self, id_in_realm: &str, name: &str, members: &[Member]) -> Result<(), StepError> {
        let subject = Subject { kind: ObjectKind::Group, id: None, name, id_in_realm };
        let external_id = self.external_id(&subject, Action::Create)?;
        let members = self.resolve(members);
        let (ids, names) = split(&members);
        let call = || self.with.directory.create_group(&external_id, name, &ids);
        match self.write(Action::Create, &subject, &names, call) {
            Ok(created) => self.note_created(id_in_realm, created.id),
            Err(WriteError::Call(CallError::Conflict { reason })) => {
                let error = subject.error(Action::Create);
                let ours =
                    self.read(|| self.with.directory.group_by_external_id(&external_id)).map_err(&error)?;
                if let Some(ours) = ours {
                    self.note_created(id_in_realm, ours.id.clone());
                    return self.add_missing(&ours.id, &subject, &members);
                }
                let other = self.read(|| self.with.directory.group_by_name(name)).map_err(&error)?;
                let reason = match other {
                    Some(other) => FailureReason::ForeignObject { id: other.id },
                    None => FailureReason::Refused { message: reason },
                };
                return Err(subject.failed(Action::Create, reason));
            }
            Err(other) => return Err(subject.error(Action::Create)(other)),
        }
        Ok(())
    }

    /// Adds members to a group that an earlier try created, as far as they are not in it.
    fn add_missing(
        &self,
        group: &str,
        subject: &Subject<'_>,
        members: &[Resolved<'_>],
    ) -> Result<(), StepError> {
        let mut present = HashSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.read(|| self.with.directory.members(group, cursor.as_deref()));
            let Page { items, next } = page.map_err(subject.error(Action::AddMembers))?;
            present.extend(items);
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        let missing: Vec<Resolved<'_>> =
            members.iter().filter(|(id, _)| !present.contains(id)).cloned().collect();
        self.add_in_parts(group, subject, &missing)
    }

    fn update_group(
        &self,
        group: &Existing,
        name: &str,
        adoption: Option<&Adoption>,
        attempt: Attempt,
    ) -> Result<(), StepError> {
        let subject = Subject {
            kind: ObjectKind::Group,
            id: Some(&group.id),
            name: &group.name,
            id_in_realm: &group.subject,
        };
        let external_id = self.external_id(&subject, Action::Update)?;
        let own = external_id.to_string();
        let found =
            self.read(|| self.with.directory.group(&group.id)).map_err(subject.error(Action::Update))?;
        let Some(found) = found else { return Err(subject.failed(Action::Update, FailureReason::Gone)) };
        let is_own = found.external_id.as_deref() == Some(&own);
        let is_expected = is_own || adoption.is_some_and(|adoption| adoption.previous == found.external_id);
        let is_changed =
            group.revision.is_some() && found.revision.is_some() && group.revision != found.revision;
        if !is_expected || (is_changed && attempt == Attempt::First) {
            return Err(subject.failed(Action::Update, FailureReason::Changed));
        }
        let patch = GroupPatch {
            external_id: adoption.is_some().then_some(&external_id),
            name: (found.name != name).then_some(name),
        };
        let action = if patch.name.is_some() { Action::Rename } else { Action::Update };
        self.write(action, &subject, &[], || self.with.directory.patch_group(&group.id, &patch))
            .map_err(subject.error(action))?;
        if adoption.is_some() {
            self.note_created(&group.subject, group.id.clone());
        }
        Ok(())
    }

    pub(super) fn add(&self, change: &MemberChange) -> Result<(), StepError> {
        let MemberChange { group, members } = change;
        let added = match self.checked_group(group, Action::AddMembers) {
            Ok(Some(id)) => self.add_in_parts(&id, &of_target(group), &self.resolve(members)).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        if !matches!(added, Ok(Some(()))) {
            self.leave_out(group.id.clone().or_else(|| self.created(&group.subject)), members);
        }
        added.map(|_| ())
    }

    fn leave_out(&self, group: Option<String>, members: &[Member]) {
        let mut left_out = self.left_out();
        left_out.groups.extend(group);
        left_out.members.extend(members.iter().map(|member| member.subject.clone()));
    }

    fn add_in_parts(
        &self,
        id: &str,
        subject: &Subject<'_>,
        members: &[Resolved<'_>],
    ) -> Result<(), StepError> {
        for part in members.chunks(MOST_MEMBERS) {
            let (ids, names) = split(part);
            let call = || self.with.directory.add_members(id, &ids);
            self.write(Action::AddMembers, subject, &names, call)
                .map_err(subject.error(Action::AddMembers))?;
        }
        Ok(())
    }

    pub(super) fn remove(&self, change: &MemberChange) -> Result<(), StepError> {
        let Some(id) = self.checked_group(&change.group, Action::RemoveMembers)? else { return Ok(()) };
        let subject = of_target(&change.group);
        let (kept, members): (Vec<Member>, Vec<Member>) = {
            let left_out = self.left_out();
            change.members.iter().cloned().partition(|member| left_out.members.contains(&member.subject))
        };
        for part in self.resolve(&members).chunks(MOST_MEMBERS) {
            let (ids, names) = split(part);
            let call = || self.with.directory.remove_members(&id, &ids);
            self.write(Action::RemoveMembers, &subject, &names, call)
                .map_err(subject.error(Action::RemoveMembers))?;
        }
        if kept.is_empty() {
            return Ok(());
        }
        let members = kept.into_iter().map(|member| member.user_name).collect();
        Err(subject.failed(Action::RemoveMembers, FailureReason::Kept { members }))
    }

    /// Returns the id of a group, which must still be this tool's. `None` if its creation failed.
    fn checked_group(&self, target: &GroupTarget, action: Action) -> Result<Option<String>, StepError> {
        let Some(id) = &target.id else { return Ok(self.created(&target.subject)) };
        let subject = of_target(target);
        let expected = self.external_id(&subject, action)?.to_string();
        let found = self.read(|| self.with.directory.group(id)).map_err(subject.error(action))?;
        match found {
            None => Err(subject.failed(action, FailureReason::Gone)),
            Some(found) if found.external_id.as_deref() == Some(&expected) => Ok(Some(id.clone())),
            Some(_) => Err(subject.failed(action, FailureReason::Changed)),
        }
    }

    fn external_id(&self, subject: &Subject<'_>, action: Action) -> Result<ExternalId, StepError> {
        self.plan
            .external_id(subject.id_in_realm)
            .map_err(|error| subject.failed(action, FailureReason::Refused { message: error.to_string() }))
    }

    /// Returns the members whose users exist by now.
    fn resolve<'m>(&self, members: &'m [Member]) -> Vec<Resolved<'m>> {
        let resolve = |member: &'m Member| {
            let id = member.id.clone().or_else(|| self.created(&member.subject))?;
            Some((id, member.user_name.as_str()))
        };
        let resolved: Vec<_> = members.iter().filter_map(resolve).collect();
        self.outcome().skipped_members += members.len() - resolved.len();
        resolved
    }
}

fn split<'a>(members: &'a [Resolved<'a>]) -> (Vec<&'a str>, Vec<&'a str>) {
    members.iter().map(|(id, name)| (id.as_str(), *name)).unzip()
}

fn of_target(target: &GroupTarget) -> Subject<'_> {
    Subject {
        kind: ObjectKind::Group,
        id: target.id.as_deref(),
        name: &target.name,
        id_in_realm: &target.subject,
    }
}
