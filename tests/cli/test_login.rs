use std::time::Duration;

use idc_sim::{Fault, IdcSim, Route};
use kcaws_test_kit::{FakeBrowser, PageClient, Signal};

use crate::fixture::LoginFixture;

#[test]
fn a_login_shows_page_code_and_client_then_stores_the_tokens_and_says_where() {
    let fixture = LoginFixture::new();
    let (login, code) = fixture.begin_login("login corp --no-browser");
    let pending = fixture.sim.pending();
    assert_eq!(pending[0].user_code, code);
    assert!(pending[0].client_name.starts_with("kcaws "), "{}", pending[0].client_name);
    fixture.sim.approve(&code);
    login
        .wait()
        .expect_ok()
        .expect_stderr(&pending[0].client_name)
        .expect_stderr("Approve only if you just started this login")
        .expect_stderr("Logged in to `corp`. Tokens are stored in the kernel keyring; access is valid until")
        .expect_stderr("while the Identity Center session lasts");
    fixture.env.assert_no_secret_in_files(fixture.env.root());
    let registered = &fixture.sim.requests_to(Route::RegisterClient)[0].json();
    assert_eq!(registered["clientType"], "public");
    assert_eq!(registered["scopes"][0], "sso:account:access");
    assert_eq!(registered["grantTypes"], serde_json::Value::Null);
}

#[test]
fn the_browser_gets_the_page_with_the_code_after_the_person_has_seen_it() {
    let fixture = LoginFixture::new();
    let browser = FakeBrowser::install(&fixture.env);
    let (login, code) = fixture.begin_login("login");
    let opened = browser.wait_for_url();
    assert!(opened.starts_with("http://127.0.0.1:") && !opened.contains(&code), "{opened}");
    let page = PageClient::new().open(&opened);
    assert!(page.url.contains(&format!("user_code={code}")), "{}", page.url);
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("Opening your browser");
}

#[test]
fn a_browser_that_fails_is_said_to_and_the_page_is_left_to_the_person() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("BROWSER", "/bin/false");
    let (login, code) = fixture.begin_login("login");
    fixture.sim.approve(&code);
    let output =
        login.wait().expect_ok().expect_stderr("`/bin/false`: exit status: 1; open the page yourself");
    assert!(!output.stderr_text().contains("Opening your browser"), "{output}");
}

#[test]
fn over_ssh_and_without_a_display_no_browser_is_tried() {
    for (variable, word) in [(Some("SSH_CONNECTION"), "over SSH"), (None, "No display")] {
        let fixture = LoginFixture::new();
        let browser = FakeBrowser::install(&fixture.env);
        fixture.env.remove_env("BROWSER");
        fixture.env.set_envs(variable.map(|name| (name, "10.0.0.1 1 10.0.0.2 22")));
        let (login, code) = fixture.begin_login("login");
        fixture.sim.approve(&code);
        login.wait().expect_ok().expect_stderr(word);
        assert!(browser.opened().is_empty());
    }
}

#[test]
fn a_good_login_is_not_done_again_and_force_ends_it_first() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.run("login corp").expect_ok().expect_stderr("Already logged in to `corp`");
    assert_eq!(fixture.sim.count(Route::StartDeviceAuthorization), 1);

    let (login, code) = fixture.begin_login("login corp --force --no-browser");
    assert_eq!(fixture.sim.count(Route::Logout), 1);
    fixture.sim.approve(&code);
    login.wait().expect_ok();
    assert_eq!(fixture.sim.count(Route::RegisterClient), 1, "the registration is kept");
    fixture.credentials().expect_ok();
}

#[test]
fn a_forced_login_that_is_broken_off_leaves_no_login_and_teaches_nothing() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.credentials().expect_ok();
    let (login, _) = fixture.begin_login("login corp --force --no-browser");
    login.signal(Signal::INT);
    login.wait().expect_code(130);
    fixture.run("status corp").expect_code(4);
    fixture.run("accounts").expect_code(4).expect_stderr("not logged in");
    let status = fixture.run("status --json").expect_ok().stdout_json();
    assert!(status["sessions"][0]["last_session_seconds_max"].is_null(), "{status}");
    // What is warm stays until there is a successor.
    fixture.credentials().expect_ok();
}

#[test]
fn a_login_that_was_ended_at_the_service_is_seen_and_done_again() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.end_session(&fixture.sim.default_user());
    let (login, code) = fixture.begin_login("login corp --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("Logged in to `corp`");
    fixture.credentials().expect_ok();
}

#[test]
fn a_login_whose_tokens_the_portal_refuses_is_done_again() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    let body = r#"{"message":"Session token not found or invalid","__type":"com.amazonaws.switchboard.portal#UnauthorizedException"}"#;
    fixture.sim.fault(Route::ListAccounts, Fault::status(401, body)).times(2);
    fixture.run("status corp --check").expect_code(4).expect_stderr("even after a refresh");
    fixture.sim.fault(Route::ListAccounts, Fault::status(401, body)).times(2);
    let (login, code) = fixture.begin_login("login corp --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("Logged in to `corp`");
    fixture.run("login corp").expect_ok().expect_stderr("Already logged in");
}

#[test]
fn all_sessions_are_tried_one_after_the_other_and_a_failure_is_reported() {
    let fixture = LoginFixture::new();
    let config = fixture.config();
    let second = format!(
        "[sso-session second]\nsso_start_url = {}\nsso_region = {}\n\n",
        fixture.sim.start_url(),
        fixture.sim.region()
    );
    fixture.env.write_aws_config(&format!("{config}\n{second}"));
    let (mut login, first) = fixture.begin_login("login --all --no-browser");
    fixture.sim.deny(&first);
    login.wait_for_stderr("Logging in to session `second`");
    let code = kcaws_test_kit::wait_for("the second code", || {
        fixture.sim.pending().into_iter().map(|pending| pending.user_code).find(|code| *code != first)
    });
    fixture.sim.approve(&code);
    login.wait().expect_code(4).expect_stderr("the login was denied").expect_stderr("Logged in to `second`");
    fixture.run("status corp").expect_code(4);
    fixture.run("status second").expect_ok();
    let (login, code) = fixture.begin_login("login --all --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("Already logged in to `second`");
    fixture.run("login second --all").expect_code(2);
}

#[test]
fn a_login_whose_refresh_is_refused_by_another_name_is_done_again() {
    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.expire_access_tokens();
    let body = r#"{"error":"unauthorized_client","error_description":"no"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body)).times(1);
    let (login, code) = fixture.begin_login("login corp --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("Logged in to `corp`");
}

#[test]
fn a_denied_login_is_exit_4_and_keeps_nothing() {
    let fixture = LoginFixture::new();
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.deny(&code);
    login.wait().expect_code(4).expect_stderr("kcaws: error: the login was denied");
    fixture.run("status corp").expect_code(4);
}

#[test]
fn a_code_that_no_one_approves_is_exit_4() {
    let fixture = LoginFixture::new();
    let (login, _) = fixture.begin_login("login --no-browser");
    fixture.sim.advance(Duration::from_secs(601));
    login.wait().expect_code(4).expect_stderr("the login was not approved in time");
}

#[test]
fn trouble_while_waiting_is_said_once_and_outlived() {
    let fixture = LoginFixture::new();
    fixture.sim.fault(Route::CreateToken, Fault::cut()).times(6);
    let (mut login, code) = fixture.begin_login("login --no-browser");
    login.wait_for_stderr("trying again");
    fixture.sim.approve(&code);
    let output = login.wait().expect_ok();
    assert_eq!(output.stderr_text().matches("trying again").count(), 1, "{output}");
}

#[test]
fn slow_down_is_obeyed_and_no_failure() {
    let fixture = LoginFixture::new();
    let body = r#"{"error":"slow_down","error_description":"Slow down"}"#;
    fixture.sim.fault(Route::CreateToken, Fault::status(400, body)).times(1);
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok();
    let polls = fixture.sim.requests_to(Route::CreateToken);
    assert_eq!(polls.len(), 2);
}

#[test]
fn ctrl_c_and_term_have_their_exit_codes_and_leave_no_login() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let fixture = LoginFixture::new();
        let (login, _) = fixture.begin_login("login --no-browser");
        login.signal(signal);
        let output = login.wait().expect_code(code);
        assert!(output.status.code().is_some(), "an exit, not a death by signal: {output}");
        fixture.run("status corp").expect_code(4);
    }
}

#[test]
fn a_login_without_a_place_for_tokens_bothers_no_one() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("KCAWS_KEYRING", "secret-service");
    fixture
        .run("login corp")
        .expect_code(5)
        .expect_stderr("the Secret Service is not available")
        .expect_stderr("KCAWS_KEYRING=keyutils");
    assert!(fixture.sim.requests().is_empty());
}

#[test]
fn auto_takes_the_kernel_keyring_where_there_is_no_desktop() {
    let fixture = LoginFixture::new();
    fixture.env.remove_env("KCAWS_KEYRING");
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("in the kernel keyring");
    fixture.credentials().expect_ok();
}

#[test]
fn a_registration_is_used_until_its_end_and_then_renewed() {
    let fixture = LoginFixture::with(IdcSim::builder().registration_life(Duration::from_secs(600)));
    fixture.log_in();
    fixture.run("logout").expect_ok();
    fixture.log_in();
    assert_eq!(
        fixture.sim.count(Route::RegisterClient),
        2,
        "ten minutes are too short to start a login with"
    );

    let fixture = LoginFixture::new();
    fixture.log_in();
    fixture.sim.forget_registrations();
    fixture.sim.end_session(&fixture.sim.default_user());
    let (login, code) = fixture.begin_login("login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok();
    assert_eq!(fixture.sim.count(Route::RegisterClient), 2, "the service had forgotten it");
}

#[test]
fn the_loudest_log_of_a_login_holds_no_secret() {
    let fixture = LoginFixture::new();
    let (login, code) = fixture.begin_login("-vvv login --no-browser");
    fixture.sim.approve(&code);
    login.wait().expect_ok().expect_stderr("RegisterClient");
    fixture.kcaws("-vvv accounts").env("RUST_LOG", "trace").run().expect_ok().expect_stderr("ListAccounts");
}
