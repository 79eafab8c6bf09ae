//! What docs/recipes.md promises, with the real programs. Terraform, `aws eks get-token` and the credential helper of
//! Docker are among the clients.

use std::net::TcpListener;
use std::path::PathBuf;

use kcaws_test_kit::{Client, TestCommand, clients, require_program, skip, wait_for};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

const SSHD: &str = "/usr/sbin/sshd";
pub(crate) const ASKS: &str = "sts get-caller-identity --query Arn --output text";

/// Somebody who is logged in and has the profile `dev`, and the line of the AWS CLI.
fn logged_in() -> Option<(LoginFixture, String)> {
    let line = clients().command_line_or_skip(Client::AwsCli1)?;
    let aws = line.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
    let fixture = LoginFixture::new();
    fixture.log_in();
    Some((fixture, aws))
}

#[track_caller]
fn is_dev(command: TestCommand) {
    let part = format!("{ACCOUNT}:assumed-role/AWSReservedSSO_{ROLE}_");
    command.run().expect_ok().expect_stdout(&part);
}

#[test]
fn direnv_sets_the_profile_of_a_folder() {
    require_program!("direnv");
    let Some((fixture, aws)) = logged_in() else { return };
    fixture.env.write_home_file("project/.envrc", "export AWS_PROFILE=dev\n");
    let folder = fixture.env.home().join("project");
    let direnv = |line: &str| {
        fixture
            .env
            .command("direnv")
            .args(line.split_whitespace())
            .env("SHELL", "/bin/bash")
            .current_dir(&folder)
    };
    direnv("allow").run().expect_ok();
    is_dev(direnv(&format!("exec . {aws} {ASKS}")));
    // Outside the folder nothing is set.
    let outside = fixture.env.command("direnv").args(["exec", "/", "sh", "-c", "echo ${AWS_PROFILE-none}"]);
    outside.env("SHELL", "/bin/bash").run().expect_ok().expect_stdout("none");
}

#[test]
fn mise_sets_the_profile_of_a_folder() {
    let Some(mise) = clients().command_line_or_skip(Client::Mise) else { return };
    let Some((fixture, aws)) = logged_in() else { return };
    fixture.env.write_home_file("project/mise.toml", "[env]\nAWS_PROFILE = \"dev\"\n");
    let folder = fixture.env.home().join("project");
    let mise = |line: &str| {
        let mise = fixture.env.command_line(&mise).args(line.split_whitespace());
        mise.env("MISE_OFFLINE", "1").current_dir(&folder)
    };
    mise("trust").run().expect_ok();
    is_dev(mise(&format!("exec -- {aws} {ASKS}")));
}

#[test]
fn the_cdk_finds_the_account_of_a_profile() {
    let Some(cdk) = clients().command_line_or_skip(Client::Cdk) else { return };
    let Some((fixture, _)) = logged_in() else { return };
    let cdk = |line: &str| {
        fixture
            .env
            .command_line(&cdk)
            .args(line.split_whitespace())
            .args(["--profile", "dev", "--app"])
            .arg(format!("node '{}'", clients().cdk_app().display()))
            .env("CDK_DISABLE_CLI_TELEMETRY", "true")
            .current_dir(fixture.env.home())
    };
    cdk("synth --no-notices").run().expect_ok().expect_stdout(&format!("{ACCOUNT} eu-west-1"));
    fixture.run("logout corp").expect_ok();
    // The CDK remembers accounts by access keys, which it does not get now.
    cdk("deploy --no-notices").run().expect_code(1).expect_stderr("Unable to resolve AWS account to use");
}

/// Docker takes a line as it is: name, `=`, value; no quotes, no expansion.
#[test]
fn an_env_file_is_as_docker_reads_it() {
    let Some((fixture, aws)) = logged_in() else { return };
    let file = fixture.kcaws("env dev --format dotenv").allow_secret_on_stdout().run().expect_ok();
    let text = file.stdout_text();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut container = fixture.env.command("sh").args(["-c", &format!("{aws} {ASKS}")]);
    let home = fixture.env.write_home_file("empty/.keep", "");
    container = container.env("HOME", home.parent().unwrap());
    for line in lines {
        let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
        container = container.env(name, value);
    }
    is_dev(container);
}

/// Cron runs a line with `sh`, two folders on the path and no terminal.
#[test]
fn a_line_of_cron_works_or_says_who_has_to_log_in() {
    let Some((fixture, aws)) = logged_in() else { return };
    let line = format!("{} --no-input exec dev --min-ttl 30m -- {aws} {ASKS}", binary().display());
    let cron = || {
        fixture
            .env
            .command("/bin/sh")
            .args(["-c", &line])
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
    };
    is_dev(cron());
    fixture.run("logout corp").expect_ok();
    cron().run().expect_code(125).expect_stderr("kcaws login");
}

/// The other machine is a network of its own, in which nothing but the connection leads here.
#[test]
fn another_machine_gets_credentials_through_ssh() {
    for program in ["ssh", "unshare", "ip"] {
        require_program!(program);
    }
    if !std::path::Path::new(SSHD).exists() {
        skip!("openssh-server is not installed");
    }
    let Some((fixture, aws)) = logged_in() else { return };
    let other = OtherMachine::new(&fixture);
    let variables = fixture.env.home().join("serve.env");
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let line = format!("serve dev --port {port} --format dotenv --output {}", variables.display());
    let serving = fixture.kcaws(&line).spawn();
    let whole = || std::fs::read_to_string(&variables).ok().filter(|text| text.ends_with('\n'));
    let exports: Vec<String> =
        wait_for("the variables", whole).lines().map(|line| format!("export '{line}'")).collect();
    let exports = exports.join("\n");
    let sts = fixture.sim.env().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL_STS").unwrap().1;
    let service = sts.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let script = format!(
        "{exports}\nexport HOME=/nonexistent AWS_ENDPOINT_URL_STS='{sts}' AWS_REGION=eu-central-1 \
         AWS_DEFAULT_REGION=eu-central-1\n{aws} {ASKS}\n"
    );
    let ports = [port.to_string(), service].map(|port| format!("-R{port}:127.0.0.1:{port}"));
    let asks =
        || other.ssh(&fixture).args(&ports).args(["build.example.com", "/bin/sh"]).stdin(script.clone());
    is_dev(asks());
    drop(serving);
    asks().run().expect_stderr("credentials");
}

/// An SSH server that is started for each connection, for the user of the test.
struct OtherMachine {
    folder: PathBuf,
}

impl OtherMachine {
    fn new(fixture: &LoginFixture) -> Self {
        let folder = fixture.env.home().join("ssh");
        std::fs::create_dir_all(&folder).unwrap();
        for key in ["host", "user"] {
            let keygen = fixture.env.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", key]);
            keygen.current_dir(&folder).run().expect_ok();
        }
        // Debian makes it when its service starts.
        let _ = std::fs::create_dir_all("/run/sshd");
        let config = format!(
            "HostKey {0}/host\nAuthorizedKeysFile {0}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin yes\n",
            folder.display()
        );
        std::fs::write(folder.join("config"), config).unwrap();
        Self { folder }
    }

    fn ssh(&self, fixture: &LoginFixture) -> TestCommand {
        let folder = self.folder.display();
        let server = format!(
            "ProxyCommand=unshare --net sh -c 'ip link set lo up && exec {SSHD} -i -e -f {folder}/config'"
        );
        let known = format!("UserKnownHostsFile={folder}/known");
        let ssh = fixture.env.command("ssh").args(["-F", "none", "-i"]).arg(self.folder.join("user"));
        ["StrictHostKeyChecking=no", "BatchMode=yes", "ExitOnForwardFailure=yes", &known, &server]
            .into_iter()
            .fold(ssh, |ssh, option| ssh.args(["-o", option]))
    }
}
