//! A role that is assumed with a code: typed once at a terminal, good for every tool.

use idc_sim::{IamRole, IdcSim, Route};
use kcaws_test_kit::{Client, Output, clients, require_program};

use crate::fixture::{ACCOUNT, LoginFixture, binary};
use crate::moto::Moto;

const DEPLOY: &str = "arn:aws:iam::222233334444:role/ci/Deploy";
const SERIAL: &str = "arn:aws:iam::111122223333:mfa/alice";
const TERRAFORM: &str = r#"
terraform {
  backend "s3" {
    bucket         = "data"
    key            = "state"
    use_path_style = true
  }
}
resource "terraform_data" "one" {}
"#;

/// Logged in, with a profile `tools` whose line names a profile that assumes a role with a code.
fn chained() -> LoginFixture {
    let role = IamRole::new(DEPLOY).trusts(ACCOUNT).mfa(SERIAL, &["123456"]);
    let fixture = LoginFixture::with(IdcSim::builder().iam_role(role));
    let profiles = format!(
        "\n[profile deploy]\nrole_arn = {DEPLOY}\nsource_profile = dev\nmfa_serial = {SERIAL}\n\
         [profile tools]\ncredential_process = {} credential-process --profile deploy\nregion = eu-central-1\n",
        binary().display()
    );
    fixture.env.write_aws_config(&(fixture.config() + &profiles));
    fixture.log_in();
    fixture.env.set_env("AWS_REGION", "eu-central-1");
    fixture
}

fn type_the_code(fixture: &LoginFixture) {
    let line = format!("'{}' whoami --profile deploy", binary().display());
    let script = fixture.env.command("script").env("TERM", "dumb");
    let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive();
    let mut asked = script.spawn();
    asked.wait_for_prompt("MFA code of");
    asked.type_line("123456");
    asked.wait().expect_ok().expect_stdout("assumed-role/Deploy/");
}

#[test]
fn a_code_that_was_typed_once_serves_every_sdk_and_without_one_they_are_told_what_to_run() {
    require_program!("script");
    let fixture = chained();
    let all = [Client::Boto3, Client::JavaScript, Client::Go, Client::Rust];
    let lines: Vec<_> = all.into_iter().filter_map(|client| clients().command_line_or_skip(client)).collect();
    let ask = |line: &Vec<_>| fixture.env.command_line(line).arg("tools").run();
    for line in &lines {
        let refused = ask(line);
        assert_ne!(refused.code(), 0, "{refused}");
    }
    assert_eq!(fixture.sim.count(Route::AssumeRole), 0);
    type_the_code(&fixture);
    for line in &lines {
        let arn = ask(line).expect_ok().stdout_json()["arn"].as_str().unwrap().to_owned();
        assert!(arn.contains(":assumed-role/Deploy/kcaws-"), "{arn}");
    }
    assert_eq!(fixture.sim.count(Route::AssumeRole), 1);
}

#[test]
fn the_aws_cli_shows_what_to_run_where_a_code_is_needed() {
    require_program!("script");
    let Some(aws) = clients().command_line_or_skip(Client::RecentAwsCli) else { return };
    let fixture = chained();
    let ask = || -> Output {
        let line = ["sts", "get-caller-identity", "--profile", "tools", "--output", "json"];
        fixture.env.command_line(&aws).args(line).run()
    };
    let refused = ask().expect_stderr("run `kcaws whoami --profile deploy` in a terminal first");
    assert_ne!(refused.code(), 0, "{refused}");
    type_the_code(&fixture);
    assert_eq!(ask().expect_ok().stdout_json()["Account"], "222233334444");
}

#[test]
fn terraform_and_its_s3_backend_use_the_role_once_the_code_was_typed() {
    require_program!("script");
    let Some(line) = clients().command_line_or_skip(Client::Terraform) else { return };
    let fixture = chained();
    let Some(moto) = Moto::start(&fixture.env) else { return };
    fixture.env.set_env("AWS_ENDPOINT_URL_S3", moto.url());
    fixture.env.set_env("AWS_PROFILE", "tools");
    fixture.env.write_home_file("main.tf", TERRAFORM);
    let run = |words: &str| fixture.env.command_line(&line).args(words.split(' ')).run();
    let refused = run("init -no-color -input=false");
    assert_ne!(refused.code(), 0, "{refused}");
    assert_eq!(moto.signed(None), 0);
    type_the_code(&fixture);
    run("init -no-color -input=false").expect_ok();
    run("apply -no-color -input=false -auto-approve").expect_ok().expect_stdout("1 added");
    assert!(moto.signed(None) > 0 && fixture.sim.count(Route::AssumeRole) == 1);
}
