use std::time::Duration;

use idc_sim::{Fault, Route};
use kcaws_test_kit::{FakeBrowser, Walk};

use crate::stage::{ACCOUNT, ROLE, Stage};

pub(crate) fn logged_in() -> Stage {
    let stage = Stage::new();
    stage.log_in();
    stage.sim.clear_log();
    stage
}

#[test]
fn the_printed_url_opens_the_console_with_account_and_role() {
    let stage = logged_in();
    let output = stage.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    let output = output.expect_stderr("signs in whoever opens it within 15 minutes");
    let page = Walk::new().open(output.stdout_text().trim());
    assert!(page.text().contains(ACCOUNT) && page.text().contains(ROLE), "{}", page.text());
    assert!(page.text().contains("eu-west-1"), "the profile's region: {}", page.text());
    let asked = &stage.sim.requests_to(Route::GetSigninToken)[0];
    assert_eq!(asked.method, "POST", "the session token stays out of URLs");
    assert!(asked.form_value("SessionDuration").is_none());
}

#[test]
fn the_browser_is_given_a_loopback_address_and_the_token_never_stands_on_a_command_line() {
    let stage = logged_in();
    let browser = FakeBrowser::install(&stage.desk);
    let console = stage.kcaws("console dev").spawn();
    let url = browser.wait_for_url();
    assert!(url.starts_with("http://127.0.0.1:") && !url.contains(idc_sim::SECRET_MARK), "{url}");
    let page = Walk::new().open(&url);
    assert!(page.text().contains(ROLE), "{}", page.text());
    console.wait().expect_ok().expect_stderr("The console of account 111122223333 opens as PowerUserAccess");
}

#[test]
fn session_account_role_and_region_can_be_named() {
    let stage = logged_in();
    let line = format!(
        "console --session corp --account {ACCOUNT} --role ReadOnlyAccess --region us-east-1 --print"
    );
    let output = stage.kcaws(&line).allow_secret_on_stdout().run().expect_ok();
    let page = Walk::new().open(output.stdout_text().trim());
    assert!(page.text().contains("ReadOnlyAccess") && page.text().contains("us-east-1"), "{}", page.text());
}

#[test]
fn what_goes_wrong_is_said_without_the_url() {
    let stage = logged_in();
    stage.run("console nobody").expect_code(3);
    stage.desk.remove_env("BROWSER");
    stage.desk.set_env("SSH_TTY", "/dev/pts/0");
    stage.run("console dev").expect_code(1).expect_stderr("--print");
    stage.desk.remove_env("SSH_TTY");
    stage.desk.set_env("BROWSER", "/bin/true");
    for (fault, word) in [
        (Fault::status(400, "<html>"), "refused the credentials (400)"),
        (Fault::status(503, "<html>"), "is in trouble (503)"),
        (Fault::status(429, "<html>"), "is in trouble (429)"),
        (Fault::status(302, ""), "something that is not AWS answered"),
        (Fault::status(403, "<html>"), "something that is not AWS answered"),
        (Fault::status(511, "<html>"), "wants you to sign in first"),
        (Fault::status(200, "<html>"), "something that is not AWS answered"),
        (Fault::cut(), "cannot reach"),
        (Fault::cut_mid_body(), "cannot reach"),
        (Fault::broken_json(), "not understood"),
        (Fault::status(200, "{}"), "not understood"),
        (Fault::huge_body(10_000_000), "cannot reach"),
        (Fault::delay(Duration::from_mins(1)), "no answer within 15 s"),
    ] {
        stage.sim.clear_faults();
        stage.sim.fault(Route::GetSigninToken, fault);
        stage.run("console dev --print").expect_code(1).expect_stderr(word);
    }
    stage.sim.clear_faults();
    stage.sim.fault(Route::GetSigninToken, Fault::status(503, "<html>")).times(2);
    stage.kcaws("console dev --print").allow_secret_on_stdout().run().expect_ok();
    let taken = "ReadOnlyAccess";
    stage.sim.unassign(&stage.sim.default_user(), ACCOUNT, taken);
    stage.run(&format!("console --session corp --account {ACCOUNT} --role {taken}")).expect_code(6);
    stage.run("logout").expect_ok();
    stage.run("console dev --print").expect_code(4).expect_stderr("kcaws login");
}
