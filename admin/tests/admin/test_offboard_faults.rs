//! One side or a part of it fails while somebody's access is ended: the rest is done, what is not is named, and the same
//! command does it later.

use idc_sim::{Fault, Route};
use kcaws_test_keycloak::require_keycloak;
use serde_json::Value;

use crate::scripted::{Answer, Place, gone, keycloak};
use crate::site::refusal;
use crate::test_offboard::Office;

const APPLY: &str = "offboard anna@example.com --apply --yes";

/// Asserts that a run without the fault ends everything, and that the next has nothing to do.
#[track_caller]
fn heals(office: &Office<'_>, what: &str) {
    let company = &office.company;
    company.sim.clear_faults();
    let output = company.run(APPLY);
    assert_eq!(output.code(), 0, "{what}: {output}");
    assert_eq!(office.user("anna")["enabled"], false, "{what}");
    assert!(!office.is_active("anna"), "{what}");
    assert_eq!(company.sim.members_of("Dev"), ["bob@example.com"], "{what}");
    company.run(APPLY).expect_code(0).expect_stdout("nothing left to do");
}

/// Returns the steps of a report that failed, with their reasons.
fn failed(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["error"].is_string())
        .map(|step| (text(&step["action"]), text(&step["error"])))
        .collect()
}

#[test]
fn scim_fails_and_keycloak_is_done() {
    let server = require_keycloak!();
    for (fault, word) in [
        (Fault::status(401, "{}"), "access was denied"),
        (Fault::status(403, "{}"), "access was denied"),
        (Fault::status(400, "{}"), "refused the values"),
        (Fault::status(302, "").header("location", "https://elsewhere.example.com/"), "redirected"),
        (Fault::status(200, "<html>SIMSECRET</html>"), "HTML"),
    ] {
        let (office, what) = (Office::new(server), format!("{fault:?}"));
        office.company.sim.fault(Route::ScimPatchUser, fault.clone());
        office.company.sim.fault(Route::ScimPatchGroup, fault);
        let output = office.company.run(APPLY).expect_code(1);
        output.expect_stderr("2 things are left").expect_stderr("run the same command again");
        assert_eq!(office.user("anna")["enabled"], false, "{what}");
        assert!(office.is_active("anna"), "{what}");
        let report = office.company.run(&format!("{APPLY} --json")).expect_code(1).stdout_json();
        let failed = failed(&report);
        let actions: Vec<&str> = failed.iter().map(|(action, _)| action.as_str()).collect();
        assert_eq!(actions, ["deactivate", "leave_group"], "{what}: {report}");
        assert!(failed.iter().all(|(_, why)| why.contains(word)), "{what}: no `{word}` in {failed:?}");
        heals(&office, &what);
    }
}

#[test]
fn trouble_of_scim_that_passes_is_not_noticed() {
    let server = require_keycloak!();
    let office = Office::new(server);
    office.company.sim.fault(Route::ScimPatchUser, Fault::status(503, "<html></html>")).times(1);
    office.company.sim.fault(Route::ScimPatchGroup, Fault::lose_answer()).times(1);
    office.company.run(APPLY).expect_ok();
    assert_eq!(office.user("anna")["enabled"], false);
    assert_eq!(office.company.sim.members_of("Dev"), ["bob@example.com"], "the lost answer was looked up");
    heals(&office, "once");
}

#[test]
fn scim_stays_in_trouble() {
    let server = require_keycloak!();
    let office = Office::new(server);
    office.company.sim.fault(Route::ScimPatchUser, Fault::status(500, "{}"));
    office.company.run(APPLY).expect_code(1).expect_stdout("(500)").expect_stderr("1 thing is left");
    assert_eq!(office.company.sim.members_of("Dev"), ["bob@example.com"], "the groups are left all the same");
    heals(&office, "500");
}

#[test]
fn expired_aws_credentials_do_not_keep_keycloak_from_being_done() {
    let server = require_keycloak!();
    for routes in [
        vec![Route::GetCallerIdentity, Route::ListInstances],
        vec![Route::ListInstances],
        vec![Route::DescribeInstance],
        vec![Route::ListUsers],
    ] {
        let (office, what) = (Office::new(server), format!("{routes:?}"));
        for route in &routes {
            office.company.sim.fault(*route, refusal("ExpiredTokenException"));
        }
        let report = office.company.run(&format!("{APPLY} --json")).expect_code(1).stdout_json();
        assert_eq!(report["identity_center"]["state"], "unread", "{what}: {report}");
        let reason = report["identity_center"]["reason"].as_str().unwrap();
        assert!(reason.contains("does not accept the credentials"), "{what}: {reason}");
        assert_eq!(office.user("anna")["enabled"], false, "{what}");
        assert!(office.is_active("anna"), "{what}");
        heals(&office, &what);
    }
}

#[test]
fn a_keycloak_that_is_gone_does_not_keep_aws_from_being_done() {
    let server = require_keycloak!();
    for (url, word) in [
        (gone(), "cannot reach"),
        (keycloak(Place::Token, Answer::Json(401, r#"{"error":"unauthorized_client"}"#)), "client"),
        (keycloak(Place::Admin, Answer::Json(403, "{}")), "view-users"),
        (keycloak(Place::Admin, Answer::Page(200)), "HTML"),
    ] {
        let office = Office::new(server);
        let file = office.company.env.read_home_file("access.toml");
        office.company.env.write_home_file("access.toml", file.replace(&office.company.server_url(), &url));
        let output = office.company.run(&format!("{APPLY} --json")).expect_code(1);
        let report = output.expect_stderr("until the user is disabled in Keycloak").stdout_json();
        assert_eq!(report["keycloak"]["state"], "unread", "{word}: {report}");
        let reason = report["keycloak"]["reason"].as_str().unwrap();
        assert!(reason.contains(word), "no `{word}` in {reason}");
        assert!(!office.is_active("anna"), "{word}");
        office.company.env.write_home_file("access.toml", file);
        heals(&office, word);
    }
}

#[test]
fn a_secret_that_is_missing_does_not_keep_the_other_side_from_being_done() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let env = &office.company.env;
    let token = env.home().join("scim-token");
    env.remove_env("KCAWS_SCIM_TOKEN_FILE");
    let report = office.company.run(&format!("{APPLY} --json")).expect_code(1).stdout_json();
    assert!(report["left"].to_string().contains("there is no SCIM token"), "{report}");
    assert_eq!(office.user("anna")["enabled"], false);
    env.set_env("KCAWS_SCIM_TOKEN_FILE", &token);

    let office = Office::new(server);
    let file = office.company.env.read_home_file("access.toml");
    let without: Vec<&str> = file.lines().filter(|line| !line.starts_with("scim_endpoint")).collect();
    office.company.env.write_home_file("access.toml", without.join("\n"));
    office.company.run(APPLY).expect_code(1).expect_stdout("no scim_endpoint");
    assert_eq!(office.user("anna")["enabled"], false);
    office.company.env.write_home_file("access.toml", file);
    heals(&office, "scim_endpoint");

    let office = Office::new(server);
    let env = &office.company.env;
    env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", env.home().join("missing"));
    let report = office.company.run(&format!("{APPLY} --json")).expect_code(1).stdout_json();
    assert!(report["left"].to_string().contains("KCAWS_KEYCLOAK_SECRET_FILE"), "{report}");
    assert!(!office.is_active("anna"));

    env.set_env("KCAWS_SCIM_TOKEN_FILE", env.home().join("missing"));
    office.company.run(APPLY).expect_code(3).expect_stderr("KCAWS_KEYCLOAK_SECRET_FILE");
}

#[test]
fn credentials_of_another_instance_do_not_keep_keycloak_from_being_done() {
    let server = require_keycloak!();
    let office = Office::new(server);
    let file = office.company.env.read_home_file("access.toml");
    let other = file.replace(&office.company.instance(), "ssoins-fedcba0987654321");
    office.company.env.write_home_file("access.toml", other);
    office.company.run(APPLY).expect_code(1).expect_stdout("do not see the instance");
    assert_eq!(office.user("anna")["enabled"], false);
    assert!(office.is_active("anna"));
    office.company.env.write_home_file("access.toml", file);
    heals(&office, "another instance");
}
