//! The AWS CLI of Debian 12 (2.9.19), which knows no endpoint variables: through the proxy.

use std::ffi::OsString;

use idc_sim::{Entry, Fault, IdcSim, Route};
use kcaws_test_kit::{Client, FakeBrowser, TestCommand, TestEnv, require_client};

use crate::env::{
    LEGACY_CONFIG, START_URL, TOKEN_FILE, TOO_MANY, age_token, assert_cli_is_power_user,
    forget_role_credentials, pending, proxied, refreshes, token_cache,
};

fn aws(env: &TestEnv, cli: &[OsString], arguments: &str) -> TestCommand {
    env.command_line(cli).args(arguments.split(' ')).args(["--profile", "dev", "--output", "json"])
}

fn who(env: &TestEnv, cli: &[OsString]) -> TestCommand {
    aws(env, cli, "sts get-caller-identity")
}

/// An environment with a login, without the ceremony.
fn logged_in(sim: &IdcSim, env: &TestEnv) {
    env.write_home_file(TOKEN_FILE, sim.seed_login("alice@example.com").token_cache().to_string());
}

#[test]
fn a_person_logs_in_works_and_logs_out() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    let browser = FakeBrowser::install(&env);

    let login = aws(&env, &cli, "sso login").spawn();
    let code = pending(&sim);
    assert_eq!(code.client_name, "botocore-client-my");
    assert_eq!(code.scopes, ["sso:account:access"]);
    assert!(browser.wait_for_url().ends_with(&format!("?user_code={}", code.user_code)));
    sim.approve(&code.user_code);
    login.wait().expect_ok().expect_stdout(&format!("Successfully logged into Start URL: {START_URL}"));
    assert!(sim.is_access_token_good(token_cache(&env)["accessToken"].as_str().unwrap()));

    assert_cli_is_power_user(who(&env, &cli).run());
    assert!(sim.requests().iter().all(|r| r.entry == Entry::Proxy));

    let token = token_cache(&env)["accessToken"].as_str().unwrap().to_owned();
    aws(&env, &cli, "sso logout").run().expect_ok();
    assert_eq!(sim.count(Route::Logout), 1);
    assert!(!sim.is_access_token_good(&token));
    who(&env, &cli)
        .run()
        .expect_code(255)
        .expect_stderr("Error loading SSO Token: Token for my does not exist");
}

#[test]
fn a_legacy_profile_logs_in_without_scopes() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder().auto_approve(true));
    env.write_aws_config(LEGACY_CONFIG);
    FakeBrowser::install(&env);
    aws(&env, &cli, "sso login").run().expect_ok();
    assert!(sim.requests_to(Route::RegisterClient)[0].json().get("scopes").is_none());
    assert_cli_is_power_user(who(&env, &cli).run());
}

#[test]
fn a_denied_login_ends_with_the_servers_word() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login").spawn();
    sim.deny(&pending(&sim).user_code);
    login
        .wait()
        .expect_code(254)
        .expect_stderr("(AccessDeniedException) when calling the CreateToken operation");
}

#[test]
fn a_code_that_no_one_approves_expires() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    FakeBrowser::install(&env);
    let login = aws(&env, &cli, "sso login").spawn();
    pending(&sim);
    sim.advance(std::time::Duration::from_mins(11));
    login
        .wait()
        .expect_code(255)
        .expect_stderr("The pending authorization to retrieve an SSO token has expired");
}

#[test]
fn an_old_access_token_is_refreshed_and_rotated() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
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
fn a_refused_refresh_asks_for_a_login() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    logged_in(&sim, &env);
    age_token(&env);
    sim.end_session("alice@example.com");
    who(&env, &cli).run().expect_code(255).expect_stderr("Token has expired and refresh failed");
}

#[test]
fn a_session_that_has_ended_asks_for_a_login() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    logged_in(&sim, &env);
    sim.expire_access_tokens();
    let text = "The SSO session associated with this profile has expired or is otherwise invalid. \
                To refresh this SSO session run aws sso login with the corresponding profile.";
    who(&env, &cli).run().expect_code(255).expect_stderr(text);
}

#[test]
fn a_lost_assignment_is_no_access() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    logged_in(&sim, &env);
    assert_cli_is_power_user(who(&env, &cli).run());
    sim.unassign("alice@example.com", "111122223333", "PowerUserAccess");
    forget_role_credentials(&env);
    let text =
        "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access";
    who(&env, &cli).run().expect_code(254).expect_stderr(text);
}

#[test]
fn too_many_requests_are_tried_three_times() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    logged_in(&sim, &env);
    sim.fault(Route::GetRoleCredentials, Fault::status(429, TOO_MANY));
    let text = "(TooManyRequestsException) when calling the GetRoleCredentials operation (reached max retries: 2): \
                HTTP 429 Unknown Code";
    who(&env, &cli).run().expect_code(254).expect_stderr(text);
    assert_eq!(sim.count(Route::GetRoleCredentials), 3);
}

#[test]
fn every_page_of_the_lists_is_read() {
    let cli = require_client!(Client::AwsCli);
    let (sim, env) = proxied(IdcSim::builder());
    let token = sim.seed_login("alice@example.com").access_token;
    let list = |what: &str| {
        let command = aws(&env, &cli, what).args(["--access-token", &token]);
        command.run().expect_ok().stdout_json()
    };
    assert_eq!(list("sso list-accounts")["accountList"].as_array().unwrap().len(), 4);
    let roles = list("sso list-account-roles --account-id 111122223333");
    assert_eq!(roles["roleList"].as_array().unwrap().len(), 3);
}
