//! Real AWS clients with an IAM role of account access manager, whose ARN is in the profile's line.

use idc_sim::{AccountAccessTrust, Builder, IamRole, IdcSim, Route};
use kcaws_test_kit::{Client, clients, require_client, require_program};

use crate::fixture::{ACCOUNT, LoginFixture};

const ARN: &str = "arn:aws:iam::111122223333:role/team/Deploy";

fn company() -> Builder {
    let role = IamRole::new(ARN).account_access(AccountAccessTrust::Granted);
    IdcSim::builder().tenant("aa-gyxmap389").iam_role(role).entitle("alice@example.com", ARN)
}

/// Logs in, and writes the profile `deploy`.
fn logged_in(fixture: LoginFixture) -> LoginFixture {
    let settings = "[sessions.corp]\naccount_access = \"aa-gyxmap389\"\n";
    fixture.env.write_home_file(".config/kcaws/config.toml", settings);
    fixture.log_in();
    let add =
        format!("profile add deploy --session corp --account {ACCOUNT} --role {ARN} --region eu-central-1");
    fixture.run(&add).expect_ok();
    fixture
}

fn is_the_role(fixture: &LoginFixture, answer: &serde_json::Value) {
    let arn = answer["arn"].as_str().or(answer["Arn"].as_str()).unwrap();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/Deploy/"), "{arn}");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 0, "no permission set took part");
}

#[test]
fn the_aws_cli_of_debian_acts_as_the_iam_role_twice_with_one_fetch() {
    let aws = require_program!("aws");
    let fixture = logged_in(LoginFixture::behind_the_proxy_with(company()));
    let line = ["sts", "get-caller-identity", "--profile", "deploy", "--output", "json"];
    for _ in 0..2 {
        is_the_role(&fixture, &fixture.env.command(&aws).args(line).run().expect_ok().stdout_json());
    }
    assert_eq!(fixture.sim.count(Route::AccountAccessGetRoleCredentials), 1, "the second time it was warm");
}

#[test]
fn every_sdk_acts_as_the_iam_role() {
    let fixture = logged_in(LoginFixture::with(company()));
    fixture.env.set_env("AWS_REGION", "eu-central-1");
    for client in [Client::Boto3, Client::JavaScript, Client::Go, Client::Rust] {
        let Some(line) = clients().command_line_or_skip(client) else { continue };
        let output = fixture.env.command_line(line).arg("deploy").run().expect_ok();
        is_the_role(&fixture, &output.stdout_json());
    }
}

/// The recent AWS CLI reads endpoint variables, and the same line.
#[test]
fn the_recent_aws_cli_acts_as_the_iam_role() {
    let aws = &require_client!(Client::RecentAwsCli)[0];
    let fixture = logged_in(LoginFixture::with(company()));
    let line = ["sts", "get-caller-identity", "--profile", "deploy", "--output", "json"];
    is_the_role(&fixture, &fixture.env.command(aws).args(line).run().expect_ok().stdout_json());
}
