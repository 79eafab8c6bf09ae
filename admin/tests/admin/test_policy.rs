//! The least rights are enough.

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;

use crate::fixture::Company;

fn actions(company: &Company<'_>, line: &str) -> Vec<String> {
    let policy = company.run(line).expect_ok().stdout_json();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap().clone();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn roles(company: &Company<'_>, line: &str) -> Vec<String> {
    let report = company.run(line).expect_ok().stdout_json();
    let roles = report["roles"].as_array().unwrap().clone();
    roles.iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn exactly_the_rights_of_the_policies_run_a_check() {
    let server = require_keycloak!();
    let everything = Company::new(server);
    let roles = roles(&everything, "policy keycloak --read-only --json");
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let company = Company::with(server, IdcSim::builder(), &roles);
    company.realm.connect(&company.sim.sp_metadata());
    company.realm.create_user("alice", "alice@example.com", "alice-pw");

    let actions = actions(&everything, "policy aws --read-only");
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let key = company.sim.access_key(company.sim.management_account(), &actions);
    company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
    company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
    for name in ["realm", "rights", "name_id", "aws_credentials", "instance", "account"] {
        let findings = company.findings(name);
        assert!(!findings.is_empty(), "{name}");
        assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:?}");
    }
}

#[test]
fn a_right_that_is_missing_is_named() {
    let server = require_keycloak!();
    let company = Company::with(server, IdcSim::builder(), &["view-users"]);
    let rights = company.findings("rights");
    assert_eq!(rights[0]["state"], "error");
    let reason = rights[0]["reason"].as_str().unwrap();
    assert!(reason.contains("view-realm") && reason.contains("view-clients"), "{reason}");

    for (actions, name, word) in [
        (&["organizations:*", "sso:DescribeInstance"][..], "instance", "sso:ListInstances"),
        (&["organizations:*", "sso:ListInstances"][..], "instance", "sso:DescribeInstance"),
        (&["sso:*"][..], "account", "organizations:DescribeOrganization"),
    ] {
        let key = company.sim.access_key(company.sim.management_account(), actions);
        company.env.set_env("AWS_ACCESS_KEY_ID", &key.id);
        company.env.set_env("AWS_SECRET_ACCESS_KEY", &key.secret);
        let findings = company.findings(name);
        assert_eq!(findings[0]["state"], "error", "{findings:?}");
        assert!(findings[0]["reason"].as_str().unwrap().contains(word), "{findings:?}");
    }
}
