//! What is true of every [`Keycloak`], real or fake.

use std::collections::BTreeSet;
use std::sync::Arc;

use kcaws::platform::env::Env;
use kcaws::platform::http::HttpSetup;
use kcaws::ports::clock::SystemClock;
use kcaws::secret::Secret;
use kcaws_test_keycloak::{Realm, Server, require_keycloak};
use serde_json::{Map, Value, json};

use super::fake::FakeGroup;
use super::*;
use crate::platform::rest::RestOrigin;

const ENTITY_ID: &str = "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890";
const CHILDREN: usize = CHILDREN_PAGE + 2;

/// A realm with alice and bob, in which the groups `/aws/team-001` to `/aws/team-102` exist.
struct World<'k> {
    keycloak: &'k dyn Keycloak,
    alice: String,
    bob: String,
    aws: String,
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn ids(read: impl FnOnce(&mut dyn FnMut(KeycloakUser)) -> Result<usize>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let count = read(&mut |user| assert!(found.insert(user.id), "twice")).expect("reads");
    assert_eq!(count, found.len());
    found
}

fn reading_users(world: &World<'_>) {
    let keycloak = world.keycloak;
    let all = BTreeSet::from([world.alice.clone(), world.bob.clone()]);
    assert_eq!(keycloak.user_count(), Ok(2));
    assert_eq!(ids(|each| keycloak.users(UserDetail::Brief, each)), all);

    let mut nicknames = Vec::new();
    let mut note = |user: KeycloakUser| nicknames.extend(user.attributes.get("nickname").cloned());
    keycloak.users(UserDetail::Full, &mut note).expect("reads");
    assert_eq!(nicknames, [["Al"]]);

    let alice = keycloak.user(&world.alice).expect("reads").expect("exists");
    assert_eq!((alice.username.as_str(), alice.email.as_deref()), ("alice", Some("alice@example.com")));
    assert_eq!(
        (alice.first_name.as_deref(), alice.enabled, alice.email_verified),
        (Some("Alice"), true, true)
    );
    let by_name = keycloak.user_by_name("Alice").expect("reads").expect("exists");
    assert_eq!(by_name.id, alice.id);
    assert_eq!(keycloak.user_by_name("ali"), Ok(None), "not a part of a name");
    let by_email = keycloak.users_by_email("alice@example.com").expect("reads");
    assert_eq!(by_email.into_iter().map(|user| user.id).collect::<Vec<_>>(), [alice.id]);
    assert_eq!(keycloak.users_by_email("alice@example.co").expect("reads").len(), 0);
    assert_eq!(keycloak.user("00000000-0000-4000-8000-000000000000"), Ok(None));
    for path in ["../groups", "..", "count"] {
        assert!(!matches!(keycloak.user(path), Ok(Some(_))), "{path} is no ID");
    }
}

fn reading_groups(world: &World<'_>) {
    let keycloak = world.keycloak;
    assert_eq!(keycloak.group_count(), Ok(1 + CHILDREN));
    let top = keycloak.top_groups().expect("reads");
    assert_eq!(top.len(), 1);
    assert_eq!((top[0].id.as_str(), top[0].path.as_str()), (world.aws.as_str(), "/aws"));
    assert_eq!(top[0].sub_group_count, Some(CHILDREN as u64));

    let mut children = keycloak.child_groups(&world.aws, 0).expect("reads");
    assert_eq!(children.len(), CHILDREN_PAGE);
    children.extend(keycloak.child_groups(&world.aws, CHILDREN_PAGE).expect("reads"));
    assert_eq!(keycloak.child_groups(&world.aws, 2 * CHILDREN_PAGE), Ok(vec![]));
    let paths: BTreeSet<&str> = children.iter().map(|group| group.path.as_str()).collect();
    assert_eq!(paths.len(), CHILDREN);
    assert!(paths.contains("/aws/team-007"), "{paths:?}");

    let alices = keycloak.user_groups(&world.alice).expect("reads");
    assert_eq!(alices.len(), CHILDREN, "all of them at once");
    assert_eq!(keycloak.user_groups(&world.bob), Ok(vec![]));
    let team = &alices[0].id;
    assert_eq!(ids(|each| keycloak.members(team, each)), BTreeSet::from([world.alice.clone()]));
    assert_eq!(ids(|each| keycloak.members(&world.aws, each)), BTreeSet::new(), "direct members only");
    let missing = keycloak.members("00000000-0000-4000-8000-000000000000", &mut |_| {});
    assert!(
        matches!(missing, Err(KeycloakError::NotFound { object: KeycloakObject::Group, .. })),
        "{missing:?}"
    );
}

fn changing_users(world: &World<'_>) {
    let keycloak = world.keycloak;
    keycloak.set_user_enabled(&world.bob, false).expect("disables");
    let bob = keycloak.user(&world.bob).expect("reads").expect("exists");
    assert!(!bob.enabled);
    assert_eq!(bob.first_name.as_deref(), Some("Bob"), "everything else stays");
    assert_eq!(bob.email.as_deref(), Some("bob@example.com"));
    keycloak.set_user_enabled(&world.alice, false).expect("disables");
    keycloak.set_user_enabled(&world.alice, true).expect("enables");
    let alice = keycloak.user(&world.alice).expect("reads").expect("exists");
    assert!(alice.enabled);
    assert_eq!(alice.attributes["nickname"], ["Al"], "attributes stay");
    assert_eq!(keycloak.user_sessions(&world.bob), Ok(vec![]));
    keycloak.log_out_user(&world.bob).expect("ends no session");
    let missing = keycloak.set_user_enabled("00000000-0000-4000-8000-000000000000", true);
    assert!(
        matches!(missing, Err(KeycloakError::NotFound { object: KeycloakObject::User, .. })),
        "{missing:?}"
    );
}

fn a_client(world: &World<'_>) {
    let keycloak = world.keycloak;
    assert_eq!(keycloak.client(ENTITY_ID), Ok(None));
    let draft = object(&json!({
        "clientId": ENTITY_ID, "protocol": "saml", "redirectUris": ["https://a.example/1", "https://a.example/2"],
        "attributes": {"saml.encrypt": "false", "saml_name_id_format": "email"},
    }));
    let id = keycloak.create_client(&draft).expect("creates");
    let again = keycloak.create_client(&draft);
    assert!(matches!(again, Err(KeycloakError::Conflict { .. })), "{again:?}");

    let client = keycloak.client(ENTITY_ID).expect("reads").expect("exists");
    assert_eq!((client.id.as_str(), client.redirect_uris.len()), (id.as_str(), 2));
    assert_eq!(client.attributes["saml.client.signature"], "true", "Keycloak's own default");
    assert!(client.default_client_scopes.contains("role_list"), "{client:?}");

    let changes =
        json!({"name": "AWS", "attributes": {"saml.client.signature": "false", "saml.encrypt": null}});
    keycloak.update_client(&id, &object(&changes)).expect("changes");
    let client = keycloak.client(ENTITY_ID).expect("reads").expect("exists");
    assert_eq!(client.other["name"], "AWS");
    assert_eq!(client.attributes["saml.client.signature"], "false");
    assert_eq!(client.attributes["saml_name_id_format"], "email", "what was not named stays");
    assert!(!client.attributes.contains_key("saml.encrypt"));

    let scopes = keycloak.client_scopes(&id, ScopeKind::Default).expect("reads");
    for scope in &scopes {
        keycloak.remove_client_scope(&id, ScopeKind::Default, &scope.id).expect("removes");
        keycloak.remove_client_scope(&id, ScopeKind::Default, &scope.id).expect("removes what is gone");
    }
    assert_eq!(keycloak.client_scopes(&id, ScopeKind::Default), Ok(vec![]));
    a_mapper(keycloak, &id);
}

fn a_mapper(keycloak: &dyn Keycloak, id: &str) {
    let mappers = || keycloak.client(ENTITY_ID).expect("reads").expect("exists").protocol_mappers;
    let mut mapper = ProtocolMapper {
        id: None,
        name: "NameID".to_owned(),
        protocol: Some("saml".to_owned()),
        kind: "saml-user-attribute-nameid-mapper".to_owned(),
        config: [("user.attribute".to_owned(), "username".to_owned())].into(),
    };
    assert_eq!(mappers(), []);
    keycloak.create_mapper(id, &mapper).expect("creates");
    let again = keycloak.create_mapper(id, &mapper);
    assert!(matches!(again, Err(KeycloakError::Conflict { .. })), "{again:?}");
    let kept = mappers();
    let mapper_id = kept[0].id.clone().expect("has one");
    assert_eq!(kept, [ProtocolMapper { id: Some(mapper_id.clone()), ..mapper.clone() }]);
    mapper.config.insert("user.attribute".to_owned(), "awsName".to_owned());
    keycloak.update_mapper(id, &mapper_id, &mapper).expect("changes");
    assert_eq!(mappers()[0].config["user.attribute"], "awsName");
    keycloak.remove_mapper(id, &mapper_id).expect("removes");
    assert_eq!(mappers(), []);
    let gone = keycloak.remove_mapper(id, &mapper_id);
    assert!(matches!(gone, Err(KeycloakError::NotFound { object: KeycloakObject::Mapper, .. })), "{gone:?}");
}

fn events(world: &World<'_>) {
    let keycloak = world.keycloak;
    let before = keycloak.events_config().expect("reads");
    let mut other = before.clone();
    other.events_enabled = !before.events_enabled;
    other.enabled_event_types = vec!["LOGIN_ERROR".to_owned()];
    keycloak.set_events_config(&other).expect("changes");
    let changed = keycloak.events_config().expect("reads");
    assert_eq!(
        (changed.events_enabled, &changed.enabled_event_types),
        (other.events_enabled, &other.enabled_event_types)
    );
    keycloak.set_events_config(&before).expect("puts it back");
    assert_eq!(keycloak.events_config(), Ok(before));
    assert_eq!(keycloak.login_events(DateTime::UNIX_EPOCH), Ok(vec![]));
}

fn contract(world: &World<'_>) {
    let settings = world.keycloak.realm().expect("reads");
    assert_eq!((settings.sso_session_max_lifespan, settings.sso_session_idle_timeout), (36000, 1800));
    assert!(!settings.id.is_empty());
    assert!(world.keycloak.issuer().expect("reads").ends_with(&format!("/realms/{}", settings.realm)));
    assert_eq!(world.keycloak.sees_users(), Ok(true));
    let granted = world.keycloak.granted_rights().expect("reads").expect("the token has roles");
    assert!(ALL_RIGHTS.iter().all(|right| granted.contains(right)), "{granted:?}");
    reading_users(world);
    reading_groups(world);
    changing_users(world);
    a_client(world);
    events(world);
}

#[test]
fn the_fake_keeps_the_contract() {
    let keycloak = FakeKeycloak::default();
    let user = |name: &str, first: &str, attributes: &[(&str, &str)]| KeycloakUser {
        id: format!("id-{name}"),
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        enabled: true,
        first_name: Some(first.to_owned()),
        last_name: Some("Example".to_owned()),
        federation_link: None,
        service_account_client_id: None,
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), vec![(*v).to_owned()])).collect(),
    };
    {
        let mut realm = keycloak.realm_mut();
        realm.users = vec![user("alice", "Alice", &[("nickname", "Al")]), user("bob", "Bob", &[])];
        realm.groups.push(FakeGroup { id: "aws".into(), name: "aws".into(), parent: None, members: vec![] });
        for number in 1..=CHILDREN {
            let name = format!("team-{number:03}");
            let members = vec!["id-alice".to_owned()];
            realm.groups.push(FakeGroup { id: name.clone(), name, parent: Some("aws".into()), members });
        }
    }
    contract(&World {
        keycloak: &keycloak,
        alice: "id-alice".into(),
        bob: "id-bob".into(),
        aws: "aws".into(),
    });
}

#[test]
fn the_real_one_keeps_the_contract() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &ALL_RIGHTS);
    // Attributes without a name in the profile are kept if the realm allows it.
    let mut profile = realm.admin("GET", "/users/profile", None);
    profile["unmanagedAttributePolicy"] = json!("ENABLED");
    realm.admin("PUT", "/users/profile", Some(&profile));
    let user = |name: &str, first: &str, attributes: Value| {
        let email = format!("{name}@example.com");
        let representation = json!({"username": name, "email": email, "emailVerified": true, "enabled": true,
            "firstName": first, "lastName": "Example", "attributes": attributes});
        realm.create_user_from(&representation).id().to_owned()
    };
    let (alice, bob) = (user("alice", "Alice", json!({"nickname": ["Al"]})), user("bob", "Bob", json!({})));
    realm.admin("POST", "/groups", Some(&json!({"name": "aws"})));
    let aws = realm.admin("GET", "/groups", None)[0]["id"].as_str().expect("an ID").to_owned();
    for number in 1..=CHILDREN {
        let child = json!({"name": format!("team-{number:03}")});
        let created = realm.admin("POST", &format!("/groups/{aws}/children"), Some(&child));
        let id = created["id"].as_str().expect("an ID");
        realm.admin("PUT", &format!("/users/{alice}/groups/{id}"), None);
    }
    contract(&World { keycloak: &keycloak, alice, bob, aws });
}

pub(crate) const ALL_RIGHTS: [Right; 6] = [
    Right::ViewUsers,
    Right::ViewRealm,
    Right::ViewEvents,
    Right::ManageClients,
    Right::ManageEvents,
    Right::ManageUsers,
];

/// Returns a client for `realm`, whose service account has these rights.
pub(crate) fn connected(server: &Server, realm: &Realm<'_>, rights: &[Right]) -> HttpKeycloak {
    HttpKeycloak::new(setup(), Arc::new(SystemClock::new()), service_account(server, realm, rights))
        .expect("a client")
}

pub(crate) fn setup() -> HttpSetup {
    HttpSetup::from_env(&Env::from_pairs(&[]), Arc::new(SystemClock::new())).expect("sets up")
}

/// Creates a confidential client with a service account that has these rights.
pub(crate) fn service_account(server: &Server, realm: &Realm<'_>, rights: &[Right]) -> ServiceAccount {
    let (client_id, secret) = ("kcaws-admin", "kept-by-the-test");
    let roles: Vec<&str> = rights.iter().map(|right| right.as_str()).collect();
    realm.create_service_account(client_id, secret, &roles);
    ServiceAccount {
        url: RestOrigin::parse(server.url()).expect("a URL"),
        realm: realm.name().to_owned(),
        client_id: client_id.to_owned(),
        secret: Secret::from(secret),
    }
}
