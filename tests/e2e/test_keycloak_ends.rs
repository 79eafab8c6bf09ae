//! How access ends where people live in a real Keycloak: what goes at once, what lives on, and what is said.

use std::time::Duration;

use idc_sim::IdcSim;
use kcaws_test_keycloak::{Chromium, Refusal, require_chromium, require_keycloak};
use kcaws_test_kit::{FakeBrowser, PageClient};
use serde_json::json;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};
use crate::test_keycloak::{PATIENCE, company, company_with, logged_in_by_forms, login_by_forms, login_in};

fn other_role(fixture: &LoginFixture) -> kcaws_test_kit::TestCommand {
    let line = format!("credential-process --session corp --account {ACCOUNT} --role ReadOnlyAccess");
    fixture.kcaws(&line).allow_secret_on_stdout()
}

#[test]
fn someone_disabled_in_keycloak_alone_works_on_until_the_session_ends_and_then_stays_out() {
    let server = require_keycloak!();
    let (realm, fixture) = company(server, &["alice"]);
    let carol = realm.create_user("carol", "carol@example.com", "carol-pw");
    fixture.sim.add_user("carol@example.com", None);
    for role in [ROLE, "ReadOnlyAccess"] {
        fixture.sim.assign("carol@example.com", ACCOUNT, role);
    }
    logged_in_by_forms(&fixture, "carol");
    let first = fixture.credentials().expect_ok();

    carol.disable();
    assert_eq!(fixture.credentials().expect_ok().stdout, first.stdout, "warm ones");
    fixture.sim.expire_access_tokens();
    other_role(&fixture).run().expect_ok();
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["logged_in"], true, "status sees nothing of it");

    fixture.sim.end_session("carol@example.com");
    fixture.run("accounts").expect_code(4).expect_stderr("has expired or was ended by an administrator");
    let (login, page) = login_by_forms(&fixture, &mut PageClient::new(), "carol");
    assert!(matches!(&page, Err(Refusal::Alert(said)) if said.starts_with("Account is disabled")));
    fixture.sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the sign-in was refused in the browser");
}

#[test]
fn someone_disabled_in_identity_center_is_let_in_by_keycloak_and_stopped_there() {
    let server = require_keycloak!();
    let (realm, fixture) = company_with(IdcSim::builder().disabled_grace(Duration::ZERO), server, &["alice"]);
    logged_in_by_forms(&fixture, "alice");
    fixture.sim.disable_user("alice@example.com");
    fixture.credentials().expect_code(4).expect_stderr("kcaws login corp");
    let (login, page) = login_by_forms(&fixture, &mut PageClient::new(), "alice");
    let page = page.unwrap();
    assert!(!page.has_button("Allow"), "{}", page.text());
    assert!(fixture.sim.trail().last().unwrap().error_message().is_some());
    assert_eq!(realm.events("LOGIN").len(), 2, "for Keycloak both were good");
    fixture.sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the sign-in was refused in the browser");
}

#[test]
fn an_assignment_that_is_gone_is_exit_6_where_nothing_is_warm() {
    let server = require_keycloak!();
    let (_realm, fixture) = company(server, &["alice"]);
    logged_in_by_forms(&fixture, "alice");
    let first = fixture.credentials().expect_ok();
    for role in [ROLE, "ReadOnlyAccess"] {
        fixture.sim.unassign("alice@example.com", ACCOUNT, role);
    }
    assert_eq!(fixture.credentials().expect_ok().stdout, first.stdout, "until their end");
    other_role(&fixture).run().expect_code(6).expect_stderr("no access to ReadOnlyAccess");
}

#[test]
fn the_session_at_identity_center_lives_no_longer_than_keycloak_says() {
    let server = require_keycloak!();
    let (realm, fixture) = company(server, &["alice"]);
    realm.set(&json!({"ssoSessionMaxLifespan": 1200}));
    logged_in_by_forms(&fixture, "alice");
    fixture.credentials().expect_ok();
    fixture.sim.advance(Duration::from_secs(1201));
    other_role(&fixture).run().expect_code(4).expect_stderr("kcaws login corp");
}

fn allow(chromium: &Chromium) {
    chromium.wait_for_text("body", "alice@example.com");
    chromium.click("button[value=allow]");
}

#[test]
fn without_idp_the_next_login_is_silent_and_with_it_keycloak_asks_for_the_password() {
    let server = require_keycloak!();
    let chromium = require_chromium!();
    let (realm, fixture) = company(server, &["alice"]);
    let text = format!("[sessions.corp]\nidp_url = \"{}\"\n", realm.url());
    fixture.env.write_home_file(".config/kcaws/config.toml", text);
    let login = login_in(&chromium, &fixture);
    chromium.log_in_at_keycloak("alice", "alice-pw");
    allow(&chromium);
    login.wait().expect_ok();

    fixture.run("logout corp").expect_ok();
    let login = login_in(&chromium, &fixture);
    allow(&chromium); // no password was asked for
    login.wait().expect_ok();

    let browser = FakeBrowser::install(&fixture.env);
    let logout = fixture.kcaws("logout corp --idp").timeout(PATIENCE).run();
    logout.expect_ok().expect_stderr("then click \"Logout\"");
    chromium.open(&browser.wait_for_url());
    assert_eq!(chromium.text("#kc-page-title"), "Logging out");
    chromium.click("#kc-logout");
    chromium.wait_for_text("#kc-page-title", "You are logged out");
    let login = login_in(&chromium, &fixture);
    assert_eq!(chromium.text("#kc-page-title"), "Sign in to your account");
    chromium.log_in_at_keycloak("alice", "alice-pw");
    allow(&chromium);
    login.wait().expect_ok();
}
