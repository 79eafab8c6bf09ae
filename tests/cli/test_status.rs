use std::time::Duration;

use idc_sim::{IdcSim, Route};

use crate::fixture::LoginFixture;

#[test]
fn status_reads_files_only_and_says_what_is_known() {
    let fixture = LoginFixture::new();
    fixture.run("status").expect_ok().expect_stdout("corp     no");
    fixture.log_in();
    fixture.sim.clear_log();
    fixture.run("status").expect_ok().expect_stdout(" left").expect_stdout("kernel keyring");
    let report = fixture.run("status corp --json").expect_ok().stdout_json();
    assert!(fixture.sim.requests().is_empty());
    let session = &report["sessions"][0];
    assert_eq!(report["schema"], 1);
    assert_eq!(session["name"], "corp");
    assert_eq!(session["logged_in"], true);
    assert_eq!(session["refreshable"], true);
    assert_eq!(session["store"], "keyutils");
    assert!(session["session_expires_at"].is_null(), "AWS does not tell it");
    assert!(session["access_expires_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_session_that_is_not_logged_in_is_exit_4_with_the_report_all_the_same() {
    let fixture = LoginFixture::new();
    let output = fixture.run("status corp --json").expect_code(4);
    assert_eq!(output.stdout_json()["sessions"][0]["logged_in"], false);
    fixture.run("status").expect_ok();
    fixture.run("status nobody").expect_code(3).expect_stderr("existing sessions: corp");
}

#[test]
fn a_section_that_cannot_be_used_hides_no_other() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture
        .env
        .write_aws_config(&format!("[sso-session broken]\nsso_region = eu-west-1\n\n{}", fixture.config()));
    for line in ["status", "store status"] {
        fixture
            .run(line)
            .expect_code(3)
            .expect_stdout("corp")
            .expect_stdout("kernel keyring")
            .expect_stderr("config:1: [sso-session broken] has no `sso_start_url`");
    }
    let output = fixture.run("status --json").expect_code(3);
    assert_eq!(output.stdout_json()["sessions"].as_array().unwrap().len(), 1, "{output}");
    fixture.run("status corp").expect_ok();
    let none = fixture.run("status broken").expect_code(3);
    assert!(none.stdout.is_empty(), "{none}");
}

#[test]
fn an_expired_token_is_distinguished_from_one_that_renews_itself() {
    let fixture = LoginFixture::with(IdcSim::builder().access_token_life(Duration::from_secs(1)));
    fixture.log_in();
    kcaws_test_kit::wait_for("the token to expire", || {
        let output = fixture.run("status").expect_ok();
        output.stdout_text().contains("refreshes on use").then_some(())
    });
}

#[test]
fn without_a_config_there_is_nothing_to_show() {
    let fixture = LoginFixture::new();
    std::fs::remove_file(fixture.env.aws_config_path()).unwrap();
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"].as_array().unwrap().len(), 0);
    fixture.run("login").expect_code(3).expect_stderr("no session is set up");
}

#[test]
fn the_clocks_that_are_known_are_shown_with_the_first_to_end() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let report = fixture.run("status --json").expect_ok().stdout_json();
    let session = &report["sessions"][0];
    assert_eq!(session["ends_first"], "access_token");
    assert_eq!(session["warm_credentials"].as_array().unwrap().len(), 0);
    assert!(session["registration_expires_at"].is_string());
    assert!(session["last_session_seconds_max"].is_null(), "none was seen to end");
    assert!(session["check"].is_null());
    fixture.credentials().expect_ok();
    let mut text = fixture.run("status corp").expect_ok();
    for line in [
        "renewed automatically",
        "not reported by AWS",
        "PowerUserAccess in account 111122223333",
        "client registration",
        "expires first",
    ] {
        text = text.expect_stdout(line);
    }
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["warm_credentials"][0]["role_name"], "PowerUserAccess");
}

#[test]
fn the_end_of_a_session_is_learned_by_seeing_it() {
    let fixture = LoginFixture::with(IdcSim::builder().access_token_life(Duration::from_secs(1)));
    fixture.log_in();
    fixture.sim.end_session(&fixture.sim.default_user());
    kcaws_test_kit::wait_for("the end to be seen", || {
        (fixture.kcaws("accounts --refresh").run().status.code() == Some(4)).then_some(())
    });
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"][0]["logged_in"], false);
    let bounds = |report: &serde_json::Value| {
        let session = &report["sessions"][0];
        (
            session["last_session_seconds_min"].as_i64().unwrap(),
            session["last_session_seconds_max"].as_i64().unwrap(),
        )
    };
    let learned = bounds(&report);
    assert!(learned.0 <= learned.1 && learned.1 < 60, "{learned:?}");
    fixture.log_in();
    let report = fixture.run("status --json").expect_ok().stdout_json();
    assert_eq!(bounds(&report), learned, "it outlives the next login");
    assert!(report["sessions"][0]["session_expires_at"].is_null(), "it is not invented");
    fixture.run("status").expect_ok().expect_stdout("after login, like the last session");
}

#[test]
fn check_asks_aws_and_learns_who_it_is_where_that_is_cheap() {
    let mut fixture = LoginFixture::new();
    fixture.run("status corp --check").expect_code(4);
    fixture.log_in();
    let checked = |fixture: &LoginFixture| {
        fixture.run("status --check --json").expect_ok().stdout_json()["sessions"][0].clone()
    };
    let session = checked(&fixture);
    assert_eq!(session["check"], "ok");
    assert!(session["user"].is_null(), "no credentials are at hand");
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 0);
    fixture.credentials().expect_ok();
    assert_eq!(checked(&fixture)["user"], "alice@example.com");
    fixture.sim.clear_log();
    let session = fixture.run("status --json").expect_ok().stdout_json()["sessions"][0].clone();
    assert_eq!(session["user"], "alice@example.com", "noted");
    assert!(fixture.sim.requests().is_empty());
    // A refresh is the same login.
    fixture.sim.expire_access_tokens();
    assert_eq!(checked(&fixture)["user"], "alice@example.com");
    assert_eq!(fixture.sim.count(Route::CreateToken), 1);

    fixture.sim.end_session(&fixture.sim.default_user());
    let session = checked(&fixture);
    assert_eq!(
        (session["check"].as_str(), session["logged_in"].as_bool()),
        (Some("login_needed"), Some(false))
    );
    fixture.run("status corp --check").expect_code(4);

    fixture.log_in();
    fixture.stop_service();
    assert_eq!(checked(&fixture)["check"], "unreachable");
    fixture.run("status corp --check").expect_code(1).expect_stderr("cannot reach");
    fixture.run("status --check").expect_ok().expect_stderr("cannot reach");
}
