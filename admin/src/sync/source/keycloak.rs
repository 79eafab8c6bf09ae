//! The realm of a Keycloak, read through its port.

use std::collections::HashSet;

use super::{Detail, Realm, RealmGroup, RealmUser};
use crate::ports::keycloak::{
    CHILDREN_PAGE, Keycloak, KeycloakError, KeycloakGroup, KeycloakUser, UserDetail,
};
use crate::sync::call::CallError;

pub(crate) struct KeycloakRealm<'a>(pub(crate) &'a dyn Keycloak);

impl Realm for KeycloakRealm<'_> {
    fn id(&self) -> Result<String, CallError> {
        Ok(self.0.realm()?.id)
    }

    fn count_users(&self) -> Result<u64, CallError> {
        Ok(number(self.0.user_count()?))
    }

    fn each_user(&self, detail: Detail, see: &mut dyn FnMut(RealmUser)) -> Result<(), CallError> {
        let detail = match detail {
            Detail::Brief => UserDetail::Brief,
            Detail::WithAttributes => UserDetail::Full,
        };
        self.0.users(detail, &mut |user| see(user.into()))?;
        Ok(())
    }

    fn count_groups(&self) -> Result<u64, CallError> {
        Ok(number(self.0.group_count()?))
    }

    fn each_group(&self, see: &mut dyn FnMut(RealmGroup)) -> Result<(), CallError> {
        let mut open: Vec<(KeycloakGroup, Option<String>)> =
            self.0.top_groups()?.into_iter().map(|group| (group, None)).collect();
        let mut seen = HashSet::new();
        while let Some((group, parent)) = open.pop() {
            let is_new = seen.insert(group.id.clone());
            if is_new {
                let below = self.below(&group)?;
                open.extend(below.into_iter().map(|child| (child, Some(group.id.clone()))));
            }
            see(RealmGroup { id: group.id, name: group.name, parent });
            // Passed on twice, it is a fault of the reading. To go on below it might not end.
            if !is_new {
                break;
            }
        }
        Ok(())
    }

    fn members(&self, group: &str) -> Result<Vec<String>, CallError> {
        let mut members = Vec::new();
        self.0.members(group, &mut |user| members.push(user.id))?;
        Ok(members)
    }

    fn user(&self, id: &str) -> Result<Option<RealmUser>, CallError> {
        Ok(self.0.user(id)?.map(Into::into))
    }

    fn groups_of(&self, user: &str) -> Result<Option<Vec<String>>, CallError> {
        match self.0.user_groups(user) {
            Ok(groups) => Ok(Some(groups.into_iter().map(|group| group.id).collect())),
            Err(error) if error.is_no_such_user() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn find_users(&self, name: &str) -> Result<Vec<RealmUser>, CallError> {
        let mut found: Vec<KeycloakUser> = self.0.user_by_name(name)?.into_iter().collect();
        for user in self.0.users_by_email(name)? {
            if !found.iter().any(|known| known.id == user.id) {
                found.push(user);
            }
        }
        Ok(found.into_iter().map(Into::into).collect())
    }
}

impl KeycloakRealm<'_> {
    /// Returns the groups directly below another one.
    fn below(&self, group: &KeycloakGroup) -> Result<Vec<KeycloakGroup>, CallError> {
        if !group.sub_groups.is_empty() || group.sub_group_count == Some(0) {
            return Ok(group.sub_groups.clone());
        }
        // Versions before 23 send the whole tree at once, and no count.
        if group.sub_group_count.is_none() {
            return Ok(Vec::new());
        }
        let (mut below, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let page = self.0.child_groups(&group.id, below.len())?;
            // A page that comes again would come for ever. The group that is in the list twice is the fault.
            let is_last =
                page.len() < CHILDREN_PAGE || page.iter().any(|child| !seen.insert(child.id.clone()));
            below.extend(page);
            if is_last {
                return Ok(below);
            }
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl From<KeycloakUser> for RealmUser {
    fn from(user: KeycloakUser) -> Self {
        let first = |(name, values): (String, Vec<String>)| Some((name, values.into_iter().next()?));
        Self {
            id: user.id,
            enabled: user.enabled,
            user_name: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            attributes: user.attributes.into_iter().filter_map(first).collect(),
            is_service_account: user.service_account_client_id.is_some(),
        }
    }
}

impl From<KeycloakError> for CallError {
    fn from(error: KeycloakError) -> Self {
        match error {
            KeycloakError::Unavailable { status: 429, retry_after, .. } => Self::Throttled { retry_after },
            KeycloakError::Unavailable { .. } | KeycloakError::Unreachable(_) => {
                Self::Unavailable(error.into())
            }
            KeycloakError::ServiceAccount { .. }
            | KeycloakError::TokenRefused
            | KeycloakError::Forbidden { .. } => Self::Denied(error.into()),
            KeycloakError::NotKeycloak { .. }
            | KeycloakError::NoRealm { .. }
            | KeycloakError::NotFound { .. }
            | KeycloakError::Conflict { .. }
            | KeycloakError::Refused { .. }
            | KeycloakError::Response { .. } => Self::Failed(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keycloak::FakeKeycloak;
    use crate::ports::keycloak::fake::FakeGroup;

    fn realm() -> FakeKeycloak {
        let keycloak = FakeKeycloak::default();
        {
            let mut realm = keycloak.realm_mut();
            realm.users = vec![KeycloakUser {
                id: "u1".to_owned(),
                username: "alice".to_owned(),
                email: Some("alice@example.com".to_owned()),
                enabled: true,
                ..KeycloakUser::default()
            }];
            let group = |id: &str, parent: Option<&str>| FakeGroup {
                id: id.to_owned(),
                name: id.to_owned(),
                parent: parent.map(str::to_owned),
                members: vec!["u1".to_owned()],
            };
            realm.groups = vec![group("aws", None)];
            realm.groups.extend((0..23).map(|at| group(&format!("g{at}"), Some("aws"))));
            realm.groups.push(group("deep", Some("g22")));
        }
        keycloak
    }

    #[test]
    fn the_tree_is_read_page_by_page_and_level_by_level() {
        let keycloak = realm();
        let mut groups = Vec::new();
        KeycloakRealm(&keycloak).each_group(&mut |group| groups.push(group)).expect("reads");
        assert_eq!(number(groups.len()), KeycloakRealm(&keycloak).count_groups().expect("counts"));
        let deep = groups.iter().find(|group| group.id == "deep").expect("the deepest");
        assert_eq!(deep.parent.as_deref(), Some("g22"));
    }

    /// Returns the groups that are passed on twice.
    fn twice(keycloak: &FakeKeycloak) -> Vec<String> {
        let (mut seen, mut twice) = (HashSet::new(), Vec::new());
        let see = &mut |group: RealmGroup| {
            if !seen.insert(group.id.clone()) {
                twice.push(group.id);
            }
        };
        KeycloakRealm(keycloak).each_group(see).expect("ends");
        twice
    }

    #[test]
    fn a_circle_and_a_page_that_comes_again_end_with_a_group_that_is_there_twice() {
        let keycloak = realm();
        let group = FakeGroup {
            id: "aws".to_owned(),
            name: "aws".to_owned(),
            parent: Some("deep".to_owned()),
            members: Vec::new(),
        };
        keycloak.realm_mut().groups.push(group);
        assert_eq!(twice(&keycloak), ["aws"]);

        let keycloak = realm();
        {
            let mut realm = keycloak.realm_mut();
            let child = |at: usize| FakeGroup {
                id: format!("child{at}"),
                name: format!("child{at}"),
                parent: Some("deep".to_owned()),
                members: Vec::new(),
            };
            realm.groups.extend((0..CHILDREN_PAGE).map(child));
            realm.repeats_children = true;
        }
        assert_eq!(twice(&keycloak).len(), 1);
    }

    #[test]
    fn users_are_found_by_name_or_address_once() {
        let keycloak = realm();
        let realm = KeycloakRealm(&keycloak);
        for name in ["alice", "alice@example.com"] {
            assert_eq!(realm.find_users(name).expect("reads").len(), 1, "{name}");
        }
        assert!(realm.user("nobody").expect("reads").is_none());
        assert_eq!(realm.groups_of("u1").expect("reads").map(|groups| groups.len()), Some(25));
    }
}
