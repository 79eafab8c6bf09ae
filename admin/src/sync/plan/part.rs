//! Leaves out of a plan what was not asked for with `--only`.

use std::collections::{HashMap, HashSet};

use super::matching::Draft;
use super::notes::{Blocked, Note, ObjectKind};
use super::renames::{self, Renaming};
use super::{GroupChange, Member, MemberChange, Plan, Refusal, UserChange};
use crate::only::{Only, OnlyKind};
use crate::sync::source::{Group, Person};

impl<'a> Draft<'a> {
    /// Keeps what is selected, and what that needs: users and groups of selected memberships, and the user or group
    /// whose name is taken.
    pub(crate) fn keep_part(&mut self) {
        let only = &self.options.only;
        if only.is_everything() {
            return;
        }
        let paths = self.realm.groups.iter().map(|group| (&*group.id, group.path.as_str())).collect();
        let part = Part { only, paths, names: self.names_of_users() };
        let concerned = self.concerned(&part);
        let before = changes(&self.plan);
        part.keep(&mut self.plan);
        part.keep_reasons(&mut self.plan, &concerned);
        self.plan.left_out = before - changes(&self.plan);
    }

    /// Returns the names in the realm of users and groups that are selected, or that keep a selected membership from
    /// being made.
    fn concerned(&self, part: &Part<'_>) -> HashSet<(ObjectKind, &'a str)> {
        let realm = self.realm;
        let of_person = |person: &'a Person| person.names().map(|name| (ObjectKind::User, name));
        let of_group = |group: &'a Group| [&*group.path, &*group.name].map(|name| (ObjectKind::Group, name));
        let selected = realm.people.iter().filter(|person| part.is_user(&person.id));
        let mut concerned: HashSet<_> = selected.flat_map(of_person).collect();
        let planned: HashSet<&str> = self.plan.groups.iter().map(Renaming::subject).collect();
        for group in &realm.groups {
            let is_missing = !self.matching.groups.contains(&group.id) && !planned.contains(&*group.id);
            let members = group.members.iter().filter(|at| is_missing || self.without_user.contains(at));
            let members = members.map(|at| (at, &realm.people[*at as usize]));
            let meant = members.filter(|(_, person)| {
                person.enabled && part.is_membership(&person.id, &group.id, &group.name)
            });
            let mut has_waiting = false;
            for (at, person) in meant {
                has_waiting |= is_missing;
                if self.without_user.contains(at) {
                    concerned.extend(of_person(person));
                }
            }
            if has_waiting || part.is_group(&group.id, &[&group.name]) {
                concerned.extend(of_group(group));
            }
        }
        concerned
    }

    /// Returns what each user is called on either side, by ID in the realm.
    fn names_of_users(&self) -> HashMap<&'a str, Vec<&'a str>> {
        let mut names: HashMap<&str, Vec<&str>> = HashMap::new();
        for person in &self.realm.people {
            names.entry(&person.id).or_default().extend(person.names());
        }
        for (at, user) in self.directory.users.iter().enumerate() {
            if let Some(subject) = self.subject_of(at) {
                names.entry(subject).or_default().push(user.record.user_name());
            }
        }
        names
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
    /// Of users, by ID in the realm: somebody who is renamed is selected by either name.
    names: HashMap<&'a str, Vec<&'a str>>,
}

impl Part<'_> {
    fn keep(&self, plan: &mut Plan) {
        plan.deactivations.retain(|leaver| self.is_user(&leaver.user.subject));
        plan.deletions.retain(|leaver| self.is_user(&leaver.user.subject));
        for MemberChange { group, members } in plan.additions.iter_mut().chain(&mut plan.removals) {
            members.retain(|member| self.is_membership(&member.subject, &group.subject, &group.name));
        }
        plan.additions.retain(|change| !change.members.is_empty());
        plan.removals.retain(|change| !change.members.is_empty());
        for change in &mut plan.groups {
            if let GroupChange::Create { subject, name, members, .. } = change {
                members.retain(|member| self.is_membership(&member.subject, subject, name));
            }
        }
        self.keep_groups(plan);
        self.keep_users(plan);
    }

    /// Keeps why something that was asked for is not done.
    fn keep_reasons(&self, plan: &mut Plan, concerned: &HashSet<(ObjectKind, &str)>) {
        plan.refusals.retain(|refusal| match refusal {
            Refusal::ForeignObject { kind, name, .. } | Refusal::DiffersInCase { kind, name, .. } => {
                concerned.contains(&(*kind, name))
            }
            Refusal::ForeignEmail { user, .. } => concerned.contains(&(ObjectKind::User, user)),
            Refusal::EmptyScope { .. }
            | Refusal::HalvedScope { .. }
            | Refusal::OtherRealm { .. }
            | Refusal::TooManyRemovals { .. } => true,
        });
        plan.blocked.retain(|blocked| match blocked {
            Blocked::BadValues { user, .. } => concerned.contains(&(ObjectKind::User, user)),
            Blocked::BadGroupName { path, .. } => concerned.contains(&(ObjectKind::Group, path)),
            Blocked::BadId { kind, name, .. }
            | Blocked::NameOfDeparted { kind, name, .. }
            | Blocked::ValueKept { kind, name, .. } => concerned.contains(&(*kind, name)),
        });
        plan.notes.retain(|note| match note {
            Note::Protected(object) => self.is_object(object.kind, &object.name),
            Note::GroupKept { name } | Note::ForeignMembers { group: name, .. } => {
                self.is_object(ObjectKind::Group, name)
            }
            Note::Caller { user } => self.is_object(ObjectKind::User, user),
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

    fn is_user(&self, subject: &str) -> bool {
        !self.only.names(OnlyKind::Group) && self.only.object(OnlyKind::User, self.names_of(subject))
    }

    fn is_group(&self, subject: &str, names: &[&str]) -> bool {
        let names: Vec<&str> = names.iter().copied().chain(self.paths.get(subject).copied()).collect();
        !self.only.names(OnlyKind::User) && self.only.object(OnlyKind::Group, &names)
    }

    fn is_membership(&self, user: &str, group: &str, group_name: &str) -> bool {
        let path = self.paths.get(group).copied().unwrap_or_default();
        let (names, group_names) = (self.names_of(user), [path, group_name]);
        self.only.relation(&[(OnlyKind::User, names), (OnlyKind::Group, &group_names)])
    }

    fn names_of(&self, subject: &str) -> &[&str] {
        self.names.get(subject).map_or(&[], Vec::as_slice)
    }

    fn keep_groups(&self, plan: &mut Plan) {
        let joined: HashSet<&str> = plan.additions.iter().map(|change| &*change.group.subject).collect();
        let is_wanted = |change: &GroupChange| {
            let (subject, names) = match change {
                GroupChange::Create { subject, name, .. } => (subject, [&**name, name]),
                GroupChange::GiveWay { group, name } | GroupChange::Update { group, name, .. } => {
                    (&group.subject, [&*group.name, name])
                }
            };
            let is_selected = self.is_group(subject, &names);
            let is_adopted = matches!(change, GroupChange::Update { adoption: Some(_), .. });
            let is_needed = matches!(change, GroupChange::Create { .. }) || is_adopted;
            is_selected || !first_members(change).is_empty() || is_needed && joined.contains(&**subject)
        };
        let wanted: Vec<bool> = plan.groups.iter().map(is_wanted).collect();
        keep(&mut plan.groups, wanted);
    }

    fn keep_users(&self, plan: &mut Plan) {
        let first = plan.groups.iter().flat_map(first_members);
        let joining = plan.additions.iter().flat_map(|change| &change.members);
        let members: HashSet<&str> = first.chain(joining).map(|member| &*member.subject).collect();
        let is_wanted = |change: &UserChange| {
            let is_needed = match change {
                UserChange::Create { .. } => true,
                UserChange::GiveWay(update) | UserChange::Update(update) => {
                    update.activate || update.adoption.is_some()
                }
            };
            self.is_user(change.subject()) || is_needed && members.contains(change.subject())
        };
        let wanted: Vec<bool> = plan.users.iter().map(is_wanted).collect();
        keep(&mut plan.users, wanted);
    }
}

/// Keeps the wanted changes, with those without which they cannot be made.
fn keep<T: Renaming>(changes: &mut Vec<T>, mut wanted: Vec<bool>) {
    renames::complete(changes, &mut wanted);
    let mut wanted = wanted.into_iter();
    changes.retain(|_| wanted.next().unwrap_or(false));
}
