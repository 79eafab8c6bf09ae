use kcaws_test_keycloak::{authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::json;

use crate::provider::{ENTITY_ID, metadata, regional_acs};

#[test]
fn two_realms_do_not_see_each_other() {
    let server = require_keycloak!();
    let (one, other) = (server.realm(), server.realm());
    assert_ne!(one.name(), other.name());
    one.create_user("alice", "alice@example.com", "alice-pw");
    one.connect(&metadata(&regional_acs()));
    assert_eq!((one.users().len(), other.users().len()), (1, 0));
    assert!(one.client(ENTITY_ID).is_some());
    assert!(other.client(ENTITY_ID).is_none());
    assert_ne!(one.descriptor(), other.descriptor());
    assert!(other.descriptor().contains(&format!("entityID=\"{}\"", other.url())));

    // Nor does a session count for more than its realm.
    let client = other.connect(&metadata(&regional_acs()));
    let mut browser = PageClient::new();
    let first = authn_request_url(&one, ENTITY_ID, &client.acs[0], "_1");
    sign_in(&mut browser, &first, "alice", "alice-pw").unwrap();
    let second = authn_request_url(&other, ENTITY_ID, &client.acs[0], "_2");
    assert!(sign_in(&mut browser, &second, "alice", "alice-pw").is_err());
}

#[test]
fn a_realm_is_gone_with_its_guard() {
    let server = require_keycloak!();
    let name = server.realm().name().to_owned();
    let page = PageClient::new().open(&format!("{}/realms/{name}", server.url()));
    assert_eq!(page.status, 404, "{}", page.body);
}

#[test]
fn settings_can_be_changed() {
    let server = require_keycloak!();
    let realm = server.realm();
    realm.set(&json!({"ssoSessionMaxLifespan": 7200}));
    assert_eq!(realm.admin("GET", "", None)["ssoSessionMaxLifespan"], 7200);
    assert_eq!(realm.admin("GET", "", None)["enabled"], true, "the rest stays");
}

#[test]
fn a_service_provider_with_one_place_for_answers_is_connected() {
    let server = require_keycloak!();
    let realm = server.realm();
    let acs = &regional_acs()[..1];
    let client = realm.connect(&metadata(acs));
    assert_eq!((client.entity_id.as_str(), client.acs.as_slice()), (ENTITY_ID, acs));
    let kept = realm.client(ENTITY_ID).unwrap();
    let attributes = &kept["attributes"];
    // What Keycloak would have switched on by itself, and AWS cannot do.
    assert_eq!(attributes["saml.client.signature"], "false");
    assert_eq!(kept["defaultClientScopes"], json!([]));
    assert_eq!(attributes["saml_assertion_consumer_url_post"], json!(acs[0]));
    assert_eq!(attributes["saml_name_id_format"], "email");
}

#[test]
fn a_service_provider_in_several_regions_is_connected_with_all_its_places() {
    let server = require_keycloak!();
    let realm = server.realm();
    let acs = regional_acs();
    // The default one is not the first in the file.
    let text = metadata(&acs).replace(" isDefault=\"true\"", "");
    let text = text.replace("index=\"3\"", "index=\"3\" isDefault=\"true\"");
    let client = realm.connect(&text);
    assert_eq!(client.acs[0], acs[3]);
    let kept = realm.client(ENTITY_ID).unwrap();
    let mut uris: Vec<_> =
        kept["redirectUris"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    uris.sort_unstable();
    let mut all = acs.clone();
    all.sort();
    assert_eq!(uris, all);
    assert_eq!(kept["attributes"]["saml_assertion_consumer_url_post"], json!(acs[3]));

    realm.create_user("alice", "alice@example.com", "alice-pw");
    for place in &acs {
        let url = authn_request_url(&realm, ENTITY_ID, place, "_1");
        let answer = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").unwrap();
        assert_eq!(&answer.acs, place);
        assert_eq!(answer.response().recipient.as_ref(), Some(place));
    }
}
