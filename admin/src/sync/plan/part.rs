//! Leaves out of a plan what was not asked for with `--only`.

use std::collections::{HashMap, HashSet};

use super::matching::Draft;
use super::notes::{Blocked, Note, ObjectKind};
use super::renames::{self, Renaming};
use super::{GroupChange, GroupTarget, Member, MemberChange, Plan, Refusal, UserChange};
use crate::only::{Only, OnlyKind};
use crate::sync::record::Attribute;

impl Draft<'_> {
    /// Keeps what is selected, and what that needs: users and groups of selected memberships, and the user or group
    /// whose name is taken.
    pub(crate) fn keep_part(&mut self) {
        let only = &self.options.only;
        if only.is_everything() {
            return;
        }
        let paths = self.realm.groups.iter().map(|group| (&*group.id, group.path.as_str())).collect();
        let before = changes(&self.plan);
        Part { only, paths }.keep(&mut self.plan);
        self.plan.left_out = before - changes(&self.plan);
    }
}

/// Counts objects and memberships.
fn changes(plan: &Plan) -> usize {
    let members: usize = plan.additions.iter().chain(&plan.removals).map(|change| change.members.len()).sum();
    let first: usize = plan.groups.iter().map(|change| first_members(change).len()).sum();
    let objects = plan.deactivations.len() + plan.users.len() + plan.groups.len() + plan.deletions.len();
    objects + members + first
}

fn first_members(change: &GroupChange) -> &[Member] {
    match change {
        GroupChange::Create { members, .. } => members,
        GroupChange::GiveWay { .. } | GroupChange::Update { .. } => &[],
    }
}

struct Part<'a> {
    only: &'a Only,
    /// Of the groups in scope, by ID in the realm.
    paths: HashMap<&'a str, &'a str>,
}

impl Part<'_> {
    fn keep(&self, plan: &mut Plan) {
        let user = |name: &str| self.only.object(OnlyKind::User, &[name]);
        let is_narrowed = self.only.names(OnlyKind::Group);
        let is_user = |name: &str| !is_narrowed && user(name);
        plan.deactivations.retain(|leaver| is_user(&leaver.user.name));
        plan.deletions.retain(|leaver| is_user(&leaver.user.name));
        for change in plan.additions.iter_mut().chain(&mut plan.removals) {
            let MemberChange { group, members } = change;
            members.retain(|member| self.is_membership(member, group));
        }
        plan.additions.retain(|change| !change.members.is_empty());
        plan.removals.retain(|change| !change.members.is_empty());
        for change in &mut plan.groups {
            if let GroupChange::Create { subject, name, members, .. } = change {
                let group = GroupTarget { id: None, subject: subject.clone(), name: name.clone() };
                members.retain(|member| self.is_membership(member, &group));
            }
        }
        self.keep_groups(plan);
        keep_users(plan, is_user);
        plan.refusals.retain(|refusal| match refusal {
            Refusal::ForeignObject { kind, name, .. } | Refusal::DiffersInCase { kind, name, .. } => {
                self.is_object(*kind, name)
            }
            Refusal::ForeignEmail { user, .. } => is_user(user),
            Refusal::EmptyScope { .. }
            | Refusal::HalvedScope { .. }
            | Refusal::OtherRealm { .. }
            | Refusal::TooManyRemovals { .. } => true,
        });
        plan.blocked.retain(|blocked| match blocked {
            Blocked::BadValues { user, .. } => is_user(user),
            Blocked::BadGroupName { path, .. } => self.is_object(ObjectKind::Group, path),
            Blocked::BadId { kind, subject, name, .. }
            | Blocked::NameOfDeparted { kind, subject, name }
            | Blocked::ValueKept { kind, subject, name, .. } => {
                let path = self.paths.get(&**subject).filter(|_| *kind == ObjectKind::Group);
                self.is_object(*kind, name) || path.is_some_and(|path| self.is_object(*kind, path))
            }
        });
        plan.notes.retain(|note| match note {
            Note::Protected(object) => self.is_object(object.kind, &object.name),
            Note::GroupKept { name } | Note::ForeignMembers { group: name, .. } => {
                self.is_object(ObjectKind::Group, name)
            }
            Note::Caller { user } => is_user(user),
            Note::GivesUp { kind, name, taker } => {
                [Some(name), taker.as_ref()].into_iter().flatten().any(|name| self.is_object(*kind, name))
            }
        });
    }

    /// Returns whether a user or a group was asked for by itself.
    fn is_object(&self, kind: ObjectKind, name: &str) -> bool {
        let (kind, other) = match kind {
            ObjectKind::User => (OnlyKind::User, OnlyKind::Group),
            ObjectKind::Group => (OnlyKind::Group, OnlyKind::User),
        };
        !self.only.names(other) && self.only.object(kind, &[name])
    }

    fn is_membership(&self, member: &Member, group: &GroupTarget) -> bool {
        let path = self.paths.get(&*group.subject).copied().unwrap_or_default();
        self.only.relation(&[(OnlyKind::User, &[&member.user_name]), (OnlyKind::Group, &[path, &group.name])])
    }

    fn keep_groups(&self, plan: &mut Plan) {
        let joined: HashSet<&str> = plan.additions.iter().map(|change| &*change.group.subject).collect();
        let is_wanted = |change: &GroupChange| {
            let (subject, names) = match change {
                GroupChange::Create { subject, name, .. } => (subject, [name, name]),
                GroupChange::GiveWay { group, name } | GroupChange::Update { group, name, .. } => {
                    (&group.subject, [&group.name, name])
                }
            };
            let path = self.paths.get(&**subject).copied().unwrap_or_default();
            let is_selected = !self.only.names(OnlyKind::User)
                && self.only.object(OnlyKind::Group, &[path, names[0], names[1]]);
            let is_adopted = matches!(change, GroupChange::Update { adoption: Some(_), .. });
            let is_needed = matches!(change, GroupChange::Create { .. }) || is_adopted;
            is_selected || !first_members(change).is_empty() || is_needed && joined.contains(&**subject)
        };
        let wanted: Vec<bool> = plan.groups.iter().map(is_wanted).collect();
        keep(&mut plan.groups, wanted);
    }
}

fn keep_users(plan: &mut Plan, is_selected: impl Fn(&str) -> bool) {
    let first = plan.groups.iter().flat_map(first_members);
    let joining = plan.additions.iter().flat_map(|change| &change.members);
    let members: HashSet<&str> = first.chain(joining).map(|member| &*member.subject).collect();
    let is_wanted = |change: &UserChange| match change {
        UserChange::Create { subject, record } => {
            is_selected(record.user_name()) || members.contains(&**subject)
        }
        UserChange::GiveWay(update) | UserChange::Update(update) => {
            let mut values = update.values.iter();
            let renamed = values.find(|value| value.attribute == Attribute::UserName);
            let new = renamed.and_then(|value| value.to.as_deref()).unwrap_or_default();
            let is_needed = update.activate || update.adoption.is_some();
            is_selected(&update.user.name)
                || is_selected(new)
                || is_needed && members.contains(&*update.user.subject)
        }
    };
    let wanted: Vec<bool> = plan.users.iter().map(is_wanted).collect();
    keep(&mut plan.users, wanted);
}

/// Keeps the wanted changes, with those without which they cannot be made.
fn keep<T: Renaming>(changes: &mut Vec<T>, mut wanted: Vec<bool>) {
    renames::complete(changes, &mut wanted);
    let mut wanted = wanted.into_iter();
    changes.retain(|_| wanted.next().unwrap_or(false));
}
