//! Steps about groups and their members.

use std::collections::HashSet;

use super::outcome::{FailureReason, StepError, Subject};
use super::{Action, Attempt, Run, Values, WriteError};
use crate::sync::call::CallError;
use crate::sync::owner::ExternalId;
use crate::sync::plan::{Adoption, Existing, GroupChange, GroupTarget, Member, MemberChange, ObjectKind};
use crate::sync::read_fault::Reading;
use crate::sync::target::{GroupPatch, MOST_MEMBERS, Receipt, read_pages};

/// A member of a group: the user's id, and the user's name for the audit file.
type Resolved<'a> = (String, &'a str);

impl Run<'_> {
    pub(super) fn change_group(&self, change: &GroupChange, attempt: Attempt) -> Result<(), StepError> {
        match change {
            GroupChange::Create { subject, name, members, .. } => {
                let created = self.create_group(subject, name, members);
                created.inspect_err(|error| {
                    if !error.is_about_missing_members() {
                        self.leave_out(self.created(subject), members);
                    }
                })
            }
            GroupChange::GiveWay { group, name } => {
                self.update_group(group, name, None, attempt, Values::Temporary)
            }
            GroupChange::Update { group, name, adoption } => {
                self.update_group(group, name, adoption.as_ref(), attempt, Values::Planned)
            }
        }
    }

    fn create_group(&self, id_in_realm: &str, name: &str, members: &[Member]) -> Result<(), StepError> {
        let subject = Subject { kind: ObjectKind::Group, id: None, name, id_in_realm };
        let external_id = self.external_id(&subject, Action::Create)?;
        let (members, unusable) = self.joining(members);
        let created = self.create_group_of(&external_id, &subject, &members);
        self.leave_out(self.created(id_in_realm), unusable);
        created
    }

    fn create_group_of(
        &self,
        external_id: &ExternalId,
        subject: &Subject<'_>,
        members: &[Resolved<'_>],
    ) -> Result<(), StepError> {
        let (ids, names) = split(members);
        let name = subject.name;
        let call = || self.with.directory.create_group(external_id, name, &ids);
        let error = subject.error(Action::Create);
        match self.write(Action::Create, subject, &names, call) {
            Ok(created) => self.note_created(subject.id_in_realm, created.id),
            Err(WriteError::Call(conflict @ CallError::Conflict { .. })) => {
                let ours = self.created_before(subject, external_id, &conflict)?;
                return self.complete(&ours, subject, members);
            }
            // It is about a member: the group is only being created.
            Err(WriteError::Call(CallError::Missing)) => {
                let (there, gone) = self.still_there(members).map_err(&error)?;
                if gone.is_empty() {
                    let message = CallError::Missing.in_full();
                    return Err(subject.failed(Action::Create, FailureReason::Refused { message }));
                }
                self.create_group_of(external_id, subject, &there)?;
                return Err(missing_members(subject, &gone));
            }
            Err(other) => return Err(error(other)),
        }
        Ok(())
    }

    /// Records the creation of a group by an earlier try, and adds the members that are not in it.
    fn complete(
        &self,
        group: &str,
        subject: &Subject<'_>,
        members: &[Resolved<'_>],
    ) -> Result<(), StepError> {
        let present = self.present(group);
        let is_in_it = |(id, _): &Resolved<'_>| present.as_ref().is_ok_and(|present| present.contains(id));
        let (in_it, missing): (Vec<_>, Vec<_>) = members.iter().cloned().partition(is_in_it);
        self.record_created(subject, group, &split(&in_it).1);
        present.map_err(subject.error(Action::AddMembers))?;
        self.add_in_parts(group, subject, &missing)
    }

    /// Returns the members of a group, by ID in Identity Center.
    fn present(&self, group: &str) -> Result<HashSet<String>, WriteError> {
        if self.is_halted() {
            return Err(WriteError::Halted);
        }
        let mut present = HashSet::new();
        let page = |cursor: Option<&str>| self.with.directory.members(group, cursor);
        let read = read_pages(Reading::DirectoryMembers, self.with.calls, page, |member| {
            present.insert(member);
        });
        self.judge_read(read.map_err(CallError::from))?;
        Ok(present)
    }

    /// Keeps the members of groups that were not changed as planned in the groups in which they are.
    pub(super) fn keep_members_of_unchanged_groups(&self) {
        let groups = std::mem::take(&mut self.left_out().unchanged_groups);
        let mut kept = Some(HashSet::new());
        for group in groups {
            match (self.present(&group), &mut kept) {
                (Ok(members), Some(kept)) => kept.extend(members),
                _ => kept = None,
            }
        }
        self.left_out().of_unchanged_groups = kept;
    }

    fn update_group(
        &self,
        group: &Existing,
        name: &str,
        adoption: Option<&Adoption>,
        attempt: Attempt,
        values: Values,
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
        let call = || self.with.directory.patch_group(&group.id, &patch);
        self.write_values(values, action, &subject, call).map_err(subject.error(action))?;
        if adoption.is_some() {
            self.note_created(&group.subject, group.id.clone());
        }
        Ok(())
    }

    pub(super) fn add(&self, change: &MemberChange) -> Result<(), StepError> {
        let MemberChange { group, members } = change;
        let added = match self.checked_group(group, Action::AddMembers) {
            Ok(Some(id)) => {
                let (joining, unusable) = self.joining(members);
                self.leave_out(Some(id.clone()), unusable);
                self.add_in_parts(&id, &of_target(group), &joining).map(Some)
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let is_done = match &added {
            Ok(added) => added.is_some(),
            Err(error) => error.is_about_missing_members(),
        };
        if !is_done {
            self.leave_out(group.id.clone().or_else(|| self.created(&group.subject)), members);
        }
        added.map(|_| ())
    }

    /// Notes members who are not in their new group.
    fn leave_out<'m>(&self, group: Option<String>, members: impl IntoIterator<Item = &'m Member>) {
        let mut members = members.into_iter().map(|member| member.subject.clone()).peekable();
        if members.peek().is_some() {
            let mut left_out = self.left_out();
            left_out.groups.extend(group);
            left_out.members.extend(members);
        }
    }

    fn add_in_parts(
        &self,
        id: &str,
        subject: &Subject<'_>,
        members: &[Resolved<'_>],
    ) -> Result<(), StepError> {
        let add = |ids: &[&str]| self.with.directory.add_members(id, ids);
        let gone = self.write_in_parts(Action::AddMembers, id, subject, members, add)?;
        if gone.is_empty() { Ok(()) } else { Err(missing_members(subject, &gone)) }
    }

    /// Writes members of a group, a part at a time. Returns the names of those who do not exist any more.
    fn write_in_parts<'m>(
        &self,
        action: Action,
        id: &str,
        subject: &Subject<'_>,
        members: &[Resolved<'m>],
        call: impl Fn(&[&str]) -> Result<Receipt, CallError>,
    ) -> Result<Vec<&'m str>, StepError> {
        let error = subject.error(action);
        let write = |members: &[Resolved<'_>]| {
            let (ids, names) = split(members);
            self.write_without_name(action, subject, &names, || call(&ids))
        };
        let mut all_gone = Vec::new();
        for part in members.chunks(MOST_MEMBERS) {
            match write(part) {
                Ok(_) => {}
                // The service does not say whether the group does not exist, or a member.
                Err(WriteError::Call(CallError::Missing)) => {
                    if self.read(|| self.with.directory.group(id)).map_err(&error)?.is_none() {
                        return Err(subject.failed(action, FailureReason::Gone));
                    }
                    let (there, gone) = self.still_there(part).map_err(&error)?;
                    if gone.is_empty() {
                        let message = CallError::Missing.in_full();
                        return Err(subject.failed(action, FailureReason::Refused { message }));
                    }
                    if !there.is_empty() {
                        write(&there).map_err(&error)?;
                    }
                    all_gone.extend(gone);
                }
                Err(other) => return Err(error(other)),
            }
        }
        Ok(all_gone)
    }

    /// Returns the members who still exist, and the names of the others.
    fn still_there<'m>(
        &self,
        members: &[Resolved<'m>],
    ) -> Result<(Vec<Resolved<'m>>, Vec<&'m str>), WriteError> {
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (id, name) in members {
            match self.read(|| self.with.directory.user(id))? {
                Some(_) => there.push((id.clone(), *name)),
                None => gone.push(*name),
            }
        }
        Ok((there, gone))
    }

    pub(super) fn remove(&self, change: &MemberChange) -> Result<(), StepError> {
        let Some(id) = self.checked_group(&change.group, Action::RemoveMembers)? else { return Ok(()) };
        let subject = of_target(&change.group);
        let (kept, members): (Vec<Member>, Vec<Member>) = {
            let left_out = self.left_out();
            change.members.iter().cloned().partition(|member| left_out.keeps(member))
        };
        let remove = |ids: &[&str]| self.with.directory.remove_members(&id, ids);
        self.write_in_parts(Action::RemoveMembers, &id, &subject, &self.resolve(&members), remove)?;
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

    /// Returns the members who can join a group: their users exist by now, are active, and are this tool's. And those
    /// who exist and cannot join.
    fn joining<'m>(&self, members: &'m [Member]) -> (Vec<Resolved<'m>>, Vec<&'m Member>) {
        let (unusable, usable): (Vec<&Member>, Vec<&Member>) = {
            let left_out = self.left_out();
            members.iter().partition(|member| left_out.unusable.contains(&member.subject))
        };
        let joining = self.resolve(usable);
        self.outcome().skipped_members += members.len() - joining.len();
        (joining, unusable)
    }

    /// Returns the members whose users exist by now.
    fn resolve<'m>(&self, members: impl IntoIterator<Item = &'m Member>) -> Vec<Resolved<'m>> {
        let resolve = |member: &'m Member| {
            let id = member.id.clone().or_else(|| self.created(&member.subject))?;
            Some((id, member.user_name.as_str()))
        };
        members.into_iter().filter_map(resolve).collect()
    }
}

fn missing_members(subject: &Subject<'_>, gone: &[&str]) -> StepError {
    let members = gone.iter().map(|name| (*name).to_owned()).collect();
    subject.failed(Action::AddMembers, FailureReason::MembersGone { members })
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
