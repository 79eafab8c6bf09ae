use kcaws_test_kit::{Client, clients, require_client, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.env.set_env("AWS_REGION", "eu-central-1");
    fixture
}

fn is_the_role(answer: &serde_json::Value) {
    let arn = answer["arn"].as_str().or(answer["Arn"].as_str()).unwrap();
    let start = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_{ROLE}_");
    assert!(arn.starts_with(&start) && arn.ends_with("/alice@example.com"), "{arn}");
}

fn sdk_asks_who_it_is(client: Client) {
    let Some(line) = clients().command_line(client) else {
        return kcaws_test_kit::skipped(&format!("{client:?} is not installed: tests/clients/install"));
    };
    let fixture = logged_in();
    let output = fixture.env.command_line(line).arg("dev").run().expect_ok();
    is_the_role(&output.stdout_json());
}

#[test]
fn boto3_gets_its_credentials_from_kcaws() {
    sdk_asks_who_it_is(Client::Boto3);
}

/// As in a container: two variables, no profile.
#[test]
fn boto3_gets_its_credentials_from_an_endpoint_of_kcaws() {
    let Some(line) = clients().command_line_or_skip(Client::Boto3) else { return };
    let fixture = logged_in();
    let mut serving = fixture.kcaws("serve dev --format json").allow_secret_on_stdout().spawn();
    let variables = serving.wait_for_stdout("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    let variables: serde_json::Value = serde_json::from_str(&variables).unwrap();
    let script = "import boto3, json; caller = boto3.client('sts').get_caller_identity()\n\
                  print(json.dumps({'arn': caller['Arn'], 'account': caller['Account']}))";
    let boto3 = || {
        let mut boto3 = fixture.env.command(&line[0]).args(["-c", script]);
        for (name, value) in variables.as_object().unwrap() {
            boto3 = boto3.env(name, value.as_str().unwrap());
        }
        boto3.env("AWS_DEFAULT_REGION", "eu-central-1").env("AWS_EC2_METADATA_DISABLED", "true")
    };
    is_the_role(&boto3().run().expect_ok().stdout_json());
    serving.signal(kcaws_test_kit::Signal::TERM);
    serving.wait().expect_code(143);
    assert_ne!(boto3().run().code(), 0, "no one answers any more");
}

#[test]
fn the_javascript_sdk_gets_its_credentials_from_kcaws() {
    sdk_asks_who_it_is(Client::JavaScript);
}

#[test]
fn the_go_sdk_gets_its_credentials_from_kcaws() {
    sdk_asks_who_it_is(Client::Go);
}

#[test]
fn the_rust_sdk_gets_its_credentials_from_kcaws() {
    sdk_asks_who_it_is(Client::Rust);
}

/// Debian's AWS CLI knows no endpoint variables: it comes by the proxy, and kcaws with it.
#[test]
fn the_aws_cli_of_debian_gets_its_credentials_from_kcaws() {
    let aws = require_program!("aws");
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let line = ["sts", "get-caller-identity", "--profile", "dev", "--output", "json"];
    is_the_role(&fixture.env.command(&aws).args(line).run().expect_ok().stdout_json());

    fixture.run("logout").expect_ok();
    let output = fixture.env.command(&aws).args(line).run();
    assert_ne!(output.code(), 0);
    output.expect_stderr("run `kcaws login corp`");
}

#[test]
fn the_newest_aws_cli_gets_its_credentials_from_kcaws() {
    let aws = &require_client!(Client::RecentAwsCli)[0];
    let fixture = logged_in();
    let line = ["sts", "get-caller-identity", "--profile", "dev", "--output", "json"];
    is_the_role(&fixture.env.command(aws).args(line).run().expect_ok().stdout_json());
}
