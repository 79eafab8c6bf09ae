//! The administrators' services: boto3 and the AWS CLI call every operation, and botocore's service models judge each
//! request and each answer.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use idc_sim::{IdcSim, Route, SECRET_MARK};
use kcaws_test_kit::{Client, TestCommand, TestEnv, require_client};
use serde_json::json;

const DEV: &str = "111122223333";

fn sim() -> IdcSim {
    IdcSim::builder()
        .delegated_administrator("222233334444")
        .account_unit(DEV, "/Workloads")
        .account_tag(DEV, "stage", "dev")
        .operation_time(Duration::ZERO)
        .admin_throttle(None)
        .start()
}

/// The environment of an administrator, without the way to the simulator.
pub(crate) fn administrator(sim: &IdcSim) -> TestEnv {
    let env = TestEnv::new().with_secret_mark(SECRET_MARK);
    let key = sim.administrator_key();
    env.set_env("AWS_ACCESS_KEY_ID", key.id);
    env.set_env("AWS_SECRET_ACCESS_KEY", key.secret);
    env.set_env("AWS_DEFAULT_REGION", sim.region());
    env
}

/// A script of the folder `python`, run by the Python that has boto3.
pub(crate) fn script(env: &TestEnv, python: &[OsString], name: &str) -> TestCommand {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python");
    env.set_env("PYTHONDONTWRITEBYTECODE", "1");
    env.command(&python[0]).arg(folder.join(name)).timeout(Duration::from_mins(5))
}

/// Judges every request in the log that has a target, and returns the targets.
pub(crate) fn judge(sim: &IdcSim, env: &TestEnv, python: &[OsString]) -> BTreeSet<String> {
    let requests = sim.requests();
    let targets = requests.iter().filter_map(|request| request.target().map(str::to_owned)).collect();
    let logged = requests
        .iter()
        .filter_map(|request| Some(json!({ "target": request.target()?, "body": request.body_text() })));
    let logged = serde_json::Value::Array(logged.collect()).to_string();
    let output = script(env, python, "judge_requests.py").stdin(logged).run().expect_ok();
    assert_eq!(output.stdout_text(), "");
    targets
}

/// The targets of all operations that the simulator has.
fn every_target() -> BTreeSet<String> {
    let targets = Route::ALL.iter().filter_map(|route| route.target());
    // The Identity Store API has tests of its own.
    targets.filter(|target| !target.starts_with("AWSIdentityStore.")).collect()
}

#[test]
fn boto3_calls_every_operation() {
    let python = require_client!(Client::Boto3);
    let sim = sim();
    let env = administrator(&sim);
    env.set_envs(sim.env().into_iter().chain(sim.admin_env()));
    script(&env, &python, "call_everything.py").arg("boto3").run().expect_ok();
    assert_eq!(judge(&sim, &env, &python), every_target());
}

#[test]
fn boto3_finds_the_services_at_their_own_hosts() {
    let python = require_client!(Client::Boto3);
    let sim = sim();
    let env = administrator(&sim);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("sim-ca.pem", sim.ca_pem()));
    script(&env, &python, "call_everything.py").arg("boto3").run().expect_ok();
    let hosts: BTreeSet<_> = sim.requests().into_iter().map(|request| request.host).collect();
    let expected = [
        "organizations.us-east-1.amazonaws.com",
        "sso.eu-central-1.amazonaws.com",
        "sts.eu-central-1.amazonaws.com",
    ];
    assert_eq!(hosts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn the_aws_cli_calls_every_operation() {
    let python = require_client!(Client::Boto3);
    let cli = require_client!(Client::RecentAwsCli);
    let sim = sim();
    let env = administrator(&sim);
    env.set_envs(sim.env().into_iter().chain(sim.admin_env()));
    script(&env, &python, "call_everything.py").arg(&cli[0]).run().expect_ok();
    assert_eq!(judge(&sim, &env, &python), every_target());
}

/// A judge that finds nothing proves nothing.
#[test]
fn the_judge_finds_what_the_models_forbid() {
    let python = require_client!(Client::Boto3);
    let env = TestEnv::new();
    let instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef";
    let cases = [
        (json!({}), "InstanceArn: required"),
        (json!({ "InstanceArn": "arn:aws:sso:::instance/x" }), "does not match"),
        (json!({ "InstanceArn": instance, "Name": "x".repeat(33) }), "33 is more than 32"),
        (json!({ "InstanceArn": instance, "Name": "" }), "0 is less than 1"),
        (json!({ "InstanceArn": instance, "Name": "x", "Color": "red" }), "Color: not in the model"),
        (json!({ "InstanceArn": instance, "Name": 1 }), "is not a string"),
        (
            json!({ "InstanceArn": instance, "Name": "x", "Tags": [{ "Key": "a" }] }),
            "Tags[0].Value: required",
        ),
        (json!({ "InstanceArn": instance, "Name": "x", "Description": "ż" }), "does not match"),
    ];
    for (body, violation) in cases {
        let request =
            json!([{ "target": "SWBExternalService.CreatePermissionSet", "body": body.to_string() }]);
        let output = script(&env, &python, "judge_requests.py").stdin(request.to_string()).run().expect_ok();
        assert!(output.stdout_text().contains(violation), "{body}: {output}");
    }
    let scope =
        json!([{ "target": "SWBExternalService.ListInstances", "body": "{\"RegionScope\":\"ALL\"}" }]);
    script(&env, &python, "judge_requests.py").stdin(scope.to_string()).run().expect_stdout("is none of");
}
