//! The whole chain, in order and broken.

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_keycloak::require_keycloak;
use serde_json::json;

use crate::fixture::{ALL_ROLES, Company};

#[test]
fn a_realm_that_somebody_set_up_by_hand_is_found_good_but_for_what_differs() {
    let server = require_keycloak!();
    let company = Company::new(server);
    company.realm.connect(&company.sim.sp_metadata());
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    company.realm.create_user_from(&json!({ "username": "nomail", "enabled": true }));
    let output = company.run("check");
    let text = output.stdout_text();
    assert!(
        text.contains("AWS gets the name alice@example.com (by an example of Keycloak's response)"),
        "{text}"
    );
    assert!(text.contains("1 enabled users have no email") && text.contains("nomail"), "{text}");
    assert!(text.contains("is the management account"), "{text}");

    let metadata = company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    let line = format!("check --user alice --metadata {}", metadata.display());
    let shown = company.run(&line).stdout_text();
    assert!(shown.contains("name_id (alice)"), "{shown}");
    company.run("check --user mallory").expect_code(1).expect_stdout("there is no such user");
    company.run("check --metadata /nowhere.xml").expect_code(2).expect_stderr("is not AWS's metadata");
}

#[test]
fn a_client_that_somebody_changed_is_an_error_with_what_differs() {
    let server = require_keycloak!();
    let company = Company::new(server);
    company.realm.connect(&company.sim.sp_metadata());
    let client = company.realm.client(&company.sim.sp_entity_id()).unwrap();
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let change = json!({ "clientId": client["clientId"], "attributes": { "saml.client.signature": "true" } });
    company.realm.admin("PUT", &path, Some(&change));
    let findings = company.findings("saml_client");
    assert_eq!(findings[0]["state"], "error", "{findings:?}");
    assert!(findings[0]["reason"].as_str().unwrap().contains("saml.client.signature"), "{findings:?}");
}

#[test]
fn each_side_that_is_missing_is_one_error_and_the_other_is_checked_all_the_same() {
    let server = require_keycloak!();
    let company = Company::new(server);
    company.env.write_home_file("client-secret", "SIMSECRET-a-wrong-one\n");
    let realm = company.findings("realm");
    assert_eq!(realm[0]["state"], "error");
    assert!(realm[0]["fix"].as_str().unwrap().contains("kcaws-admin"), "{realm:?}");
    assert_eq!(company.findings("instance")[0]["state"], "ok");

    company.env.remove_env("KCAWS_KEYCLOAK_SECRET_FILE");
    assert!(company.findings("realm")[0]["reason"].as_str().unwrap().contains("there is no client secret"));

    company.env.remove_env("AWS_ACCESS_KEY_ID");
    company.env.remove_env("AWS_SECRET_ACCESS_KEY");
    company.env.set_env("AWS_EC2_METADATA_DISABLED", "true");
    let aws = company.findings("aws_credentials");
    assert_eq!(aws[0]["state"], "error");
    assert!(company.findings("instance").is_empty(), "that would be the same error again");
    company.run("check").expect_code(1).expect_stderr("errors found");
}

#[test]
fn aws_in_trouble_is_told_apart() {
    let server = require_keycloak!();
    let company = Company::with(server, IdcSim::builder(), ALL_ROLES);
    for (fault, word) in [
        (Fault::status(500, "{}"), "trouble"),
        (Fault::status(503, "<html>busy</html>"), "trouble"),
        (Fault::status(400, r#"{"__type":"ThrottlingException","message":"slow down"}"#), "throttled"),
        (Fault::status(400, r#"{"__type":"ExpiredTokenException","message":"expired"}"#), "does not accept"),
    ] {
        company.sim.clear_faults();
        company.sim.fault(Route::ListInstances, fault);
        let findings = company.findings("instance");
        assert_eq!(findings[0]["state"], "error");
        assert!(findings[0]["reason"].as_str().unwrap().contains(word), "{word}: {findings:?}");
    }
}

#[test]
fn another_instance_is_refused() {
    let server = require_keycloak!();
    let company = Company::new(server);
    let file = company.access_file().replace(&company.instance(), "ssoins-ffffffffffffffff");
    company.env.write_home_file("access.toml", file);
    let findings = company.findings("instance");
    assert!(findings[0]["reason"].as_str().unwrap().contains(&company.instance()), "{findings:?}");
}
