//! Account access manager: boto3 takes the token of an `sso-session`, and botocore's model judges requests and answers.

use std::time::Duration;

use idc_sim::{
    AccountAccessTrust, BrokenTrust, Builder, ErrorTypeIn, ExpiryForm, IamRole, IdcSim, Route, Throttle,
};
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

/// Asks for a role's credentials as boto3 does; `more` are further parameters.
fn asking(more: &Value) -> Value {
    let mut asked = json!({ "tenantId": TENANT, "roleArn": DEPLOY, "accessType": "PROGRAMMATIC_ACCESS" });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!(["get_role_credentials", asked])
}

/// What boto3 makes of the answer to each call: see the script.
fn outcomes(env: &TestEnv, python: &[std::ffi::OsString], calls: &Value) -> Vec<Value> {
    let run = script(env, python, "account_access_calls.py").arg("token").stdin(calls.to_string()).run();
    run.expect_ok().stdout_json().as_array().unwrap().clone()
}

/// An exception of the service model: its class, what boto3 calls it, its status, how often boto3 asked.
fn exception(name: &str, status: u16, attempts: u8) -> Value {
    json!([name, name, status, attempts])
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

#[test]
fn a_session_has_the_name_and_the_length_that_boto3_asks_for() {
    let python = require_client!(Client::Boto3);
    let role = IamRole::new(DEPLOY).account_access(AccountAccessTrust::Granted);
    let role = role.max_session(Duration::from_hours(2));
    let (sim, env) = logged_in(IdcSim::builder().tenant(TENANT).iam_role(role).entitle(ALICE, DEPLOY));
    let longest = "x".repeat(64);
    let calls = json!([
        asking(&json!({ "sessionName": "a@", "sessionDuration": 900 })),
        asking(&json!({ "sessionName": longest, "sessionDuration": 7200 })),
        asking(&json!({})),
        asking(&json!({ "sessionDuration": 7201 })),
        asking(&json!({ "sessionDuration": 43_201 })),
        asking(&json!({ "sessionName": "a b" })),
        asking(&json!({ "sessionName": "x".repeat(65) })),
    ]);
    let outcomes = outcomes(&env, &python, &calls);
    let session = |outcome: &Value| {
        let caller = outcome["caller"].as_str().unwrap_or_else(|| panic!("{outcome}"));
        let name = caller.strip_prefix("arn:aws:sts::111122223333:assumed-role/Deploy/").unwrap();
        let ends = outcome["expires"].as_f64().unwrap();
        let now = sim.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        (name.to_owned(), ends - now)
    };
    // The answers are older than now by what the run took.
    let is_about = |lasts: f64, asked: f64| lasts <= asked && lasts > asked - 300.0;
    let (name, lasts) = session(&outcomes[0]);
    assert!(name == "a@" && is_about(lasts, 900.0), "{name}, {lasts}");
    let (name, lasts) = session(&outcomes[1]);
    assert!(name == longest && is_about(lasts, 7200.0), "{name}, {lasts}");
    // AWS names a session after the user's id in the identity store, a UUID here.
    let (name, lasts) = session(&outcomes[2]);
    assert!(is_about(lasts, 7200.0), "{lasts}");
    assert_eq!(name.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{name}");
    for outcome in &outcomes[3..] {
        assert_eq!(*outcome, exception("ValidationException", 400, 1));
    }
}

#[test]
fn boto3_raises_the_models_exception_for_every_refusal() {
    let python = require_client!(Client::Boto3);
    let list = json!(["list_roles", { "tenantId": TENANT }]);
    let foreign = json!(["list_roles", { "tenantId": "aa-foreign" }]);
    let page = json!(["list_roles", { "tenantId": TENANT, "nextToken": "made-up" }]);
    let untrusting = || {
        let role = IamRole::new(DEPLOY).account_access(AccountAccessTrust::WrongSource);
        IdcSim::builder().tenant(TENANT).iam_role(role).entitle(ALICE, DEPLOY)
    };
    let once = Some(Throttle { per_second: 0.001, burst: 1 });
    for place in [ErrorTypeIn::Body, ErrorTypeIn::Header] {
        let (sim, env) = logged_in(untrusting().error_type_in(place));
        let expected =
            [exception("AccessDeniedException", 403, 1), exception("AccessDeniedException", 403, 1)];
        assert_eq!(outcomes(&env, &python, &json!([asking(&json!({})), foreign])), expected);
        assert_eq!(outcomes(&env, &python, &json!([page])), [exception("ValidationException", 400, 1)]);
        sim.expire_access_tokens();
        let expected = exception("UnauthorizedException", 401, 1);
        assert_eq!(outcomes(&env, &python, &json!([list, asking(&json!({}))])), vec![expected; 2]);

        let (_sim, env) =
            logged_in(untrusting().error_type_in(place).broken_trust(BrokenTrust::InternalServer));
        let expected = exception("InternalServerException", 500, 3);
        assert_eq!(outcomes(&env, &python, &json!([asking(&json!({}))])), [expected]);

        let (_sim, env) = logged_in(untrusting().error_type_in(place).account_access_throttle(once));
        let outcomes = outcomes(&env, &python, &json!([list, list]));
        assert!(outcomes[0].is_object(), "{}", outcomes[0]);
        assert_eq!(outcomes[1], exception("ThrottlingException", 429, 3));
    }
}

#[test]
fn a_token_without_the_scopes_is_refused() {
    let python = require_client!(Client::Boto3);
    let (sim, env) = logged_in(company());
    let login = sim.seed_login_with_scopes(ALICE, &["sso:account:access", "account_access:read_only"]);
    env.write_home_file(TOKEN_FILE, login.token_cache().to_string());
    let calls = json!([["list_roles", { "tenantId": TENANT }], asking(&json!({}))]);
    let outcomes = outcomes(&env, &python, &calls);
    assert!(outcomes[0].is_object(), "{}", outcomes[0]);
    assert_eq!(outcomes[1], exception("UnauthorizedException", 401, 1));
}

/// The CLI of Debian testing, 2.36, is older than the service, so botocore's model is lent to it.
#[test]
fn the_aws_cli_lists_roles_and_gets_credentials() {
    let python = require_client!(Client::Boto3);
    let cli = require_client!(Client::RecentAwsCli);
    let (sim, env) = logged_in(company());
    script(&env, &python, "copy_model.py").arg("account-access-runtime").run().expect_ok();
    let aws = |arguments: &[&str]| {
        let command = env.command_line(&cli).arg("account-access-runtime").args(arguments);
        command.args(["--tenant-id", TENANT, "--profile", "token", "--output", "json"])
    };
    let listed = aws(&["list-roles"]).run().expect_ok().stdout_json();
    let arns: Vec<_> = listed["roles"].as_array().unwrap().iter().map(|role| &role["roleArn"]).collect();
    assert_eq!(arns, [DEPLOY, AUDIT]);
    assert!(sim.count(Route::AccountAccessListRoles) >= 2, "the first page is empty");

    let credentials = |arn| {
        aws(&["get-role-credentials", "--access-type", "PROGRAMMATIC_ACCESS", "--role-arn", arn])
            .allow_secret_on_stdout()
            .run()
    };
    let issued = credentials(DEPLOY).expect_ok().stdout_json();
    let issued = &issued["credentialsDetails"]["programmaticAccess"];
    let key = |name: &str| issued[name].as_str().unwrap().to_owned();
    let who = env.command_line(&cli).args(["sts", "get-caller-identity", "--output", "json"]);
    let who = who.args(["--region", "eu-central-1"]).env("AWS_ACCESS_KEY_ID", key("accessKeyId"));
    let who = who.env("AWS_SECRET_ACCESS_KEY", key("secretAccessKey"));
    let caller = who.env("AWS_SESSION_TOKEN", key("sessionToken")).run().expect_ok().stdout_json();
    let arn = caller["Arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/Deploy/"), "{arn}");

    let refused = credentials("arn:aws:iam::111122223333:role/Other");
    refused.expect_code(254).expect_stderr("(AccessDeniedException)");
    assert_eq!(judge(&sim, &env, &python), "");
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
