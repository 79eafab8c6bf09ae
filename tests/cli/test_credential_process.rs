//! The rows of the table that says what `credential-process` answers.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, RefreshRotation, Route};
use kcaws_test_kit::{FakeBrowser, Output, Signal};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.clear_log();
    fixture
}

/// Nothing on stdout, at most three lines on stderr, each with our name.
#[track_caller]
fn fails(output: Output, code: i32) -> Output {
    let output = output.expect_code(code);
    assert!(output.stdout.is_empty(), "{output}");
    let stderr = output.stderr_text();
    assert!((1..=3).contains(&stderr.lines().count()), "{output}");
    assert!(stderr.lines().all(|line| line.starts_with("kcaws: ")), "{output}");
    assert!(stderr.contains("kcaws: hint: "), "{output}");
    output
}

#[test]
fn token_good_fetches_and_serves_the_contract() {
    let fixture = logged_in();
    let output = fixture.credentials().expect_ok();
    assert!(output.stderr.is_empty(), "{output}");
    let text = output.stdout_text();
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with(r#"{"Version":1,"AccessKeyId":"ASIA"#));
    let answer = output.stdout_json();
    assert_eq!(answer["AccountId"], ACCOUNT);
    let expiration = answer["Expiration"].as_str().unwrap();
    assert_eq!((expiration.len(), expiration.ends_with('Z')), (20, true), "{expiration}");
    assert_eq!(fixture.sim.requests().len(), 1);
}

#[test]
fn portal_says_401_is_one_refresh_and_one_fetch() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), 1);
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2);
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "the refreshed token was stored");
}

#[test]
fn an_old_access_token_is_refreshed_before_it_is_used() {
    // Less than five minutes left from the start.
    let fixture = LoginFixture::with(IdcSim::builder().access_token_life(Duration::from_secs(200)));
    fixture.log_in();
    fixture.sim.clear_log();
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), 1);
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1);
}

#[test]
fn a_refresh_answer_without_refresh_token_leaves_the_old_one_in_use() {
    let fixture = LoginFixture::with(IdcSim::builder().refresh_rotation(RefreshRotation::NoNewToken));
    fixture.log_in();
    for _ in 0..2 {
        fixture.sim.expire_access_tokens();
        fixture.credentials().expect_ok();
    }
}

#[test]
fn a_second_401_is_exit_4_and_forgets_nothing() {
    let fixture = logged_in();
    let body = r#"{"message":"Session token not found or invalid","__type":"com.amazonaws.switchboard.portal#UnauthorizedException"}"#;
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(401, body)).times(2);
    fails(fixture.credentials(), 4).expect_stderr("(401)").expect_stderr("run `kcaws login corp`");
    fixture.credentials().expect_ok();
}

#[test]
fn invalid_grant_is_exit_4_with_the_command_to_run() {
    let fixture = logged_in();
    fixture.sim.end_session(&fixture.sim.default_user());
    fails(fixture.credentials(), 4)
        .expect_stderr("kcaws: error: no valid login for session `corp`")
        .expect_stderr("kcaws: cause: the refresh token was refused (invalid_grant)")
        .expect_stderr("kcaws: hint: run `kcaws login corp`");
    fixture.sim.clear_log();
    fails(fixture.credentials(), 4);
    assert!(fixture.sim.requests().is_empty(), "a token that is over is not sent again");
}

#[test]
fn no_one_logged_in_is_exit_4_without_network_and_without_browser() {
    let fixture = LoginFixture::new();
    let browser = FakeBrowser::install(&fixture.env);
    fails(fixture.credentials(), 4).expect_stderr("not logged in");
    assert!(fixture.sim.requests().is_empty());
    assert!(browser.opened().is_empty());
}

#[test]
fn not_assigned_is_exit_6() {
    let fixture = logged_in();
    fixture.sim.unassign(&fixture.sim.default_user(), ACCOUNT, ROLE);
    fails(fixture.credentials(), 6).expect_stderr("no access to PowerUserAccess in account 111122223333");
}

#[test]
fn trouble_is_exit_1_and_says_which() {
    let cases: [(Fault, &str); 9] = [
        (
            Fault::status(404, r#"{"message":"x","__type":"x#ResourceNotFoundException"}"#),
            "there is no PowerUserAccess",
        ),
        (
            Fault::status(429, r#"{"message":"x","__type":"x#TooManyRequestsException"}"#),
            "too many requests (429)",
        ),
        (Fault::status(500, r#"{"message":"x"}"#), "returned an error (500)"),
        (Fault::status(503, "<html>"), "returned an error (503)"),
        (Fault::status(418, "<html>"), "something other than AWS answered"),
        (Fault::cut(), "127.0.0.1"),
        (Fault::cut_mid_body(), "127.0.0.1"),
        (Fault::broken_json(), "unexpected response"),
        (Fault::huge_body(64 * 1024 * 1024), "127.0.0.1"),
    ];
    // Some use up a call's whole time.
    std::thread::scope(|scope| {
        for (fault, word) in cases {
            scope.spawn(move || {
                let fixture = logged_in();
                fixture.sim.fault(Route::GetRoleCredentials, fault);
                fails(fixture.credentials(), 1).expect_stderr(word);
                fixture.sim.clear_faults();
                fixture.credentials().expect_ok();
            });
        }
    });
}

#[test]
fn refusals_and_trouble_that_end_within_the_calls_time_are_no_error() {
    let throttled = r#"{"message":"HTTP 429 Unknown Code","__type":"com.amazonaws.switchboard.portal#TooManyRequestsException"}"#;
    for fault in [
        Fault::status(429, throttled),
        Fault::status(429, "<html>"),
        Fault::status(429, "").header("retry-after", "1"),
        Fault::status(503, "<html>"),
        Fault::status(500, r#"{"message":"x","__type":"x#InternalServerException"}"#),
        Fault::status(503, "").header("retry-after", "1"),
    ] {
        let fixture = logged_in();
        fixture.sim.fault(Route::GetRoleCredentials, fault).times(4);
        fixture.credentials().expect_ok();
        assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 5);
    }
}

#[test]
fn a_refusal_is_waited_for_where_the_state_folder_takes_no_file_too() {
    let fixture = logged_in();
    let pace = fixture.state().join("pace");
    std::fs::write(&pace, "in the way of the folder").unwrap();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(429, "{}")).times(3);
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 4);
}

#[test]
fn trouble_while_refreshing_is_exit_1_and_the_login_is_good_afterwards() {
    for fault in [Fault::cut(), Fault::status(500, "{}"), Fault::status(429, "{}")] {
        let fixture = logged_in();
        fixture.sim.expire_access_tokens();
        fixture.sim.fault(Route::CreateToken, fault).times(9);
        fails(fixture.credentials(), 1);
        fixture.sim.clear_faults();
        fixture.credentials().expect_ok();
    }
}

#[test]
fn a_lost_refresh_answer_is_explained() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.fault(Route::CreateToken, Fault::lose_answer()).times(1);
    // The retry spends the token that the lost answer had replaced.
    fails(fixture.credentials(), 4)
        .expect_stderr("invalid_grant")
        .expect_stderr("was interrupted before its response could be stored");
    let status = fixture.run("status --json").expect_ok().stdout_json();
    assert!(
        status["sessions"][0]["last_session_seconds_max"].is_null(),
        "no session was seen to end: {status}"
    );
}

/// What a terminal that is closed does to all that run in it.
#[test]
fn a_hangup_waits_for_the_refreshed_token_to_be_stored() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.fault(Route::CreateToken, Fault::delay(Duration::from_secs(3))).times(1);
    let hung_up = fixture.credentials_command().spawn();
    kcaws_test_kit::wait_for("the refresh", || (fixture.sim.count(Route::CreateToken) > 0).then_some(()));
    hung_up.signal(Signal::HUP);
    hung_up.wait().expect_code(129);
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 1, "only the refresh was waited for");
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::CreateToken), 1);
}

#[test]
fn who_is_started_to_outlive_a_hangup_does() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.fault(Route::CreateToken, Fault::delay(Duration::from_secs(3))).times(1);
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    let line = format!("trap '' HUP; exec '{}' {line}", crate::fixture::binary().display());
    let kcaws = fixture.env.command("sh").args(["-c", &line]).allow_secret_on_stdout().spawn();
    kcaws_test_kit::wait_for("the refresh", || (fixture.sim.count(Route::CreateToken) > 0).then_some(()));
    kcaws.signal(Signal::HUP);
    kcaws.wait().expect_ok();
}

#[test]
fn a_refresh_answer_that_is_no_answer_is_remembered_and_explained() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.fault(Route::CreateToken, Fault::broken_json()).times(9);
    fails(fixture.credentials(), 1).expect_stderr("unexpected response");
    fixture.sim.clear_faults();
    fails(fixture.credentials(), 4).expect_stderr("was interrupted before its response could be stored");
}

#[test]
fn a_service_that_does_not_answer_is_given_up_in_time() {
    let fixture = logged_in();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::delay(Duration::from_secs(60))).times(9);
    let command = fixture.credentials_command().timeout(Duration::from_secs(20));
    fails(command.run(), 1).expect_stderr("did not answer within");
}

#[test]
fn nothing_listening_is_exit_1_with_the_host() {
    let mut fixture = logged_in();
    let host = fixture.sim.url().trim_start_matches("http://").to_owned();
    fixture.stop_service();
    fails(fixture.credentials(), 1).expect_stderr(&format!("cannot reach {host}"));
}

#[test]
fn credentials_that_had_expired_on_arrival_are_exit_1_and_name_the_clocks() {
    let fixture = logged_in();
    fixture.sim.rewind(Duration::from_secs(24 * 3600));
    let expired = r#"{"roleCredentials":{"accessKeyId":"ASIAX","secretAccessKey":"x","sessionToken":"x","expiration":1600000000000}}"#;
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(200, expired)).times(1);
    fails(fixture.credentials(), 1)
        .expect_stderr("had already expired on arrival")
        .expect_stderr("s ahead of AWS's");
}

#[test]
fn a_clock_that_is_off_does_not_stop_anybody() {
    for hours in [-3_i64, 3] {
        let fixture = logged_in();
        fixture.sim.fault(Route::GetRoleCredentials, Fault::date_off_by(hours * 3600)).times(1);
        fixture.credentials().expect_ok();
    }
}

#[test]
fn what_a_server_says_acts_on_no_terminal_nor_in_the_log() {
    let fixture = logged_in();
    fixture.sim.expire_access_tokens();
    let body = r#"{"error":"odd\u001b[2J\nkcaws: error: fake","error_description":"\u009b31m\u202e\r\n"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body)).times(1);
    let line = format!("-v credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    let output = fixture.run(&line).expect_code(1).expect_stderr("CreateToken was refused: odd");
    let text = output.stderr_text();
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}') && !text.lines().any(|line| line == "kcaws: error: fake"), "{output}");
}

#[test]
fn an_item_that_is_damaged_or_newer_is_named_and_left_alone() {
    let fixture = logged_in();
    let folder = fixture.state().join("keyutils");
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    fails(fixture.credentials(), 5).expect_stderr("damaged");
    fixture.run("login").expect_code(5);
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "left as it is");
    fixture.run("logout corp");
    fixture.log_in();
    fixture.credentials().expect_ok();
}

#[test]
fn a_profile_can_say_session_account_and_role() {
    let fixture = logged_in();
    let config = format!(
        "{}[profile sso]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n\
         [profile me]\ncredential_process = kcaws credential-process --profile me\n\
         [profile other]\nregion = eu-west-1\n",
        fixture.config()
    );
    fixture.env.write_aws_config(&config);
    for profile in ["dev", "sso"] {
        let line = format!("credential-process --profile {profile}");
        fixture.kcaws(&line).allow_secret_on_stdout().run().expect_ok();
    }
    fails(fixture.run("credential-process --profile me"), 3).expect_stderr("asks kcaws for the same profile");
    fails(fixture.run("credential-process --profile other"), 3).expect_stderr(".aws/config:");
    fails(fixture.run("credential-process --profile nobody"), 3).expect_stderr("no profile `nobody`");
}

#[test]
fn a_cleared_state_folder_is_no_logout() {
    let fixture = logged_in();
    std::fs::remove_dir_all(fixture.state().join("sessions")).unwrap();
    fixture.credentials().expect_ok();
}

#[test]
fn usage_errors_are_exit_2_and_change_nothing() {
    let fixture = LoginFixture::new();
    for line in [
        "credential-process",
        "credential-process --session corp",
        "credential-process --session corp --account 1 --role x",
        "credential-process --session corp --account 111122223333 --role x --profile y",
    ] {
        let output = fixture.run(line).expect_code(2);
        assert!(output.stdout.is_empty(), "{output}");
    }
    assert!(!fixture.state().exists());
}

/// The program under a limit of the shell's.
fn limited(fixture: &LoginFixture, limit: &str) -> kcaws_test_kit::Output {
    let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    let line = format!("credential-process --session corp --account {ACCOUNT} --role {ROLE}");
    let sh = fixture.env.command("sh").args(["-c", &script]).arg(crate::fixture::binary());
    sh.args(line.split_whitespace()).allow_secret_on_stdout().run()
}

#[test]
fn a_limit_on_file_sizes_costs_warmth_and_no_login() {
    let fixture = logged_in();
    limited(&fixture, "-f 0").expect_ok();
    // A refresh whose answer could not be stored is not begun.
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    let refused = limited(&fixture, "-f 0");
    assert!(matches!(refused.code(), 1 | 5), "{refused}");
    refused.expect_stderr("File too large");
    assert_eq!(fixture.sim.count(Route::CreateToken), 0);
    fixture.credentials().expect_ok();
}

#[test]
fn a_limit_on_open_files_is_named_and_no_file_is_blamed_for_it() {
    let fixture = logged_in();
    let mut named = 0;
    for limit in 4..14 {
        let output = limited(&fixture, &format!("-n {limit}"));
        let words = output.stderr_text();
        assert!(matches!(output.code(), 0 | 1 | 5), "{output}");
        assert!(!words.contains("check the permissions"), "{output}");
        named += usize::from(words.contains("ulimit -n"));
    }
    assert!(named > 0, "no limit was met");
    fixture.credentials().expect_ok();
}

#[test]
fn a_keyring_that_takes_the_time_of_a_call_costs_no_login() {
    let fixture = LoginFixture::new();
    let slow = fixture.env.write_script("slow", "#!/bin/sh\nsleep 9\necho passphrase\n");
    fixture.env.set_env("KCAWS_KEYRING", "file");
    fixture.env.set_env("KCAWS_PASSPHRASE_COMMAND", "echo passphrase");
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    let late = fixture.credentials_command().env("KCAWS_PASSPHRASE_COMMAND", slow).run();
    late.expect_code(1).expect_stderr("there was not enough time left");
    assert_eq!(fixture.sim.count(Route::CreateToken), 0, "begun, and perhaps cut off");
    fixture.credentials().expect_ok();
}
