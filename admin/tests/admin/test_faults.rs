//! Faults of names and clocks: AWS refuses people whom Keycloak lets in, and the check says why.

use std::time::Duration;

use idc_sim::{Builder, IdcSim};
use kcaws_test_keycloak::{Server, require_keycloak};
use serde_json::{Value, json};

use crate::fixture::{ALL_ROLES, Company};
use crate::login::{is_let_in, wired};

/// Alice is on both sides.
fn connected(server: &Server, builder: Builder) -> Company<'_> {
    let company = Company::with(server, builder.external_user("alice@example.com"), ALL_ROLES);
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    wired(&company);
    company
}

/// Returns what CloudTrail says of the last login.
fn trail(company: &Company<'_>) -> String {
    let trail = company.sim.trail();
    trail.last().and_then(|event| event.error_message()).unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_all_ok(findings: &[Value]) {
    assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:#?}");
}

#[test]
fn a_user_without_an_email_address_gets_no_name() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    company.realm.create_user_from(&json!({
        "username": "nomail", "enabled": true, "firstName": "No", "lastName": "Mail",
        "credentials": [{"type": "password", "value": "nomail-pw", "temporary": false}],
    }));
    assert!(!is_let_in(&company, "nomail"));
    company.expect_error("name_id", "--user nomail", "AWS gets no name", "e-mail address");
    company.run("check").expect_stdout("1 enabled users have no email and cannot sign in to AWS: nomail");
    assert!(is_let_in(&company, "alice"), "the others are not affected");
}

#[test]
fn a_user_whom_aws_does_not_know_is_refused_after_keycloak_logged_a_success() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    company.realm.create_user("bob", "bob@example.com", "bob-pw");
    let mut watch = company.admin("source --watch").spawn();
    watch.wait_for_stderr("Log in to the access portal now");
    assert!(!is_let_in(&company, "bob"));
    let watched = watch.wait().expect_ok().expect_stdout("bob: logged in");
    watched.expect_stderr("kcaws admin check --user NAME");
    assert_eq!(company.realm.events("LOGIN").len(), 1, "to Keycloak all is well");
    assert_eq!(trail(&company), "User does not exist");

    company.expect_error("name_id", "--user bob", "has no user of that name", "sync apply");
    assert_all_ok(&company.findings_with("name_id", "--user alice"));
    company.run("check").expect_stdout("1 of 2 users are known to AWS");

    company.sim.add_user("bob@example.com", None);
    assert!(is_let_in(&company, "bob"));
    assert_all_ok(&company.findings_with("name_id", "--user bob"));
    company.sim.disable_user("bob@example.com");
    assert!(!is_let_in(&company, "bob"));
    company.expect_error("name_id", "--user bob", "is disabled there", "sync explain");
}

#[test]
fn capitals_count() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder().external_user("Carol@example.com"));
    company.realm.create_user("carol", "carol@example.com", "carol-pw");
    assert!(!is_let_in(&company, "carol"));
    for options in ["", "--user carol"] {
        company.expect_error("name_id", options, "AWS knows this user as Carol@example.com", "same name");
    }
}

#[test]
fn everybody_in_scope_has_to_be_known_and_nobody_else() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    let bob = company.realm.create_user("bob", "bob@example.com", "bob-pw").id().to_owned();
    company.realm.create_user("guest", "guest@example.com", "guest-pw");
    company.realm.admin("POST", "/groups", Some(&json!({ "name": "aws" })));
    let group = company.realm.admin("GET", "/groups", None)[0]["id"].as_str().unwrap().to_owned();
    let file = format!("{}\n[directory]\ngroups = [\"/aws\"]\n", company.access_file());
    company.env.write_home_file("access.toml", &file);
    assert_all_ok(&company.findings("name_id"));
    company.realm.admin("PUT", &format!("/users/{bob}/groups/{group}"), None);
    company.expect_error("name_id", "", "AWS has no user of the names of 1", "sync plan");
    let shown = company.run("check").stdout_text();
    assert!(shown.contains("bob@example.com") && !shown.contains("guest@example.com"), "{shown}");

    company.env.write_home_file("access.toml", format!("{file}user_name = \"username\"\n"));
    company.expect_error("name_id", "", "sends email as the name, but the sync writes username", "user_name");
}

#[test]
fn names_are_not_compared_without_the_right() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    let key = company.sim.access_key(company.sim.management_account(), &["sso:*", "organizations:*"]);
    company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    let output = company.run("check").expect_stdout("AWS denied identitystore:ListUsers");
    output.expect_stdout("AWS gets the name alice@example.com").expect_stdout("policy aws --read-only");
}

#[test]
fn clocks_that_differ_are_named() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    assert_eq!(company.findings("clocks")[0]["state"], "ok");
    company.sim.rewind(Duration::from_mins(2));
    assert!(!is_let_in(&company, "alice"));
    assert_eq!(trail(&company), "Assertion is not valid yet");
    company.expect_error("clocks", "", "s ahead of AWS's: AWS refuses logins as not valid yet", "clock");

    company.sim.advance(Duration::from_mins(12));
    company.expect_error("clocks", "", "behind AWS's: AWS refuses signed requests", "timedatectl");
    company.run("check").expect_code(1).expect_stdout("check the clock");

    company.sim.rewind(Duration::from_mins(10));
    assert!(is_let_in(&company, "alice"));
    assert_eq!(company.findings("clocks")[0]["state"], "ok");
}
