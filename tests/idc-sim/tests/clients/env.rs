//! A simulator, and a test environment that leads to it.

use std::time::Duration;

use idc_sim::{Builder, IdcSim, PendingCode, Route, SECRET_MARK};
use kcaws_test_kit::{Output, TestEnv};
use serde_json::Value;

pub(crate) const START_URL: &str = "https://d-1234567890.awsapps.com/start";

/// SHA-1 of `my`, the session's name: what clients call the token's file.
pub(crate) const TOKEN_FILE: &str = ".aws/sso/cache/3ece1471f44f63177cbc35ba0b904e0c096b6783.json";

/// A profile of today, with an `sso-session` section.
pub(crate) const SESSION_CONFIG: &str = "\
[sso-session my]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = my
sso_account_id = 111122223333
sso_role_name = PowerUserAccess
region = eu-central-1
";

/// A profile of the old kind, on its own.
pub(crate) const LEGACY_CONFIG: &str = "\
[profile dev]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
sso_account_id = 111122223333
sso_role_name = PowerUserAccess
region = eu-central-1
";

/// The way by endpoint variables, for clients that honour them.
pub(crate) fn plain(builder: Builder) -> (IdcSim, TestEnv) {
    let sim = builder.start();
    let env = TestEnv::new().with_secret_mark(SECRET_MARK);
    env.set_envs(sim.env());
    env.write_aws_config(SESSION_CONFIG);
    (sim, env)
}

/// The way by a proxy, for clients that insist on the hosts of AWS.
pub(crate) fn proxied(builder: Builder) -> (IdcSim, TestEnv) {
    let sim = builder.start();
    let env = TestEnv::new().with_secret_mark(SECRET_MARK);
    env.set_env("HTTPS_PROXY", sim.proxy_url());
    env.set_env("AWS_CA_BUNDLE", env.write_home_file("sim-ca.pem", sim.ca_pem()));
    env.write_aws_config(SESSION_CONFIG);
    (sim, env)
}

/// Waits for the code that a login shows.
pub(crate) fn pending(sim: &IdcSim) -> PendingCode {
    sim.wait_for_pending(Duration::from_mins(1)).expect("no device code came to wait for a person")
}

/// Is it the default user, with `PowerUserAccess`, in the account `dev`?
#[track_caller]
pub(crate) fn assert_power_user(arn: &str) {
    let role = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_PowerUserAccess_";
    assert!(arn.starts_with(role) && arn.ends_with("/alice@example.com"), "{arn}");
}

/// The arn in what an AWS CLI says to `sts get-caller-identity`.
#[track_caller]
pub(crate) fn assert_cli_is_power_user(output: Output) {
    let caller = output.expect_ok().stdout_json();
    assert_power_user(caller["Arn"].as_str().unwrap());
    assert_eq!(caller["Account"], "111122223333");
}

pub(crate) fn token_cache(env: &TestEnv) -> Value {
    serde_json::from_str(&env.read_home_file(TOKEN_FILE)).unwrap()
}

/// Lets the cached access token be long past its end, as the client sees it.
pub(crate) fn age_token(env: &TestEnv) {
    let mut token = token_cache(env);
    token["expiresAt"] = "2020-01-01T00:00:00Z".into();
    env.write_home_file(TOKEN_FILE, token.to_string());
}

/// The AWS CLIs keep role credentials on disk; without them the next command asks the portal again.
pub(crate) fn forget_role_credentials(env: &TestEnv) {
    let _ = std::fs::remove_dir_all(env.home().join(".aws/cli/cache"));
}

pub(crate) fn refreshes(sim: &IdcSim) -> usize {
    sim.requests_to(Route::CreateToken).iter().filter(|r| r.json()["grantType"] == "refresh_token").count()
}

/// What the portal says when it is asked too often.
pub(crate) const TOO_MANY: &str = r#"{"message":"HTTP 429 Unknown Code","__type":"com.amazonaws.switchboard.portal#TooManyRequestsException"}"#;
