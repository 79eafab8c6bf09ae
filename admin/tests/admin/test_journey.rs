//! From nothing to the first login: a realm without any client, an Identity Center that trusts no one, and four commands.

use idc_sim::IdcSim;
use kcaws_test_keycloak::{Chromium, require_chromium, require_keycloak};
use kcaws_test_kit::{FakeBrowser, require_program};
use serde_json::json;

use crate::fixture::{Company, developers_binary};
use crate::login::{PATIENCE, is_let_in, trust, wired};

#[test]
fn a_fresh_realm_signs_people_in_after_four_commands() {
    let server = require_keycloak!();
    let aws = require_program!("aws");
    let chromium = require_chromium!();
    let company = Company::with(
        server,
        IdcSim::builder().external_user("alice@example.com"),
        crate::fixture::ALL_ROLES,
    );
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    wired(&company);
    let second = company
        .run(&format!("client apply --yes --metadata {}", company.env.home().join("aws.xml").display()));
    second.expect_ok().expect_stdout("no changes");

    let browser = FakeBrowser::install(&company.env);
    let mut login =
        company.env.command(developers_binary()).args(["login", "corp"]).timeout(PATIENCE).spawn();
    login.wait_for_stderr("  code: ");
    chromium.open(&browser.wait_for_url());
    chromium.click("button.main");
    approve(&chromium);
    login.wait().expect_ok();

    let bundle = company.env.write_home_file("ca.pem", company.sim.ca_pem());
    let asked =
        company.env.command(aws).args(["sts", "get-caller-identity", "--profile", "dev", "--output", "json"]);
    let asked = asked.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    // Debian's AWS CLI knows no endpoint variables: it comes by the proxy.
    let asked = asked
        .env("HTTPS_PROXY", company.sim.proxy_url())
        .env("NO_PROXY", "127.0.0.1")
        .env("AWS_CA_BUNDLE", bundle);
    let arn = asked.run().expect_ok().stdout_json()["Arn"].as_str().unwrap().to_owned();
    assert!(arn.ends_with("/alice@example.com"), "{arn}");
    for name in ["realm", "rights", "saml_client", "name_id", "instance", "account"] {
        let findings = company.findings(name);
        assert!(findings.iter().all(|finding| finding["state"] == "ok"), "{findings:?}");
    }
    company.env.assert_no_secret_in_files(company.env.state_dir());
}

fn approve(chromium: &Chromium) {
    chromium.log_in_at_keycloak("alice", "alice-pw");
    chromium.wait_for_text("body", "alice@example.com");
    chromium.click("button[value=allow]");
}

/// A fault that the readers of set-up guides meet: how it comes about, and the check that names it.
struct Fault {
    name: &'static str,
    /// Changes of the client, as the Admin REST API takes them.
    client: serde_json::Value,
    check: &'static str,
    word: &'static str,
}

#[test]
fn what_somebody_breaks_in_the_client_refuses_the_login_and_is_named_and_mended() {
    let server = require_keycloak!();
    let company = Company::with(
        server,
        IdcSim::builder().external_user("alice@example.com"),
        crate::fixture::ALL_ROLES,
    );
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    wired(&company);
    let aws = company.env.home().join("aws.xml");
    for fault in [
        Fault {
            name: "client signature",
            client: json!({ "attributes": { "saml.client.signature": "true" } }),
            check: "saml_client",
            word: "saml.client.signature",
        },
        Fault {
            name: "ACS missing",
            client: json!({ "redirectUris": ["https://elsewhere.example.com/acs"] }),
            check: "saml_client",
            word: "redirectUris",
        },
        Fault {
            name: "NameID is not the e-mail address",
            client: json!({ "attributes": { "saml_name_id_format": "persistent", "saml_force_name_id_format": "true" } }),
            check: "saml_client",
            word: "NameID",
        },
        Fault {
            name: "assertion not signed",
            client: json!({ "attributes": { "saml.assertion.signature": "false", "saml.server.signature": "false" } }),
            check: "saml_client",
            word: "saml.assertion.signature",
        },
    ] {
        let client = company.realm.client(&company.sim.sp_entity_id()).unwrap();
        let mut change = fault.client.clone();
        change["clientId"] = client["clientId"].clone();
        company.realm.admin("PUT", &format!("/clients/{}", client["id"].as_str().unwrap()), Some(&change));
        assert!(!is_let_in(&company, "alice"), "{}: the login went through", fault.name);
        let shown = company.run(&format!("check --json --metadata {}", aws.display())).stdout_json();
        let found = shown["checks"].as_array().unwrap().iter().any(|check| {
            check["name"] == fault.check
                && check["state"] == "error"
                && check["reason"].as_str().unwrap().contains(fault.word)
        });
        assert!(found, "{}: {shown:#}", fault.name);
        company.run(&format!("client apply --yes --metadata {}", aws.display())).expect_ok();
    }
    assert!(is_let_in(&company, "alice"), "it is as before");
}

#[test]
fn a_rotated_key_is_seen_and_the_new_file_mends_it() {
    let server = require_keycloak!();
    let company = Company::with(
        server,
        IdcSim::builder().external_user("alice@example.com"),
        crate::fixture::ALL_ROLES,
    );
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    wired(&company);
    company.run("metadata").expect_ok().expect_stdout("no changes since");
    let realm_id = company.realm.admin("GET", "", None)["id"].clone();
    let key = json!({
        "name": "new key", "parentId": realm_id, "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
        "config": { "priority": ["200"], "enabled": ["true"], "active": ["true"] },
    });
    company.realm.admin("POST", "/components", Some(&key));
    company.run("metadata").expect_code(1).expect_stderr("the metadata changed since AWS was given it");
    company.expect_error("idp_metadata", "", "AWS refuses every login", "kcaws admin metadata --out");
    assert!(!is_let_in(&company, "alice"), "signed with a key that AWS does not have");
    trust(&company);
    company.run("metadata").expect_ok();
    assert!(is_let_in(&company, "alice"));
}
