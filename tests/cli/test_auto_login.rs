//! `auto-login`: forty tools, one tab.

use std::time::Duration;

use idc_sim::Route;
use kcaws_test_kit::{FakeBrowser, PageClient, Running};

use crate::fixture::LoginFixture;

fn on() -> (LoginFixture, FakeBrowser) {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
    let browser = FakeBrowser::install(&fixture.env);
    (fixture, browser)
}

fn the_code(fixture: &LoginFixture) -> String {
    fixture.sim.wait_for_pending(Duration::from_secs(30)).expect("a code is pending").user_code
}

#[test]
fn many_tools_wait_for_one_login_and_are_all_served() {
    let (fixture, browser) = on();
    let tools: Vec<Running> = (0..20).map(|_| fixture.credentials_command().spawn()).collect();
    let page = PageClient::new().open(&browser.wait_for_url());
    let code = the_code(&fixture);
    assert!(page.url.starts_with("http://127.0.0.1:"), "a page of ours comes first: {}", page.url);
    let text = page.text();
    assert!(text.contains(&code) && text.contains("PowerUserAccess in account 111122223333"), "{text}");
    assert!(page.body.contains(&format!("user_code={code}")), "the way on to AWS: {}", page.body);
    fixture.sim.approve(&code);
    for tool in tools {
        let output = tool.wait().expect_ok();
        assert!(output.stderr.is_empty(), "{output}");
    }
    assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1);
    assert_eq!(browser.opened().len(), 1, "one tab");
}

#[test]
fn a_denied_login_is_exit_4_for_all_and_is_not_tried_again_at_once() {
    let (fixture, browser) = on();
    let tool = fixture.credentials_command().spawn();
    browser.wait_for_url();
    fixture.sim.deny(&the_code(&fixture));
    tool.wait().expect_code(4).expect_stderr("a login failed a moment ago");
    for _ in 0..3 {
        fixture.credentials().expect_code(4).expect_stderr("run `kcaws login corp`");
    }
    assert_eq!(browser.opened().len(), 1);
    // The person changes their mind.
    fixture.log_in();
    fixture.credentials().expect_ok();
}

#[test]
fn a_person_who_takes_long_finds_the_tab_open_and_the_tool_told() {
    let (fixture, browser) = on();
    let tool = fixture.credentials_command().timeout(Duration::from_secs(20)).spawn();
    browser.wait_for_url();
    tool.wait().expect_code(4).expect_stderr("finish the login in the open tab");
    fixture.sim.approve(&the_code(&fixture));
    kcaws_test_kit::wait_for("the login to end", || {
        (fixture.credentials_command().run().code() == 0).then_some(())
    });
    assert_eq!(browser.opened().len(), 1);
}

#[test]
fn it_is_off_unless_asked_for_and_where_no_browser_can_open() {
    let (fixture, browser) = on();
    fixture.env.remove_env("KCAWS_AUTO_LOGIN");
    fixture.credentials().expect_code(4);
    fixture.env.set_env("KCAWS_AUTO_LOGIN", "true");
    fixture.env.remove_env("BROWSER");
    fixture.credentials().expect_code(4);
    assert!(fixture.sim.requests().is_empty() && browser.opened().is_empty());
}

#[test]
fn a_login_that_finds_another_done_already_leaves_no_cool_down() {
    let (fixture, browser) = on();
    fixture.log_in();
    fixture.kcaws("login corp --detached a-test").run().expect_ok();
    let left = std::fs::read_dir(fixture.state().join("sessions")).unwrap().flatten();
    let marks = left.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "unfinished"));
    assert_eq!(marks.count(), 0);
    assert!(browser.opened().is_empty());
}
