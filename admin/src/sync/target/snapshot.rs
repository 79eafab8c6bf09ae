//! Reads the directory of Identity Center.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::{Directory, DirectoryGroup, DirectoryUser, Page};
use crate::sync::call::{CallError, Calls};
use crate::sync::index::Index;
use crate::sync::owner::Owner;
use crate::sync::parallel::for_each;
use crate::sync::read_fault::{ReadFault, Reading};
use crate::sync::record::Record;
use crate::sync::scope::DirectorySettings;
use crate::sync::source::{Person, RealmSnapshot};

/// More pages than the 100,000 users that AWS allows can fill, though a page be nearly empty.
const MOST_PAGES: usize = 20_000;

/// A user of Identity Center, with the attributes that this tool writes.
pub(crate) struct User {
    pub(crate) id: Box<str>,
    pub(crate) owner: Owner,
    pub(crate) active: bool,
    pub(crate) revision: Option<Box<str>>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) record: Record,
}

/// A group of Identity Center.
pub(crate) struct Group {
    pub(crate) id: Box<str>,
    pub(crate) owner: Owner,
    pub(crate) name: Box<str>,
    pub(crate) revision: Option<Box<str>>,
}

/// What was read of the directory, but for the members of its groups.
pub(crate) struct DirectorySnapshot {
    /// In the order of their user names.
    pub(crate) users: Vec<User>,
    /// In the order of their names.
    pub(crate) groups: Vec<Group>,
}

/// Reads users and groups. All of them, since names are unique among all.
pub(crate) fn read(
    directory: &dyn Directory,
    calls: &Calls,
    settings: &DirectorySettings,
    realm: &RealmSnapshot,
) -> Result<DirectorySnapshot, ReadFault> {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    let people = Index::exact(realm.people.iter().map(|person| &*person.id).zip(0..));
    let person = |id: &str| people.get(id).map(|at| &realm.people[at]);
    let see_user = |user: DirectoryUser| users.push(User::of(user, settings, &realm.realm).sharing(person));
    read_pages(Reading::DirectoryUsers, calls, |cursor| directory.users(cursor), see_user)?;
    let see_group = |group: DirectoryGroup| groups.push(Group::of(group, &realm.realm));
    read_pages(Reading::DirectoryGroups, calls, |cursor| directory.groups(cursor), see_group)?;
    users.sort_unstable_by(|a, b| (a.record.user_name(), &a.id).cmp(&(b.record.user_name(), &b.id)));
    groups.sort_unstable_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    users.shrink_to_fit();
    only_once(Reading::DirectoryUsers, users.iter().map(|user| &*user.id))?;
    only_once(Reading::DirectoryGroups, groups.iter().map(|group| &*group.id))?;
    Ok(DirectorySnapshot { users, groups })
}

/// Returns the members of each of these groups, by their place in [`DirectorySnapshot::users`].
///
/// Somebody who joined Identity Center since the users were read is left out.
pub(crate) fn read_members(
    directory: &dyn Directory,
    calls: &Calls,
    snapshot: &DirectorySnapshot,
    groups: &[usize],
) -> Result<HashMap<usize, Vec<u32>>, ReadFault> {
    let places = Index::exact(snapshot.users.iter().map(|user| &*user.id).zip(0..));
    let members = Mutex::new(HashMap::new());
    for_each(groups, |group| {
        let id = &snapshot.groups[*group].id;
        let mut found = Vec::new();
        let see = |user: String| found.extend(places.get(&user).and_then(|at| u32::try_from(at).ok()));
        read_pages(Reading::DirectoryMembers, calls, |cursor| directory.members(id, cursor), see)?;
        found.sort_unstable();
        if let Some(pair) = found.windows(2).find(|pair| pair[0] == pair[1]) {
            let id = snapshot.users[pair[0] as usize].id.to_string();
            return Err(ReadFault::Twice { what: Reading::DirectoryMembers, id });
        }
        found.shrink_to_fit();
        members.lock().unwrap_or_else(PoisonError::into_inner).insert(*group, found);
        Ok(())
    })?;
    Ok(members.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Reads a listing to its end. No cursor may come twice.
pub(crate) fn read_pages<T>(
    what: Reading,
    calls: &Calls,
    page: impl Fn(Option<&str>) -> Result<Page<T>, CallError>,
    mut see: impl FnMut(T),
) -> Result<(), ReadFault> {
    let mut cursor: Option<String> = None;
    let mut cursors = HashSet::new();
    for _ in 0..MOST_PAGES {
        let Page { items, next } = calls.ask(|| page(cursor.as_deref())).map_err(what.failed())?;
        items.into_iter().for_each(&mut see);
        let Some(next) = next else { return Ok(()) };
        if !cursors.insert(next.clone()) {
            return Err(ReadFault::CursorTwice { what });
        }
        cursor = Some(next);
    }
    Err(ReadFault::Endless { what })
}

fn only_once<'a>(what: Reading, ids: impl Iterator<Item = &'a str>) -> Result<(), ReadFault> {
    let ids: Vec<&str> = ids.collect();
    match Index::exact(ids.iter().copied().zip(0..)).shared().next() {
        None => Ok(()),
        Some((at, _)) => Err(ReadFault::Twice { what, id: ids[at as usize].to_owned() }),
    }
}

impl User {
    fn of(user: DirectoryUser, settings: &DirectorySettings, realm: &str) -> Self {
        let record = Record::of(|attribute| user.record.get(attribute).filter(|_| settings.owns(attribute)));
        Self {
            id: user.id.into(),
            owner: Owner::of(user.external_id.as_deref(), realm),
            active: user.active,
            revision: user.revision.map(Into::into),
            updated_at: user.updated_at,
            record,
        }
    }
}

impl User {
    /// Returns the user with what is the same in the realm kept once for both, and without what no plan will need.
    fn sharing<'p>(self, person: impl Fn(&str) -> Option<&'p Person>) -> Self {
        let Owner::ThisRealm(id) = &self.owner else { return self };
        let Some(person) = person(id) else { return self };
        let is_same = person.record == self.record;
        let record = if is_same { person.record.clone() } else { self.record };
        // Nothing is planned for a user who is in step.
        let is_in_step = is_same && self.active && person.enabled;
        let revision = self.revision.filter(|_| !is_in_step);
        Self { record, revision, owner: Owner::ThisRealm(person.id.clone()), ..self }
    }
}

impl Group {
    fn of(group: DirectoryGroup, realm: &str) -> Self {
        Self {
            id: group.id.into(),
            owner: Owner::of(group.external_id.as_deref(), realm),
            name: group.name.into(),
            revision: group.revision.map(Into::into),
        }
    }
}
