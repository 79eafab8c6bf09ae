use kcaws_test_keycloak::{Realm, Refusal, authn_request_url, deliver, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::json;

use crate::provider::{ENTITY_ID, StandIn, metadata};

const EMAIL_ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// A service provider that `realm` knows, and an address that asks for a sign-in.
fn connected(realm: &Realm<'_>) -> (StandIn, String) {
    let provider = StandIn::start();
    realm.connect(&metadata(std::slice::from_ref(&provider.acs)));
    let url = authn_request_url(realm, ENTITY_ID, &provider.acs, "_request-1");
    (provider, url)
}

#[test]
fn the_answer_says_who_is_there_and_for_whom_it_is() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (provider, url) = connected(&realm);
    let alice = realm.create_user("alice", "Alice@Example.com", "alice-pw");
    realm.set(&json!({"ssoSessionMaxLifespan": 7200}));

    let answer = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").unwrap();
    assert_eq!((answer.acs.as_str(), answer.field("RelayState")), (provider.acs.as_str(), "state"));
    let response = answer.response();
    assert_eq!(response.status, "Success");
    assert_eq!(response.issuer, realm.url());
    assert_eq!(response.in_response_to.as_deref(), Some("_request-1"));
    assert_eq!(response.assertions, 1);
    assert!(response.response_is_signed && response.assertion_is_signed, "{response:?}");
    assert_eq!(response.signature_algorithms, ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"; 2]);
    // The e-mail address in lower case, whatever name was typed.
    assert_eq!(response.name_id.as_deref(), Some("alice@example.com"));
    assert_eq!(response.name_id_format.as_deref(), Some(EMAIL_ADDRESS));
    assert_eq!(response.audience.as_deref(), Some(ENTITY_ID));
    assert_eq!(response.recipient.as_deref(), Some(provider.acs.as_str()));
    assert_eq!(response.destination, provider.acs);
    assert_eq!(response.attributes, 0);
    assert!(response.session_index.as_deref().is_some_and(|index| index.contains("::")));

    let seconds = |text: &Option<String>| seconds_of_day(text.as_deref().unwrap());
    let day = 24 * 60 * 60;
    let from = seconds(&response.not_before);
    let valid = (seconds(&response.not_on_or_after) + day - from) % day;
    assert_eq!(valid, 300, "{response:?}");
    let session = (seconds(&response.session_not_on_or_after) + day - from) % day;
    // NotBefore is two seconds early.
    assert!((7202..=7203).contains(&session), "{session} s, {response:?}");

    assert_eq!(alice.sessions(), 1);
    let login = &realm.events("LOGIN")[0];
    assert_eq!(login.client_id.as_deref(), Some(ENTITY_ID));
    assert_eq!(login.user_id.as_deref(), Some(alice.id()));
}

/// Of `2026-11-24T12:34:11.330Z`.
fn seconds_of_day(time: &str) -> u32 {
    let clock = time.split_once('T').unwrap().1;
    let parts: Vec<u32> = clock[..8].split(':').map(|part| part.parse().unwrap()).collect();
    parts[0] * 3600 + parts[1] * 60 + parts[2]
}

#[test]
fn the_answer_can_be_carried_to_the_service_provider() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (provider, url) = connected(&realm);
    realm.create_user("alice", "alice@example.com", "alice-pw");
    let page = deliver(&mut PageClient::new(), &url, "alice@example.com", "alice-pw").unwrap();
    assert_eq!((page.url.as_str(), page.text().trim()), (provider.acs.as_str(), "arrived"));
    assert!(provider.arrival().contains("SAMLResponse="));
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_alike_and_are_distinguished_by_the_events() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (_provider, url) = connected(&realm);
    realm.create_user("alice", "alice@example.com", "alice-pw");
    let refusal = Refusal::WrongCredentials("Invalid username or password.".into());
    assert_eq!(sign_in(&mut PageClient::new(), &url, "alice", "wrong").unwrap_err(), refusal);
    assert_eq!(sign_in(&mut PageClient::new(), &url, "nobody", "wrong").unwrap_err(), refusal);
    let mut errors: Vec<_> = realm.events("LOGIN_ERROR").into_iter().filter_map(|e| e.error).collect();
    errors.sort();
    assert_eq!(errors, ["invalid_user_credentials", "user_not_found"]);
}

#[test]
fn a_disabled_user_is_told_so_but_only_with_the_right_password() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (_provider, url) = connected(&realm);
    let bob = realm.create_user("bob", "bob@example.com", "bob-pw");
    bob.disable();
    let refusal = Refusal::Alert("Account is disabled, contact your administrator.".into());
    assert_eq!(sign_in(&mut PageClient::new(), &url, "bob", "bob-pw").unwrap_err(), refusal);
    let wrong = sign_in(&mut PageClient::new(), &url, "bob", "wrong").unwrap_err();
    assert!(matches!(wrong, Refusal::WrongCredentials(_)), "{wrong:?}");
    assert_eq!(realm.events("LOGIN_ERROR").last().unwrap().error.as_deref(), Some("user_disabled"));
}

#[test]
fn a_user_without_an_address_meets_a_form_and_without_that_form_a_failure_goes_to_aws() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (_provider, url) = connected(&realm);
    realm.create_user_from(&json!({
        "username": "nomail", "enabled": true, "firstName": "No", "lastName": "Mail",
        "credentials": [{"type": "password", "value": "nomail-pw", "temporary": false}],
    }));
    let refusal = sign_in(&mut PageClient::new(), &url, "nomail", "nomail-pw").unwrap_err();
    assert_eq!(refusal, Refusal::AnotherPage("login-login-update-profile".into()));

    realm.admin("PUT", "/authentication/required-actions/VERIFY_PROFILE", Some(&json!({
        "alias": "VERIFY_PROFILE", "name": "Verify Profile", "providerId": "VERIFY_PROFILE", "enabled": false,
    })));
    let answer = sign_in(&mut PageClient::new(), &url, "nomail", "nomail-pw").unwrap();
    let response = answer.response();
    assert_eq!((response.status.as_str(), response.assertions), ("InvalidNameIDPolicy", 0));
    assert_eq!(realm.events("LOGIN").len(), 1, "Keycloak calls it a success");
}

#[test]
fn a_living_session_answers_without_a_page_until_the_user_is_disabled() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (_provider, url) = connected(&realm);
    let alice = realm.create_user("alice", "alice@example.com", "alice-pw");
    let mut client = PageClient::new();
    sign_in(&mut client, &url, "alice", "alice-pw").unwrap();
    // No one types anything here: the names would not do.
    let again = sign_in(&mut client, &url, "nobody", "nothing").unwrap();
    assert_eq!(again.response().name_id.as_deref(), Some("alice@example.com"));

    alice.disable();
    let refusal = sign_in(&mut client, &url, "alice", "alice-pw").unwrap_err();
    assert_eq!(refusal, Refusal::Alert("Account is disabled, contact your administrator.".into()));
    assert_eq!(alice.sessions(), 1, "the session stays listed");
}

#[test]
fn an_ended_session_asks_again_and_a_deleted_user_is_unknown() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (_provider, url) = connected(&realm);
    let alice = realm.create_user("alice", "alice@example.com", "alice-pw");
    let mut client = PageClient::new();
    sign_in(&mut client, &url, "alice", "alice-pw").unwrap();
    alice.log_out();
    let refusal = sign_in(&mut client, &url, "alice", "wrong").unwrap_err();
    assert!(matches!(refusal, Refusal::WrongCredentials(_)), "{refusal:?}");
    alice.delete();
    assert!(sign_in(&mut client, &url, "alice", "alice-pw").is_err());
    assert_eq!(realm.users().len(), 0);
}

#[test]
fn requests_that_do_not_fit_end_on_an_error_page() {
    let server = require_keycloak!();
    let realm = server.realm();
    let (provider, url) = connected(&realm);
    let unregistered = authn_request_url(&realm, ENTITY_ID, "http://127.0.0.1:9/elsewhere", "_1");
    let unknown = authn_request_url(&realm, "https://nobody.example/", &provider.acs, "_1");
    for (url, message, event) in [
        (unregistered, "Invalid redirect uri", "invalid_redirect_uri"),
        (unknown, "Invalid Request", "client_not_found"),
    ] {
        let refusal = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").unwrap_err();
        assert_eq!(refusal, Refusal::Error { status: 400, message: message.into() });
        assert_eq!(realm.events("LOGIN_ERROR")[0].error.as_deref(), Some(event));
    }

    let mut client = realm.client(ENTITY_ID).unwrap();
    client["attributes"]["saml.client.signature"] = json!("true");
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    realm.admin("PUT", &path, Some(&client));
    let refusal = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").unwrap_err();
    assert_eq!(refusal, Refusal::Error { status: 400, message: "Invalid requester".into() });
    assert!(!provider.has_arrival());
}
