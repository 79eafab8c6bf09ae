use std::time::Duration;

use idc_sim::IdcSim;

use crate::stage::Stage;

#[test]
fn status_reads_files_only_and_says_what_is_known() {
    let stage = Stage::new();
    stage.run("status").expect_ok().expect_stdout("corp     no");
    stage.log_in();
    stage.sim.clear_log();
    stage.run("status").expect_ok().expect_stdout("min left").expect_stdout("kernel keyring");
    let report = stage.run("status corp --json").expect_ok().stdout_json();
    assert!(stage.sim.requests().is_empty());
    let session = &report["sessions"][0];
    assert_eq!(report["schema"], 1);
    assert_eq!(session["name"], "corp");
    assert_eq!(session["logged_in"], true);
    assert_eq!(session["refreshable"], true);
    assert_eq!(session["store"], "keyutils");
    assert!(session["session_ends_at"].is_null(), "AWS does not tell it");
    assert!(session["access_expires_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_session_that_is_not_logged_in_is_exit_4_with_the_report_all_the_same() {
    let stage = Stage::new();
    let output = stage.run("status corp --json").expect_code(4);
    assert_eq!(output.stdout_json()["sessions"][0]["logged_in"], false);
    stage.run("status").expect_ok();
    stage.run("status nobody").expect_code(3).expect_stderr("there are: corp");
}

#[test]
fn an_expired_token_is_told_apart_from_one_that_renews_itself() {
    let stage = Stage::with(IdcSim::builder().access_token_life(Duration::from_secs(1)));
    stage.log_in();
    kcaws_test_kit::wait_for("the token to expire", || {
        let output = stage.run("status").expect_ok();
        output.stdout_text().contains("renewed at next use").then_some(())
    });
}

#[test]
fn without_a_config_there_is_nothing_to_show() {
    let stage = Stage::new();
    std::fs::remove_file(stage.desk.aws_config_path()).unwrap();
    let report = stage.run("status --json").expect_ok().stdout_json();
    assert_eq!(report["sessions"].as_array().unwrap().len(), 0);
    stage.run("login").expect_code(3).expect_stderr("no session is set up");
}
