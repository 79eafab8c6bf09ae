//! From an empty home to a good check.

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;

use crate::fixture::{ALL_ROLES, CLIENT, CLIENT_SECRET, Company, REGION, on_a_terminal};

#[test]
fn a_person_answers_and_the_check_is_good() {
    let server = require_keycloak!();
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    company.realm.create_user("alice", "alice@example.com", "alice-pw");

    let mut init = on_a_terminal(&company.env, "init").spawn();
    init.wait_for_prompt("Keycloak server: ");
    init.type_line("ftp://nowhere");
    init.wait_for_prompt("must begin with https://");
    init.type_line(&company.server_url());
    init.wait_for_prompt("Realm: ");
    init.type_line(company.realm.name());
    init.wait_for_prompt("Service account's client [kcaws-admin]: ");
    init.type_line("");
    init.wait_for_prompt("Client secret: ");
    init.type_line("SIMSECRET-a-wrong-one");
    init.wait_for_prompt("credentials\r\nClient secret: ");
    init.type_line(CLIENT_SECRET);
    init.wait_for_prompt("Region of Identity Center: ");
    init.type_line(REGION);
    init.wait_for_prompt("AWS profile");
    init.type_line("");
    init.wait_for_prompt("SCIM endpoint (empty: later): ");
    init.type_line("");
    let output = init.wait().expect_ok();
    assert!(!(output.stdout_text() + &output.stderr_text()).contains(CLIENT_SECRET), "it was shown");

    let text = company.env.read_home_file("access.toml");
    assert_eq!(text, company.access_file());
    let aws = company.env.write_home_file("aws.xml", company.sim.sp_metadata());
    company.run(&format!("client apply --yes --metadata {}", aws.display())).expect_ok();
    for name in ["realm", "rights", "saml_client", "name_id", "instance", "account"] {
        let findings = company.findings(name);
        assert!(findings.iter().all(|finding| finding["state"] != "error"), "{findings:?}");
    }
    company.env.assert_no_secret_in_files(company.env.root());
}

#[test]
fn every_answer_is_an_option_and_a_second_run_changes_nothing() {
    let server = require_keycloak!();
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    let secret = company.env.write_home_file("client-secret", CLIENT_SECRET);
    company.env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
    company.run("init").expect_code(2).expect_stderr("--url is needed");
    let line = format!("init --url {} --realm {}", company.server_url(), company.realm.name());
    company.run(&line).expect_code(2).expect_stderr("--region is needed");
    company.run(&format!("{line} --region nowhere")).expect_code(2).expect_stderr("is not an AWS Region");
    assert!(!company.env.home().join("access.toml").exists(), "nothing is written before all is proven");
    let line = format!("{line} --region {REGION} --client-id {CLIENT}");
    company.run(&line).expect_ok().expect_stderr("Next: kcaws admin check");
    let hint = "add [directory]";
    company.run("init").expect_ok().expect_stderr(hint);
    let scope = "[directory]\ngroups = [\"/aws/**\"]\n";
    let text = format!("# Ours\n{}\n{scope}# The end\n", company.env.read_home_file("access.toml"));
    company.env.write_home_file("access.toml", &text);
    let again = company.run("init").expect_ok();
    assert!(!again.stderr_text().contains(hint), "{again}");
    assert_eq!(company.env.read_home_file("access.toml"), text);
}

#[test]
fn what_does_not_work_is_said_and_nothing_is_written() {
    let server = require_keycloak!();
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    let (url, realm) = (company.server_url(), company.realm.name().to_owned());
    let secret = company.env.write_home_file("client-secret", "SIMSECRET-a-wrong-one");
    company.env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", secret);
    let line = format!("init --url {url} --realm {realm} --region {REGION}");
    company.run(&line).expect_code(4).expect_stderr("refused the service account");
    company.env.write_home_file("client-secret", CLIENT_SECRET);
    company.run(&line.replace(&realm, "no-such-realm")).expect_code(3).expect_stderr("there is no realm");
    company.run(&line.replace(&url, "http://127.0.0.1:1")).expect_code(1).expect_stderr("cannot reach");
    company
        .run(&line.replace(REGION, "us-west-2"))
        .expect_code(3)
        .expect_stderr("see no Identity Center instance");
    assert!(!company.env.home().join("access.toml").exists());
}
