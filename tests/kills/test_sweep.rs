use std::path::Path;
use std::time::{Duration, Instant};

use idc_sim::{IdcSim, Route};

use crate::chance::Chance;
use crate::fixture::LoginFixture;
use crate::rounds;
use crate::test_left_overs::{make_old, temps_of};

const LOST_IN_THE_WINDOW: &str = "was interrupted before its response could be stored";

/// An environment whose logins need no person.
fn fixture() -> LoginFixture {
    let fixture = LoginFixture::with(IdcSim::builder().auto_approve(true));
    fixture.run("login corp --no-browser").expect_ok();
    fixture
}

fn forget_warm(fixture: &LoginFixture) {
    let _ = std::fs::remove_dir_all(fixture.state().join("warm"));
}

/// How long the call takes here when no one disturbs it.
fn usual(call: impl Fn()) -> Duration {
    call();
    let start = Instant::now();
    call();
    start.elapsed()
}

/// Whole JSON in status files; what is sealed is proven by the next call.
fn assert_nothing_torn(folder: &Path) {
    for entry in std::fs::read_dir(folder.join("sessions")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "json") {
            let text = std::fs::read(&path).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text)
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }
}

#[test]
fn a_killed_refresh_loses_nothing_beyond_the_documented_window() {
    let fixture = fixture();
    let mut chance = Chance::new(1);
    let refresh = || {
        forget_warm(&fixture);
        fixture.sim.expire_access_tokens();
        fixture.credentials().expect_ok();
    };
    let usual = usual(refresh);
    let (kills, mut lost) = (rounds(120, 1000), 0);
    for _ in 0..kills {
        forget_warm(&fixture);
        fixture.sim.expire_access_tokens();
        fixture.sim.clear_log();
        let child = fixture.credentials_command().spawn();
        std::thread::sleep(chance.within(usual));
        child.kill();
        assert_nothing_torn(&fixture.state());
        let next = fixture.credentials();
        // Asked late: a request whose sender is dead may still be on its way.
        let answered =
            || fixture.sim.requests_to(Route::CreateToken).iter().any(|one| one.status == Some(200));
        match next.code() {
            0 => {}
            // Only if the service had answered: then it had rotated the token.
            4 if answered() => {
                next.expect_stderr(LOST_IN_THE_WINDOW);
                lost += 1;
                fixture.run("login corp --no-browser").expect_ok();
            }
            _ => panic!("a login was lost, or worse: {next}"),
        }
    }
    // What is left of the kills is swept by the writers that come after them.
    make_old(&temps_of(&fixture));
    refresh();
    assert!(temps_of(&fixture).is_empty(), "{:?}", temps_of(&fixture));
    println!("{kills} kills of a refresh, {lost} in the documented window");
    assert!(lost < kills / 2, "the window is small: {lost} of {kills}");
}

#[test]
fn a_killed_fetch_loses_nothing_at_all() {
    let fixture = fixture();
    let mut chance = Chance::new(2);
    let usual = usual(|| {
        forget_warm(&fixture);
        fixture.credentials().expect_ok();
    });
    for _ in 0..rounds(120, 1000) {
        forget_warm(&fixture);
        let child = fixture.credentials_command().spawn();
        std::thread::sleep(chance.within(usual));
        child.kill();
        assert_nothing_torn(&fixture.state());
        fixture.credentials().expect_ok();
    }
    assert_eq!(fixture.sim.count(Route::CreateToken), 1, "only the login");
}

#[test]
fn a_killed_login_takes_nothing_from_the_one_before() {
    let fixture = fixture();
    let mut chance = Chance::new(3);
    for _ in 0..rounds(12, 60) {
        // An ended session, so that there is something to log in to; the poll comes after a second.
        fixture.sim.end_session(&fixture.sim.default_user());
        let child = fixture.kcaws("login corp --no-browser").spawn();
        std::thread::sleep(chance.within(Duration::from_millis(1300)));
        child.kill();
        assert_nothing_torn(&fixture.state());
        fixture.run("login corp --no-browser").expect_ok();
        fixture.credentials().expect_ok();
    }
}

#[test]
fn a_killed_logout_can_be_done_again() {
    let mut chance = Chance::new(4);
    for _ in 0..rounds(8, 60) {
        let fixture = fixture();
        let child = fixture.kcaws("logout corp").spawn();
        std::thread::sleep(chance.within(Duration::from_millis(30)));
        child.kill();
        fixture.run("logout corp").expect_ok();
        fixture.credentials().expect_code(4);
    }
}
