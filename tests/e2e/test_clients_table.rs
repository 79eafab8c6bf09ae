//! Clients by the dozen: each with nothing but a profile as `kcaws profile add` writes it, against moto or the
//! simulator's STS. That kcaws was asked shows in what the service saw: requests signed with the key that it gave out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idc_sim::Route;
use kcaws_test_kit::{Client, Output, clients};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};
use crate::moto::{BUCKET, Moto, OBJECT};

struct Case {
    client: Client,
    /// The rest of its command line; `{moto}` is moto's address.
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
    stdin: &'static str,
    asks: Asks,
    /// Part of what it prints when it has an answer.
    shows: &'static str,
    without_login: WithoutLogin,
}

#[derive(PartialEq)]
enum Asks {
    Sts,
    Moto,
    /// It prints a signed URL, for a cluster to find out who it is.
    NoOne,
}

#[derive(PartialEq)]
enum WithoutLogin {
    Fails,
    /// As if the bucket were everybody's.
    AsksUnsigned,
}

const PLAIN: Case = Case {
    client: Client::AwsCli1,
    args: &[],
    env: &[],
    stdin: "",
    asks: Asks::Moto,
    shows: OBJECT,
    without_login: WithoutLogin::Fails,
};

const CALLER: Case = Case { args: &["dev"], asks: Asks::Sts, shows: ROLE, ..PLAIN };
const LISTER: Case = Case { args: &["dev", BUCKET], ..PLAIN };

macro_rules! clients {
    ($($name:ident: $case:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(&$case);
            }
        )*
    };
}

clients! {
    aws_cli_1: Case { args: &["s3", "ls", "s3://data"], ..PLAIN };
    aws_cli_1_as_kubectl_runs_it: Case {
        args: &["eks", "get-token", "--cluster-name", "dev"],
        asks: Asks::NoOne,
        shows: "ExecCredential",
        ..PLAIN
    };
    s3fs: Case { client: Client::S3fs, ..LISTER };
    duckdb: Case { client: Client::DuckDb, ..LISTER };
    pyarrow_which_has_the_cpp_sdk: Case {
        client: Client::Pyarrow,
        without_login: WithoutLogin::AsksUnsigned,
        ..LISTER
    };
    javascript_2: Case { client: Client::JavaScript2, env: &[("AWS_SDK_LOAD_CONFIG", "1")], ..CALLER };
    java_1: Case { client: Client::Java1, ..CALLER };
    java_2: Case { client: Client::Java2, ..CALLER };
    s5cmd_which_has_the_go_sdk_1: Case {
        client: Client::S5cmd,
        args: &["--endpoint-url", "{moto}", "ls", "s3://data"],
        ..PLAIN
    };
    // 1.60 in Debian 12.
    rclone_of_debian_which_has_the_go_sdk_1: Case {
        client: Client::Rclone,
        args: &[
            "--config",
            "/dev/null",
            "lsf",
            ":s3,provider=Other,env_auth=true,endpoint=\"{moto}\",region=eu-central-1:data",
        ],
        ..PLAIN
    };
    ecr_login: Case {
        client: Client::EcrLogin,
        args: &["get"],
        stdin: "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
        shows: "\"Username\":\"AWS\"",
        ..PLAIN
    };
    terraform_and_its_s3_backend: Case {
        client: Client::Terraform,
        args: &["apply", "-no-color", "-input=false", "-auto-approve"],
        shows: "Apply complete! Resources: 1 added",
        ..PLAIN
    };
}

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

fn check(case: &Case) {
    let Some(line) = clients().command_line_or_skip(case.client) else { return };
    let fixture = LoginFixture::new();
    let session = fixture.config().split("\n\n").next().unwrap().to_owned() + "\n";
    fixture.env.write_aws_config(&session);
    fixture.log_in();
    fixture.run(&format!("profile add dev --session corp --account {ACCOUNT} --role {ROLE}")).expect_ok();
    fixture.env.set_env("AWS_PROFILE", "dev");
    fixture.env.set_env("AWS_REGION", "eu-central-1");
    fixture.env.set_env("AWS_DEFAULT_REGION", "eu-central-1");
    let moto = match case.asks {
        Asks::Moto => match Moto::start(&fixture.env) {
            Some(moto) => Some(moto),
            None => return,
        },
        Asks::Sts | Asks::NoOne => None,
    };
    let moto_url = moto.as_ref().map(Moto::url).unwrap_or_default();
    if moto.is_some() {
        for service in ["S3", "ECR", "DYNAMODB"] {
            fixture.env.set_env(format!("AWS_ENDPOINT_URL_{service}"), &moto_url);
        }
    }
    let run = |args: &[&str]| {
        let args = args.iter().map(|arg| arg.replace("{moto}", &moto_url));
        let command = fixture.env.command_line(&line).args(args).stdin(case.stdin).allow_secret_on_stdout();
        case.env.iter().fold(command, |command, (name, value)| command.env(name, value)).run()
    };
    if case.client == Client::Terraform {
        fixture.env.write_home_file("main.tf", TERRAFORM);
        run(&["init", "-no-color", "-input=false"]).expect_ok();
    }
    let key = fixture.credentials().expect_ok().stdout_json()["AccessKeyId"].as_str().unwrap().to_owned();
    let signed = |key: Option<&str>, output: &Output| match (&case.asks, &moto) {
        (Asks::NoOne, _) => {
            usize::from(key_in_token(output).is_some_and(|found| key.is_none_or(|key| found == key)))
        }
        (Asks::Moto, Some(moto)) => moto.signed(key),
        (Asks::Sts | Asks::Moto, _) => {
            let asked = fixture.sim.requests_to(Route::GetCallerIdentity);
            let by = |header: &str| key.is_none_or(|key| header.contains(&format!("Credential={key}/")));
            asked.iter().filter(|request| request.header("authorization").is_some_and(by)).count()
        }
    };

    let output = run(case.args).expect_ok().expect_stdout(case.shows);
    assert!(signed(Some(&key), &output) > 0, "by another source than kcaws: {output}");

    fixture.run("logout corp").expect_ok();
    let refused = fixture.credentials().expect_code(4);
    assert!(refused.stdout.is_empty(), "{refused}");
    let before = if case.asks == Asks::NoOne { 0 } else { signed(None, &output) };
    let output = run(case.args);
    let goes_on = case.without_login == WithoutLogin::AsksUnsigned;
    assert_eq!(output.status.success(), goes_on, "{output}");
    assert_eq!(signed(None, &output), before, "signed with nothing that kcaws gave out: {output}");
}

/// `k8s-aws-v1.` and the URL, in base64.
fn key_in_token(output: &Output) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let token = answer["status"]["token"].as_str()?.strip_prefix("k8s-aws-v1.")?;
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (_, scope) = url.split_once("X-Amz-Credential=")?;
    Some(scope.split_once("%2F")?.0.to_owned())
}
