//! Account access manager: boto3 takes the token of an `sso-session`, and botocore's model judges requests and answers.

use idc_sim::{AccountAccessTrust, Builder, ErrorTypeIn, ExpiryForm, IamRole, IdcSim, Route};
use kcaws_test_kit::{Client, TestEnv, require_client};
use serde_json::{Value, json};

use crate::admin::script;
use crate::env::{TOKEN_FILE, proxied};

const ALICE: &str = "alice@example.com";
const TENANT: &str = "aa-gyxmap389";
const DEPLOY: &str = "arn:aws:iam::111122223333:role/team/Deploy";
const AUDIT: &str = "arn:aws:iam::999900001111:role/Audit";
const CONFIG: &str = "\
[sso-session my]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access,account_access:read_only,account_access:assume

[profile token]
sso_session = my
region = eu-central-1
";

fn company() -> Builder {
    let role = |arn| IamRole::new(arn).account_access(AccountAccessTrust::Granted);
    let builder = IdcSim::builder().tenant(TENANT).iam_role(role(DEPLOY)).iam_role(role(AUDIT));
    builder.entitle(ALICE, DEPLOY).entitle(ALICE, AUDIT)
}

/// By the proxy: botocore sends a bearer token over https only.
fn logged_in(builder: Builder) -> (IdcSim, TestEnv) {
    let (sim, env) = proxied(builder);
    env.write_aws_config(CONFIG);
    let scopes = ["sso:account:access", "account_access:read_only", "account_access:assume"];
    let login = sim.seed_login_with_scopes(ALICE, &scopes);
    env.write_home_file(TOKEN_FILE, login.token_cache().to_string());
    (sim, env)
}

#[test]
fn boto3_lists_roles_and_gets_their_credentials() {
    let python = require_client!(Client::Boto3);
    for builder in [
        company(),
        company().error_type_in(ErrorTypeIn::Header).expiry_form(ExpiryForm::Fraction),
        company().expiry_form(ExpiryForm::Iso),
    ] {
        let (sim, env) = logged_in(builder);
        let run = script(&env, &python, "account_access.py").arg("token").arg(TENANT).run().expect_ok();
        assert_eq!(
            run.stdout_json(),
            json!({
                "roles": [
                    { "accountId": "111122223333", "accountName": "dev", "roleArn": DEPLOY },
                    { "accountId": "999900001111", "roleArn": AUDIT },
                ],
                "callers": [
                    "arn:aws:sts::111122223333:assumed-role/Deploy/by-boto3",
                    "arn:aws:sts::999900001111:assumed-role/Audit/by-boto3",
                ],
                "refused": ["AccessDeniedException", "AccessDeniedException"],
            })
        );
        let hosts = sim.requests_to(Route::AccountAccessListRoles).into_iter().map(|request| request.host);
        assert!(hosts.clone().count() >= 2, "the first page is empty");
        assert!(hosts.into_iter().all(|host| host == "account-access-runtime.eu-central-1.api.aws"));
        assert_eq!(judge(&sim, &env, &python), "");
    }
}

/// Judges every request of the log by botocore's model.
fn judge(sim: &IdcSim, env: &TestEnv, python: &[std::ffi::OsString]) -> String {
    let operations = [
        (Route::AccountAccessListRoles, "ListRoles"),
        (Route::AccountAccessGetRoleCredentials, "GetRoleCredentials"),
    ];
    let logged = operations.iter().flat_map(|(route, operation)| {
        let requests = sim.requests_to(*route).into_iter();
        requests.map(move |request| json!({ "operation": operation, "query": request.query }))
    });
    let logged = Value::Array(logged.collect());
    assert!(!logged.as_array().unwrap().is_empty());
    judged(&logged, env, python)
}

fn judged(requests: &Value, env: &TestEnv, python: &[std::ffi::OsString]) -> String {
    let judge = script(env, python, "judge_queries.py").arg("account-access-runtime");
    judge.stdin(requests.to_string()).run().expect_ok().stdout_text()
}

/// A judge that finds nothing proves nothing.
#[test]
fn the_judge_finds_what_the_model_forbids() {
    let python = require_client!(Client::Boto3);
    let env = TestEnv::new();
    for (operation, query, violation) in [
        ("ListRoles", "", "tenantId: required"),
        ("ListRoles", "tenantId=AA-1", "does not match"),
        ("ListRoles", "tenantId=aa-1&maxResults=ten", "is not a number"),
        ("ListRoles", "tenantId=aa-1&max_result=1", "max_result: not in the model"),
        ("GetRoleCredentials", "tenantId=aa-1&roleArn=x&accessType=CONSOLE", "is none of"),
        (
            "GetRoleCredentials",
            "tenantId=aa-1&roleArn=x&accessType=PROGRAMMATIC_ACCESS&sessionName=x",
            "does not match",
        ),
    ] {
        let found = judged(&json!([{ "operation": operation, "query": query }]), &env, &python);
        assert!(found.contains(violation), "{query}: {found}");
    }
}
