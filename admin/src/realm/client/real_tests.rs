//! The client against the real Keycloak.

use kcaws_test_keycloak::{authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::{Value, json};

use super::*;
use crate::ports::keycloak::Right;
use crate::ports::keycloak::contract::connected;
use crate::realm::service_provider::tests::{ENTITY_ID, acs, metadata};

const RIGHTS: [Right; 1] = [Right::ManageClients];

fn places() -> Vec<String> {
    let tenant = "platform/saml/acs/4e52542de036a8ac-0bbb-4d87-a526-9cd6da8148bd";
    ["eu-central-1.signin.aws", "eu-central-1.sso.signin.aws", "us-east-1.signin.aws"]
        .map(|host| format!("https://{host}/{tenant}"))
        .into()
}

fn desired(name_id: &str) -> DesiredClient {
    let services: String = places().iter().map(|place| acs(place, "")).collect();
    let provider = ServiceProvider::parse(&metadata(&services)).expect("metadata");
    DesiredClient::new(
        &provider,
        &name_id.parse().expect("a source"),
        Some("https://d-1234567890.awsapps.com/start"),
    )
}

#[test]
fn the_client_lets_users_in_at_every_place_under_the_chosen_name() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &RIGHTS);
    realm.create_user("alice", "alice@example.com", "alice-pw");
    for (name_id, name) in [("email", "alice@example.com"), ("username", "alice")] {
        let planned = plan(&keycloak, &desired(name_id)).expect("plans");
        assert!(!planned.is_empty());
        apply(&keycloak, &desired(name_id), &planned, &Kept::default()).expect("applies");
        let again = plan(&keycloak, &desired(name_id)).expect("plans");
        assert!(again.is_empty(), "{again:?}");
        for place in places() {
            let url = authn_request_url(&realm, ENTITY_ID, &place, "_1");
            let answer = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").expect("signs in");
            let response = answer.response();
            assert_eq!((&answer.acs, response.name_id.as_deref()), (&place, Some(name)));
            assert_eq!(response.name_id_format.as_deref(), Some(EMAIL_FORMAT));
            assert!(response.assertion_is_signed && response.attributes == 0, "{response:?}");
        }
    }
}

#[test]
fn a_client_as_keycloak_imports_it_is_put_right() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &RIGHTS);
    // What the administration console creates from AWS's file: signatures demanded, scopes of the realm.
    let imported =
        json!({"clientId": ENTITY_ID, "protocol": "saml", "redirectUris": [places()[0]], "name": "Our AWS"});
    realm.admin("POST", "/clients", Some(&imported));
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let paths: Vec<String> = planned.changes.iter().map(ClientChange::path).collect();
    for path in
        ["redirectUris", "attributes.saml.client.signature", "default scopes.role_list", "fullScopeAllowed"]
    {
        assert!(paths.iter().any(|found| found == path), "{path} of {paths:?}");
    }
    apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect("applies");
    assert!(plan(&keycloak, &desired("email")).expect("plans").is_empty());
    let kept = realm.client(ENTITY_ID).expect("exists");
    assert_eq!((&kept["name"], &kept["defaultClientScopes"]), (&json!("Our AWS"), &json!([])));

    // Drift by hand, and a mapper of the administrator's.
    let path = format!("/clients/{}", kept["id"].as_str().expect("an ID"));
    let mapper = json!({"name": "team", "protocol": "saml", "protocolMapper": "saml-user-attribute-mapper",
        "config": {"attribute.name": "team", "user.attribute": "team", "attribute.nameformat": "Basic"}});
    realm.admin("POST", &format!("{path}/protocol-mappers/models"), Some(&mapper));
    let drift: Value = json!({"attributes": {"saml.assertion.lifespan": "60"}});
    realm.admin("PUT", &path, Some(&drift));
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    assert_eq!(planned.changes.len(), 1, "{planned:?}");
    assert_eq!(planned.notes.len(), 1, "{planned:?}");
    apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect("applies");
    let kept = realm.client(ENTITY_ID).expect("exists");
    assert_eq!(kept["protocolMappers"].as_array().map(Vec::len), Some(1), "{kept}");
    assert_eq!(kept["attributes"]["saml.assertion.lifespan"], "300");
}

#[test]
fn a_realm_that_forbids_it_is_reported_with_the_right() {
    let server = require_keycloak!();
    let realm = server.realm();
    let keycloak = connected(server, &realm, &[Right::ViewClients]);
    let planned = plan(&keycloak, &desired("email")).expect("plans");
    let error = apply(&keycloak, &desired("email"), &planned, &Kept::default()).expect_err("is refused");
    assert_eq!(error.to_string(), "the service account does not have the role `manage-clients`");
}
