//! Where requests go, asked of boto3: what kcaws hands to a command or a shell is what the profile's name says.

use std::ffi::OsString;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kcaws_test_kit::{Client, clients};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

/// For each environment in a file (`env -0`), the Region, and the hosts of services with and without an endpoint of
/// their own. No service is asked.
const WHERE: &str = "\
import boto3, botocore.loaders, botocore.session, os, sys
loader = botocore.loaders.create_loader()
def host(session, name):
    try:
        return session.client(name).meta.endpoint_url
    except Exception as error:
        return type(error).__name__
for path in sys.argv[1:]:
    os.environ.clear()
    os.environ.update(pair.split('=', 1) for pair in open(path).read().split('\\0') if pair)
    core = botocore.session.get_session()
    core.register_component('data_loader', loader)
    session = boto3.Session(botocore_session=core)
    print(session.region_name, *(host(session, name) for name in ('s3', 'dynamodb', 'sts')))
";

struct Shape {
    /// Of `[profile p]`, behind its source of credentials.
    profile: &'static str,
    /// Other sections.
    others: &'static str,
    /// What the person has set.
    env: &'static [(&'static str, &'static str)],
}

const fn shape(profile: &'static str, env: &'static [(&'static str, &'static str)]) -> Shape {
    Shape { profile, others: "", env }
}

const fn beside(others: &'static str, profile: &'static str) -> Shape {
    Shape { profile, others, env: &[] }
}

const LAB: &str = "region = eu-west-1\nservices = local\nendpoint_url = http://localhost:4566\n";
const BOTH_REGIONS: &[(&str, &str)] = &[("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2")];

const SHAPES: &[Shape] = &[
    shape("", &[]),
    shape("region = eu-west-1\n", &[]),
    shape("region = eu-west-1\n", BOTH_REGIONS),
    shape("", BOTH_REGIONS),
    shape("region = eu-west-1\n", &[("AWS_DEFAULT_REGION", "ap-south-1")]),
    shape("region = eu-west-1\nendpoint_url = http://localhost:4566\n", &[]),
    shape("region = eu-west-1\nservices = local\n", &[]),
    shape(LAB, &[]),
    shape(LAB, &[("AWS_ENDPOINT_URL", "http://mine:1")]),
    shape(LAB, &[("AWS_ENDPOINT_URL_S3", "http://mine:1")]),
    shape(LAB, &[("AWS_ENDPOINT_URL_DYNAMODB", "http://mine:1")]),
    shape(LAB, &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]),
    shape("region = eu-west-1\nservices = local\nignore_configured_endpoint_urls = true\n", &[]),
    shape("region = us-east-1\nuse_fips_endpoint = true\n", &[]),
    shape("region = us-east-1\nuse_fips_endpoint = true\n", &[("AWS_USE_FIPS_ENDPOINT", "false")]),
    shape("region = us-east-1\nuse_dualstack_endpoint = true\n", &[]),
    shape("region = us-east-1\nsts_regional_endpoints = legacy\n", &[]),
    beside(
        "[default]\nuse_fips_endpoint = true\nendpoint_url = http://localhost:1\n",
        "region = us-east-1\n",
    ),
    beside("[default]\nservices = local\nuse_dualstack_endpoint = true\n", "region = us-east-1\n"),
    beside("[default]\nendpoint_url = http://localhost:1\n", LAB),
];

const SERVICES: &str = "[services local]\ns3 =\n  endpoint_url = http://localhost:9000\n";
/// What the shell was before.
const EARLIER: &str = "region = us-west-1\nservices = local\nendpoint_url = http://localhost:5\n\
                       use_fips_endpoint = true\nuse_dualstack_endpoint = true\nsts_regional_endpoints = legacy\n";

/// Lines of bash that end as profile `p`; `kcaws` is the hook's function, `binary` the program.
const WAYS: &[&str] = &[
    "export AWS_PROFILE=p; env -0",
    "binary exec p -- env -0",
    "binary exec p --keep-profile -- env -0",
    "binary exec earlier -- binary exec p -- env -0",
    "eval \"$(kcaws env p --format bash)\"; env -0",
    "eval \"$(kcaws env earlier --format bash)\"; eval \"$(kcaws env p --format bash)\"; env -0",
    "kcaws -q use earlier; eval \"$(kcaws env p --format bash)\"; env -0",
    "kcaws -q use p; env -0",
    "eval \"$(kcaws env earlier --format bash)\"; kcaws -q use p; env -0",
    // As direnv does.
    "kcaws -q use earlier; export AWS_PROFILE=p; env -0",
];

/// As before them, where nothing of theirs is left.
const AND_BACK: &[&str] = &[
    "env -0",
    "eval \"$(kcaws env p --format bash)\"; eval \"$(kcaws env --unset --format bash)\"; env -0",
    "kcaws -q use p; kcaws -q use --clear; env -0",
    "eval \"$(kcaws env p --format bash)\"; kcaws -q use --clear; env -0",
];

struct Case<'a> {
    fixture: &'a LoginFixture,
    python: &'a OsString,
    hook: &'a str,
    number: usize,
    shape: &'a Shape,
}

impl Case<'_> {
    fn environment_after(&self, line: &str, name: &str) -> String {
        let env = &self.fixture.env;
        let file = format!("env-{}-{name}", self.number);
        let line = line.replace("binary", &format!("'{}'", binary().display()));
        let script = format!("{}\n{{ {line}\n}} >{file}", self.hook);
        let config = env.home().join(format!(".aws/settings-{}", self.number));
        let command = env.command("bash").args(["--noprofile", "--norc", "-ec", &script]);
        let command = self.shape.env.iter().fold(command, |command, (name, value)| command.env(name, value));
        command.env("AWS_CONFIG_FILE", config).run().expect_ok();
        file
    }

    /// What is another than after the first line.
    fn check(&self, lines: &[&str], name: &str) -> Vec<String> {
        let after = |(at, line): (usize, &&str)| self.environment_after(line, &format!("{name}-{at}"));
        let files: Vec<String> = lines.iter().enumerate().map(after).collect();
        let found = self.fixture.env.command(self.python).arg("where.py").args(files).run().expect_ok();
        let found = found.stdout_text();
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(found.len(), lines.len());
        let Shape { profile, others, env } = self.shape;
        let expected = found[0];
        let wrong = lines.iter().zip(&found).filter(|(_, found)| **found != expected);
        let shape = format!("{others}{profile}{env:?}");
        wrong.map(|(line, found)| format!("{shape}\n  {line}\n  {found}, not {expected}")).collect()
    }
}

#[test]
fn after_any_command_boto3_is_in_the_profiles_region_and_at_its_endpoints() {
    let Some(line) = clients().command_line_or_skip(Client::Boto3) else { return };
    // Variables for endpoints would be the person's own.
    let fixture = LoginFixture::behind_the_proxy();
    fixture.log_in();
    let hook = fixture.run("init bash").expect_ok().stdout_text();
    fixture.env.write_home_file("where.py", WHERE);
    let config = fixture.config();
    let source = config.lines().find(|line| line.starts_with("credential_process")).unwrap();
    let session = config.split("\n\n").next().unwrap();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, shape)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, SHAPES.get(at)?)))
                {
                    let text = format!(
                        "{session}\n{SERVICES}{}[profile p]\n{source}\n{}[profile earlier]\n{source}\n{EARLIER}",
                        shape.others, shape.profile
                    );
                    fixture.env.write_home_file(format!(".aws/settings-{number}"), text);
                    let case = Case { fixture: &fixture, python: &line[0], hook: &hook, number, shape };
                    let found = [case.check(WAYS, "way"), case.check(AND_BACK, "back")].concat();
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The SDKs for JavaScript take the profile of the environment before its keys, and those for Go the other way round.
#[test]
fn after_env_in_a_shell_that_used_another_profile_every_sdk_is_the_role_of_env() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let other = format!(
        "[profile other]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = ReadOnlyAccess\n"
    );
    fixture.env.write_aws_config(&format!("{}\n{other}", fixture.config()));
    let hook = fixture.run("init bash").expect_ok().stdout_text();
    for client in [Client::JavaScript, Client::Go, Client::AwsCli1] {
        let Some(line) = clients().command_line_or_skip(client) else { continue };
        let ask: &[&str] = if client == Client::AwsCli1 { &["sts", "get-caller-identity"] } else { &[""] };
        for (steps, role) in [
            ("kcaws -q use dev; eval \"$(kcaws env other --format bash)\"", "ReadOnlyAccess"),
            ("eval \"$(kcaws env other --format bash)\"; kcaws -q use dev", ROLE),
        ] {
            let script = format!("{hook}\n{steps}\n\"$0\" \"$@\"");
            let bash = fixture.env.command("bash").args(["--noprofile", "--norc", "-ec", &script]);
            let output = bash.args(&line).args(ask).env("AWS_REGION", "eu-central-1").run();
            assert!(output.stdout_text().contains(role), "{client:?} {steps} {output}");
        }
    }
}
