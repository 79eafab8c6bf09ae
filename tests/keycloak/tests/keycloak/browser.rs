use kcaws_test_keycloak::{authn_request_url, require_chromium, require_keycloak};
use kcaws_test_kit::{FakeBrowser, TestEnv};

use crate::provider::{ENTITY_ID, StandIn, metadata};

#[test]
fn a_person_logs_in_at_keycloak_and_arrives_at_the_service_provider() {
    let server = require_keycloak!();
    let chromium = require_chromium!();
    let realm = server.realm();
    let provider = StandIn::start();
    realm.connect(&metadata(std::slice::from_ref(&provider.acs)));
    realm.create_user("alice", "alice@example.com", "alice-pw");
    let url = authn_request_url(&realm, ENTITY_ID, &provider.acs, "_1");

    chromium.open(&url);
    assert_eq!(chromium.text("#kc-page-title"), "Sign in to your account");
    chromium.log_in_at_keycloak("alice", "wrong");
    let said = chromium.wait_for_text("#input-error-username", "Invalid");
    assert_eq!(said, "Invalid username or password.");
    assert!(!chromium.has("#said"));
    chromium.type_into("#password", "alice-pw");
    chromium.click("#kc-login");
    assert_eq!(chromium.wait_for_text("#said", "arrived"), "arrived");
    assert_eq!(chromium.url(), provider.acs);
    let request = provider.arrival();
    assert!(request.contains("Origin: null\r\n") && !request.contains("Referer:"), "{request}");

    // The session lives: nothing is typed.
    chromium.open(&url);
    provider.arrival();
    assert_eq!(chromium.text("#said"), "arrived");
}

#[test]
fn a_disabled_user_reads_why_and_another_browser_knows_nothing_of_it() {
    let server = require_keycloak!();
    let chromium = require_chromium!();
    let realm = server.realm();
    let provider = StandIn::start();
    realm.connect(&metadata(std::slice::from_ref(&provider.acs)));
    realm.create_user("bob", "bob@example.com", "bob-pw").disable();
    chromium.open(&authn_request_url(&realm, ENTITY_ID, &provider.acs, "_1"));
    chromium.log_in_at_keycloak("bob", "bob-pw");
    chromium.wait_for_text(".pf-v5-c-alert .kc-feedback-text", "Account is disabled");
    assert!(!provider.has_arrival());
}

#[test]
fn what_a_program_opens_is_opened_in_chromium() {
    let chromium = require_chromium!();
    let provider = StandIn::start();
    let env = TestEnv::new();
    let browser = FakeBrowser::install(&env);
    env.run(["sh", "-c", &format!("\"$BROWSER\" '{}'", provider.acs)]).expect_ok();
    chromium.open(&browser.wait_for_url());
    assert_eq!(chromium.text("#said"), "arrived");
    assert_eq!(chromium.url(), provider.acs);
}
