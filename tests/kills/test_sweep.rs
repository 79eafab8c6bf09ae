use std::path::Path;
use std::time::{Duration, Instant};

use idc_sim::{IdcSim, Route};

use crate::chance::Chance;
use crate::rounds;
use crate::stage::Stage;
use crate::test_left_overs::{make_old, temps_of};

const LOST_IN_THE_WINDOW: &str = "was cut off before its answer could be stored";

/// A desk whose logins need no person.
fn stage() -> Stage {
    let stage = Stage::with(IdcSim::builder().auto_approve(true));
    stage.run("login corp --no-browser").expect_ok();
    stage
}

fn forget_warm(stage: &Stage) {
    let _ = std::fs::remove_dir_all(stage.state().join("warm"));
}

/// How long the call takes here when nobody disturbs it.
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
    let stage = stage();
    let mut chance = Chance::new(1);
    let refresh = || {
        forget_warm(&stage);
        stage.sim.expire_access_tokens();
        stage.credentials().expect_ok();
    };
    let usual = usual(refresh);
    let (kills, mut lost) = (rounds(120, 1000), 0);
    for _ in 0..kills {
        forget_warm(&stage);
        stage.sim.expire_access_tokens();
        stage.sim.clear_log();
        let child = stage.credentials_command().spawn();
        std::thread::sleep(chance.within(usual));
        child.kill();
        assert_nothing_torn(&stage.state());
        let next = stage.credentials();
        // Asked late: a request whose sender is dead may still be on its way.
        let answered = || stage.sim.requests_to(Route::CreateToken).iter().any(|one| one.status == Some(200));
        match next.code() {
            0 => {}
            // Only if the service had answered: then it had rotated the token.
            4 if answered() => {
                next.expect_stderr(LOST_IN_THE_WINDOW);
                lost += 1;
                stage.run("login corp --no-browser").expect_ok();
            }
            _ => panic!("a login was lost, or worse: {next}"),
        }
    }
    // What is left of the kills is swept by the writers that come after them.
    make_old(&temps_of(&stage));
    refresh();
    assert!(temps_of(&stage).is_empty(), "{:?}", temps_of(&stage));
    println!("{kills} kills of a refresh, {lost} in the documented window");
    assert!(lost < kills / 2, "the window is small: {lost} of {kills}");
}

#[test]
fn a_killed_fetch_loses_nothing_at_all() {
    let stage = stage();
    let mut chance = Chance::new(2);
    let usual = usual(|| {
        forget_warm(&stage);
        stage.credentials().expect_ok();
    });
    for _ in 0..rounds(120, 1000) {
        forget_warm(&stage);
        let child = stage.credentials_command().spawn();
        std::thread::sleep(chance.within(usual));
        child.kill();
        assert_nothing_torn(&stage.state());
        stage.credentials().expect_ok();
    }
    assert_eq!(stage.sim.count(Route::CreateToken), 1, "only the login");
}

#[test]
fn a_killed_login_takes_nothing_from_the_one_before() {
    let stage = stage();
    let mut chance = Chance::new(3);
    for _ in 0..rounds(12, 60) {
        // An ended session, so that there is something to log in to; the poll comes after a second.
        stage.sim.end_session(&stage.sim.default_user());
        let child = stage.kcaws("login corp --no-browser").spawn();
        std::thread::sleep(chance.within(Duration::from_millis(1300)));
        child.kill();
        assert_nothing_torn(&stage.state());
        stage.run("login corp --no-browser").expect_ok();
        stage.credentials().expect_ok();
    }
}

#[test]
fn a_killed_logout_can_be_done_again() {
    let mut chance = Chance::new(4);
    for _ in 0..rounds(8, 60) {
        let stage = stage();
        let child = stage.kcaws("logout corp").spawn();
        std::thread::sleep(chance.within(Duration::from_millis(30)));
        child.kill();
        stage.run("logout corp").expect_ok();
        stage.credentials().expect_code(4);
    }
}
