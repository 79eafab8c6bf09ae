//! Warm credentials through the whole program: real files, real locks, the real kernel keyring.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::wait_for;

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

fn warmed() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.credentials().expect_ok();
    fixture.sim.clear_log();
    fixture
}

/// Until the config file has settled, its stamp is not built upon.
fn settled(fixture: &LoginFixture) {
    std::thread::sleep(Duration::from_secs(3));
    fixture.credentials().expect_ok();
}

#[test]
fn a_second_call_asks_no_one_and_says_the_same() {
    let mut fixture = warmed();
    let first = fixture.credentials().expect_ok();
    assert!(fixture.sim.requests().is_empty());
    settled(&fixture);
    fixture.stop_service();
    // Not even the tokens are needed any more.
    std::fs::remove_dir_all(fixture.state().join("keyutils")).unwrap();
    let warm = fixture.credentials().expect_ok();
    assert_eq!(warm.stdout, first.stdout);
    assert!(warm.stderr.is_empty());
    // The long way ends at the same entry.
    let long = fixture
        .kcaws(&format!("-q credential-process --role {ROLE} --account {ACCOUNT} --session corp"))
        .allow_secret_on_stdout()
        .run()
        .expect_ok();
    assert_eq!(long.stdout, first.stdout);
    let profile =
        fixture.kcaws("credential-process --profile dev").allow_secret_on_stdout().run().expect_ok();
    assert_eq!(profile.stdout, first.stdout);
}

#[test]
fn nothing_on_disk_says_what_is_warm() {
    let fixture = warmed();
    fixture.env.assert_no_secret_in_files(fixture.env.root());
}

#[test]
fn a_killed_leader_is_replaced() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::delay(Duration::from_secs(20))).times(1);
    let leader = fixture.credentials_command().spawn();
    wait_for("the leader to ask", || (fixture.sim.count(Route::GetRoleCredentials) > 0).then_some(()));
    let waiter = fixture.credentials_command().spawn();
    std::thread::sleep(Duration::from_millis(100));
    leader.kill();
    waiter.wait().expect_ok();
}

#[test]
fn near_the_end_trouble_is_silent_and_the_old_answer_good() {
    // A life of eight seconds has a margin of two.
    let builder = IdcSim::builder().permission_set(ROLE, Duration::from_secs(8));
    let fixture = LoginFixture::with(builder);
    fixture.log_in();
    let first = fixture.credentials().expect_ok();
    fixture.sim.clear_log();
    fixture.sim.fault(Route::GetRoleCredentials, Fault::status(503, "")).times(99);
    std::thread::sleep(Duration::from_millis(6_200));
    let second = fixture.credentials().expect_ok();
    assert_eq!(second.stdout, first.stdout);
    assert!(second.stderr.is_empty(), "{second}");
    let asked = fixture.sim.count(Route::GetRoleCredentials);
    assert!(asked > 0);
    fixture.credentials().expect_ok();
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), asked, "a minute's rest");
    std::thread::sleep(Duration::from_millis(2_500));
    fixture.credentials().expect_code(1).expect_stderr("503");
}

#[test]
fn a_changed_session_is_not_served_from_the_old_one() {
    let fixture = warmed();
    settled(&fixture);
    let config = fixture.config();
    // Something else in the file.
    fixture.env.write_aws_config(&format!("{config}\n[profile other]\nregion = us-east-1\n"));
    fixture.credentials().expect_ok();
    assert!(fixture.sim.requests().is_empty());
    // Another start URL.
    fixture.env.write_aws_config(&config.replace("d-1234567890", "d-9999999999"));
    fixture.credentials().expect_code(4);
    // Another endpoint in the environment.
    fixture.env.write_aws_config(&config);
    fixture
        .credentials_command()
        .env("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9")
        .run()
        .expect_code(3)
        .expect_stderr("belongs to");
}

#[test]
fn logout_ends_what_is_warm() {
    let fixture = warmed();
    settled(&fixture);
    fixture.run("logout corp").expect_ok();
    fixture.credentials().expect_code(4);
}

#[test]
fn a_state_folder_that_takes_no_writes_costs_warmth_and_nothing_else() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    // A file where the folder should be: also root cannot write there.
    std::fs::write(fixture.state().join("warm"), "").unwrap();
    for _ in 0..2 {
        fixture.credentials().expect_ok();
    }
    assert_eq!(fixture.sim.count(Route::GetRoleCredentials), 2);
}
