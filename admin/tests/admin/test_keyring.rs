//! The administrator's secrets in a desktop's keyring and in the encrypted file.

use idc_sim::IdcSim;
use kcaws_test_keycloak::require_keycloak;
use kcaws_test_kit::{PrivateKeyring, require_program};

use crate::fixture::{ALL_ROLES, CLIENT, CLIENT_SECRET, Company, REGION, on_a_terminal};

/// Answers `init` with what is not in its options.
fn init(company: &Company<'_>, token: &str) -> String {
    let line = format!(
        "init --url {} --realm {} --client-id {CLIENT} --region {REGION} --profile '' --scim-endpoint {}",
        company.server_url(),
        company.realm.name(),
        company.sim.scim_endpoint(),
    );
    let mut init = on_a_terminal(&company.env, &line).spawn();
    init.wait_for_prompt("Client secret: ");
    init.type_line(CLIENT_SECRET);
    init.wait_for_prompt("SCIM token: ");
    init.type_line(token);
    init.wait().expect_ok().stdout_text()
}

#[test]
fn secrets_lie_in_the_desktops_keyring_and_in_no_file() {
    let server = require_keycloak!();
    require_program!("gnome-keyring-daemon");
    require_program!("secret-tool");
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    company.env.remove_env("KCAWS_KEYRING");
    let keyring = PrivateKeyring::start(&company.env);
    let (first, second) = (company.sim.issue_scim_token(), company.sim.issue_scim_token());
    let shown = init(&company, &first);
    assert!(shown.contains("Stored in the Secret Service"), "{shown}");
    let found = |what: &str, of: &str| {
        let attributes = [("service", "kcaws"), ("username", what), ("start_url", of)];
        keyring.secret_tool_lookup(&attributes).map(|text| text.trim().to_owned())
    };
    let account = format!("{} {CLIENT}", company.realm.url());
    assert_eq!(found("admin: client secret", &account).as_deref(), Some(CLIENT_SECRET));
    assert_eq!(found("admin: SCIM token", &company.sim.scim_endpoint()).as_deref(), Some(first.as_str()));
    company.env.assert_no_secret_in_files(company.env.root());

    company.admin("token set").stdin(second.clone()).run().expect_ok().expect_stderr("Secret Service");
    assert_eq!(found("admin: SCIM token", &company.sim.scim_endpoint()).as_deref(), Some(second.as_str()));
    company.run("token status").expect_ok().expect_stdout("accepted  yes");
    company.env.assert_no_secret_in_files(company.env.root());
    keyring.lock();
    company.run("token status").expect_code(5).expect_stderr("locked");
}

#[test]
fn secrets_in_the_file_store_are_sealed() {
    let server = require_keycloak!();
    let company = Company::without_file(server, IdcSim::builder(), ALL_ROLES);
    company.env.set_env("KCAWS_KEYRING", "file");
    company.env.set_env("KCAWS_PASSPHRASE_COMMAND", "printf correct-horse");
    let shown = init(&company, &company.sim.issue_scim_token());
    assert!(shown.contains("Stored in the"), "{shown}");
    company.run("token status").expect_ok().expect_stdout("accepted  yes");
    assert!(company.findings("realm").iter().all(|finding| finding["state"] == "ok"));
    company.env.assert_no_secret_in_files(company.env.root());
    company.env.remove_env("KCAWS_PASSPHRASE_COMMAND");
    company.run("token status").expect_code(5).expect_stderr("KCAWS_PASSPHRASE");
}
