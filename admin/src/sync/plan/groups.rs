//! Compares the groups of the realm, and their members, with those of Identity Center.

use std::collections::{HashMap, HashSet};

use super::claims::{self, Claim, Hold, Settled};
use super::matching::Draft;
use super::notes::{Blocked, KeptBecause, Note, ObjectKind, ProtectedObject};
use super::renames::{self, Renaming as _};
use super::{Adoption, Existing, GroupChange, GroupTarget, Member, MemberChange, Refusal};
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::record::{Attribute, ValueFault, check_group_name};
use crate::sync::source;
use crate::sync::target::MOST_MEMBERS;

impl<'a> Draft<'a> {
    /// Plans names and owners of groups. Returns the groups of Identity Center whose members have to be read.
    pub(crate) fn groups_with_members(&mut self) -> Vec<usize> {
        for at in 0..self.realm.groups.len() {
            self.settle_group(at);
        }
        self.settle_group_claims();
        let in_scope: HashSet<usize> = self.known_groups.iter().map(|(group, _)| *group).collect();
        let mut left: Vec<usize> =
            self.matching.groups.places().filter(|group| !in_scope.contains(group)).collect();
        left.sort_unstable();
        for group in left {
            let name = self.directory.groups[group].name.to_string();
            let is_in_realm = match &self.directory.groups[group].owner {
                Owner::ThisRealm(id) => self.is_group_in_scope(id),
                _ => false,
            };
            // A group that is still in scope was left out because it is protected.
            if !is_in_realm && !self.is_protected_group(&name) {
                self.note(Note::GroupKept { name });
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
        let fault = check_group_name(&group.name).err();
        if let Some(own) = self.matching.groups.get(&group.id) {
            let existing = &self.directory.groups[own];
            if self.is_protected_group(&existing.name) || self.is_protected_group(&group.name) {
                return;
            }
            self.known_groups.push((own, Some(at)));
            match fault {
                Some(fault) => self.block_group_name(group, fault),
                None if *existing.name != *group.name => self.update_group(own, group, None),
                None => {}
            }
            return;
        }
        if self.is_protected_group(&group.name) {
            return;
        }
        if let Some(fault) = fault {
            self.block_group_name(group, fault);
            self.keep_members_of(group);
        } else if let Err(fault) = ExternalId::new(&self.realm.realm, &group.id) {
            let (subject, name) = (group.id.to_string(), group.name.clone());
            self.plan.blocked.push(Blocked::BadId { kind: ObjectKind::Group, subject, name, fault });
            self.keep_members_of(group);
        } else {
            match self.matching.group_names.get(&group.name) {
                None => self.create_group(group),
                Some(holder) => self.settle_taken_name(at, holder),
            }
        }
    }

    fn block_group_name(&mut self, group: &source::Group, fault: ValueFault) {
        let (subject, path) = (group.id.to_string(), group.path.clone());
        self.plan.blocked.push(Blocked::BadGroupName { subject, path, fault });
    }

    /// Lets people who do not get into a group keep those that they have.
    fn keep_members_of(&mut self, group: &'a source::Group) {
        let people = &self.realm.people;
        let members: Vec<&str> = self.wanted_members(group).map(|at| &*people[at as usize].id).collect();
        self.keeping.extend(members);
    }

    fn is_group_in_scope(&self, id: &str) -> bool {
        self.realm.groups.iter().any(|group| *group.id == *id)
    }

    /// Returns whether the realm has another name for a group that is out of scope, or has no such group.
    fn has_lost_group_name(&self, id: &str, name: &str) -> bool {
        let tree = &self.realm.tree;
        let now = tree.find(id).map(|at| tree.name(at, self.settings));
        now.is_none_or(|now| now.to_lowercase() != name.to_lowercase())
    }

    /// Decides about a new group whose name another group has.
    fn settle_taken_name(&mut self, at: usize, holder_at: usize) {
        let (group, holder) = (&self.realm.groups[at], &self.directory.groups[holder_at]);
        let kind = ObjectKind::Group;
        let is_deleted = |id: &str| self.realm.tree.find(id).is_none();
        match &holder.owner {
            // The holder gets another name in this same plan, or gives way.
            Owner::ThisRealm(other)
                if self.is_group_in_scope(other)
                    || !is_deleted(other) && self.has_lost_group_name(other, &group.name) =>
            {
                self.create_group(group);
            }
            Owner::OtherRealm(_) => {}
            _ if self.options.adopt => {
                let previous = self.previous_id(&holder.owner);
                self.update_group(holder_at, group, Some(Adoption { previous }));
                self.known_groups.push((holder_at, Some(at)));
            }
            // Two groups of the realm have the name: the claim will be in vain.
            Owner::ThisRealm(other) if !is_deleted(other) => self.create_group(group),
            Owner::ThisRealm(_) => {
                let (subject, name) = (group.id.to_string(), group.name.clone());
                self.plan.blocked.push(Blocked::NameOfDeparted { kind, subject, name });
                self.keep_members_of(group);
            }
            Owner::Another(_) | Owner::Nobody => {
                self.refuse_foreign(kind, &group.name, &holder.name, holder.id.to_string());
                // With `--only`, the rest may be applied all the same.
                self.keep_members_of(group);
            }
        }
    }

    /// Takes back the changes of groups that need a name that another one keeps, and plans that groups that left give
    /// way.
    fn settle_group_claims(&mut self) {
        let (directory, matching) = (self.directory, self.matching);
        let holder = |_, name: &str| {
            let at = matching.group_names.get(name)?;
            Some((at, &*directory.groups[at].id))
        };
        let claims = claims::claims(&self.plan.groups, holder);
        let id = |at: usize| &*directory.groups[at].id;
        let Settled { lost, given } =
            claims::settle(&self.plan.groups, claims, id, |claim| self.group_hold(claim));
        let leaving = self.groups_giving_way(&given);
        let dropped: HashMap<usize, (Claim, Hold)> =
            lost.into_iter().map(|(claim, hold)| (claim.change, (claim, hold))).collect();
        for (at, change) in std::mem::take(&mut self.plan.groups).into_iter().enumerate() {
            match dropped.get(&at) {
                Some((claim, hold)) => self.take_group_back(&change, claim, *hold),
                None => self.plan.groups.push(change),
            }
        }
        self.plan.groups.extend(leaving);
    }

    /// Returns what becomes of the name of a group that is not changed in this plan.
    fn group_hold(&self, claim: &Claim) -> Hold {
        let holder = &self.directory.groups[claim.holder];
        let Owner::ThisRealm(id) = &holder.owner else {
            return if matches!(holder.owner, Owner::OtherRealm(_)) {
                Hold::OtherRealm
            } else {
                Hold::Foreign
            };
        };
        let in_scope = self.realm.groups.iter().find(|group| *group.id == **id);
        if self.settings.protects(&holder.name)
            || in_scope.is_some_and(|group| self.settings.protects(&group.name))
        {
            Hold::Kept(KeptBecause::Protected)
        } else if in_scope.is_some() {
            Hold::Kept(KeptBecause::Blocked)
        } else if self.has_lost_group_name(id, &claim.value) {
            Hold::GivesWay
        } else {
            Hold::Kept(KeptBecause::StillInRealm)
        }
    }

    /// Undoes what was planned for a group that does not get its name, and says why.
    fn take_group_back(&mut self, change: &GroupChange, claim: &Claim, hold: Hold) {
        let holder = &self.directory.groups[claim.holder];
        let (kind, value) = (ObjectKind::Group, claim.value.clone());
        let subject = change.subject();
        match hold {
            Hold::Kept(because) => self.plan.blocked.push(Blocked::ValueKept {
                kind,
                subject: subject.to_owned(),
                name: value.clone(),
                attribute: Attribute::DisplayName,
                value,
                holder: holder.name.to_string(),
                because,
            }),
            Hold::Foreign => {
                let id = holder.id.to_string();
                self.plan.refusals.push(Refusal::ForeignObject { kind, name: value, id, adoptable: false });
            }
            Hold::OtherRealm | Hold::GivesWay => {}
        }
        if self.matching.groups.contains(subject) {
            return;
        }
        self.plan.additions.retain(|addition| addition.group.subject != subject);
        let groups = &self.realm.groups;
        self.known_groups.retain(|(_, at)| at.is_none_or(|at| *groups[at].id != *subject));
        if let Some(group) = groups.iter().find(|group| *group.id == *subject) {
            self.keep_members_of(group);
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
        let names: HashMap<String, String> = self
            .plan
            .groups
            .iter()
            .filter_map(|change| match change {
                GroupChange::Update { group, name, .. } => Some((group.id.clone(), name.clone())),
                GroupChange::Create { .. } | GroupChange::GiveWay { .. } => None,
            })
            .collect();
        for (group, in_realm) in std::mem::take(&mut self.known_groups) {
            let present = members.get(&group).map_or(&[][..], Vec::as_slice);
            let target = self.target(group, in_realm, &names);
            self.compare_members(target, in_realm, present, &leavers);
        }
        self.removals.groups.existing = self.matching.groups.len();
    }

    fn compare_members(
        &mut self,
        target: GroupTarget,
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
            self.note(Note::ForeignMembers { group: target.name.clone(), count: foreign });
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

    /// Returns a group with the name that it has after its change; `names` has the new ones.
    fn target(&self, group: usize, in_realm: Option<usize>, names: &HashMap<String, String>) -> GroupTarget {
        let existing = &self.directory.groups[group];
        let subject = match (in_realm, &existing.owner) {
            (Some(at), _) => self.realm.groups[at].id.to_string(),
            (None, Owner::ThisRealm(id)) => id.to_string(),
            (None, _) => String::new(),
        };
        let name = names.get(&*existing.id).map_or(&*existing.name, String::as_str).to_owned();
        GroupTarget { id: Some(existing.id.to_string()), subject, name }
    }

    /// Returns whether a group is protected, and notes it.
    fn is_protected_group(&mut self, name: &str) -> bool {
        let is_protected = self.settings.protects(name);
        if is_protected {
            self.note(Note::Protected(ProtectedObject { kind: ObjectKind::Group, name: name.to_owned() }));
        }
        is_protected
    }
}
