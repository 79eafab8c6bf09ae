//! A realm in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kcaws::ports::clock::Skew;
use serde_json::{Map, Value, json};

use super::error::NO_SUCH_USER;
use super::{
    CHILDREN_PAGE, ClientScope, EventsConfig, Keycloak, KeycloakClient, KeycloakError, KeycloakGroup,
    KeycloakObject, KeycloakUser, LoginEvent, ProtocolMapper, RealmSettings, Result, Right, ScopeKind,
    UserDetail, UserSession,
};

/// The client scopes that a new SAML client gets unless it names others.
const REALM_SCOPES: [&str; 1] = ["role_list"];

/// Behaves as Keycloak does, for a service account with all rights unless some are taken away.
pub(crate) struct FakeKeycloak(Mutex<FakeRealm>);

/// What is in the realm. Tests write to it directly.
pub(crate) struct FakeRealm {
    pub(crate) settings: RealmSettings,
    pub(crate) issuer: String,
    pub(crate) descriptor: String,
    pub(crate) missing_rights: BTreeSet<Right>,
    pub(crate) users: Vec<KeycloakUser>,
    pub(crate) groups: Vec<FakeGroup>,
    pub(crate) clients: Vec<KeycloakClient>,
    pub(crate) sessions: BTreeMap<String, Vec<UserSession>>,
    pub(crate) events_config: EventsConfig,
    pub(crate) events: Vec<LoginEvent>,
    /// Examples of SAML responses by user ID; `None` stands for a version without them.
    pub(crate) examples: Option<BTreeMap<String, String>>,
    /// Writing calls, in order.
    pub(crate) writes: Vec<&'static str>,
    /// Every page of a group's children is the first one.
    pub(crate) repeats_children: bool,
    /// The next call of this name fails once.
    pub(crate) fails: BTreeMap<&'static str, KeycloakError>,
}

pub(crate) struct FakeGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    /// User IDs.
    pub(crate) members: Vec<String>,
}

impl Default for FakeKeycloak {
    fn default() -> Self {
        let settings = RealmSettings {
            id: "4a4a8b5c-0000-4000-8000-000000000001".to_owned(),
            realm: "corp".to_owned(),
            sso_session_max_lifespan: 36000,
            sso_session_idle_timeout: 1800,
            login_with_email_allowed: true,
            duplicate_emails_allowed: false,
        };
        Self(Mutex::new(FakeRealm {
            settings,
            issuer: "https://sso.example.com/realms/corp".to_owned(),
            descriptor: String::new(),
            missing_rights: BTreeSet::new(),
            users: Vec::new(),
            groups: Vec::new(),
            clients: Vec::new(),
            sessions: BTreeMap::new(),
            events_config: EventsConfig::default(),
            events: Vec::new(),
            examples: None,
            writes: Vec::new(),
            repeats_children: false,
            fails: BTreeMap::new(),
        }))
    }
}

impl FakeKeycloak {
    /// Returns the realm, to look at it or to change it.
    pub(crate) fn realm_mut(&self) -> MutexGuard<'_, FakeRealm> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, name: &'static str, needs: Right) -> Result<MutexGuard<'_, FakeRealm>> {
        let mut realm = self.realm_mut();
        if let Some(error) = realm.fails.remove(name) {
            return Err(error);
        }
        if realm.missing_rights.contains(&needs) {
            return Err(KeycloakError::Forbidden { needs });
        }
        Ok(realm)
    }

    fn write(&self, name: &'static str, needs: Right) -> Result<MutexGuard<'_, FakeRealm>> {
        let mut realm = self.call(name, needs)?;
        realm.writes.push(name);
        Ok(realm)
    }
}

fn not_found<T>(object: KeycloakObject, found: Option<T>) -> Result<T> {
    let message = || match object {
        KeycloakObject::User => NO_SUCH_USER.to_owned(),
        _ => "not found".to_owned(),
    };
    found.ok_or_else(|| KeycloakError::NotFound { object, message: message() })
}

impl FakeRealm {
    fn user(&mut self, id: &str) -> Result<&mut KeycloakUser> {
        not_found(KeycloakObject::User, self.users.iter_mut().find(|user| user.id == id))
    }

    fn group(&self, id: &str) -> Result<&FakeGroup> {
        not_found(KeycloakObject::Group, self.groups.iter().find(|group| group.id == id))
    }

    fn client(&mut self, id: &str) -> Result<&mut KeycloakClient> {
        not_found(KeycloakObject::Client, self.clients.iter_mut().find(|client| client.id == id))
    }

    fn path(&self, group: &FakeGroup) -> String {
        let above = group.parent.as_ref().and_then(|parent| self.group(parent).ok());
        format!("{}/{}", above.map_or_else(String::new, |above| self.path(above)), group.name)
    }

    fn shown(&self, group: &FakeGroup) -> KeycloakGroup {
        let below = self.groups.iter().filter(|other| other.parent.as_ref() == Some(&group.id));
        KeycloakGroup {
            id: group.id.clone(),
            name: group.name.clone(),
            path: self.path(group),
            sub_group_count: Some(below.count() as u64),
            sub_groups: Vec::new(),
        }
    }

    fn below(&self, parent: Option<&str>) -> Vec<KeycloakGroup> {
        let found = self.groups.iter().filter(|group| group.parent.as_deref() == parent);
        found.map(|group| self.shown(group)).collect()
    }
}

fn scopes(client: &mut KeycloakClient, kind: ScopeKind) -> &mut BTreeSet<String> {
    match kind {
        ScopeKind::Default => &mut client.default_client_scopes,
        ScopeKind::Optional => &mut client.optional_client_scopes,
    }
}

/// Applies the members of a representation as `PUT` does.
fn merge(client: &mut KeycloakClient, changes: &Map<String, Value>) -> Result<()> {
    let mut merged = json!({
        "id": client.id, "clientId": client.client_id, "protocol": client.protocol,
        "redirectUris": client.redirect_uris, "protocolMappers": client.protocol_mappers,
        "defaultClientScopes": client.default_client_scopes, "optionalClientScopes": client.optional_client_scopes,
    });
    for (name, value) in &client.other {
        merged[name] = value.clone();
    }
    let mut attributes = client.attributes.clone();
    for (name, value) in changes {
        match name.as_str() {
            "attributes" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match value.as_str() {
                        None | Some("") => attributes.remove(name),
                        Some(text) => attributes.insert(name.clone(), text.to_owned()),
                    };
                }
            }
            "id" | "defaultClientScopes" | "optionalClientScopes" => {}
            _ => merged[name] = value.clone(),
        }
    }
    merged["attributes"] = json!(attributes);
    *client =
        serde_json::from_value(merged).map_err(|error| KeycloakError::Response { why: error.to_string() })?;
    Ok(())
}

impl Keycloak for FakeKeycloak {
    fn realm(&self) -> Result<RealmSettings> {
        Ok(self.call("realm", Right::ViewRealm)?.settings.clone())
    }

    fn server_version(&self) -> Result<Option<String>> {
        Ok(None)
    }

    fn granted_rights(&self) -> Result<Option<BTreeSet<Right>>> {
        let missing = self.realm_mut().missing_rights.clone();
        Ok(Some(Right::ALL.into_iter().filter(|right| !missing.contains(right)).collect()))
    }

    fn clock_skew(&self) -> Result<Option<Skew>> {
        Ok(Some(Skew::NONE))
    }

    fn sees_users(&self) -> Result<bool> {
        Ok(!self.realm_mut().missing_rights.contains(&Right::ViewUsers))
    }

    fn issuer(&self) -> Result<String> {
        Ok(self.realm_mut().issuer.clone())
    }

    fn descriptor(&self) -> Result<String> {
        Ok(self.realm_mut().descriptor.clone())
    }

    fn user_count(&self) -> Result<usize> {
        Ok(self.call("user_count", Right::ViewUsers)?.users.len())
    }

    fn users(&self, detail: UserDetail, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize> {
        let mut users = self.call("users", Right::ViewUsers)?.users.clone();
        for user in &mut users {
            if detail == UserDetail::Brief {
                user.attributes.clear();
            }
        }
        let count = users.len();
        users.into_iter().for_each(each);
        Ok(count)
    }

    fn user(&self, id: &str) -> Result<Option<KeycloakUser>> {
        Ok(self.call("user", Right::ViewUsers)?.user(id).ok().cloned())
    }

    fn user_by_name(&self, username: &str) -> Result<Option<KeycloakUser>> {
        let realm = self.call("user_by_name", Right::ViewUsers)?;
        Ok(realm.users.iter().find(|user| user.username.eq_ignore_ascii_case(username)).cloned())
    }

    fn users_by_email(&self, email: &str) -> Result<Vec<KeycloakUser>> {
        let realm = self.call("users_by_email", Right::ViewUsers)?;
        let has_it = |user: &&KeycloakUser| {
            user.email.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(email))
        };
        Ok(realm.users.iter().filter(has_it).cloned().collect())
    }

    fn user_groups(&self, id: &str) -> Result<Vec<KeycloakGroup>> {
        let mut realm = self.call("user_groups", Right::ViewUsers)?;
        realm.user(id)?;
        let of_user = realm.groups.iter().filter(|group| group.members.iter().any(|member| member == id));
        Ok(of_user.map(|group| realm.shown(group)).collect())
    }

    fn group_count(&self) -> Result<usize> {
        Ok(self.call("group_count", Right::ViewUsers)?.groups.len())
    }

    fn top_groups(&self) -> Result<Vec<KeycloakGroup>> {
        Ok(self.call("top_groups", Right::ViewUsers)?.below(None))
    }

    fn child_groups(&self, id: &str, first: usize) -> Result<Vec<KeycloakGroup>> {
        let realm = self.call("child_groups", Right::ViewUsers)?;
        realm.group(id)?;
        let first = if realm.repeats_children { 0 } else { first };
        Ok(realm.below(Some(id)).into_iter().skip(first).take(CHILDREN_PAGE).collect())
    }

    fn members(&self, id: &str, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize> {
        let mut realm = self.call("members", Right::ViewUsers)?;
        let ids = realm.group(id)?.members.clone();
        let members: Vec<KeycloakUser> = ids.iter().filter_map(|id| realm.user(id).ok().cloned()).collect();
        drop(realm);
        let count = members.len();
        members.into_iter().for_each(each);
        Ok(count)
    }

    fn set_user_enabled(&self, id: &str, enabled: bool) -> Result<()> {
        self.write("set_user_enabled", Right::ManageUsers)?.user(id)?.enabled = enabled;
        Ok(())
    }

    fn log_out_user(&self, id: &str) -> Result<()> {
        let mut realm = self.write("log_out_user", Right::ManageUsers)?;
        realm.user(id)?;
        realm.sessions.remove(id);
        Ok(())
    }

    fn user_sessions(&self, id: &str) -> Result<Vec<UserSession>> {
        let mut realm = self.call("user_sessions", Right::ViewUsers)?;
        realm.user(id)?;
        Ok(realm.sessions.get(id).cloned().unwrap_or_default())
    }

    fn client(&self, client_id: &str) -> Result<Option<KeycloakClient>> {
        let realm = self.call("client", Right::ViewClients)?;
        Ok(realm.clients.iter().find(|client| client.client_id == client_id).cloned())
    }

    fn create_client(&self, client: &Map<String, Value>) -> Result<String> {
        let mut realm = self.write("create_client", Right::ManageClients)?;
        let mut client = client.clone();
        let id = format!("client-{}", realm.clients.len() + 1);
        client.insert("id".to_owned(), json!(id));
        let names_scopes =
            ["defaultClientScopes", "optionalClientScopes"].iter().any(|name| client.contains_key(*name));
        let mut client: KeycloakClient = serde_json::from_value(Value::Object(client))
            .map_err(|error| KeycloakError::Refused { status: 400, message: error.to_string() })?;
        if realm.clients.iter().any(|other| other.client_id == client.client_id) {
            return Err(KeycloakError::Conflict {
                message: format!("Client {} already exists", client.client_id),
            });
        }
        if !names_scopes {
            client.default_client_scopes = REALM_SCOPES.map(str::to_owned).into();
        }
        for mapper in &mut client.protocol_mappers {
            mapper.id = Some(format!("mapper-{}", mapper.name));
        }
        client.attributes.entry("saml.client.signature".to_owned()).or_insert_with(|| "true".to_owned());
        realm.clients.push(client);
        Ok(id)
    }

    fn update_client(&self, id: &str, changes: &Map<String, Value>) -> Result<()> {
        merge(self.write("update_client", Right::ManageClients)?.client(id)?, changes)
    }

    fn client_scopes(&self, id: &str, kind: ScopeKind) -> Result<Vec<ClientScope>> {
        let mut realm = self.call("client_scopes", Right::ViewClients)?;
        let found = scopes(realm.client(id)?, kind).iter();
        Ok(found.map(|name| ClientScope { id: format!("scope-{name}"), name: name.clone() }).collect())
    }

    fn remove_client_scope(&self, id: &str, kind: ScopeKind, scope: &str) -> Result<()> {
        let mut realm = self.write("remove_client_scope", Right::ManageClients)?;
        scopes(realm.client(id)?, kind).retain(|name| format!("scope-{name}") != scope);
        Ok(())
    }

    fn create_mapper(&self, id: &str, mapper: &ProtocolMapper) -> Result<()> {
        let mut realm = self.write("create_mapper", Right::ManageClients)?;
        let mappers = &mut realm.client(id)?.protocol_mappers;
        if mappers.iter().any(|other| other.name == mapper.name) {
            return Err(KeycloakError::Conflict {
                message: "Protocol mapper exists with same name".to_owned(),
            });
        }
        let new = format!("mapper-{}", mapper.name);
        mappers.push(ProtocolMapper { id: Some(new), ..mapper.clone() });
        Ok(())
    }

    fn update_mapper(&self, id: &str, mapper_id: &str, mapper: &ProtocolMapper) -> Result<()> {
        let mut realm = self.write("update_mapper", Right::ManageClients)?;
        let mut mappers = realm.client(id)?.protocol_mappers.iter_mut();
        let found = mappers.find(|found| found.id.as_deref() == Some(mapper_id));
        *not_found(KeycloakObject::Mapper, found)? =
            ProtocolMapper { id: Some(mapper_id.to_owned()), ..mapper.clone() };
        Ok(())
    }

    fn remove_mapper(&self, id: &str, mapper_id: &str) -> Result<()> {
        let mut realm = self.write("remove_mapper", Right::ManageClients)?;
        let mappers = &mut realm.client(id)?.protocol_mappers;
        let before = mappers.len();
        mappers.retain(|mapper| mapper.id.as_deref() != Some(mapper_id));
        not_found(KeycloakObject::Mapper, (mappers.len() < before).then_some(()))
    }

    fn example_saml_response(&self, id: &str, user: &str) -> Result<String> {
        let mut realm = self.call("example_saml_response", Right::ViewClients)?;
        realm.client(id)?;
        realm.user(user)?;
        let examples = not_found(KeycloakObject::Endpoint, realm.examples.as_ref())?;
        not_found(KeycloakObject::User, examples.get(user).cloned())
    }

    fn events_config(&self) -> Result<EventsConfig> {
        Ok(self.call("events_config", Right::ViewEvents)?.events_config.clone())
    }

    fn set_events_config(&self, config: &EventsConfig) -> Result<()> {
        self.write("set_events_config", Right::ManageEvents)?.events_config = config.clone();
        Ok(())
    }

    fn login_events(&self, since: DateTime<Utc>) -> Result<Vec<LoginEvent>> {
        let realm = self.call("login_events", Right::ViewEvents)?;
        let since = since.timestamp_millis();
        let mut found: Vec<LoginEvent> =
            realm.events.iter().filter(|event| event.time >= since).cloned().collect();
        found.sort_by_key(|event| event.time);
        Ok(found)
    }
}
