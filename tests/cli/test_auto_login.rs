//! `auto-login`: forty tools, one tab.

use std::time::Duration;

use idc_sim::Route;
use kcaws_test_kit::{FakeBrowser, Running, Walk};

use crate::stage::Stage;

fn on() -> (Stage, FakeBrowser) {
    let stage = Stage::new();
    stage.desk.set_env("KCAWS_AUTO_LOGIN", "true");
    let browser = FakeBrowser::install(&stage.desk);
    (stage, browser)
}

fn the_code(stage: &Stage) -> String {
    stage.sim.wait_for_pending(Duration::from_secs(30)).expect("a code is pending").user_code
}

#[test]
fn many_tools_wait_for_one_login_and_are_all_served() {
    let (stage, browser) = on();
    let tools: Vec<Running> = (0..20).map(|_| stage.credentials_command().spawn()).collect();
    let page = Walk::new().open(&browser.wait_for_url());
    let code = the_code(&stage);
    assert!(page.url.starts_with("http://127.0.0.1:"), "a page of ours comes first: {}", page.url);
    let text = page.text();
    assert!(text.contains(&code) && text.contains("PowerUserAccess in account 111122223333"), "{text}");
    assert!(page.body.contains(&format!("user_code={code}")), "the way on to AWS: {}", page.body);
    stage.sim.approve(&code);
    for tool in tools {
        let output = tool.wait().expect_ok();
        assert!(output.stderr.is_empty(), "{output}");
    }
    assert_eq!(stage.sim.count(Route::StartDeviceAuthorization), 1);
    assert_eq!(browser.opened().len(), 1, "one tab");
}

#[test]
fn a_denied_login_is_exit_4_for_all_and_is_not_tried_again_at_once() {
    let (stage, browser) = on();
    let tool = stage.credentials_command().spawn();
    browser.wait_for_url();
    stage.sim.deny(&the_code(&stage));
    tool.wait().expect_code(4).expect_stderr("a login came to nothing a moment ago");
    for _ in 0..3 {
        stage.credentials().expect_code(4).expect_stderr("run `kcaws login corp`");
    }
    assert_eq!(browser.opened().len(), 1);
    // The person changes their mind.
    stage.log_in();
    stage.credentials().expect_ok();
}

#[test]
fn a_person_who_takes_long_finds_the_tab_open_and_the_tool_told() {
    let (stage, browser) = on();
    let tool = stage.credentials_command().timeout(Duration::from_secs(20)).spawn();
    browser.wait_for_url();
    tool.wait().expect_code(4).expect_stderr("finish the login in the open tab");
    stage.sim.approve(&the_code(&stage));
    kcaws_test_kit::wait_for("the login to end", || {
        (stage.credentials_command().run().code() == 0).then_some(())
    });
    assert_eq!(browser.opened().len(), 1);
}

#[test]
fn it_is_off_unless_asked_for_and_where_no_browser_can_open() {
    let (stage, browser) = on();
    stage.desk.remove_env("KCAWS_AUTO_LOGIN");
    stage.credentials().expect_code(4);
    stage.desk.set_env("KCAWS_AUTO_LOGIN", "true");
    stage.desk.remove_env("BROWSER");
    stage.credentials().expect_code(4);
    assert!(stage.sim.requests().is_empty() && browser.opened().is_empty());
}

#[test]
fn a_login_that_finds_another_done_already_leaves_no_cool_down() {
    let (stage, browser) = on();
    stage.log_in();
    stage.kcaws("login corp --detached a-test").run().expect_ok();
    let left = std::fs::read_dir(stage.state().join("sessions")).unwrap().flatten();
    let marks = left.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "unfinished"));
    assert_eq!(marks.count(), 0);
    assert!(browser.opened().is_empty());
}
