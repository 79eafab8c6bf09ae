//! The whole way: a person of a Keycloak realm, a browser, Identity Center as a SAML service provider, kcaws, AWS.

use std::time::Duration;

use idc_sim::{Builder, IdcSim};
use kcaws_test_keycloak::{Chromium, Realm, Refusal, Server, deliver, require_chromium, require_keycloak};
use kcaws_test_kit::{Client, FakeBrowser, Page, PageClient, Running, require_client, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

/// A login that waits for a person in a browser; the machine may be busy with many of them.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// A realm and an Identity Center that know each other, with the same people.
pub(crate) fn company<'s>(server: &'s Server, people: &[&str]) -> (Realm<'s>, LoginFixture) {
    company_with(IdcSim::builder(), server, people)
}

pub(crate) fn company_with<'s>(
    builder: Builder,
    server: &'s Server,
    people: &[&str],
) -> (Realm<'s>, LoginFixture) {
    let builder = people.iter().fold(builder, |builder, name| builder.external_user(&address(name)));
    let fixture = LoginFixture::with(builder);
    let realm = server.realm();
    realm.connect(&fixture.sim.sp_metadata());
    fixture.sim.set_idp_metadata(&realm.descriptor()).unwrap();
    for name in people {
        realm.create_user(name, &address(name), &password(name));
    }
    (realm, fixture)
}

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

fn password(name: &str) -> String {
    format!("{name}-pw")
}

/// Starts a login and lets Chromium open what it wants to have opened: the page with the code.
pub(crate) fn login_in(chromium: &Chromium, fixture: &LoginFixture) -> Running {
    let browser = FakeBrowser::install(&fixture.env);
    let mut login = fixture.kcaws("login corp").timeout(PATIENCE).spawn();
    let code = login.wait_for_stderr("  code: ");
    chromium.open(&browser.wait_for_url());
    let code = code.split_whitespace().last().unwrap().to_owned();
    assert!(chromium.source().contains(&code));
    chromium.click("button.main");
    login
}

/// The same without Chromium: the page that follows the one of Keycloak.
pub(crate) fn login_by_forms(
    fixture: &LoginFixture,
    client: &mut PageClient,
    name: &str,
) -> (Running, Result<Page, Refusal>) {
    let (login, code) = fixture.begin_login("login corp --no-browser");
    let consent = format!("{}/start/consent?user_code={code}", fixture.sim.url());
    (login, deliver(client, &consent, &address(name), &password(name)))
}

pub(crate) fn logged_in_by_forms(fixture: &LoginFixture, name: &str) {
    let mut client = PageClient::new();
    let (login, page) = login_by_forms(fixture, &mut client, name);
    client.submit(&page.unwrap(), "Allow", &[]);
    login.wait().expect_ok();
}

/// Debian's AWS CLI knows no endpoint variables: it comes by the proxy, while kcaws, which it starts, does not.
fn who_am_i(fixture: &LoginFixture, aws: &std::path::Path) -> String {
    let bundle = fixture.env.write_home_file("ca.pem", fixture.sim.ca_pem());
    let asked = fixture
        .env
        .command(aws)
        .args(["sts", "get-caller-identity", "--profile", "dev", "--output", "json"])
        .env("HTTPS_PROXY", fixture.sim.proxy_url())
        .env("NO_PROXY", "127.0.0.1")
        .env("AWS_CA_BUNDLE", bundle);
    asked.run().expect_ok().stdout_json()["Arn"].as_str().unwrap().to_owned()
}

#[test]
fn alice_logs_in_at_keycloak_and_the_aws_cli_is_hers() {
    let server = require_keycloak!();
    let aws = require_program!("aws");
    let chromium = require_chromium!();
    let (realm, fixture) = company(server, &["alice", "bob"]);
    let login = login_in(&chromium, &fixture);
    assert_eq!(chromium.text("#kc-page-title"), "Sign in to your account");
    assert!(chromium.url().starts_with(&realm.url()));
    chromium.log_in_at_keycloak("alice", "alice-pw");
    chromium.wait_for_text("body", "alice@example.com");
    chromium.click("button[value=allow]");
    login.wait().expect_ok().expect_stderr("Logged in to `corp`");

    let arn = who_am_i(&fixture, &aws);
    let start = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_{ROLE}_");
    assert!(arn.starts_with(&start) && arn.ends_with("/alice@example.com"), "{arn}");
    assert_eq!(realm.events("LOGIN").len(), 1);
    fixture.env.assert_no_secret_in_files(fixture.env.root());
}

#[test]
fn someone_disabled_in_keycloak_reads_why_and_the_login_ends_when_its_code_does() {
    let server = require_keycloak!();
    let chromium = require_chromium!();
    let (realm, fixture) = company(server, &["alice"]);
    realm.create_user("bob", "bob@example.com", "bob-pw").disable();
    fixture.sim.add_user("bob@example.com", None);
    let login = login_in(&chromium, &fixture);
    chromium.log_in_at_keycloak("bob", "bob-pw");
    chromium.wait_for_text(".pf-v5-c-alert .kc-feedback-text", "Account is disabled");
    fixture.sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the login was not approved in time");
    fixture.run("status corp").expect_code(4);
    assert_eq!(realm.events("LOGIN_ERROR")[0].error.as_deref(), Some("user_disabled"));
    assert!(fixture.sim.trail().is_empty(), "AWS hears nothing of it");
}

#[test]
fn someone_whose_session_was_ended_is_told_to_log_in_and_can_if_keycloak_lets_her() {
    let server = require_keycloak!();
    let (realm, fixture) = company(server, &["alice"]);
    let carol = realm.create_user("carol", "carol@example.com", "carol-pw");
    fixture.sim.add_user("carol@example.com", None);
    fixture.sim.assign("carol@example.com", ACCOUNT, ROLE);
    logged_in_by_forms(&fixture, "carol");
    fixture.run("accounts --refresh").expect_ok();

    fixture.sim.end_session("carol@example.com");
    fixture.credentials().expect_code(4).expect_stderr("run `kcaws login corp`");
    logged_in_by_forms(&fixture, "carol");
    fixture.credentials().expect_ok();

    // Keycloak alone does not take away what she has; it keeps her from getting it again.
    carol.disable();
    fixture.run("accounts --refresh").expect_ok();
    fixture.sim.end_session("carol@example.com");
    let (login, page) = login_by_forms(&fixture, &mut PageClient::new(), "carol");
    assert!(matches!(page, Err(Refusal::Alert(_))));
    login.kill();
}

#[test]
fn a_name_that_identity_center_does_not_know_fails_there_and_its_trail_says_why() {
    let server = require_keycloak!();
    let (realm, fixture) = company(server, &["alice"]);
    realm.create_user("dave", "dave@example.com", "dave-pw");
    for (known, message) in [
        (None, "User does not exist"),
        (Some("Dave@Example.com"), "NameID differs from the user name in upper and lower case"),
    ] {
        if let Some(name) = known {
            fixture.sim.add_user(name, None);
        }
        let (login, page) = login_by_forms(&fixture, &mut PageClient::new(), "dave");
        let page = page.unwrap();
        assert_eq!(page.status, 400, "{}", page.text());
        assert!(!page.has_button("Allow"));
        assert_eq!(fixture.sim.trail().last().unwrap().error_message(), Some(message));
        fixture.sim.advance(Duration::from_secs(601));
        login.wait().expect_code(4).expect_stderr("the login was not approved in time");
        fixture.sim.rewind(Duration::from_secs(601)); // Keycloak's clock has not moved
    }
    assert_eq!(realm.events("LOGIN").len(), 2, "for Keycloak both were good");
}

#[test]
fn the_aws_cli_logs_in_by_the_same_way() {
    let server = require_keycloak!();
    let cli = require_client!(Client::RecentAwsCli);
    let chromium = require_chromium!();
    let (_realm, fixture) = company(server, &["alice"]);
    fixture.env.write_aws_config(&sso_profile(&fixture));
    let browser = FakeBrowser::install(&fixture.env);
    let login =
        fixture.env.command_line(&cli).args(["sso", "login", "--profile", "dev"]).timeout(PATIENCE).spawn();
    chromium.open(&browser.wait_for_url());
    chromium.log_in_at_keycloak("alice", "alice-pw");
    chromium.click("button[value=allow]");
    login.wait().expect_ok().expect_stdout("Successfully logged into Start URL");
    let asked = fixture.env.command_line(&cli).args([
        "sts",
        "get-caller-identity",
        "--profile",
        "dev",
        "--output",
        "json",
    ]);
    let arn = asked.run().expect_ok().stdout_json()["Arn"].clone();
    assert!(arn.as_str().unwrap().ends_with("/alice@example.com"), "{arn}");
}

/// A profile that the AWS CLI serves itself.
fn sso_profile(fixture: &LoginFixture) -> String {
    format!(
        "[sso-session my]\nsso_start_url = {}\nsso_region = {region}\nsso_registration_scopes = sso:account:access\n\n\
         [profile dev]\nsso_session = my\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nregion = {region}\n",
        fixture.sim.start_url(),
        region = fixture.sim.region(),
    )
}

#[test]
fn the_aws_cli_of_debian_logs_in_by_the_same_way() {
    let server = require_keycloak!();
    let aws = require_program!("aws");
    let (_realm, fixture) = company(server, &["alice"]);
    fixture.env.write_aws_config(&sso_profile(&fixture));
    let bundle = fixture.env.write_home_file("ca.pem", fixture.sim.ca_pem());
    fixture.env.set_env("HTTPS_PROXY", fixture.sim.proxy_url());
    fixture.env.set_env("AWS_CA_BUNDLE", bundle);
    let login = fixture
        .env
        .command(&aws)
        .args(["sso", "login", "--no-browser", "--profile", "dev"])
        .timeout(PATIENCE)
        .spawn();
    let code = fixture.sim.wait_for_pending(PATIENCE).expect("a code is pending").user_code;
    // The person's browser comes by the plain entry.
    let mut client = PageClient::new();
    let consent = format!("{}/start/consent?user_code={code}", fixture.sim.url());
    let page = deliver(&mut client, &consent, "alice", "alice-pw").unwrap();
    client.submit(&page, "Allow", &[]);
    login.wait().expect_ok().expect_stdout("Successfully logged into Start URL");
    let line = ["sts", "get-caller-identity", "--profile", "dev", "--output", "json"];
    let arn = fixture.env.command(&aws).args(line).run().expect_ok().stdout_json()["Arn"].clone();
    assert!(arn.as_str().unwrap().ends_with("/alice@example.com"), "{arn}");
}

#[test]
fn the_console_opens_in_the_browser_as_the_right_role() {
    let server = require_keycloak!();
    let chromium = require_chromium!();
    let (_realm, fixture) = company(server, &["alice"]);
    logged_in_by_forms(&fixture, "alice");
    let browser = FakeBrowser::install(&fixture.env);
    let console = fixture.kcaws("console dev").timeout(PATIENCE).spawn();
    chromium.open(&browser.wait_for_url());
    assert_eq!(chromium.text("#account"), ACCOUNT);
    assert_eq!(chromium.text("#permission-set"), ROLE);
    assert!(chromium.text("#role").ends_with("/alice@example.com"));
    console.wait().expect_ok();
}
