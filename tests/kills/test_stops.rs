//! SIGSTOP and Ctrl-Z at random points of a refresh, for longer than a try may take: the answer waits in the socket when
//! the process runs again, and no login is lost.

use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::{Running, Signal, wait_for};

use crate::chance::Chance;
use crate::fixture::LoginFixture;
use crate::rounds;

/// How many are stopped at a time.
const AT_ONCE: usize = 20;
/// Longer than one try of a refresh.
const STOP: Duration = Duration::from_secs(7);

/// There is a login, and the access token is old.
fn fixture() -> LoginFixture {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    fixture.run("login corp --no-browser").expect_ok();
    fixture.sim.expire_access_tokens();
    fixture.sim.clear_log();
    fixture
}

fn is_stopped(child: &Running) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

fn refreshes(fixture: &LoginFixture) -> usize {
    fixture.sim.requests_to(Route::CreateToken).iter().filter(|one| one.status == Some(200)).count()
}

/// Returns whether the answer was waiting when the process ran again.
fn stopped_on_the_way(after: Duration, delay: Duration) -> bool {
    let fixture = fixture();
    fixture.sim.fault(Route::CreateToken, Fault::delay(delay)).times(1);
    let child = fixture.credentials_command().spawn();
    std::thread::sleep(after);
    let before = refreshes(&fixture);
    child.signal(Signal::STOP);
    std::thread::sleep(STOP);
    let answered = refreshes(&fixture) > before;
    child.signal(Signal::CONT);
    // A call that was cut off may fail; the next one finds the login.
    let first = child.wait();
    assert_ne!(first.code(), 4, "a login was lost: {first}");
    fixture.credentials().expect_ok();
    assert_eq!(refreshes(&fixture), 1, "nothing was refreshed twice");
    answered
}

#[test]
fn a_refresh_that_is_stopped_loses_no_login() {
    let mut chance = Chance::new(6);
    let mut in_the_socket = 0;
    for _ in 0..rounds(1, 10) {
        let stopped: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (after, delay) = (chance.within(Duration::from_millis(900)), Duration::from_millis(400));
                std::thread::spawn(move || stopped_on_the_way(after, delay))
            })
            .collect();
        in_the_socket += stopped.into_iter().map(|one| usize::from(one.join().unwrap())).sum::<usize>();
    }
    println!("{} refreshes stopped, {in_the_socket} answers lay in the socket", AT_ONCE * rounds(1, 10));
    assert!(in_the_socket > 0, "no point was the one that matters");
}

#[test]
fn ctrl_z_waits_until_the_answer_is_stored() {
    let fixture = fixture();
    fixture.sim.fault(Route::CreateToken, Fault::delay(Duration::from_secs(1))).times(1);
    let child = fixture.credentials_command().spawn();
    wait_for("the refresh", || (fixture.sim.count(Route::CreateToken) > 0).then_some(()));
    child.signal(Signal::TSTP);
    wait_for("the process to stop", || is_stopped(&child).then_some(()));
    assert_eq!(refreshes(&fixture), 1);
    // The session's lock is free, and the token is there.
    fixture.run("accounts --refresh").expect_ok();
    assert_eq!(refreshes(&fixture), 1);
    child.signal(Signal::CONT);
    child.wait().expect_ok();
}

/// An answer to the device flow's poll is a login that cannot be had again.
#[test]
fn a_login_that_is_stopped_while_its_answer_comes_is_a_login() {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    fixture.sim.fault(Route::CreateToken, Fault::delay(Duration::from_millis(500))).times(1);
    let login = fixture.kcaws("login corp --no-browser").spawn();
    wait_for("the poll", || (fixture.sim.count(Route::CreateToken) > 0).then_some(()));
    login.signal(Signal::STOP);
    // Longer than a person's command waits for one answer.
    std::thread::sleep(Duration::from_secs(17));
    login.signal(Signal::CONT);
    login.wait().expect_ok();
    fixture.credentials().expect_ok();
}

#[test]
fn a_logout_that_is_stopped_ends_the_session_and_says_so() {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    fixture.run("login corp --no-browser").expect_ok();
    fixture.sim.fault(Route::Logout, Fault::delay(Duration::from_millis(500))).times(1);
    let logout = fixture.kcaws("logout corp").spawn();
    wait_for("the logout", || (fixture.sim.count(Route::Logout) > 0).then_some(()));
    logout.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(17));
    logout.signal(Signal::CONT);
    logout.wait().expect_ok().expect_stderr("at Identity Center and here");
    assert_eq!(fixture.sim.count(Route::Logout), 1);
}
