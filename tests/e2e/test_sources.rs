//! The orders that `doctor` judges by, asked of the clients themselves: does the process run or not?

use std::path::Path;

use kcaws::profile::Document;
use kcaws::profile::sources::{Family, Source, taken};
use kcaws_test_kit::{Client, TestEnv, clients};

const STATIC: &str = "[dev]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n";
const KEYS: &str = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n";
const SSO: &str = "sso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n\
    sso_account_id = 111122223333\nsso_role_name = Admin\n";
const ROLE: &str = "role_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\n[profile base]\n\
    aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n";

/// Beside `credential_process` in the profile, and in the credentials file.
const CASES: [(&str, &str); 8] = [
    ("", ""),
    ("", "[dev]\ncredential_process = /bin/false\n"),
    ("", STATIC),
    (KEYS, ""),
    (SSO, ""),
    ("sso_account_id = 111122223333\n", ""),
    ("sso_region = eu-central-1\n", ""),
    (ROLE, ""),
];

fn agrees(family: Family, client: Client) {
    let Some(line) = clients().command_line_or_skip(client) else { return };
    for (beside, credentials) in CASES {
        let env = TestEnv::new();
        let ran = env.home().join("ran");
        let program = env.write_script(
            "process",
            &format!(
                "#!/bin/sh\n: >'{}'\necho '{{\"Version\":1,\"AccessKeyId\":\"AKIAEXAMPLE\",\"SecretAccessKey\":\"example\"}}'\n",
                ran.display()
            ),
        );
        let config = format!(
            "[profile dev]\nregion = eu-central-1\ncredential_process = {}\n{beside}",
            program.display()
        );
        env.write_aws_config(&config);
        env.write_home_file(".aws/credentials", credentials);
        // No one answers there, and no one is asked twice.
        env.set_env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        env.set_env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
        env.set_env("AWS_MAX_ATTEMPTS", "1");
        env.set_env("AWS_REGION", "eu-central-1");
        env.command_line(line.clone()).arg("dev").run();
        let document = |text| Document::parse(Path::new("x"), text).unwrap();
        let expected = taken(family, &document(&config), Some(&document(credentials)), "dev").unwrap();
        assert_eq!(
            ran.exists(),
            expected.source == Source::Process,
            "{family}: {beside:?} {credentials:?}: {:?} expected",
            expected.source
        );
    }
}

#[test]
fn python_takes_the_sources_in_the_order_that_doctor_says() {
    agrees(Family::Botocore, Client::Boto3);
}

#[test]
fn rust_takes_the_sources_in_the_order_that_doctor_says() {
    agrees(Family::Rust, Client::Rust);
}

#[test]
fn go_takes_the_sources_in_the_order_that_doctor_says() {
    agrees(Family::Go, Client::Go);
}

#[test]
fn javascript_takes_the_sources_in_the_order_that_doctor_says() {
    agrees(Family::JavaScript, Client::JavaScript);
}
