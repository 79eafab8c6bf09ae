//! aws-sso-util, a client by other people than AWS: legacy profiles, its own device flow, a credential process.

use std::ffi::OsString;

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{Client, FakeBrowser, TestEnv, require_client};

use crate::env::{LEGACY_CONFIG, START_URL, assert_power_user, pending, proxied};

fn legacy(sso_util: &[OsString]) -> (IdcSim, TestEnv) {
    let (sim, env) = proxied(IdcSim::builder());
    let process = format!(
        "\n[profile process]\ncredential_process = {} credential-process --profile dev\nregion = eu-central-1\n",
        sso_util[0].display()
    );
    env.write_aws_config(&(LEGACY_CONFIG.to_owned() + &process));
    (sim, env)
}

fn log_in(sim: &IdcSim, env: &TestEnv, sso_util: &[OsString]) {
    FakeBrowser::install(env);
    let login = env.command_line(sso_util).args(["login", "--profile", "dev"]).spawn();
    sim.approve(&pending(sim).user_code);
    login.wait().expect_ok();
}

#[test]
fn a_person_logs_in_and_its_credential_process_serves_boto3() {
    let sso_util = require_client!(Client::AwsSsoUtil);
    let boto3 = require_client!(Client::Boto3);
    let (sim, env) = legacy(&sso_util);
    log_in(&sim, &env, &sso_util);

    let process = ["credential-process", "--profile", "dev"];
    let answer =
        env.command_line(&sso_util).args(process).allow_secret_on_stdout().run().expect_ok().stdout_json();
    assert_eq!(answer["Version"], 1);
    assert!(answer["AccessKeyId"].as_str().unwrap().starts_with("ASIA"));

    let caller = env.command_line(&boto3).arg("process").run().expect_ok().stdout_json();
    assert_power_user(caller["arn"].as_str().unwrap());
}

#[test]
fn it_lists_every_account_and_role() {
    let sso_util = require_client!(Client::AwsSsoUtil);
    let (sim, env) = legacy(&sso_util);
    log_in(&sim, &env, &sso_util);
    let roles = env.command_line(&sso_util).args(["roles", "--sso-start-url", START_URL]).run().expect_ok();
    // Four accounts of three permission sets, below a line of headings.
    assert_eq!(roles.stdout_text().lines().filter(|l| l.contains("Access")).count(), 12, "{roles}");
}

#[test]
fn it_logs_out() {
    let sso_util = require_client!(Client::AwsSsoUtil);
    let (sim, env) = legacy(&sso_util);
    log_in(&sim, &env, &sso_util);
    env.command_line(&sso_util).arg("logout").run().expect_ok();
    assert_eq!(sim.count(Route::Logout), 1);
    let process = ["credential-process", "--profile", "dev"];
    let refused = env.command_line(&sso_util).args(process).allow_secret_on_stdout().run();
    assert_ne!(refused.code(), 0, "\n{refused}");
}
