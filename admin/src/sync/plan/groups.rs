//! Compares the groups of the realm, and their members, with those of Identity Center.

use std::collections::{HashMap, HashSet};

use super::matching::Draft;
use super::notes::{Blocked, Note, ObjectKind, ProtectedObject};
use super::{Adoption, Existing, GroupChange, GroupTarget, Member, MemberChange, Refusal, renames};
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::source;
use crate::sync::target::MOST_MEMBERS;

impl Draft<'_> {
    /// Plans names and owners of groups. Returns the groups of Identity Center whose members have to be read.
    pub(crate) fn groups_with_members(&mut self) -> Vec<usize> {
        for at in 0..self.realm.groups.len() {
            self.settle_group(at);
        }
        let in_scope: HashSet<usize> = self.known_groups.iter().map(|(group, _)| *group).collect();
        let mut left: Vec<usize> =
            self.matching.groups.places().filter(|group| !in_scope.contains(group)).collect();
        left.sort_unstable();
        for group in left {
            let name = self.directory.groups[group].name.to_string();
            let is_in_realm = match &self.directory.groups[group].owner {
                Owner::ThisRealm(id) => self.realm.groups.iter().any(|group| *group.id == **id),
                _ => false,
            };
            // A group that is still in scope was left out because it is protected or its name is taken.
            if !is_in_realm && !self.is_protected_group(&name) {
                self.plan.notes.push(Note::GroupKept { name });
                self.known_groups.push((group, None));
            }
        }
        // New names before new groups: they may be free only then.
        let is_new = |change: &GroupChange| matches!(change, GroupChange::Create { .. });
        let (new, known) = std::mem::take(&mut self.plan.groups).into_iter().partition(is_new);
        self.plan.groups = renames::sorted(known, renames::split_group);
        self.plan.groups.extend::<Vec<GroupChange>>(new);
        self.known_groups.iter().map(|(group, _)| *group).collect()
    }

    fn settle_group(&mut self, at: usize) {
        let group = &self.realm.groups[at];
        if let Some(own) = self.matching.groups.get(&group.id) {
            let existing = &self.directory.groups[own];
            if self.is_protected_group(&existing.name) || self.is_protected_group(&group.name) {
                return;
            }
            if *existing.name != *group.name {
                if self.refuses_group_name(own, &group.name) {
                    return;
                }
                self.update_group(own, group, None);
            }
            self.known_groups.push((own, Some(at)));
            return;
        }
        if self.is_protected_group(&group.name) {
            return;
        }
        match self.matching.group_names.get(&group.name) {
            None => self.create_group(group),
            Some(holder) => self.settle_taken_name(at, holder),
        }
    }

    /// Decides about a new group whose name another group has.
    fn settle_taken_name(&mut self, at: usize, holder_at: usize) {
        let (group, holder) = (&self.realm.groups[at], &self.directory.groups[holder_at]);
        let kind = ObjectKind::Group;
        if *holder.name != *group.name {
            let (name, existing) = (group.name.clone(), holder.name.to_string());
            self.plan.refusals.push(Refusal::DiffersInCase { kind, name, existing });
            return;
        }
        match &holder.owner {
            // The holder gets another name in this same plan.
            Owner::ThisRealm(other) if self.realm.groups.iter().any(|group| *group.id == **other) => {
                self.create_group(group);
            }
            _ if self.options.adopt && !matches!(holder.owner, Owner::OtherRealm(_)) => {
                let previous = match &holder.owner {
                    Owner::ThisRealm(id) => {
                        ExternalId::new(&self.realm.realm, id).ok().map(|id| id.to_string())
                    }
                    Owner::Another(text) => Some(text.to_string()),
                    Owner::OtherRealm(_) | Owner::Nobody => None,
                };
                self.update_group(holder_at, group, Some(Adoption { previous }));
                self.known_groups.push((holder_at, Some(at)));
            }
            Owner::ThisRealm(_) => {
                let (subject, name) = (group.id.to_string(), group.name.clone());
                self.plan.blocked.push(Blocked::NameOfDeparted { kind, subject, name });
                let people = &self.realm.people;
                let members: Vec<&str> =
                    self.wanted_members(group).map(|at| &*people[at as usize].id).collect();
                self.keeping.extend(members);
            }
            Owner::OtherRealm(_) => {}
            Owner::Another(_) | Owner::Nobody => {
                let (name, id) = (group.name.clone(), holder.id.to_string());
                self.plan.refusals.push(Refusal::ForeignObject { kind, name, id });
            }
        }
    }

    fn update_group(&mut self, at: usize, group: &source::Group, adoption: Option<Adoption>) {
        let existing = &self.directory.groups[at];
        let existing = Existing {
            id: existing.id.to_string(),
            name: existing.name.to_string(),
            subject: group.id.to_string(),
            revision: existing.revision.as_deref().map(str::to_owned),
        };
        self.plan.groups.push(GroupChange::Update { group: existing, name: group.name.clone(), adoption });
    }

    fn refuses_group_name(&mut self, own: usize, name: &str) -> bool {
        let holder = self.matching.group_names.get(name).filter(|at| *at != own);
        let Some(holder) = holder.map(|at| &self.directory.groups[at]) else { return false };
        let is_foreign = matches!(holder.owner, Owner::Another(_) | Owner::Nobody);
        if is_foreign {
            let (name, id) = (name.to_owned(), holder.id.to_string());
            self.plan.refusals.push(Refusal::ForeignObject { kind: ObjectKind::Group, name, id });
        }
        is_foreign
    }

    fn create_group(&mut self, group: &source::Group) {
        let mut members: Vec<Member> = self.wanted_members(group).map(|at| self.member(at)).collect();
        let more = members.split_off(members.len().min(MOST_MEMBERS));
        let (subject, name) = (group.id.to_string(), group.name.clone());
        if !more.is_empty() {
            let target = GroupTarget { id: None, subject: subject.clone(), name: name.clone() };
            self.plan.additions.push(MemberChange { group: target, members: more });
        }
        self.plan.groups.push(GroupChange::Create { subject, name, path: group.path.clone(), members });
    }

    /// Returns the members that a group should have: nobody who is disabled or has no user.
    fn wanted_members<'m>(&'m self, group: &'m source::Group) -> impl Iterator<Item = u32> + 'm {
        let people = &self.realm.people;
        group
            .members
            .iter()
            .copied()
            .filter(|at| people[*at as usize].enabled && !self.without_user.contains(at))
    }

    /// Plans who joins and leaves the groups that exist.
    pub(crate) fn compare_groups(&mut self, members: &HashMap<usize, Vec<u32>>) {
        let leavers: HashSet<String> =
            self.plan.deactivations.iter().map(|leaver| leaver.user.subject.clone()).collect();
        for (group, in_realm) in std::mem::take(&mut self.known_groups) {
            let present = members.get(&group).map_or(&[][..], Vec::as_slice);
            self.compare_members(group, in_realm, present, &leavers);
        }
        self.removals.groups.existing = self.matching.groups.len();
    }

    fn compare_members(
        &mut self,
        group: usize,
        in_realm: Option<usize>,
        present: &[u32],
        leavers: &HashSet<String>,
    ) {
        let wanted: Vec<u32> =
            in_realm.map(|at| self.wanted_members(&self.realm.groups[at]).collect()).unwrap_or_default();
        let wanted_ids: HashSet<&str> =
            wanted.iter().map(|at| &*self.realm.people[*at as usize].id).collect();
        let owned: HashMap<&str, u32> =
            present.iter().filter_map(|user| Some((self.subject_of(*user as usize)?, *user))).collect();
        let target = self.target(group, in_realm);
        let joining: Vec<Member> = wanted
            .iter()
            .filter(|at| !owned.contains_key(&*self.realm.people[**at as usize].id))
            .map(|at| self.member(*at))
            .collect();
        let mut leaving: Vec<Member> = owned
            .iter()
            .filter(|(subject, _)| !wanted_ids.contains(*subject) && !self.keeping.contains(*subject))
            .filter_map(|(subject, user)| self.leaving_member(subject, *user))
            .collect();
        leaving.sort_unstable_by(|a, b| (&a.user_name, &a.subject).cmp(&(&b.user_name, &b.subject)));
        let foreign = present.len() - owned.len();
        if foreign > 0 {
            self.plan.notes.push(Note::ForeignMembers { group: target.name.clone(), count: foreign });
        }
        let is_active = |user: u32| self.directory.users[user as usize].active;
        let staying =
            owned.iter().filter(|(subject, user)| is_active(**user) && !leavers.contains(**subject)).count();
        self.removals.members.existing += staying;
        if !joining.is_empty() {
            self.plan.additions.push(MemberChange { group: target.clone(), members: joining });
        }
        if !leaving.is_empty() {
            self.plan.removals.push(MemberChange { group: target, members: leaving });
        }
    }

    /// Returns a member to be removed, unless the user is protected or the one who runs the sync.
    fn leaving_member(&self, subject: &str, user: u32) -> Option<Member> {
        let user = &self.directory.users[user as usize];
        let name = user.record.user_name();
        (!self.settings.protects(name) && !self.is_caller(name)).then(|| Member {
            id: Some(user.id.to_string()),
            subject: subject.to_owned(),
            user_name: name.to_owned(),
        })
    }

    fn target(&self, group: usize, in_realm: Option<usize>) -> GroupTarget {
        let existing = &self.directory.groups[group];
        let subject = match (in_realm, &existing.owner) {
            (Some(at), _) => self.realm.groups[at].id.to_string(),
            (None, Owner::ThisRealm(id)) => id.to_string(),
            (None, _) => String::new(),
        };
        let name = in_realm.map_or(&*existing.name, |at| &self.realm.groups[at].name).to_owned();
        GroupTarget { id: Some(existing.id.to_string()), subject, name }
    }

    /// Returns whether a group is protected, and notes it.
    fn is_protected_group(&mut self, name: &str) -> bool {
        let is_protected = self.settings.protects(name);
        if is_protected {
            let note = Note::Protected(ProtectedObject { kind: ObjectKind::Group, name: name.to_owned() });
            if !self.plan.notes.contains(&note) {
                self.plan.notes.push(note);
            }
        }
        is_protected
    }
}
