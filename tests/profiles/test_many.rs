//! Ten thousand profiles that something is wrong with. Whatever is looked at once for each of them must not be the whole
//! file: these commands took minutes then. Here they only have to finish; `tests/bench` has the times.

use kcaws_test_kit::TestEnv;

use crate::fixture::binary;

const MANY: usize = 10_000;
const SESSION: &str =
    "[sso-session corp]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n";

fn env(profile: impl Fn(usize) -> String) -> TestEnv {
    let env = TestEnv::new();
    let profiles: Vec<String> =
        (0..MANY).map(|number| format!("[profile p{number}]\n{}", profile(number))).collect();
    env.write_aws_config(&format!("{SESSION}{}", profiles.concat()));
    env
}

/// Returns how many profiles completion and the list have.
fn counts(env: &TestEnv) -> (usize, usize) {
    let completed = env.command(binary()).args(["__complete", "--", "kcaws", "exec", ""]).run().expect_ok();
    let listed = env.command(binary()).args(["profile", "list", "--json"]).run().stdout_json();
    (completed.stdout_text().lines().count(), listed["profiles"].as_array().unwrap().len())
}

#[test]
fn profiles_of_a_missing_session_are_all_seen() {
    let env = env(|number| {
        format!("sso_session = gone\nsso_account_id = {number:012}\nsso_role_name = ReadOnlyAccess\n")
    });
    assert_eq!(counts(&env), (0, MANY));
    env.command(binary()).args(["doctor", "--offline"]).run();
    let refused = env.command(binary()).args(["login", "gone"]).run();
    assert!(refused.stderr_text().contains("existing sessions: corp"), "{refused}");
}

#[test]
fn each_profile_may_name_another_missing_one() {
    let env = env(|number| format!("credential_process = kcaws credential-process --profile gone{number}\n"));
    assert_eq!(counts(&env), (0, MANY));
    let found = env.command(binary()).args(["doctor", "--offline"]).run();
    assert!(found.stdout_text().contains("there is no profile `gone9999`"));
}

#[test]
fn spellings_of_one_portal_are_one_session() {
    let env = env(|number| {
        let slashes = "/".repeat(number % 3);
        format!(
            "sso_start_url = https://corp.awsapps.com/start{slashes}#/{number}\nsso_region = eu-central-1\n\
             sso_account_id = {number:012}\nsso_role_name = ReadOnlyAccess\n"
        )
    });
    assert_eq!(counts(&env), (MANY, MANY));
    let used = env.command(binary()).args(["use", "--json"]).run().stdout_json();
    assert_eq!(used["profiles"].as_array().unwrap().len(), MANY);
}
