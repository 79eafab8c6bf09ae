//! Warm credentials through the whole program: real files, real locks, the real kernel keyring.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::wait_for;

use crate::stage::{ACCOUNT, ROLE, Stage};

fn warmed() -> Stage {
    let stage = Stage::new();
    stage.log_in();
    stage.credentials().expect_ok();
    stage.sim.clear_log();
    stage
}

/// Until the config file has settled, its stamp is not built upon.
fn settled(stage: &Stage) {
    std::thread::sleep(Duration::from_secs(3));
    stage.credentials().expect_ok();
}

#[test]
fn a_second_call_asks_nobody_and_says_the_same() {
    let mut stage = warmed();
    let first = stage.credentials().expect_ok();
    assert!(stage.sim.requests().is_empty());
    settled(&stage);
    stage.stop_service();
    // Not even the tokens are needed any more.
    std::fs::remove_dir_all(stage.state().join("keyutils")).unwrap();
    let warm = stage.credentials().expect_ok();
    assert_eq!(warm.stdout, first.stdout);
    assert!(warm.stderr.is_empty());
    // The long way ends at the same entry.
    let long = stage
        .kcaws(&format!("-q credential-process --role {ROLE} --account {ACCOUNT} --session corp"))
        .allow_secret_on_stdout()
        .run()
        .expect_ok();
    assert_eq!(long.stdout, first.stdout);
    let profile = stage.kcaws("credential-process --profile dev").allow_secret_on_stdout().run().expect_ok();
    assert_eq!(profile.stdout, first.stdout);
}

#[test]
fn nothing_on_disk_says_what_is_warm() {
    let stage = warmed();
    stage.desk.assert_no_secret_in_files(stage.desk.root());
}

#[test]
fn a_killed_leader_is_replaced() {
    let stage = Stage::new();
    stage.log_in();
    stage.sim.fault(Route::GetRoleCredentials, Fault::delay(Duration::from_secs(20))).times(1);
    let leader = stage.credentials_command().spawn();
    wait_for("the leader to ask", || (stage.sim.count(Route::GetRoleCredentials) > 0).then_some(()));
    let waiter = stage.credentials_command().spawn();
    std::thread::sleep(Duration::from_millis(100));
    leader.kill();
    waiter.wait().expect_ok();
}

#[test]
fn near_the_end_trouble_is_silent_and_the_old_answer_good() {
    // A life of eight seconds has a margin of two.
    let builder = IdcSim::builder().permission_set(ROLE, Duration::from_secs(8));
    let stage = Stage::with(builder);
    stage.log_in();
    let first = stage.credentials().expect_ok();
    stage.sim.clear_log();
    stage.sim.fault(Route::GetRoleCredentials, Fault::status(503, "")).times(99);
    std::thread::sleep(Duration::from_millis(6_200));
    let second = stage.credentials().expect_ok();
    assert_eq!(second.stdout, first.stdout);
    assert!(second.stderr.is_empty(), "{second}");
    let asked = stage.sim.count(Route::GetRoleCredentials);
    assert!(asked > 0);
    stage.credentials().expect_ok();
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), asked, "a minute's rest");
    std::thread::sleep(Duration::from_millis(2_500));
    stage.credentials().expect_code(1).expect_stderr("503");
}

#[test]
fn a_changed_session_is_not_served_from_the_old_one() {
    let stage = warmed();
    settled(&stage);
    let config = stage.config();
    // Something else in the file.
    stage.desk.write_aws_config(&format!("{config}\n[profile other]\nregion = us-east-1\n"));
    stage.credentials().expect_ok();
    assert!(stage.sim.requests().is_empty());
    // Another start URL.
    stage.desk.write_aws_config(&config.replace("d-1234567890", "d-9999999999"));
    stage.credentials().expect_code(4);
    // Another endpoint in the environment.
    stage.desk.write_aws_config(&config);
    stage
        .credentials_command()
        .env("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9")
        .run()
        .expect_code(3)
        .expect_stderr("belongs to");
}

#[test]
fn logout_ends_what_is_warm() {
    let stage = warmed();
    settled(&stage);
    stage.run("logout corp").expect_ok();
    stage.credentials().expect_code(4);
}

#[test]
fn a_state_folder_that_takes_no_writes_costs_warmth_and_nothing_else() {
    let stage = Stage::new();
    stage.log_in();
    // A file where the folder should be: also root cannot write there.
    std::fs::write(stage.state().join("warm"), "").unwrap();
    for _ in 0..2 {
        stage.credentials().expect_ok();
    }
    assert_eq!(stage.sim.count(Route::GetRoleCredentials), 2);
}
