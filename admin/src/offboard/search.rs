//! Finds a person by a user name or an e-mail address, on both sides.

use std::error::Error;

use chrono::TimeDelta;

use super::person::{
    DirectoryAccount, GroupMembership, GroupStanding, Ownership, Person, RealmAccount, Side,
};
use super::{OffboardError, Offboarder};
use crate::ports::keycloak::{Keycloak, KeycloakError, KeycloakUser, Right};
use crate::sync::call::CallError;
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::read_fault::{ReadFault, Reading};
use crate::sync::record::Attribute;
use crate::sync::source::RealmUser;
use crate::sync::target::{DirectoryGroup, DirectoryUser, read_pages};

/// The users of Identity Center that may be the person, by how surely they are.
#[derive(Default)]
struct Candidates {
    of_person: Option<DirectoryUser>,
    named: Option<DirectoryUser>,
    with_email: Vec<DirectoryUser>,
}

impl Offboarder<'_> {
    /// Finds the person with this user name or e-mail address, and refuses those who must keep their access.
    pub(crate) fn find(&self, name: &str) -> Result<Person, OffboardError> {
        let settings = self.ask_realm(|keycloak| keycloak.realm()).ok();
        let realm_id = settings.as_ref().map(|settings| settings.id.as_str());
        let mut user = self.realm_user(name)?;
        let found = self.directory_user(name, user.found(), realm_id)?;
        // The name may be one that the realm has changed since.
        if let (Side::Absent, Side::Found(found)) = (&user, &found)
            && let Owner::ThisRealm(id) = owner_of(found.external_id.as_deref(), realm_id)
        {
            user = self.realm_user_by_id(&id);
        }
        self.refuse_who_must_stay(name, &user, &found)?;
        if matches!((&user, &found), (Side::Absent, Side::Absent)) {
            return Err(OffboardError::NoSuchUser { name: name.to_owned() });
        }
        let directory = match found {
            Side::Found(found) => Side::Found(self.directory_account(found, user.found(), realm_id)),
            Side::Absent => Side::Absent,
            Side::Unread { reason } => Side::Unread { reason },
        };
        let realm = match user {
            Side::Found(user) => Side::Found(self.realm_account(user, realm_id, &directory)),
            Side::Absent => Side::Absent,
            Side::Unread { reason } => Side::Unread { reason },
        };
        let session_lifespan =
            settings.and_then(|settings| TimeDelta::try_seconds(settings.sso_session_max_lifespan));
        let role_session = directory.found().and_then(|user| self.longest_role_session(user));
        Ok(Person { realm, directory, session_lifespan, role_session })
    }

    fn ask_realm<T>(&self, call: impl Fn(&dyn Keycloak) -> Result<T, KeycloakError>) -> Result<T, CallError> {
        match &self.keycloak {
            Ok(keycloak) => self.realm_calls.ask(|| Ok(call(*keycloak)?)),
            Err(reason) => Err(CallError::Failed(reason.clone().into())),
        }
    }

    fn realm_user(&self, name: &str) -> Result<Side<KeycloakUser>, OffboardError> {
        if let Err(reason) = &self.keycloak {
            return Ok(Side::Unread { reason: reason.clone() });
        }
        let read = || {
            let mut found: Vec<KeycloakUser> =
                self.ask_realm(|keycloak| keycloak.user_by_name(name))?.into_iter().collect();
            for user in self.ask_realm(|keycloak| keycloak.users_by_email(name))? {
                if found.iter().all(|known| known.id != user.id) {
                    found.push(user);
                }
            }
            if found.is_empty() && !self.ask_realm(|keycloak| keycloak.sees_users())? {
                return Err(CallError::from(KeycloakError::Forbidden { needs: Right::ViewUsers }));
            }
            Ok(found)
        };
        match read() {
            Ok(mut found) => match (found.pop(), found.len()) {
                (None, _) => Ok(Side::Absent),
                (Some(user), 0) => Ok(Side::Found(user)),
                (Some(user), _) => {
                    Err(ambiguous(name, found.into_iter().chain([user]).map(|user| user.username).collect()))
                }
            },
            Err(error) => Ok(unread(&error)),
        }
    }

    fn realm_user_by_id(&self, id: &str) -> Side<KeycloakUser> {
        match self.ask_realm(|keycloak| keycloak.user(id)) {
            Ok(Some(user)) => Side::Found(user),
            Ok(None) => Side::Absent,
            Err(error) => unread(&error),
        }
    }

    fn directory_user(
        &self,
        name: &str,
        user: Option<&KeycloakUser>,
        realm_id: Option<&str>,
    ) -> Result<Side<DirectoryUser>, OffboardError> {
        let directory = match &self.directory {
            Ok(directory) => *directory,
            Err(reason) => return Ok(Side::Unread { reason: reason.clone() }),
        };
        let wanted = user.and_then(|user| self.user_name_of(user));
        let user_name = wanted.as_deref().unwrap_or(name);
        let mut candidates = Candidates::default();
        let see = |found: DirectoryUser| {
            let belongs_to = |user: &KeycloakUser| is_of(&found, user, realm_id);
            let email = found.record.get(Attribute::Email);
            if user.is_some_and(belongs_to) {
                candidates.of_person = Some(found);
            } else if found.record.user_name().to_lowercase() == user_name.to_lowercase() {
                candidates.named = Some(found);
            } else if user.is_none() && email.is_some_and(|it| it.to_lowercase() == name.to_lowercase()) {
                candidates.with_email.push(found);
            }
        };
        let page = |cursor: Option<&str>| directory.users(cursor);
        if let Err(fault) = read_pages(Reading::DirectoryUsers, self.directory_calls, page, see) {
            return Ok(unread(&fault));
        }
        let Candidates { of_person, named, mut with_email } = candidates;
        match of_person.or(named) {
            Some(found) => Ok(Side::Found(found)),
            None if with_email.len() > 1 => {
                let names = with_email.iter().map(|user| user.record.user_name().to_owned());
                Err(ambiguous(name, names.collect()))
            }
            None => Ok(with_email.pop().map_or(Side::Absent, Side::Found)),
        }
    }

    /// Returns the name under which Identity Center knows a user of the realm.
    fn user_name_of(&self, user: &KeycloakUser) -> Option<String> {
        let Some(settings) = self.settings else { return user.email.clone() };
        let (record, _) = settings.record(&RealmUser::from(user.clone()));
        Some(record.user_name().to_owned()).filter(|name| !name.is_empty())
    }

    fn refuse_who_must_stay(
        &self,
        name: &str,
        user: &Side<KeycloakUser>,
        found: &Side<DirectoryUser>,
    ) -> Result<(), OffboardError> {
        let mut names = vec![name.to_owned()];
        if let Some(user) = user.found() {
            names.push(user.username.clone());
            names.extend(user.email.clone());
            names.extend(self.user_name_of(user));
        }
        names.extend(found.found().map(|found| found.record.user_name().to_owned()));
        for name in names {
            if self.settings.is_some_and(|settings| settings.protects(&name)) {
                return Err(OffboardError::Protected { name });
            }
            if self.caller.is_some_and(|caller| caller.to_lowercase() == name.to_lowercase()) {
                return Err(OffboardError::Caller { name });
            }
        }
        Ok(())
    }

    fn realm_account(
        &self,
        user: KeycloakUser,
        realm_id: Option<&str>,
        directory: &Side<DirectoryAccount>,
    ) -> RealmAccount {
        let sessions = self.ask_realm(|keycloak| keycloak.user_sessions(&user.id)).ok();
        let by_realm = realm_id.and_then(|realm| ExternalId::new(realm, &user.id).ok());
        let by_directory = || directory.found()?.external_id.as_deref()?.parse().ok();
        RealmAccount {
            external_id: by_realm.or_else(by_directory),
            sessions: sessions.map(|sessions| sessions.len()),
            federated: user.federation_link.is_some(),
            id: user.id,
            user_name: user.username,
            email: user.email,
            enabled: user.enabled,
        }
    }

    fn directory_account(
        &self,
        found: DirectoryUser,
        user: Option<&KeycloakUser>,
        realm_id: Option<&str>,
    ) -> DirectoryAccount {
        let owner = match owner_of(found.external_id.as_deref(), realm_id) {
            Owner::ThisRealm(id) => match user {
                Some(user) if *user.id == *id => Ownership::Ours,
                Some(_) if !matches!(self.realm_user_by_id(&id), Side::Absent) => Ownership::OtherPerson,
                // The person is gone from the realm, or was replaced by somebody of the same name.
                Some(_) | None => Ownership::Ours,
            },
            Owner::OtherRealm(_) | Owner::Another(_) | Owner::Nobody => Ownership::Foreign,
        };
        let realm = found.external_id.as_deref().and_then(|id| id.parse::<ExternalId>().ok());
        let realm_id = realm_id.or(realm.as_ref().map(ExternalId::realm));
        let (groups, groups_unread) = match self.groups_of(&found.id, realm_id) {
            Ok(groups) => (groups, None),
            Err(fault) => (Vec::new(), Some(in_full(&fault))),
        };
        DirectoryAccount {
            user_name: found.record.user_name().to_owned(),
            id: found.id,
            active: found.active,
            updated_at: found.updated_at,
            owner,
            external_id: found.external_id,
            groups,
            groups_unread,
        }
    }

    fn groups_of(&self, user: &str, realm_id: Option<&str>) -> Result<Vec<GroupMembership>, ReadFault> {
        let Ok(directory) = &self.directory else { return Ok(Vec::new()) };
        let mut ids: Vec<String> = Vec::new();
        let page = |cursor: Option<&str>| directory.groups_of(user, cursor);
        read_pages(Reading::DirectoryMembers, self.directory_calls, page, |id| ids.push(id))?;
        let read = |id: &String| self.directory_calls.ask(|| directory.group(id));
        let groups: Result<Vec<Option<DirectoryGroup>>, CallError> = ids.iter().map(read).collect();
        let groups = groups.map_err(Reading::DirectoryGroups.failed())?;
        Ok(groups.into_iter().flatten().map(|group| self.membership(group, realm_id)).collect())
    }

    fn membership(&self, group: DirectoryGroup, realm_id: Option<&str>) -> GroupMembership {
        let is_protected = self.settings.is_some_and(|settings| settings.protects(&group.name));
        let owner = realm_id.map(|realm| Owner::of(group.external_id.as_deref(), realm));
        let standing = match owner {
            _ if is_protected => GroupStanding::Protected,
            Some(Owner::ThisRealm(_)) => GroupStanding::Ours,
            Some(Owner::OtherRealm(_) | Owner::Another(_) | Owner::Nobody) | None => GroupStanding::Foreign,
        };
        GroupMembership { id: group.id, name: group.name, external_id: group.external_id, standing }
    }
}

/// Returns the owner of an object; where the realm's id cannot be read, any realm of kcaws is taken for this one.
fn owner_of(external_id: Option<&str>, realm_id: Option<&str>) -> Owner {
    let own = external_id.and_then(|text| text.parse::<ExternalId>().ok());
    match (realm_id, &own) {
        (Some(realm), _) => Owner::of(external_id, realm),
        (None, Some(own)) => Owner::ThisRealm(own.id().into()),
        (None, None) => Owner::of(external_id, ""),
    }
}

fn is_of(found: &DirectoryUser, user: &KeycloakUser, realm_id: Option<&str>) -> bool {
    matches!(owner_of(found.external_id.as_deref(), realm_id), Owner::ThisRealm(id) if *id == *user.id)
}

fn ambiguous(name: &str, users: Vec<String>) -> OffboardError {
    OffboardError::Ambiguous { name: name.to_owned(), users }
}

fn unread<T>(error: &dyn Error) -> Side<T> {
    Side::Unread { reason: in_full(error) }
}

/// Returns the message with its causes, on one line.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
