//! The calls of the Admin REST API.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Utc};
use kcaws::ports::clock::Skew;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::failure::general;
use super::{Call, HttpKeycloak, encoded};
use crate::platform::rest::{Method, RestRequest};
use crate::ports::keycloak::{
    CHILDREN_PAGE, ClientScope, EventsConfig, Keycloak, KeycloakClient, KeycloakError, KeycloakGroup,
    KeycloakObject, KeycloakUser, LoginEvent, ProtocolMapper, RealmSettings, Result, Right, ScopeKind,
    UserDetail, UserSession,
};

/// How many events are read with one request.
const EVENTS_PAGE: usize = 100;
/// More events than this belong to an attack or to another day.
const MOST_EVENT_PAGES: usize = 50;

/// Returns a call that reads a user, or something below it.
fn user(id: &str, rest: &str, needs: Right) -> Call {
    Call::get(format!("/users/{}{rest}", encoded(id)), needs, KeycloakObject::User)
}

fn group(id: &str, rest: &str) -> Call {
    Call::get(format!("/groups/{}{rest}", encoded(id)), Right::ViewUsers, KeycloakObject::Group)
}

fn client(method: Method, id: &str, rest: &str) -> Call {
    Call::new(method, format!("/clients/{}{rest}", encoded(id)), Right::ManageClients, KeycloakObject::Client)
}

fn events(method: Method, rest: &str, needs: Right) -> Call {
    Call::new(method, format!("/events{rest}"), needs, KeycloakObject::Endpoint)
}

fn scopes_path(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Default => "/default-client-scopes",
        ScopeKind::Optional => "/optional-client-scopes",
    }
}

impl Keycloak for HttpKeycloak {
    fn realm(&self) -> Result<RealmSettings> {
        let needs = Right::ViewRealm;
        let settings: Map<String, Value> = self.json(&Call::get("", needs, KeycloakObject::Endpoint))?;
        // Other rights show the realm's name and a few other members only.
        if !settings.contains_key("id") {
            return Err(KeycloakError::Forbidden { needs });
        }
        let settings = serde_json::from_value(Value::Object(settings));
        settings.map_err(|error| KeycloakError::Response { why: error.to_string() })
    }

    fn server_version(&self) -> Result<Option<String>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ServerInfo {
            system_info: Option<SystemInfo>,
        }
        #[derive(Deserialize)]
        struct SystemInfo {
            version: Option<String>,
        }
        let path = format!("{}/admin/serverinfo", self.base()?.prefix);
        let bearer = self.token()?;
        let answer = self.rest.send(&RestRequest::new(Method::Get, path).bearer(&bearer.token));
        let info: Result<ServerInfo> = answer.and_then(|answer| answer.json()).map_err(general);
        match info {
            Ok(info) => Ok(info.system_info.and_then(|info| info.version)),
            // 26.7 shows it to administrators of the whole server only.
            Err(KeycloakError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn granted_rights(&self) -> Result<Option<BTreeSet<Right>>> {
        Ok(self.token()?.rights)
    }

    fn clock_skew(&self) -> Result<Option<Skew>> {
        Ok(self.token()?.skew)
    }

    fn sees_users(&self) -> Result<bool> {
        let path = "/users?max=1&briefRepresentation=true";
        let first: Result<Vec<KeycloakUser>> =
            self.json(&Call::get(path, Right::ViewUsers, KeycloakObject::Endpoint));
        match first {
            Ok(first) => Ok(!first.is_empty() || self.user_count()? == 0),
            Err(KeycloakError::Forbidden { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn issuer(&self) -> Result<String> {
        Ok(self.base()?.issuer.clone())
    }

    fn descriptor(&self) -> Result<String> {
        let realm = encoded(&self.account.realm);
        let path = format!("{}/realms/{realm}/protocol/saml/descriptor", self.base()?.prefix);
        let request = RestRequest::new(Method::Get, path).accept("application/xml, text/xml;q=0.9");
        let answer = self.rest.send(&request).map_err(general)?;
        answer.text().map(str::to_owned).map_err(general)
    }

    fn user_count(&self) -> Result<usize> {
        self.json(&Call::get("/users/count", Right::ViewUsers, KeycloakObject::Endpoint))
    }

    fn users(&self, detail: UserDetail, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize> {
        let brief = detail == UserDetail::Brief;
        let path = format!("/users?max=-1&briefRepresentation={brief}");
        self.each(&Call::get(path, Right::ViewUsers, KeycloakObject::Endpoint).list(), each)
    }

    fn user(&self, id: &str) -> Result<Option<KeycloakUser>> {
        match self.json::<KeycloakUser>(&user(id, "", Right::ViewUsers)) {
            Ok(found) if found.id == id => Ok(Some(found)),
            Ok(_) => Err(KeycloakError::Response { why: format!("it is not the user `{id}`") }),
            Err(error) if error.is_no_such_user() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn user_by_name(&self, username: &str) -> Result<Option<KeycloakUser>> {
        let path = format!("/users?exact=true&max=2&username={}", encoded(username));
        let found: Vec<KeycloakUser> = self.json(&Call::get(path, Right::ViewUsers, KeycloakObject::User))?;
        Ok(found.into_iter().find(|user| user.username.eq_ignore_ascii_case(username)))
    }

    fn users_by_email(&self, email: &str) -> Result<Vec<KeycloakUser>> {
        let path = format!("/users?exact=true&max=-1&email={}", encoded(email));
        let mut found: Vec<KeycloakUser> =
            self.json(&Call::get(path, Right::ViewUsers, KeycloakObject::User))?;
        found.retain(|user| user.email.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(email)));
        Ok(found)
    }

    fn user_groups(&self, id: &str) -> Result<Vec<KeycloakGroup>> {
        self.json(&user(id, "/groups?briefRepresentation=true", Right::ViewUsers))
    }

    fn group_count(&self) -> Result<usize> {
        #[derive(Deserialize)]
        struct Count {
            count: usize,
        }
        let call = Call::get("/groups/count", Right::ViewUsers, KeycloakObject::Endpoint);
        self.json::<Count>(&call).map(|found| found.count)
    }

    fn top_groups(&self) -> Result<Vec<KeycloakGroup>> {
        let call = Call::get("/groups?briefRepresentation=true", Right::ViewUsers, KeycloakObject::Endpoint);
        let mut groups = Vec::new();
        self.each(&call.list(), &mut |group| groups.push(group))?;
        Ok(groups)
    }

    fn child_groups(&self, id: &str, first: usize) -> Result<Vec<KeycloakGroup>> {
        let rest = format!("/children?first={first}&max={CHILDREN_PAGE}&briefRepresentation=true");
        self.json(&group(id, &rest))
    }

    fn members(&self, id: &str, each: &mut dyn FnMut(KeycloakUser)) -> Result<usize> {
        self.each(&group(id, "/members?max=-1&briefRepresentation=true").list(), each)
    }

    fn set_user_enabled(&self, id: &str, enabled: bool) -> Result<()> {
        let path = format!("/users/{}", encoded(id));
        let call = Call::new(Method::Put, path, Right::ManageUsers, KeycloakObject::User);
        self.send(&call.body(json!({"enabled": enabled}))).map(drop)
    }

    fn log_out_user(&self, id: &str) -> Result<()> {
        let path = format!("/users/{}/logout", encoded(id));
        self.send(&Call::new(Method::Post, path, Right::ManageUsers, KeycloakObject::User)).map(drop)
    }

    fn user_sessions(&self, id: &str) -> Result<Vec<UserSession>> {
        self.json(&user(id, "/sessions", Right::ViewUsers))
    }

    fn client(&self, client_id: &str) -> Result<Option<KeycloakClient>> {
        let path = format!("/clients?clientId={}", encoded(client_id));
        let call = Call::get(path, Right::ViewClients, KeycloakObject::Client);
        let found: Vec<KeycloakClient> = self.json(&call)?;
        Ok(found.into_iter().find(|client| client.client_id == client_id))
    }

    fn create_client(&self, client: &Map<String, Value>) -> Result<String> {
        let call = Call::new(Method::Post, "/clients", Right::ManageClients, KeycloakObject::Client);
        let answer = self.send(&call.body(Value::Object(client.clone())))?;
        let id = answer.header("location").and_then(|location| location.rsplit('/').next());
        let missing = || KeycloakError::Response { why: "the new client has no address".to_owned() };
        id.filter(|id| !id.is_empty()).map(str::to_owned).ok_or_else(missing)
    }

    fn update_client(&self, id: &str, changes: &Map<String, Value>) -> Result<()> {
        self.send(&client(Method::Put, id, "").body(Value::Object(changes.clone()))).map(drop)
    }

    fn client_scopes(&self, id: &str, kind: ScopeKind) -> Result<Vec<ClientScope>> {
        let mut call = client(Method::Get, id, scopes_path(kind));
        call.needs = Right::ViewClients;
        self.json(&call)
    }

    fn remove_client_scope(&self, id: &str, kind: ScopeKind, scope: &str) -> Result<()> {
        let rest = format!("{}/{}", scopes_path(kind), encoded(scope));
        let mut call = client(Method::Delete, id, &rest);
        call.object = KeycloakObject::ClientScope;
        self.send(&call).map(drop)
    }

    fn create_mapper(&self, id: &str, mapper: &ProtocolMapper) -> Result<()> {
        self.send(&client(Method::Post, id, "/protocol-mappers/models").body(json!(mapper))).map(drop)
    }

    fn update_mapper(&self, id: &str, mapper_id: &str, mapper: &ProtocolMapper) -> Result<()> {
        let mut call = client(Method::Put, id, &format!("/protocol-mappers/models/{}", encoded(mapper_id)));
        call.object = KeycloakObject::Mapper;
        let mapper = ProtocolMapper { id: Some(mapper_id.to_owned()), ..mapper.clone() };
        self.send(&call.body(json!(mapper))).map(drop)
    }

    fn remove_mapper(&self, id: &str, mapper_id: &str) -> Result<()> {
        let mut call =
            client(Method::Delete, id, &format!("/protocol-mappers/models/{}", encoded(mapper_id)));
        call.object = KeycloakObject::Mapper;
        self.send(&call).map(drop)
    }

    fn example_saml_response(&self, id: &str, user: &str) -> Result<String> {
        let rest = |name: &str| format!("/evaluate-scopes/{name}?userId={}", encoded(user));
        let call = |name: &str| {
            let mut call = client(Method::Get, id, &rest(name));
            (call.needs, call.object) = (Right::ViewClients, KeycloakObject::User);
            call
        };
        let answer = self.send(&call("generate-example-saml-response"));
        if let Err(KeycloakError::NotFound { message, .. }) = &answer {
            // 404 has several reasons. If a name that no version has gets the same response, this version lacks both.
            let unknown = self.send(&call("generate-example-of-no-version")).map(drop);
            if unknown
                == Err(KeycloakError::NotFound { object: KeycloakObject::User, message: message.clone() })
            {
                let message = message.clone();
                return Err(KeycloakError::NotFound { object: KeycloakObject::Endpoint, message });
            }
        }
        let answer = answer?;
        xml_of(answer.text().map_err(general)?)
    }

    fn events_config(&self) -> Result<EventsConfig> {
        self.json(&events(Method::Get, "/config", Right::ViewEvents))
    }

    fn set_events_config(&self, config: &EventsConfig) -> Result<()> {
        self.send(&events(Method::Put, "/config", Right::ManageEvents).body(json!(config))).map(drop)
    }

    fn login_events(&self, since: DateTime<Utc>) -> Result<Vec<LoginEvent>> {
        // The date is read in the server's own time zone.
        let date = since.checked_sub_days(Days::new(1)).unwrap_or(since).format("%Y-%m-%d");
        let mut found: Vec<LoginEvent> = Vec::new();
        for page in 0..MOST_EVENT_PAGES {
            let first = page * EVENTS_PAGE;
            let rest =
                format!("?type=LOGIN&type=LOGIN_ERROR&dateFrom={date}&first={first}&max={EVENTS_PAGE}");
            let events: Vec<LoginEvent> = self.json(&events(Method::Get, &rest, Right::ViewEvents))?;
            let is_last = events.len() < EVENTS_PAGE;
            let before = found.len();
            found.extend(events.into_iter().filter(|event| event.time >= since.timestamp_millis()));
            if is_last || found.len() - before < EVENTS_PAGE {
                break;
            }
        }
        found.sort_by_key(|event| event.time);
        Ok(found)
    }
}

/// Returns the XML of an example: a JSON text in 26.7, an object with one in its description, or the XML itself.
fn xml_of(body: &str) -> Result<String> {
    let trimmed = body.trim_start_matches('\u{feff}').trim();
    if trimmed.starts_with('<') {
        return Ok(trimmed.to_owned());
    }
    let text =
        |value: &Value| value.as_str().filter(|text| text.trim_start().starts_with('<')).map(str::to_owned);
    let found = match serde_json::from_str(trimmed) {
        Ok(Value::Object(members)) => members.values().find_map(text),
        Ok(value) => text(&value),
        Err(_) => None,
    };
    found.ok_or_else(|| KeycloakError::Response { why: "the example is not a SAML response".to_owned() })
}
