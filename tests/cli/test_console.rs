use std::time::Duration;

use idc_sim::{Fault, Route};
use kcaws_test_kit::{FakeBrowser, PageClient};

use crate::fixture::{ACCOUNT, LoginFixture, ROLE};

pub(crate) fn logged_in() -> LoginFixture {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.clear_log();
    fixture
}

#[test]
fn the_printed_url_opens_the_console_with_account_and_role() {
    let fixture = logged_in();
    let output = fixture.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    let output = output.expect_stderr("opens this URL within 15 minutes");
    let page = PageClient::new().open(output.stdout_text().trim());
    assert!(page.text().contains(ACCOUNT) && page.text().contains(ROLE), "{}", page.text());
    assert!(page.text().contains("eu-west-1"), "the profile's region: {}", page.text());
    let asked = &fixture.sim.requests_to(Route::GetSigninToken)[0];
    assert_eq!(asked.method, "POST", "the session token stays out of URLs");
    assert!(asked.form_value("SessionDuration").is_none());
}

#[test]
fn the_browser_is_given_a_loopback_address_and_the_token_never_stands_on_a_command_line() {
    let fixture = logged_in();
    let browser = FakeBrowser::install(&fixture.env);
    let console = fixture.kcaws("console dev").spawn();
    let url = browser.wait_for_url();
    assert!(url.starts_with("http://127.0.0.1:") && !url.contains(idc_sim::SECRET_MARK), "{url}");
    let page = PageClient::new().open(&url);
    assert!(page.text().contains(ROLE), "{}", page.text());
    console
        .wait()
        .expect_ok()
        .expect_stderr("Opening the console for account 111122223333 as PowerUserAccess");
}

#[test]
fn session_account_role_and_region_can_be_named() {
    let fixture = logged_in();
    let line = format!(
        "console --session corp --account {ACCOUNT} --role ReadOnlyAccess --region us-east-1 --print"
    );
    let output = fixture.kcaws(&line).allow_secret_on_stdout().run().expect_ok();
    let page = PageClient::new().open(output.stdout_text().trim());
    assert!(page.text().contains("ReadOnlyAccess") && page.text().contains("us-east-1"), "{}", page.text());
}

#[test]
fn what_goes_wrong_is_said_without_the_url() {
    let fixture = logged_in();
    fixture.run("console nobody").expect_code(3);
    fixture.env.remove_env("BROWSER");
    fixture.env.set_env("SSH_TTY", "/dev/pts/0");
    fixture.run("console dev").expect_code(1).expect_stderr("--print");
    fixture.env.remove_env("SSH_TTY");
    fixture.env.set_env("BROWSER", "/bin/true");
    for (fault, word) in [
        (Fault::status(400, "<html>"), "refused the credentials (400)"),
        (Fault::status(503, "<html>"), "returned an error (503)"),
        (Fault::status(429, "<html>"), "returned an error (429)"),
        (Fault::status(302, ""), "something other than AWS answered"),
        (Fault::status(403, "<html>"), "something other than AWS answered"),
        (Fault::status(511, "<html>"), "requires you to sign in first"),
        (Fault::status(200, "<html>"), "something other than AWS answered"),
        (Fault::cut(), "cannot reach"),
        (Fault::cut_mid_body(), "cannot reach"),
        (Fault::broken_json(), "unexpected response"),
        (Fault::status(200, "{}"), "unexpected response"),
        (Fault::huge_body(10_000_000), "cannot reach"),
        (Fault::delay(Duration::from_mins(1)), "no answer within 15 s"),
    ] {
        fixture.sim.clear_faults();
        fixture.sim.fault(Route::GetSigninToken, fault);
        fixture.run("console dev --print").expect_code(1).expect_stderr(word);
    }
    fixture.sim.clear_faults();
    fixture.sim.fault(Route::GetSigninToken, Fault::status(503, "<html>")).times(2);
    fixture.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    let taken = "ReadOnlyAccess";
    fixture.sim.unassign(&fixture.sim.default_user(), ACCOUNT, taken);
    fixture.run(&format!("console --session corp --account {ACCOUNT} --role {taken}")).expect_code(6);
    fixture.run("logout").expect_ok();
    fixture.run("console dev --print").expect_code(4).expect_stderr("kcaws login");
}
