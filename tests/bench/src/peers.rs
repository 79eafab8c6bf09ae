//! Other tools' warm answers, as far as this machine has them. Each is primed once, so that no network is in what is
//! measured.

use std::path::PathBuf;

use kcaws_test_kit::{Client, clients, find_program};

use crate::Row;
use crate::fixture::Fixture;

/// Python tools start slowly and vary widely: a tenth of the rounds says enough.
const SELDOM: usize = 10;

pub(crate) fn found(fixture: &Fixture) -> Vec<Row> {
    // These know only AWS's own hosts.
    let bundle = fixture.env.write_home_file("sim-ca.pem", fixture.sim.ca_pem());
    fixture.env.set_env("HTTPS_PROXY", fixture.sim.proxy_url());
    fixture.env.set_env("AWS_CA_BUNDLE", bundle);
    let token = fixture.sim.seed_login(&fixture.sim.default_user()).token_cache().to_string();
    // Named by the SHA-1 of `corp`, the session's name, and of the start URL, for profiles of the old kind.
    for name in ["ee0bfd2552fbd840c02cc48b6e823320543c450f", "7487b5b67d5fa1132cf33fa93ae51ef38cc37752"] {
        fixture.env.write_home_file(format!(".aws/sso/cache/{name}.json"), &token);
    }
    let mut rows = Vec::new();
    rows.extend(aws_cli(fixture, "AWS CLI of Debian", find_program("aws")));
    rows.extend(aws_cli(
        fixture,
        "recent AWS CLI",
        clients().command_line(Client::RecentAwsCli).map(|line| line[0].clone().into()),
    ));
    match clients().command_line(Client::AwsSsoUtil) {
        Some(line) => rows.extend(primed(
            fixture,
            "aws-sso-util credential-process, warm",
            line[0].clone().into(),
            &["credential-process", "--profile", "legacy"],
        )),
        None => println!("aws-sso-util is not installed: tests/clients/install"),
    }
    for name in ["aws-sso", "granted", "aws-vault"] {
        match find_program(name) {
            Some(program) => {
                rows.extend(primed(fixture, &format!("{name} --version"), program, &["--version"]));
            }
            None => println!("{name} is not on PATH"),
        }
    }
    rows
}

fn aws_cli(fixture: &Fixture, name: &str, program: Option<PathBuf>) -> Option<Row> {
    let args = ["configure", "export-credentials", "--profile", "sso", "--format", "process"];
    if let Some(program) = program {
        primed(fixture, &format!("{name} export-credentials, warm"), program, &args)
    } else {
        println!("{name}: not here");
        None
    }
}

fn primed(fixture: &Fixture, name: &str, program: PathBuf, args: &[&str]) -> Option<Row> {
    let output = fixture.env.command(&program).args(args).run();
    if output.code() != 0 {
        println!("{name} does not run here:\n{output}");
        return None;
    }
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Some(Row { name: name.to_owned(), program, args, env: vec![], before: None, one_in: SELDOM })
}
