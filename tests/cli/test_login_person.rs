//! Who logged in, where that is not who it was the last time.

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::require_program;

use crate::fixture::{LoginFixture, on_a_terminal};

const BOB: &str = "bob@example.com";

/// What a login of `user` at a terminal says.
fn said(fixture: &LoginFixture, user: &str) -> String {
    let mut login = on_a_terminal(fixture, "login corp --no-browser").spawn();
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    fixture.sim.approve_as(&code, user);
    let output = login.wait().expect_ok().expect_stdout("Logged in to `corp`");
    fixture.run("logout").expect_ok();
    output.stdout_text()
}

#[test]
fn another_person_than_last_time_is_named_at_a_terminal() {
    require_program!("script");
    let fixture =
        LoginFixture::with(IdcSim::builder().user("alice@example.com", "wonderland").user(BOB, "builder"));
    let alice = fixture.sim.default_user();
    assert!(!said(&fixture, &alice).contains("warning"), "nothing to compare with");
    assert_eq!(fixture.sim.count(Route::GetCallerIdentity), 0);

    fixture.log_in();
    fixture.run("whoami --profile dev").expect_ok().expect_stdout(&alice);
    fixture.run("logout").expect_ok();
    assert!(!said(&fixture, &alice).contains("warning"));
    let text = said(&fixture, BOB);
    assert!(
        text.contains(&format!("you are now logged in as `{BOB}`; the last login here was `{alice}`")),
        "{text}"
    );
    assert!(!said(&fixture, BOB).contains("warning"), "he has been named");

    // Where no one reads it, no one is asked.
    let asked = fixture.sim.count(Route::GetCallerIdentity);
    fixture.log_in();
    assert_eq!(fixture.sim.count(Route::GetCallerIdentity), asked);
}
