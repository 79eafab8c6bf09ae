//! One thing broken for real at a time.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kcaws_test_kit::{Output, PrivateKeyring, install_program, require_program};
use serde_json::Value;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE, binary};

/// No one of this machine.
const UNPRIVILEGED: u32 = 41_003;

/// Without the AWS CLI: asking it takes a second each time, and one test does.
fn healthy() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.env.set_env("PATH", fixture.env.bin_dir());
    fixture.log_in();
    fixture
}

fn doctor(fixture: &LoginFixture, line: &str) -> Output {
    fixture.run(&format!("doctor --json {line}"))
}

/// All findings of one check, as `state: why`.
fn of(output: &Output, name: &str) -> Vec<String> {
    let report = output.stdout_json();
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks.map(|check| format!("{}: {}", text(&check["state"]), text(&check["reason"]))).collect()
}

/// This one check says so, and the exit code is that of its state.
#[track_caller]
fn expect(fixture: &LoginFixture, line: &str, check: &str, word: &str, why: &str) -> Output {
    let output = doctor(fixture, line);
    let found = of(&output, check);
    assert!(found.iter().any(|one| one.starts_with(word) && one.contains(why)), "{found:#?}\n{output}");
    assert_eq!(output.code(), i32::from(output.stdout_text().contains("\"state\": \"error\"")), "{output}");
    output
}

#[test]
fn references_that_lead_nowhere_are_named_for_profiles_of_other_tools_too() {
    let fixture = healthy();
    let role = "role_arn = arn:aws:iam::222233334444:role/Deploy\n";
    let profiles = format!(
        "\n[profile lost]\n{role}source_profile = nosuch\n[profile a]\n{role}source_profile = b\n\
         [profile b]\n{role}source_profile = a\n[profile alone]\n{role}\
         [profile lab]\naws_access_key_id = x\naws_secret_access_key = y\nservices = nosuch\n"
    );
    fixture.env.write_aws_config(&(fixture.config() + &profiles));
    for (word, why) in [
        ("error", "source_profile of `lost` names `nosuch`"),
        ("error", "source_profile of profile `b` forms a loop: a \u{2192} b \u{2192} a"),
        ("warning", "profile `alone` has `role_arn`"),
        ("error", "services names `nosuch`, and there is no [services nosuch]"),
    ] {
        expect(&fixture, "--offline", "references", word, why);
    }
    let output = expect(&fixture, "--offline --profile lost", "profile", "error", "names `nosuch`");
    assert!(!output.stdout_text().contains("all tools take"), "{output}");
    fixture.run("exec alone -- true").expect_code(125).expect_stderr("add `source_profile = ");
}

#[cfg(unix)]
#[test]
fn a_program_of_windows_is_left_for_windows() {
    let fixture = healthy();
    let path = binary().display().to_string();
    let there = r#""C:\Program Files\kcaws\kcaws.exe""#;
    fixture.env.write_aws_config(&fixture.config().replace(&format!("= {path} "), &format!("= {there} ")));
    let output =
        expect(&fixture, "--offline", "program", "warning", "a Windows path, which programs on this system");
    assert!(!output.stdout_text().contains("sudo ln -s"), "{output}");
    assert!(of(&output, "quotes").is_empty(), "{output}");
    fixture.run("profile list").expect_ok().expect_stdout("dev      kcaws");
    fixture.credentials().expect_ok();
}

#[test]
fn a_program_in_needless_quotes_is_a_warning_and_the_fix_can_be_pasted() {
    let fixture = healthy();
    let (config, path) = (fixture.config(), binary().display().to_string());
    let quoted = config.replace(&format!("= {path} "), &format!("= \"{path}\" "));
    fixture.env.write_aws_config(&quoted);
    let output = expect(&fixture, "--offline", "quotes", "warning", "aws-iam-authenticator").expect_ok();
    let report = output.stdout_json();
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "quotes").unwrap();
    let fix = check["fix"].as_str().unwrap().strip_prefix("kcaws ").unwrap().to_owned();
    fixture.run(&fix).expect_ok();
    assert_eq!(fixture.env.read_aws_config(), config);
    expect(&fixture, "--offline", "quotes", "ok", "no program is quoted");
    fixture.env.write_aws_config(&quoted);
    fixture
        .run("profile sync corp --dry-run")
        .expect_ok()
        .expect_stdout(&format!("+credential_process = {path} "));
    fixture.run("profile sync corp --yes").expect_ok();
    assert!(!fixture.env.read_aws_config().contains('"'));
}

#[test]
fn a_healthy_desk_is_exit_0_with_one_line_per_check() {
    let fixture = healthy();
    let output = fixture.run("doctor").expect_ok();
    assert!(output.stderr.is_empty(), "{output}");
    let text = output.stdout_text();
    assert!(!text.contains("error  ") && !text.contains("warn  "), "{text}");
    assert!(text.lines().last().unwrap().ends_with("0 warnings, 0 errors"), "{text}");
    for check in ["config_file", "sso_session", "shadowing", "program", "network", "clock", "store", "login"]
    {
        assert!(text.lines().any(|line| line.starts_with("ok") && line.contains(check)), "{check}:\n{text}");
    }
    let report = doctor(&fixture, "--profile dev").expect_ok().stdout_json();
    assert_eq!(report["schema"], 1);
    for check in report["checks"].as_array().unwrap() {
        assert!(check["fix"].is_null() && check["state"] == "ok", "{check}");
    }
}

#[test]
fn nothing_is_changed_and_offline_asks_no_one() {
    let fixture = healthy();
    let kept = || {
        let mut files: Vec<_> = walk(&fixture.state());
        files.sort();
        files
    };
    let (before, config) = (kept(), fixture.env.read_aws_config());
    fixture.sim.clear_log();
    fixture.run("doctor --offline").expect_ok();
    assert!(fixture.sim.requests().is_empty());
    fixture.run("doctor").expect_ok();
    assert!(fixture.sim.requests().iter().all(|request| request.body_text().is_empty()));
    assert_eq!((kept(), fixture.env.read_aws_config()), (before, config));
}

fn walk(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let all = entries.flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return walk(&path);
        }
        vec![(path.display().to_string(), std::fs::read(&path).unwrap())]
    });
    all.collect()
}

#[test]
fn without_a_config_it_still_says_what_to_do() {
    let fixture = healthy();
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    expect(&fixture, "", "config_file", "error", "no such file");
    fixture
        .run("doctor")
        .expect_code(1)
        .expect_stderr("kcaws: error: doctor found 1 error")
        .expect_stdout("\u{2192} ");
}

#[test]
fn a_doubled_section_stops_the_real_aws_cli_and_doctor_names_the_line() {
    let aws = require_program!("aws");
    let fixture = healthy();
    let list = || fixture.env.command(&aws).args(["configure", "get", "region", "--profile", "dev"]).run();
    list().expect_ok();
    let config = fixture.config();
    let line = config.lines().count() + 1;
    fixture.env.write_aws_config(&format!("{config}[profile dev]\noutput = json\n"));
    assert_ne!(list().code(), 0, "the AWS CLI reads it no more");
    let output = expect(&fixture, "", "dialects", "error", "[profile dev] is already defined at line 5");
    assert!(output.stdout_text().contains(&format!("config:{line}\"")), "{output}");
}

#[test]
fn keys_that_hide_the_process_are_named_with_file_and_line() {
    let fixture = healthy();
    fixture.env.write_aws_config(&format!("{}sso_account_id = {ACCOUNT}\n", fixture.config()));
    expect(
        &fixture,
        "",
        "shadowing",
        "error",
        "config:8: `sso_account_id` hides its credential_process from AWS CLI",
    );
    fixture.env.write_aws_config(&fixture.config());
    fixture.env.write_home_file(
        ".aws/credentials",
        format!("[dev]\naws_access_key_id = {}\n", idc_sim::SECRET_MARK),
    );
    expect(&fixture, "", "shadowing", "error", "credentials:2: `aws_access_key_id`");
    fixture.env.set_env("AWS_PROFILE", "dev");
    fixture.env.set_env("AWS_ACCESS_KEY_ID", idc_sim::SECRET_MARK);
    expect(&fixture, "", "environment_keys", "error", "hides the profile `dev`");
}

#[test]
fn the_real_aws_cli_is_asked_where_it_gets_the_credentials() {
    let aws = require_program!("aws");
    let fixture = LoginFixture::new();
    fixture.log_in();
    // The simulator's mark is in the keys that come out: were they repeated, the test would notice.
    expect(&fixture, "", "source", "ok", "the AWS CLI reports `custom-process`");
    fixture
        .env
        .write_home_file(".aws/credentials", "[dev]\naws_access_key_id = a\naws_secret_access_key = b\n");
    expect(&fixture, "", "source", "error", "the AWS CLI reports `shared-credentials-file`, not kcaws");
    std::fs::remove_file(fixture.env.home().join(".aws/credentials")).unwrap();
    fixture.run("logout").expect_ok();
    let output =
        expect(&fixture, "", "source", "warning", "the AWS CLI runs kcaws, which reports: no valid login");
    assert!(output.stdout_text().contains("run `kcaws login corp`"), "{output}");
    let said = fixture.env.command(aws).arg("--version").run().expect_ok().stdout_text();
    let version = said.split_whitespace().next().unwrap().replace("aws-cli/", "AWS CLI ");
    expect(&fixture, "", "versions", "", &version);
}

#[test]
fn the_program_of_others_runs_only_when_asked_for() {
    let aws = require_program!("aws");
    let fixture = healthy();
    fixture.env.set_env("PATH", aws.parent().unwrap());
    let ran = fixture.env.home().join("ran");
    let other = fixture.env.write_script("other", &format!("#!/bin/sh\n: >'{}'\nexit 1\n", ran.display()));
    let config = format!("{}[profile other]\ncredential_process = {}\n", fixture.config(), other.display());
    fixture.env.write_aws_config(&config);
    expect(&fixture, "--profile other", "source", "ok", "not run");
    assert!(!ran.exists());
    expect(&fixture, "--profile other --run-others", "source", "warning", "gets no credentials");
    assert!(ran.exists());
}

/// Copied, not linked: whose folder may be opened to everybody.
fn with_program(fixture: &LoginFixture, folder: &str) -> std::path::PathBuf {
    let folder = fixture.env.root().join(folder);
    let program = folder.join("kcaws");
    install_program(&binary(), &program);
    let config = fixture.config().replace(&binary().display().to_string(), &program.display().to_string());
    fixture.env.write_aws_config(&config);
    program
}

#[test]
fn a_program_that_is_missing_or_that_others_can_replace_is_an_error() {
    let fixture = healthy();
    let program = with_program(&fixture, "opt/bin");
    expect(&fixture, "", "program", "ok", "only you can modify it");
    let folder = program.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let output = expect(&fixture, "", "program", "error", "others can replace it");
    assert!(output.stdout_text().contains("chmod o-w"), "{output}");
    std::fs::remove_file(&program).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    expect(&fixture, "", "program", "error", "no such program");
}

#[test]
fn an_impostor_by_the_name_of_kcaws_is_found_out() {
    let fixture = healthy();
    let program = with_program(&fixture, "opt/bin");
    std::fs::remove_file(&program).unwrap();
    let script = fixture.env.write_script("draft", "#!/bin/sh\necho kcaws 0.0.1\n");
    std::fs::rename(script, &program).unwrap();
    expect(&fixture, "", "program", "warning", "kcaws 0.0.1, but this is");
}

#[test]
fn a_clock_that_is_off_is_named() {
    let fixture = healthy();
    fixture.sim.advance(Duration::from_secs(120));
    expect(&fixture, "", "clock", "warning", "behind");
    fixture.sim.advance(Duration::from_secs(3600));
    expect(&fixture, "", "clock", "error", "AWS rejects signed requests");
}

#[test]
fn a_dead_endpoint_is_an_error_and_a_contradiction_too() {
    let mut fixture = healthy();
    fixture.stop_service();
    expect(&fixture, "", "network", "error", "no answer (for logging in)");
    fixture.env.set_env("AWS_USE_FIPS_ENDPOINT", "true");
    expect(&fixture, "--offline", "endpoints", "error", "FIPS");
    fixture.env.remove_env("AWS_USE_FIPS_ENDPOINT");
    fixture.env.set_env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    expect(&fixture, "--offline", "endpoints", "warning", "kcaws ignores it");
}

#[test]
fn hosts_are_reached_by_proxy_and_company_certificate_or_the_way_out_is_named() {
    let fixture = LoginFixture::behind_the_proxy();
    fixture.env.set_env("PATH", fixture.env.bin_dir());
    expect(&fixture, "", "network", "ok", "reachable");
    expect(&fixture, "", "ca_bundle", "ok", "in addition to the platform's");
    fixture.env.remove_env("AWS_CA_BUNDLE");
    let output = expect(&fixture, "", "network", "error", "no answer");
    assert!(output.stdout_text().contains("AWS_CA_BUNDLE"), "{output}");
    fixture.env.set_env("AWS_CA_BUNDLE", "/nonexistent.pem");
    expect(&fixture, "", "ca_bundle", "error", "/nonexistent.pem");
    fixture.env.set_env("HTTPS_PROXY", format!("socks5://alice:{}@127.0.0.1:1", idc_sim::SECRET_MARK));
    fixture.env.remove_env("AWS_CA_BUNDLE");
    expect(&fixture, "--offline", "proxy", "error", "not the address of an http proxy");
    // No one goes past it in silence.
    fixture.run("login --no-browser").expect_code(3).expect_stderr("set HTTPS_PROXY=http://host:port");
}

#[test]
fn a_locked_keyring_is_an_error_and_raises_no_prompt() {
    require_program!("gnome-keyring-daemon");
    let fixture = LoginFixture::new();
    fixture.env.remove_env("KCAWS_KEYRING");
    let mut keyring = PrivateKeyring::start(&fixture.env);
    fixture.env.set_env("PATH", fixture.env.bin_dir());
    expect(&fixture, "--offline", "store", "ok", "a login would use the Secret Service (gnome-keyring-d)");
    fixture.log_in();
    expect(&fixture, "--offline", "store", "ok", "it has the tokens");
    fixture.env.set_env("PATH", "/usr/bin:/bin");
    expect(&fixture, "--offline", "store", "ok", "the Secret Service (gnome-keyring-daemon 4");
    keyring.lock();
    expect(&fixture, "--offline", "store", "error", "the Secret Service is locked");
    keyring.kill_daemon();
    expect(&fixture, "--offline", "store", "error", "not available");
}

#[test]
fn a_session_of_another_region_than_its_portal_is_an_error_before_anybody_logs_in() {
    let fixture = healthy();
    let config =
        fixture.config().replace(fixture.sim.start_url(), "https://ssoins-1.us-east-1.portal.amazonaws.com");
    fixture.env.write_aws_config(&config);
    expect(&fixture, "--offline", "sso_session", "error", "the start URL belongs to us-east-1");
}

#[test]
fn files_that_others_can_read_or_write_are_named() {
    let fixture = healthy();
    let chmod = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(&fixture.env.aws_config_path(), 0o666);
    expect(&fixture, "--offline", "aws_folder", "error", "everyone may write to it");
    chmod(&fixture.state(), 0o755);
    expect(&fixture, "--offline", "state_folder", "error", "others can read it");
}

#[test]
fn a_login_that_is_gone_is_a_warning_with_the_command() {
    let fixture = healthy();
    fixture.run("logout").expect_ok();
    let output = fixture.run("doctor --offline").expect_ok().expect_stdout("not logged in");
    output.expect_stdout("\u{2192} run `kcaws login corp`");
}

#[test]
fn hostile_names_are_shown_and_do_not_act() {
    let fixture = healthy();
    let config =
        format!("{}[sso-session \u{1b}[31mx\u{202e}]\nsso_region = y\n[\u{1b}[2Jdev]\n", fixture.config());
    fixture.env.write_aws_config(&config);
    fixture.env.set_env("AWS_PROFILE", "\u{1b}]0;x\u{7}");
    let text = fixture.run("doctor --offline").expect_code(1).stdout_text();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']) && text.contains("\\u{1b}"), "{text}");
}

#[test]
fn usage_is_exit_2() {
    let fixture = LoginFixture::new();
    fixture.run("doctor --profile dev --session corp").expect_code(2);
    fixture.run("doctor --run-others").expect_code(2);
    let unknown = doctor(&fixture, "--offline --profile nope");
    assert!(of(&unknown.expect_code(1), "profile")[0].contains("there is no profile `nope`"));
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    fixture.run(&line).expect_code(4);
}

/// As after a first call under `sudo -E`, or with a home that takes no writes.
#[test]
fn a_place_that_takes_no_files_is_an_error_before_the_first_login_too() {
    let fixture = LoginFixture::new();
    let closed = fixture.env.root().join("closed");
    std::fs::create_dir(&closed).unwrap();
    let doctor = if rustix::process::geteuid().is_root() {
        // Root may write everywhere.
        let kcaws = fixture.env.bin_dir().join("kcaws");
        install_program(&binary(), &kcaws);
        fixture.env.give_to(UNPRIVILEGED);
        std::os::unix::fs::chown(&closed, Some(0), Some(0)).unwrap();
        fixture.env.command(kcaws).as_user(UNPRIVILEGED)
    } else {
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
        fixture.env.command(binary())
    };
    let doctor = doctor.arg("doctor").env("XDG_STATE_HOME", closed.join("state"));
    doctor.run().expect_code(1).expect_stdout("you cannot write to it");
}
