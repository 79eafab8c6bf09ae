//! Answers, arguments and files beyond all bounds: each is refused by name, and costs nothing else.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture
}

fn answers(fixture: &LoginFixture, route: Route, body: &str) {
    fixture.sim.fault(route, Fault::status(200, body)).times(1);
}

#[test]
fn a_token_that_cannot_be_sent_back_is_no_login() {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    for token in [r"abc\u001bdef\nghi", "", " ", r"a\u007f"] {
        answers(&fixture, Route::CreateToken, &format!(r#"{{"accessToken":"{token}","expiresIn":3600}}"#));
        let output = fixture.run("login corp --no-browser").expect_code(1);
        output.expect_stderr("unexpected response").expect_stderr("accessToken");
        fixture.run("status corp").expect_code(4);
    }
    fixture.run("login corp --no-browser").expect_ok();
    fixture.credentials().expect_ok();
}

#[test]
fn a_refresh_that_brings_no_token_replaces_nothing() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    answers(
        &fixture,
        Route::CreateToken,
        r#"{"accessToken":"new","refreshToken":"a\u0001b","expiresIn":3600}"#,
    );
    fixture.credentials().expect_code(1).expect_stderr("refreshToken");
    fixture.credentials().expect_ok();
}

#[test]
fn credentials_that_no_tool_could_use_are_not_given() {
    let fixture = logged_in();
    let good = [("accessKeyId", "ASIAX"), ("secretAccessKey", "key"), ("sessionToken", "token")];
    for (odd, _) in good {
        for value in ["", " ", r"a\u0001", "a b", r"\u202e"] {
            let member = |(name, usual)| {
                let value = if name == odd { value } else { usual };
                format!(r#""{name}":"{value}","#)
            };
            let members: String = good.into_iter().map(member).collect();
            let body = format!(r#"{{"roleCredentials":{{{members}"expiration":4000000000000}}}}"#);
            answers(&fixture, Route::GetRoleCredentials, &body);
            let output = fixture.credentials().expect_code(1).expect_stderr(odd);
            assert!(output.stdout.is_empty(), "{output}");
        }
    }
    fixture.credentials().expect_ok();
}

#[test]
fn an_end_that_no_reader_knows_or_no_aws_gives_is_refused() {
    let fixture = logged_in();
    for (end, word) in [
        ("253402300800000", "expiration"),
        ("9223372036854775807", "expiration"),
        ("-1", "expiration"),
        ("253402300799000", "too far in the future"),
        ("4000000000000", "too far in the future"),
    ] {
        let body = format!(
            r#"{{"roleCredentials":{{"accessKeyId":"A","secretAccessKey":"k","sessionToken":"t","expiration":{end}}}}}"#
        );
        answers(&fixture, Route::GetRoleCredentials, &body);
        let output = fixture.credentials().expect_code(1).expect_stderr(word);
        assert!(output.stdout.is_empty(), "{output}");
    }
}

#[test]
fn a_date_that_is_behind_serves_nothing_that_is_over() {
    for behind in [7_200, 86_400, 50 * 365 * 86_400] {
        let fixture = LoginFixture::with(IdcSim::builder().permission_set(ROLE, Duration::from_secs(4)));
        fixture.log_in();
        fixture.sim.fault(Route::GetRoleCredentials, Fault::date_off_by(-behind)).times(2);
        fixture.credentials().expect_ok();
        std::thread::sleep(Duration::from_secs(6));
        fixture.credentials().expect_ok();
        assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2, "{behind} s behind");
    }
}

#[test]
fn names_of_any_length_and_letters_are_listed_or_left_out_by_name() {
    let fixture = logged_in();
    let long = "n".repeat(70_000);
    let body = format!(
        r#"{{"accountList":[{{"accountId":"{ACCOUNT}","accountName":"{long}"}},{{"accountId":"12","accountName":"odd\u001b"}}]}}"#
    );
    answers(&fixture, Route::ListAccounts, &body);
    let roles =
        r#"{"roleList":[{"roleName":"Admin"},{"roleName":"A\u2028[profile x]"},{"roleName":"\u202eB"}]}"#;
    answers(&fixture, Route::ListAccountRoles, roles);
    let output = fixture.run("accounts --refresh").expect_ok();
    assert!(output.stdout.len() < 1_000 && output.stdout_text().contains('…'), "{output}");
    let output = output.expect_stdout(ACCOUNT).expect_stdout("Admin").expect_stderr("odd\\u{1b}");
    output.expect_stderr("A\\u{2028}[profile x]").expect_stderr("\\u{202e}B");
}

#[test]
fn what_is_left_out_of_a_list_is_not_pruned_and_sync_says_so() {
    let fixture = logged_in();
    fixture.run("profile sync corp --yes").expect_ok();
    let before = fixture.env.read_aws_config();
    let body =
        format!(r#"{{"accountList":[{{"accountId":"{ACCOUNT}","accountName":"dev"}},{{"accountId":"x"}}]}}"#);
    answers(&fixture, Route::ListAccounts, &body);
    fixture.run("profile sync corp --yes").expect_code(1).expect_stderr("skipped").expect_stderr("12 digits");
    assert_eq!(fixture.env.read_aws_config(), before);
}

#[test]
fn a_mark_of_the_next_page_that_cannot_be_sent_back_is_named() {
    let fixture = logged_in();
    let body = format!(r#"{{"accountList":[],"nextToken":"{}"}}"#, "t".repeat(70_000));
    answers(&fixture, Route::ListAccounts, &body);
    fixture.run("accounts --refresh").expect_code(1).expect_stderr("nextToken");
}

#[test]
fn a_permission_set_of_no_name_of_awss_is_wrong_usage() {
    let fixture = LoginFixture::new();
    for role in ["r".repeat(70_000), "r".repeat(65), "a b".into(), "Zoë".into(), "A\u{2028}".into()] {
        for command in ["credential-process", "env", "whoami"] {
            let args = [command, "--session", "corp", "--account", ACCOUNT, "--role", &role];
            let output = fixture.kcaws("").args(args).run().expect_code(2);
            assert!(output.stderr.len() < 200_000 && output.stdout.is_empty());
        }
    }
}

#[test]
fn a_configuration_that_is_no_file_ends_in_time_with_its_name() {
    let fixture = LoginFixture::new();
    let path = fixture.env.home().join(".aws/config");
    std::fs::remove_file(&path).unwrap();
    let mkfifo = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(mkfifo.success());
    for line in ["status", "accounts", "profile list", "credential-process --profile dev"] {
        let output = fixture.kcaws(line).timeout(Duration::from_secs(60)).run().expect_code(3);
        output.expect_stderr("nothing writes to");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    fixture.run("status").expect_code(3).expect_stderr("that is a folder");
    std::fs::remove_dir(&path).unwrap();
    std::fs::File::create(&path).unwrap().set_len(9 * 1024 * 1024).unwrap();
    fixture.run("status").expect_code(3).expect_stderr("larger than 8 MB");
    for (file, word) in [("/dev/null", "No sessions are set up"), ("/dev/zero", "larger than 8 MB")] {
        fixture.kcaws("status").env("AWS_CONFIG_FILE", file).run().expect_stderr(word);
    }
}

#[test]
fn a_configuration_by_process_substitution_is_read() {
    let fixture = logged_in();
    let text = fixture.config();
    let script =
        format!("AWS_CONFIG_FILE=<(printf '%s' \"$0\") {} status corp", crate::fixture::binary().display());
    fixture.env.command("/bin/bash").args(["-c", &script, &text]).run().expect_ok().expect_stdout("corp");
}

#[test]
fn a_state_folder_that_others_can_reach_is_read_by_no_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = logged_in();
    fixture.credentials().expect_ok();
    let chmod = |mode| {
        std::fs::set_permissions(fixture.state(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for mode in [0o701, 0o750, 0o777] {
        chmod(mode);
        for line in ["status", "accounts", "credential-process --profile dev"] {
            let output = fixture.run(line).expect_code(3).expect_stderr("other users can reach it");
            assert!(output.stdout.is_empty(), "{output}");
        }
        let warm = fixture.credentials().expect_code(3);
        assert!(warm.stdout.is_empty(), "{warm}");
        let prompt = fixture.kcaws("prompt").env("AWS_PROFILE", "dev").run().expect_ok();
        assert!(!prompt.stdout_text().contains("PowerUserAccess"), "{prompt}");
    }
    chmod(0o700);
    fixture.credentials().expect_ok();
}

#[test]
fn a_state_folder_of_another_user_is_not_read() {
    let fixture = logged_in();
    fixture.credentials().expect_ok();
    // Only root can give it away.
    if std::os::unix::fs::chown(fixture.state(), Some(4032), Some(4032)).is_err() {
        kcaws_test_kit::skip_allowed!("only root can give a folder to another user");
    }
    fixture.run("status").expect_code(3).expect_stderr("belongs to user 4032");
    fixture.credentials().expect_code(3).expect_stderr("belongs to user 4032");
    std::os::unix::fs::chown(fixture.state(), Some(0), Some(0)).unwrap();
}

#[test]
fn data_go_out_byte_for_byte() {
    let fixture = logged_in();
    let region = "eu\u{1b}[31m-west\u{7f}";
    fixture
        .env
        .write_aws_config(&fixture.config().replace("region = eu-west-1", &format!("region = {region}")));
    let env = fixture.kcaws("env dev --format bash").allow_secret_on_stdout().run().expect_ok();
    assert!(env.stdout_text().contains(&format!("export AWS_REGION='{region}'")), "{env}");
}
