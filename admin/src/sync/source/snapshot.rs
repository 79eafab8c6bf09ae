//! Reads a realm, and proves that the reading was whole.
//!
//! Equal counts alone prove nothing (one user may have gone and another come), so everything that would be removed is
//! confirmed singly afterwards, by the plan.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::tree::{GroupIndex, Tree};
use super::{Realm, RealmUser};
use crate::sync::call::Calls;
use crate::sync::owner::ExternalId;
use crate::sync::parallel::for_each;
use crate::sync::read_fault::{PlanError, ReadFault, Reading};
use crate::sync::record::{Attribute, Record, ValueFault};
use crate::sync::scope::DirectorySettings;

/// A user of the realm who is a member of a group in scope.
pub(crate) struct Person {
    pub(crate) id: Arc<str>,
    pub(crate) enabled: bool,
    pub(crate) record: Record,
    /// `None` for most.
    pub(crate) unusable: Option<Box<Unusable>>,
}

impl Person {
    /// Returns the user name that the person is to have in Identity Center, and the realm's if that cannot be.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let in_realm = self.unusable.as_ref().map(|unusable| unusable.user_name.as_str());
        in_realm.into_iter().chain([self.record.user_name()])
    }
}

/// What keeps a person from being written.
pub(crate) struct Unusable {
    /// The user name in the realm.
    pub(crate) user_name: String,
    pub(crate) faults: Vec<(Attribute, ValueFault)>,
}

/// A group in scope.
pub(crate) struct Group {
    pub(crate) id: Box<str>,
    pub(crate) path: String,
    /// The name that it has in Identity Center.
    pub(crate) name: String,
    /// The members, by their place in [`RealmSnapshot::people`]; in rising order.
    pub(crate) members: Vec<u32>,
}

/// What was read of a realm: who and what is in scope.
pub(crate) struct RealmSnapshot {
    pub(crate) realm: String,
    /// In the order of their user names.
    pub(crate) people: Vec<Person>,
    /// In the order of their names.
    pub(crate) groups: Vec<Group>,
    pub(crate) tree: Tree,
}

/// Reads the realm, or returns why the reading cannot be trusted.
pub(crate) fn read(
    realm: &dyn Realm,
    calls: &Calls,
    settings: &DirectorySettings,
) -> Result<RealmSnapshot, PlanError> {
    let realm_id = calls.ask(|| realm.id()).map_err(Reading::Realm.failed())?;
    ExternalId::new(&realm_id, "x").map_err(|_| ReadFault::UnusableRealm(realm_id.clone()))?;
    let before = calls.ask(|| realm.count_users()).map_err(Reading::Users.failed())?;
    let tree = read_groups(realm, calls, settings)?;
    tree.check(settings)?;
    let mut roster = read_members(realm, calls, &tree)?;
    let listed = read_users(realm, calls, settings, &mut roster)?;
    let after = calls.ask(|| realm.count_users()).map_err(Reading::Users.failed())?;
    check_counts(Reading::Users, before, listed, after)?;
    forget_service_accounts(realm, calls, &mut roster)?;
    Ok(roster.into_snapshot(realm_id, tree, settings))
}

fn check_counts(what: Reading, before: u64, listed: u64, after: u64) -> Result<(), ReadFault> {
    if before != after {
        return Err(ReadFault::Changed { what, before, after });
    }
    match listed.cmp(&before) {
        std::cmp::Ordering::Less => Err(ReadFault::Short { what, counted: before, listed }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(ReadFault::Surplus { what, counted: before, listed }),
    }
}

/// Reads the groups, and checks that they are as many as are counted before and after.
pub(crate) fn read_groups(
    realm: &dyn Realm,
    calls: &Calls,
    settings: &DirectorySettings,
) -> Result<Tree, ReadFault> {
    let count = || calls.ask(|| realm.count_groups()).map_err(Reading::Groups.failed());
    let before = count()?;
    let listed = calls.ask(|| {
        let mut groups = Vec::new();
        realm.each_group(&mut |group| groups.push(group)).map(|()| groups)
    });
    let listed = listed.map_err(Reading::Groups.failed())?;
    let tree = Tree::new(&listed, settings)?;
    check_counts(Reading::Groups, before, u64::try_from(listed.len()).unwrap_or(u64::MAX), count()?)?;
    Ok(tree)
}

/// Who is a member of what, while it is being read.
#[derive(Default)]
struct Roster {
    places: HashMap<Arc<str>, u32>,
    people: Vec<Option<Person>>,
    /// The direct members of each contributing group.
    members: Vec<(GroupIndex, Vec<u32>)>,
}

fn read_members(realm: &dyn Realm, calls: &Calls, tree: &Tree) -> Result<Roster, ReadFault> {
    let roster = Mutex::new(Roster::default());
    for_each(&tree.contributing(), |group| {
        let ids = calls.ask(|| realm.members(tree.id(*group))).map_err(Reading::Members.failed())?;
        let mut roster = roster.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut members: Vec<u32> = ids.iter().map(|id| roster.place(id)).collect();
        members.sort_unstable();
        if let Some(twice) = members.windows(2).position(|pair| pair[0] == pair[1]) {
            let id = ids.iter().find(|id| roster.places[id.as_str()] == members[twice]);
            return Err(ReadFault::Twice { what: Reading::Members, id: id.cloned().unwrap_or_default() });
        }
        roster.members.push((*group, members));
        Ok(())
    })?;
    Ok(roster.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Reads all users and keeps those that are members; returns how many there were.
fn read_users(
    realm: &dyn Realm,
    calls: &Calls,
    settings: &DirectorySettings,
    roster: &mut Roster,
) -> Result<u64, ReadFault> {
    let roster = Mutex::new(roster);
    let seen = calls.ask(|| {
        let mut roster = roster.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut seen = Seen::default();
        // What an earlier try listed does not count.
        roster.people.iter_mut().for_each(|person| *person = None);
        realm.each_user(settings.detail(), &mut |user| match roster.fill(&user, settings) {
            Filled::IsNoMember => seen.note(&user.id),
            Filled::Once => seen.members += 1,
            Filled::Twice => seen.is_twice(&user.id),
        })?;
        Ok(seen)
    });
    let seen = seen.map_err(Reading::Users.failed())?;
    match seen.twice {
        Some(id) => Err(ReadFault::Twice { what: Reading::Users, id }),
        None => Ok(u64::try_from(seen.ids.len() + seen.members).unwrap_or(u64::MAX)),
    }
}

#[derive(Default)]
struct Seen {
    /// Users who are no members.
    ids: HashSet<Box<str>>,
    members: usize,
    twice: Option<String>,
}

impl Seen {
    fn note(&mut self, id: &str) {
        if !self.ids.insert(id.into()) {
            self.is_twice(id);
        }
    }

    fn is_twice(&mut self, id: &str) {
        self.twice.get_or_insert_with(|| id.to_owned());
    }
}

/// Drops members that are service accounts, which the list of users leaves out. Any other unlisted member is a fault.
fn forget_service_accounts(realm: &dyn Realm, calls: &Calls, roster: &mut Roster) -> Result<(), ReadFault> {
    let unlisted: HashMap<u32, &str> = roster
        .places
        .iter()
        .filter(|(_, place)| roster.people[**place as usize].is_none())
        .map(|(id, place)| (*place, &**id))
        .collect();
    for id in unlisted.values() {
        let found = calls.ask(|| realm.user(id)).map_err(Reading::User.failed())?;
        if !found.is_some_and(|user| user.is_service_account) {
            return Err(ReadFault::UnknownMember { user: (*id).to_owned() });
        }
    }
    for (_, members) in &mut roster.members {
        members.retain(|place| !unlisted.contains_key(place));
    }
    Ok(())
}

/// Whether a listed user is a member, and was listed before.
enum Filled {
    IsNoMember,
    Once,
    Twice,
}

impl Roster {
    fn place(&mut self, id: &str) -> u32 {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = u32::try_from(self.people.len()).expect("AWS takes 100,000 users");
        self.places.insert(id.into(), place);
        self.people.push(None);
        place
    }

    fn fill(&mut self, user: &RealmUser, settings: &DirectorySettings) -> Filled {
        let Some((id, place)) = self.places.get_key_value(user.id.as_str()) else {
            return Filled::IsNoMember;
        };
        let (record, faults) = settings.record(user);
        let unusable = Unusable { user_name: user.user_name.clone(), faults };
        let unusable = (!unusable.faults.is_empty()).then(|| Box::new(unusable));
        let person = Person { id: id.clone(), enabled: user.enabled, record, unusable };
        match self.people[*place as usize].replace(person) {
            None => Filled::Once,
            Some(_) => Filled::Twice,
        }
    }

    fn into_snapshot(self, realm: String, tree: Tree, settings: &DirectorySettings) -> RealmSnapshot {
        drop(self.places);
        let places = self.people.len();
        let mut listed: Vec<(usize, Person)> =
            self.people.into_iter().enumerate().filter_map(|(at, person)| Some((at, person?))).collect();
        listed.sort_unstable_by(|(_, a), (_, b)| {
            (a.record.user_name(), &*a.id).cmp(&(b.record.user_name(), &*b.id))
        });
        let mut order: Vec<Option<u32>> = vec![None; places];
        for (now, (before, _)) in (0_u32..).zip(&listed) {
            order[*before] = Some(now);
        }
        let mut fed: HashMap<GroupIndex, Vec<u32>> = HashMap::new();
        for (group, members) in &self.members {
            for into in tree.fed_by(*group) {
                fed.entry(into).or_default().extend(members.iter().filter_map(|at| order[*at as usize]));
            }
        }
        let mut groups: Vec<Group> = tree
            .selected()
            .map(|at| {
                let mut members = fed.remove(&at).unwrap_or_default();
                members.sort_unstable();
                members.dedup();
                members.shrink_to_fit();
                let (path, name) = (tree.path(at), tree.name(at, settings));
                Group { id: tree.id(at).into(), path, name, members }
            })
            .collect();
        groups.sort_unstable_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let people = listed.into_iter().map(|(_, person)| person).collect();
        RealmSnapshot { realm, people, groups, tree }
    }
}
