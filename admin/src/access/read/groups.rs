//! Which group of Identity Center the access file means.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::AccessReadError;
use crate::access::requests::Requests;
use crate::access::settings::GroupReference;
use crate::ports::aws_call::{AwsError, AwsPage};
use crate::ports::identity_store::{IdentityStore, StoreGroup, StorePage};
use crate::ports::keycloak::{CHILDREN_PAGE, Keycloak, KeycloakError, KeycloakGroup};
use crate::sync::scope::shown_path;

#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupError {
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
    #[error("the realm has no group `{path}`")]
    NotInRealm { path: String },
    #[error("Identity Center has no group named `{name}`")]
    NotInIdentityCenter { name: String },
    #[error("the group `{path}` can only be found in the realm")]
    NoRealm { path: String },
}

/// A group of the access file in Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResolvedGroup {
    /// With its ID in the identity store.
    Present(String),
    /// A sync creates it first; with its ID in the realm.
    Planned(String),
    /// It is in the realm, and not synchronized yet.
    NotYet,
}

/// The groups that a sync creates or takes over before the assignments are made: their IDs in the realm, and those in
/// the identity store, which are not known before a group is created.
pub(crate) type SyncedGroups = BTreeMap<String, Option<String>>;

/// All groups of Identity Center.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupDirectory {
    /// By ID.
    groups: BTreeMap<String, StoreGroup>,
    synced: SyncedGroups,
}

/// Returns a page of the identity store as one of the administrators' services.
pub(crate) fn as_page<T>(operation: &'static str, page: StorePage<T>) -> AwsPage<T> {
    AwsPage { items: page.items, next: page.next, operation }
}

impl GroupDirectory {
    pub(crate) fn read(store: &dyn IdentityStore, requests: &Requests<'_>) -> Result<Self, AwsError> {
        let page = |cursor: Option<&str>| Ok(as_page("ListGroups", store.groups(cursor)?));
        Ok(Self::of(requests.pages(page)?))
    }

    pub(crate) fn of(groups: Vec<StoreGroup>) -> Self {
        let groups = groups.into_iter().map(|group| (group.id.clone(), group)).collect();
        Self { groups, synced: SyncedGroups::new() }
    }

    /// Returns the groups as they are after a sync.
    pub(crate) fn after(self, synced: SyncedGroups) -> Self {
        Self { synced, ..self }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Returns the display name of a group, which may be empty; `None` if there is no group with this ID.
    pub(crate) fn name(&self, id: &str) -> Option<&str> {
        self.groups.get(id).map(|group| group.display_name.as_deref().unwrap_or_default())
    }

    /// Returns the group's ID in the realm and the realm's own, if it came from a realm.
    pub(crate) fn realm_id(&self, id: &str) -> Option<(&str, &str)> {
        let external = &self.groups.get(id)?.external_ids;
        external.iter().find_map(|text| text.strip_prefix("kc:")?.split_once(':'))
    }

    fn by_external_id(&self, external_id: &str) -> Option<&str> {
        let mut groups = self.groups.values();
        let found = groups.find(|group| group.external_ids.iter().any(|known| known == external_id));
        found.map(|group| group.id.as_str())
    }

    fn by_name(&self, name: &str) -> Option<&str> {
        let mut groups = self.groups.values();
        groups.find(|group| group.display_name.as_deref() == Some(name)).map(|group| group.id.as_str())
    }

    /// Finds a group. `realm` is needed for paths only.
    pub(crate) fn resolve(
        &self,
        reference: &GroupReference,
        realm: Option<&RealmGroups<'_>>,
    ) -> Result<ResolvedGroup, GroupError> {
        match reference {
            GroupReference::IdentityCenter(name) => match self.by_name(name) {
                Some(id) => Ok(ResolvedGroup::Present(id.to_owned())),
                None => Err(GroupError::NotInIdentityCenter { name: name.clone() }),
            },
            GroupReference::Realm(path) => {
                let realm = realm.ok_or_else(|| GroupError::NoRealm { path: path.clone() })?;
                let id = realm.id_of(path)?;
                let external_id = format!("kc:{}:{id}", realm.realm_id);
                let known = self.by_external_id(&external_id);
                Ok(match (known, self.synced.get(&id)) {
                    (Some(id), _) => ResolvedGroup::Present(id.to_owned()),
                    // A list may be behind what was just written.
                    (None, Some(Some(id))) => ResolvedGroup::Present(id.clone()),
                    (None, Some(None)) => ResolvedGroup::Planned(id),
                    (None, None) => ResolvedGroup::NotYet,
                })
            }
        }
    }
}

/// The groups of the realm, read along the paths that are asked for.
pub(crate) struct RealmGroups<'a> {
    keycloak: &'a dyn Keycloak,
    realm_id: String,
    /// The groups directly below another; below none: those at the top.
    below: Mutex<BTreeMap<Option<String>, Vec<KeycloakGroup>>>,
}

impl<'a> RealmGroups<'a> {
    pub(crate) fn open(keycloak: &'a dyn Keycloak) -> Result<Self, KeycloakError> {
        Ok(Self { keycloak, realm_id: keycloak.realm()?.id, below: Mutex::default() })
    }

    fn id_of(&self, path: &str) -> Result<String, GroupError> {
        let mut parent = None;
        for name in names(path) {
            let found = self.below(parent.as_deref())?.into_iter().find(|group| group.name == name);
            parent = Some(found.ok_or_else(|| GroupError::NotInRealm { path: path.to_owned() })?.id);
        }
        parent.ok_or_else(|| GroupError::NotInRealm { path: path.to_owned() })
    }

    /// Returns the paths of all groups by ID.
    ///
    /// They are made of the names: whether Keycloak escapes a slash within a name is a setting of the server.
    pub(crate) fn paths(&self) -> Result<BTreeMap<String, String>, KeycloakError> {
        let mut paths = BTreeMap::new();
        let mut open = vec![(None, String::new())];
        while let Some((parent, above)) = open.pop() {
            for group in self.below(parent.as_deref())? {
                let path = above.clone() + &shown_path(&[&group.name]);
                if group.sub_group_count != Some(0) {
                    open.push((Some(group.id.clone()), path.clone()));
                }
                paths.insert(group.id, path);
            }
        }
        Ok(paths)
    }

    pub(crate) fn realm_id(&self) -> &str {
        &self.realm_id
    }

    fn below(&self, parent: Option<&str>) -> Result<Vec<KeycloakGroup>, KeycloakError> {
        let key = parent.map(str::to_owned);
        let mut known = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(groups) = known.get(&key) {
            return Ok(groups.clone());
        }
        let groups = match parent {
            None => self.keycloak.top_groups()?,
            Some(parent) => self.children(parent)?,
        };
        known.insert(key, groups.clone());
        Ok(groups)
    }

    fn children(&self, parent: &str) -> Result<Vec<KeycloakGroup>, KeycloakError> {
        let mut groups = Vec::new();
        loop {
            let page = self.keycloak.child_groups(parent, groups.len())?;
            let is_last = page.len() < CHILDREN_PAGE;
            groups.extend(page);
            if is_last {
                return Ok(groups);
            }
        }
    }
}

/// Returns the names of a path's groups. A slash in a name is written `~/`.
fn names(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut letters = path.strip_prefix('/').unwrap_or(path).chars().peekable();
    while let Some(letter) = letters.next() {
        let last = names.last_mut().expect("there is always one");
        match letter {
            '~' if letters.peek() == Some(&'/') => last.extend(letters.next()),
            '/' => names.push(String::new()),
            letter => last.push(letter),
        }
    }
    names
}

impl From<KeycloakError> for AccessReadError {
    fn from(error: KeycloakError) -> Self {
        Self::Group(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keycloak::FakeKeycloak;
    use crate::ports::keycloak::fake::FakeGroup;

    fn keycloak() -> FakeKeycloak {
        let keycloak = FakeKeycloak::default();
        let group = |id: &str, name: &str, parent: Option<&str>| FakeGroup {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            members: Vec::new(),
        };
        let mut groups = vec![group("g-aws", "aws", None), group("g-ci", "CI/CD", Some("g-aws"))];
        groups.extend((0..25).map(|at| group(&format!("g-{at}"), &format!("Team{at}"), Some("g-aws"))));
        keycloak.realm_mut().groups = groups;
        keycloak
    }

    fn store(id: &str, name: &str, external_id: Option<&str>) -> StoreGroup {
        StoreGroup {
            id: id.to_owned(),
            display_name: Some(name.to_owned()),
            external_ids: external_id.into_iter().map(str::to_owned).collect(),
            revision: None,
        }
    }

    #[test]
    fn groups_are_found_by_path_and_by_name() {
        let keycloak = keycloak();
        let realm = RealmGroups::open(&keycloak).expect("opens");
        let external = format!("kc:{}:g-24", realm.realm_id());
        let directory = GroupDirectory::of(vec![
            store("i-1", "Team24", Some(&external)),
            store("i-2", "Break glass", None),
            // Another realm's group of the same ID.
            store("i-3", "Team3", Some("kc:other:g-3")),
        ]);
        let resolve = |text: &str| {
            let reference: GroupReference = text.parse().expect("a group");
            directory.resolve(&reference, Some(&realm))
        };
        assert_eq!(resolve("/aws/Team24").expect("is there"), ResolvedGroup::Present("i-1".to_owned()));
        assert_eq!(resolve("idc:Break glass").expect("is there"), ResolvedGroup::Present("i-2".to_owned()));
        assert_eq!(resolve("/aws/Team3").expect("is in the realm"), ResolvedGroup::NotYet);
        assert_eq!(resolve("/aws/CI~/CD").expect("is in the realm"), ResolvedGroup::NotYet);
        assert!(matches!(resolve("/aws/team24"), Err(GroupError::NotInRealm { .. })));
        assert!(matches!(resolve("idc:break glass"), Err(GroupError::NotInIdentityCenter { .. })));
        let paths = realm.paths().expect("reads");
        assert_eq!((paths.len(), paths["g-ci"].as_str()), (27, "/aws/CI~/CD"));
        assert_eq!(directory.realm_id("i-3"), Some(("other", "g-3")));
    }
}
