//! The SDKs: a profile with an `sso-session`, whose token someone else has put into the cache.

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Client, TestCommand, TestEnv, require_client};

use crate::env::{TOKEN_FILE, age_token, assert_power_user, plain, proxied, refreshes, token_cache};

fn logged_in(sim: &IdcSim, env: &TestEnv) {
    env.write_home_file(TOKEN_FILE, sim.seed_login("alice@example.com").token_cache().to_string());
}

fn caller(env: &TestEnv, command_line: &[std::ffi::OsString]) -> TestCommand {
    env.command_line(command_line).arg("dev")
}

fn a_cached_token_leads_to_the_role(client: Client) {
    let command_line = require_client!(client);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);
    let answer = caller(&env, &command_line).run().expect_ok().stdout_json();
    assert_power_user(answer["arn"].as_str().unwrap());
    assert_eq!(answer["account"], "111122223333");
    assert_eq!(refreshes(&sim), 0);
    assert_eq!(sim.count(Route::GetRoleCredentials), 1);
}

fn an_old_token_is_refreshed_and_rotated(client: Client) {
    let command_line = require_client!(client);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);
    age_token(&env);
    let before = token_cache(&env);
    let answer = caller(&env, &command_line).run().expect_ok().stdout_json();
    assert_power_user(answer["arn"].as_str().unwrap());
    assert_eq!(refreshes(&sim), 1);
    let after = token_cache(&env);
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    assert!(sim.is_access_token_good(after["accessToken"].as_str().unwrap()));
}

fn a_refused_refresh_is_an_error(client: Client) {
    let command_line = require_client!(client);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);
    age_token(&env);
    sim.end_session("alice@example.com");
    let output = caller(&env, &command_line).run();
    assert_ne!(output.code(), 0, "\n{output}");
    assert_eq!(sim.count(Route::GetCallerIdentity), 0);
}

fn a_lost_assignment_is_an_error_with_its_name(client: Client) {
    let command_line = require_client!(client);
    let (sim, env) = plain(IdcSim::builder());
    logged_in(&sim, &env);
    sim.unassign("alice@example.com", "111122223333", "PowerUserAccess");
    let output = caller(&env, &command_line).run();
    assert_ne!(output.code(), 0, "\n{output}");
    output.expect_stderr("ForbiddenException").expect_stderr("No access");
}

macro_rules! for_each_sdk {
    ($($module:ident: $client:expr;)+) => {$(
        mod $module {
            use kcaws_test_kit::Client;

            #[test]
            fn a_cached_token_leads_to_the_role() {
                super::a_cached_token_leads_to_the_role($client);
            }
            #[test]
            fn an_old_token_is_refreshed_and_rotated() {
                super::an_old_token_is_refreshed_and_rotated($client);
            }
            #[test]
            fn a_refused_refresh_is_an_error() {
                super::a_refused_refresh_is_an_error($client);
            }
            #[test]
            fn a_lost_assignment_is_an_error_with_its_name() {
                super::a_lost_assignment_is_an_error_with_its_name($client);
            }
        }
    )+};
}

for_each_sdk! {
    boto3: Client::Boto3;
    javascript: Client::JavaScript;
    go: Client::Go;
    rust: Client::Rust;
}

/// Through the proxy every request says which host it was meant for, and the simulator refuses a wrong one.
#[test]
fn gos_hosts_are_those_of_aws() {
    let command_line = require_client!(Client::Go);
    let (sim, env) = proxied(IdcSim::builder());
    env.set_env("SSL_CERT_FILE", env.home().join("sim-ca.pem"));
    logged_in(&sim, &env);
    age_token(&env);
    let answer = caller(&env, &command_line).run().expect_ok().stdout_json();
    assert_power_user(answer["arn"].as_str().unwrap());
    let hosts: Vec<_> = sim.requests().into_iter().map(|request| request.host).collect();
    let expected = [
        "oidc.eu-central-1.amazonaws.com",
        "portal.sso.eu-central-1.amazonaws.com",
        "sts.eu-central-1.amazonaws.com",
    ];
    assert_eq!(hosts, expected);
}
