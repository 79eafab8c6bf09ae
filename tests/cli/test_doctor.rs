//! One thing broken for real at a time.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kcaws_test_kit::{Output, PrivateKeyring, install_program, require_program};
use serde_json::Value;

use crate::stage::{ACCOUNT, ROLE, Stage, binary};

/// Nobody of this machine.
const UNPRIVILEGED: u32 = 41_003;

/// Without the AWS CLI: asking it takes a second each time, and one test does.
fn healthy() -> Stage {
    let stage = Stage::new();
    stage.desk.set_env("PATH", stage.desk.bin_dir());
    stage.log_in();
    stage
}

fn doctor(stage: &Stage, line: &str) -> Output {
    stage.run(&format!("doctor --json {line}"))
}

/// All findings of one check, as `state: why`.
fn of(output: &Output, name: &str) -> Vec<String> {
    let report = output.stdout_json();
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks.map(|check| format!("{}: {}", text(&check["state"]), text(&check["why"]))).collect()
}

/// This one check says so, and the exit code is that of its state.
#[track_caller]
fn expect(stage: &Stage, line: &str, check: &str, word: &str, why: &str) -> Output {
    let output = doctor(stage, line);
    let found = of(&output, check);
    assert!(found.iter().any(|one| one.starts_with(word) && one.contains(why)), "{found:#?}\n{output}");
    assert_eq!(output.code(), i32::from(output.stdout_text().contains("\"state\": \"error\"")), "{output}");
    output
}

#[test]
fn references_that_lead_nowhere_are_named_for_profiles_of_other_tools_too() {
    let stage = healthy();
    let role = "role_arn = arn:aws:iam::222233334444:role/Deploy\n";
    let profiles = format!(
        "\n[profile lost]\n{role}source_profile = nosuch\n[profile a]\n{role}source_profile = b\n\
         [profile b]\n{role}source_profile = a\n[profile alone]\n{role}\
         [profile lab]\naws_access_key_id = x\naws_secret_access_key = y\nservices = nosuch\n"
    );
    stage.desk.write_aws_config(&(stage.config() + &profiles));
    for (word, why) in [
        ("error", "source_profile of `lost` names `nosuch`"),
        ("error", "source_profile of profile `b` leads in a circle: a \u{2192} b \u{2192} a"),
        ("warning", "profile `alone` has `role_arn`"),
        ("error", "services names `nosuch`, and there is no [services nosuch]"),
    ] {
        expect(&stage, "--offline", "references", word, why);
    }
    let output = expect(&stage, "--offline --profile lost", "profile", "error", "names `nosuch`");
    assert!(!output.stdout_text().contains("all tools take"), "{output}");
    stage.run("exec alone -- true").expect_code(125).expect_stderr("add `source_profile = ");
}

#[cfg(unix)]
#[test]
fn a_program_of_windows_is_left_for_windows() {
    let stage = healthy();
    let path = binary().display().to_string();
    let there = r#""C:\Program Files\kcaws\kcaws.exe""#;
    stage.desk.write_aws_config(&stage.config().replace(&format!("= {path} "), &format!("= {there} ")));
    let output = expect(&stage, "--offline", "program", "warning", "a Windows path; programs on this system");
    assert!(!output.stdout_text().contains("sudo ln -s"), "{output}");
    assert!(of(&output, "quotes").is_empty(), "{output}");
    stage.run("profile list").expect_ok().expect_stdout("dev      kcaws");
    stage.credentials().expect_ok();
}

#[test]
fn a_program_in_needless_quotes_is_a_warning_and_the_fix_can_be_pasted() {
    let stage = healthy();
    let (config, path) = (stage.config(), binary().display().to_string());
    let quoted = config.replace(&format!("= {path} "), &format!("= \"{path}\" "));
    stage.desk.write_aws_config(&quoted);
    let output = expect(&stage, "--offline", "quotes", "warning", "aws-iam-authenticator").expect_ok();
    let report = output.stdout_json();
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "quotes").unwrap();
    let fix = check["mend"].as_str().unwrap().strip_prefix("kcaws ").unwrap().to_owned();
    stage.run(&fix).expect_ok();
    assert_eq!(stage.desk.read_aws_config(), config);
    expect(&stage, "--offline", "quotes", "ok", "no program is in quotes");
    stage.desk.write_aws_config(&quoted);
    stage
        .run("profile sync corp --dry-run")
        .expect_ok()
        .expect_stdout(&format!("+credential_process = {path} "));
    stage.run("profile sync corp --yes").expect_ok();
    assert!(!stage.desk.read_aws_config().contains('"'));
}

#[test]
fn a_healthy_desk_is_exit_0_with_one_line_per_check() {
    let stage = healthy();
    let output = stage.run("doctor").expect_ok();
    assert!(output.stderr.is_empty(), "{output}");
    let text = output.stdout_text();
    assert!(!text.contains("error  ") && !text.contains("warn  "), "{text}");
    assert!(text.lines().last().unwrap().ends_with("0 warnings, 0 errors"), "{text}");
    for check in ["config_file", "sso_session", "shadowing", "program", "network", "clock", "store", "login"]
    {
        assert!(text.lines().any(|line| line.starts_with("ok") && line.contains(check)), "{check}:\n{text}");
    }
    let report = doctor(&stage, "--profile dev").expect_ok().stdout_json();
    assert_eq!(report["schema"], 1);
    for check in report["checks"].as_array().unwrap() {
        assert!(check["mend"].is_null() && check["state"] == "ok", "{check}");
    }
}

#[test]
fn nothing_is_changed_and_offline_asks_nobody() {
    let stage = healthy();
    let kept = || {
        let mut files: Vec<_> = walk(&stage.state());
        files.sort();
        files
    };
    let (before, config) = (kept(), stage.desk.read_aws_config());
    stage.sim.clear_log();
    stage.run("doctor --offline").expect_ok();
    assert!(stage.sim.requests().is_empty());
    stage.run("doctor").expect_ok();
    assert!(stage.sim.requests().iter().all(|request| request.body_text().is_empty()));
    assert_eq!((kept(), stage.desk.read_aws_config()), (before, config));
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
    let stage = healthy();
    std::fs::remove_file(stage.desk.aws_config_path()).unwrap();
    expect(&stage, "", "config_file", "error", "no such file");
    stage
        .run("doctor")
        .expect_code(1)
        .expect_stderr("kcaws: error: doctor found 1 error")
        .expect_stdout("\u{2192} ");
}

#[test]
fn a_doubled_section_stops_the_real_aws_cli_and_doctor_names_the_line() {
    let aws = require_program!("aws");
    let stage = healthy();
    let list = || stage.desk.command(&aws).args(["configure", "get", "region", "--profile", "dev"]).run();
    list().expect_ok();
    let config = stage.config();
    let line = config.lines().count() + 1;
    stage.desk.write_aws_config(&format!("{config}[profile dev]\noutput = json\n"));
    assert_ne!(list().code(), 0, "the AWS CLI reads it no more");
    let output = expect(&stage, "", "dialects", "error", "[profile dev] stands at line 5 already");
    assert!(output.stdout_text().contains(&format!("config:{line}\"")), "{output}");
}

#[test]
fn keys_that_hide_the_process_are_named_with_file_and_line() {
    let stage = healthy();
    stage.desk.write_aws_config(&format!("{}sso_account_id = {ACCOUNT}\n", stage.config()));
    expect(
        &stage,
        "",
        "shadowing",
        "error",
        "config:8: `sso_account_id` hides its credential_process from AWS CLI",
    );
    stage.desk.write_aws_config(&stage.config());
    stage.desk.write_home_file(
        ".aws/credentials",
        format!("[dev]\naws_access_key_id = {}\n", idc_sim::SECRET_MARK),
    );
    expect(&stage, "", "shadowing", "error", "credentials:2: `aws_access_key_id`");
    stage.desk.set_env("AWS_PROFILE", "dev");
    stage.desk.set_env("AWS_ACCESS_KEY_ID", idc_sim::SECRET_MARK);
    expect(&stage, "", "environment_keys", "error", "hides the profile `dev`");
}

#[test]
fn the_real_aws_cli_is_asked_where_it_gets_the_credentials() {
    let aws = require_program!("aws");
    let stage = Stage::new();
    stage.log_in();
    // The simulator's mark is in the keys that come out: were they repeated, the desk would notice.
    expect(&stage, "", "source", "ok", "the AWS CLI says `custom-process`");
    stage
        .desk
        .write_home_file(".aws/credentials", "[dev]\naws_access_key_id = a\naws_secret_access_key = b\n");
    expect(&stage, "", "source", "error", "the AWS CLI says `shared-credentials-file`, not kcaws");
    std::fs::remove_file(stage.desk.home().join(".aws/credentials")).unwrap();
    stage.run("logout").expect_ok();
    let output =
        expect(&stage, "", "source", "warning", "the AWS CLI runs kcaws, which says: no valid login");
    assert!(output.stdout_text().contains("run `kcaws login corp`"), "{output}");
    let said = stage.desk.command(aws).arg("--version").run().expect_ok().stdout_text();
    let version = said.split_whitespace().next().unwrap().replace("aws-cli/", "AWS CLI ");
    expect(&stage, "", "versions", "", &version);
}

#[test]
fn the_program_of_others_runs_only_when_asked_for() {
    let aws = require_program!("aws");
    let stage = healthy();
    stage.desk.set_env("PATH", aws.parent().unwrap());
    let ran = stage.desk.home().join("ran");
    let other = stage.desk.write_script("other", &format!("#!/bin/sh\n: >'{}'\nexit 1\n", ran.display()));
    let config = format!("{}[profile other]\ncredential_process = {}\n", stage.config(), other.display());
    stage.desk.write_aws_config(&config);
    expect(&stage, "--profile other", "source", "ok", "not run");
    assert!(!ran.exists());
    expect(&stage, "--profile other --run-others", "source", "warning", "gets nothing");
    assert!(ran.exists());
}

/// Copied, not linked: whose folder may be opened to everybody.
fn with_program(stage: &Stage, folder: &str) -> std::path::PathBuf {
    let folder = stage.desk.root().join(folder);
    let program = folder.join("kcaws");
    install_program(&binary(), &program);
    let config = stage.config().replace(&binary().display().to_string(), &program.display().to_string());
    stage.desk.write_aws_config(&config);
    program
}

#[test]
fn a_program_that_is_missing_or_that_others_can_replace_is_an_error() {
    let stage = healthy();
    let program = with_program(&stage, "opt/bin");
    expect(&stage, "", "program", "ok", "nobody else can replace it");
    let folder = program.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let output = expect(&stage, "", "program", "error", "somebody else can replace it");
    assert!(output.stdout_text().contains("chmod o-w"), "{output}");
    std::fs::remove_file(&program).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    expect(&stage, "", "program", "error", "no such program");
}

#[test]
fn an_impostor_by_the_name_of_kcaws_is_found_out() {
    let stage = healthy();
    let program = with_program(&stage, "opt/bin");
    std::fs::remove_file(&program).unwrap();
    let script = stage.desk.write_script("draft", "#!/bin/sh\necho kcaws 0.0.1\n");
    std::fs::rename(script, &program).unwrap();
    expect(&stage, "", "program", "warning", "kcaws 0.0.1, while this is");
}

#[test]
fn a_clock_that_is_off_is_named() {
    let stage = healthy();
    stage.sim.advance(Duration::from_secs(120));
    expect(&stage, "", "clock", "warning", "behind");
    stage.sim.advance(Duration::from_secs(3600));
    expect(&stage, "", "clock", "error", "AWS refuses what is signed");
}

#[test]
fn a_dead_endpoint_is_an_error_and_a_contradiction_too() {
    let mut stage = healthy();
    stage.stop_service();
    expect(&stage, "", "network", "error", "no answer (for logging in)");
    stage.desk.set_env("AWS_USE_FIPS_ENDPOINT", "true");
    expect(&stage, "--offline", "endpoints", "error", "FIPS");
    stage.desk.remove_env("AWS_USE_FIPS_ENDPOINT");
    stage.desk.set_env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    expect(&stage, "--offline", "endpoints", "warning", "kcaws does not use it");
}

#[test]
fn hosts_are_reached_by_proxy_and_company_certificate_or_the_way_out_is_named() {
    let stage = Stage::behind_the_proxy();
    stage.desk.set_env("PATH", stage.desk.bin_dir());
    expect(&stage, "", "network", "ok", "it answers");
    expect(&stage, "", "ca_bundle", "ok", "besides the platform's");
    stage.desk.remove_env("AWS_CA_BUNDLE");
    let output = expect(&stage, "", "network", "error", "no answer");
    assert!(output.stdout_text().contains("AWS_CA_BUNDLE"), "{output}");
    stage.desk.set_env("AWS_CA_BUNDLE", "/nonexistent.pem");
    expect(&stage, "", "ca_bundle", "error", "/nonexistent.pem");
    stage.desk.set_env("HTTPS_PROXY", format!("socks5://alice:{}@127.0.0.1:1", idc_sim::SECRET_MARK));
    stage.desk.remove_env("AWS_CA_BUNDLE");
    expect(&stage, "--offline", "proxy", "error", "no address of an http proxy");
    // Nobody goes past it in silence.
    stage.run("login --no-browser").expect_code(3).expect_stderr("write HTTPS_PROXY=http://host:port");
}

#[test]
fn a_locked_keyring_is_an_error_and_raises_no_prompt() {
    require_program!("gnome-keyring-daemon");
    let stage = Stage::new();
    stage.desk.remove_env("KCAWS_KEYRING");
    let mut keyring = PrivateKeyring::start(&stage.desk);
    stage.desk.set_env("PATH", stage.desk.bin_dir());
    expect(&stage, "--offline", "store", "ok", "a login would use the Secret Service (gnome-keyring-d)");
    stage.log_in();
    expect(&stage, "--offline", "store", "ok", "the tokens are there");
    stage.desk.set_env("PATH", "/usr/bin:/bin");
    expect(&stage, "--offline", "store", "ok", "the Secret Service (gnome-keyring-daemon 4");
    keyring.lock();
    expect(&stage, "--offline", "store", "error", "the Secret Service is locked");
    keyring.kill_daemon();
    expect(&stage, "--offline", "store", "error", "not available");
}

#[test]
fn a_session_of_another_region_than_its_portal_is_an_error_before_anybody_logs_in() {
    let stage = healthy();
    let config =
        stage.config().replace(stage.sim.start_url(), "https://ssoins-1.us-east-1.portal.amazonaws.com");
    stage.desk.write_aws_config(&config);
    expect(&stage, "--offline", "sso_session", "error", "the start URL is that of us-east-1");
}

#[test]
fn files_that_others_can_read_or_write_are_named() {
    let stage = healthy();
    let chmod = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(&stage.desk.aws_config_path(), 0o666);
    expect(&stage, "--offline", "aws_folder", "error", "everybody may write to it");
    chmod(&stage.state(), 0o755);
    expect(&stage, "--offline", "state_folder", "error", "others may read it");
}

#[test]
fn a_login_that_is_gone_is_a_warning_with_the_command() {
    let stage = healthy();
    stage.run("logout").expect_ok();
    let output = stage.run("doctor --offline").expect_ok().expect_stdout("nobody is logged in");
    output.expect_stdout("\u{2192} run `kcaws login corp`");
}

#[test]
fn hostile_names_are_shown_and_do_not_act() {
    let stage = healthy();
    let config =
        format!("{}[sso-session \u{1b}[31mx\u{202e}]\nsso_region = y\n[\u{1b}[2Jdev]\n", stage.config());
    stage.desk.write_aws_config(&config);
    stage.desk.set_env("AWS_PROFILE", "\u{1b}]0;x\u{7}");
    let text = stage.run("doctor --offline").expect_code(1).stdout_text();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']) && text.contains("\\u{1b}"), "{text}");
}

#[test]
fn usage_is_exit_2() {
    let stage = Stage::new();
    stage.run("doctor --profile dev --session corp").expect_code(2);
    stage.run("doctor --run-others").expect_code(2);
    let unknown = doctor(&stage, "--offline --profile nope");
    assert!(of(&unknown.expect_code(1), "profile")[0].contains("there is no profile `nope`"));
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    stage.run(&line).expect_code(4);
}

/// As after a first call under `sudo -E`, or with a home that takes no writes.
#[test]
fn a_place_that_takes_no_files_is_an_error_before_the_first_login_too() {
    let stage = Stage::new();
    let closed = stage.desk.root().join("closed");
    std::fs::create_dir(&closed).unwrap();
    let doctor = if rustix::process::geteuid().is_root() {
        // Root may write everywhere.
        let kcaws = stage.desk.bin_dir().join("kcaws");
        install_program(&binary(), &kcaws);
        stage.desk.give_to(UNPRIVILEGED);
        std::os::unix::fs::chown(&closed, Some(0), Some(0)).unwrap();
        stage.desk.command(kcaws).as_user(UNPRIVILEGED)
    } else {
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
        stage.desk.command(binary())
    };
    let doctor = doctor.arg("doctor").env("XDG_STATE_HOME", closed.join("state"));
    doctor.run().expect_code(1).expect_stdout("you may not write to it");
}
