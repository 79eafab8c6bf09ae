//! Who logged in, where that is not who it was the last time.

use idc_sim::{IdcSim, Route};
use kcaws_test_kit::{DeskCommand, require_program};

use crate::stage::{Stage, binary};

const BOB: &str = "bob@example.com";

fn on_a_terminal(stage: &Stage) -> DeskCommand {
    let line = format!("exec '{}' login corp --no-browser", binary().display());
    let script = stage.desk.command("script").env("TERM", "xterm-256color");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).interactive()
}

/// What a login of `user` at a terminal says.
fn said(stage: &Stage, user: &str) -> String {
    let mut login = on_a_terminal(stage).spawn();
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    stage.sim.approve_as(&code, user);
    let output = login.wait().expect_ok().expect_stdout("Logged in to `corp`");
    stage.run("logout").expect_ok();
    output.stdout_text()
}

#[test]
fn another_person_than_last_time_is_named_at_a_terminal() {
    require_program!("script");
    let stage = Stage::with(IdcSim::builder().user("alice@example.com", "wonderland").user(BOB, "builder"));
    let alice = stage.sim.default_user();
    assert!(!said(&stage, &alice).contains("warning"), "nothing to compare with");
    assert_eq!(stage.sim.count(Route::GetCallerIdentity), 0);

    stage.log_in();
    stage.run("whoami --profile dev").expect_ok().expect_stdout(&alice);
    stage.run("logout").expect_ok();
    assert!(!said(&stage, &alice).contains("warning"));
    let text = said(&stage, BOB);
    assert!(
        text.contains(&format!("this login is of `{BOB}`, and the last one here was of `{alice}`")),
        "{text}"
    );
    assert!(!said(&stage, BOB).contains("warning"), "he has been named");

    // Where nobody reads it, nobody is asked.
    let asked = stage.sim.count(Route::GetCallerIdentity);
    stage.log_in();
    assert_eq!(stage.sim.count(Route::GetCallerIdentity), asked);
}
