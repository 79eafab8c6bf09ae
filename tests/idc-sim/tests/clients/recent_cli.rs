//! A recent AWS CLI (written for 2.36.7), by endpoint variables.

use std::ffi::OsString;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::{Client, FakeBrowser, PageClient, TestCommand, TestEnv, require_client};

use crate::env::{
    LEGACY_CONFIG, SESSION_CONFIG, START_URL, TOKEN_FILE, TOO_MANY, age_token, assert_cli_is_power_user,
    forget_role_credentials, pending, plain, proxied, refreshes, token_cache,
};

fn aws(env: &TestEnv, cli: &[OsString], arguments: &str) -> TestCommand {
    env.command_line(cli).args(arguments.split(' ')).args(["--profile", "dev", "--output", "json"])
}

fn who(env: &TestEnv, cli: &[OsString]) -> TestCommand {
    aws(env, cli, "sts get-caller-identity")
}

fn logged_in(sim: &IdcSim, env: &TestEnv) {
    env.write_home_file(TOKEN_FILE, sim.seed_login("alice@example.com").token_cache().to_string());
}

#[test]
fn a_person_logs_in_by_pkce_works_and_logs_out() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder());
    let browser = FakeBrowser::install(&env);

    let login = aws(&env, &cli, "sso login").spawn();
    let mut walk = PageClient::new();
    let page = walk.open(&browser.wait_for_url());
    let page =
        walk.submit(&page, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]);
    let page = walk.submit(&page, "Allow", &[]);
    assert!(page.query("code").is_some(), "{}:\n{}", page.url, page.body);
    assert_eq!(page.status, 200, "the CLI's own page: {}", page.body);
    login.wait().expect_ok().expect_stdout(&format!("Successfully logged into Start URL: {START_URL}"));

    let grants: Vec<_> =
        sim.requests_to(Route::CreateToken).iter().map(|r| r.json()["grantType"].clone()).collect();
    assert_eq!(grants, ["authorization_code"]);
    assert_cli_is_power_user(who(&env, &cli).run());

    let token = token_cache(&env)["accessToken"].as_str().unwrap().to_owned();
    aws(&env, &cli, "sso logout").run().expect_ok();
    assert!(!sim.is_access_token_good(&token));
    who(&env, &cli)
        .run()
        .expect_code(255)
        .expect_stderr("Error loading SSO Token: Token for my does not exist");
}

#[test]
fn a_denied_authorization_fails_the_login() {
    let cli = require_client!(Client::RecentAwsCli);
    let (_sim, env) = plain(IdcSim::builder());
    let browser = FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login").spawn();
    let mut walk = PageClient::new();
    let page = walk.open(&browser.wait_for_url());
    let page =
        walk.submit(&page, "Sign in", &[("username", "alice@example.com"), ("password", "wonderland")]);
    let page = walk.submit(&page, "Deny", &[]);
    assert_eq!(page.query("error").as_deref(), Some("access_denied"));
    login.wait().expect_code(255).expect_stderr("Failed to retrieve an authorization code.");
}

#[test]
fn a_person_logs_in_by_device_code() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder());
    let browser = FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login --use-device-code").spawn();
    let code = pending(&sim);
    assert!(browser.wait_for_url().ends_with(&format!("?user_code={}", code.user_code)));
    sim.approve(&code.user_code);
    login.wait().expect_ok().expect_stdout(&format!("Successfully logged into Start URL: {START_URL}"));
    assert_cli_is_power_user(who(&env, &cli).run());
}

#[test]
fn a_companys_own_start_url_is_resolved_by_one_head_request() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = proxied(IdcSim::builder().vanity("sso.example.com", &format!("{START_URL}/")));
    env.write_aws_config(&SESSION_CONFIG.replace(START_URL, "https://sso.example.com/aws"));
    FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login --use-device-code").spawn();
    sim.approve(&pending(&sim).user_code);
    login.wait().expect_ok();
    let asked: Vec<_> = sim.requests_to(Route::Vanity).iter().map(|r| r.method.clone()).collect();
    assert_eq!(asked, ["HEAD"]);
    assert_eq!(sim.requests_to(Route::StartDeviceAuthorization)[0].json()["startUrl"], START_URL);
    assert_cli_is_power_user(who(&env, &cli).run());
}

#[test]
fn a_legacy_profile_logs_in_by_device_code() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder().auto_approve(true));
    env.write_aws_config(LEGACY_CONFIG);
    FakeBrowser::install(&env);
    aws(&env, &cli, "sso login").run().expect_ok();
    assert!(sim.requests_to(Route::RegisterClient)[0].json().get("scopes").is_none());
    assert_cli_is_power_user(who(&env, &cli).run());
}

#[test]
fn a_denied_device_code_fails_the_login() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder());
    FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login --use-device-code").spawn();
    sim.deny(&pending(&sim).user_code);
    login
        .wait()
        .expect_code(254)
        .expect_stderr("(AccessDeniedException) when calling the CreateToken operation");
}

#[test]
fn an_old_access_token_is_refreshed_and_rotated() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);
    age_token(&env);
    let before = token_cache(&env);
    assert_cli_is_power_user(who(&env, &cli).run());
    assert_eq!(refreshes(&sim), 1);
    let after = token_cache(&env);
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    assert!(sim.is_access_token_good(after["accessToken"].as_str().unwrap()));
}

#[test]
fn each_refusal_has_the_text_that_people_know() {
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);

    sim.fault(Route::GetRoleCredentials, Fault::status(429, TOO_MANY));
    let text = "(TooManyRequestsException) when calling the GetRoleCredentials operation (reached max retries: 2): \
                HTTP 429 Unknown Code";
    who(&env, &cli).run().expect_code(254).expect_stderr(text);
    assert_eq!(sim.count(Route::GetRoleCredentials), 3);
    sim.clear_faults();

    sim.unassign("alice@example.com", "111122223333", "PowerUserAccess");
    forget_role_credentials(&env);
    let text =
        "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access";
    who(&env, &cli).run().expect_code(254).expect_stderr(text);

    sim.expire_access_tokens();
    let text = "The SSO session associated with this profile has expired or is otherwise invalid. \
                To refresh this SSO session run aws sso login with the corresponding profile.";
    who(&env, &cli).run().expect_code(255).expect_stderr(text);

    sim.end_session("alice@example.com");
    age_token(&env);
    let text = "Error when retrieving token from sso: Token has expired and refresh failed";
    who(&env, &cli).run().expect_code(255).expect_stderr(text);
}
