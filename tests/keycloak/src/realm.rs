//! A realm for one test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::saml::{self, SamlClient};
use crate::server::Server;

/// A realm with a name of its own. Dropping it deletes it; after a failed test the server's log is kept.
pub struct Realm<'s> {
    server: &'s Server,
    name: String,
}

/// Someone who lives in a realm.
pub struct User<'r> {
    realm: &'r Realm<'r>,
    id: String,
}

/// One line of the realm's event log.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub error: Option<String>,
    pub client_id: Option<String>,
    pub user_id: Option<String>,
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl<'s> Realm<'s> {
    pub(crate) fn create(server: &'s Server) -> Self {
        let mut random = [0; 6];
        getrandom::fill(&mut random).unwrap();
        let name = random.iter().fold("r-".to_owned(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        // One RSA key instead of two: the second one is for encrypted tokens, and making it takes a second.
        let settings = json!({
            "realm": name, "enabled": true, "sslRequired": "none",
            "eventsEnabled": true, "enabledEventTypes": ["LOGIN", "LOGIN_ERROR", "LOGOUT", "LOGOUT_ERROR"],
            "components": {"org.keycloak.keys.KeyProvider": [
                {"name": "rsa", "providerId": "rsa-generated", "config": {"priority": ["100"]}},
                {"name": "hmac", "providerId": "hmac-generated", "config": {"priority": ["100"], "algorithm": ["HS512"]}},
                {"name": "aes", "providerId": "aes-generated", "config": {"priority": ["100"]}},
            ]},
        });
        server.admin().create("", &settings);
        Self { server, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its entity ID as an identity provider, and the base of all its addresses.
    pub fn url(&self) -> String {
        format!("{}/realms/{}", self.server.url(), self.name)
    }

    /// The identity provider's SAML metadata, as everybody may fetch it.
    pub fn descriptor(&self) -> String {
        self.server.admin().get_public(&format!("/realms/{}/protocol/saml/descriptor", self.name))
    }

    /// Changes settings, such as `{"ssoSessionMaxLifespan": 3600}` (seconds).
    pub fn set(&self, settings: &Value) {
        self.admin("PUT", "", Some(settings));
    }

    /// Someone with all that Keycloak wants to know of a user, so that no page asks for more.
    pub fn create_user(&self, name: &str, email: &str, password: &str) -> User<'_> {
        self.create_user_from(&json!({
            "username": name, "email": email, "emailVerified": true, "enabled": true,
            "firstName": name, "lastName": "Example", "requiredActions": [],
            "credentials": [{"type": "password", "value": password, "temporary": false}],
        }))
    }

    /// Someone as the Admin REST API's `UserRepresentation` says.
    pub fn create_user_from(&self, representation: &Value) -> User<'_> {
        let id = self.server.admin().create(&format!("/{}/users", self.name), representation);
        User { realm: self, id }
    }

    /// Creates a confidential client with a service account that has these roles of the client `realm-management`.
    pub fn create_service_account(&self, client_id: &str, secret: &str, roles: &[&str]) {
        let id = self.server.admin().create(
            &format!("/{}/clients", self.name),
            &json!({
                "clientId": client_id, "protocol": "openid-connect", "publicClient": false, "secret": secret,
                "serviceAccountsEnabled": true, "standardFlowEnabled": false, "directAccessGrantsEnabled": false,
            }),
        );
        let account = self.admin("GET", &format!("/clients/{id}/service-account-user"), None);
        let management = self.client("realm-management").expect("each realm has it");
        let management = management["id"].as_str().expect("an id");
        let role = |role: &&str| self.admin("GET", &format!("/clients/{management}/roles/{role}"), None);
        let roles: Vec<Value> = roles.iter().map(role).collect();
        let account = account["id"].as_str().expect("an id");
        let path = format!("/users/{account}/role-mappings/clients/{management}");
        self.admin("POST", &path, Some(&json!(roles)));
    }

    /// Makes a service provider known from its metadata, as an administrator would who follows AWS's guide and then
    /// corrects what does not work.
    pub fn connect(&self, metadata: &str) -> SamlClient {
        let client = saml::client_from_metadata(self, metadata);
        self.server.admin().create(&format!("/{}/clients", self.name), &client.representation);
        client
    }

    /// What Keycloak itself makes of a service provider's metadata.
    pub(crate) fn convert(&self, metadata: &str) -> Value {
        let path = format!("/{}/client-description-converter", self.name);
        let reply =
            self.server.admin().try_send("POST", &path, "application/xml", metadata.to_owned()).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    /// The client of that name, as Keycloak keeps it.
    pub fn client(&self, client_id: &str) -> Option<Value> {
        let id = utf8_percent_encode(client_id, NON_ALPHANUMERIC);
        let found = self.admin("GET", &format!("/clients?clientId={id}"), None);
        found.as_array().and_then(|list| list.first().cloned())
    }

    pub fn users(&self) -> Vec<Value> {
        self.admin("GET", "/users?max=-1", None).as_array().unwrap().clone()
    }

    /// Events of a kind such as `LOGIN_ERROR`, the newest first.
    pub fn events(&self, kind: &str) -> Vec<Event> {
        serde_json::from_value(self.admin("GET", &format!("/events?type={kind}"), None)).unwrap()
    }

    /// Any other call of the Admin REST API below this realm; `null` where the answer has no body.
    #[track_caller]
    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let reply = self.server.admin().send(method, &format!("/{}{path}", self.name), body);
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }
}

impl Drop for Realm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.server.keep_log();
        }
        let _ = self.server.admin().try_send(
            "DELETE",
            &format!("/{}", self.name),
            "application/json",
            String::new(),
        );
    }
}

impl User<'_> {
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Changes what the Admin REST API's `UserRepresentation` names, such as `{"enabled": false}`.
    pub fn set(&self, changes: &Value) {
        self.admin("PUT", "", Some(changes));
    }

    /// What an administrator does to someone who leaves.
    pub fn disable(&self) {
        self.set(&json!({"enabled": false}));
    }

    /// Ends all sessions.
    pub fn log_out(&self) {
        self.admin("POST", "/logout", None);
    }

    pub fn delete(self) {
        self.admin("DELETE", "", None);
    }

    /// The sessions that Keycloak lists.
    pub fn sessions(&self) -> usize {
        self.admin("GET", "/sessions", None).as_array().unwrap().len()
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.realm.admin(method, &format!("/users/{}{path}", self.id), body)
    }
}
