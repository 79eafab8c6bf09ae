//! The control plane of account access manager, and IAM's `GetRole`: boto3 and the AWS CLI call every operation, and
//! botocore's models judge each request and each answer.

use std::collections::BTreeSet;
use std::ffi::OsString;

use idc_sim::{AccountAccessTrust, Builder, IamRole, IdcSim, Route};
use kcaws_test_kit::{Client, TestEnv, require_client};
use serde_json::{Value, json};

use crate::admin::{administrator, script};

const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/Deploy";
const CLOSED: &str = "arn:aws:iam::111122223333:role/Closed";

/// Every operation, and its name in the service model.
const OPERATIONS: [(Route, &str); 11] = [
    (Route::AccountAccessCreateApplication, "CreateApplication"),
    (Route::AccountAccessGetApplication, "GetApplication"),
    (Route::AccountAccessListApplications, "ListApplications"),
    (Route::AccountAccessDeleteApplication, "DeleteApplication"),
    (Route::AccountAccessCreateEntitlement, "CreateEntitlement"),
    (Route::AccountAccessGetEntitlement, "GetEntitlement"),
    (Route::AccountAccessListEntitlements, "ListEntitlements"),
    (Route::AccountAccessDeleteEntitlement, "DeleteEntitlement"),
    (Route::AccountAccessTagResource, "TagResource"),
    (Route::AccountAccessUntagResource, "UntagResource"),
    (Route::AccountAccessListTags, "ListTagsForResource"),
];

fn company() -> Builder {
    let role = |arn, trust| IamRole::new(arn).account_access(trust);
    IdcSim::builder()
        .user("alice@example.com", "wonderland")
        .group("deployers", &["alice@example.com"])
        .iam_role(role(DEPLOY, AccountAccessTrust::Granted))
        .iam_role(role(CLOSED, AccountAccessTrust::Missing))
        .admin_throttle(None)
}

/// Calls everything by boto3 or the AWS CLI, and returns what was refused.
fn call_everything(sim: &IdcSim, env: &TestEnv, python: &[OsString], program: &OsString) -> Value {
    let (user, group) = (sim.user_id("alice@example.com").unwrap(), sim.group_id("deployers").unwrap());
    let run = script(env, python, "account_access_admin.py").arg(program);
    run.args([user.as_str(), &group, DEPLOY, CLOSED]).run().expect_ok().stdout_json()
}

/// Judges every request of the log by botocore's model, and returns the operations.
fn judge(sim: &IdcSim, env: &TestEnv, python: &[OsString]) -> BTreeSet<&'static str> {
    let mut called = BTreeSet::new();
    let mut logged = Vec::new();
    for (route, operation) in OPERATIONS {
        for request in sim.requests_to(route) {
            called.insert(operation);
            logged.push(json!({
                "operation": operation, "path": request.path, "query": request.query, "body": request.body_text(),
            }));
        }
    }
    assert_eq!(judged(&Value::Array(logged), env, python), "");
    called
}

fn judged(requests: &Value, env: &TestEnv, python: &[OsString]) -> String {
    let judge = script(env, python, "judge_rest.py").arg("account-access");
    judge.stdin(requests.to_string()).run().expect_ok().stdout_text()
}

fn every_operation() -> BTreeSet<&'static str> {
    OPERATIONS.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn boto3_calls_every_operation() {
    let python = require_client!(Client::Boto3);
    let sim = company().start();
    let env = administrator(&sim);
    env.set_envs(sim.env().into_iter().chain(sim.admin_env()));
    let refused = call_everything(&sim, &env, &python, &"boto3".into());
    let expected = json!([
        ["ValidationException", 400],
        ["ValidationException", 400],
        ["ResourceNotFoundException", 404],
        ["AlreadyCreatedException", 400],
    ]);
    assert_eq!(refused, expected);
    assert_eq!(judge(&sim, &env, &python), every_operation());
}

#[test]
fn boto3_finds_the_service_at_its_own_host() {
    let python = require_client!(Client::Boto3);
    let sim = company().start();
    let env = administrator(&sim);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("sim-ca.pem", sim.ca_pem()));
    call_everything(&sim, &env, &python, &"boto3".into());
    let hosts =
        sim.requests_to(Route::AccountAccessCreateEntitlement).into_iter().map(|request| request.host);
    assert!(hosts.into_iter().all(|host| host == "account-access.eu-central-1.api.aws"));
}

/// The CLI of Debian testing, 2.36, is older than the service, so botocore's model is lent to it.
#[test]
fn the_aws_cli_calls_every_operation() {
    let python = require_client!(Client::Boto3);
    let cli = require_client!(Client::RecentAwsCli);
    let sim = company().start();
    let env = administrator(&sim);
    env.set_envs(sim.env().into_iter().chain(sim.admin_env()));
    script(&env, &python, "copy_model.py").arg("account-access").run().expect_ok();
    let refused = call_everything(&sim, &env, &python, &cli[0]);
    let expected = json!([
        "ValidationException",
        "ValidationException",
        "ResourceNotFoundException",
        "AlreadyCreatedException"
    ]);
    assert_eq!(refused, expected);
    assert_eq!(judge(&sim, &env, &python), every_operation());
}

#[test]
fn boto3_reads_the_trust_policy_of_a_role() {
    let python = require_client!(Client::Boto3);
    let own = "arn:aws:iam::000011112222:role/team/Operator";
    let role = IamRole::new(own).account_access(AccountAccessTrust::Granted);
    let sim = company().tenant("aa-gyxmap389").iam_role(role).start();
    let env = administrator(&sim);
    env.set_envs(sim.env().into_iter().chain(sim.admin_env()));
    let found =
        script(&env, &python, "get_role.py").args(["Operator", "Deploy"]).run().expect_ok().stdout_json();
    assert_eq!(found[0][0], own);
    let statement = &found[0][1]["Statement"][1];
    assert_eq!(statement["Principal"]["Service"], "account-access.amazonaws.com");
    assert_eq!(statement["Condition"]["StringEquals"]["aws:SourceAccount"], "000011112222");
    assert_eq!(found[1], "NoSuchEntity", "a role of another account");
}

/// A judge that finds nothing proves nothing.
#[test]
fn the_judge_finds_what_the_model_forbids() {
    let python = require_client!(Client::Boto3);
    let env = TestEnv::new();
    let arn = "arn%3Aaws%3Aaccount-access%3Aeu-central-1%3A000011112222%3Aapplication%2Fa1";
    for (operation, path, query, body, violation) in [
        ("GetApplication", format!("/applications/{arn}"), String::new(), "{}", ""),
        ("GetApplication", "/applications/x".to_owned(), String::new(), "{}", "is less than 49"),
        ("GetApplication", format!("/application/{arn}"), String::new(), "{}", "path: "),
        ("GetEntitlement", "/entitlements/e".to_owned(), String::new(), "{}", "applicationArn: required"),
        (
            "GetEntitlement",
            "/entitlements/e".to_owned(),
            String::new(),
            r#"{"applicationArn":"x"}"#,
            "not in the body",
        ),
        (
            "ListApplications",
            "/applications-list".to_owned(),
            String::new(),
            r#"{"maxResults":101}"#,
            "more than 100",
        ),
        (
            "ListApplications",
            "/applications-list".to_owned(),
            String::new(),
            r#"{"max":1}"#,
            "max: not in the model",
        ),
        ("ListEntitlements", "/entitlements-list".to_owned(), String::new(), "{}", "filter: required"),
    ] {
        let request = json!([{ "operation": operation, "path": path, "query": query, "body": body }]);
        let found = judged(&request, &env, &python);
        assert!(
            found.contains(violation) && found.is_empty() == violation.is_empty(),
            "{path} {body}: {found}"
        );
    }
}
