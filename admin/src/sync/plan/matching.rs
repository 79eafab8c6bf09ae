//! Finds the object of Identity Center for each user and group of the realm.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::limits::{Removals, scope_refusal};
use super::lookups::Lookups;
use super::notes::Note;
use super::{Cost, Existing, Member, Plan, PlanOptions, Refusal, ScopeCounts};
use crate::sync::index::Index;
use crate::sync::owner::Owner;
use crate::sync::record::Attribute;
use crate::sync::scope::{DirectorySettings, Leavers};
use crate::sync::source::{Person, RealmSnapshot};
use crate::sync::target::{DirectorySnapshot, User};

/// Where to find objects by what is unique about them.
pub(crate) struct Matching<'a> {
    /// Users that this tool owns, by their id in the realm.
    pub(crate) users: Index<'a>,
    pub(crate) groups: Index<'a>,
    pub(crate) user_names: Index<'a>,
    pub(crate) emails: Index<'a>,
    pub(crate) group_names: Index<'a>,
    /// Enabled people in scope, by their id in the realm.
    pub(crate) wanted: Index<'a>,
}

impl<'a> Matching<'a> {
    pub(crate) fn new(realm: &'a RealmSnapshot, directory: &'a DirectorySnapshot) -> Self {
        let own = |owner: &'a Owner| match owner {
            Owner::ThisRealm(id) => Some(&**id),
            _ => None,
        };
        let users = || directory.users.iter().zip(0..);
        let groups = || directory.groups.iter().zip(0..);
        let email = |user: &'a User| user.record.get(Attribute::Email);
        let wanted = realm.people.iter().zip(0..).filter(|(person, _)| person.enabled);
        Self {
            users: Index::exact(users().filter_map(|(user, at)| Some((own(&user.owner)?, at)))),
            groups: Index::exact(groups().filter_map(|(group, at)| Some((own(&group.owner)?, at)))),
            user_names: Index::of_any_case(users().map(|(user, at)| (user.record.user_name(), at))),
            emails: Index::of_any_case(users().filter_map(|(user, at)| Some((email(user)?, at)))),
            group_names: Index::of_any_case(groups().map(|(group, at)| (&*group.name, at))),
            wanted: Index::exact(wanted.map(|(person, at)| (&*person.id, at))),
        }
    }
}

/// A plan in the making.
pub(crate) struct Draft<'a> {
    pub(crate) realm: &'a RealmSnapshot,
    pub(crate) directory: &'a DirectorySnapshot,
    pub(crate) matching: &'a Matching<'a>,
    pub(crate) lookups: &'a Lookups,
    pub(crate) settings: &'a DirectorySettings,
    pub(crate) options: &'a PlanOptions,
    pub(crate) plan: Plan,
    /// The notes of the plan, which has each once.
    noted: HashSet<Note>,
    pub(crate) removals: Removals,
    /// Users of Identity Center that are taken over: their place, and their new id in the realm.
    pub(crate) adopted: HashMap<usize, &'a str>,
    /// The same, the other way round.
    pub(crate) adopted_by: HashMap<&'a str, usize>,
    /// People who are not put into groups: they have no user, or one that stays inactive or is protected.
    pub(crate) without_user: HashSet<u32>,
    /// People, by ID, who leave no group: their user is protected or stays inactive, or a group that they should join
    /// cannot be created yet.
    pub(crate) keeping: HashSet<&'a str>,
    /// Groups to be changed: place in the directory, and place in the realm if they are still in scope.
    pub(crate) known_groups: Vec<(usize, Option<usize>)>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        realm: &'a RealmSnapshot,
        directory: &'a DirectorySnapshot,
        matching: &'a Matching<'a>,
        lookups: &'a Lookups,
        settings: &'a DirectorySettings,
        options: &'a PlanOptions,
    ) -> Self {
        let plan = Plan {
            realm: realm.realm.clone(),
            made_at: DateTime::UNIX_EPOCH,
            scope: ScopeCounts {
                users: matching.wanted.len(),
                groups: realm.groups.len(),
                memberships: realm.groups.iter().map(|group| group.members.len()).sum(),
            },
            deactivations: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            additions: Vec::new(),
            removals: Vec::new(),
            deletions: Vec::new(),
            blocked: Vec::new(),
            refusals: Vec::new(),
            notes: Vec::new(),
            unmatched: Vec::new(),
            left_out: 0,
            cost: Cost::default(),
            counted_removals: 0,
        };
        Self {
            realm,
            directory,
            matching,
            lookups,
            settings,
            options,
            plan,
            noted: HashSet::new(),
            removals: Removals::default(),
            adopted: HashMap::new(),
            adopted_by: HashMap::new(),
            without_user: HashSet::new(),
            keeping: HashSet::new(),
            known_groups: Vec::new(),
        }
    }

    /// Adds a note, unless it is there already.
    pub(crate) fn note(&mut self, note: Note) {
        if self.noted.insert(note.clone()) {
            self.plan.notes.push(note);
        }
    }

    /// Returns the index of a value that AWS has once among users.
    pub(crate) fn holders(&self, attribute: Attribute) -> &'a Index<'a> {
        match attribute {
            Attribute::UserName => &self.matching.user_names,
            _ => &self.matching.emails,
        }
    }

    /// Returns the finished plan, with the reasons that forbid to apply it. `members` are those of the groups.
    pub(crate) fn into_plan(
        mut self,
        members: &HashMap<usize, Vec<u32>>,
        now: DateTime<Utc>,
        per_second: f64,
    ) -> Plan {
        self.refuse_other_realms();
        self.keep_part();
        self.count_removals();
        let active = self.count_active(members);
        let in_scope = self.matching.wanted.len();
        let limit = self.options.max_removals.unwrap_or(self.settings.max_removals);
        let refusals =
            [scope_refusal(active, in_scope, self.options.allow_smaller_scope), self.removals.refusal(limit)];
        self.plan.refusals.extend(refusals.into_iter().flatten());
        self.plan.made_at = now;
        self.plan.counted_removals = self.removals.removed();
        self.plan.cost = Cost::of(&self.plan, per_second);
        self.plan
    }

    /// Counts the active users that earlier runs made, which the scope is compared with.
    ///
    /// Under [`Leavers::LeaveGroups`] those who left stay active for ever, and are counted until they are in no group.
    fn count_active(&self, members: &HashMap<usize, Vec<u32>>) -> usize {
        let users = &self.directory.users;
        let active = self.matching.users.places().filter(|at| users[*at].active);
        if self.settings.leavers != Leavers::LeaveGroups {
            return active.count();
        }
        let in_groups: HashSet<usize> = members.values().flatten().map(|at| *at as usize).collect();
        let is_wanted =
            |at| self.subject_of(at).is_some_and(|subject| self.matching.wanted.contains(subject));
        active.filter(|at| in_groups.contains(at) || is_wanted(*at)).count()
    }

    fn count_removals(&mut self) {
        let plan = &self.plan;
        let leavers: HashSet<&str> = plan.deactivations.iter().map(|leaver| &*leaver.user.subject).collect();
        let inactive = self.directory.users.iter().filter(|user| !user.active);
        let inactive: HashSet<&str> = inactive.map(|user| &*user.id).collect();
        // Leavers and inactive users do not count, so that the limit is the same after a run that ended early.
        let stays = |member: &&Member| {
            let is_inactive = member.id.as_deref().is_some_and(|id| inactive.contains(id));
            !is_inactive && !leavers.contains(&*member.subject)
        };
        let in_scope: HashSet<&str> = self.realm.groups.iter().map(|group| &*group.id).collect();
        let left = plan.removals.iter().filter(|change| !in_scope.contains(&*change.group.subject));
        let removals = &mut self.removals;
        removals.users.removed = plan.deactivations.len();
        removals.members.removed =
            plan.removals.iter().flat_map(|change| &change.members).filter(stays).count();
        removals.groups.removed = left.count();
        removals.deletions.removed = plan.deletions.len();
    }

    fn refuse_other_realms(&mut self) {
        let users = self.directory.users.iter().map(|user| (&user.owner, user.record.user_name()));
        let groups = self.directory.groups.iter().map(|group| (&group.owner, &*group.name));
        let mut others = users.chain(groups).filter_map(|(owner, name)| match owner {
            Owner::OtherRealm(realm) => Some((realm, name)),
            _ => None,
        });
        if let Some((realm, name)) = others.next() {
            let objects = 1 + others.count();
            let (realm, example) = (realm.to_string(), name.to_owned());
            self.plan.refusals.push(Refusal::OtherRealm { realm, objects, example });
        }
    }

    pub(crate) fn is_caller(&self, user_name: &str) -> bool {
        self.options.caller.as_deref() == Some(user_name)
    }

    /// Returns the id in the realm of a user of Identity Center that is owned, or will be.
    pub(crate) fn subject_of(&self, user: usize) -> Option<&'a str> {
        if let Some(subject) = self.adopted.get(&user) {
            return Some(subject);
        }
        match &self.directory.users[user].owner {
            Owner::ThisRealm(id) => Some(id),
            _ => None,
        }
    }

    /// Returns a person as a member of a group.
    pub(crate) fn member(&self, at: u32) -> Member {
        let person = &self.realm.people[at as usize];
        let user = self.matching.users.get(&person.id).or_else(|| self.adopted_by.get(&*person.id).copied());
        Member {
            id: user.map(|at| self.directory.users[at].id.to_string()),
            subject: person.id.to_string(),
            user_name: shown_user(person),
        }
    }
}

/// Returns how a user of the realm is called in lists.
pub(crate) fn shown_user(person: &Person) -> String {
    match (person.record.user_name(), &person.unusable) {
        ("", Some(unusable)) => unusable.user_name.clone(),
        ("", None) => person.id.to_string(),
        (name, _) => name.to_owned(),
    }
}

/// Returns a user of Identity Center as the precondition of a change.
pub(crate) fn existing_user(user: &User, subject: &str) -> Existing {
    Existing {
        id: user.id.to_string(),
        name: user.record.user_name().to_owned(),
        subject: subject.to_owned(),
        revision: user.revision.as_deref().map(str::to_owned),
    }
}
