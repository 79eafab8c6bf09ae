use kcaws_test_keycloak::{authn_request_url, require_keycloak, sign_in};
use kcaws_test_kit::PageClient;
use serde_json::json;

use crate::fixture::{ACS, ENTITY_ID, Office};

#[test]
fn a_plan_writes_nothing_an_apply_lets_users_in_and_then_there_are_no_changes() {
    let server = require_keycloak!();
    let office = Office::new(server, &["manage-clients"]);
    office.aws_metadata();
    office.realm.create_user("alice", "alice@example.com", "alice-pw");

    let plan = office.admin("client plan --metadata aws.xml --exit-code").run().expect_code(7);
    plan.expect_stdout("saml.client.signature").expect_stdout(ACS);
    assert!(office.realm.client(ENTITY_ID).is_none());
    // Nobody is there to be asked.
    office.admin("client apply --metadata aws.xml").run().expect_code(2).expect_stderr("--yes");
    assert!(office.realm.client(ENTITY_ID).is_none());

    let log = office.admin("client plan --metadata aws.xml --log json").run().expect_ok().stderr_text();
    assert!(log.contains(r#""command":"client plan""#) && log.contains(r#""event":"planned""#), "{log}");
    let output = office.admin("client apply --metadata aws.xml --yes --log json").run().expect_ok();
    let log = output.expect_stderr("1 change").stderr_text();
    let events: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let apply = ["phase_started", "write", "phase_finished"];
    assert!(names.contains(&"planned") && names.windows(3).any(|part| part == apply), "{log}");
    let write = events.iter().find(|event| event["event"] == "write").unwrap();
    assert_eq!((&write["action"], &write["name"]), (&json!("create_client"), &json!(ENTITY_ID)), "{log}");
    let audit = std::fs::read_to_string(office.env.home().join("access.audit.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [start, line] = &lines[..] else { panic!("{audit}") };
    assert_eq!(start["action"], "start");
    assert_eq!(
        (&line["action"], &line["client_id"]),
        (&json!("create_client"), &json!(ENTITY_ID)),
        "{audit}"
    );
    let url = authn_request_url(&office.realm, ENTITY_ID, ACS, "_1");
    let answer = sign_in(&mut PageClient::new(), &url, "alice", "alice-pw").unwrap();
    assert_eq!(answer.response().name_id.as_deref(), Some("alice@example.com"));

    office.admin("client plan --metadata aws.xml --exit-code").run().expect_ok().expect_stdout("no changes");
    let again = office.admin("client apply --metadata aws.xml --yes --json").run().expect_ok().stdout_json();
    assert_eq!(
        (&again["schema"], &again["changes"], &again["outcome"]),
        (&json!(1), &json!([]), &json!("applied"))
    );
}

#[test]
fn a_saved_plan_is_applied_as_it_is_or_not_at_all() {
    let server = require_keycloak!();
    let office = Office::new(server, &["manage-clients"]);
    office.aws_metadata();
    office.admin("client apply --metadata aws.xml --yes").run().expect_ok();
    let id = office.realm.client(ENTITY_ID).unwrap()["id"].as_str().unwrap().to_owned();
    let drift = |lifespan: &str| {
        let changes = json!({"attributes": {"saml.assertion.lifespan": lifespan}});
        office.realm.admin("PUT", &format!("/clients/{id}"), Some(&changes));
    };
    let lifespan =
        || office.realm.client(ENTITY_ID).unwrap()["attributes"]["saml.assertion.lifespan"].clone();
    drift("60");
    let plan = office.admin("client plan --metadata aws.xml --name-id username --out plan.json --json").run();
    let plan = plan.expect_ok().stdout_json();
    assert_eq!(
        plan["changes"][0],
        json!({"path": "attributes.saml.assertion.lifespan", "before": "60", "after": "300"})
    );

    drift("90");
    office.admin("client apply plan.json --yes").run().expect_code(8).expect_stderr("changed since the plan");
    assert_eq!(lifespan(), "90");
    drift("60");
    office.admin("client apply plan.json --yes").run().expect_ok();
    assert_eq!(lifespan(), "300");
    let mappers = office.realm.client(ENTITY_ID).unwrap()["protocolMappers"].clone();
    assert_eq!(mappers[0]["config"]["user.attribute"], "username", "the plan's, not the default");
}

#[test]
fn what_is_missing_is_reported_with_what_to_do() {
    let server = require_keycloak!();
    let office = Office::new(server, &["view-clients"]);
    office.aws_metadata();
    let forbidden = office.admin("client apply --metadata aws.xml --yes").run().expect_code(1);
    forbidden.expect_stderr("`manage-clients`").expect_stderr("kcaws admin policy keycloak");
    office.admin("client plan").run().expect_code(2).expect_stderr("--metadata");
    office.env.write_home_file("idp.xml", office.realm.descriptor());
    office.admin("client plan --metadata idp.xml").run().expect_code(3).expect_stderr("identity provider");
    office.write_access_file(server.url(), "no-such-realm");
    office.admin("client plan --metadata aws.xml").run().expect_code(3).expect_stderr("no-such-realm");
    office.write_access_file(server.url(), office.realm.name());
    office.env.write_home_file("secret", "another-secret");
    office.admin("client plan --metadata aws.xml").run().expect_code(4).expect_stderr("kcaws-admin");
}

#[test]
fn the_roles_that_are_printed_suffice() {
    let server = require_keycloak!();
    let office = Office::new(server, &[]);
    let roles = office.admin("policy keycloak --json").run().expect_ok().stdout_json();
    let roles: Vec<String> = roles["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["role"].as_str().unwrap().to_owned())
        .collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let office = Office::new(server, &roles);
    office.aws_metadata();
    office.admin("client apply --metadata aws.xml --yes").run().expect_ok();
    office.admin("policy keycloak --read-only").run().expect_ok().expect_stdout("view-users");
}
