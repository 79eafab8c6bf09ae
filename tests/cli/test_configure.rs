//! `kcaws configure`: the first set-up, by flags, by questions, and again.

use std::os::unix::fs::PermissionsExt as _;

use idc_sim::{Builder, Fault, IdcSim, Route};
use kcaws_test_kit::{Running, TestCommand};

use crate::fixture::{LoginFixture, binary, on_a_terminal};

/// Nothing is set up yet.
fn empty_with(builder: Builder) -> LoginFixture {
    let fixture = LoginFixture::with(builder);
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    fixture.env.set_env("SHELL", "/bin/bash");
    fixture
}

pub(crate) fn empty() -> LoginFixture {
    empty_with(IdcSim::builder().auto_approve(true))
}

pub(crate) fn by_flags(fixture: &LoginFixture, more: &str) -> TestCommand {
    let (url, region) = (fixture.sim.start_url(), fixture.sim.region());
    fixture.kcaws(&format!("configure --start-url {url} --region {region} --yes {more}"))
}

#[test]
fn one_line_of_flags_leads_from_nothing_to_credentials() {
    let fixture = empty();
    let output = by_flags(&fixture, "--profiles all").run().expect_ok();
    assert!(output.stdout.is_empty(), "{output}");
    let config = fixture.env.read_aws_config();
    let session = format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\nsso_registration_scopes = sso:account:access\n",
        fixture.sim.start_url(),
        fixture.sim.region()
    );
    assert!(config.starts_with(&session), "{config}");
    assert!(
        config.contains(&format!(
            "[profile dev-power-user-access]\ncredential_process = {} ",
            binary().display()
        ))
    );
    assert!(config.contains("--role PowerUserAccess\nregion = eu-central-1\n"), "{config}");
    output.expect_stderr("Try: aws sts get-caller-identity --profile ");
    let line = "credential-process --profile dev-power-user-access";
    fixture.kcaws(line).allow_secret_on_stdout().run().expect_ok().expect_stdout("AccessKeyId");
    assert!(!fixture.env.home().join(".bashrc").exists(), "no one asked for it");
}

/// One that is being closed must not keep a new colleague from all others.
#[test]
fn an_account_that_refuses_is_named_and_the_other_profiles_are_written() {
    let fixture = empty();
    fixture.sim.add_account("300000000001", "closing", "x@example.com");
    fixture.sim.assign("alice@example.com", "300000000001", "ReadOnlyAccess");
    fixture.sim.assign("alice@example.com", "111122223333", "ReadOnlyAccess");
    let refusal = r#"{"message":"No access","__type":"x#ForbiddenException"}"#;
    fixture.sim.fault(Route::ListAccountRoles, Fault::status(403, refusal)).times(1);
    let output = by_flags(&fixture, "--profiles all").run().expect_ok();
    output.expect_stderr("kcaws: warning: AWS does not report your permission sets in account ");
    let written = fixture.env.read_aws_config().matches("credential_process").count();
    assert!(written > 0, "{}", fixture.env.read_aws_config());
}

#[test]
fn the_second_time_nothing_changes_and_it_says_what_is_there() {
    let fixture = empty();
    by_flags(&fixture, "--profiles all --shell-line").run().expect_ok();
    let (config, bashrc) = (fixture.env.read_aws_config(), fixture.env.read_home_file(".bashrc"));
    let report = fixture.run("configure --profiles all --shell-line --yes --json").expect_ok();
    let json = report.stdout_json();
    assert_eq!((&json["session"]["change"], &json["logged_in"]), (&"unchanged".into(), &true.into()));
    assert!(json["backups"].as_array().unwrap().is_empty(), "{report}");
    assert!(json["profiles"].as_array().unwrap().iter().all(|one| one["change"] == "unchanged"), "{report}");
    assert_eq!(json["shell_line"]["change"], "unchanged");
    assert_eq!((config, bashrc), (fixture.env.read_aws_config(), fixture.env.read_home_file(".bashrc")));
    report.expect_stderr("Found session `corp`").expect_stderr("logged in");
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "one login is enough");
}

#[test]
fn without_a_terminal_all_missing_answers_are_named_at_once() {
    let fixture = empty();
    let output = fixture.run("configure").expect_code(2);
    output.expect_stderr("not given: --start-url, --profiles, --yes");
    let missing = |line: &str, names: &str| {
        fixture.run(line).expect_code(2).expect_stderr(&format!("not given: {names}\n"));
    };
    missing("configure --start-url https://x.awsapps.com/start --yes --profiles all", "--region");
    missing(
        "configure --start-url https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws --no-login",
        "--yes",
    );
    let output = on_a_terminal(&fixture, "configure --no-input").run().expect_code(2);
    assert!(output.stdout_text().contains("not given: --start-url, --profiles, --yes"), "{output}");
    let json = fixture.run("configure --json").expect_code(2);
    let error: serde_json::Value = serde_json::from_str(&json.stderr_text()).unwrap();
    assert_eq!(error["error"]["code"], "input_needed");
    assert!(!fixture.env.aws_config_path().exists());
}

#[test]
fn hostile_answers_are_refused_before_anything_is_written_or_asked() {
    let fixture = empty();
    for (flag, value) in [
        ("--start-url", "http://d-1234567890.awsapps.com/start"),
        ("--start-url", "https://alice:SECRETWORD@d-1234567890.awsapps.com/start"),
        ("--start-url", "https://d-1234567890.awsapps.com/start\n[default]"),
        ("--start-url", "https://d-1234567890.awsapps.com/\u{1b}]0;x\u{7}"),
        ("--start-url", "https://d-1234567890.awsapps.com/st art"),
        ("--session", "a b"),
        ("--session", "a]\n[default"),
        ("--session", "--yes"),
        ("--region", "eu-central-1.evil.example.com"),
        ("--region", "eu central-1"),
        ("--profile-region", "$(id)"),
    ] {
        let mut given = vec![
            ("--start-url", fixture.sim.start_url()),
            ("--region", fixture.sim.region()),
            ("--profiles", "all"),
        ];
        given.retain(|(name, _)| *name != flag);
        let mut command = fixture.kcaws("configure --yes").arg(format!("{flag}={value}"));
        for (name, value) in given {
            command = command.arg(name).arg(value);
        }
        let output = command.run().expect_code(2);
        assert!(!output.stderr_text().contains("SECRETWORD"), "{output}");
        assert!(!output.stderr.contains(&0x1b) && output.stdout.is_empty(), "{output}");
    }
    assert!(!fixture.env.aws_config_path().exists());
    assert_eq!(fixture.sim.requests().len(), 0);
}

#[test]
fn a_region_that_the_start_url_contradicts_is_refused() {
    let fixture = empty();
    let url = "https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws";
    let line = format!("configure --start-url {url} --region us-east-1 --no-login --yes");
    fixture.run(&line).expect_code(2).expect_stderr("`eu-west-1`").expect_stderr("use --region eu-west-1");
    fixture.run(&format!("configure --start-url {url} --no-login --yes")).expect_ok();
    assert!(fixture.env.read_aws_config().contains("sso_region = eu-west-1\n"));
}

#[test]
fn a_companys_own_url_is_looked_at_and_tells_its_region() {
    let target = "https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws";
    let fixture = empty_with(
        IdcSim::builder().auto_approve(true).vanity("sso.example.com", target).add_start_url(target),
    );
    for (name, _) in fixture.sim.env() {
        fixture.env.remove_env(name);
    }
    let bundle = fixture.env.write_home_file("ca.pem", fixture.sim.ca_pem());
    fixture.env.set_env("HTTPS_PROXY", fixture.sim.proxy_url());
    fixture.env.set_env("AWS_CA_BUNDLE", bundle);
    let line = "configure --start-url https://sso.example.com/aws --profiles all --yes";
    fixture.sim.fault(Route::Vanity, Fault::status(404, ""));
    fixture.run(line).expect_code(3).expect_stderr("status 404");
    assert!(!fixture.env.aws_config_path().exists(), "nothing is written for a URL that leads nowhere");
    fixture.sim.clear_faults();
    fixture.run(line).expect_ok();
    let config = fixture.env.read_aws_config();
    assert!(
        config.starts_with("[sso-session example]\nsso_start_url = https://sso.example.com/aws\n"),
        "{config}"
    );
    assert!(config.contains("sso_region = eu-central-1\n"));
}

#[test]
fn a_session_of_that_name_is_changed_and_never_doubled() {
    let fixture = empty();
    let before = "# ours\n[sso-session corp]\nsso_start_url=https://old.awsapps.com/start\nsso_region=eu-west-1\n# end";
    fixture.env.write_aws_config(before);
    let output = by_flags(&fixture, "--session corp --no-login").run().expect_ok();
    output
        .expect_stderr("sso_region: eu-west-1 → eu-central-1")
        .expect_stderr("sso_start_url: https://old.awsapps.com/start → https://d-1234567890");
    let after = fixture.env.read_aws_config();
    assert_eq!(after.matches("[sso-session").count(), 1, "{after}");
    assert!(after.starts_with("# ours\n") && after.ends_with("# end"), "{after}");
    fixture.run("profile undo").expect_ok();
    assert_eq!(fixture.env.read_aws_config(), before);
    // Without its name that URL is another session, whose name is free.
    fixture.env.write_aws_config(&before.replace("old.", "corp."));
    let line = "configure --start-url https://acme.awsapps.com/start --region eu-west-1 --no-login --yes";
    fixture.run(line).expect_ok();
    assert!(fixture.env.read_aws_config().contains("[sso-session acme]"));
}

#[test]
fn a_login_that_fails_leaves_the_session_and_says_how_to_go_on() {
    let fixture = empty_with(IdcSim::builder());
    fixture.sim.fault(Route::RegisterClient, Fault::status(503, ""));
    let output = by_flags(&fixture, "--profiles all").run().expect_code(1);
    output.expect_stderr("To continue: kcaws configure corp").expect_stderr("kcaws: error: ");
    let config = fixture.env.read_aws_config();
    assert!(config.contains("[sso-session corp]") && !config.contains("[profile"), "{config}");
}

#[test]
fn profiles_are_chosen_by_the_names_that_the_template_gives() {
    let fixture = empty();
    let more = "--template {role|lower}.{account_id} --profiles poweruseraccess.111122223333 --profile-region us-east-1";
    let json = by_flags(&fixture, &format!("{more} --json")).run().expect_ok().stdout_json();
    assert_eq!(json["profiles"].as_array().unwrap().len(), 1, "{json}");
    let config = fixture.env.read_aws_config();
    assert!(
        config.contains("[profile poweruseraccess.111122223333]\n")
            && config.contains("region = us-east-1\n")
    );
    assert_eq!(config.matches("[profile").count(), 1, "{config}");
    let output = fixture.run("configure --profiles nobody --yes").expect_code(2);
    output.expect_stderr("no profile would be named `nobody`").expect_stderr("dev-power-user-access");
    assert_eq!(fixture.env.read_aws_config(), config);
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let fixture = empty();
    let url = fixture.sim.start_url();
    let output =
        fixture.run(&format!("configure --start-url {url} --region eu-central-1 --shell-line --dry-run"));
    output.expect_ok().expect_stdout("+[sso-session corp]");
    assert!(!fixture.env.aws_config_path().exists() && !fixture.env.home().join(".bashrc").exists());
    by_flags(&fixture, "--profiles none").run().expect_ok();
    let before = fixture.env.read_aws_config();
    let json = fixture.run("configure --profiles all --dry-run --json").expect_ok().stdout_json();
    assert!(json["diff"].as_str().unwrap().contains("+[profile dev-power-user-access]"), "{json}");
    assert_eq!(fixture.env.read_aws_config(), before);
}

#[test]
fn a_file_that_not_every_tool_reads_is_refused_as_it_is() {
    let fixture = empty();
    let before = "[profile a]\nregion = x\n[profile a]\nregion = y\n";
    fixture.env.write_aws_config(before);
    by_flags(&fixture, "--no-login").run().expect_code(3).expect_stderr("config:3");
    assert_eq!(fixture.env.read_aws_config(), before);
}

#[test]
fn the_shells_line_goes_behind_what_is_there_and_only_once() {
    let fixture = empty();
    let real = fixture.env.write_home_file("dotfiles/bashrc", "alias x=y");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, fixture.env.home().join(".bashrc")).unwrap();
    by_flags(&fixture, "--no-login --no-shell-line").run().expect_ok();
    assert_eq!(fixture.env.read_home_file(".bashrc"), "alias x=y");
    for _ in 0..2 {
        by_flags(&fixture, "--no-login --shell-line").run().expect_ok();
    }
    let text = fixture.env.read_home_file("dotfiles/bashrc");
    assert_eq!(text, format!("alias x=y\neval -- \"$('{}' init bash)\"\n", binary().display()));
    assert!(fixture.env.home().join(".bashrc").is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let list = fixture.run("profile undo --list --json").expect_ok().stdout_json();
    let of_bashrc = &list["backups"][0];
    assert_eq!(of_bashrc["command"], "configure --shell-line", "{list}");
    fixture
        .run(&format!("profile undo {}", of_bashrc["id"]))
        .expect_ok()
        .expect_stderr("profile undo 3` to revert");
    assert_eq!(fixture.env.read_home_file(".bashrc"), "alias x=y");
    by_flags(&fixture, "--no-login --shell-line").run().expect_ok();
    let script = "PS1=; . ~/.bashrc; type -t __kcaws_use";
    let bash = fixture.env.command("bash").args(["--norc", "-c", script]).run().expect_ok();
    bash.expect_stdout("function");
    by_flags(&fixture, "--no-login --shell-line").env("SHELL", "/bin/dash").run().expect_code(1);
}

#[test]
fn a_profile_of_someone_elses_by_that_name_stays_and_the_rest_is_written() {
    let fixture = empty();
    let theirs = "[profile dev-power-user-access]\nregion = x\naws_access_key_id = AKIAEXAMPLE\n";
    fixture.env.write_aws_config(theirs);
    let output = by_flags(&fixture, "--profiles all --json").run().expect_code(1);
    let change = |json: &serde_json::Value, name: &str| {
        let profiles = json["profiles"].as_array().unwrap();
        profiles.iter().find(|one| one["name"] == name).unwrap()["change"].clone()
    };
    let json = output.stdout_json();
    assert_eq!(change(&json, "dev-power-user-access"), "skipped");
    assert_eq!(change(&json, "dev-read-only-access"), "created");
    output.expect_stderr("skipped");
    assert!(fixture.env.read_aws_config().starts_with(theirs));
}

#[test]
fn several_at_once_write_one_section_and_one_line() {
    let fixture = empty();
    let at_once: Vec<Running> =
        (0..6).map(|_| by_flags(&fixture, "--session corp --no-login --shell-line").spawn()).collect();
    for one in at_once {
        one.wait().expect_ok();
    }
    assert_eq!(fixture.env.read_aws_config().matches("[sso-session corp]").count(), 1);
    assert_eq!(fixture.env.read_home_file(".bashrc").matches("init bash").count(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_no_one_is_sent_to_the_browser() {
    let fixture = empty();
    let path = fixture.env.write_aws_config("# mine\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    by_flags(&fixture, "--profiles all").run().expect_code(1).expect_stderr("is read-only");
    assert_eq!((fixture.env.read_aws_config().as_str(), fixture.sim.requests().len()), ("# mine\n", 0));
}
