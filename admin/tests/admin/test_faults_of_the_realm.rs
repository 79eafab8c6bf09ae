//! Faults of the realm's settings: client, scopes, host name, certificates.

use std::time::{Duration, SystemTime};

use idc_sim::{Builder, IdcSim};
use kcaws_test_keycloak::{Server, require_keycloak};
use kcaws_test_kit::{require_program, wait_for};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};

use crate::fixture::{ALL_ROLES, Company};
use crate::login::{is_let_in, trust, wired};
use crate::scripted::forward;

fn connected(server: &Server, builder: Builder) -> Company<'_> {
    let company = Company::with(server, builder.external_user("alice@example.com"), ALL_ROLES);
    company.realm.create_user("alice", "alice@example.com", "alice-pw");
    wired(&company);
    company
}

fn client(company: &Company<'_>) -> Value {
    company.realm.client(&company.sim.sp_entity_id()).unwrap()
}

fn change(company: &Company<'_>, member: &str, value: &Value) {
    let mut client = client(company);
    client[member] = value.clone();
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    company.realm.admin("PUT", &path, Some(&client));
}

/// Corrects the client, as every finding about it says.
fn restore(company: &Company<'_>) {
    let aws = company.env.home().join("aws.xml");
    company.run(&format!("client apply --yes --metadata {}", aws.display())).expect_ok();
    assert!(is_let_in(company, "alice"), "it is right again");
}

#[test]
fn a_client_with_another_entity_id_is_no_client() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    change(&company, "clientId", &company.sim.sp_entity_id().replace("d-", "d-0").into());
    let mut watch = company
        .admin("source --watch --metadata aws.xml --minutes 1")
        .current_dir(company.env.home())
        .spawn();
    watch.wait_for_stderr("Log in to the access portal now");
    assert!(!is_let_in(&company, "alice"));
    watch.wait_for_stdout("no client for the entity ID");
    watch.press_ctrl_c();
    let _ = watch.wait();
    company.expect_error("saml_client", "", "there is no SAML client for this instance", "client plan");
    restore(&company);
}

#[test]
fn the_scope_role_list_breaks_logins_where_attributes_count() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder().access_control_attributes(true));
    let scopes = company.realm.admin("GET", "/client-scopes", None);
    let scope = scopes.as_array().unwrap().iter().find(|scope| scope["name"] == "role_list").unwrap().clone();
    let (client, scope) = (client(&company), scope["id"].as_str().unwrap());
    let path = format!("/clients/{}/default-client-scopes/{scope}", client["id"].as_str().unwrap());
    company.realm.admin("PUT", &path, None);
    // As the admin console creates a client: its assertions have all roles of the user.
    change(&company, "fullScopeAllowed", &true.into());
    assert!(!is_let_in(&company, "alice"));
    let trail = company.sim.trail();
    assert_eq!(
        trail.last().unwrap().error_message(),
        Some("Assertion has two attributes with the same name")
    );
    company.expect_error("saml_client", "", "default scopes.role_list", "client apply");
    restore(&company);
}

#[test]
fn a_host_name_that_keycloak_does_not_know_is_found_before_and_after_the_first_login() {
    let server = require_keycloak!();
    let company = connected(server, IdcSim::builder());
    let (inside, outside) = (company.server_url(), forward(&company.server_url()));
    let file = company.access_file().replace(&inside, &outside);
    company.env.write_home_file("access.toml", file);
    let refused = company.run("metadata --out elsewhere.xml").expect_code(1);
    let shown = format!("{} instead of {}", authority(&inside), authority(&outside));
    refused.expect_stdout(&shown).expect_stdout("X-Forwarded-Host").expect_stderr("`hostname`");
    assert!(!company.env.home().join("elsewhere.xml").exists());
    company.expect_error("idp_metadata", "", &shown, "kcaws admin metadata");

    // Somebody who writes the name into the file by hand comes no further.
    let metadata = company.realm.descriptor().replace(&inside, &outside);
    company.sim.set_idp_metadata(&metadata).unwrap();
    let mut watch = company.admin("source --watch --minutes 1").spawn();
    watch.wait_for_stderr("Log in to the access portal now");
    assert!(!is_let_in(&company, "alice"));
    watch.wait_for_stdout("its host name or a proxy is not set up");
    watch.wait_for_stdout("`hostname` and `proxy-headers`");
    watch.press_ctrl_c();
    let _ = watch.wait();
}

fn authority(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// Lets the realm sign with a certificate that ends after so much time.
fn sign_for(company: &Company<'_>, life: Duration, key: &str) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch;
    params.not_after = epoch + SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + life;
    let certificate = params.self_signed(&KeyPair::from_pem(key).unwrap()).unwrap().pem();
    remove_keys(company, "rsa-generated");
    remove_keys(company, "rsa");
    let config = json!({
        "priority": ["300"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"],
        "privateKey": [key], "certificate": [certificate],
    });
    let realm_id = company.realm.admin("GET", "", None)["id"].clone();
    let component = json!({
        "name": "imported", "parentId": realm_id, "providerId": "rsa",
        "providerType": "org.keycloak.keys.KeyProvider", "config": config,
    });
    company.realm.admin("POST", "/components", Some(&component));
}

fn remove_keys(company: &Company<'_>, provider: &str) {
    let components = company.realm.admin("GET", "/components?type=org.keycloak.keys.KeyProvider", None);
    let components = components.as_array().unwrap().iter();
    for component in components.filter(|component| component["providerId"] == provider) {
        company.realm.admin("DELETE", &format!("/components/{}", component["id"].as_str().unwrap()), None);
    }
}

fn rsa_key(company: &Company<'_>) -> String {
    let line = ["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    company.env.command_line(line).allow_secret_on_stdout().run().expect_ok().stdout_text()
}

#[test]
fn a_certificate_that_ends_is_told_before_and_after() {
    let server = require_keycloak!();
    require_program!("openssl");
    let company = connected(server, IdcSim::builder());
    let key = rsa_key(&company);
    sign_for(&company, Duration::from_hours(10 * 24), &key);
    let shown = company.run("metadata").expect_code(1).stdout_text();
    assert!(shown.contains("ends on"), "{shown}");
    assert!(shown.contains("no signing certificate is valid for another 30 days"), "{shown}");
    assert!(shown.contains("add an RSA key provider with the highest priority"), "{shown}");
    company.expect_error("idp_metadata", "", "another 30 days", "kcaws admin metadata");

    // Keycloak takes none that has ended already.
    sign_for(&company, Duration::from_secs(20), &key);
    let shown = wait_for("the certificate to end", || {
        let shown = company.run("metadata").expect_code(1).stdout_text();
        (!shown.contains("ends on")).then_some(shown)
    });
    // Keycloak makes itself another one.
    assert!(shown.contains("ended on") && shown.contains("AWS does not know the certificate"), "{shown}");
    company.expect_error("idp_metadata", "", "AWS refuses every login", "kcaws admin metadata --out");
    assert!(!is_let_in(&company, "alice"), "AWS was not given it");

    remove_keys(&company, "rsa");
    trust(&company);
    assert!(is_let_in(&company, "alice"), "the new file is right");
}
