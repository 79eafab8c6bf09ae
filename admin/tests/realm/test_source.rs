use kcaws_test_keycloak::{authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::json;

use crate::fixture::{ACS, ENTITY_ID, Office};

const ROLES: [&str; 3] = ["manage-clients", "view-events", "manage-events"];

fn office(server: &kcaws_test_keycloak::Server) -> Office<'_> {
    let office = Office::new(server, &ROLES);
    office.aws_metadata();
    office.realm.create_user("alice", "alice@example.com", "alice-pw");
    office.realm.set(&json!({"eventsEnabled": false}));
    office
}

fn records(office: &Office<'_>) -> bool {
    office.realm.admin("GET", "/events/config", None)["eventsEnabled"] == true
}

fn log_in(office: &Office<'_>) {
    let url = authn_request_url(&office.realm, ENTITY_ID, ACS, "_1");
    let _ = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw");
}

#[test]
fn the_first_login_is_explained_until_it_works_and_the_realm_records_as_before() {
    let server = require_keycloak!();
    let office = office(server);
    office.admin("source --watch --metadata aws.xml").run().expect_code(1).expect_stderr("--record");
    let mut watch = office.admin("source --watch --record --metadata aws.xml").spawn();
    watch.wait_for_stderr("Log in to the access portal now");
    assert!(records(&office));
    log_in(&office);
    watch.wait_for_stdout("no client for the entity ID");
    office.admin("client apply --metadata aws.xml --yes").run().expect_ok();
    log_in(&office);
    watch.wait().expect_ok().expect_stdout("alice: logged in");
    assert!(!records(&office));
}

#[test]
fn an_interrupted_watch_leaves_the_realm_as_it_was() {
    let server = require_keycloak!();
    let office = office(server);
    let mut watch = office.admin("source --watch --record").spawn();
    watch.wait_for_stderr("Log in to the access portal now");
    assert!(records(&office));
    watch.press_ctrl_c();
    watch.wait().expect_code(130);
    assert!(!records(&office));
}

#[test]
fn the_steps_are_those_of_this_instance() {
    let server = require_keycloak!();
    let office = Office::new(server, &[]);
    let steps = office.admin("source").run().expect_ok();
    let steps = steps.expect_stdout("ssoins-1234567890abcdef").expect_stdout("region=eu-central-1");
    steps.expect_stdout("access export").expect_stdout(&office.realm.url());
    let json = office.admin("source --json").run().expect_ok().stdout_json();
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(9));
}
